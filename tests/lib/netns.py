"""Network namespaces: a site behind a firewall, and the world outside.

Works for an ordinary user (user namespaces) and for root.
"""
import os
import shlex
import subprocess

from proc import Proc, until

HERE = os.path.dirname(os.path.abspath(__file__))
WORLD, SITE = "10.77.0.1", "10.77.0.2"


class Net:
    """One namespace; lives as long as its holder."""

    def __init__(self, box, name, inside=None):
        prefix = inside.enter if inside else []
        # Root needs no user namespace, and sshd as root can't do with one:
        # it drops its groups before anybody has logged in.
        users = os.geteuid() != 0
        flags = ["-nm"] if inside or not users else ["-Urnm"]
        self.box = box
        # The holder ends when its standard input does: with this program.
        self.holder = Proc(box, box.name(f"netns-{name}"),
                           [*prefix, "unshare", *flags, "sh", "-c",
                            "echo $$ up; exec cat >/dev/null"],
                           stdin=subprocess.PIPE)
        self.holder.wait_log(r"^\d+ up")
        # In the holder's log its pid is its own namespace's: the same, as
        # pid namespaces are not used.
        self.pid = int(self.holder.text().split()[0])
        self.enter = ["nsenter", "-t", str(self.pid), "-n", "-m",
                      *(["-U", "--preserve-credentials"] if users else [])]
        self.run("ip link set lo up")

    def run(self, script, **kw):
        """A shell script inside; its output."""
        p = subprocess.run([*self.enter, "sh", "-ec", script],
                           capture_output=True, text=True, **kw)
        assert p.returncode == 0, f"{script}: {p.stderr}"
        return p.stdout

    def start(self, box, argv, name=None, **kw):
        return box.start([*self.enter, *map(str, argv)],
                         name=name or os.path.basename(str(argv[0])), **kw)

    def box_run(self, box, argv, **kw):
        kw.setdefault("name", os.path.basename(str(argv[0])))
        return box.run([*self.enter, *map(str, argv)], **kw)

    def wait_port(self, proc, port, host="127.0.0.1", secs=30):
        want = f"{host}:{port}"

        def up():
            proc.need_alive()
            return want in self.run("ss -Hltn")
        until(f"{proc.name} listens on {want}", up, secs)
        return proc


class Pair:
    """A site and the world, side by side and not yet joined: whoever joins
    them gives each a device and calls address()."""

    def __init__(self, box):
        self.box = box
        self.world = Net(box, "world")
        self.site = Net(box, "site", inside=self.world)
        conf = box.write("resolv.conf", f"nameserver {WORLD}\n"
                         "options timeout:2 attempts:2\n")
        hosts = box.write("hosts", "127.0.0.1 localhost\n")
        for net in (self.world, self.site):
            net.run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1\n"
                    f"mount --bind {shlex.quote(conf)} "
                    "$(readlink -f /etc/resolv.conf)\n"
                    f"mount --bind {shlex.quote(hosts)} /etc/hosts")

    def address(self, world_dev, site_dev, settings="up"):
        for net, ip, dev in ((self.world, WORLD, world_dev),
                             (self.site, SITE, site_dev)):
            net.run(f"ip addr add {ip}/24 dev {dev}\n"
                    f"ip link set {dev} {settings}")
        self.site.run(f"ip route add default via {WORLD}")

    def start_dns(self, names=()):
        """The resolver of both; any other name there is not."""
        self.dns = self.world.start(
            self.box, ["/usr/bin/python3", f"{HERE}/dnsd.py", WORLD,
                       *(f"{n}={WORLD}" for n in names)], name="dnsd")
        self.dns.wait_log("listening")


class Firewalled(Pair):
    """A site whose only ways out are a proxy's port and one resolver."""

    def __init__(self, box, proxy_port, names):
        super().__init__(box)
        self.world.run("ip link add world0 type veth peer name site0 "
                       f"netns {self.site.pid}")
        # One segment a packet, so that rules and captures see packets as they
        # would be on a wire.
        self.address("world0", "site0", "gso_max_segs 1 up")
        rules = box.write("site.nft", f"""table inet site {{
  counter stopped {{ }}
  chain out {{
    type filter hook output priority 0; policy drop;
    oif lo accept
    ip daddr {WORLD} tcp dport {proxy_port} accept
    ip daddr {WORLD} udp dport 53 accept
    ip daddr {WORLD} tcp dport 53 accept
    counter name stopped log prefix "stopped" drop
  }}
  chain in {{
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established accept
  }}
}}
""")
        self.site.run(f"nft -f {shlex.quote(rules)}")
        self.start_dns(names)
        self.pcap = box.path("site.pcap")
        self.capture = self.world.start(
            box, ["/usr/bin/python3", f"{HERE}/sniff.py", "world0", self.pcap],
            name="sniff")
        self.capture.wait_log("listening")
        self.proxy_port = proxy_port

    def packets(self, what):
        """The captured packets that match a tcpdump expression."""
        p = subprocess.run(["tcpdump", "-n", "-r", self.pcap, what],
                           capture_output=True, text=True, check=True)
        return p.stdout.splitlines()

    def strangers(self):
        """Packets out of the site that no one allowed, seen or stopped."""
        allowed = (f"(dst host {WORLD} and tcp dst port {self.proxy_port}) or "
                   f"(dst host {WORLD} and dst port 53)")
        left = self.packets(f"src host {SITE} and not arp and not ({allowed})")
        stopped = self.site.run("nft list counter inet site stopped")
        if "packets 0 " not in stopped:
            left.append("stopped by the firewall: " + stopped)
        return left
