"""OpenSSH over ProxyCommand, and what an operator expects of a connection."""
import hashlib
import os
import shlex
import socket
import subprocess
import time

import pytest

import alpacon
import servers
import traffic
from conftest import LONG
from proc import SLOW, free_port, until


@pytest.fixture(scope="module")
def path(module_box):
    s = servers.squid(module_box, "basic")
    p = alpacon.Path(module_box, [s.url()], servers.PASSWORD)
    yield p
    p.stop()


@pytest.fixture(scope="module")
def sshd(module_box, path):
    return servers.Sshd(module_box)


def ssh(path, sshd, program, *args):
    command = shlex.join(path.operator.argv("-W", "%h:%p", "web1"))
    return path.box.run([program, *sshd.options, "-o",
                         f"ProxyCommand={command}", *args], secs=120)


def test_login(path, sshd):
    code, out, err = ssh(path, sshd, "ssh", "-p", str(sshd.port),
                         f"{sshd.user}@localhost", "echo hello; cat")
    assert (code, out, err) == (0, b"hello\n", "")


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_exit_code(path, sshd, code):
    got, _, err = ssh(path, sshd, "ssh", "-p", str(sshd.port),
                      f"{sshd.user}@localhost", f"exit {code}")
    assert (got, err) == (code, "")


def test_scp(path, sshd):
    size = (100 if LONG else 32) << 20
    sent, back = path.box.path("sent"), path.box.path("back")
    with open(sent, "wb") as f:
        for block in traffic.stream(5, size):
            f.write(block)
    for source, to in ((sent, f"{sshd.user}@localhost:{back}"),
                       (f"{sshd.user}@localhost:{back}", sent + "2")):
        code, _, err = ssh(path, sshd, "scp", "-q", "-P", str(sshd.port),
                           source, to)
        assert code == 0, err
    for f in (back, sent + "2"):
        with open(f, "rb") as got:
            assert (hashlib.file_digest(got, "sha256").hexdigest()
                    == traffic.digest(5, size))
        os.unlink(f)


# --- one connection ----------------------------------------------------------
def read_all(s):
    got = b""
    while True:
        b = s.recv(65536)
        if not b:
            return got
        got += b


def test_server_speaks_first(path):
    def banner(c):
        c.sendall(b"220 hello\r\n")
        c.recv(1)
    t = traffic.Once(banner)
    _, port = path.operator.forward(t.port)
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        assert s.recv(100) == b"220 hello\r\n"
    p = path.operator.start("web1", "-W", f"127.0.0.1:{t.port}",
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert p.popen.stdout.read1(100) == b"220 hello\r\n"
    p.popen.stdin.close()
    assert p.wait() == 0


SIZE = 3_000_000


def answer_at_eof(c):
    """The whole request first, then twice as much in return."""
    n, digest = traffic.receive(c)
    c.sendall(f"{n} {digest}\n".encode())
    traffic.send_stream(c, 9, 2 * SIZE)


def right_answer(got):
    head, _, body = got.partition(b"\n")
    return (head.decode() == f"{SIZE} {traffic.digest(8, SIZE)}"
            and len(body) == 2 * SIZE and hashlib.sha256(body).hexdigest()
            == traffic.digest(9, 2 * SIZE))


def test_half_close_by_the_client(path):
    t = traffic.Once(answer_at_eof)
    _, port = path.operator.forward(t.port)
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        traffic.send_stream(s, 8, SIZE)
        assert right_answer(read_all(s))


def test_half_close_by_nc(path):
    t = traffic.Once(answer_at_eof)
    _, port = path.operator.forward(t.port)
    code, out, err = path.box.run(["nc", "-N", "127.0.0.1", port],
                                  input=b"".join(traffic.stream(8, SIZE)),
                                  secs=60)
    assert code == 0 and right_answer(out), err


def test_half_close_of_stdin(path):
    t = traffic.Once(answer_at_eof)
    code, out, err = path.operator.run(
        "web1", "-W", f"127.0.0.1:{t.port}",
        input=b"".join(traffic.stream(8, SIZE)), secs=60)
    assert code == 0 and right_answer(out), err


def test_half_close_by_the_server(path):
    """The server ends first; what the client sends afterwards still comes."""
    came = []

    def ends_first(c):
        traffic.send_stream(c, 9, SIZE)
        came.append(traffic.receive(c))
    t = traffic.Once(ends_first)
    _, port = path.operator.forward(t.port)
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        got = read_all(s)
        assert hashlib.sha256(got).hexdigest() == traffic.digest(9, SIZE)
        traffic.send_stream(s, 8, SIZE)
        until("the rest has come", lambda: came)
    assert came == [(SIZE, traffic.digest(8, SIZE))]


@pytest.mark.alone
def test_closed_port_of_W(path):
    began = time.monotonic()
    code, _, err = path.operator.run("web1", "-W",
                                     f"127.0.0.1:{free_port()}", input=b"")
    took = time.monotonic() - began
    assert code == alpacon.EX_UNAVAILABLE
    assert "connection refused" in err.lower()
    assert took < 1 * SLOW


@pytest.mark.alone
def test_closed_port_of_L(path):
    """Said when asked for readiness; a connection is reset at once; the port
    serves as soon as something listens behind it."""
    closed = free_port()
    p = path.operator.start("web1", "-L", f"0:127.0.0.1:{closed}")
    m = p.wait_log(r"not ready: 127\.0\.0\.1:(\d+) .*connection refused")
    port = int(m.group(1))
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        with pytest.raises(ConnectionResetError):
            assert s.recv(1) != b"", "an orderly end, not a reset"
    assert time.monotonic() - began < 1 * SLOW
    t = traffic.Once(traffic.echo, closed)
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(b"hello")
        assert s.recv(10) == b"hello"
    t.close()


def test_reset_by_the_target(path):
    def reset(c):
        c.recv(1)
        traffic.reset(c)
    t = traffic.Once(reset)
    _, port = path.operator.forward(t.port)
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            assert s.recv(1) != b"", "an orderly end, not a reset"


def test_reset_by_the_client(path):
    seen = []

    def wait(c):
        c.sendall(b"here")
        try:
            got = c.recv(1)
            if got:     # an end: of the question whether the port is open
                seen.append(got)
        except ConnectionResetError:
            seen.append("reset")
    t = traffic.Once(wait)
    _, port = path.operator.forward(t.port)
    s = socket.create_connection(("127.0.0.1", port), 10)
    assert s.recv(4) == b"here"
    traffic.reset(s)
    until("the target has seen the end", lambda: seen)
    assert seen == ["reset"]
