"""alpacon-tunnel dial through every real proxy: what corkscrew, proxytunnel
and nc -X do, with half-close where the proxy itself can."""
import hashlib
import ssl
import subprocess
import threading

import pytest

import alpacon
import certs
import servers
import traffic
from proc import free_port

SIZE = 1_000_000


class Way:
    """Options of dial for one proxy; can: it passes a half-close on."""

    def __init__(self, urls, password=None, can=False, extra=(),
                 host="localhost"):
        self.urls, self.password, self.can = urls, password, can
        self.host = host
        self.extra = list(extra)


def direct(box):
    return Way(["direct"], can=True)


def squid(box):
    return Way([servers.squid(box).url()])


def squid_basic(box):
    return Way([servers.squid(box, "basic").url()], servers.PASSWORD)


def squid_digest(box):
    return Way([servers.squid(box, "digest").url()], servers.PASSWORD)


def squid_ntlm(box):
    return Way([servers.squid(box, "ntlm").url()], servers.PASSWORD)


def tinyproxy(box):
    return Way([servers.tinyproxy(box).url()])


def tinyproxy_basic(box):
    """Its configuration knows no blanks in a password."""
    return Way([servers.tinyproxy(box, "pass").url()], "pass")


def https(box):
    ca = certs.Authority(box, "proxyca")
    s = servers.haproxy_tls(box, servers.squid(box, "basic").port,
                            ca.sign("proxy"))
    return Way([s.url("https")], servers.PASSWORD,
               extra=["--proxy-ca", ca.cert])


def microsocks(box):
    return Way([servers.microsocks(box).url("socks5h")])


def microsocks_password(box):
    return Way([servers.microsocks(box, True).url("socks5")],
               servers.PASSWORD, host="127.0.0.1")


def dante_5h(box):
    return Way([servers.dante(box).url("socks5h")], servers.PASSWORD, True)


def dante_5(box):
    return Way([servers.dante(box).url("socks5")], servers.PASSWORD, True,
               host="127.0.0.1")


def ssh_5h(box):
    return Way([servers.Sshd(box).socks(box).url("socks5h")], can=True)


def ssh_4(box):
    return Way([servers.Sshd(box).socks(box).url("socks4")], can=True)


def ssh_4a(box):
    return Way([servers.Sshd(box).socks(box).url("socks4a")], can=True)


def chain(box):
    return Way([servers.microsocks(box).url("socks5h") + ","
                + servers.squid(box).url()])


def failover(box):
    return Way([f"http://127.0.0.1:{free_port()}",
                servers.squid(box).url()])


WAYS = [direct, squid, squid_basic, squid_digest, squid_ntlm, tinyproxy, tinyproxy_basic, https,
        microsocks, microsocks_password, dante_5h, dante_5, ssh_5h, ssh_4,
        ssh_4a, chain, failover]


def argv(box, way, target, *more):
    return [alpacon.program(alpacon.TUNNEL), "dial",
            *alpacon.proxy_options(box, way.urls, way.password), *way.extra,
            *more, target]


def dial(box, way, target, *more, input=b"", secs=60):
    return box.run(argv(box, way, target, *more), name="dial", input=input,
                   secs=secs)


@pytest.mark.parametrize("way", WAYS)
def test_through(box, way):
    w = way(box)

    # The server speaks first, takes a request of known length, answers and
    # closes: whole through any proxy.
    def serve(c):
        c.sendall(b"hello\n")
        h, left = hashlib.sha256(), SIZE
        while left:
            b = c.recv(min(left, 65536))
            if not b:
                return
            h.update(b)
            left -= len(b)
        c.sendall(h.hexdigest().encode() + b"\n")
        traffic.send_stream(c, 9, SIZE)
    t = traffic.Once(serve)
    p = box.start(argv(box, w, f"{w.host}:{t.port}"), name="dial",
                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    got = []
    reader = threading.Thread(
        target=lambda: got.append(p.popen.stdout.read()), daemon=True)
    reader.start()
    p.popen.stdin.write(b"".join(traffic.stream(8, SIZE)))
    p.popen.stdin.flush()
    reader.join(60)
    assert got, "dial did not end its output when the server closed"
    p.popen.stdin.close()
    assert p.wait() == 0, p.text()
    first, second, rest = got[0].split(b"\n", 2)
    assert first == b"hello"
    assert second.decode() == traffic.digest(8, SIZE)
    assert hashlib.sha256(rest).hexdigest() == traffic.digest(9, SIZE)
    assert p.text() == ""

    if w.can:
        half_close(box, w)


def half_close(box, w):
    def at_eof(c):
        n, digest = traffic.receive(c)
        c.sendall(f"{n} {digest}\n".encode())
        traffic.send_stream(c, 9, SIZE)
    t = traffic.Once(at_eof)
    code, out, err = dial(box, w, f"127.0.0.1:{t.port}",
                          input=b"".join(traffic.stream(8, SIZE)))
    assert code == 0, err
    head, _, body = out.partition(b"\n")
    assert head.decode() == f"{SIZE} {traffic.digest(8, SIZE)}"
    assert hashlib.sha256(body).hexdigest() == traffic.digest(9, SIZE)


def test_tls_inside(box):
    """--tls: TLS to the target, inside a TLS proxy's tunnel."""
    ca = certs.Authority(box)
    c = ca.sign("target")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(c.cert, c.key)

    def serve(sock):
        with context.wrap_socket(sock, server_side=True) as s:
            s.sendall(s.recv(100).upper())
            s.unwrap()
    t = traffic.Once(serve)
    w = https(box)
    code, out, err = dial(box, w, f"localhost:{t.port}", "--tls", "--ca",
                          ca.cert, input=b"hello")
    assert (code, out) == (0, b"HELLO"), err
    code, _, err = dial(box, w, f"localhost:{t.port}", "--tls",
                        input=b"hello")
    assert code == alpacon.EX_UNAVAILABLE
    assert err.startswith("alpacon-tunnel: tls: ") and err.count("\n") == 1


def failure(box, way, target):
    code, out, err = dial(box, way, target)
    assert out == b"" and err.count("\n") == 1, err
    assert err.startswith("alpacon-tunnel: ")
    return code, err.removeprefix("alpacon-tunnel: ").strip()


@pytest.mark.parametrize("name, way, target, stage, words", [
    ("dead proxy", lambda b: Way([f"http://127.0.0.1:{free_port()}"]),
     "localhost:9", "", "refused"),
    ("wrong password", lambda b: Way([servers.squid(b, "basic").url()], "no"),
     "localhost:9", "proxy", "407|credential|password"),
    ("no password", lambda b: Way([servers.squid(b, "basic").url()]),
     "localhost:9", "proxy", "407|credential|password"),
    ("policy", lambda b: Way([servers.squid(b).url()]),
     "host.blocked.test:443", "proxy", "403"),
    ("not a proxy", lambda b: Way([f"http://127.0.0.1:{servers.Sshd(b).port}"]),
     "localhost:9", "proxy", "not an HTTP proxy.*SSH-2.0"),
    ("not SOCKS", lambda b: Way([f"socks5h://127.0.0.1:"
                                    f"{servers.Sshd(b).port}"]),
     "localhost:9", "proxy", "not a SOCKS5 proxy"),
    ("SOCKS refused", lambda b: Way([servers.microsocks(b).url("socks5h")]),
     "localhost:1", "proxy", "refused"),
    ("SOCKS password", lambda b: Way([servers.dante(b).url("socks5h")], "no"),
     "localhost:9", "proxy", "password|credential|rejected"),
    ("no such proxy", lambda b: Way(["http://nowhere.invalid:3128"]),
     "localhost:9", "dns", "nowhere.invalid"),
])
def test_failure(box, name, way, target, stage, words):
    import re
    code, said = failure(box, way(box), target)
    assert code == alpacon.EX_UNAVAILABLE, said
    assert said.startswith(stage), said
    assert re.search(words, said), said


@pytest.mark.parametrize("bad", [
    ["dial"], ["dial", "localhost"], ["dial", "localhost:0"],
    ["dial", "localhost:70000"], ["dial", "--proxy", "ftp://x:1", "a:1"],
    ["dial", "--nonsense", "a:1"], ["dial", "a:1", "b:2"],
    ["dial", "--proxy", "http://u:secret@p:1", "a:1"],
])
def test_usage(box, bad):
    code, out, err = box.run([alpacon.program(alpacon.TUNNEL), *bad],
                             name="dial")
    assert code == alpacon.EX_USAGE, err
    assert out == b"" and err.startswith("alpacon-tunnel: ")
    assert "secret" not in err


def test_reset_is_an_error(box):
    def reset(c):
        c.recv(1)
        traffic.reset(c)
    t = traffic.Once(reset)
    code, _, err = dial(box, Way(["direct"]), f"127.0.0.1:{t.port}",
                        input=b"x")
    assert code == alpacon.EX_UNAVAILABLE
    assert "reset" in err.lower()


def test_closed_output_ends_it(box):
    """head -c 1 has had enough: no hang."""
    def flood(c):
        while True:
            c.sendall(b"x" * 65536)
    t = traffic.Once(flood)
    command = alpacon.shell(argv(box, Way(["direct"]), f"127.0.0.1:{t.port}"))
    code, out, _ = box.run(["sh", "-c", f"{command} </dev/null | head -c 1"],
                           secs=20)
    assert (code, out) == (0, b"x")
