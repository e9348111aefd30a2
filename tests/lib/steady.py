"""Who uses a tunnel all the while: streams at a steady rate, connections that
are opened, somebody at a terminal, transfers as fast as they go.

What a user sees of an interruption is bytes that come later than they should:
both ends are here, each hashes what it sends and gets, and every arrival is
counted in the 50 ms it came in.
"""
import hashlib
import os
import shlex
import socket
import subprocess
import threading
import time

import alpacon
import servers
import traffic

BIN = 0.05
WINDOW = 4              # bins: a rate is one over 200 ms
TICK = 0.005


class Way:
    """One direction of all streams."""

    def __init__(self, name):
        self.name, self.lock = name, threading.Lock()
        self.bins, self.pause, self.last = {}, 0.0, None

    def came(self, n):
        now = time.monotonic()
        with self.lock:
            b = int(now / BIN)
            self.bins[b] = self.bins.get(b, 0) + n
            if self.last is not None:
                self.pause = max(self.pause, now - self.last)
            self.last = now

    def report(self, rate):
        """(the longest time under 90 % of the rate, the longest pause, the
        share of the time under 90 %, the rate)."""
        first, last = min(self.bins) + 1, max(self.bins)
        b = [self.bins.get(i, 0) for i in range(first, last)]
        under = [sum(b[i:i + WINDOW]) < 0.9 * rate * BIN * WINDOW
                 for i in range(len(b) - WINDOW)]
        longest = run = 0
        for u in under:
            run = run + 1 if u else 0
            longest = max(longest, run)
        return (longest * BIN, self.pause,
                sum(under) / max(1, len(under)),
                sum(b) / (len(b) * BIN))


class Steady:
    """channels streams through what forward(port) says, rate bytes a second
    each way in all."""

    def __init__(self, forward, rate, channels=2):
        self.rate, self.each = rate, rate / channels
        self.up, self.down = Way("up"), Way("down")
        self.stop = threading.Event()
        self.digests, self.failures, self.threads = [], [], []
        self.total = 0
        server = socket.create_server(("127.0.0.1", 0))
        port = forward(server.getsockname()[1])
        for i in range(channels):
            near = socket.create_connection(("127.0.0.1", port), 30)
            near.sendall(b"S")
            far = self._accept(server)
            for a, b, way in ((near, far, self.up), (far, near, self.down)):
                said = [None, None]
                self.digests.append(said)
                self._thread(self._send, a, 2 * i + (way is self.down), said)
                self._thread(self._receive, b, way, said)
        server.close()

    @staticmethod
    def _accept(server):
        """The next that is not a question whether the port is open."""
        server.settimeout(30)
        while True:
            s, _ = server.accept()
            s.settimeout(30)
            if s.recv(1) == b"S":
                return s
            s.close()

    def _thread(self, function, *args):
        def run():
            try:
                function(*args)
            except OSError as e:
                self.failures.append(e)
        t = threading.Thread(target=run, daemon=True)
        self.threads.append(t)
        t.start()

    def _send(self, s, seed, said):
        s.settimeout(120)
        h, n, began = hashlib.sha256(), 0, time.monotonic()
        blocks, rest = traffic.stream(seed, 1 << 60), b""
        while not self.stop.is_set():
            owed = int((time.monotonic() - began) * self.each) - n
            while owed > 0:
                if not rest:
                    rest = memoryview(next(blocks))
                part, rest = rest[:owed], rest[owed:]
                s.sendall(part)
                h.update(part)
                n += len(part)
                owed -= len(part)
            time.sleep(TICK)
        s.shutdown(socket.SHUT_WR)
        said[0] = n, h.hexdigest()

    @staticmethod
    def _receive(s, way, said):
        s.settimeout(120)
        h, n = hashlib.sha256(), 0
        buf = bytearray(1 << 18)
        view = memoryview(buf)
        while got := s.recv_into(buf):
            way.came(got)
            h.update(view[:got])
            n += got
        said[1] = n, h.hexdigest()

    def end(self):
        """What went wrong, if anything."""
        self.stop.set()
        for t in self.threads:
            t.join(120)
        self.total = sum(n for n, _ in
                         (sent for sent, _ in self.digests if sent))
        return self.failures + [
            f"sent {a}, got {b}" for a, b in self.digests if a != b or not a]

    def reports(self):
        return {w.name: w.report(self.rate) for w in (self.up, self.down)}


class Opener:
    """Opens connections all the while, each echoes a word; workers side by
    side, per_s in all."""

    def __init__(self, port, per_s=50, workers=5):
        self.port, self.pause = port, workers / per_s
        self.times, self.failures = [], []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._work, args=(i,),
                                         daemon=True) for i in range(workers)]
        for t in self.threads:
            t.start()

    def _one(self, word):
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port), 60) as s:
            s.settimeout(60)
            s.sendall(word)
            s.shutdown(socket.SHUT_WR)
            got = b""
            while part := s.recv(100):
                got += part
        if got != word:
            raise OSError(f"{word} came back as {got}")
        self.times.append(time.monotonic() - began)

    def _work(self, i):
        n = 0
        at = time.monotonic()
        while not self.stop.is_set():
            n += 1
            try:
                self._one(b"%d-%d" % (i, n))
            except OSError as e:
                self.failures.append(e)
            at += self.pause
            self.stop.wait(max(0.0, at - time.monotonic()))

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join(120)
        return self.failures


class Shell:
    """Somebody at a terminal of the far end."""

    def __init__(self, box, operator):
        sshd = servers.Sshd(box)
        command = shlex.join(operator.argv("-W", "%h:%p", "web1"))
        self.proc = box.start(
            ["ssh", "-tt", *sshd.options, "-o", f"ProxyCommand={command}",
             "-p", str(sshd.port), f"{sshd.user}@localhost",
             "stty -echo; echo ready; while read -r x; do echo got-$x; done"],
            name="ssh", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.delays, self.failure = [], None
        self._stop = threading.Event()
        self.expect("ready")
        self._thread = threading.Thread(target=self._talk, daemon=True)
        self._thread.start()

    def expect(self, word):
        line = self.proc.popen.stdout.readline().decode().strip()
        if line != word:
            raise AssertionError(f"the shell said {line!r}, not {word!r}")

    def ask(self):
        n = len(self.delays)
        began = time.monotonic()
        self.proc.popen.stdin.write(b"%d\n" % n)
        self.proc.popen.stdin.flush()
        self.expect(f"got-{n}")
        self.delays.append(time.monotonic() - began)

    def _talk(self):
        try:
            while not self._stop.wait(0.2):
                self.ask()
        except (AssertionError, OSError, ValueError) as e:
            self.failure = e

    def end(self):
        """It answers still, and leaves in order."""
        self._stop.set()
        self._thread.join(120)
        assert not self._thread.is_alive(), "the shell does not answer"
        assert self.failure is None, self.failure
        self.ask()
        self.proc.popen.stdin.write(b"\x04")
        self.proc.popen.stdin.flush()
        assert self.proc.wait(30) == 0


class Load:
    """Transfers each way at once, both ends in a process of their own."""

    def __init__(self, box, size, channels):
        self.size, self.channels = size, channels
        self.proc = box.start(
            ["/usr/bin/python3", os.path.join(
                alpacon.TOP, "tests/lib/traffic.py"), "both", str(size),
             str(channels)], name="traffic", stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        self.port = int(self.proc.popen.stdout.readline())

    def go(self, port):
        self.proc.popen.stdin.write(b"%d\n" % port)
        self.proc.popen.stdin.flush()

    def end(self, secs):
        code = self.proc.wait(secs)
        said = self.proc.popen.stdout.read().decode()
        assert (code, said) == (0, "ok\n"), said + self.proc.text()
