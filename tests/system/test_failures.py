"""What can go wrong: each with its own sentence and exit code, no hang."""
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

import alpacon
import certs
import servers
import traffic
from alpacon import EX_CONFIG, EX_NOPERM, EX_UNAVAILABLE, EX_USAGE
from proc import SLOW, free_port, until


@pytest.fixture(scope="module")
def path(module_box):
    p = alpacon.Path(module_box)
    yield p
    p.stop()


@pytest.fixture(scope="module")
def echo():
    t = traffic.Once(traffic.echo)
    yield t
    t.close()


def one_line(err):
    lines = [x for x in err.splitlines() if x.startswith("alpacon-tunnel: ")]
    assert len(lines) == 1, err
    return lines[0]


def refused(path, code, words, *args, **kw):
    got, out, err = path.operator.run(*args, input=b"", **kw)
    assert out == b""
    assert got == code, err
    assert re.search(words, one_line(err), re.I), err


# --- the operator's side -----------------------------------------------------
def test_wrong_token(path, box, echo):
    wrong = box.write("wrong.token", "A" * 43 + "\n", 0o600)
    refused(path, EX_NOPERM, "token|credential|401", "web1", "-W",
            f"127.0.0.1:{echo.port}", token=wrong)


def test_token_that_others_can_read(path, box, echo):
    with open(path.operator.token_file) as f:
        loose = box.write("loose.token", f.read(), 0o644)
    refused(path, EX_NOPERM, "loose.token.*(others|permission|mode|0?644)",
            "web1", "-W", f"127.0.0.1:{echo.port}", token=loose)


def test_unknown_server(path, echo):
    refused(path, EX_UNAVAILABLE, "no such server", "nobody", "-W",
            f"127.0.0.1:{echo.port}")


def test_server_not_connected(path, echo):
    path.gateway.add("connector", "sleepy")
    refused(path, EX_UNAVAILABLE, "not connected", "sleepy", "-W",
            f"127.0.0.1:{echo.port}")


def test_policy(path):
    refused(path, EX_NOPERM, "policy", "web1", "-W", "192.0.2.1:80")


def test_metadata_address(path):
    refused(path, EX_NOPERM, "policy", "web1", "-W", "169.254.169.254:80")


def test_name_that_does_not_resolve_to_loopback(path):
    refused(path, EX_NOPERM, "policy", "web1", "-W", "example.invalid:80")


def gateway_with(box, path, cert=None, ca=None):
    """Another gateway with a certificate of its own; same CA by default."""
    gw = alpacon.Gateway(box, ca=ca or path.gateway.ca, cert=cert)
    gw.start()
    return gw


def test_wrong_ca(path, box, echo):
    other = certs.Authority(box, "other")
    refused(path, EX_UNAVAILABLE, "tls: .*not trusted",
            "web1", "-W", f"127.0.0.1:{echo.port}", ca=other.cert)


def test_expired_certificate(path, box, echo):
    gw = gateway_with(box, path, path.gateway.ca.sign("expired", days=-1))
    refused(path, EX_UNAVAILABLE, "tls: .*expired", "web1", "-W",
            f"127.0.0.1:{echo.port}", url=gw.url)


def test_wrong_name(path, box, echo):
    gw = gateway_with(box, path,
                      path.gateway.ca.sign("wrong", ["other.test"], ()))
    refused(path, EX_UNAVAILABLE, "tls: .*(name|other\\.test)", "web1", "-W",
            f"127.0.0.1:{echo.port}", url=gw.url)


def test_gateway_is_something_else(path, box, echo):
    c = path.gateway.ca.sign("plain")
    s = servers.haproxy_tls(box, servers.Sshd(box).port, c)
    refused(path, EX_UNAVAILABLE, "(http|ws): ", "web1", "-W",
            f"127.0.0.1:{echo.port}", url=s.url("https").replace(
                "127.0.0.1", "localhost"))


def test_gateway_is_not_there(path, echo):
    refused(path, EX_UNAVAILABLE, "refused", "web1", "-W",
            f"127.0.0.1:{echo.port}", url=f"https://localhost:{free_port()}")


def test_name_of_the_gateway_is_unknown(path, echo):
    refused(path, EX_UNAVAILABLE, "dns: .*nowhere.invalid", "web1", "-W",
            f"127.0.0.1:{echo.port}", url="https://nowhere.invalid")


def test_proxy_password(path, box, echo):
    s = servers.squid(box, "basic")
    refused(path, EX_NOPERM, "proxy: .*(password|credential|407)", "web1",
            "-W", f"127.0.0.1:{echo.port}", proxies=[s.url()], password="no")


def test_proxy_is_dead(path, echo):
    refused(path, EX_UNAVAILABLE, "refused", "web1", "-W",
            f"127.0.0.1:{echo.port}",
            proxies=[f"http://127.0.0.1:{free_port()}"])


def test_proxy_is_silent(path, echo):
    """Takes the connection and says nothing: the deadline ends it."""
    hold = threading.Event()
    t = traffic.Once(lambda c: hold.wait(60))
    refused(path, EX_UNAVAILABLE, "proxy: .*(no answer|timed? ?out)", "web1",
            "-W", f"127.0.0.1:{echo.port}",
            proxies=[f"http://127.0.0.1:{t.port}"])
    hold.set()


@pytest.mark.parametrize("args, code", [
    ([], EX_USAGE),
    (["web1"], EX_USAGE),
    (["web1", "-L", "nonsense"], EX_USAGE),
    (["web1", "-L", "1:2:3:4:5"], EX_USAGE),
    (["web1", "-W", "localhost"], EX_USAGE),
    (["web1", "-W", "localhost:22", "--nonsense"], EX_USAGE),
    (["web1", "-W", "localhost:22", "--url", "http://plain"], EX_USAGE),
    (["web1", "-W", "localhost:22", "--token-file", "/nowhere"], EX_NOPERM),
])
def test_usage(box, path, args, code):
    argv = [alpacon.program(alpacon.TUNNEL)]
    if "--url" not in args and len(args) > 1:
        argv += ["--url", path.gateway.url, "--ca", path.gateway.ca.cert]
    if "--token-file" not in args and len(args) > 1:
        argv += ["--token-file", path.operator.token_file]
    got, out, err = box.run([*argv, *args], name="tunnel", input=b"")
    assert (got, out) == (code, b""), err
    assert err.startswith("alpacon-tunnel: ")


def test_port_is_taken(path, echo):
    got, _, err = path.operator.run(
        "web1", "-L", f"{echo.port}:127.0.0.1:{echo.port}")
    assert got == 74, err
    assert "in use" in one_line(err)


# --- the connector's side ----------------------------------------------------
def connector_says(words, gateway, box, **kw):
    """A connector that can't get through says so, keeps trying, and ends in
    order when it is told to."""
    gateway.box, old = box, gateway.box
    try:
        c = alpacon.Connector(gateway, **kw).start(wait=False)
    finally:
        gateway.box = old
    c.proc.wait_log(words, 30)
    assert c.proc.alive()
    assert c.proc.stop() == 0, c.proc.text()


def test_connector_wrong_key(path, box):
    connector_says(r"(?i)(key|credential|401)", path.gateway, box,
                   identity=(path.connector.id, "A" * 43))


def test_connector_unknown(path, box):
    connector_says(r"(?i)(key|credential|401)", path.gateway, box,
                   identity=("nobody", path.connector.key))


def test_connector_wrong_ca(path, box):
    connector_says("not trusted", path.gateway, box,
                   ca=certs.Authority(box, "other").cert,
                   identity=(path.connector.id, path.connector.key))


def test_connector_proxy_password(path, box):
    s = servers.squid(box, "basic")
    connector_says(r"(?i)(password|credential|407)", path.gateway, box,
                   proxies=[s.url()], user=servers.USER, password="no",
                   identity=(path.connector.id, path.connector.key))


def test_connector_proxy_dead(path, box):
    connector_says(r"(?i)refused", path.gateway, box,
                   proxies=[f"http://127.0.0.1:{free_port()}"],
                   identity=(path.connector.id, path.connector.key))


@pytest.mark.parametrize("program, text, words", [
    (alpacon.CONNECTORD, "url = https://localhost\nurll = x\n",
     r"bad\.conf:2: .*urll.*\burl\b"),
    (alpacon.CONNECTORD, "url = http://localhost\nid = x\nkey_file = bad.conf\n",
     r"bad\.conf:1: .*https"),
    (alpacon.CONNECTORD, "url = https://localhost\nproxy = ftp://x\n",
     r"bad\.conf:2: "),
    (alpacon.GATEWAYD, "listen = nonsense\n", r"bad\.conf:1: "),
    (alpacon.GATEWAYD, "listenn = 127.0.0.1:1\n",
     r"bad\.conf:1: .*listenn.*\blisten\b"),
])
def test_config(box, program, text, words):
    f = box.write("bad.conf", text, 0o600)
    for check in ([], ["-t"]):
        code, _, err = box.run([alpacon.program(program), "-c", f, *check])
        assert code == EX_CONFIG, err
        assert re.search(words, err), err


# --- things that die ---------------------------------------------------------
def test_gateway_is_killed_and_comes_back(box, echo):
    """SIGKILL, 2 s of nobody, a new one, which knows no session: the connector
    and the operator are back soon; what was open is reset, not cut short."""
    path = alpacon.Path(box)
    tunnel, port = path.operator.forward(echo.port)
    s = socket.create_connection(("127.0.0.1", port), 10)
    s.sendall(b"hello")
    assert s.recv(10) == b"hello"
    w = path.operator.start("web1", "-W", f"127.0.0.1:{echo.port}",
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    w.popen.stdin.write(b"x")
    w.popen.stdin.flush()
    assert w.popen.stdout.read(1) == b"x"

    seen = len(path.connector.proc.text()), len(tunnel.text())
    path.gateway.proc.signal(signal.SIGKILL)
    path.gateway.proc.wait()
    time.sleep(2)
    path.gateway.start()
    back = time.monotonic()
    path.connector.wait_up(20, since=seen[0])
    # The session that was lost is asked for once in 5 s at the latest; told
    # no, the connector begins a new one at once: 0.25 s (OPERATIONS 3).
    assert time.monotonic() - back < 5 + 0.25 + 3 * SLOW
    s.settimeout(20)
    with pytest.raises(ConnectionResetError):
        assert s.recv(1) != b"", "an orderly end, not a reset"
    assert w.wait() == EX_UNAVAILABLE
    assert "the session was lost" in w.text()
    tunnel.wait_log(r"lost: ", since=seen[1])
    tunnel.wait_log(r"connected to ", since=seen[1])
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(b"again")
        assert s.recv(10) == b"again"
    assert tunnel.stop() == 0
    path.stop()


def test_connector_is_killed(box, echo):
    """It is waited for, and then what is open is reset."""
    path = alpacon.Path(box, gateway_extra="session_grace = 5s\n")
    tunnel, port = path.operator.forward(echo.port)
    s = socket.create_connection(("127.0.0.1", port), 10)
    s.sendall(b"hello")
    assert s.recv(10) == b"hello"
    path.connector.proc.signal(signal.SIGKILL)
    path.connector.proc.wait()
    s.settimeout(20)
    with pytest.raises(ConnectionResetError):
        assert s.recv(1) != b"", "an orderly end, not a reset"
    refused(path, EX_UNAVAILABLE, "not connected", "web1", "-W",
            f"127.0.0.1:{echo.port}")
    with pytest.raises(ConnectionResetError):   # maybe before connect is done
        with socket.create_connection(("127.0.0.1", port), 10) as s:
            assert s.recv(1) != b"", "an orderly end, not a reset"
    path.connector.start()
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(b"again")
        assert s.recv(10) == b"again"
    assert tunnel.stop() == 0
    path.stop()


def test_proxy_is_killed_and_comes_back(box, echo):
    squid = servers.squid(box)
    path = alpacon.Path(box, [squid.url()])
    seen = len(path.connector.proc.text())
    squid.proc.kill()
    path.connector.proc.wait_log(r"(?i)\b(lost|closed|down|reset)\b", since=seen)
    servers.squid(box, port=squid.port)
    path.connector.proc.wait_log("session-resumed", 30, seen)
    code, out, err = path.operator.run("web1", "-W", f"127.0.0.1:{echo.port}",
                                       input=b"hello")
    assert (code, out) == (0, b"hello"), err
    path.stop()


def test_target_dies_in_the_middle(path):
    """kill -9 of a server: its kernel sends RST or FIN; never a hang."""
    t = traffic.Once(lambda c: (c.recv(1), traffic.reset(c)))
    got, _, err = path.operator.run("web1", "-W", f"127.0.0.1:{t.port}",
                                    input=b"x" * 1000)
    assert got == EX_UNAVAILABLE
    assert "reset" in one_line(err)


def test_local_output_is_closed(path):
    """tunnel -W ... | head -c 1: no hang."""
    def flood(c):
        while True:
            c.sendall(b"x" * 65536)
    t = traffic.Once(flood)
    command = alpacon.shell(path.operator.argv("web1", "-W",
                                               f"127.0.0.1:{t.port}"))
    code, out, _ = path.box.run(["sh", "-c", f"{command} </dev/null | "
                                 "head -c 1"], secs=20)
    assert (code, out) == (0, b"x")


def test_sigterm_drains(box, echo):
    """TERM lets an open channel finish; a second one ends at once."""
    path = alpacon.Path(box)
    tunnel, port = path.operator.forward(echo.port)
    s = socket.create_connection(("127.0.0.1", port), 10)
    s.sendall(b"hello")
    assert s.recv(10) == b"hello"
    path.connector.proc.signal(signal.SIGTERM)
    path.connector.proc.wait_log(r"(?i)(drain|stopping|ending)")
    s.sendall(b"still")
    assert s.recv(10) == b"still"
    s.close()
    assert path.connector.proc.wait() == 0
    assert tunnel.stop() == 0
    path.stop()


def test_a_login_is_asked_for_once(box):
    """The second CONNECT of a connector carries what the first one learned:
    one 407 in the proxy's log, whatever the number of sessions."""
    squid = servers.squid(box, "basic")
    gateway = alpacon.Gateway(box).start()
    connector = alpacon.Connector(gateway, proxies=[squid.url()],
                                  user=servers.USER,
                                  password=servers.PASSWORD).start()
    for _ in range(2):
        seen = len(connector.proc.text())
        gateway.proc.kill()
        gateway.start()
        connector.wait_up(20, since=seen)

    def codes():
        with open(squid.access_log) as f:
            return [line.split()[3] for line in f if "CONNECT" in line]
    until("squid has logged two that ended",
          lambda: sum(c.endswith("/200") for c in codes()) >= 2)
    assert sum(c.endswith("/407") for c in codes()) == 1, codes()
    assert connector.proc.stop() == 0
