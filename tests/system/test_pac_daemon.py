"""A daemon with a PAC file: scripts that misbehave, crowds of questions,
files and servers that come and go, another network."""
import os
import re
import signal
import socket
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import alpacon
import burst
import netns
import traffic
import web
from proc import descendants, free_port, listens, until

LIB = os.path.dirname(os.path.abspath(burst.__file__))
PAC_ENTRY = "function FindProxyForURL(url, host) {\n%s\n}\n"


@pytest.fixture
def www():
    servers = []

    def start(pages, **kw):
        servers.append(web.Web(pages, **kw))
        return servers[-1]
    yield start
    for s in servers:
        s.close()


@pytest.fixture
def proxy(box):
    """The port of a proxy that answers with the name it is asked for."""
    p = box.start(["/usr/bin/python3", f"{LIB}/burst.py", "serve"],
                  name="proxy")
    return int(p.wait_log(r"listening (\d+)").group(1))


class Daemon:
    """A connector that goes out on its own, where the PAC file says."""

    def __init__(self, box, pac, extra="", net=None):
        self.port = free_port()
        gateway = alpacon.Gateway(box)      # its name is enough: mode = direct
        self.connector = alpacon.Connector(
            gateway, extra=f"mode = direct\npac = {pac}\nallow_host = *\n"
            f"listen_proxy = 127.0.0.1:{self.port}\n{extra}", net=net)
        self.proc = self.connector.start(wait=False).proc
        if net:
            net.wait_port(self.proc, self.port)
        else:
            until("the local proxy", lambda: listens(self.port))

    def ask(self, host, secs=15):
        """The whole answer to a CONNECT."""
        with socket.create_connection(("127.0.0.1", self.port), secs) as s:
            s.settimeout(secs)
            s.sendall(f"CONNECT {host}:443 HTTP/1.1\r\n"
                      f"Host: {host}:443\r\n\r\n".encode())
            s.shutdown(socket.SHUT_WR)
            got = b""
            while b := s.recv(65536):
                got += b
            return got.decode()

    def works(self, host="good.test"):
        got = self.ask(host)
        assert got.startswith("HTTP/1.1 200") and got.endswith(
            f"\r\n\r\n{host}:443\n"), got

    def fails(self, word, host="good.test"):
        """With a reason, for the program and in the log."""
        seen = len(self.proc.text())
        got = self.ask(host)
        assert re.match(r"HTTP/1.1 50[0-9] ", got) and word in got, got
        self.proc.wait_log(re.escape(word), since=seen)
        return got

    def reload(self):
        seen = len(self.proc.text())
        self.proc.signal(signal.SIGHUP)
        self.proc.wait_log("reloaded", since=seen)

    def helpers(self):
        found = set()
        for pid in descendants(self.proc.pid)[1:]:
            try:
                with open(f"/proc/{pid}/comm") as f:
                    if f.read().startswith("alpacon-pac"):
                        found.add(pid)
            except FileNotFoundError:
                pass
        return found


# --- scripts that misbehave ---------------------------------------------------
BAD = {
    "loop": ("for (;;);", "1000 ms of the processor"),
    "regexp": (r'return /^(a+)+$/.test("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")'
               ' ? "DIRECT" : "DIRECT";', "1000 ms of the processor"),
    "recursion": ("(function f(i) { return f(i + 1) + 1; })(0);",
                  "callstack limit"),
    "memory": ('var a = []; for (;;) a.push(new Array(999).join("x") + a);',
               "memory"),
    "lookups": ("""var n = 0;
        for (var i = 0; i < 10000; i++)
            if (dnsResolve("h" + i + ".localhost")) n++;
        throw new Error(n + " were found");""", "20 were found"),
    "number": ("return 42;", "a number"),
    "null": ("return null;", "null"),
    "throw": ('throw new Error("canary of the script");',
              "canary of the script"),
}


def kills_a_helper(d, pool, word, host):
    seen = d.helpers()
    bad = pool.submit(d.fails, word, host)
    for _ in range(3):
        d.works("meanwhile.test")
        seen |= d.helpers()
    while not bad.done():
        seen |= d.helpers()
        time.sleep(0.01)
    bad.result()
    d.works("afterwards.test")
    return bool(seen - d.helpers())


def test_bad_scripts(box, www, proxy):
    """Each has its error; nobody but the helper dies of it."""
    cases = "".join(f'  if (host == "{name}.bad.test") {{ {body} }}\n'
                    for name, (body, _) in BAD.items())
    d = Daemon(box, www({"/p": PAC_ENTRY % (
        cases + f'  return "PROXY 127.0.0.1:{proxy}";')}).url("/p"))
    d.works()
    with ThreadPoolExecutor() as pool:
        for name, (_, word) in BAD.items():
            # it may run in a second helper, which has come and gone unseen
            assert any(kills_a_helper(d, pool, word, f"{name}.bad.test")
                       for _ in range(3)), name
    rss, fds = d.proc.rss_kib(), d.proc.fds()
    for _ in range(2):
        for name, (_, word) in BAD.items():
            d.fails(word, f"{name}.bad.test")
    d.works()
    until("no more descriptors than before", lambda: d.proc.fds() <= fds)
    assert d.proc.rss_kib() - rss < 2048
    assert d.proc.stop() == 0


# --- crowds -------------------------------------------------------------------
def corporate(answer):
    """5,000 lines with 2,000 rules, and then the answer."""
    rules = "\n".join(
        f'  // {i}: the branch office of that number\n'
        f'  if (shExpMatch(host, "*.office{i}.corp.example"))'
        + ('\n    ' if i % 2 else ' ')
        + f'return "PROXY p{i}.corp.example:8080";'
        for i in range(2000))
    return PAC_ENTRY % (rules + f'\n  return "{answer}";')


class Echo(threading.Thread):
    """Round trips of small messages until it is stopped; ms, in order."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.sock = socket.create_connection(("127.0.0.1", port), 30)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.took, self.over = [], threading.Event()

    def run(self):
        while not self.over.is_set():
            begin = time.perf_counter()
            self.sock.sendall(b"x")
            assert self.sock.recv(1) == b"x"
            self.took.append((time.perf_counter() - begin) * 1000)

    def stop(self):
        self.over.set()
        self.join()
        self.sock.close()
        return self.took

    @staticmethod
    def show(what, took):
        took = sorted(took)
        print(f"{what}: {len(took)} round trips, median "
              f"{statistics.median(took):.2f} ms, p99 "
              f"{took[len(took) * 99 // 100]:.2f} ms, max {took[-1]:.2f} ms")


@pytest.mark.alone
def test_burst(box, www, proxy):
    """1,000 questions in a second while bulk traffic flows: no stall."""
    target, echo = traffic.Target(), traffic.Once(traffic.echo)
    bulk, small = free_port(), free_port()
    d = Daemon(box, www({"/p": corporate(f"PROXY 127.0.0.1:{proxy}")}).url(
        "/p"), f"""no_proxy = 127.0.0.1
[forward "bulk"]
listen = 127.0.0.1:{bulk}
target = 127.0.0.1:{target.port}
[forward "small"]
listen = 127.0.0.1:{small}
target = 127.0.0.1:{echo.port}
""")
    d.works()
    traffic_ = box.start(["/usr/bin/python3", f"{LIB}/traffic.py", "exchange",
                          bulk, 128 << 20, 2], name="bulk")
    e = Echo(small)
    e.start()
    until("round trips", lambda: len(e.took) > 500)
    before = len(e.took)
    code, out, err = box.run(["/usr/bin/python3", f"{LIB}/burst.py", "ask",
                              d.port, 1000, 1], name="burst", secs=60)
    took = e.stop()
    print()
    Echo.show("bulk alone", took[:before])
    Echo.show("with the burst", took[before:])
    print(out.decode().strip())
    assert code == 0, out.decode() + err
    assert max(took) < 1000
    assert traffic_.wait(120) == 0, traffic_.text()
    assert d.proc.stop() == 0
    target.close()
    echo.close()


# --- files and servers that come and go ---------------------------------------
def test_reload(box, www, proxy):
    """SIGHUP reads the file anew; what is open lives on, helpers do not."""
    def page(more):
        return PAC_ENTRY % (more + f"""
            return host == "127.0.0.1" ? "DIRECT" : "PROXY 127.0.0.1:{proxy}";
            """)
    echo, small = traffic.Once(traffic.echo), free_port()
    w = www({"/p": page("")})
    d = Daemon(box, w.url("/p"), f"""[forward "small"]
listen = 127.0.0.1:{small}
target = 127.0.0.1:{echo.port}
""")
    with socket.create_connection(("127.0.0.1", small), 10) as s:
        def lives():
            s.sendall(b"x")
            assert s.recv(1) == b"x"
        lives()
        d.works()
        old = d.helpers()
        assert old
        w.pages["/p"] = page('alert("the second file");')
        d.reload()
        d.works()
        assert "the second file" in d.proc.text()
        until("the old helpers are gone", lambda: not old & d.helpers())
        lives()
        w.close()
        d.reload()
        seen = len(d.proc.text())
        d.fails(f"127.0.0.1:{w.port}")
        assert "pac-failed" in d.proc.text()[seen:]
        d.fails("no other source names a proxy")
        lives()
        www({"/p": page("")}, port=w.port)
        until("it works again", lambda: d.ask("good.test").startswith(
            "HTTP/1.1 200"), 20)
        d.works()
        lives()
    assert d.proc.stop() == 0
    echo.close()


def test_file_comes_later(box, www):
    """The PAC file's server is up after the connector: so is the session."""
    port = free_port()
    gateway = alpacon.Gateway(box).start()
    c = alpacon.Connector(
        gateway, extra=f"pac = http://127.0.0.1:{port}/p\n").start(wait=False)
    c.proc.wait_log("pac-failed")
    www({"/p": PAC_ENTRY % 'return "DIRECT";'}, port=port)
    c.wait_up(40)
    assert "pac-loaded" in c.proc.text()
    assert c.proc.stop() == 0


# --- another network ----------------------------------------------------------
CHANGED = "network-changed"


@pytest.mark.alone
def test_network(box):
    """A new address is another network; what comes by itself is not."""
    net = netns.Net(box, "net")
    net.run("""ip link add a0 type veth peer name a1
        ip link set a0 up; ip link set a1 up
        ip -6 addr add 2001:db8::1/64 dev a0 nodad \
            valid_lft 2000 preferred_lft 1000""")
    pac = box.write("p.pac", PAC_ENTRY % 'return "PROXY 127.0.0.1:1";')
    d = Daemon(box, pac, net=net)
    net.box_run(box, ["curl", "-s", "-p", "-x", f"http://127.0.0.1:{d.port}",
                      "http://good.test/"])
    d.proc.wait_log("pac-loaded")
    until("link-local addresses", lambda: "fe80:" in net.run(
        "ip -6 addr show dev a0 -tentative"))
    heard = len(d.proc.text())
    net.run("""ip -6 addr change 2001:db8::1/64 dev a0 \
            valid_lft 3000 preferred_lft 2000
        ip addr add 169.254.7.7/16 dev a0
        ip -6 addr add fe80::7/64 dev a0 nodad
        ip addr add 127.0.0.7/8 dev lo""")
    time.sleep(2)       # twice what it waits for more of them
    assert CHANGED not in d.proc.text()[heard:]
    box.write("p.pac", PAC_ENTRY % 'return "PROXY 127.0.0.1:2";')
    net.run("ip addr add 192.0.2.7/24 dev a0")
    d.proc.wait_log(CHANGED, since=heard)
    changed = time.monotonic()
    d.proc.wait_log("pac-loaded", since=heard)
    assert 1 < time.monotonic() - changed < 10
    assert d.proc.text()[heard:].count(CHANGED) == 1
    assert d.proc.stop() == 0
