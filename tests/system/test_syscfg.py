"""The system's proxy settings: the real libproxy, the real GSettings, whose
keyfile backend needs a home and no desktop, and KDE's kreadconfig5, which needs
no more; and helpers that fail."""
import json
import os
import signal
import socket
import struct
import time

import pytest

import alpacon
import web
from proc import free_port

URL = "https://acme.us1.alpacon.io/"
HELPER = os.path.join(alpacon.BUILD, "alpacon-syscfg-helper")
MANUAL = """[system/proxy]
mode='manual'
ignore-hosts=['*.corp', 'odd.example:8443']
[system/proxy/https]
host='gproxy'
port=3128
[system/proxy/http]
host='hproxy'
port=3129
[system/proxy/socks]
host='gsocks'
port=1080
"""
OURS = ("system", ["http://gproxy:3128", "socks5h://gsocks:1080"])
NOTHING = ("default", ["direct"])


def desktop(box, settings):
    """The environment of a GNOME session with these settings."""
    where = box.path("home/.config/glib-2.0/settings")
    os.makedirs(where, exist_ok=True)
    with open(os.path.join(where, "keyfile"), "w") as f:
        f.write(settings)
    return {"HOME": box.path("home"), "XDG_CURRENT_DESKTOP": "GNOME",
            "DESKTOP_SESSION": "gnome", "GSETTINGS_BACKEND": "keyfile"}


def kde(box, settings):
    """The environment of a KDE session with these settings."""
    os.makedirs(box.path("home/.config"), exist_ok=True)
    box.write("home/.config/kioslaverc", "[Proxy Settings]\n" + settings)
    return {"HOME": box.path("home"), "XDG_CURRENT_DESKTOP": "KDE",
            "KDE_FULL_SESSION": "true", "KDE_SESSION_VERSION": "5"}


def route(box, *args, env=None, url=URL):
    code, out, err = box.run(
        [alpacon.program(alpacon.TUNNEL), "route", "--json", *args, url],
        name="route", env=dict({"HOME": box.dir}, **(env or {})))
    assert code == 0, err
    return json.loads(out)


def chosen(got):
    return got["source"], got["route"]


def lost(got):
    return next(c["lost"] for c in got["considered"]
                if c["source"] == "system")


def helper(box, script):
    """A helper that is not ours."""
    path = box.write("helper", "#!/bin/sh\n" + script, 0o700)
    return {"ALPACON_SYSCFG_HELPER": path}


# --- the real one -------------------------------------------------------------
@pytest.mark.parametrize("url, want", [
    (URL, OURS), ("wss://acme.us1.alpacon.io/path?canary1", OURS),
    ("http://acme.example/", ("system", ["http://hproxy:3129",
                                         "socks5h://gsocks:1080"])),
    # its exceptions are its own business
    ("https://x.corp/", NOTHING), ("https://odd.example/", OURS),
    ("https://odd.example:8443/", NOTHING),
    ("https://[2001:db8::1]:8443/", OURS),
])
def test_gnome(box, url, want):
    assert chosen(route(box, url=url, env=desktop(box, MANUAL))) == want


KDE_MANUAL = """ProxyType=1
httpsProxy=http://kproxy 3128
httpProxy=http://hproxy 3129
NoProxyFor=.corp,odd.example:8443
"""


@pytest.mark.parametrize("settings, url, want", [
    (KDE_MANUAL, URL, ("system", ["http://kproxy:3128"])),
    (KDE_MANUAL, "http://acme.example/", ("system", ["http://hproxy:3129"])),
    (KDE_MANUAL, "https://x.corp/", NOTHING),
    (KDE_MANUAL, "https://odd.example:8443/", NOTHING),
    (KDE_MANUAL, "https://odd.example/", ("system", ["http://kproxy:3128"])),
    ("ProxyType=1\nsocksProxy=socks://ksocks 1080\n", URL,
     ("system", ["socks5h://ksocks:1080"])),
    (KDE_MANUAL + "ReversedException=true\n", URL, NOTHING),
])
def test_kde(box, settings, url, want):
    assert chosen(route(box, url=url, env=kde(box, settings))) == want


def test_kde_comes_before_gnome(box):
    """Of the two, in a session of KDE."""
    gnome = desktop(box, "[system/proxy]\nmode='auto'\n")
    env = dict(gnome, **kde(box, KDE_MANUAL))
    assert chosen(route(box, env=env)) == ("system", ["http://kproxy:3128"])


def test_nothing_is_set(box):
    for env in ({}, desktop(box, "[system/proxy]\nmode='none'\n"),
                kde(box, ""), kde(box, "ProxyType=0\n")):
        got = route(box, env=env)
        assert chosen(got) == NOTHING
        assert lost(got) == "no answer"


GNOME_PAC = "[system/proxy]\nmode='auto'\nautoconfig-url='{}'\n"
KDE_PAC = "ProxyType=2\nProxy Config Script={}\n"


@pytest.mark.parametrize("session, settings", [
    (desktop, GNOME_PAC), (kde, KDE_PAC)], ids=["gnome", "kde"])
def test_pac_file(box, session, settings):
    """It is asked, and by us: libproxy has no part in it."""
    w = web.Web({"/x.pac": "function FindProxyForURL(url, host) {"
                 " return 'PROXY ' + host + ':1'; }"})
    env = session(box, settings.format(w.url("/x.pac")))
    got = route(box, env=env)
    assert chosen(got) == ("system", ["http://acme.us1.alpacon.io:1"])
    assert len(w.asked) == 1
    w.close()


@pytest.mark.parametrize("session, settings", [
    (desktop, GNOME_PAC), (kde, KDE_PAC)], ids=["gnome", "kde"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.pac",
                                 "http://u:canary1@127.0.0.1:1/x.pac"])
def test_pac_file_fails(box, session, settings, url):
    """Never silently direct."""
    code, _, err = box.run(
        [alpacon.program(alpacon.TUNNEL), "route", "--json", URL],
        name="route", env=dict({"HOME": box.dir},
                               **session(box, settings.format(url))))
    assert code == alpacon.EX_UNAVAILABLE or code == alpacon.EX_CONFIG
    assert "no other source names a proxy" in err and "canary1" not in err


@pytest.mark.parametrize("session, settings", [
    (desktop, "[system/proxy]\nmode='auto'\n"), (kde, "ProxyType=3\n"),
    (kde, KDE_PAC.format(""))], ids=["gnome", "kde", "kde-no-url"])
def test_wpad_is_not_done(box, session, settings):
    got = route(box, env=session(box, settings))
    assert lost(got) == "the desktop wants WPAD, which is done only with " \
        "wpad = yes and wpad_domains"


def test_password_stays_secret(box):
    env = desktop(box, MANUAL.replace("host='hproxy'", "host='hproxy'\n"
                                      "use-authentication=true\n"
                                      "authentication-user='ann'\n"
                                      "authentication-password='canary1'"))
    got = route(box, url="http://acme.example/", env=env)
    assert got["route"][0] == "http://hproxy:3129"
    assert "canary1" not in json.dumps(got)


def ask_helper(box, question):
    """Without a library in front that would see to it."""
    ours, its = socket.socketpair()
    with ours, its:
        p = box.start([HELPER], name="helper", stdin=its,
                      env=desktop(box, MANUAL))
        its.close()
        ours.settimeout(10)
        ours.sendall(struct.pack(">I", len(question)) + question)
        with ours.makefile("rb") as got:
            answer = got.read(struct.unpack(">I", got.read(4))[0])
    assert p.wait(10) == 0
    return answer


PROXY, REFUSED = b"\x01", b"\x03"


@pytest.mark.parametrize("question, kind", [
    (b"\1\x01\xbba.example", PROXY), (b"\0\0\x50[::1]", REFUSED),
    (b"\1\x01\xbb2001:db8::1", PROXY), (b"\1\x01\xbbg::1", REFUSED),
    (b"\1\x01\xbb" + b"a" * 255, PROXY),
    (b"\1\x01\xbb" + b"a" * 256, REFUSED),
    # no scheme of ours, no port, no host, half a question
    (b"\2\x01\xbba", REFUSED), (b"\1\0\0a", REFUSED),
    (b"\1\x01\xbb", REFUSED), (b"\1\x01", REFUSED), (b"", REFUSED),
    # into JavaScript, into a head, into a URL, cut off, an option
    (b"\1\x01\xbba');alert('", REFUSED), (b"\1\x01\xbba\r\nX:", REFUSED),
    (b"\1\x01\xbbu:p@a", REFUSED), (b"\1\x01\xbba/p", REFUSED),
    (b"\1\x01\xbba\0b", REFUSED), (b"\1\x01\xbb-a", REFUSED),
    (b"\1\x01\xbb" + "b\u00fccher".encode(), REFUSED),
])
def test_only_hosts_are_asked_for(box, question, kind):
    assert ask_helper(box, question)[:1] == kind


# --- the order ----------------------------------------------------------------
@pytest.mark.parametrize("args, env, want", [
    (["--proxy", "http://c:1"], {}, ("command", ["http://c:1"])),
    (["--proxy", "none"], {}, ("command", ["direct"])),
    ([], {"https_proxy": "http://e:1"}, ("environment", ["http://e:1"])),
    ([], {"https_proxy": ""}, ("environment", ["direct"])),
])
def test_not_asked(box, args, env, want):
    asked = box.path("asked")
    env = dict(helper(box, f"touch {asked}; exit 1"), **env)
    got = route(box, *args, env=env)
    assert chosen(got) == want
    assert lost(got) == "not asked: the proxy is known without it"
    assert not os.path.exists(asked)


def test_switched_off(box):
    f = box.write("tunnel.conf", "proxy_from_system = no\n", 0o600)
    got = route(box, "--config", f, env=desktop(box, MANUAL))
    assert chosen(got) == NOTHING
    assert lost(got) == "switched off"


def test_environments_exceptions(box):
    env = dict(desktop(box, MANUAL), no_proxy="alpacon.io")
    got = route(box, env=env)
    assert (got["source"], got["route"]) == ("system", ["direct"])
    assert got["no_proxy_match"] == "alpacon.io"


# --- helpers that fail --------------------------------------------------------
@pytest.mark.parametrize("script, why", [
    ("kill -SEGV $$", "was killed by signal 11"),
    ("echo oh dear >&2; exit 3", "ended with status 3: oh dear"),
    ("printf '\\0\\0\\0\\1x'; sleep 10", "answered with nonsense"),
    ("printf '\\377\\377\\377\\377'; sleep 10", "announced a message of"),
])
def test_crash_is_a_note(box, script, why):
    got = route(box, env=helper(box, script))
    assert chosen(got) == NOTHING
    assert "alpacon-syscfg-helper " + why in lost(got)


@pytest.mark.alone
def test_hanging_costs_the_deadline(box):
    start = time.monotonic()
    got = route(box, env=helper(box, "exec sleep 60"))
    assert 2.5 < time.monotonic() - start < 6
    assert chosen(got) == NOTHING
    assert lost(got) == "alpacon-syscfg-helper did not answer within 3000 ms"


def test_no_helper(box):
    got = route(box, env={"ALPACON_SYSCFG_HELPER": box.path("none")})
    assert chosen(got) == NOTHING
    assert lost(got) == "alpacon-syscfg-helper is not installed"


def test_helper_refuses_a_terminal(box):
    code, _, _ = box.run([HELPER])
    assert code == 64


# --- the connector ------------------------------------------------------------
SYSTEM = "proxy_from_system = yes\n"


@pytest.fixture
def gateway(box):
    return alpacon.Gateway(box).start()


@pytest.mark.alone
def test_connector_goes_on_while_it_asks(box, gateway):
    """A helper that hangs costs an attempt 3 s, and holds nothing else up."""
    c = alpacon.Connector(gateway, extra=SYSTEM, env=helper(box, "exit 3"))
    c.start()
    assert "status 3): connections are direct" in c.proc.text()
    box.write("helper", "#!/bin/sh\nexec sleep 60\n", 0o700)
    seen = len(c.proc.text())
    c.proc.signal(signal.SIGHUP)
    c.proc.wait_log("new settings are in use", since=seen)
    start = time.monotonic()
    gateway.proc.stop()
    gateway.start()                     # the next attempt asks
    time.sleep(0.5)
    c.proc.signal(signal.SIGUSR1)       # the loop runs
    c.proc.wait_log("local connections", since=seen)
    c.proc.wait_log(r"3000 ms\): connections are direct", since=seen)
    assert 2.5 < time.monotonic() - start < 10
    # leaving does not wait for an answer
    seen = len(c.proc.text())
    c.proc.signal(signal.SIGHUP)
    c.proc.wait_log("new settings are in use", since=seen)
    gateway.proc.stop()
    start = time.monotonic()
    time.sleep(0.5)
    c.proc.signal(signal.SIGTERM)
    assert c.proc.wait(10) == 0
    assert time.monotonic() - start < 2.5


def test_connector_does_not_ask_by_itself(box, gateway):
    asked = box.path("asked")
    c = alpacon.Connector(gateway, env=helper(box, f"touch {asked}; exit 1"))
    c.start()
    assert not os.path.exists(asked)


@pytest.fixture
def proxied():
    with socket.create_server(("127.0.0.1", 0)) as s:
        s.settimeout(20)
        yield s


def test_connector_goes_through_it(box, gateway, proxied):
    """First directly; after SIGHUP, to the proxy that GNOME names by then."""
    env = desktop(box, "[system/proxy]\nmode='none'\n")
    # loopback is never a proxy's: a name that only a proxy could know
    c = alpacon.Connector(gateway, extra=SYSTEM, env=env,
                          url="https://gateway.invalid:8443")
    c.start(wait=False)
    c.proc.wait_log("\\(no answer\\): connections are direct")
    desktop(box, MANUAL.replace("'gproxy'", "'127.0.0.1'").replace(
        "3128", str(proxied.getsockname()[1])))
    c.proc.signal(signal.SIGHUP)
    conn, _ = proxied.accept()
    with conn:
        conn.settimeout(20)
        assert conn.recv(64).startswith(b"CONNECT gateway.invalid:8443 ")


# --- netcheck and dial --------------------------------------------------------
def netcheck(box, *args, env):
    start = time.monotonic()
    code, out, err = box.run(
        [alpacon.program(alpacon.NETCHECK), "--json", *args,
         f"https://127.0.0.1:{free_port()}"], name="netcheck",
        env=dict({"HOME": box.dir}, **env))
    return code, json.loads(out), time.monotonic() - start


def test_netcheck_tells_of_a_crash(box):
    code, got, _ = netcheck(box, env=helper(box, "kill -SEGV $$"))
    assert code == 16                   # and has gone on, directly
    assert "direct (default); system settings: alpacon-syscfg-helper was " \
        "killed by signal 11" in json.dumps(got)


@pytest.mark.alone
def test_netchecks_deadline_counts(box):
    code, got, took = netcheck(box, "--timeout", "1",
                               env=helper(box, "exec sleep 60"))
    assert code != 0 and took < 2.5, got


def test_dial_goes_through_it(box, proxied):
    env = desktop(box, MANUAL.replace("'gproxy'", "'127.0.0.1'").replace(
        "3128", str(proxied.getsockname()[1])))
    box.start([alpacon.program(alpacon.TUNNEL), "dial", "far.invalid:22"],
              name="dial", env=env)
    conn, _ = proxied.accept()
    with conn:
        conn.settimeout(20)
        assert conn.recv(64).startswith(b"CONNECT far.invalid:22 ")
