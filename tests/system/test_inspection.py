"""A proxy that opens TLS: mitmproxy.  Without its CA all say who it is that
inspects; with it everything works through it."""
import json
import re

import pytest

import alpacon
import servers
import traffic
from alpacon import EX_UNAVAILABLE, NETCHECK, program

SENTENCE = ('the certificate of localhost was issued by "mitmproxy" '
            "(mitmproxy), which is not trusted here; if that is your "
            "TLS-inspecting proxy, name its CA in ca_file")


@pytest.fixture(scope="module")
def site(module_box):
    """A gateway, the inspector in front, and a connector that trusts it."""
    class Site:
        gateway = alpacon.Gateway(module_box).start()
        proxy = servers.mitmdump(module_box, gateway.ca.cert)
        connector = alpacon.Connector(gateway, proxies=[proxy.url()],
                                      ca=proxy.ca).start()
        operator = alpacon.Operator(gateway, proxies=[proxy.url()])
    yield Site
    for p in (Site.connector.proc, Site.gateway.proc):
        assert p.stop() == 0, p.text()[-2000:]


def netcheck(box, site, want, **where):
    code, out, err = box.run(
        [program(NETCHECK), "--json", *site.operator.options(**where)],
        name="netcheck", secs=40)
    assert code == want, (out, err)
    return {c["id"]: c for c in json.loads(out)["checks"]}


# --- its CA is not known ---------------------------------------------------
def test_netcheck_names_the_inspector(box, site):
    checks = netcheck(box, site, 17)
    trust = checks["tls.trust"]
    assert checks["proxy.connect"]["status"] == "pass"
    assert (trust["status"], trust["code"]) == ("fail", "NC-161")
    assert trust["evidence"] == f"mitmproxy inspects TLS on the way: {SENTENCE}"


def test_tunnel_says_whose_certificate(box, site):
    code, _, err = site.operator.run("web1", "-W", "127.0.0.1:22", input=b"")
    assert code == EX_UNAVAILABLE and SENTENCE in err, err


def test_connector_says_whose_certificate(box, site):
    c = alpacon.Connector(site.gateway, "web2", proxies=[site.proxy.url()])
    c.start(wait=False)
    c.proc.wait_log(re.escape(SENTENCE))


# --- it is in ca_file ------------------------------------------------------
def test_bytes_both_ways(box, site):
    target = traffic.Target()
    p, port = site.operator.forward(target.port, ca=site.proxy.ca)
    assert traffic.exchanges(port, 3 << 20, 4, target) == []
    assert p.stop() == 0
    target.close()


def test_netcheck_warns(box, site):
    checks = netcheck(box, site, 0, ca=site.proxy.ca)
    trust = checks["tls.trust"]
    assert (trust["status"], trust["code"]) == ("warn", "NC-160")
    assert "mitmproxy" in trust["evidence"]
    assert checks["tunnel.ping"]["status"] == "pass"
