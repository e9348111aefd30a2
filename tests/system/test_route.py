"""alpacon-tunnel route: which proxy, from where, and why not the others."""
import json

import pytest

import alpacon

URL = "https://acme.us1.alpacon.io/"


def route(box, *args, env=None):
    quiet = {"HOME": box.dir, "XDG_CONFIG_HOME": box.path("config")}
    code, out, err = box.run(
        [alpacon.program(alpacon.TUNNEL), "route", "--json", *args],
        name="route", env=dict(quiet, **(env or {})))
    assert code == 0, err
    got = json.loads(out)
    assert set(got) == {"url", "source", "route", "considered",
                        "no_proxy_match"}
    return got


def lost(got):
    return {c["source"]: c["lost"] for c in got["considered"]}


def test_nothing_says_direct(box):
    got = route(box, URL)
    assert (got["source"], got["route"]) == ("default", ["direct"])


def test_command_line_first(box):
    got = route(box, "--proxy", "http://one:3128", "--proxy",
                "socks5h://two,https://three:8443", "--proxy", "direct", URL,
                env={"https_proxy": "http://env:1"})
    assert got["source"] == "command"
    assert got["route"] == ["http://one:3128",
                            "socks5h://two:1080,https://three:8443", "direct"]
    assert lost(got)["environment"]


def test_config_before_environment(box):
    f = box.write("tunnel.conf", "proxy = http://conf:3128\n", 0o600)
    got = route(box, "--config", f, URL, env={"https_proxy": "http://env:1"})
    assert (got["source"], got["route"]) == ("config", ["http://conf:3128"])


@pytest.mark.parametrize("env, want", [
    ({"https_proxy": "http://a:1"}, ["http://a:1"]),
    ({"HTTPS_PROXY": "http://a:1"}, ["http://a:1"]),
    ({"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1"},
     ["http://a:1"]),
    ({"all_proxy": "socks5h://s:1"}, ["socks5h://s:1"]),
    ({"https_proxy": "plain:3128"}, ["http://plain:3128"]),
    ({"https_proxy": ""}, ["direct"]),
    ({"http_proxy": "http://a:1"}, ["direct"]),
])
def test_environment(box, env, want):
    assert route(box, URL, env=env)["route"] == want


@pytest.mark.parametrize("url, no_proxy, bypass", [
    ("https://www.example.com/", "example.com", True),
    ("https://nexample.com/", "example.com", False),
    ("https://example.com/", "*.example.com", False),
    ("https://192.168.0.1/", "192.168.0.0/16", True),
    ("https://192.168.0.1/", "192.168.0.0/33", False),
    ("https://example.com:8080/", "example.com:8080", True),
    ("https://example.com:81/", "example.com:8080", False),
    ("https://[2001:db8::1]/", "2001:db8::/32", True),
    ("https://EXAMPLE.com./", "example.COM", True),
    ("https://bar/", "foo,,,,, bar", True),
    ("https://intranet/", "<local>", True),
    ("https://example.com/", "*", True),
])
def test_no_proxy(box, url, no_proxy, bypass):
    got = route(box, url, env={"https_proxy": "http://p:1",
                               "no_proxy": no_proxy})
    assert got["route"] == (["direct"] if bypass else ["http://p:1"])
    assert bool(got["no_proxy_match"]) == bypass


def test_loopback_is_always_direct(box):
    for url in ("https://localhost/", "https://127.0.0.1/", "https://[::1]/"):
        got = route(box, url, env={"https_proxy": "http://p:1"})
        assert got["route"] == ["direct"]


def test_passwords_are_not_shown(box):
    got = route(box, URL, env={"https_proxy": "http://u:canary1@p:1"})
    assert "canary1" not in json.dumps(got)
    code, out, err = box.run([alpacon.program(alpacon.TUNNEL), "route", URL],
                             env={"https_proxy": "http://u:canary1@p:1"})
    assert code == 0 and b"canary1" not in out and "canary1" not in err
    assert b"http://" in out and b"environment" in out


@pytest.mark.parametrize("bad", [[], ["nonsense"], ["https://a/", "more"]])
def test_usage(box, bad):
    code, _, _ = box.run([alpacon.program(alpacon.TUNNEL), "route", *bad])
    assert code == alpacon.EX_USAGE
