"""Kerberos: alpacon-gss-helper against a real KDC, its tokens given to squid's
own helper and to a GSSAPI acceptor."""
import base64
import os
import re
import resource
import socket
import struct
import subprocess
import time

import gssapi
import pytest

import alpacon
from kdc import PASSWORD, REALM, SERVICE, USER, BlackHole, Kdc
from proc import SLOW, free_port, until

HELPER = alpacon.program("alpacon-gss-helper")
GSS_ASK = os.path.join(alpacon.BUILD, "tests/lib/gss_ask")
SQUID = "/usr/lib/squid/negotiate_kerberos_auth"

START, STEP, WRAP, UNWRAP = 1, 2, 3, 4
CONTINUE, DONE, FAIL, BYTES = 1, 2, 3, 4
SPNEGO, KRB5 = 0, 1
DEFAULT, CCACHE, KEYTAB, PASSWORD_SOURCE = 0, 1, 2, 3
(OTHER, NO_CREDENTIALS, EXPIRED, UNKNOWN_SERVER, KDC_UNREACHABLE, CLOCK_SKEW,
 WRONG_PASSWORD) = range(7)


@pytest.fixture(scope="module")
def kdc(module_box):
    return Kdc(module_box)


@pytest.fixture(scope="module")
def cache(kdc):
    return kdc.kinit()


class Helper:
    """The helper and its parent's end of the conversation."""

    def __init__(self, box, env):
        self.sock, theirs = socket.socketpair()
        self.sock.settimeout(20 * SLOW)
        with theirs:
            self.proc = box.start([HELPER], name="gss", env=env,
                                  stdin=theirs, stdout=theirs)
        box.at_close.append(self.sock.close)

    def _recv(self, n):
        got = b""
        while len(got) < n:
            more = self.sock.recv(n - len(got))
            if not more:
                raise EOFError
            got += more
        return got

    def tell(self, body):
        self.sock.sendall(struct.pack(">I", len(body)) + body)

    def hear(self):
        n, = struct.unpack(">I", self._recv(4))
        got = self._recv(n)
        return got[0], got[1], got[2:]

    def ask(self, body):
        self.tell(body)
        return self.hear()

    def start(self, *args, **kw):
        return self.ask(start(*args, **kw))

    def step(self, token):
        return self.ask(bytes([STEP]) + token)


def start(target="HTTP@localhost", mech=SPNEGO, source=DEFAULT, ccache="",
          keytab="", principal="", password="", bindings=b""):
    body = bytes([START, mech, source])
    for text in (target, ccache, keytab, principal, password):
        body += struct.pack(">H", len(text.encode())) + text.encode()
    return body + struct.pack(">H", len(bindings)) + bindings


def sources(kdc, cache):
    """Each way to credentials: (environment, START's arguments, who)."""
    ann, machine = f"{USER}@{REALM}", f"machine@{REALM}"
    return {
        "default": (dict(kdc.env, KRB5CCNAME=cache), {}, ann),
        "ccache": (kdc.env, dict(source=CCACHE, ccache=cache), ann),
        "keytab": (kdc.env, dict(source=KEYTAB, keytab=kdc.client_keytab,
                                 principal="machine"), machine),
        "password": (kdc.env, dict(source=PASSWORD_SOURCE, principal=USER,
                                   password=PASSWORD), ann),
    }


class Squid:
    """negotiate_kerberos_auth, spoken to as squid does."""

    def __init__(self, kdc):
        self.popen = subprocess.Popen(
            [SQUID, "-k", kdc.keytab.removeprefix("FILE:"), "-s",
             f"{SERVICE}@{REALM}"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=dict(os.environ, **kdc.env))

    def check(self, token):
        self.popen.stdin.write(b"YR " + base64.b64encode(token) + b"\n")
        self.popen.stdin.flush()
        return self.popen.stdout.readline().decode().strip()

    def close(self):
        self.popen.stdin.close()
        self.popen.wait()
        self.popen.stdout.close()


@pytest.fixture
def squid(kdc):
    s = Squid(kdc)
    yield s
    s.close()


@pytest.fixture
def acceptor(kdc, monkeypatch):
    """A function that makes the accepting side's context."""
    for name in ("KRB5_CONFIG", "KRB5RCACHENAME"):
        monkeypatch.setenv(name, kdc.env[name])

    def make():
        return gssapi.SecurityContext(creds=acceptor_creds(kdc),
                                      usage="accept")
    return make


def acceptor_creds(kdc):
    return gssapi.Credentials(gssapi.raw.acquire_cred_from(
        {b"keytab": kdc.keytab.encode()}, usage="accept").creds)


@pytest.mark.parametrize("source", ["default", "ccache", "keytab",
                                    "password"])
def test_squid_takes_the_token(box, kdc, cache, squid, source):
    env, args, who = sources(kdc, cache)[source]
    h = Helper(box, env)
    kind, _, token = h.start(**args)
    assert kind == CONTINUE, token
    said = squid.check(token)
    m = re.fullmatch(r"(?:OK token=|AF )(\S+) (?:user=)?(\S+).*", said)
    assert m, said
    assert m.group(2) == who
    kind, flags, token = h.step(base64.b64decode(m.group(1)))
    assert (kind, token) == (DONE, b"")
    assert h.proc.alive()


def test_squid_refuses_a_changed_token(box, kdc, cache, squid):
    """What the test above relies on."""
    _, _, token = Helper(box, kdc.env).start(source=CCACHE, ccache=cache)
    bad = token[:-20] + bytes([token[-20] ^ 1]) + token[-19:]
    assert squid.check(bad).startswith(("BH", "NA", "ERR"))


def test_principal_as_target(box, kdc, cache, squid):
    h = Helper(box, kdc.env)
    kind, _, token = h.start(target=f"{SERVICE}@{REALM}", source=CCACHE,
                             ccache=cache)
    assert kind == CONTINUE
    assert squid.check(token).startswith(("OK", "AF"))


def der(data):
    """(tag, content, rest)"""
    n, at = data[1], 2
    if n & 0x80:
        at += n & 0x7f
        n = int.from_bytes(data[2:at], "big")
    return data[0], data[at:at + n], data[at + n:]


def offered(token):
    """The mechanisms of a NegTokenInit (RFC 4178 4.2.1)."""
    _, inner, _ = der(token)
    _, oid, inner = der(inner)
    assert oid == bytes.fromhex("2b0601050502")
    for tag in (0xa0, 0x30, 0xa0, 0x30):        # to mechTypes
        got, inner, _ = der(inner)
        assert got == tag
    mechs = []
    while inner:
        _, oid, inner = der(inner)
        mechs.append(oid.hex())
    return mechs


def test_only_kerberos_is_offered(box, kdc, cache, monkeypatch):
    """Not NTLM, although there is a password for it."""
    kerberos, ntlm = "2a864886f712010202", "2b06010401823702020a"
    env = dict(kdc.env, KRB5CCNAME=cache,
               NTLM_USER_FILE=box.write("ntlm", "CORP:ann:secret\n"))
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    default = gssapi.SecurityContext(
        name=gssapi.Name("HTTP@localhost", gssapi.NameType.hostbased_service),
        mech=gssapi.OID.from_int_seq("1.3.6.1.5.5.2"), usage="initiate")
    assert ntlm in offered(default.step())      # what others would send
    kind, _, token = Helper(box, env).start()
    assert kind == CONTINUE
    assert offered(token) == [kerberos]


@pytest.mark.parametrize("mech", [SPNEGO, KRB5], ids=["spnego", "krb5"])
def test_never_delegates(box, kdc, cache, acceptor, mech):
    """The ticket is forwardable and the service trusted: curl would."""
    h = Helper(box, kdc.env)
    kind, _, token = h.start(mech=mech, source=CCACHE, ccache=cache)
    assert kind == CONTINUE, token
    a = acceptor()
    kind, flags, _ = h.step(a.step(token))
    assert kind == DONE
    assert a.complete and str(a.initiator_name) == f"{USER}@{REALM}"
    assert gssapi.RequirementFlag.mutual_authentication in a.actual_flags
    assert gssapi.RequirementFlag.delegate_to_peer not in a.actual_flags
    assert a.delegated_creds is None


CHANNEL_BOUND = 2048         # GSS_C_CHANNEL_BOUND_FLAG: sent, and the same


@pytest.mark.parametrize("mech", [SPNEGO, KRB5], ids=["spnego", "krb5"])
def test_channel_bindings(box, kdc, cache, acceptor, mech):
    def try_with(ours, theirs):
        h = Helper(box, kdc.env)
        _, _, token = h.start(mech=mech, source=CCACHE, ccache=cache,
                              bindings=ours)
        return int(gssapi.raw.accept_sec_context(
            token, acceptor_creds(kdc), None, gssapi.raw.ChannelBindings(
                application_data=theirs)).flags) & CHANNEL_BOUND

    ours = b"tls-server-end-point:\0\1\2" + bytes(range(29))
    assert try_with(ours, ours)
    assert not try_with(b"", ours)
    for wrong in (b"tls-server-end-point:other", ours[:-1]):
        with pytest.raises(gssapi.exceptions.BadChannelBindingsError):
            try_with(ours, wrong)


def test_protection(box, kdc, cache, acceptor):
    """RFC 1961 4 and 5: what SOCKS5 wraps."""
    h = Helper(box, kdc.env)
    assert h.ask(bytes([WRAP, 0]) + b"x")[0] == FAIL
    _, _, token = h.start(target=f"{SERVICE}@{REALM}", mech=KRB5,
                          source=CCACHE, ccache=cache)
    assert h.ask(bytes([WRAP, 0]) + b"x")[0] == FAIL        # too early
    a = acceptor()
    kind, flags, token = h.step(a.step(token))
    assert (kind, flags, token) == (DONE, 3, b"")
    kind, sealed, level = h.ask(bytes([WRAP, 0, 1]))
    assert (kind, sealed) == (BYTES, 0)
    got = a.unwrap(level)
    assert (got.message, got.encrypted) == (b"\1", False)
    assert h.ask(bytes([UNWRAP]) + a.wrap(b"\1", False).message) == (
        BYTES, 0, b"\1")
    for data in (b"", b"y", os.urandom(65535)):
        kind, sealed, wrapped = h.ask(bytes([WRAP, 1]) + data)
        assert (kind, sealed) == (BYTES, 1)
        assert len(data) < 16 or data not in wrapped
        got = a.unwrap(wrapped)
        assert (got.message, got.encrypted) == (data, True)
        sent = a.wrap(data, True).message
        assert h.ask(bytes([UNWRAP]) + sent) == (BYTES, 1, data)
    # once more, and changed
    assert h.ask(bytes([UNWRAP]) + sent)[0] == FAIL
    sent = bytearray(a.wrap(b"hello", True).message)
    sent[-1] ^= 1
    assert h.ask(bytes([UNWRAP]) + bytes(sent))[0] == FAIL


FAILURES = [
    ("wrong-password", WRONG_PASSWORD, "Preauthentication failed|"
     "Password incorrect",
     dict(source=PASSWORD_SOURCE, principal=USER, password="no")),
    ("no-such-user", WRONG_PASSWORD, "nobody@.* not found",
     dict(source=PASSWORD_SOURCE, principal="nobody", password="x")),
    ("no-ticket", NO_CREDENTIALS, "none", {}),
    ("no-cache", NO_CREDENTIALS, "nonexistent",
     dict(source=CCACHE, ccache="FILE:/nonexistent")),
    ("bad-cache", NO_CREDENTIALS, "",
     dict(source=CCACHE, ccache="WHAT:is this")),
    ("no-keytab", NO_CREDENTIALS, "nonexistent",
     dict(source=KEYTAB, keytab="FILE:/nonexistent", principal="machine")),
    ("not-in-keytab", NO_CREDENTIALS, "other",
     dict(source=KEYTAB, keytab="client", principal="other")),
    ("bad-principal", OTHER, "principal",
     dict(source=PASSWORD_SOURCE, principal="a@b@c", password="x")),
]


@pytest.mark.parametrize("why, text, args", [f[1:] for f in FAILURES],
                         ids=[f[0] for f in FAILURES])
def test_failures(box, kdc, why, text, args):
    args = dict(args)
    if args.get("keytab") == "client":
        args["keytab"] = kdc.client_keytab
    h = Helper(box, kdc.env)
    kind, got, said = h.start(**args)
    said = said.decode()
    assert (kind, got) == (FAIL, why), said
    assert re.search(text, said), said
    assert "\n" not in said and len(said) < 380


@pytest.mark.parametrize("target", ["HTTP@unknown.test",
                                    f"HTTP/unknown.test@{REALM}"])
def test_unknown_service(box, kdc, cache, target):
    kind, why, said = Helper(box, kdc.env).start(
        target=target, source=CCACHE, ccache=cache)
    assert (kind, why) == (FAIL, UNKNOWN_SERVER), said
    assert said.startswith(target.encode() + b": ")


@pytest.mark.parametrize("offset, why", [("+2d", EXPIRED),
                                         ("+1h", CLOCK_SKEW)])
def test_time(box, kdc, offset, why):
    """A ticket that has run out; a clock that is wrong."""
    cache = kdc.kinit("fresh")
    preload = subprocess.run(
        ["faketime", "-f", offset, "printenv", "LD_PRELOAD"], check=True,
        capture_output=True, text=True).stdout.strip()
    env = dict(kdc.env, LD_PRELOAD=preload, FAKETIME=offset)
    kind, got, said = Helper(box, env).start(source=CCACHE, ccache=cache)
    assert (kind, got) == (FAIL, why), said


def test_a_ticket_that_comes_later(box, kdc):
    env = dict(kdc.env, KRB5CCNAME=f"FILE:{kdc.dir}/later")
    assert Helper(box, env).start()[:2] == (FAIL, NO_CREDENTIALS)
    kdc.kinit("later")
    assert Helper(box, env).start()[0] == CONTINUE


def test_no_kdc(box, kdc, cache):
    env = kdc.client("nobody.conf", free_port())
    for args in (dict(source=CCACHE, ccache=cache),
                 dict(source=PASSWORD_SOURCE, principal=USER,
                      password=PASSWORD)):
        kind, why, said = Helper(box, env).start(
            target="HTTP@elsewhere.test", **args)
        assert (kind, why) == (FAIL, KDC_UNREACHABLE), said


@pytest.fixture
def black_hole():
    b = BlackHole()
    yield b
    b.close()


def gss_ask(box, env, deadline_ms, *args, **kw):
    p = box.start([GSS_ASK, HELPER, deadline_ms, *args], name="gss_ask",
                  env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **kw)
    return p, p.popen


@pytest.mark.alone
@pytest.mark.parametrize("how", ["ccache", "password"])
def test_silent_kdc(box, kdc, cache, black_hole, how):
    """The helper waits; the loop goes on, and ends it at the deadline."""
    env = kdc.client("silent.conf", black_hole.port)
    args = {"ccache": [f"ccache={cache}"],
            "password": [f"principal={USER}", f"password={PASSWORD}"]}[how]
    began = time.monotonic()
    p, popen = gss_ask(box, env, 2000, "target=HTTP@silent.test", *args)
    out, _ = popen.communicate(timeout=20 * SLOW)
    took = time.monotonic() - began
    fail, stall = out.decode().splitlines()
    assert fail == (
        f"fail timeout {KDC_UNREACHABLE} local kerberos: alpacon-gss-helper "
        "did not answer within 2000 ms: does the KDC answer?")
    assert 2 <= took < 4 * SLOW
    assert int(stall.split()[1]) < 500 * SLOW
    assert black_hole.heard()
    assert no_helper_of(p.pid)


def no_helper_of(pid):
    def gone():
        for d in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{d}/stat") as f:
                    if f"({os.path.basename(HELPER)[:15]}) Z" in f.read():
                        continue
                with open(f"/proc/{d}/status") as f:
                    if re.search(rf"^PPid:\s+{pid}$", f.read(), re.M):
                        return False
            except OSError:
                continue
        return True
    return until("the helper is gone", gone)


def test_the_library_and_squid(box, kdc, cache, squid):
    p, popen = gss_ask(box, kdc.env, 10000, "target=HTTP@localhost",
                       f"ccache={cache}")
    word, token = popen.stdout.readline().split()
    assert word == b"continue"
    said = squid.check(base64.b64decode(token))
    reply = re.search(r"(?:token=|AF )(\S+)", said).group(1)
    out, _ = popen.communicate(reply.encode() + b"\n", timeout=20)
    assert out.decode().splitlines()[0] == "done "


def test_the_peer_answers_with_rubbish(box, kdc, cache):
    """That is the peer's fault: no other scheme would help."""
    p, popen = gss_ask(box, kdc.env, 10000, "target=HTTP@localhost",
                       f"ccache={cache}")
    assert popen.stdout.readline().startswith(b"continue ")
    out, _ = popen.communicate(base64.b64encode(b"rubbish") + b"\n",
                               timeout=20)
    assert out.decode().startswith(f"fail auth {OTHER} peer kerberos: "
                                   "the peer's token: ")


def test_dies_with_its_parent(box, kdc, black_hole):
    env = kdc.client("silent.conf", black_hole.port)
    p, popen = gss_ask(box, env, 60000, "target=HTTP@silent.test",
                       f"principal={USER}", "password=x")
    until("the KDC is asked", black_hole.heard)
    p.popen.kill()
    p.popen.communicate()
    assert no_helper_of(p.pid)


def test_conversation(box, kdc, cache):
    """Nonsense is answered, what is too long ends it."""
    h = Helper(box, kdc.env)
    whole = start(source=CCACHE, ccache=cache)
    nul = start(target="HTTP@localhost\0.evil.test")
    bad = [b"", b"\0", b"\5", b"\xff" * 50, bytes([WRAP]), bytes([STEP]),
           bytes([START, 2, 0]) + whole[3:], bytes([START, 0, 4]) + whole[3:],
           whole + b"x", nul, start(target=""), start(target="x" * 1024)]
    bad += [whole[:n] for n in range(1, len(whole))]
    for body in bad:
        kind, why, said = h.ask(body)
        assert (kind, why) == (FAIL, OTHER), body
        assert said, body
    assert h.ask(whole)[0] == CONTINUE          # none of them did harm
    assert h.ask(whole)[:2] == (FAIL, OTHER)    # one context only
    h.sock.sendall(struct.pack(">I", (128 << 10) + 1))
    with pytest.raises(EOFError):
        h.hear()
    assert h.proc.wait() == 0


def test_ends_with_the_conversation(box, kdc):
    h = Helper(box, kdc.env)
    assert h.ask(b"?")[0] == FAIL
    h.sock.close()
    assert h.proc.wait() == 0


def test_not_at_a_terminal(box, kdc):
    assert box.run([HELPER])[0] == 64


def limits(pid):
    with open(f"/proc/{pid}/limits") as f:
        return {line[:25].strip(): line[26:47].strip() for line in f}


def test_hardened(box, kdc):
    """No core file, little to use, and the password is not kept."""
    password = "correct horse battery staple"
    kdc.admin("addprinc", "-pw", password, "bob")
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    h = Helper(box, kdc.env)
    resource.setrlimit(resource.RLIMIT_CORE, before)
    assert h.start(source=PASSWORD_SOURCE, principal="bob",
                   password=password)[0] == CONTINUE
    got = limits(h.proc.pid)
    assert got["Max core file size"] == "0"
    assert got["Max open files"] == "64"
    with open(f"/proc/{h.proc.pid}/status") as f:
        assert re.search(r"^NoNewPrivs:\s+1$", f.read(), re.M)
    try:
        found = in_memory(h.proc.pid, password.encode())
        assert in_memory(h.proc.pid, b"Kerberos credentials")  # it does read
    except PermissionError:
        return                                  # nor can anybody look
    assert not found


def in_memory(pid, what):
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            m = re.match(r"(\w+)-(\w+) r", line)
            if not m or "[v" in line:
                continue
            a, b = (int(x, 16) for x in m.groups())
            if b - a > 1 << 28:                 # a sanitizer's shadow
                continue
            mem.seek(a)
            try:
                if what in mem.read(b - a):
                    return True
            except OSError:
                continue
    return False
