"""A proxy that fails as it is told, at the byte and at the second asked for.

    Relay(port)     a TCP relay in front of a real proxy
    Proxy()         an HTTP proxy of its own: CONNECT and nothing else

Both carry faithfully until a test cuts what they carry (cut, pause, down) or
a connection's script says so: script is a list of lists of faults, the first
for the next connection and so on; a connection beyond it has none.  A script
of Lie() instead is what the proxy answers to CONNECT in place of the truth.

One thread moves everything, so that a cut is done when cut() returns.
"""
import collections
import dataclasses
import errno
import math
import os
import select
import socket
import threading
import time

import traffic

BUFFER = 1 << 18
KEPT = 64                           # connections that had a FIN, still open
UP, DOWN = "up", "down"             # from the client, to the client
WAYS = (UP, DOWN)
HOW = ("fin", "rst", "hole", "half", "dribble")
OK = b"HTTP/1.1 200 Connection established\r\n\r\n"
_NOT_YET = (errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK)


@dataclasses.dataclass
class Fault:
    """How: "fin" or "rst" to both sides; "hole": open, but nothing moves,
    for for_s seconds or ever; "half": FIN at the end of one way, the other
    goes on; "dribble": from now on n bytes each every_s seconds.

    When: after so many bytes of the way (of both together without one), or
    so many seconds after the connection was made."""
    how: str
    bytes: int = None
    secs: float = None
    way: str = None
    for_s: float = None
    n: int = 1
    every_s: float = 0.01

    def __post_init__(self):
        assert self.how in HOW and self.way in (None, *WAYS)
        assert (self.bytes is None) != (self.secs is None)
        assert self.how != "half" or self.way

    def ways(self):
        return [self.way] if self.way else WAYS


@dataclasses.dataclass
class Lie:
    """What CONNECT gets, and then: "relay" (as if nothing had been), "fin",
    "rst" or "hole"."""
    answer: bytes
    then: str = "relay"


class _Flow:
    """One way of a connection: what was read and is not yet written."""

    def __init__(self, src, dst):
        self.src, self.dst = src, dst
        self.buf = bytearray(BUFFER)
        self.view = memoryview(self.buf)
        self.at = self.end = self.passed = 0
        self.eof = self.shut = False
        self.dribble = None
        self.not_before = 0

    def put(self, data):
        self.buf[:len(data)] = data
        self.at, self.end = 0, len(data)

    def move(self, allowed, now):
        """Read and write once each."""
        try:
            if self.at == self.end and not self.eof:
                self.at, self.end = 0, self.src.recv_into(self.buf)
                self.eof = self.end == 0
            if self.at == self.end:
                self.half()
            elif now >= self.not_before:
                self._write(allowed, now)
        except BlockingIOError:
            pass

    def _write(self, allowed, now):
        if self.dribble:
            allowed = min(allowed, self.dribble.n)
            self.not_before = now + self.dribble.every_s
        n = self.dst.send(self.view[self.at:min(self.end,
                                                self.at + allowed)])
        self.at += n
        self.passed += n

    def half(self):
        """Nothing more comes this way."""
        if not self.shut:
            self.eof = self.shut = True
            self.at = self.end = 0
            try:
                self.dst.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def wants(self, now):
        """Which of (readable source, writable destination) to wait for."""
        if self.at == self.end:
            return not self.eof, False
        return False, now >= self.not_before


class _Pair:
    """A client's connection and the one beyond."""

    def __init__(self, client, script):
        self.a, self.b = client, None
        self.born = time.monotonic()
        self.lie = next((x for x in script if isinstance(x, Lie)), None)
        self.faults = [x for x in script if isinstance(x, Fault)]
        self.held_until, self.wake = 0, math.inf
        self.head, self.to, self.up = b"", None, None

    def socks(self):
        return [s for s in (self.a, self.b) if s is not None]

    def passed(self, way=None):
        return ((self.flows[way].passed if way else
                 sum(f.passed for f in self.flows.values()))
                if self.up else 0)

    def carry(self, early):
        self.up, self.down = _Flow(self.a, self.b), _Flow(self.b, self.a)
        self.flows = {UP: self.up, DOWN: self.down}
        self.up.put(early)

    def allowed(self, way):
        """As many bytes until the next fault strikes."""
        left = [f.bytes - self.passed(f.way) for f in self.faults
                if f.bytes is not None and f.way in (None, way)]
        return max(0, min(left, default=BUFFER))

    def due(self, now):
        """The fault that strikes now."""
        for f in self.faults:
            if self._may_strike(f) and (
                    now >= self.born + f.secs if f.bytes is None else
                    self.passed(f.way) >= f.bytes):
                self.faults.remove(f)
                return f
        return None

    def _may_strike(self, f):
        """Before there is anything to carry it can only be ended."""
        return self.up or (f.bytes is None and f.how in ("fin", "rst", "hole"))

    def times(self, now):
        """When it must be looked at without anything to read or write."""
        yield from (self.born + f.secs for f in self.faults
                    if f.bytes is None and self._may_strike(f))
        if self.held_until:
            yield self.held_until
        elif self.up:
            yield from (f.not_before for f in self.flows.values()
                        if f.at < f.end and f.not_before > now)

    def close(self, how):
        for s in self.socks():
            if how == "rst":
                traffic.reset(s)
            else:
                s.close()


class Relay:
    """All that is common; one connection beyond for each."""

    def __init__(self, to=None, host="127.0.0.1", port=0):
        self.to = to and (to if isinstance(to, tuple) else ("127.0.0.1", to))
        self.made = 0               # connections until now
        self.max_age_s = None       # each is cut when it is so old
        self.max_age_how = "fin"
        self.script = collections.deque()
        self.cuts = collections.Counter()       # how many were cut, by how
        self._pairs, self._holes = [], []
        self._ended = collections.deque()
        self._masks = {}
        self._paused = self._closed = False
        self._lock = threading.RLock()
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll.register(self._wake, select.EPOLLIN)
        self.host, self.port, self._sock = host, port, None
        self.up()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    # --- for tests: each is done when it returns -------------------------
    @property
    def live(self):
        """Connections that are carried now."""
        with self._lock:
            return len(self._pairs)

    @property
    def passed(self):
        """Bytes carried, both ways, of the live ones."""
        with self._lock:
            return sum(p.passed() for p in self._pairs)

    def cut(self, how="fin"):
        """All there are, now; how many that were.  The next ones live."""
        with self._lock:
            pairs = list(self._pairs)
            for p in pairs:
                self._end(p, how)
            return len(pairs)

    def fault(self, fault):
        """Something for all there are, counted from their beginning."""
        with self._lock:
            for p in self._pairs:
                p.faults.append(dataclasses.replace(fault))
        self._kick()

    def pause(self):
        """Nothing moves: those there are stay open, new ones wait."""
        with self._lock:
            self._paused = True
            self._wait_for(self._sock, 0)
            for p in self._pairs:
                self._watch(p, 0)

    def resume(self):
        with self._lock:
            self._paused = False
            self._wait_for(self._sock, select.EPOLLIN)
            for p in list(self._pairs):
                self._step(p, time.monotonic())
        self._kick()

    def down(self, how="rst"):
        """As if killed: what there is is cut, new ones are refused."""
        with self._lock:
            if self._sock is not None:
                self._wait_for(self._sock, 0)
                self._sock.close()
                self._sock = None
            return self.cut(how)

    def up(self):
        """Listen, on the same port as before."""
        with self._lock:
            self._sock = socket.create_server((self.host, self.port),
                                              backlog=512)
            self._sock.setblocking(False)
            self.port = self._sock.getsockname()[1]
            self._wait_for(self._sock, 0 if self._paused else select.EPOLLIN)

    def close(self):
        with self._lock:
            if self._closed:
                return
            self.down("fin")
            for p in [*self._holes, *self._ended]:
                p.close("fin")
            self._closed = True
        self._kick()
        self._thread.join(30)
        self._epoll.close()
        os.close(self._wake)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.close()

    # --- the thread ------------------------------------------------------
    def _kick(self):
        os.eventfd_write(self._wake, 1)

    def _wait_for(self, sock, mask):
        """No mask: not even of errors do we want to hear."""
        if sock is None:
            return
        fd = sock.fileno()
        had = self._masks.pop(fd, 0)
        if mask:
            self._masks[fd] = mask
        if mask == had:
            return
        if not mask:
            self._epoll.unregister(fd)
        elif not had:
            self._epoll.register(fd, mask)
        else:
            self._epoll.modify(fd, mask)

    def _run(self):
        while True:
            events = self._epoll.poll(self._timeout())
            with self._lock:
                if self._closed:
                    return
                self._turn(events, time.monotonic())

    def _timeout(self):
        """Until somebody must be looked at; None: until something happens."""
        with self._lock:
            now = time.monotonic()
            if self._paused:
                return None
            for p in self._pairs:
                p.wake = min(p.times(now), default=math.inf)
                if self.max_age_s is not None:
                    p.wake = min(p.wake, p.born + self.max_age_s)
            first = min((p.wake for p in self._pairs), default=math.inf)
        return None if first == math.inf else max(0, first - now)

    def _turn(self, events, now):
        fds = {fd for fd, _ in events}
        if self._wake in fds:
            os.eventfd_read(self._wake)
        if self._paused:
            return
        if self._sock is not None and self._sock.fileno() in fds:
            self._accept()
        for p in list(self._pairs):
            if p.wake <= now or any(s.fileno() in fds for s in p.socks()):
                self._step(p, now)

    def _accept(self):
        try:
            client, _ = self._sock.accept()
        except OSError:
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setblocking(False)
        self.made += 1
        p = _Pair(client, self.script.popleft() if self.script else [])
        self._pairs.append(p)
        self._step(p, time.monotonic())

    def _asked(self, p):
        p.to = self.to              # nobody need ask

    def _refused(self, p):
        self._end(p, "rst")

    def _made(self, p):
        p.carry(p.head)

    def _step(self, p, now):
        try:
            self._advance(p, now)
        except OSError:             # one side was reset: so is the other
            self._end(p, "rst")

    def _advance(self, p, now):
        if (p in self._pairs and self.max_age_s is not None and
                now >= p.born + self.max_age_s):
            self._end(p, self.max_age_how)
        while p in self._pairs and (f := p.due(now)):
            self._strike(p, f, now)
        if p not in self._pairs:
            return
        if now < p.held_until:
            self._watch(p, 0)
            return
        p.held_until = 0
        if not p.to:
            self._asked(p)
        if p in self._pairs and p.to and not p.up:
            self._connect(p)
        if p in self._pairs:
            self._carry(p, now)

    def _connect(self, p):
        if p.b is None:
            p.b = socket.socket()
            p.b.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            p.b.setblocking(False)
        e = p.b.connect_ex(p.to)
        if e in (0, errno.EISCONN):
            self._made(p)
        elif e not in _NOT_YET:
            self._refused(p)

    def _carry(self, p, now):
        if not p.up:
            self._watch(p, 0)
            self._wait_for(p.a if p.b is None else p.b,
                           select.EPOLLIN if p.b is None else select.EPOLLOUT)
            return
        for way, flow in p.flows.items():
            flow.move(p.allowed(way), now)
        if f := p.due(now):
            self._strike(p, f, now)
            if p in self._pairs:
                self._advance(p, now)
        elif p.up.shut and p.down.shut:
            self._end(p, "fin")
        else:
            self._watch(p, now)

    def _watch(self, p, now):
        """Wait for what both ways want; for nothing when now is 0."""
        if not p.up or not now:
            for s in p.socks():
                self._wait_for(s, 0)
            return
        (up_r, up_w), (down_r, down_w) = p.up.wants(now), p.down.wants(now)
        self._wait_for(p.a, up_r * select.EPOLLIN | down_w * select.EPOLLOUT)
        self._wait_for(p.b, down_r * select.EPOLLIN | up_w * select.EPOLLOUT)

    def _strike(self, p, f, now):
        if f.how == "dribble":
            for w in f.ways():
                p.flows[w].dribble = f
        elif f.how == "half":
            p.flows[f.way].half()
        elif f.how == "hole" and f.for_s is not None:
            p.held_until = now + f.for_s
        else:
            self._end(p, f.how)

    def _end(self, p, how):
        self.cuts[how] += 1
        self._watch(p, 0)
        self._pairs.remove(p)
        if how == "hole":
            self._holes.append(p)
        else:
            self._let_go(p, how)

    def _let_go(self, p, how):
        """close() would send RST where bytes are left unread: a FIN it is,
        and the sockets are closed later."""
        if how != "fin":
            p.close(how)
            return
        for s in p.socks():
            try:
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        self._ended.append(p)
        if len(self._ended) > KEPT:
            self._ended.popleft().close("fin")


class Proxy(Relay):
    """Reads a CONNECT and goes where it says, or lies."""

    def url(self):
        return f"http://{self.host}:{self.port}"

    def _asked(self, p):
        try:
            data = p.a.recv(16384)
        except BlockingIOError:
            return
        p.head += data
        head, end, early = p.head.partition(b"\r\n\r\n")
        if not data or (not end and len(p.head) > 65536):
            self._end(p, "fin")
        if not end or not data:
            return
        words = head.split()
        if words[0] != b"CONNECT":
            p.a.send(b"HTTP/1.1 405 Only CONNECT\r\nContent-Length: 0\r\n\r\n")
            self._end(p, "fin")
            return
        p.head = early
        if p.lie and p.lie.then != "relay":
            p.a.send(p.lie.answer)
            self._end(p, p.lie.then)
            return
        host, _, port = words[1].decode().rpartition(":")
        p.to = socket.getaddrinfo(host.strip("[]"), int(port), socket.AF_INET,
                                  socket.SOCK_STREAM)[0][4]

    def _made(self, p):
        p.a.send(p.lie.answer if p.lie else OK)
        p.carry(p.head)

    def _refused(self, p):
        p.a.send(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        self._end(p, "fin")
