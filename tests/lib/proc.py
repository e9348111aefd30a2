"""Processes of the system tests: started, waited for by what they do, ended.

Every process is in its own session and dies with the test program, whatever
kills that.  Its output is a file in the test's folder; a failing test shows
the tails.
"""
import ctypes
import itertools
import os
import random
import re
import signal
import socket
import subprocess
import time

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
SLOW = 4 if "clang" in os.environ.get("ALPACON_BUILD", "") else 1


def _die_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def until(what, test, secs=15):
    """Ask test() until it is true and return what it said."""
    end = time.monotonic() + secs * SLOW
    while True:
        got = test()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {secs * SLOW} s")
        time.sleep(0.01)


def _candidates():
    """Below those that the kernel gives to whoever asks for any, and other
    ones for each worker of pytest-xdist; from anywhere on, for another run
    may be under way."""
    count = 2048
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    first = 10240 + worker % 10 * count
    for n in itertools.count(random.randrange(count)):
        yield first + n % count


_ports = _candidates()


def free_port():
    """A loopback port that nobody listens on, and no other test was given."""
    for port in _ports:
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def listens(port, host="127.0.0.1"):
    with socket.socket() as s:
        s.settimeout(2)
        return s.connect_ex((host, port)) == 0


def descendants(pid):
    """pid and all below it."""
    below = {}
    for d in os.listdir("/proc"):
        if d.isdigit():
            try:
                with open(f"/proc/{d}/stat") as f:
                    parent = int(f.read().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            below.setdefault(parent, []).append(int(d))
    found, todo = [], [pid]
    while todo:
        p = todo.pop()
        found.append(p)
        todo += below.get(p, [])
    return found


class Proc:
    """A running program; its output is in self.log."""

    def __init__(self, box, name, argv, env=None, stdin=subprocess.DEVNULL,
                 stdout=None, user=None, cwd=None):
        self.name, self.argv = name, list(map(str, argv))
        self.log = box.path(f"{name}.log")
        full = dict(os.environ, **(env or {}))
        for gone in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            full.pop(gone, None)
            full.pop(gone.upper(), None)
        full.update(env or {})
        with open(self.log, "ab") as log:
            self.popen = subprocess.Popen(
                self.argv, stdin=stdin, stdout=stdout or log, stderr=log,
                env=full, cwd=cwd or box.dir, start_new_session=True,
                preexec_fn=_die_with_parent,
                **({"user": user[0], "group": user[1], "extra_groups": []}
                   if user else {}))
        self.pid = self.popen.pid
        box.procs.append(self)

    def text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def alive(self):
        return self.popen.poll() is None

    def need_alive(self):
        if not self.alive():
            raise AssertionError(
                f"{self.name} ended with {self.popen.returncode}:\n"
                + self.text()[-2000:])

    def wait_port(self, port, secs=15, host="127.0.0.1"):
        def up():
            self.need_alive()
            return listens(port, host)
        until(f"{self.name} listens on {port}", up, secs)
        return self

    def wait_log(self, pattern, secs=15, since=0):
        """The match of pattern in what was written after offset since."""
        def seen():
            m = re.search(pattern, self.text()[since:], re.M)
            if not m:
                self.need_alive()
                m = re.search(pattern, self.text()[since:], re.M)
            return m
        return until(f"{self.name} says /{pattern}/", seen, secs)

    def wait(self, secs=15):
        """The exit code; a hang is a failure."""
        try:
            return self.popen.wait(secs * SLOW)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.name} has not ended within {secs * SLOW} s:\n"
                + self.text()[-2000:]) from None

    def signal(self, sig):
        self.popen.send_signal(sig)

    def kill(self):
        """End it and whatever it started, at once."""
        for p in descendants(self.pid):
            try:
                os.kill(p, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.popen.wait()
        for f in (self.popen.stdin, self.popen.stdout):
            if f:
                f.close()

    def stop(self, secs=15):
        """Ask with SIGTERM; the exit code."""
        if self.alive():
            self.signal(signal.SIGTERM)
        return self.wait(secs)

    def fds(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def rss_kib(self):
        with open(f"/proc/{self.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))

    def cpu_s(self):
        with open(f"/proc/{self.pid}/stat") as f:
            v = f.read().rpartition(")")[2].split()
        return (int(v[11]) + int(v[12])) / os.sysconf("SC_CLK_TCK")


class Box:
    """A folder of its own and the processes started in it."""

    def __init__(self, directory):
        self.dir = directory
        os.makedirs(directory, exist_ok=True)
        os.chmod(directory, 0o777)
        self.procs = []
        self.at_close = []
        self._n = 0

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text, mode=0o644):
        p = self.path(name)
        fd = os.open(p, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(fd, "w") as f:
            f.write(text)
        os.chmod(p, mode)
        return p

    def name(self, base):
        self._n += 1
        return f"{self._n:02d}-{base}"

    def run(self, argv, name=None, env=None, input=None, secs=30, user=None):
        """Run to its end: (exit code, standard output, standard error)."""
        name = self.name(name or os.path.basename(str(argv[0])))
        out = self.path(name + ".out")
        with open(out, "wb") as f:
            p = Proc(self, name, argv, env=env, stdout=f, user=user,
                     stdin=subprocess.PIPE if input is not None
                     else subprocess.DEVNULL)
        if input is not None:
            try:
                p.popen.stdin.write(input)
                p.popen.stdin.close()
            except BrokenPipeError:
                pass
            p.popen.stdin = None
        try:
            code = p.wait(secs)
        finally:
            p.kill()
            self.procs.remove(p)
        with open(out, "rb") as f:
            return code, f.read(), p.text()

    def start(self, argv, name=None, **kw):
        return Proc(self, self.name(name or os.path.basename(str(argv[0]))),
                    argv, **kw)

    def close(self):
        for p in reversed(self.procs):
            p.kill()
        self.procs.clear()
        while self.at_close:
            self.at_close.pop()()

    def tails(self, lines=12):
        text = []
        for f in sorted(os.listdir(self.dir)):
            if f.endswith(".log"):
                with open(self.path(f), errors="replace") as log:
                    tail = [x[:300] for x in log.read().splitlines()[-lines:]]
                if tail:
                    text.append(f"--- {f}\n" + "\n".join(tail))
        return "\n".join(text)
