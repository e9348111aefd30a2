"""A relay in front of an HTTP proxy that gives its 407s another framing."""
import socket
import threading

KEEP, CHUNKED = "keep-alive", "chunked"
CLOSING = CLOSE, TO_CLOSE = "close", "read to close"
FRAMINGS = [KEEP, CHUNKED, CLOSE, TO_CLOSE]

_OF_FRAMING = (b"content-length:", b"transfer-encoding:", b"connection:",
               b"proxy-connection:", b"keep-alive:")
# One of a scheme that goes on: NTLM's challenge.
_CHALLENGES = (b"proxy-authenticate: ntlm ",)


def _head(f):
    """The lines of a head, the empty one not among them."""
    lines = []
    while True:
        line = f.readline()
        if not line:
            raise OSError("closed")
        if line == b"\r\n":
            return lines
        lines.append(line)


def _pump(f, to):
    try:
        while True:
            b = f.read1(65536)
            if not b:
                break
            to.sendall(b)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Reframe:
    """framing, one of FRAMINGS, is that of the next 407.  Those with a
    challenge for this connection stay on it unless closes_challenges.
    framed: how each 407 since forget() has been; connections: how many."""

    def __init__(self, proxy_port):
        self.proxy_port = proxy_port
        self.framing, self.closes_challenges = KEEP, False
        self.forget()
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self):
        self.framed, self.connections = [], 0

    def close(self):
        self.sock.close()

    def _accept(self):
        while True:
            try:
                c, _ = self.sock.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(c,),
                             daemon=True).start()

    def _serve(self, c):
        try:
            with c, socket.create_connection(
                    ("127.0.0.1", self.proxy_port), 20) as p, \
                    c.makefile("rb") as asks, p.makefile("rb") as says:
                c.settimeout(60)
                p.settimeout(60)
                while self._once(c, asks, p, says):
                    pass
        except OSError:
            pass

    def _once(self, c, asks, p, says):
        """One request and its reply; true if another may follow."""
        p.sendall(b"".join(_head(asks)) + b"\r\n")
        head = _head(says)
        if b" 407 " not in head[0]:
            c.sendall(b"".join(head) + b"\r\n")
            back = threading.Thread(target=_pump, args=(says, c),
                                    daemon=True)
            back.start()
            _pump(asks, p)
            back.join()
            return False
        size = next(int(x.split(b":")[1]) for x in head
                    if x.lower().startswith(b"content-length:"))
        page = says.read(size)
        framing = self.framing
        if not self.closes_challenges and any(
                x.lower().startswith(_CHALLENGES) for x in head):
            framing = KEEP
        self.framed.append(framing)
        c.sendall(b"".join(x for x in head if not
                           x.lower().startswith(_OF_FRAMING))
                  + _framed(framing, page))
        return framing not in CLOSING


def _framed(framing, page):
    """The rest of the head, and the body."""
    if framing == CHUNKED:
        half = len(page) // 2
        return (b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(
            b"%x;ext=1\r\n%s\r\n" % (len(x), x)
            for x in (page[:half], page[half:])) + b"0\r\nTrailer: 1\r\n\r\n")
    if framing == TO_CLOSE:
        return b"\r\n" + page
    return (b"Content-Length: %d\r\nConnection: %s\r\n\r\n"
            % (len(page), framing.encode())) + page
