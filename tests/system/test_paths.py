"""Paths that go bad: a session lives through them, and its log says why.

What a kernel and a middle box do to packets, by the road of wan.py; what a
proxy does to the connection that is to carry a session on, by faults.py.
"""
import os
import socket
import time

import pytest

import alpacon
import faults
import netns
import servers
import traffic
import wan
from conftest import LONG
from proc import SLOW, until

TRAFFIC = os.path.join(os.path.dirname(traffic.__file__), "traffic.py")
TARGET, PROXY = 9000, 3128
RESUMED, LOST = "session-resumed", "link-lost"


def in_long(*rows):
    """What takes minutes."""
    return list(rows) if LONG else []


class Road(wan.Wan):
    """The connector and its target in the site, the rest in the world."""

    def start(self, via_proxy=False, extra=""):
        proxies = ["direct"]
        if via_proxy:
            s = servers.squid(self.box, port=PROXY, net=self.world,
                              host=netns.WORLD)
            self.world.wait_port(s.proc, PROXY, netns.WORLD)
            proxies = [s.url()]
        gw = self.gateway().start()
        self.connector = alpacon.Connector(gw, net=self.site, proxies=proxies,
                                           extra=extra).start()
        target = self.site.start(
            self.box, ["/usr/bin/python3", TRAFFIC, "serve", TARGET],
            name="target")
        target.wait_log("listening")
        operator = alpacon.Operator(gw, net=self.world, proxies=["direct"])
        self.forward, self.local = operator.forward(TARGET)
        return self

    def log(self):
        return self.connector.proc.text()

    def is_quiet(self, secs):
        """No packet in a time."""
        before = self.link.stats()
        time.sleep(secs)
        return self.link.stats() == before

    def exchange(self, size, channels=2, secs=120):
        code, out, err = self.world.box_run(
            self.box, ["/usr/bin/python3", TRAFFIC, "exchange", self.local,
                       size, channels], secs=secs)
        assert (code, out) == (0, b"ok\n"), out.decode() + err


@pytest.fixture
def road(box):
    if why := wan.why_not():
        pytest.skip(why)
    return Road(box)


# --- silence --------------------------------------------------------------
@pytest.mark.parametrize("interval, dead", [
    ("8s", 20), *in_long((None, 40))])
def test_black_hole(road, interval, dead):
    """Not a packet passes, and nobody says so."""
    road.link.set("delay 5ms")
    road.start(extra=f"keepalive = {interval}\n" if interval else "")
    road.exchange(100_000)
    # What is on its way when the path dies is missed by TCP, after 30 s.
    until("nothing is on its way", lambda: road.is_quiet(0.5))
    begin = time.monotonic()
    road.link.hole(True)
    road.connector.proc.wait_log(
        LOST + r".*no byte has come for [\d.]+ s: the path is dead", dead + 5)
    took = time.monotonic() - begin
    assert took < dead + 1
    road.link.hole(False)
    road.connector.proc.wait_log(RESUMED, 60)
    road.exchange(100_000)
    assert road.log().count(LOST) == 1
    assert road.log().count("session-up") == 1
    print(f"found after {took:.1f} s")


@pytest.mark.parametrize("reset, interval, quiet", [
    (True, "20s", 30), *in_long((False, "15s", 150))],
    ids=["reset", "drop"][:1 + LONG])
def test_idle_limit_is_learned(road, reset, interval, quiet):
    """A middle box forgets who is silent for 15 s: found by one loss, and
    from then on PINGs come early enough."""
    road.firewall.idle(15, reset)
    road.start(via_proxy=True, extra=f"keepalive = {interval}\n")
    road.connector.proc.wait_log("path-learned.*keepalive_ms=10000", 150)
    road.connector.proc.wait_log(RESUMED, 60)
    assert road.log().count(LOST) == 1
    seen, stopped = len(road.log()), road.firewall.stopped()
    assert stopped > 0
    time.sleep(quiet)                       # the proof is that nothing happens
    assert LOST not in road.log()[seen:]
    road.exchange(100_000)
    assert road.log().count("session-up") == 1


# --- bad packets ----------------------------------------------------------
SIZE = (64 if LONG else 2) << 20


@pytest.mark.parametrize("bad", [
    ["loss 1%"], ["loss 2%", "jitter 3ms"], ["reorder 5%", "gap 4ms"],
    ["rate 20mbit", "queue 20kib"],
], ids=["loss-1", "loss-2", "reordering", "shallow-queue"])
def test_bad_packets(road, bad):
    road.start()
    road.link.set("delay 5ms", *bad)
    road.exchange(SIZE, secs=240)
    s = road.link.stats()
    assert "reorder 5%" in bad or s["up_lost"] + s["up_full"] > 0
    assert LOST not in road.log()


def test_mtu_hole(road):
    """Large packets vanish without a word: the kernels find the size that
    passes, the session waits for them."""
    for net in (road.site, road.world):
        net.run("sysctl -qw net.ipv4.tcp_mtu_probing=1")
    road.start()
    road.firewall.mtu_hole(1200)
    road.exchange(SIZE, secs=240)
    assert road.log().count("session-up") == 1


@pytest.mark.parametrize("reset", [True, *in_long(False)],
                         ids=["reset", "drop"][:1 + LONG])
def test_quota(road, reset):
    """A connection is good for so many bytes."""
    road.firewall.connection_quota(3 << 20, reset)
    road.start()
    road.exchange(4 << 20, secs=300)
    assert road.log().count(RESUMED) >= 2
    assert road.log().count("session-up") == 1


# --- a bad proxy at the resume --------------------------------------------
def lie(text, then="relay"):
    return [faults.Lie(text.replace("\n", "\r\n").encode(), then)]


@pytest.mark.parametrize("script", [
    lie("HTTP/1.1 200 OK\n\n", "fin"),
    lie("HTTP/1.1 200 OK\n\n", "rst"),
    lie("HTTP/1.1 200 OK\n\n<html>welcome</html>\n"),
    lie("HTTP/1.1 200 OK\nContent-Length: 5\nContent-Length: 7\n"
        "Via: a\nVia: a\n\n"),
    lie("HTTP/1.1 204 Fine\nX: y\n\n"),
    lie("HTTP/1.1 503 Not now\nContent-Length: 0\n\n", "fin"),
    lie("SSH-2.0-proxy\n\n", "fin"),
    lie("", "fin"),
    [faults.Fault("hole", bytes=0, for_s=3)],
    [faults.Fault("hole", bytes=2500, for_s=3)],
    [faults.Fault("rst", bytes=2500)],
    [faults.Fault("half", bytes=1000, way="down")],
    [faults.Fault("dribble", bytes=0, n=970, every_s=0.005)],
], ids=["200-fin", "200-rst", "garbage", "doubled-headers", "204", "503",
        "another-protocol", "nothing", "stalls", "stalls-in-tls",
        "reset-in-tls", "half-closed", "dribbles"])
def test_bad_resume(box, script):
    """The first connection after a cut, and the second, get this."""
    with faults.Proxy() as proxy:
        gw = alpacon.Gateway(box).start()
        connector = alpacon.Connector(gw, proxies=[proxy.url()]).start()
        echo = traffic.Once(traffic.echo)
        _, local = alpacon.Operator(gw, proxies=["direct"]).forward(echo.port)
        with socket.create_connection(("127.0.0.1", local)) as s:
            s.settimeout(60 * SLOW)
            s.sendall(b"before")
            assert s.recv(100) == b"before"
            proxy.script.extend([script, script])
            assert proxy.cut("rst") == 1
            sent = bytes(range(256)) * 100
            s.sendall(sent)
            s.shutdown(socket.SHUT_WR)
            got = b""
            while b := s.recv(65536):
                got += b
            assert got == sent
        log = connector.proc.text()
        assert log.count("session-up") == 1 and RESUMED in log
        assert proxy.made >= 2
        echo.close()
