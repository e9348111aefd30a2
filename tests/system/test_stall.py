"""A reader that has stopped stops its own channel: the others keep their
speed, nothing fills up."""
import socket
import threading
import time

import pytest

import alpacon
import traffic
from conftest import LONG
from proc import SLOW, until

CHANNELS = 100
SIZE = (4 if LONG else 1) << 20
WINDOW_KIB = 1024


def stalled_target():
    """Takes connections and never reads; or pushes for ever."""
    hold = threading.Event()

    def serve(c):
        hold.wait(600)
    t = traffic.Once(serve)
    t.let_go = hold.set
    return t


def flooding_target():
    def serve(c):
        c.settimeout(None)
        c.recv(1)
        while True:
            c.sendall(b"x" * 65536)
    t = traffic.Once(serve)
    t.let_go = lambda: None
    return t


def push_until_full(s):
    """Bytes taken until nothing has been for a second."""
    s.settimeout(1 * SLOW)
    n = 0
    try:
        while n < 256 << 20:
            n += s.send(b"x" * 65536)
    except TimeoutError:
        return n
    raise AssertionError(f"{n} bytes were taken for a reader that is stuck")


def timed(port, target):
    began = time.monotonic()
    bad = traffic.exchanges(port, SIZE, CHANNELS - 1, target)
    assert bad == []
    return time.monotonic() - began


@pytest.mark.alone
@pytest.mark.parametrize("direction", ["up", "down"])
def test_one_stalled_among_100(box, direction):
    path = alpacon.Path(box)
    target = traffic.Target()
    tunnel, port = path.operator.forward(target.port)
    stuck = stalled_target() if direction == "up" else flooding_target()
    _, stuck_port = path.operator.forward(stuck.port)
    programs = [path.gateway.proc, path.connector.proc, tunnel]

    free = min(timed(port, target), timed(port, target))
    before = [p.rss_kib() for p in programs]
    s = socket.create_connection(("127.0.0.1", stuck_port), 10)
    if direction == "up":
        push_until_full(s)
    else:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        s.sendall(b"x")
        last = [None, 0]

        def still():
            """The gateway's and connector's memory has come to rest."""
            now = [p.rss_kib() for p in programs]
            last[1] = last[1] + 1 if now == last[0] else 0
            last[0] = now
            return last[1] > 50
        until("nothing moves any more", still)
    grown = [p.rss_kib() - b for p, b in zip(programs, before)]
    # One window, and what the ring and buffers of one link may hold.
    assert max(grown) < 2 * WINDOW_KIB, grown

    beside = min(timed(port, target), timed(port, target))
    assert beside < 1.5 * free + 0.5, (free, beside)
    s.close()
    stuck.let_go()
    assert tunnel.stop() == 0


def test_stalled_reader_gets_all_in_the_end(box):
    """Stopping is not losing."""
    path = alpacon.Path(box)
    go = threading.Event()
    came = []

    def serve(c):
        go.wait(120)
        got = traffic.receive(c)
        if got[0]:      # not the question whether the port is open
            came.append(got)
    t = traffic.Once(serve)
    _, port = path.operator.forward(t.port)
    size = 40 << 20
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        sender = threading.Thread(target=traffic.send_stream, args=(s, 1, size),
                                  daemon=True)
        sender.start()
        until("the other channels move", lambda: traffic.exchange(
            path.operator.forward(traffic.Target().port)[1], 4, 100_000)
            == "ok")
        go.set()
        sender.join(60)
        until("all has come", lambda: came, 60)
    assert came == [(size, traffic.digest(1, size))]
