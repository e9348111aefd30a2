"""A site whose firewall lets out only the proxy's port and DNS: everything
works, and nothing else leaves it."""
import hashlib
import os
import shlex

import pytest

import alpacon
import netns
import servers
import traffic
from conftest import LONG
from proc import SLOW

PROXY, GATEWAY = 3128, 8443
TRAFFIC = os.path.join(os.path.dirname(traffic.__file__), "traffic.py")


@pytest.fixture
def site(box):
    f = netns.Firewalled(box, PROXY, ["proxy.corp.test", "acme.alpacon.test"])
    squid = servers.squid(box, "basic", port=PROXY, net=f.world,
                          host=netns.WORLD, resolver=netns.WORLD)
    f.world.wait_port(squid.proc, PROXY, netns.WORLD)
    f.gateway = alpacon.Gateway(box, net=f.world, port=GATEWAY,
                                listen=netns.WORLD, name="acme.alpacon.test")
    f.gateway.start()
    f.connector = alpacon.Connector(
        f.gateway, proxies=["http://proxy.corp.test:3128"], net=f.site,
        user=servers.USER, password=servers.PASSWORD).start()
    f.operator = alpacon.Operator(f.gateway, net=f.world, proxies=["direct"])
    return f


def serve(box, f):
    t = f.site.start(box, ["/usr/bin/python3", TRAFFIC, "serve", 9000],
                     name="target")
    t.wait_log("listening")
    return 9000


def test_transfer(box, site):
    port = serve(box, site)
    _, local = site.operator.forward(port)
    size = (256 if LONG else 32) << 20
    for channels, each in ((1, size), (200, size // 200)):
        code, out, err = site.world.box_run(
            box, ["/usr/bin/python3", TRAFFIC, "exchange", local, each,
                  channels], secs=300)
        assert (code, out) == (0, b"ok\n"), out.decode() + err
    assert site.strangers() == []
    assert site.packets(f"src host {netns.SITE} and dst port 53")
    assert len(site.packets(f"src host {netns.SITE} and tcp dst port {PROXY}")
               ) > 100


def test_ssh(box, site):
    sshd = servers.Sshd(box, net=site.site, port=2222)
    site.site.wait_port(sshd.proc, 2222)
    sent, back = box.path("sent"), box.path("back")
    with open(sent, "wb") as f:
        for b in traffic.stream(5, 8 << 20):
            f.write(b)
    command = shlex.join(site.operator.argv("-W", "%h:%p", "web1"))
    options = [*sshd.options, "-o", f"ProxyCommand={command}"]
    code, out, err = site.world.box_run(
        box, ["ssh", *options, "-p", "2222", f"{sshd.user}@localhost",
              "echo hello; exit 3"])
    assert (code, out) == (3, b"hello\n"), err
    code, _, err = site.world.box_run(
        box, ["scp", "-q", *options, "-P", "2222", sent,
              f"{sshd.user}@localhost:{back}"], secs=120)
    assert code == 0, err
    with open(back, "rb") as f:
        assert (hashlib.file_digest(f, "sha256").hexdigest()
                == traffic.digest(5, 8 << 20))
    assert site.strangers() == []


def test_the_site_is_really_shut(box, site):
    """Without its proxy the connector gets nowhere: the firewall works."""
    c = alpacon.Connector(site.gateway, name="web2", proxies=["direct"],
                          net=site.site)
    c.start(wait=False)
    c.proc.wait_log(r"(?i)(timed? ?out|unreachable|no answer|not permitted|"
                    r"connect)", 30 * SLOW)
    assert not [x for x in site.gateway.audit_lines()
                if x.get("server") == "web2"]
    assert "stopped" in site.strangers()[-1]
