"""Digest as no Debian proxy speaks it: SHA-256, SHA-512-256, -sess, auth-int,
userhash.  The proxy is ours, and checks each answer by RFC 7616 itself."""
import hashlib
import os
import re
import secrets
import subprocess

import pytest

from alpacon import program
from servers import PASSWORD, USER
from test_battery import EMPTY, OK, Proxy

HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}


def h(algorithm, *parts):
    name = HASHES[algorithm.removesuffix("-sess")]
    return hashlib.new(name, ":".join(parts).encode()).hexdigest()


class DigestProxy(Proxy):
    """Challenges, then checks; says in self.wrong what it did not like."""

    def __init__(self, algorithm, qop, userhash=False, stale=0,
                 password=PASSWORD):
        self.algorithm, self.qop, self.userhash = algorithm, qop, userhash
        self.password, self.stale = password, stale
        self.nonces, self.counts, self.wrong = [], [], None
        super().__init__([[]], False)

    def challenge(self, stale):
        self.nonces.append(secrets.token_hex(8))
        more = f', qop="{self.qop}"' if self.qop else ""
        more += ", userhash=true, charset=UTF-8" if self.userhash else ""
        more += ", stale=true" if stale else ""
        return (f'HTTP/1.1 407 x\r\nProxy-Authenticate: Digest realm="corp", '
                f'nonce="{self.nonces[-1]}", opaque="o\\"o", '
                f'algorithm={self.algorithm}{more}\r\n').encode() + EMPTY

    def check(self, head):
        """True, or what is wrong with this answer."""
        m = re.search(rb"Proxy-Authorization: Digest (.*)\r\n", head)
        if not m:
            return "none"
        a = {k: v.replace('\\"', '"') if q else v for k, q, v in
             ((x[0], x[1] is not None and x[2] == "", x[1] or x[2])
              for x in re.findall(r'([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^, ]+))',
                                  m.group(1).decode()))}
        if a["nonce"] != self.nonces[-1]:
            return "another nonce"
        name = (h(self.algorithm, USER, "corp") if self.userhash else USER)
        ha1 = h(self.algorithm, USER, "corp", self.password)
        if self.algorithm.endswith("-sess"):
            ha1 = h(self.algorithm, ha1, a["nonce"], a["cnonce"])
        a2 = ["CONNECT", "origin.test:80"]
        if a.get("qop") == "auth-int":
            a2.append(h(self.algorithm, ""))
        middle = ([a["nonce"], a["nc"], a["cnonce"], a["qop"]]
                  if self.qop else [a["nonce"]])
        want = h(self.algorithm, ha1, *middle, h(self.algorithm, *a2))
        self.counts.append(a.get("nc"))
        for what, got, right in (
                ("username", a["username"], name), ("realm", a["realm"],
                                                    "corp"),
                ("uri", a["uri"], "origin.test:80"),
                ("opaque", a["opaque"], 'o"o'),
                ("response", a["response"], want)):
            if got != right:
                return f"{what}: {got}, not {right}"
        return True

    def talk(self, c, _):
        try:
            while True:
                head = self.head(c)
                good = self.check(head) if self.nonces else "none"
                if good is True and not self.stale:
                    break
                if good is not True and good != "none":
                    self.wrong = good
                self.say(c, self.challenge(good is True))
                self.stale -= good is True
            self.say(c, OK)
            self.head(c)
            c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except OSError:
            pass
        finally:
            c.close()


def dial(box, proxy):
    secret = box.path("pw")
    if not os.path.exists(secret):
        box.write("pw", PASSWORD + "\n", 0o600)
    return subprocess.run(
        [program("alpacon-tunnel"), "dial", "--proxy",
         f"http://127.0.0.1:{proxy.port}", "--proxy-user", USER,
         "--proxy-password-file", secret, "origin.test:80"],
        input=b"GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n",
        capture_output=True, timeout=30)


@pytest.mark.parametrize("qop", ["auth", "auth-int", "auth-int, auth", None])
@pytest.mark.parametrize("algorithm", [
    "MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256",
    "SHA-512-256-sess"])
def test_algorithm(box, algorithm, qop):
    p = DigestProxy(algorithm, qop)
    r = dial(box, p)
    p.close()
    assert r.stdout.endswith(b"\r\n\r\nok") and not p.wrong, (r, p.wrong)


def test_userhash(box):
    p = DigestProxy("SHA-256", "auth", userhash=True)
    r = dial(box, p)
    p.close()
    assert r.stdout.endswith(b"\r\n\r\nok") and not p.wrong, (r, p.wrong)


def test_stale_once(box):
    p = DigestProxy("SHA-256", "auth", stale=1)
    r = dial(box, p)
    p.close()
    assert r.stdout.endswith(b"\r\n\r\nok") and not p.wrong, (r, p.wrong)
    assert p.counts == ["00000001", "00000001"]


@pytest.mark.parametrize("stale", [2, 1000])
def test_stale_for_ever(box, stale):
    """curl goes on for ever."""
    p = DigestProxy("SHA-256", "auth", stale=stale)
    r = dial(box, p)
    p.close()
    assert b"refuses this user name or password" in r.stderr, r
    assert len(p.counts) == 2


def test_wrong_password(box):
    p = DigestProxy("SHA-256", "auth", password="another")
    r = dial(box, p)
    p.close()
    assert b"refuses this user name or password" in r.stderr, r
    assert len(p.counts) == 1 and p.wrong.startswith("response")
