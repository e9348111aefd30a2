"""The servers that the other tests rely on do what they are there for."""
import http.client
import re
import subprocess

import pytest

import certs
import netns
import reframe
import servers
import traffic
from proc import free_port

CURL = ["curl", "-sS", "-m", "20", "--noproxy", ""]


@pytest.fixture(scope="module")
def web(module_box):
    port = free_port()
    module_box.write("hello", "hello\n")
    p = module_box.start(["/usr/bin/python3", "-m", "http.server", str(port),
                          "--bind", "127.0.0.1"], name="web")
    p.wait_port(port)
    return f"http://localhost:{port}/hello"


def curl(*args):
    p = subprocess.run([*CURL, *args], capture_output=True, text=True)
    return p.returncode, p.stdout, p.stderr


@pytest.mark.parametrize("start, scheme, auth, tunnel", [
    (servers.squid, "http", False, True),
    (lambda b: servers.squid(b, "basic"), "http", True, True),
    (servers.tinyproxy, "http", False, True),
    (servers.microsocks, "socks5h", False, False),
    (lambda b: servers.microsocks(b, True), "socks5h", True, False),
    (servers.dante, "socks5h", True, False),
], ids=["squid", "squid-basic", "tinyproxy", "microsocks",
        "microsocks-password", "dante"])
def test_proxy(box, web, start, scheme, auth, tunnel):
    s = start(box)
    t = ["-p"] if tunnel else []
    user = (servers.USER, servers.PASSWORD) if auth else (None, None)
    assert curl(*t, "-x", s.url(scheme, *user), web) == (0, "hello\n", "")
    if auth:
        code, _, _ = curl(*t, "-x", s.url(scheme, servers.USER, "no"), web)
        assert code != 0


def test_tls_in_front_of_a_proxy(box, web):
    ca = certs.Authority(box)
    s = servers.haproxy_tls(box, servers.squid(box).port,
                            ca.sign("proxy", ["localhost"]))
    assert curl("-p", "-x", s.url("https"), "--proxy-cacert", ca.cert,
                web) == (0, "hello\n", "")


def test_a_407_is_framed_anew(box):
    r = reframe.Reframe(servers.squid(box, "basic").port)
    pages = set()
    for framing in reframe.FRAMINGS:
        r.framing = framing
        c = http.client.HTTPConnection("127.0.0.1", r.port, timeout=20)
        c.request("CONNECT", "origin.test:443")
        got = c.getresponse()
        length = got.getheader("Content-Length") is not None
        assert (got.status, got.will_close, got.chunked, length) == (
            407, framing in reframe.CLOSING, framing == reframe.CHUNKED,
            framing in (reframe.KEEP, reframe.CLOSE))
        pages.add(re.sub(b"Generated .*", b"", got.read()))
        c.close()
    r.close()
    assert len(pages) == 1 and r.framed == reframe.FRAMINGS


def test_ssh_dynamic_forward(box, web):
    s = servers.Sshd(box).socks(box)
    assert curl("-x", s.url("socks5h"), web) == (0, "hello\n", "")


def test_exchange_sees_what_is_wrong():
    target = traffic.Target()
    assert traffic.exchanges(target.port, 300_000, 3, target) == []
    assert traffic.digest(1, 100_000) != traffic.digest(2, 100_000)

    def short(c):
        c.recv(100)
        c.sendall(b"x" * 10)
        c.shutdown(1)
        while c.recv(65536):
            pass
    assert "came back" in traffic.exchange(traffic.Once(short).port, 1, 99999)


def test_firewalled_site(box):
    """Only the proxy's port is reachable, and the capture knows the rest."""
    proxy, other = 3128, 8080
    f = netns.Firewalled(box, proxy, ["proxy.corp.test"])
    for port in (proxy, other):
        p = f.world.start(box, ["/usr/bin/python3", "-m", "http.server",
                                str(port), "--bind", netns.WORLD])
        f.world.wait_port(p, port, netns.WORLD)
    get = [*CURL, "-o", "/dev/null", "-w", "%{http_code}"]
    code, out, _ = f.site.box_run(box, [*get, f"http://proxy.corp.test:{proxy}"])
    assert (code, out) == (0, b"200")
    assert f.strangers() == []
    assert f.packets(f"src host {netns.SITE} and dst port 53")
    code, _, _ = f.site.box_run(box, [*get, "-m", "1",
                                      f"http://{netns.WORLD}:{other}"])
    assert code != 0
    assert "stopped" in f.strangers()[0]


def test_squid_behind_the_firewall(box):
    f = netns.Firewalled(box, 3128, ["proxy.corp.test"])
    s = servers.squid(box, "basic", port=3128, net=f.world, host=netns.WORLD,
                      resolver=netns.WORLD)
    f.world.wait_port(s.proc, 3128, netns.WORLD)
    code, out, _ = f.site.box_run(
        box, [*CURL, "-o", "/dev/null", "-w", "%{http_code}", "-x",
              "http://proxy.corp.test:3128", "http://nowhere.test/"])
    assert (code, out) == (0, b"407")
