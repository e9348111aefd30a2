"""What a proxy must never see, and where a secret must never be."""
import base64
import os
import re
import subprocess
import time

import pytest

import servers
import traffic
from alpacon import Gateway, program
from proc import free_port
from servers import PASSWORD, USER
from test_battery import ASK, CLOSE, EMPTY, OK, Proxy

SECRET = "s3cret-of-A"
A_LOGIN = base64.b64encode(f"ann:{SECRET}".encode())


def dial(proxies, *more, target="origin.test:80", env=None):
    argv = [program("alpacon-tunnel"), "dial"]
    for p in proxies:
        argv += ["--proxy", p]
    return subprocess.run(
        argv + [*more, target],
        input=b"GET / HTTP/1.1\r\nHost: origin.test\r\n"
        b"Authorization: Bearer inner-token\r\n\r\n",
        capture_output=True, timeout=40, env=env)


def conf(box, *lines):
    return ["--config", box.write(box.name("conf"), "\n".join(lines) + "\n",
                                  0o600)]


FAILURES = {
    "503": [[ASK + EMPTY, b"HTTP/1.1 503 x\r\n" + EMPTY]],
    "closes": [[ASK + EMPTY, b"", CLOSE], [b"", CLOSE]],
    "garbage": [[ASK + EMPTY, b"garbage\r\n\r\n"]],
}


@pytest.mark.parametrize("failure", FAILURES)
def test_the_next_proxy_sees_nothing_of_the_first(box, failure):
    """A takes the login and fails; B demands one and has none to get."""
    a = Proxy(FAILURES[failure], False)
    b = Proxy([[ASK + EMPTY]], False)
    r = dial([], *conf(box, f"proxy = http://ann:{SECRET}@127.0.0.1:{a.port}",
                       f"proxy = http://127.0.0.1:{b.port}"))
    assert any(A_LOGIN in h for h in a.heads)
    assert b.heads and not any(b"uthorization" in h for h in b.heads)
    assert b"demands a login" in r.stderr
    assert SECRET.encode() not in r.stderr and A_LOGIN not in r.stderr
    a.close()
    b.close()


def test_failover_carries_on(box):
    a = Proxy([[b"HTTP/1.1 503 x\r\n" + EMPTY]], False)
    b = Proxy([[OK]], False)
    r = dial([f"http://127.0.0.1:{free_port()}",
              f"http://127.0.0.1:{a.port}", f"http://127.0.0.1:{b.port}"])
    assert r.stdout.endswith(b"\r\n\r\nok"), r.stderr
    a.close()
    b.close()


@pytest.mark.parametrize("answer,words", [
    (b"HTTP/1.1 403 No\r\n" + EMPTY, "policy denies"),
    (ASK + EMPTY, "demands a login"),
])
def test_a_refusal_is_the_answer(box, answer, words):
    """Policy and logins are no reason to try the next proxy."""
    a = Proxy([[answer]], False)
    b = Proxy([[OK]], False)
    r = dial([f"http://127.0.0.1:{a.port}", f"http://127.0.0.1:{b.port}"])
    assert r.returncode == 69 and words in r.stderr.decode(), r.stderr
    assert not b.heads
    a.close()
    b.close()


def test_credentials_for(box):
    """The one login of the settings goes where they say, nowhere else."""
    a = Proxy([[ASK + EMPTY, OK]], False)
    secret = box.write("pw", PASSWORD + "\n", 0o600)
    who = [f"proxy = http://127.0.0.1:{a.port}", f"proxy_user = {USER}",
           f"proxy_password_file = {secret}"]
    r = dial([], *conf(box, *who, f"credentials_for = 127.0.0.1:{a.port}"))
    assert r.stdout.endswith(b"\r\n\r\nok"), r.stderr
    seen = len(a.heads)
    r = dial([], *conf(box, *who, "credentials_for = other.corp"))
    assert b"demands a login" in r.stderr
    assert not any(b"uthorization" in h for h in a.heads[seen:])
    a.close()


def test_nothing_of_one_side_on_the_other(box):
    """No header of the inner request reaches the proxy, none of its own goes
    inside (CVE-2015-3153, CVE-2003-1605)."""
    inner = []

    def origin(c):
        b = b""
        while b"\r\n\r\n" not in b:
            b += c.recv(65536)
        inner.append(b)
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    t = traffic.Once(origin)
    squid = servers.squid(box, "basic")
    secret = box.write("pw", PASSWORD + "\n", 0o600)
    p = subprocess.Popen(
        [program("alpacon-tunnel"), "dial", "--proxy", squid.url(),
         "--proxy-user", USER, "--proxy-password-file", secret,
         f"127.0.0.1:{t.port}"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE)
    p.stdin.write(b"GET / HTTP/1.1\r\nHost: x\r\nCookie: c=1\r\n\r\n")
    p.stdin.flush()
    assert b"200 OK" in p.stdout.readline()
    p.stdin.close()
    p.stdout.close()
    p.wait(10)
    assert inner[0] == b"GET / HTTP/1.1\r\nHost: x\r\nCookie: c=1\r\n\r\n"
    with open(squid.access_log) as f:
        assert "Cookie" not in f.read()
    t.close()


def test_no_secret_on_the_command_line(box):
    """ps shows neither passwords nor tokens, of us or of our helper; a
    password in a URL is refused there."""
    r = dial([f"http://ann:{SECRET}@127.0.0.1:{free_port()}"])
    assert r.returncode == 64 and SECRET.encode() not in r.stderr, r.stderr
    hold = Proxy([[b""]], False)
    secret = box.write("pw", SECRET + "\n", 0o600)
    p = subprocess.Popen(
        [program("alpacon-tunnel"), "dial", "--proxy",
         f"http://127.0.0.1:{hold.port}", "--proxy-user", "ann",
         "--proxy-password-file", secret, "origin.test:80"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    time.sleep(0.5)
    with open(f"/proc/{p.pid}/cmdline", "rb") as f:
        assert SECRET.encode() not in f.read()
    with open(f"/proc/{p.pid}/environ", "rb") as f:
        assert SECRET.encode() not in f.read()
    with open(f"/proc/{p.pid}/limits") as f:
        assert re.search(r"Max core file size\s+0\s+0", f.read())
    p.kill()
    p.communicate()
    hold.close()


# --- a drop-in for cntlm and px ----------------------------------------------
def test_any_program_through_the_companys_ntlm_proxy(box):
    """curl knows no NTLM here; the connector's local port does it for it."""
    squid = servers.squid(box, "ntlm")

    def origin(c):
        c.recv(65536)
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    t = traffic.Once(origin)
    port = free_port()
    secret = box.write("pw", PASSWORD + "\n", 0o600)
    path = box.write("connector.conf", f"""
url = https://localhost:{free_port()}
id = x
key_file = {box.write("key", "k" * 43, 0o600)}
agent_conf = /none
mode = direct
proxy = {squid.url()}
proxy_user = {USER}
proxy_password_file = {secret}
listen_proxy = 127.0.0.1:{port}
allow_host = *
""", 0o600)
    c = box.start([program("alpacon-connectord"), "-c", path],
                  name="connectord")
    c.wait_port(port)
    for scheme in ("http", "socks5h"):
        r = box.run(["curl", "-sS", "--max-time", "20", "--proxytunnel",
                     "--proxy", f"{scheme}://127.0.0.1:{port}",
                     f"http://127.0.0.1:{t.port}/"])
        assert r[0] == 0 and r[1] == b"hello", (r, c.text())
    with open(squid.access_log) as f:
        assert len(re.findall(r"TCP_TUNNEL/200 .*" + USER, f.read())) == 2
    t.close()
