"""SOCKS5 with Kerberos (RFC 1961): alpacon-tunnel dial, a real KDC, and an
acceptor of GSSAPI that unwraps and wraps again."""
import hashlib
import os
import re
import signal
import ssl
import subprocess
import threading
import time

import pytest

import certs
import kdc
import traffic
from alpacon import EX_UNAVAILABLE, program
from proc import SLOW, descendants, until
from socks_gss import BARE, SEAL, SIGN, SocksGss

ANN = f"{kdc.USER}@{kdc.REALM}"
MIB = 1 << 20


@pytest.fixture(scope="module")
def realm(module_box):
    kept = {n: os.environ.get(n) for n in ("KRB5_CONFIG", "KRB5RCACHENAME")}
    yield kdc.Kdc(module_box)
    for name, value in kept.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(scope="module")
def ticket(realm):
    return dict(realm.env, KRB5CCNAME=realm.kinit())


@pytest.fixture(scope="module")
def target():
    t = traffic.Target()
    yield t
    t.close()


@pytest.fixture(scope="module")
def hello():
    t = traffic.Once(lambda c: c.sendall(b"hello"))
    yield t
    t.close()


@pytest.fixture
def proxy(realm):
    made = []

    def make(*args, **kw):
        made.append(SocksGss(realm, *args, **kw))
        return made[-1]
    yield make
    for p in made:
        p.close()


def start(box, url, port, env, conf="", *args):
    return box.start(
        [program("alpacon-tunnel"), "dial", "--proxy", url, "--config",
         box.write(box.name("conf"), conf, 0o600), *args,
         f"127.0.0.1:{port}"], name="dial", env=env,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def dial(box, url, port, env, conf=""):
    p = start(box, url, port, env, conf)
    p.popen.stdin.close()
    return p.popen.stdout.read(), p.wait(60), p.text()


def through(p, *blocks):
    """What comes out while these go in."""
    def out():
        with p.popen.stdin as f:
            for b in blocks:
                f.write(b)
    t = threading.Thread(target=out, daemon=True)
    t.start()
    got = p.popen.stdout.read()
    t.join(60)
    assert p.wait(60) == 0, p.text()
    return got


def exchange(box, url, target, env, seed, size):
    """size bytes each way at once, and the end of each passed on."""
    got = through(start(box, url, target.port, env),
                  f"{seed} {size}\n".encode(), *traffic.stream(seed, size))
    assert len(got) == size
    assert hashlib.sha256(got).hexdigest() == traffic.digest(seed + 1, size)
    assert target.what_came(seed) == (size, traffic.digest(seed, size))


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("level", [SEAL, SIGN], ids=["encrypted", "signed"])
def test_both_ways(box, proxy, ticket, target, level, scheme):
    p = proxy(level)
    seed = 100 + 10 * level + 2 * (scheme == "socks5h")
    exchange(box, p.url(scheme), target, ticket, seed, MIB)
    client, = p.clients
    assert client.methods == [0, 1]
    assert (client.who, client.wish) == (ANN, bytes([SEAL]))
    assert client.sealed == {level == SEAL}
    first = f"{seed} {MIB}\n".encode()          # in the clear, if signed only
    assert (first in client.wire) == (level == SIGN)


def test_proxy_behind_proxy(box, proxy, ticket, target):
    """Wrapped twice."""
    a, b = proxy(), proxy(SIGN)
    exchange(box, f"{a.url()},{b.url()}", target, ticket, 200, MIB)
    assert len(a.clients) == len(b.clients) == 1
    assert b"200 1048576\n" not in a.clients[0].wire
    assert b"200 1048576\n" in b.clients[0].wire


def test_target_speaks_first(box, proxy, ticket, hello):
    for level in (SIGN, SEAL):
        out, code, err = dial(box, proxy(level).url(), hello.port, ticket)
        assert (out, code) == (b"hello", 0), err


def test_no_ticket(box, proxy, realm, hello):
    """Asked again without Kerberos, it takes nobody; the reason is told."""
    p = proxy()
    out, code, err = dial(box, p.url(), hello.port, realm.env)
    assert (out, code) == (b"", EX_UNAVAILABLE), err
    assert re.search("takes no other login: kerberos: .*(ticket|credential|"
                     "cache)", err, re.I), err
    assert [c.methods for c in p.clients] == [[0, 1], [0]]


def test_unknown_service(box, proxy, ticket, hello):
    p = proxy()
    out, code, err = dial(box, p.url(), hello.port, ticket,
                          "proxy_spn = rcmd@elsewhere.test\n")
    assert (out, code) == (b"", EX_UNAVAILABLE), err
    assert "kerberos: rcmd@elsewhere.test: " in err


@pytest.mark.parametrize("aborts, why", [
    (True, "the SOCKS5 proxy refuses this Kerberos login"),
    (False, "kerberos: the peer's token: The ticket isn't for us")],
    ids=["abort", "token"])
def test_wrong_service(box, proxy, ticket, hello, aborts, why):
    """A ticket for somebody else."""
    p = proxy(aborts=aborts)
    out, code, err = dial(box, p.url(), hello.port, ticket,
                          "proxy_spn = HTTP@localhost\n")
    assert (out, code) == (b"", EX_UNAVAILABLE), err
    assert why in err
    assert len(p.clients) == 1


def test_service_name(box, proxy, ticket, hello):
    """By the address: only the configured name is right."""
    url = f"socks5h://127.0.0.1:{proxy().port}"
    assert dial(box, url, hello.port, ticket)[1] == EX_UNAVAILABLE
    out, code, err = dial(box, url, hello.port, ticket,
                          "proxy_spn = rcmd@localhost\n")
    assert (out, code) == (b"hello", 0), err


@pytest.mark.parametrize("level", [BARE, 3])
def test_level_refused(box, proxy, ticket, hello, level):
    out, code, err = dial(box, proxy(level).url(), hello.port, ticket)
    assert (out, code) == (b"", EX_UNAVAILABLE), err
    assert f"wants the level of protection {level}" in err


def test_downgrade(box, proxy, ticket, hello):
    """Encryption was agreed; then it stops."""
    out, code, err = dial(box, proxy(SEAL, seal_data=False).url(),
                          hello.port, ticket)
    assert (out, code) == (b"", EX_UNAVAILABLE), err
    assert "no longer encrypts" in err


def test_tls_inside(box, proxy, ticket):
    """A layer above, whose writes may wait for the helper."""
    ca = certs.Authority(box)
    c = ca.sign("target")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(c.cert, c.key)

    def serve(sock):
        with context.wrap_socket(sock, server_side=True) as s:
            got = b"".join(iter(lambda: s.recv(65536), b""))
            s.sendall(got.swapcase())
            s.unwrap()
    t = traffic.Once(serve)
    data = b"".join(traffic.stream(7, MIB))
    got = through(start(box, proxy().url(), t.port, ticket, "", "--tls",
                        "--ca", ca.cert), data)
    assert got == data.swapcase()
    t.close()


def test_nobody_reads(box, proxy, ticket):
    """Bounded, and idle: readiness that nobody can use would make it spin."""
    begun, over = threading.Event(), threading.Event()

    def serve(c):
        begun.set()
        c.settimeout(0.1)
        while not over.is_set():
            try:
                c.send(bytes(65536))
            except TimeoutError:
                pass
    t = traffic.Once(serve)
    p = start(box, proxy().url(), t.port, ticket)
    fed = [0]

    def feed():
        try:
            while True:
                fed[0] += os.write(p.popen.stdin.fileno(), bytes(65536))
        except OSError:
            pass
    threading.Thread(target=feed, daemon=True).start()

    def idle():
        before, busy = fed[0], p.cpu_s()
        time.sleep(2)
        return before == fed[0] and p.cpu_s() - busy < 0.1 * SLOW
    assert begun.wait(30 * SLOW)
    until("nothing moves any more, and it knows", idle, 30 * SLOW)
    assert p.alive()
    p.kill()
    over.set()
    t.close()


def test_helper_dies(box, proxy, ticket):
    def serve(c):
        c.sendall(b"hello")
        c.recv(1)
    t = traffic.Once(serve)
    p = start(box, proxy().url(), t.port, ticket)
    assert p.popen.stdout.read(5) == b"hello"
    helper, = set(descendants(p.pid)) - {p.pid}
    os.kill(helper, signal.SIGKILL)
    p.popen.stdin.write(b"x")
    p.popen.stdin.close()
    assert p.wait() == EX_UNAVAILABLE
    assert re.search("alpacon-gss-helper (was killed by signal 9|closed its "
                     "end)", p.text()), p.text()
    t.close()
