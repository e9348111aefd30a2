"""All connectors of a gateway come back at once: it is killed and started."""
import bisect
import datetime
import hashlib
import os
import re
import secrets
import time

import pytest

import alpacon
from proc import SLOW, until

pytestmark = pytest.mark.alone

DOWN_S = 5
BURST_PART = 5                  # connector/gatewayd/pace.c


class Swarm:
    """tests/lib/swarm: its events as (milliseconds, what, who)."""

    def __init__(self, gateway, n):
        box = gateway.box
        who = [(f"bee-{i}", secrets.token_hex(32)) for i in range(n)]
        box.write("gateway/connectors", "".join(
            f"{i} {i} {hashlib.sha256(k.encode()).hexdigest()}\n"
            for i, k in who), 0o600)
        self.ids = box.write("swarm.ids",
                             "".join(f"{i} {k}\n" for i, k in who), 0o600)
        self.gateway, self.n, self.proc, self.out = gateway, n, None, None

    def start(self):
        box = self.gateway.box
        self.out = box.path("swarm.out")
        with open(self.ids) as ids, open(self.out, "w") as out:
            self.proc = box.start(
                [os.path.join(alpacon.BUILD, "tests/lib/swarm"),
                 self.gateway.port, self.gateway.ca.cert],
                name="swarm", stdin=ids, stdout=out)
        return self

    def events(self):
        self.proc.need_alive()
        with open(self.out) as f:
            lines = [x.split(None, 3) for x in f if x.endswith("\n")]
        return [(int(x[0]), x[1], int(x[2]),
                 x[3].strip() if len(x) > 3 else "") for x in lines]

    def wait_all_up(self, since_ms, secs):
        """When the last one was up, of those since then."""
        def up():
            first = {}
            for ms, what, who, _ in self.events():
                if what == "up" and ms >= since_ms:
                    first.setdefault(who, ms)
            return len(first) == self.n and max(first.values())
        return until(f"{self.n} connectors are up", up, secs)


def handshakes(gateway):
    """When this start of it began them, in milliseconds, from its log."""
    return [int(datetime.datetime.fromisoformat(t).timestamp() * 1000)
            for t in re.findall(r"^(\S+)Z debug: handshake: \S+ begins",
                                gateway.proc.text(), re.M)]


def most_in_a_second(times):
    """In the fullest of all seconds, wherever they begin."""
    return max(i + 1 - bisect.bisect_right(times, t - 1000)
               for i, t in enumerate(times))


def test_all_come_back(box, long):
    """2,000 connectors; their gateway is killed, and comes again after 5 s
    with a limit: it is held, and all are back within 30 s."""
    n, rate = (300, 50) if SLOW > 1 and not long else (2000, 200)
    g = alpacon.Gateway(box, extra="handshakes_per_s = 0\n")
    swarm = Swarm(g, n)
    g.start()
    empty_kib = g.proc.rss_kib()
    swarm.start()
    swarm.wait_all_up(0, 60)
    each_kib = (g.proc.rss_kib() - empty_kib) / n

    g.proc.popen.kill()
    g.proc.popen.wait()
    killed = time.monotonic()
    g.extra = f"handshakes_per_s = {rate}\nlog_level = debug\n"
    g.write_conf()
    until("the pause", lambda: time.monotonic() > killed + DOWN_S, 30)
    began_ms = int(time.monotonic() * 1000)
    g.start()
    took_s = (swarm.wait_all_up(began_ms, 90) - began_ms) / 1000

    times = handshakes(g)
    most = most_in_a_second(times)
    print(f"{n} connectors at {rate} handshakes/s: all back {took_s:.1f} s "
          f"after the start, {len(times)} handshakes, at most {most} in a "
          f"second; an idle connector costs the gateway {each_kib:.1f} KiB")
    assert len(times) >= n
    assert "they wait for their turn" in g.proc.text()
    # the bucket gives its rate and, after a rest, a burst (pace.c) on top;
    # one more since the log's milliseconds are cut
    assert most <= rate + rate // BURST_PART + 1
    assert took_s <= 30 * SLOW
    if SLOW == 1:
        assert each_kib <= 40


def test_drained(box, long):
    """They are told when to come back: the next gateway, which has no limit,
    sees no more at once than the first one would have let in."""
    n, rate = (2000, 200) if long else (300, 50)
    g = alpacon.Gateway(box, extra=f"handshakes_per_s = {rate}\n")
    swarm = Swarm(g, n)
    g.start()
    swarm.start()
    swarm.wait_all_up(0, 60)
    g.extra = "handshakes_per_s = 0\nlog_level = debug\n"
    g.write_conf()
    began_ms = int(time.monotonic() * 1000)
    assert g.proc.stop() == 0
    g.start()
    took_s = (swarm.wait_all_up(began_ms, 60) - began_ms) / 1000
    most = most_in_a_second(handshakes(g))
    print(f"{n} connectors of a gateway that stops: all back {took_s:.1f} s "
          f"after it was told, at most {most} handshakes in a second")
    assert most <= rate + rate // BURST_PART
