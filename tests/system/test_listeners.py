"""The connector's local listeners, with real clients: fixed forwards, TLS
passthrough for the agent, CONNECT and SOCKS on one port; and the example
program of contrib/examples."""
import os
import socket
import ssl

import pytest

import alpacon
import certs
import servers
import traffic
from proc import free_port

ANSWER = b"the platform"


class Platform:
    """The backend: a TLS server for the workspace host's name."""

    def __init__(self, cert):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(cert.cert, cert.key)

        def serve(sock):
            with c.wrap_socket(sock, server_side=True) as s:
                s.recv(65536)
                s.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
                          b"Content-Length: %d\r\n\r\n" % len(ANSWER) + ANSWER)
                s.unwrap()
        self.once = traffic.Once(serve)
        self.port = self.once.port


@pytest.fixture(scope="module")
def site(module_box):
    box = module_box
    ca = certs.Authority(box)
    platform = Platform(ca.sign("platform", ["localhost"]))
    echo = traffic.Once(traffic.echo)
    gateway = alpacon.Gateway(
        box, ca=ca, extra=f"backend = 127.0.0.1:{platform.port}").start()
    squid = servers.squid(box, "basic")
    tls, proxy, fixed = free_port(), free_port(), free_port()
    connector = alpacon.Connector(
        gateway, proxies=[squid.url()], user=servers.USER,
        password=servers.PASSWORD, extra=f"""listen_tls = 127.84.0.1:{tls}
listen_proxy = 127.0.0.1:{proxy}
allow_host = localhost:443
[forward "platform"]
listen = 127.0.0.1:{fixed}
target = localhost:443
""").start()
    s = type("Site", (), {})()
    s.box, s.gateway, s.connector, s.ca, s.echo = (box, gateway, connector,
                                                   ca, echo)
    s.tls, s.proxy, s.fixed = tls, proxy, fixed
    yield s
    assert connector.proc.stop() == 0
    assert gateway.proc.stop() == 0


def curl(site, *args):
    return site.box.run([servers.which("curl"), "-sS", "-m", "15", "--cacert",
                         site.ca.cert, *args], name="curl")


def test_tls_passthrough(site):
    code, out, err = curl(site, "--noproxy", "*", "--connect-to",
                          f"localhost:443:127.84.0.1:{site.tls}",
                          "https://localhost/")
    assert (code, out) == (0, ANSWER), err


def test_tls_passthrough_of_another_name(site):
    code, _, err = curl(site, "--noproxy", "*", "--connect-to",
                        f"evil.test:443:127.84.0.1:{site.tls}",
                        "https://evil.test/")
    assert code == 35, err


@pytest.mark.parametrize("scheme", ["http", "socks5h", "socks4a"])
def test_local_proxy(site, scheme):
    code, out, err = curl(site, "--noproxy", "", "-x",
                          f"{scheme}://127.0.0.1:{site.proxy}",
                          "https://localhost/")
    assert (code, out) == (0, ANSWER), err


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_local_proxy_denies(site, scheme):
    code, _, err = curl(site, "--noproxy", "", "-x",
                        f"{scheme}://127.0.0.1:{site.proxy}",
                        "https://evil.test/")
    assert code in (56, 97), err
    assert "403" in err or "SOCKS5" in err or "by ruleset" in err


def test_local_proxy_says_what_it_is(site):
    code, out, _ = curl(site, "--noproxy", "*", "-w", "%{http_code}",
                        f"http://127.0.0.1:{site.proxy}/")
    assert code == 0
    assert out[-3:] in (b"405", b"400")


def test_fixed_forward(site):
    code, out, err = curl(site, "--noproxy", "*", "--connect-to",
                          f"localhost:443:127.0.0.1:{site.fixed}",
                          "https://localhost/")
    assert (code, out) == (0, ANSWER), err


def test_silent_client_is_let_go(site):
    """10 s for the first bytes; the listener serves others meanwhile."""
    with socket.create_connection(("127.0.0.1", site.proxy), 15) as s:
        test_local_proxy(site, "http")
        assert s.recv(100) == b""


def test_example_program(site):
    example = os.path.join(alpacon.BUILD, "contrib", "examples",
                           "session-example")
    token = site.gateway.operator_token("example")
    code, out, err = site.box.run(
        [example, site.gateway.url, token, site.connector.name,
         f"127.0.0.1:{site.echo.port}", site.gateway.ca.cert],
        name="example", input=b"hello from C\n", secs=20,
        env={"no_proxy": "localhost"})
    assert (code, out) == (0, b"hello from C\n"), err


def test_reload_keeps_what_is_open(site):
    """SIGHUP with a new listener; the old one's connection stays."""
    import signal
    with socket.create_connection(("127.0.0.1", site.fixed), 10) as s:
        new = free_port()
        with open(site.connector.conf, "a") as f:
            f.write(f'[forward "more"]\nlisten = 127.0.0.1:{new}\n'
                    "target = localhost:443\n")
        site.connector.proc.signal(signal.SIGHUP)
        site.connector.proc.wait_port(new)
        ctx = ssl.create_default_context(cafile=site.ca.cert)
        with ctx.wrap_socket(s, server_hostname="localhost") as t:
            t.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert t.recv(4096).startswith(b"HTTP/1.1 200")
