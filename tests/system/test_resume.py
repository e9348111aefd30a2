"""A session outlives its connections: cut proxies, restarts, rotation."""
import re
import signal
import socket
import threading

import pytest

import alpacon
import faults
import servers
import traffic
from proc import until


@pytest.fixture
def path(box):
    """Both ends by a squid that can be cut."""
    squid = servers.squid(box)
    cutter = faults.Relay(squid.port)
    p = alpacon.Path(box, proxies=[f"http://127.0.0.1:{cutter.port}"])
    p.cutter, p.squid = cutter, squid
    yield p
    cutter.close()


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_cuts(path, how):
    """Cut again and again, with transfers each way: not a byte is missing."""
    target = traffic.Target()
    _, local = path.operator.forward(target.port)
    stop = threading.Event()
    cuts = []

    def cutting():
        while not stop.wait(0.05):
            if path.cutter.passed > 48 << 20:
                path.cutter.cut(how)
                cuts.append(1)
    t = threading.Thread(target=cutting)
    t.start()
    try:
        assert traffic.exchanges(local, 16 << 20, 4, target) == []
    finally:
        stop.set()
        t.join()
    assert len(cuts) >= 2
    log = path.connector.proc.text()
    assert "session-resumed" in log and log.count("session-up") == 1
    target.close()


def test_open_connection_survives(path):
    """What a person has open: an echo, over a restart of the proxy."""
    echo = traffic.Once(traffic.echo)
    p, local = path.operator.forward(echo.port)
    with socket.create_connection(("127.0.0.1", local)) as s:
        s.settimeout(30)
        for i in range(3):
            s.sendall(b"before%d" % i)
            assert s.recv(100) == b"before%d" % i
            path.squid.proc.popen.kill()
            path.squid.proc.popen.wait()
            path.cutter.cut("rst")
            s.sendall(b"meanwhile")         # it waits
            q = servers.squid(path.box, port=path.squid.port)
            path.squid = q
            got = b""
            while len(got) < 9:
                got += s.recv(100)
            assert got == b"meanwhile"
    assert "nothing is missing" in p.text()
    echo.close()


def test_lost_for_good(box):
    """The gateway is another one now: channels are reset, never ended as if
    they were complete."""
    g = alpacon.Gateway(box).start()
    c = alpacon.Connector(g).start()
    op = alpacon.Operator(g)
    held = traffic.Once(lambda s: (s.sendall(b"half"), s.recv(1)))
    _, local = op.forward(held.port)
    s = socket.create_connection(("127.0.0.1", local))
    s.settimeout(30)
    assert s.recv(10) == b"half"
    g.proc.popen.kill()
    g.proc.popen.wait()
    seen = len(c.proc.text())
    g.start()
    with pytest.raises(ConnectionResetError):
        s.recv(10)
    c.wait_up(since=seen)
    assert "session was lost" in c.proc.text()[seen:]
    held.close()


def test_max_age(box):
    """A new connection takes over before the proxy would cut."""
    squid = servers.squid(box)
    cutter = faults.Relay(squid.port)
    g = alpacon.Gateway(box).start()
    c = alpacon.Connector(g, proxies=[f"http://127.0.0.1:{cutter.port}"],
                          extra="link_max_age = 10s\n").start()
    target = traffic.Target()
    _, local = alpacon.Operator(g).forward(target.port)
    until("a switch", lambda: "link-switched" in c.proc.text(), 25)
    assert traffic.exchanges(local, 8 << 20, 4, target) == []
    assert cutter.made == 2
    assert c.proc.text().count("session-up") == 1
    target.close()
    cutter.close()


def test_grace_over(box):
    """Nobody comes back in time: the gateway says so and forgets it."""
    squid = servers.squid(box)
    cutter = faults.Relay(squid.port)
    g = alpacon.Gateway(box, extra="session_grace = 5s\n").start()
    alpacon.Connector(g, proxies=[f"http://127.0.0.1:{cutter.port}"]).start()
    cutter.close()
    until("the end of the session",
          lambda: any(x["event"] == "session-end" for x in g.audit_lines()),
          15)


def test_rolling_restart(box):
    """The gateway is told to stop and another one takes its port: what is open
    goes on in the old one until it ends, what is new goes by the new one."""
    g = alpacon.Gateway(box).start()
    c = alpacon.Connector(g).start()
    echo, late = traffic.Once(traffic.echo), traffic.Once(traffic.echo)
    op = alpacon.Operator(g)
    p, local = op.forward(echo.port)
    _, other = op.forward(late.port)
    with socket.create_connection(("127.0.0.1", local)) as s:
        s.settimeout(30)
        s.sendall(b"before")
        assert s.recv(100) == b"before"
        old, seen = g.proc, len(c.proc.text())
        old.signal(signal.SIGTERM)
        old.wait_log("stopping")
        g.start()
        c.proc.wait_log("session-leaving", since=seen)
        c.wait_up(since=seen)
        p.wait_log("connected to")
        with socket.create_connection(("127.0.0.1", other)) as n:
            n.settimeout(30)
            n.sendall(b"new")
            assert n.recv(100) == b"new"
            s.sendall(b"old")
            assert s.recv(100) == b"old"
            assert old.alive()
    assert old.wait(20) == 0
    c.proc.wait_log("session-left")
    assert c.proc.stop() == 0
    echo.close()
    late.close()


def test_goodbye_without_a_connection(box):
    """An operator who stops while the connection is lost makes one for the
    goodbye: the gateway need not wait for the end of grace."""
    with faults.Proxy() as proxy:
        g = alpacon.Gateway(box).start()
        alpacon.Connector(g).start()
        held = traffic.Once(lambda s: s.recv(1))
        p, local = alpacon.Operator(g, proxies=[proxy.url()]).forward(
            held.port, verbose=True)
        with socket.create_connection(("127.0.0.1", local)) as s:
            until("the connection is open",
                  lambda: any(x.get("kind") == "tcp"
                              for x in g.audit_lines()))
            proxy.down()
            # several failures, so that the next attempt is not at once
            until("failures", lambda: p.text().count("not yet") >= 4, 30)
            proxy.up()
            assert p.stop() == 0
            until("the end", lambda: any(
                x["event"] == "session-end" and x["role"] == "operator" and
                x["code"] == 0 for x in g.audit_lines()), 10)
            s.settimeout(10)
            with pytest.raises(ConnectionResetError):
                s.recv(1)
        held.close()


def test_restart_with_a_question_open(box):
    """The tunnel's question about its target is not answered when the gateway
    is told to stop: it is asked again in the next session, and what becomes of
    the first one does not matter."""
    g = alpacon.Gateway(box).start()
    c = alpacon.Connector(g).start()
    echo = traffic.Once(traffic.echo)
    c.proc.signal(signal.SIGSTOP)
    p = alpacon.Operator(g).start("web1", "-v", "-L",
                                  f"0:127.0.0.1:{echo.port}")
    p.wait_log("connected to")
    old = g.proc
    old.signal(signal.SIGTERM)
    p.wait_log("takes no new channels")
    p.signal(signal.SIGSTOP)
    g.start()
    other = alpacon.Connector(g, identity=(c.id, c.key)).start()
    other.proc.signal(signal.SIGSTOP)
    p.signal(signal.SIGCONT)
    until("the next session", lambda: p.text().count("connected to") == 2)
    old.kill()
    # closed in order, or the new gateway was asked and does not know it
    until("the end of the first session", lambda: re.search(
        r"/ws/tunnel/\?n=\w+: ok", p.text()) or any(
            x["event"] == "session-end" and x["role"] == "operator"
            for x in g.audit_lines()))
    other.proc.signal(signal.SIGCONT)
    local = int(p.wait_log(r"ready: 127\.0\.0\.1:(\d+) -> ").group(1))
    with socket.create_connection(("127.0.0.1", local)) as s:
        s.settimeout(30)
        s.sendall(b"new")
        assert s.recv(100) == b"new"
    assert p.alive()
    c.proc.signal(signal.SIGCONT)
    echo.close()
