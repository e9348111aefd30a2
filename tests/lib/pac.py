"""The conversation of pac/wire.h, for tests that talk to a PAC helper without
our library in between."""
import os
import signal
import socket
import struct
import subprocess
from collections import namedtuple

import alpacon

DUKTAPE = os.path.join(alpacon.BUILD, "alpacon-pac-helper")
JSC = os.path.join(alpacon.BUILD, "alpacon-pac-helper-jsc")

LOAD, EVAL, ADDRS = 1, 2, 3
ALERT, LOADED, RESULT, LOOKUP, FAILED = 1, 2, 3, 4, 5
NAME4, NAME, OWN4, OWN = 1, 2, 3, 4
SYNTAX, AT_LOAD, RUN, AT_RESULT = 1, 2, 3, 4
REAL_TIME = -1 << 63
ANSWER_MAX = 64 << 10

Failure = namedtuple("Failure", "stage line column message text")


class Ended(Exception):
    """The helper has gone; status as in subprocess."""

    def __init__(self, status):
        super().__init__(f"the helper has ended with {status}")
        self.status = status


def addresses(*texts):
    """An ADDRS question."""
    out = bytes([ADDRS])
    for t in texts:
        six = ":" in t
        out += bytes([6 if six else 4]) + socket.inet_pton(
            socket.AF_INET6 if six else socket.AF_INET, t)
    return out


class Helper:
    """names: what look-ups give, by name; "" is our own address."""

    def __init__(self, box, program=DUKTAPE, names=None, env=None):
        self.names = names or {}
        self.alerts, self.lookups = [], []
        self.sock, its = socket.socketpair()
        self.sock.settimeout(60)
        with its:
            self.proc = box.start([program], name=os.path.basename(program),
                                  stdin=its, env=env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()
        self.proc.kill()

    @property
    def pid(self):
        return self.proc.pid

    def send(self, question):
        self.sock.sendall(struct.pack(">I", len(question)) + question)

    def _read(self, n):
        got = b""
        while len(got) < n:
            try:
                part = self.sock.recv(n - len(got))
            except ConnectionResetError:
                part = b""
            if not part:
                raise Ended(self.proc.wait())
            got += part
        return got

    def receive(self):
        """The last part of an answer, as (kind, bytes); alerts are kept."""
        n = struct.unpack(">I", self._read(4))[0]
        assert 0 < n <= ANSWER_MAX
        answer, parts = self._read(n), []
        while answer:
            kind, size = struct.unpack(">BI", answer[:5])
            assert len(answer) >= 5 + size
            parts.append((kind, answer[5:5 + size]))
            answer = answer[5 + size:]
        for kind, text in parts[:-1]:
            assert kind == ALERT
            self.alerts.append(text.decode())
        assert parts[-1][0] != ALERT
        return parts[-1]

    def ask(self, question):
        """Ask, and answer its look-ups until there is an end."""
        self.alerts, self.lookups = [], []
        try:
            self.send(question)
        except (BrokenPipeError, ConnectionResetError):
            raise Ended(self.proc.wait()) from None
        while True:
            kind, got = self.receive()
            if kind != LOOKUP:
                break
            what, name = got[0], got[1:].decode()
            self.lookups.append((what, name))
            self.send(addresses(*self.names.get(name, ())))
        if kind != FAILED:
            return got.decode()
        stage, line, column, n = struct.unpack(">BIIH", got[:11])
        return Failure(stage, line, column, got[11:11 + n].decode(),
                       got[11 + n:].decode())

    def load(self, script, clock=REAL_TIME):
        """The engine's name, or a Failure."""
        if isinstance(script, str):
            script = script.encode()
        return self.ask(struct.pack(">Bq", LOAD, clock) + script)

    def eval(self, url="https://h.example/", host="h.example",
             clock=REAL_TIME):
        """The result, or a Failure."""
        u, h = (x if isinstance(x, bytes) else x.encode() for x in (url, host))
        return self.ask(struct.pack(">BqH", EVAL, clock, len(u)) + u + h)

    def status(self, key):
        """A number of kB in /proc/PID/status."""
        with open(f"/proc/{self.pid}/status") as f:
            return next(int(line.split()[1]) for line in f
                        if line.startswith(key + ":"))
