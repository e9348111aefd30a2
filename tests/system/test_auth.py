"""Logins at real proxies: each scheme, right and wrong, alone and together."""
import re
import socket
import subprocess
import time

import pytest

import kdc
import servers
import traffic
from alpacon import EX_UNAVAILABLE, program
from proc import free_port, until
from servers import PASSWORD, USER


@pytest.fixture(scope="module")
def hello():
    t = traffic.Once(lambda c: c.sendall(b"hello"))
    yield t
    t.close()


class Proxy:
    """A squid, and what alpacon-tunnel dial says of it."""

    def __init__(self, box, schemes, **kw):
        self.box, self.squid = box, servers.squid(box, schemes, **kw)

    def dial(self, hello, user=USER, password=PASSWORD, env=None, conf="",
             host="127.0.0.1"):
        """Exit code, what came from the far side, and the last sentence."""
        argv = [program("alpacon-tunnel"), "dial", "--proxy",
                f"http://{host}:{self.squid.port}", "--config",
                self.box.write(self.box.name("conf"), conf, 0o600),
                f"127.0.0.1:{hello.port}"]
        if user:
            argv += ["--proxy-user", user, "--proxy-password-file",
                     self.box.write(self.box.name("pw"), password + "\n",
                                    0o600)]
        p = self.box.start(argv, name="dial", env=env, stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
        out = p.popen.stdout.read()
        p.popen.stdin.close()       # squid passes no half-close on
        return p.wait(), out, p.text()

    def requests(self):
        """Status and user of each request that squid has logged."""
        with open(self.squid.access_log) as f:
            all_ = [(int(line.split()[3].split("/")[1]), line.split()[7])
                    for line in f]
        return [r for r in all_ if r[0]]    # 0: who only looked for the port


@pytest.fixture(scope="module",
                params=["basic", "digest", "ntlm", "ntlm+digest+basic"])
def proxy(request, module_box):
    return Proxy(module_box, request.param)


def test_right(proxy, hello):
    before = len(proxy.requests())
    code, out, err = proxy.dial(hello)
    assert (code, out) == (0, b"hello"), err
    until("squid's log", lambda: len(proxy.requests()) > before)
    status, user = proxy.requests()[-1]
    assert status == 200 and user.lower().endswith(USER)


def test_wrong(proxy, hello):
    code, out, err = proxy.dial(hello, password="wrong")
    assert (code, out) == (EX_UNAVAILABLE, b""), err
    assert re.search(r"squid.*refuses this user name or password \(407 again "
                     r"after (Basic|Digest|NTLM)\)", err), err


def test_nobody(proxy, hello):
    code, out, err = proxy.dial(hello, user=None)
    assert code == EX_UNAVAILABLE and "demands a login" in err, err
    assert "configure a user and a password" in err


def test_one_rejection_is_enough(module_box, hello):
    """A wrong password is sent once, not once for each scheme."""
    p = Proxy(module_box, "digest+basic")
    code, _, err = p.dial(hello, password="wrong")
    assert code == EX_UNAVAILABLE, err
    until("squid's log", lambda: len(p.requests()) >= 2)
    assert [status for status, _ in p.requests()] == [407, 407]


# --- Kerberos ----------------------------------------------------------------
@pytest.fixture(scope="module")
def realm(module_box):
    return kdc.Kdc(module_box)


@pytest.fixture(scope="module")
def kerberos(module_box, realm):
    return Proxy(module_box, "negotiate+basic",
                 more_auth={"negotiate": servers.negotiate(realm)})


def negotiated(p, hello, who, **kw):
    code, out, err = p.dial(hello, host="localhost", **kw)
    assert (code, out) == (0, b"hello"), err
    until("squid's log", lambda: p.requests()[-1] == (200, who))


def test_ticket(kerberos, realm, hello):
    """The ticket that is there already; no user is configured."""
    env = dict(realm.env, KRB5CCNAME=realm.kinit())
    negotiated(kerberos, hello, "ann@ALPACON.TEST", user=None, env=env)


def test_named_cache(kerberos, realm, hello):
    cache = realm.kinit("other")
    negotiated(kerberos, hello, "ann@ALPACON.TEST", user=None, env=realm.env,
               conf=f"proxy_ccache = {cache}\n")


def test_keytab(kerberos, realm, hello):
    negotiated(kerberos, hello, "machine@ALPACON.TEST", user=None,
               env=realm.env, conf=f"proxy_keytab = {realm.client_keytab}\n"
               "proxy_user = machine\n")


def test_password(kerberos, realm, hello):
    negotiated(kerberos, hello, "ann@ALPACON.TEST", user="ann",
               password=kdc.PASSWORD, env=realm.env)


def test_service_name(kerberos, realm, hello):
    """By the address: only the configured name is right."""
    env = dict(realm.env, KRB5CCNAME=realm.kinit())
    code, _, err = kerberos.dial(hello, user=None, env=env)
    assert code == EX_UNAVAILABLE and "Negotiate: " in err, err
    code, out, err = kerberos.dial(
        hello, user=None, env=env, conf="proxy_spn = HTTP@localhost\n")
    assert (code, out) == (0, b"hello"), err


def test_no_ticket_goes_on_to_basic(kerberos, realm, hello):
    """curl gives up here."""
    code, out, err = kerberos.dial(hello, env=realm.env, host="localhost",
                                   conf="proxy_ccache = FILE:/none\n")
    assert (code, out) == (0, b"hello"), err
    until("squid's log", lambda: kerberos.requests()[-1] == (200, USER))


def test_no_ticket(kerberos, realm, hello):
    code, _, err = kerberos.dial(hello, user=None, env=realm.env,
                                 host="localhost",
                                 conf="proxy_auth = negotiate\n")
    assert code == EX_UNAVAILABLE, err
    assert re.search("Negotiate: .*(ticket|credential|cache)", err, re.I), err


def test_black_hole(kerberos, realm, hello):
    """A KDC that swallows everything costs its deadline, no more."""
    hole = kdc.BlackHole()
    env = realm.client("hole.conf", hole.port)
    began = time.monotonic()
    code, out, err = kerberos.dial(hello, env=env, host="localhost")
    assert (code, out) == (0, b"hello"), err
    assert hole.heard() and 5 < time.monotonic() - began < 25
    hole.close()


def test_the_loop_goes_on(kerberos, realm, hello, box):
    """While one login waits for a KDC that says nothing, others are served."""
    hole = kdc.BlackHole()
    port = free_port()
    path = box.write("connector.conf", f"""
url = https://localhost:{free_port()}
id = x
key_file = {box.write("key", "k" * 43, 0o600)}
agent_conf = /none
mode = direct
proxy = http://localhost:{kerberos.squid.port}
proxy_user = {USER}
proxy_password_file = {box.write("pw", PASSWORD + chr(10), 0o600)}
listen_proxy = 127.0.0.1:{port}
allow_host = 127.0.0.1:{hello.port}
""", 0o600)
    c = box.start([program("alpacon-connectord"), "-c", path],
                  name="connectord", env=realm.client("hole2.conf", hole.port))
    c.wait_port(port)
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(f"CONNECT 127.0.0.1:{hello.port} HTTP/1.1\r\n"
                     f"Host: 127.0.0.1:{hello.port}\r\n\r\n".encode())
        until("a question to the KDC", hole.heard)
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port)) as s:
                s.sendall(b"CONNECT evil.test:443 HTTP/1.1\r\n"
                          b"Host: evil.test:443\r\n\r\n")
                assert s.recv(100).startswith(b"HTTP/1.1 403")
        slow.setblocking(False)
        with pytest.raises(BlockingIOError):    # still waiting
            slow.recv(1)
        slow.setblocking(True)
        assert slow.recv(100).startswith(b"HTTP/1.1 200")   # by Basic
    hole.close()
