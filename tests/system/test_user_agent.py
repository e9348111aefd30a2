"""A squid that lets one program through, by its User-Agent: proxy_user_agent
makes each of ours that program."""
import json
import subprocess

import pytest

import alpacon
import servers
import traffic
from alpacon import EX_UNAVAILABLE, NETCHECK, program

AGENT = "CorpAgent/1.0 (site 7; approved)"
SETTING = f"proxy_user_agent = {AGENT}\n"


@pytest.fixture(scope="module")
def squid(module_box):
    return servers.squid(module_box, rules=[
        r"acl approved browser ^CorpAgent/1\.0.\(site.7;.approved\)$",
        "http_access deny !approved"])


@pytest.fixture(scope="module")
def path(module_box, squid):
    p = alpacon.Path(module_box, proxies=[squid.url()], extra=SETTING)
    yield p
    p.stop()


def config(box, text):
    return ["--config", box.write("tunnel.conf", text, 0o600)]


def dial(box, squid, conf):
    """Exit code, what came from the far side, standard error."""
    t = traffic.Once(lambda c: c.sendall(b"hello"))
    p = box.start([program("alpacon-tunnel"), "dial", *config(box, conf),
                   "--proxy", squid.url(), f"127.0.0.1:{t.port}"],
                  name="dial", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out = p.popen.stdout.read()
    p.popen.stdin.close()           # squid passes no half-close on
    t.close()
    return p.wait(), out, p.text()


def test_ours_is_refused(box, squid):
    code, out, err = dial(box, squid, "")
    assert (code, out) == (EX_UNAVAILABLE, b"") and " 403 " in err, err


def test_dial(box, squid):
    code, out, err = dial(box, squid, SETTING)
    assert (code, out) == (0, b"hello"), err


def test_session(box, path):
    """The connector is there already; an operator comes the same way."""
    target = traffic.Once(traffic.echo)
    code, out, err = path.operator.run(
        *config(box, SETTING), "web1", "-W", f"127.0.0.1:{target.port}",
        input=b"ping\n")
    target.close()
    assert (code, out) == (0, b"ping\n"), err


@pytest.mark.parametrize("conf, want", [("", 15), (SETTING, 0)])
def test_netcheck(box, path, conf, want):
    code, out, err = box.run(
        [program(NETCHECK), "--json", *config(box, conf),
         *path.operator.options()], name="netcheck")
    assert code == want, err
    status = {c["id"]: c["status"] for c in json.loads(out)["checks"]}
    assert status["proxy.connect"] == ("fail" if want else "pass")


def test_a_wrong_one_is_named(box, squid):
    code, _, err = dial(box, squid, "proxy_user_agent = a\tb\n")
    assert code == alpacon.EX_CONFIG
    assert "tunnel.conf:1: proxy_user_agent: a line break or a control " \
        "character in the User-Agent" in err
