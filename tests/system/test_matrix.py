"""Every way to a proxy times every login times who speaks first.

{plain, TLS, TLS with a client certificate} x {none, Basic, Digest, Negotiate,
NTLM} x {the server, the client speaks first}, against squid, haproxy, a KDC
and Samba's ntlm_auth; a table of the results is printed.  How a 407 may be
framed, tests/system/test_battery.py goes through.
"""
import os
import subprocess

import pytest

import certs
import kdc
import servers
import traffic
from alpacon import program
from servers import PASSWORD, USER

LOGINS = ["none", "basic", "digest", "negotiate", "ntlm"]
FRONTS = ["plain", "TLS", "TLS + certificate"]


class World:
    """One squid a login, each with three fronts."""

    def __init__(self, box):
        self.box, self.kdc = box, kdc.Kdc(box)
        self.ca = certs.Authority(box, "proxyca")
        clients = certs.Authority(box, "clientca")
        self.cert = clients.sign("client", ["client"], usage="clientAuth")
        os.chmod(self.cert.key, 0o600)
        self.secret = box.write("pw", PASSWORD + "\n", 0o600)
        self.port = {}
        for login in LOGINS:
            squid = servers.squid(
                box, None if login == "none" else login,
                more_auth={"negotiate": servers.negotiate(self.kdc)})
            self.port["plain", login] = squid.port
            self.port["TLS", login] = servers.haproxy_tls(
                box, squid.port, self.ca.sign(f"p-{login}")).port
            self.port["TLS + certificate", login] = servers.haproxy_tls(
                box, squid.port, self.ca.sign(f"c-{login}"),
                client_ca=clients.cert).port
        self.env = dict(os.environ, **self.kdc.env)
        self.env["KRB5CCNAME"] = self.kdc.kinit()

    def dial(self, front, login, target):
        scheme = "http" if front == "plain" else "https"
        argv = [program("alpacon-tunnel"), "dial", "--proxy",
                f"{scheme}://localhost:{self.port[front, login]}"]
        if front != "plain":
            argv += ["--proxy-ca", self.ca.cert]
        if front == "TLS + certificate":
            argv += ["--proxy-cert", self.cert.cert,
                     "--proxy-key", self.cert.key]
        if login not in ("none", "negotiate"):
            argv += ["--proxy-user", USER, "--proxy-password-file",
                     self.secret]
        return subprocess.Popen(argv + [f"127.0.0.1:{target.port}"],
                                stdin=subprocess.PIPE, env=self.env,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def world(module_box):
    return World(module_box)


def server_first(c):
    c.sendall(b"220 hello\r\n")
    assert c.recv(100) == b"QUIT\r\n"
    c.sendall(b"221 bye\r\n")


def client_first(c):
    assert c.recv(100) == b"PING\r\n"
    c.sendall(b"PONG\r\n")


def talk(p, first):
    """"ok", or what went wrong."""
    try:
        if first == "server":
            if p.stdout.readline() != b"220 hello\r\n":
                return p.stderr.read().decode() or "no banner"
            p.stdin.write(b"QUIT\r\n")
            p.stdin.flush()
            want = b"221 bye\r\n"
        else:
            p.stdin.write(b"PING\r\n")
            p.stdin.flush()
            want = b"PONG\r\n"
        if p.stdout.readline() != want:
            return p.stderr.read().decode() or "no answer"
        return "ok"
    finally:
        p.stdin.close()
        p.stdout.close()
        p.wait(10)
        p.stderr.close()


def test_matrix(world):
    bad = []
    print(f"\n{'way':18} {'first':7}" + "".join(f"{x:>11}" for x in LOGINS))
    for front in FRONTS:
        for first, serve in (("server", server_first),
                             ("client", client_first)):
            cells = []
            for login in LOGINS:
                t = traffic.Once(serve)
                got = talk(world.dial(front, login, t), first)
                t.close()
                cells.append("ok" if got == "ok" else "FAILED")
                if got != "ok":
                    bad.append(f"{front}, {login}, {first}: {got}")
            print(f"{front:18} {first:7}" +
                  "".join(f"{x:>11}" for x in cells))
    assert not bad, "\n".join(bad)
