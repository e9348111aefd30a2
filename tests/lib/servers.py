"""Other people's servers, each on a free loopback port with its own folder."""
import glob
import hashlib
import os
import shlex
import subprocess

from proc import free_port

USER, PASSWORD = "conn", "p@ss:w/rd #1"
_NOBODY = (65534, 65534)


class Server:
    def __init__(self, proc, port, host="127.0.0.1"):
        self.proc, self.port, self.host = proc, port, host

    def url(self, scheme="http", user=None, password=None):
        who = "" if user is None else f"{quote(user)}:{quote(password)}@"
        return f"{scheme}://{who}{self.host}:{self.port}"


def quote(text):
    """Percent-encode for the user part of a URL."""
    return "".join(c if c.isalnum() else f"%{ord(c):02X}" for c in text)


def which(*names):
    for name in names:
        for d in ("/usr/sbin", "/usr/bin", "/sbin", "/bin"):
            if os.access(f"{d}/{name}", os.X_OK):
                return f"{d}/{name}"
    raise FileNotFoundError(f"{names[0]} is not installed")


def _unprivileged(net):
    """How to run a program that refuses to be root: (prefix, user)."""
    if net is not None:
        return ["unshare", "--map-user=65534", "--map-group=65534"], None
    return [], _NOBODY if os.geteuid() == 0 else None


def _forget_shared_memory(service):
    for f in glob.glob(f"/dev/shm/{service}-*"):
        os.unlink(f)


def _basic(box, name):
    hashed = subprocess.run(
        ["openssl", "passwd", "-apr1", PASSWORD], check=True,
        capture_output=True, text=True).stdout.strip()
    passwd = box.write(f"{name}.passwd", f"{USER}:{hashed}\n")
    return [f"auth_param basic program /usr/lib/squid/basic_ncsa_auth "
            f"{passwd}",
            "auth_param basic children 2", "auth_param basic realm corp"]


def _digest(box, name):
    ha1 = hashlib.md5(f"{USER}:corp:{PASSWORD}".encode()).hexdigest()
    passwd = box.write(f"{name}.digest", f"{USER}:corp:{ha1}\n")
    return [f"auth_param digest program /usr/lib/squid/digest_file_auth -c "
            f"{passwd}",
            "auth_param digest children 2", "auth_param digest realm corp",
            "auth_param digest nonce_max_count 50",
            "auth_param digest check_nonce_count on"]


def _ntlm(box, name):
    """Samba checks NTLMv2 itself, without a domain controller."""
    conf = box.write(f"{name}.smb", "[global]\nworkgroup = CORP\n"
                     "ntlm auth = ntlmv2-only\nlanman auth = no\n")
    helper = box.write(f"{name}.ntlm", "#!/bin/sh\nexec "
                       f"{which('ntlm_auth')} "
                       "--helper-protocol=squid-2.5-ntlmssp "
                       f"--username={USER} --domain=CORP "
                       f"--password={shlex.quote(PASSWORD)} "
                       f"--configfile={conf}\n", 0o755)
    return [f"auth_param ntlm program {helper}",
            "auth_param ntlm children 2", "auth_param ntlm keep_alive on"]


def negotiate(kdc):
    """For squid's auth: tickets of this Kdc (kdc.py) for HTTP/localhost."""
    def conf(box, name):
        helper = box.write(f"{name}.negotiate", "#!/bin/sh\n" + "".join(
            f"export {k}={shlex.quote(v)}\n" for k, v in kdc.env.items()) +
            f"exec /usr/lib/squid/negotiate_kerberos_auth -k {kdc.keytab} "
            "-s HTTP/localhost\n", 0o755)
        return [f"auth_param negotiate program {helper}",
                "auth_param negotiate children 2",
                "auth_param negotiate keep_alive on"]
    return conf


_AUTH = {"basic": _basic, "digest": _digest, "ntlm": _ntlm}


def squid(box, auth=None, port=None, net=None, host="127.0.0.1", resolver=None,
          hosts=None, more_auth=None, rules=()):
    """auth: None, or schemes joined by "+", in the order of the offers;
    more_auth: {name: what makes its lines}, for negotiate; rules: lines more
    that come before whoever is left is let through."""
    port = port or free_port()
    name = box.name("squid")
    conf = [f"http_port {host}:{port}",
            "acl CONNECT method CONNECT",
            "acl blocked dstdomain .blocked.test",
            "acl bad_port port 25",
            "http_access deny blocked",
            "http_access deny bad_port"]
    for scheme in (auth or "").split("+") if auth else ():
        conf += dict(_AUTH, **(more_auth or {}))[scheme](box, name)
    if auth:
        conf += ["acl known proxy_auth REQUIRED", "http_access deny !known"]
    conf += [*rules, "http_access allow all", "cache deny all",
             f"access_log stdio:{box.path(name)}.access",
             f"cache_log {box.path(name)}.cache",
             "pid_filename none", "shutdown_lifetime 0 seconds",
             f"coredump_dir {box.dir}", "visible_hostname proxy.corp.test",
             "netdb_filename none", "max_filedescriptors 16384",
             "memory_pools off", "via on", "half_closed_clients on",
             "connect_timeout 5 seconds"]
    if resolver:
        conf.append(f"dns_nameservers {resolver}")
    if hosts:
        conf.append(f"hosts_file {hosts}")
    path = box.write(f"{name}.conf", "\n".join(conf) + "\n")
    prefix, user = _unprivileged(net)
    # Its shared memory goes by the service name, which must be ours alone.
    service = f"al{os.getpid()}x{port}"
    box.at_close.append(lambda: _forget_shared_memory(service))
    argv = prefix + [which("squid"), "-N", "-n", service, "-f", path]
    p = (net.start(box, argv, name="squid") if net else
         box.start(argv, name="squid", user=user))
    s = Server(p, port, host)
    s.access_log = f"{box.path(name)}.access"
    if not net:
        p.wait_port(port, 40)
    return s


def tinyproxy(box, auth=None, port=None):
    port = port or free_port()
    conf = (f"Port {port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 300\n"
            "LogLevel Connect\nAllow 127.0.0.1\n")
    if auth:
        conf += f"BasicAuth {USER} {auth}\n"
    path = box.write(box.name("tinyproxy") + ".conf", conf)
    p = box.start([which("tinyproxy"), "-d", "-c", path], name="tinyproxy",
                  user=_unprivileged(None)[1])
    return Server(p.wait_port(port), port)


def microsocks(box, auth=False):
    port = free_port()
    argv = [which("microsocks"), "-i", "127.0.0.1", "-p", port]
    if auth:
        argv += ["-u", USER, "-P", PASSWORD]
    p = box.start(argv, name="microsocks")
    return Server(p.wait_port(port), port)


def dante(box):
    """SOCKS4 and 5; asks for user and password.  It looks them up among the
    system's accounts, so it gets an /etc/passwd of its own to see."""
    port = free_port()
    name = box.name("dante")
    hashed = subprocess.run(["openssl", "passwd", "-6", PASSWORD], check=True,
                            capture_output=True, text=True).stdout.strip()
    passwd = box.write(f"{name}.passwd", "root:x:0:0:root:/:/bin/sh\n"
                       f"{USER}:x:1000:1000::/:/bin/false\n")
    shadow = box.write(f"{name}.shadow", "root:*:19000::::::\n"
                       f"{USER}:{hashed}:19000::::::\n")
    conf = box.write(f"{name}.conf", f"""logoutput: stderr
internal: 127.0.0.1 port = {port}
external: lo
socksmethod: username
clientmethod: none
user.privileged: root
user.unprivileged: root
client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 socksmethod: username }}
""")
    q = shlex.quote
    script = (f"mount --bind {q(passwd)} /etc/passwd && "
              f"mount --bind {q(shadow)} /etc/shadow && "
              f"exec {which('danted')} -f {q(conf)} -p /dev/null")
    p = box.start(["unshare", "-Urmpf", "--mount-proc", "--kill-child=KILL",
                   "sh", "-c", script], name="dante")
    return Server(p.wait_port(port), port)


def haproxy_tls(box, backend_port, cert, client_ca=None, version=None):
    """TLS in front of a proxy; cert is a Cert of certs.py.  client_ca: whose
    certificates the clients must have.  version: the only one, "1.2"."""
    port = free_port()
    with open(cert.cert) as c, open(cert.key) as k:
        both = box.write(box.name("haproxy") + ".pem", c.read() + k.read())
    more = f" verify required ca-file {client_ca}" if client_ca else ""
    if version:
        more += f" ssl-min-ver TLSv{version} ssl-max-ver TLSv{version}"
    path = box.write(box.name("haproxy") + ".cfg", f"""global
 maxconn 500
defaults
 mode tcp
 timeout connect 5s
 timeout client 10m
 timeout server 10m
listen tls
 bind 127.0.0.1:{port} ssl crt {both}{more}
 server proxy 127.0.0.1:{backend_port}
""")
    p = box.start([which("haproxy"), "-db", "-f", path], name="haproxy")
    return Server(p.wait_port(port), port)


def mitmdump(box, upstream_ca):
    """Opens every TLS connection and makes certificates of its own for it; ca
    is their CA.  upstream_ca: whom it trusts itself."""
    port = free_port()
    conf = box.path(box.name("mitmdump") + ".conf")
    p = box.start([which("mitmdump"), "--listen-host", "127.0.0.1",
                   "--listen-port", port, "--set", f"confdir={conf}", "--set",
                   f"ssl_verify_upstream_trusted_ca={upstream_ca}"],
                  name="mitmdump")
    s = Server(p.wait_port(port, 40), port)
    s.ca = os.path.join(conf, "mitmproxy-ca-cert.pem")
    return s


class Sshd:
    """An sshd with keys of its own, for the user who runs the tests."""

    def __init__(self, box, net=None, port=None, host="127.0.0.1"):
        self.port, self.host = port or free_port(), host
        self.key = box.path("ssh_user")
        host_key = box.path("ssh_host")
        for k in (self.key, host_key):
            if not os.path.exists(k):
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                                "-f", k], check=True)
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        conf = box.write(box.name("sshd") + ".conf", f"""Port {self.port}
ListenAddress {host}
HostKey {host_key}
AuthorizedKeysFile {self.key}.pub
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
MaxStartups 100
MaxSessions 100
Subsystem sftp internal-sftp
""")
        argv = [which("sshd"), "-D", "-e", "-f", conf]
        if net and os.geteuid() != 0:   # who seems root there, and is not
            argv = ["unshare", f"--map-user={os.geteuid()}",
                    f"--map-group={os.getegid()}", *argv]
        self.proc = (net.start(box, argv, name="sshd") if net
                     else box.start(argv, name="sshd"))
        if not net:
            self.proc.wait_port(self.port)
        self.user = subprocess.run(["id", "-un"], capture_output=True,
                                   text=True, check=True).stdout.strip()
        self.options = ["-F", "none", "-i", self.key,
                        "-o", "StrictHostKeyChecking=no",
                        "-o", "UserKnownHostsFile=/dev/null",
                        "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                        "-o", "LogLevel=ERROR"]

    def socks(self, box):
        """ssh -D through it: a SOCKS server."""
        port = free_port()
        p = box.start(["ssh", *self.options, "-N", "-p", str(self.port),
                       "-D", f"127.0.0.1:{port}", f"{self.user}@127.0.0.1"],
                      name="ssh-D")
        return Server(p.wait_port(port), port)
