"""The rig does what it is told: faults, at the byte and at the second."""
import socket
import threading
import time

import pytest

import faults
import netns
import traffic
import wan
from proc import free_port, until

FIN, RST = "fin", "rst"


@pytest.fixture
def proxy():
    with faults.Proxy() as p:
        yield p


def connect(proxy, port):
    """A tunnel through it; (socket, the answer)."""
    s = socket.create_connection(("127.0.0.1", proxy.port))
    s.settimeout(20)
    s.sendall(b"CONNECT localhost:%d HTTP/1.1\r\n\r\n" % port)
    head = b""
    try:
        while not head.endswith(b"\r\n\r\n") and (b := s.recv(1)):
            head += b
    except ConnectionResetError:
        pass
    return s, head


def how_it_ends(s):
    """All that comes, and how it ends."""
    got = b""
    try:
        while b := s.recv(65536):
            got += b
        return got, FIN
    except ConnectionResetError:
        return got, RST
    except TimeoutError:
        return got, "hole"
    finally:
        s.close()


@pytest.fixture
def source():
    """Sends a thousand bytes and waits for the end."""
    t = traffic.Once(lambda c: (c.sendall(bytes(1000)),
                                c.shutdown(socket.SHUT_WR),
                                traffic.receive(c)))
    yield t.port
    t.close()


def test_carries(proxy):
    target = traffic.Target()
    relay = faults.Relay(target.port)
    assert traffic.exchanges(relay.port, 5_000_000, 4, target) == []
    until("all ended", lambda: relay.live == 0)
    assert relay.made == 4
    relay.close()
    target.close()


@pytest.mark.alone
def test_is_fast_enough():
    """It must not be what a test of speed or of cuts waits for."""
    target = traffic.Once(lambda c: [c.sendall(bytes(1 << 20))
                                     for _ in range(400)])
    with faults.Relay(target.port) as relay, \
            socket.create_connection(("127.0.0.1", relay.port)) as s:
        begin, n, buf = time.monotonic(), 0, bytearray(1 << 20)
        while n < 400 << 20:
            n += s.recv_into(buf)
        took = time.monotonic() - begin
    print(f"relay: {n / took / 1e6:.0f} MB/s")
    assert took < 20
    target.close()


@pytest.mark.parametrize("fault, want", [
    (faults.Fault("fin", bytes=333), (333, FIN)),
    (faults.Fault("rst", bytes=0), (0, RST)),
    (faults.Fault("hole", bytes=333), (333, "hole")),
    (faults.Fault("hole", bytes=333, for_s=0.3), (1000, FIN)),
    (faults.Fault("fin", bytes=999, way="up"), (1000, FIN)),
    (faults.Fault("half", bytes=500, way="down"), (500, FIN)),
    (faults.Fault("dribble", bytes=900, n=7, every_s=0.01), (1000, FIN)),
    (faults.Fault("hole", secs=0, for_s=0.2), (1000, FIN)),
], ids=lambda f: f"{f.how}" if isinstance(f, faults.Fault) else "")
def test_script(proxy, source, fault, want):
    proxy.script.append([fault])
    s, head = connect(proxy, source)
    assert b" 200 " in head
    if want[1] == "hole":
        until("it strikes", lambda: proxy.cuts["hole"])
        s.settimeout(0.3)
    got, end = how_it_ends(s)
    if want[1] == RST:
        assert end == RST
    else:
        assert (len(got), end) == want
    s, _ = connect(proxy, source)           # the next is left alone
    assert (len(how_it_ends(s)[0])) == 1000


def test_dribbles(proxy):
    """One byte in 20 ms: 50 take a second."""
    t = traffic.Once(lambda c: (c.sendall(bytes(50)), c.recv(1)))
    proxy.script.append([faults.Fault("dribble", bytes=0, every_s=0.02)])
    s, _ = connect(proxy, t.port)
    begin, most = time.monotonic(), 0
    for _ in range(50):
        most = max(most, len(s.recv(1)))
    assert time.monotonic() - begin > 0.9
    s.close()
    t.close()


@pytest.mark.parametrize("then", ["relay", FIN, RST, "hole"])
def test_lies(proxy, source, then):
    answer = b"HTTP/1.1 299 Well\r\nA: 1\r\nA: 2\r\n\r\n"
    proxy.script.append([faults.Lie(answer, then)])
    s, head = connect(proxy, source)
    if then == RST:                         # may overtake the answer
        assert answer.startswith(head)
        return
    assert head == answer
    s.settimeout(0.3 if then == "hole" else 20)
    got, end = how_it_ends(s)
    assert end == {"relay": FIN}.get(then, then)
    assert len(got) == (1000 if then == "relay" else 0)


@pytest.mark.parametrize("how", [FIN, RST, "hole"])
def test_cut(proxy, how):
    echo = traffic.Once(traffic.echo)
    socks = [connect(proxy, echo.port)[0] for _ in range(3)]
    for s in socks:
        s.sendall(b"x")
        assert s.recv(1) == b"x"
    assert (proxy.live, proxy.made) == (3, 3)
    assert proxy.cut(how) == 3
    assert proxy.live == 0
    for s in socks:
        if how == "hole":
            s.settimeout(0.2)
            s.sendall(b"y")
        assert how_it_ends(s) == (b"", how)
    s, head = connect(proxy, echo.port)
    assert head and (proxy.live, proxy.made) == (1, 4)
    s.close()
    echo.close()


def test_pause(proxy):
    echo = traffic.Once(traffic.echo)
    s, _ = connect(proxy, echo.port)
    proxy.pause()
    s.sendall(b"x")
    s.settimeout(0.3)
    with pytest.raises(TimeoutError):
        s.recv(1)
    answered = []
    t = threading.Thread(
        target=lambda: answered.append(connect(proxy, echo.port)))
    t.start()
    t.join(0.2)
    assert answered == [] and proxy.made == 1
    proxy.resume()
    s.settimeout(20)
    assert s.recv(1) == b"x"
    t.join(20)
    assert b" 200 " in answered[0][1]
    s.close()
    answered[0][0].close()
    echo.close()


def test_down_and_up(proxy, source):
    echo = traffic.Once(traffic.echo)
    s, _ = connect(proxy, echo.port)
    proxy.down()
    assert how_it_ends(s) == (b"", RST)
    echo.close()
    with pytest.raises(ConnectionRefusedError):
        connect(proxy, source)
    proxy.up()
    s, _ = connect(proxy, source)
    assert len(how_it_ends(s)[0]) == 1000


def test_max_age(proxy):
    echo = traffic.Once(traffic.echo)
    proxy.max_age_s = 1
    begin = time.monotonic()
    s, _ = connect(proxy, echo.port)
    s.sendall(b"x")
    assert how_it_ends(s) == (b"x", FIN)
    assert 0.9 < time.monotonic() - begin < 15
    echo.close()


def test_nobody_there(proxy):
    s, head = connect(proxy, free_port())
    assert b" 502 " in head
    s.close()


# --- the packet link ------------------------------------------------------
@pytest.fixture
def road(box):
    """A link, set to nothing: as fast as the machine."""
    if why := wan.why_not():
        pytest.skip(why)
    return wan.Wan(box)


def eventually(measure, right, tries=6):
    """Right once: the machine may have others to serve, and a figure can only
    be worse for it."""
    seen = []
    for _ in range(tries):
        seen.append(measure())
        if right(seen[-1]):
            return
    raise AssertionError(f"never right: {seen}")


@pytest.mark.alone
@pytest.mark.parametrize("mbit", [2, 20, 100])
def test_rate(road, mbit):
    road.link.set(f"rate {mbit}mbit", "queue 20mib")
    eventually(lambda: road.probe(mbit * 50, 0, 1500),
               lambda r: r["back"] == mbit * 50 and
               0.9 * mbit < r["mbit_s"] < 1.1 * mbit)


@pytest.mark.alone
def test_each_way_has_its_own(road):
    road.link.set("up delay 5ms", "down delay 20ms")
    eventually(lambda: road.probe(50, 5),
               lambda r: 25 <= r["min_ms"] <= r["p50_ms"] < 30)


@pytest.mark.alone
def test_jitter_keeps_the_order(road):
    road.link.set("delay 30ms", "jitter 10ms")
    got = road.probe(200, 5)
    assert got["back"] == 200 and got["overtaken"] == 0
    assert 40 <= got["min_ms"] < 60 and got["max_ms"] >= 62


def test_loss_and_reordering(road):
    road.link.set("up loss 10%", "down reorder 10%", "down gap 20ms")
    got = road.probe(2000)
    assert 0.85 < got["back"] / 2000 < 0.95
    assert got["overtaken"] > 50
    counted = road.link.stats()
    assert counted["up_lost"] == 2000 - got["back"]
    assert counted["down_lost"] == 0


@pytest.mark.alone
def test_shallow_queue(road):
    """What comes when the queue is full is lost: here all but the first."""
    road.link.set("up rate 100kbit", "up queue 3000b")
    got = road.probe(50, 0, 1500)
    counted = road.link.stats()
    assert 2 <= got["back"] < 25
    assert counted["up_full"] == 50 - got["back"]
    assert counted["up_most"] <= 3000


def test_black_hole(road):
    assert road.probe(5)["back"] == 5
    road.link.hole(True, "down")
    assert road.probe(5)["back"] == 0
    assert road.link.stats()["down_lost"] == 5
    road.link.hole(False)
    assert road.probe(5)["back"] == 5


def test_what_cannot_be_set(road):
    for bad in ("speed 3", "rate", "rate fast", "rate -1mbit", "rate nanbit",
                "queue 1e300b", "delay 3%", "sideways loss 1%", ""):
        with pytest.raises(AssertionError, match="error"):
            road.link.set(bad)
    assert road.probe(5)["back"] == 5


# --- the firewall ---------------------------------------------------------
def tcp(road, size, pause=0, secs=3):
    """A transfer from the site, the end of it in words of Python."""
    wait = f"import time; time.sleep({pause})" if pause else ""
    serve = road.world.start(road.box, ["/usr/bin/python3", "-c", f"""
import socket
l = socket.create_server(("{netns.WORLD}", 9))
print("listening", flush=True)
while True:
    c, _ = l.accept()
    try:
        while c.recv(65536): pass
        c.sendall(b"thanks")
    except OSError: pass
    c.close()
"""], name="sink")
    serve.wait_log("listening")
    _, out, err = road.site.box_run(road.box, ["/usr/bin/python3", "-c", f"""
import socket
try:
    s = socket.create_connection(("{netns.WORLD}", 9), {secs})
    s.sendall(b"x")
    {wait or "pass"}
    s.sendall(bytes({size}))
    try: s.shutdown(socket.SHUT_WR)
    except OSError: pass            # recv says why
    print(s.recv(100).decode())
except OSError as e:
    print(type(e).__name__)
"""])
    serve.kill()
    return out.decode().strip() or err


@pytest.mark.parametrize("rules, before, after", [
    (lambda f: f.drop("tcp dport 9"), "TimeoutError", None),
    (lambda f: f.reject(), "ConnectionRefusedError", None),
    (lambda f: f.reject(how="icmpx host-unreachable"), "OSError", None),
    (lambda f: f.mtu_hole(1000), "thanks", "TimeoutError"),
    (lambda f: f.quota(5000), "thanks", "TimeoutError"),
    (lambda f: f.connection_quota(5000), "thanks", "TimeoutError"),
    (lambda f: f.loss(3), "thanks", "thanks"),
], ids=["drop", "reset", "icmp", "mtu-hole", "quota", "connection-quota",
        "loss"])
def test_firewall(road, rules, before, after):
    """What happens to a small transfer, and to a large one."""
    assert tcp(road, 10) == "thanks"
    rules(road.firewall)
    assert tcp(road, 10) == before
    if after:
        assert tcp(road, 100_000, secs=3 if after != "thanks" else 25) == after
    road.firewall.clear()
    assert tcp(road, 100_000) == "thanks"


@pytest.mark.parametrize("reset, want", [
    (False, "TimeoutError"), (True, "ConnectionResetError")],
    ids=["drop", "reset"])
def test_idle(road, reset, want):
    road.firewall.idle(2, reset)
    assert tcp(road, 10) == "thanks"
    assert tcp(road, 10, pause=4) == want
    assert road.firewall.stopped() > 0
