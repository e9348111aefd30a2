"""Bytes with a known digest, sent and received at once.

As a program (for other network namespaces):

    traffic.py serve PORT                          until killed
    traffic.py exchange PORT BYTES [CHANNELS]      prints "ok" or what is wrong
    traffic.py both BYTES CHANNELS                 both ends: prints the target's
                                                   port, reads the one to go by

The stream of a seed is blocks of 64 KiB, each with its number in front: a
lost, repeated or reordered block changes the digest.
"""
import hashlib
import socket
import struct
import sys
import threading

BLOCK = 65536
_BASE = hashlib.shake_256(b"alpacon test traffic").digest(BLOCK)


def stream(seed, size):
    n = 0
    while size > 0:
        block = struct.pack(">QQ", seed, n) + _BASE[16:]
        yield block[:size]
        size -= BLOCK
        n += 1


def digest(seed, size):
    h = hashlib.sha256()
    for b in stream(seed, size):
        h.update(b)
    return h.hexdigest()


def send_stream(sock, seed, size):
    for b in stream(seed, size):
        sock.sendall(b)
    sock.shutdown(socket.SHUT_WR)


def receive(sock):
    """(bytes, digest) until EOF."""
    h, n = hashlib.sha256(), 0
    buf = bytearray(1 << 18)
    view = memoryview(buf)
    while True:
        got = sock.recv_into(buf)
        if got == 0:
            return n, h.hexdigest()
        h.update(view[:got])
        n += got


class Target:
    """Talks both ways at once: the first line asks "SEED BYTES"; answers with
    the stream of SEED + 1 and, at EOF, keeps what the client sent."""

    def __init__(self, port=0):
        self.sock = socket.create_server(("127.0.0.1", port), backlog=512)
        self.port = self.sock.getsockname()[1]
        self.received = {}
        self.known = threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                c, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(c,),
                             daemon=True).start()

    def _serve(self, c):
        with c:
            seed = None
            try:
                c.settimeout(300)
                line = b""
                while not line.endswith(b"\n"):
                    b = c.recv(1)
                    if not b:
                        return
                    line += b
                seed, size = map(int, line.split())
                t = threading.Thread(target=self._send, daemon=True,
                                     args=(c, seed + 1, size))
                t.start()
                got = receive(c)
                t.join()
            except OSError as e:
                got = str(e)
            with self.known:
                self.received[seed] = got
                self.known.notify_all()

    @staticmethod
    def _send(c, seed, size):
        try:
            send_stream(c, seed, size)
        except OSError:
            pass

    def what_came(self, seed, secs=60):
        with self.known:
            self.known.wait_for(lambda: seed in self.received, secs)
            return self.received.get(seed, "nothing: no EOF")

    def close(self):
        self.sock.close()


def exchange(port, seed, size, target=None, results=None, secs=600):
    """size bytes each way at once through port; "ok" or what is wrong."""
    try:
        with socket.create_connection(("127.0.0.1", port), 30) as s:
            s.settimeout(secs)
            s.sendall(f"{seed} {size}\n".encode())
            failure = []

            def out():
                try:
                    send_stream(s, seed, size)
                except OSError as e:
                    failure.append(f"sending: {e}")
            t = threading.Thread(target=out, daemon=True)
            t.start()
            got = receive(s)
            t.join(secs)
            want = size, digest(seed + 1, size)
            said = "ok"
            if failure:
                said = failure[0]
            elif got != want:
                said = f"came back: {got}, want {want}"
            elif target is not None:
                there = target.what_came(seed)
                want = size, digest(seed, size)
                if there != want:
                    said = f"arrived: {there}, want {want}"
    except OSError as e:
        said = f"seed {seed}: {e}"
    if results is not None:
        results.append(said)
    return said


def exchanges(port, size, channels, target=None):
    """Side by side; the list of what went wrong."""
    results = []
    threads = [threading.Thread(target=exchange, daemon=True,
                                args=(port, 2 * i, size, target, results))
               for i in range(1, channels + 1)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return [r for r in results if r != "ok"]


class Once:
    """A target that serves each connection with function(socket)."""

    def __init__(self, function, port=0):
        self.function = function
        self.sock = socket.create_server(("127.0.0.1", port), backlog=512)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                c, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(c,),
                             daemon=True).start()

    def _serve(self, c):
        c.settimeout(120)
        try:
            self.function(c)
        except OSError:
            pass
        finally:
            c.close()

    def close(self):
        self.sock.close()


def echo(c):
    while True:
        b = c.recv(65536)
        if not b:
            c.shutdown(socket.SHUT_WR)
            return
        c.sendall(b)


def reset(sock):
    """Close with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        Target(int(sys.argv[2]))
        print("listening", flush=True)
        threading.Event().wait()
    if sys.argv[1] == "both":
        target = Target()
        print(target.port, flush=True)
        bad = exchanges(int(sys.stdin.readline()), int(sys.argv[2]),
                        int(sys.argv[3]), target)
    else:
        n = int(sys.argv[4]) if len(sys.argv) > 4 else 1
        bad = exchanges(int(sys.argv[2]), int(sys.argv[3]), n)
    print("\n".join(bad) or "ok")
    sys.exit(bool(bad))
