"""Every way to a proxy times every login times who speaks first.

{plain, TLS, TLS with a client certificate} x {none, Basic, Digest, Negotiate,
NTLM} x {407 that keeps the connection, chunked, that closes, that ends with
the connection} x {the server, the client speaks first}, against squid (whose
407s a relay frames), haproxy, a KDC and Samba's ntlm_auth; a table of the
results is printed, with the reason where there can be none.
"""
import itertools
import os
import subprocess

import pytest

import certs
import kdc
import servers
import traffic
from alpacon import program
from reframe import CLOSING, FRAMINGS, KEEP, Reframe
from servers import PASSWORD, USER

LOGINS = ["none", "basic", "digest", "negotiate", "ntlm"]
FRONTS = ["plain", "TLS", "TLS + certificate"]


class World:
    """One squid a login, each behind a relay with three fronts."""

    def __init__(self, box):
        self.box, self.kdc = box, kdc.Kdc(box)
        self.ca = certs.Authority(box, "proxyca")
        clients = certs.Authority(box, "clientca")
        self.cert = clients.sign("client", ["client"], usage="clientAuth")
        os.chmod(self.cert.key, 0o600)
        self.secret = box.write("pw", PASSWORD + "\n", 0o600)
        self.port, self.relay = {}, {}
        for login in LOGINS:
            squid = servers.squid(
                box, None if login == "none" else login,
                more_auth={"negotiate": servers.negotiate(self.kdc)})
            relay = self.relay[login] = Reframe(squid.port)
            box.at_close.append(relay.close)
            self.port["plain", login] = relay.port
            self.port["TLS", login] = servers.haproxy_tls(
                box, relay.port, self.ca.sign(f"p-{login}")).port
            self.port["TLS + certificate", login] = servers.haproxy_tls(
                box, relay.port, self.ca.sign(f"c-{login}"),
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


NO_407, OFFER = "- (1)", "ok (2)"
NOTES = """(1) can't be: without a login there is no 407
(2) the 407 that offers NTLM; the one with its challenge can't be closed: what
    NTLM logs in is the connection (test_close_after_a_challenge)"""


def cell(login, framing, relay):
    """What a login that worked is called: it was the 407 that was meant, and
    on as few connections as it leaves."""
    if login == "none":
        return "ok" if relay.framed == [] else "a 407"
    if framing not in relay.framed:
        return "no such 407"
    if relay.connections != (2 if framing in CLOSING else 1):
        return f"{relay.connections} connections"
    return OFFER if login == "ntlm" and framing in CLOSING else "ok"


def row(world, front, framing, first, serve):
    """{login: cell}; all logins at once, each has a proxy of its own."""
    t = traffic.Once(serve)
    running = {}
    for login in LOGINS:
        if login == "none" and framing != KEEP:
            continue
        world.relay[login].forget()
        world.relay[login].framing = framing
        running[login] = world.dial(front, login, t)
    cells = {login: talk(p, first) for login, p in running.items()}
    t.close()
    return {login: NO_407 if login not in cells else
            cell(login, framing, world.relay[login])
            if cells[login] == "ok" else cells[login] for login in LOGINS}


def test_matrix(world):
    bad = []
    print(f"\n{'way':18} {'407':14} {'first':7}"
          + "".join(f"{x:>11}" for x in LOGINS))
    for front, framing, (first, serve) in itertools.product(
            FRONTS, FRAMINGS, [("server", server_first),
                               ("client", client_first)]):
        cells = row(world, front, framing, first, serve)
        good = ("ok", NO_407, OFFER)
        print(f"{front:18} {framing:14} {first:7}" + "".join(
            f"{x if x in good else 'FAILED':>11}" for x in cells.values()))
        bad += [f"{front}, {framing}, {login}, {first}: {got}"
                for login, got in cells.items() if got not in good]
    print(NOTES)
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("framing", CLOSING)
def test_close_after_a_challenge(world, framing):
    """Why those cells can't be: it ends the login, and is said so."""
    relay = world.relay["ntlm"]
    relay.framing, relay.closes_challenges = framing, True
    t = traffic.Once(server_first)
    try:
        got = talk(world.dial("plain", "ntlm", t), "server")
    finally:
        t.close()
        relay.closes_challenges = False
    assert "closes the connection in the middle of a login" in got
