"""A SOCKS5 proxy with Kerberos (RFC 1961): the accepting side of GSSAPI.

No proxy that Debian has speaks it."""
import os
import socket
import struct
import threading

import gssapi

TOKEN, LEVEL, DATA, ABORT = 1, 2, 3, 0xff
BARE, SIGN, SEAL = 0, 1, 2


class Gone(Exception):
    """The client has closed."""


def exactly(sock, n):
    got = b""
    while len(got) < n:
        more = sock.recv(n - len(got))
        if not more:
            raise Gone(f"{len(got)} of {n} bytes")
        got += more
    return got


class Client:
    """One connection.  mend(data) may change what is wrapped as data."""

    def __init__(self, proxy, sock):
        self.proxy, self.sock = proxy, sock
        self.lock = threading.Lock()    # a context is used by one at a time
        self.ctx = gssapi.SecurityContext(creds=proxy.creds, usage="accept")
        if proxy.aborts:                # not with a token that says why
            self.ctx.__DEFER_STEP_ERRORS__ = False
        self.methods = self.wish = self.who = None
        self.sealed = set()             # were the client's messages?
        self.wire = b""                 # the first of what it sent

    def hear(self, mtyp):
        ver, got, n = struct.unpack(">BBH", exactly(self.sock, 4))
        assert (ver, got) == (1, mtyp), (ver, got)
        return exactly(self.sock, n)

    def say(self, mtyp, token):
        self.sock.sendall(struct.pack(">BBH", 1, mtyp, len(token)) + token)

    def unwrap(self, token):
        with self.lock:
            got = self.ctx.unwrap(token)
        self.sealed.add(got.encrypted)
        return got.message

    def wrap(self, data, seal):
        with self.lock:
            return self.ctx.wrap(data, seal).message

    def login(self):
        ver, n = exactly(self.sock, 2)
        assert ver == 5
        self.methods = list(exactly(self.sock, n))
        if 1 not in self.methods:
            self.sock.sendall(b"\5\xff")
            raise Gone("no GSSAPI")
        self.sock.sendall(b"\5\1")
        while not self.ctx.complete:
            try:
                token = self.ctx.step(self.hear(TOKEN))
            except gssapi.exceptions.GSSError as e:
                self.sock.sendall(bytes([1, ABORT]))
                raise Gone(str(e))
            if token:
                self.say(TOKEN, token)
        self.who = str(self.ctx.initiator_name)
        self.wish = self.ctx.unwrap(self.hear(LEVEL)).message
        self.say(LEVEL, self.wrap(bytes([self.proxy.level]), False))

    def request(self):
        r = self.unwrap(self.hear(DATA))
        assert r[:3] == b"\5\1\0", r
        if r[3] == 3:
            host, rest = r[5:5 + r[4]].decode(), r[5 + r[4]:]
        else:
            n = 4 if r[3] == 1 else 16
            host = socket.inet_ntop(socket.AF_INET if n == 4 else
                                    socket.AF_INET6, r[4:4 + n])
            rest = r[4 + n:]
        port, = struct.unpack(">H", rest)
        target = socket.create_connection((host, port))
        self.say(DATA, self.wrap(b"\5\0\0\1\0\0\0\0\0\0",
                                 self.proxy.level == SEAL))
        return target

    def back(self, target):
        """What the target says, in messages of every size."""
        n = 1
        try:
            while True:
                data = target.recv(n)
                if not data:
                    break
                self.say(DATA, self.wrap(data, self.proxy.seal_data))
                n = n * 3 if n < 20000 else 60000
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve(self):
        self.login()
        with self.request() as target:
            t = threading.Thread(target=self.back, args=(target,),
                                 daemon=True)
            t.start()
            try:
                while True:
                    token = self.hear(DATA)
                    self.wire += token[:1000 - len(self.wire)]
                    target.sendall(self.unwrap(token))
            except Gone:
                target.shutdown(socket.SHUT_WR)
            t.join()


class SocksGss:
    """level: what it chooses, whatever the client wishes."""

    def __init__(self, kdc, level=SEAL, seal_data=None, aborts=True):
        self.level = level
        self.seal_data = level == SEAL if seal_data is None else seal_data
        self.aborts = aborts
        for name in ("KRB5_CONFIG", "KRB5RCACHENAME"):
            os.environ[name] = kdc.env[name]
        self.creds = gssapi.Credentials(gssapi.raw.acquire_cred_from(
            {b"keytab": kdc.rcmd_keytab.encode()}, usage="accept").creds)
        self.clients, self.errors = [], []
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            client = Client(self, sock)
            self.clients.append(client)
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        try:
            with client.sock:
                client.serve()
        except (Gone, OSError, gssapi.exceptions.GSSError,
                AssertionError) as e:
            self.errors.append(repr(e))

    def url(self, scheme="socks5h"):
        return f"{scheme}://localhost:{self.port}"

    def close(self):
        self.sock.close()
