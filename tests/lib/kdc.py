"""A Kerberos realm of our own: a real krb5kdc on a loopback port."""
import os
import socket
import subprocess

from proc import free_port
from servers import which

REALM = "ALPACON.TEST"
USER, PASSWORD = "ann", "p@ss w/rd #1"
SERVICE = "HTTP/localhost"
SOCKS = "rcmd/localhost"


class Kdc:
    """ann with a password and a keytab, a keytab each for HTTP/localhost
    and rcmd/localhost."""

    def __init__(self, box):
        self.box = box
        self.dir = box.path(box.name("kdc"))
        os.mkdir(self.dir, 0o755)
        self.port = free_port()
        self.env = self.client("krb5.conf", self.port)
        profile = self._write("kdc.conf", f"""[kdcdefaults]
 kdc_listen = 127.0.0.1:{self.port}
 kdc_tcp_listen = 127.0.0.1:{self.port}
[realms]
 {REALM} = {{
  database_name = {self.dir}/principal
  key_stash_file = {self.dir}/stash
  acl_file = {self.dir}/acl
  max_life = 10h
 }}
[logging]
 default = STDERR
""")
        self._admin_env = dict(self.env, KRB5_KDC_PROFILE=profile)
        self._run([which("kdb5_util"), "create", "-s", "-P", "x", "-r", REALM])
        self.admin("addprinc", "+requires_preauth", "-pw", PASSWORD, USER)
        self.admin("addprinc", "-randkey", "machine")
        self.admin("addprinc", "-randkey", "+ok_as_delegate", SERVICE)
        self.keytab = self.ktadd("service.keytab", SERVICE)
        self.admin("addprinc", "-randkey", SOCKS)
        self.rcmd_keytab = self.ktadd("rcmd.keytab", SOCKS)
        self.client_keytab = self.ktadd("client.keytab", "machine")
        self.proc = box.start([which("krb5kdc"), "-n", "-r", REALM, "-P",
                               f"{self.dir}/pid"], name="krb5kdc",
                              env=self._admin_env)
        self.proc.wait_port(self.port)

    def _write(self, name, text):
        path = f"{self.dir}/{name}"
        with open(path, "w") as f:
            f.write(text)
        return path

    def _run(self, argv, **kw):
        p = subprocess.run(argv, env=dict(os.environ, **self._admin_env),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, **kw)
        assert p.returncode == 0, f"{argv}: {p.stdout}"

    def client(self, name, port, more=""):
        """The environment of a client that finds its KDC at port; more: a
        line more of its libdefaults."""
        conf = self._write(name, f"""[libdefaults]
 default_realm = {REALM}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 forwardable = true
 {more}
[realms]
 {REALM} = {{
  kdc = 127.0.0.1:{port}
 }}
[domain_realm]
 localhost = {REALM}
""")
        return {"KRB5_CONFIG": conf, "KRB5CCNAME": f"FILE:{self.dir}/none",
                "KRB5_KTNAME": f"FILE:{self.dir}/no.keytab",
                "KRB5RCACHENAME": "none:"}

    def admin(self, *argv):
        self._run([which("kadmin.local"), "-r", REALM, *argv])

    def ktadd(self, name, principal):
        path = f"{self.dir}/{name}"
        self.admin("ktadd", "-q", "-k", path, principal)
        os.chmod(path, 0o644)
        return f"FILE:{path}"

    def kinit(self, name="cache"):
        """A cache with a ticket of ann's."""
        cache = f"FILE:{self.dir}/{name}"
        self._run(["/usr/bin/kinit", "-f", "-c", cache, USER],
                  input=PASSWORD + "\n")
        return cache


class BlackHole:
    """A port, UDP and TCP, that takes everything and says nothing."""

    def __init__(self):
        self.port = free_port()
        self.tcp = socket.create_server(("127.0.0.1", self.port), backlog=50)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))

    def heard(self):
        """Has anybody asked?"""
        self.udp.setblocking(False)
        try:
            return len(self.udp.recv(65536)) > 0
        except BlockingIOError:
            return False

    def close(self):
        self.udp.close()
        self.tcp.close()
