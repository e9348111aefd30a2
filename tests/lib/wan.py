"""A site and the world with a bad road between them.

    w = wan.Wan(box)
    w.site, w.world             network namespaces, see netns.Net
    w.link.set("rate 20mbit", "delay 10ms", "up loss 1%")
    w.link.hole(True)           not a packet passes
    w.firewall.idle(15)         and more, see Firewall
    w.gateway().start()         our own, in the world

The link is tests/lib/packetlink.c, which says what can be set; up is out of
the site.  Rates are of IP packets, without a frame around them.
"""
import json
import os
import re
import subprocess

import alpacon
import certs
import netns
from proc import Proc

TUN = "/dev/net/tun"
DEVICE = "road0"
ECHO = 7                            # the port
# A tun device queues in front of its reader; what that would drop should be
# dropped by the link's own queue, which can be set and counts.
DEVICE_QUEUE = 10000


def why_not():
    """Why there can be no link on this machine; None if there can."""
    try:
        os.close(os.open(TUN, os.O_RDWR))
        return None
    except OSError as e:
        return (f"NO {TUN} ({e.strerror}): as root, `modprobe tun` or `mknod "
                f"{TUN} c 10 200; chmod 666 {TUN}`")


class Link:
    """A running packetlink: settings, counters, the black hole."""

    def __init__(self, box, world, site):
        self.proc = Proc(
            box, box.name("packetlink"),
            [*world.enter, os.path.join(alpacon.BUILD, "tests", "lib",
                                        "packetlink"),
             f"/proc/{site.pid}/ns/net", f"/proc/{world.pid}/ns/net", DEVICE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._answer()

    def _answer(self):
        line = self.proc.popen.stdout.readline().decode()
        if not line:
            self.proc.popen.wait(10)
            self.proc.need_alive()
        return line

    def _ask(self, command):
        self.proc.popen.stdin.write(command.encode() + b"\n")
        self.proc.popen.stdin.flush()
        said = self._answer()
        assert said.startswith("ok"), f"{command}: {said}"
        return said

    def set(self, *commands):
        for c in commands:
            self._ask(c)

    def hole(self, on, way=""):
        self.set(f"{way} hole {'on' if on else 'off'}")

    def stats(self):
        """{"up_packets": 1, ...}; the "most" are since the last time."""
        return {k: int(v) for k, v in
                (x.split("=") for x in self._ask("stats").split()[1:])}


class Firewall:
    """What a middle box does to packets, each way as they come off the road:
    a rule on the way out would tell the sender's kernel, which no box does.

    match is an nftables expression; "" is every packet."""

    def __init__(self, *ends):
        self.ends = ends                # the world, the site
        self.clear()

    def _each(self, script):
        return "".join(net.run(script) for net in self.ends)

    def clear(self):
        """No rules, as at first."""
        self._each(f"""nft -f - <<END
table inet faults
delete table inet faults
table inet faults {{
  chain in {{ type filter hook input priority 0; iif != {DEVICE} accept; }}
}}
END""")

    def rule(self, text):
        self._each(f"nft 'add rule inet faults in {text}'")

    def drop(self, match=""):
        self.rule(f"{match} drop")

    def reject(self, match="", how="tcp reset"):
        """What the site asks for, with "tcp reset", "icmpx host-unreachable",
        "icmpx admin-prohibited"."""
        self.ends[0].run("nft 'add rule inet faults in meta l4proto tcp "
                         f"{match} reject with {how}'")

    def loss(self, percent, match=""):
        self.rule(f"numgen random mod 10000 < {round(percent * 100)} "
                  f"{match} drop")

    def quota(self, n, match=""):
        """After n bytes nothing passes any more, each way for itself."""
        self.rule(f"{match} quota over {n} bytes drop")

    def connection_quota(self, n, reset=False):
        """As quota, but of each connection, both ways together."""
        self._each("sysctl -qw net.netfilter.nf_conntrack_acct=1")
        if reset:
            self.rule(f"ct bytes > {n} tcp flags & rst != rst reject with "
                      "tcp reset")
        else:
            self.rule(f"ct bytes > {n} drop")

    def mtu_hole(self, n):
        """Larger packets vanish and no ICMP says so."""
        self.rule(f"meta length > {n} drop")

    def idle(self, secs, reset=False):
        """Connections silent for so long are forgotten; what is not known is
        dropped, or reset."""
        self._each(
            "sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 "
            f"net.netfilter.nf_conntrack_tcp_timeout_established={secs} "
            f"net.netfilter.nf_conntrack_tcp_timeout_unacknowledged={secs} "
            f"net.netfilter.nf_conntrack_tcp_timeout_max_retrans={secs}")
        # A reset is itself of a connection that is not known.
        self.rule("ct state invalid tcp flags & rst != rst counter reject "
                  "with tcp reset" if reset else
                  "ct state invalid counter drop")

    def stopped(self):
        """Packets that idle() has stopped."""
        return sum(map(int, re.findall(
            r"invalid .*counter packets (\d+)",
            self._each("nft list table inet faults"))))


class Wan(netns.Pair):
    def __init__(self, box, mtu=1500):
        super().__init__(box)
        self._echo = None
        self.link = Link(box, self.world, self.site)
        self.address(DEVICE, DEVICE,
                     f"mtu {mtu} txqueuelen {DEVICE_QUEUE} up")
        self.start_dns()
        self.firewall = Firewall(self.world, self.site)

    def gateway(self, **kw):
        """In the world, not yet started; by its address."""
        ca = certs.Authority(self.box)
        cert = ca.sign("gateway", [netns.WORLD], [netns.WORLD])
        return alpacon.Gateway(self.box, ca, cert, net=self.world,
                               listen=netns.WORLD, name=netns.WORLD, **kw)

    def probe(self, count, interval_ms=1, size=100, secs=60):
        """Datagrams from the site and back, see probe.py."""
        argv = ["/usr/bin/python3", f"{netns.HERE}/probe.py"]
        if self._echo is None:
            self._echo = self.world.start(
                self.box, [*argv, "echo", netns.WORLD, ECHO], name="echo")
            self._echo.wait_log("listening")
        code, out, err = self.site.box_run(
            self.box, [*argv, "ask", netns.WORLD, ECHO, count, interval_ms,
                       size], secs=secs)
        assert code == 0, err
        return json.loads(out)
