"""What proxies answer to CONNECT, good and hostile, to us and to curl.

Each row is one proxy: what it says on its first connection, its second, ...
Both clients get every row whole and byte by byte; ours has to do what the row
wants.  curl runs beside it to show where the two differ: the table is printed
(pytest -s, and the log of contrib/check).
"""
import re
import socket
import subprocess
import threading
import time

from alpacon import program
from servers import PASSWORD, USER

OK = b"HTTP/1.1 200 OK\r\n\r\n"
ASK = b'HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic realm="corp"\r\n'
DIGEST = (b'HTTP/1.1 407 Auth\r\nProxy-Authenticate: Digest realm="corp", '
          b'nonce="n", qop="auth"')
EMPTY = b"Content-Length: 0\r\n\r\n"
CLOSE = object()        # the proxy closes here
RESET = object()

UP = "up"
ROWS = [
    # name, connections, what we have to say (UP or a regular expression)
    ("200", [[OK]], UP),
    ("HTTP/1.0, no reason", [[b"HTTP/1.0 200\r\n\r\n"]], UP),
    ("299", [[b"HTTP/1.1 299 Odd\r\n\r\n"]], UP),
    ("bare LF", [[b"HTTP/1.1 200 OK\nVia: x\n\n"]], UP),
    ("folded header", [[b"HTTP/1.1 200 OK\r\nVia: a\r\n b\r\n\r\n"]], UP),
    ("200 with Content-Length",
     [[b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"]], UP),
    ("200 with chunked",
     [[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]], UP),
    ("1xx before the reply",
     [[b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n" + OK]], UP),
    ("nine 1xx", [[9 * b"HTTP/1.1 100 x\r\n\r\n" + OK]], "interim"),
    ("an empty line first", [[b"\r\n" + OK]], UP),
    ("three empty lines first", [[b"\r\n\r\n\r\n" + OK]],
     "not an HTTP proxy|reply to CONNECT"),
    ("407, length", [[ASK + b"Content-Length: 5\r\n\r\nhello", OK]], UP),
    ("407, chunked with trailer",
     [[ASK + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n"
       b"T: 1\r\n\r\n", OK]], UP),
    ("407, read to close", [[ASK + b"\r\nhello", CLOSE], [OK]], UP),
    ("407, Connection: close",
     [[ASK + b"Connection: close\r\n" + EMPTY, CLOSE], [OK]], UP),
    ("407, kept but closed", [[ASK + EMPTY, CLOSE], [OK]], UP),
    ("407 of HTTP/1.0", [[b"HTTP/1.0 407 x\r\nProxy-Authenticate: Basic "
                          b'realm="r"\r\n\r\n', CLOSE], [OK]], UP),
    ("407 without an offer", [[b"HTTP/1.1 407 x\r\n" + EMPTY]],
     "no Proxy-Authenticate"),
    ("407 again", [[ASK + EMPTY, ASK + EMPTY]],
     "refuses this user name or password"),
    ("Digest stale twice", [[DIGEST + b"\r\n" + EMPTY] +
                            4 * [DIGEST + b", stale=true\r\n" + EMPTY]],
     "refuses this user name or password"),
    ("several offers, quoted commas",
     [[b"HTTP/1.1 407 x\r\nProxy-Authenticate: Hoba a=\"x, Basic y\", Bearer,"
       b" Basic realm=\"a, b\"\r\n" + EMPTY, OK]], UP),
    ("offers in many lines",
     [[b"HTTP/1.1 407 x\r\nProxy-Authenticate: Bearer\r\nProxy-Authenticate: "
       b"Basic realm=\"x\"\r\n" + EMPTY, OK]], UP),
    ("302", [[b"HTTP/1.1 302 x\r\nLocation: http://login.test/a?t=s3cret\r\n"
              + EMPTY]], r"login page at http://login\.test/a"),
    ("403 with a page",
     [[b"HTTP/1.1 403 No\r\nServer: corp/1\r\nContent-Length: 29\r\n\r\n"
       b"<title>Blocked by us</title>\n"]],
     r"corp/1.*403.*policy denies.*Blocked by us"),
    ("405", [[b"HTTP/1.1 405 x\r\n" + EMPTY]], "405.*CONNECT"),
    ("501", [[b"HTTP/1.1 501 x\r\n" + EMPTY]], "501.*does not support"),
    ("502", [[b"HTTP/1.1 502 x\r\n" + EMPTY]], "502.*resolve or reach"),
    ("503 + Retry-After",
     [[b"HTTP/1.1 503 x\r\nRetry-After: 30\r\n" + EMPTY]],
     "503.*Retry-After 30"),
    ("504", [[b"HTTP/1.1 504 x\r\n" + EMPTY]], "504.*in time"),
    ("an SSH banner", [[b"SSH-2.0-OpenSSH_9.2\r\n"]], "SSH server"),
    ("SOCKS", [[b"\x05\xff"]], "not an HTTP proxy"),
    ("a TLS alert", [[b"\x15\x03\x01\x00\x02\x02\x28", CLOSE]], "TLS"),
    ("HTTP/2", [[b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", CLOSE]],
     "HTTP/2"),
    ("garbage", [[b"hello there\r\n\r\n"]], "not an HTTP proxy"),
    ("a NUL in the head", [[b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n"]],
     "reply to CONNECT"),
    ("no colon", [[b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"]],
     "reply to CONNECT"),
    ("a line over 64 KiB", [[b"HTTP/1.1 200 OK\r\nA: " + 70000 * b"x"]],
     "reply to CONNECT"),
    ("closes at once", [[CLOSE]], "without an answer"),
    ("closes in the head", [[b"HTTP/1.1 200 O", CLOSE]],
     "in the middle of its reply"),
    ("resets", [[RESET]], "reset"),
]


class Proxy:
    """Says what the row says.  Once a tunnel is up it is an HTTP origin."""

    def __init__(self, connections, bytewise):
        self.connections, self.bytewise = connections, bytewise
        self.heads = []
        self.s = socket.create_server(("127.0.0.1", 0))
        self.port = self.s.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        n = 0
        while True:
            try:
                c, _ = self.s.accept()
            except OSError:
                return
            script = self.connections[min(n, len(self.connections) - 1)]
            n += 1
            threading.Thread(target=self.talk, args=(c, script),
                             daemon=True).start()

    def head(self, c):
        b = b""
        while not b.endswith(b"\r\n\r\n"):
            x = c.recv(1)
            if not x:
                raise OSError("closed")
            b += x
        return b

    def say(self, c, b):
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.bytewise or len(b) > 2000:
            c.sendall(b)
            return
        for i in range(len(b)):
            c.sendall(b[i:i + 1])
            if i % 8 == 0:
                time.sleep(0.0005)

    def talk(self, c, script):
        try:
            for step in script:
                if step is CLOSE and self.heads:
                    break
                self.heads.append(self.head(c))
                if step is CLOSE:
                    break
                if step is RESET:
                    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 b"\1\0\0\0\0\0\0\0")
                    break
                self.say(c, step)
                if re.search(rb"(^|\n)HTTP/1.. 2\d\d.*\n\r?\n$", step, re.S):
                    self.head(c)
                    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                              b"Connection: close\r\n\r\nok")
                    break
            else:
                c.settimeout(8)
                while c.recv(65536):
                    pass
        except OSError:
            pass
        finally:
            c.close()

    def close(self):
        self.s.close()


def ours(box, proxy, secret):
    r = subprocess.run(
        [program("alpacon-tunnel"), "dial", "--proxy",
         f"http://127.0.0.1:{proxy.port}", "--proxy-user", USER,
         "--proxy-password-file", secret, "origin.test:80"],
        input=b"GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n",
        capture_output=True, timeout=30)
    if r.returncode == 0 and r.stdout.endswith(b"\r\n\r\nok"):
        return UP
    return r.stderr.decode().strip() or f"exit {r.returncode}, no word"


def curls(proxy):
    try:
        r = subprocess.run(
            ["curl", "-sS", "--max-time", "4", "--proxytunnel", "--proxy",
             f"http://127.0.0.1:{proxy.port}", "--proxy-anyauth",
             "--proxy-user", f"{USER}:{PASSWORD}", "http://origin.test/"],
            capture_output=True, timeout=30)
    except subprocess.TimeoutExpired:
        return "hangs"
    if r.returncode == 0 and r.stdout == b"ok":
        return UP
    return r.stderr.decode(errors="replace").strip() or "no word"


def test_battery(box):
    secret = box.write("pw", PASSWORD + "\n", 0o600)
    bad, lines = [], []
    for name, connections, want in ROWS:
        said = []
        for bytewise in (False, True):
            p = Proxy(connections, bytewise)
            got = ours(box, p, secret)
            p.close()
            said.append(got)
            good = got == UP if want == UP else (
                got != UP and re.search(want, got, re.S))
            # after one byte it is known that it is no HTTP, not yet what
            good = good or bytewise and b"HTTP/1" not in str(
                connections).encode() and "not an HTTP proxy" in got
            if not good:
                bad.append(f"{name} ({'bytes' if bytewise else 'whole'}): "
                           f"wanted {want}, got {got}")
            for head in p.heads:        # nothing but what CONNECT needs
                assert head.startswith(b"CONNECT origin.test:80 HTTP/1.1\r\n")
                assert b"GET" not in head
        p = Proxy(connections, False)
        curl = curls(p)
        p.close()
        us = re.sub(r"^alpacon-tunnel: proxy: via [^ ]* ", "", said[0])
        lines.append(f"{name:32} | {us[:58]:58} | {curl[:58]}")
    print(f"\n{'the proxy':32} | {'alpacon-tunnel':58} | curl")
    print("\n".join(lines))
    assert not bad, "\n".join(bad)
