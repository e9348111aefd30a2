"""What may go wrong on the way, at which places of a whole test.

faults.Relay counts the bytes of each connection; here all that it has carried
is counted, over however many connections, and what() is called when so much
has passed.  It remembers what it cut and how long it then took until bytes
moved again.
"""
import bisect
import collections
import dataclasses
import heapq
import signal
import threading
import time

import faults
import servers

UP, DOWN = faults.UP, faults.DOWN
MOVING = 48 << 10       # more than what greetings and their TLS take
HOLE_S = 0.5, 3.0       # until a black hole becomes a cut
FLIGHTS = 3, 4, 4, 4, 5 # about HELLO and WELCOME, ...
SIZES = 160, 160, 8192  # ... which are as long as the first; and beyond


@dataclasses.dataclass
class Flight:
    """A cut after size bytes of one way, counted from the beginning of its
    n-th flight: 1 is CONNECT and its answer, 2 TLS, 3 the upgrade, 4 HELLO and
    WELCOME, 5 START.  how may be a function, called with the connection."""
    way: str
    n: int
    size: int
    how: object

    def is_next(self, turn, n):
        """turn's n-th has begun: the other way speaks next."""
        return turn != self.way and n == self.n - (turn == DOWN)


@dataclasses.dataclass
class Then(faults.Fault):
    """Call then(connection) in place of a cut."""
    then: object = None


class Relay(faults.Relay):
    def __init__(self, to, name):
        self.name = name
        self.total = 0          # bytes, both ways, of all connections
        self.places = []        # (total, what then), sorted
        self.n_cut = 0          # connections, by us
        self.refused = 0
        self.gaps = []          # (how, seconds until bytes moved again)
        self.flights = collections.deque()      # for the next connections
        self._last_cut = None
        super().__init__(to)

    def at(self, place, what):
        """what() when so many bytes in all have passed."""
        with self._lock:
            bisect.insort(self.places, (place, what), key=lambda p: p[0])

    def in_flight(self, flight):
        """Of the next connection."""
        with self._lock:
            self.flights.append(flight)

    def limits(self):
        """What still lies in wait for a connection."""
        with self._lock:
            return len(self.flights) + sum(
                len(p.faults) + (getattr(p, "flight", None) is not None)
                for p in self._pairs)

    def cut_some(self, how, chosen):
        """Those that chosen(connection) is true of."""
        with self._lock:
            pairs = [p for p in self._pairs if chosen(p)]
            for p in pairs:
                self._cut(p, how)
            return len(pairs)

    def cut(self, how="fin"):
        return self.cut_some(how, lambda p: True)

    def end_holes(self, how):
        """Now the connections are over for both sides."""
        with self._lock:
            holes, self._holes = self._holes, []
            for p in holes:
                self._let_go(p, how)

    # --- the thread, or under the lock
    def _cut(self, p, how):
        self.n_cut += 1
        self._last_cut = time.monotonic(), how
        self._end(p, how)

    def _strike(self, p, f, now):
        f.then(p)

    def _refused(self, p):
        self.refused += 1
        super()._refused(p)

    def _carry(self, p, now):
        if not p.up:
            super()._carry(p, now)
            return
        if not hasattr(p, "flight"):
            p.flight = self.flights.popleft() if self.flights else None
            p.counted = {UP: 0, DOWN: 0}
            p.turn, p.n = DOWN, 0
        super()._carry(p, now)
        for way in (UP, DOWN):
            n = p.passed(way) - p.counted[way]
            p.counted[way] += n
            self.total += n
            if n > 0 and way != p.turn:
                self._turned(p, way)
        self._look(p)

    def _turned(self, p, way):
        p.turn = way
        p.n += way == UP
        f = p.flight
        if f and f.is_next(way, p.n):
            p.flight = None
            p.faults.append(Then(
                "fin", bytes=p.passed(f.way) + f.size, way=f.way,
                then=f.how if callable(f.how) else
                lambda p: self._cut(p, f.how)))

    def _look(self, p):
        """Has a place been reached; does it move again?"""
        if self._last_cut and p.born >= self._last_cut[0] and \
                p.passed() >= MOVING:
            when, how = self._last_cut
            self.gaps.append((how, time.monotonic() - when))
            self._last_cut = None
        while self.places and self.places[0][0] <= self.total:
            self.places.pop(0)[1]()


class Way:
    """A relay in front of a proxy that can be killed."""

    def __init__(self, box, name, make):
        self.box, self.name, self.make = box, name, make
        self.proxy = make(box)
        self.relay = Relay(self.proxy.port, name)
        box.at_close.append(self.relay.close)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.relay.port}"

    def kill(self):
        self.proxy.proc.popen.kill()
        self.proxy.proc.popen.wait()

    def restart(self):
        if self.proxy.proc.alive():     # killed twice, and back already
            return
        self.proxy = self.make(self.box, port=self.proxy.port)


def ways_of(box):
    """The operator's, the connector's."""
    return (Way(box, "operator's", servers.tinyproxy),
            Way(box, "connector's", servers.squid))


class Faults:
    """What goes wrong, at a place or now; one thread does what takes time."""

    def __init__(self, rng, ways, connector):
        self.rng, self.ways, self.connector = rng, ways, connector
        self.made = collections.Counter()
        self.failures = []
        self.due, self.n, self.busy = [], 0, 0
        self.news = threading.Condition()
        # it lives as long as the test: what it starts dies with it
        threading.Thread(target=self._work, daemon=True).start()

    def other(self, way):
        return self.ways[1 - self.ways.index(way)]

    def clean(self):
        return self.rng.choice(("fin", "rst"))

    def plan(self, kind, way):
        """Everything random is chosen here, whatever happens later: what is
        to be called when the place is reached."""
        how, after = self.clean(), self.rng.uniform(*HOLE_S)
        side = self.rng.choice((UP, DOWN))
        flight = self.rng.choice(FLIGHTS), self.rng.randrange(
            1, self.rng.choice(SIZES))
        which = self.rng.choice(("new", "old", "both"))

        def go():
            self.made[kind] += 1
            getattr(self, kind)(way, how=how, after=after, side=side,
                                flight=flight, which=which)
        return go

    def later(self, secs, what):
        with self.news:
            self.n += 1
            heapq.heappush(self.due, (time.monotonic() + secs, self.n, what))
            self.news.notify_all()

    def _work(self):
        while True:
            with self.news:
                while not self.due or self.due[0][0] > time.monotonic():
                    self.news.wait(max(0, self.due[0][0] - time.monotonic())
                                   if self.due else None)
                what = heapq.heappop(self.due)[2]
                self.busy += 1
            try:
                what()
            except Exception as e:      # shown by join()
                self.failures.append(e)
            with self.news:
                self.busy -= 1
                self.news.notify_all()

    def join(self, secs=60):
        """All that was to come later has been done."""
        with self.news:
            assert self.news.wait_for(
                lambda: not self.due and not self.busy, secs)
        assert not self.failures, self.failures

    # --- the kinds; called in the relay's thread
    def fin(self, way, **_):
        way.relay.cut("fin")

    def rst(self, way, **_):
        way.relay.cut("rst")

    def hole(self, way, after, how, **_):
        way.relay.cut("hole")
        self.later(after, lambda: way.relay.end_holes(how))

    def kept(self, way, **_):
        way.relay.cut("hole")

    def kill(self, way, **_):
        way.kill()
        self.later(0, way.restart)

    def both(self, way, how, **_):
        way.relay.cut(how)
        self.later(0, lambda: self.other(way).relay.cut(how))

    def hello(self, way, how, flight, **_):
        way.relay.in_flight(Flight(UP, *flight, how))
        way.relay.cut(how)

    def welcome(self, way, how, flight, **_):
        way.relay.in_flight(Flight(DOWN, *flight, how))
        way.relay.cut(how)

    def rotation(self, way, how, flight, side, which, **_):
        """The connector's only: of the connections, old and new, one is cut
        when the new one has come so far."""
        relay = self.ways[1].relay

        def cut(new):
            relay.cut_some(how, lambda p: which == "both" or
                           (p is new) == (which == "new"))
        relay.in_flight(Flight(side, *flight, cut))
        self.connector.proc.signal(signal.SIGHUP)


def deck(rng, n, kept):
    """n kinds of faults, each at least once; kept: so many black holes that
    last until they are noticed, 40 s each."""
    common = ["fin", "rst"] * 4 + ["hello", "welcome"] * 2 + \
        ["rotation", "rotation", "both", "kill", "hole"]
    kinds = ["fin", "rst", "hole", "kill", "both", "hello", "hello",
             "welcome", "welcome", "rotation", "rotation", "rotation"]
    kinds += [rng.choice(common) for _ in range(n - len(kinds))]
    kinds[n - kept:] = ["kept"] * kept
    rng.shuffle(kinds)
    return kinds
