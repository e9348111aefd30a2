"""PAC files, from the settings to the bytes: real squids, our programs, files
and servers that fail."""
import json
import os
import subprocess

import pytest

import alpacon
import certs
import netns
import servers
import traffic
import web
from proc import free_port, listens, until
from servers import PASSWORD, USER

URL = "https://acme.us1.alpacon.io/"
EXIT_PAC = 12


def says(answer):
    return ('function FindProxyForURL(url, host) {\n'
            f'  return "{answer}";\n}}\n')


@pytest.fixture
def www():
    servers_ = []

    def start(pages, **kw):
        servers_.append(web.Web(pages, **kw))
        return servers_[-1]
    yield start
    for s in servers_:
        s.close()


def tunnel(box, *args, env=None, conf="", secs=40, input=None):
    f = box.write(box.name("conf"), conf, 0o600)
    return box.run([alpacon.program(alpacon.TUNNEL), *map(str, args),
                    "--config", f], name="tunnel", secs=secs, input=input,
                   env=dict({"HOME": box.dir}, **(env or {})))


def route(box, *args, url=URL, **kw):
    code, out, err = tunnel(box, "route", "--json", url, *args, **kw)
    assert code == 0, err
    return json.loads(out)


def considered(got, source):
    return next(c for c in got["considered"] if c["source"] == source)


# --- the choice ---------------------------------------------------------------
def test_order_of_sources(box, www):
    w = www({"/p": says("PROXY a:1; SOCKS5 b; DIRECT")})
    conf = f"pac = {w.url('/p')}\n"
    env = {"https_proxy": "http://env:1"}
    got = route(box, conf=conf, env=env)
    assert got["source"] == "pac"
    assert got["route"] == ["http://a:1", "socks5h://b:1080", "direct"]
    assert considered(got, "pac")["pac"] == w.url("/p")
    assert considered(got, "environment")["lost"] == \
        "the PAC file is asked first"
    # a proxy by name is a stronger word, and nobody fetches anything
    w.asked.clear()
    for more, source in ((("--proxy", "c"), "command"), ((), "config")):
        text = conf + ("proxy = d\n" if source == "config" else "")
        assert route(box, *more, conf=text)["source"] == source
    assert w.asked == []
    # ... but a flag wins over the file
    got = route(box, "--pac", w.url("/p"), conf="proxy = d\n")
    assert got["source"] == "pac"


@pytest.mark.parametrize("socks, want", [
    ("4", ["socks4://b:1080"]), ("4a", ["socks4a://b:1080"]),
    ("5", ["socks5h://b:1080"]),
    ("5-then-4", ["socks5h://b:1080", "socks4://b:1080"])])
def test_socks(box, www, socks, want):
    w = www({"/p": says("SOCKS b")})
    got = route(box, conf=f"pac = {w.url('/p')}\npac_socks = {socks}\n")
    assert got["route"] == want


def test_url_and_host(box, www):
    """The path of an https URL is nobody's business, user info never is."""
    w = www({"/p": """function FindProxyForURL(url, host) {
        return "PROXY " + host + ":" + url.length;
    }"""})
    got = route(box, "--pac", w.url("/p"),
                url="https://u:canary1@Acme.Example:8443/secret?q")
    assert got["route"] == [
        f"http://acme.example:{len('https://acme.example:8443/')}"]
    got = route(box, "--pac", w.url("/p"), url="http://acme.example/a?b=c")
    assert got["route"] == [
        f"http://acme.example:{len('http://acme.example/a?b=c')}"]


def test_files(box):
    f = box.write("p.pac", says("PROXY a:1"))
    box.write("sub.conf", "")
    for pac in (f, "file://" + f, "data:," + says("PROXY a:1").replace(
            "\n", "%0A").replace(" ", "%20").replace('"', "%22")):
        got = route(box, "--pac", pac)
        assert got["route"] == ["http://a:1"], pac
    assert route(box, conf="pac = p.pac\n")["route"] == ["http://a:1"]


@pytest.mark.parametrize("text", ["ftp://h/p.pac", "http://u:canary1@h/p.pac",
                                  "javascript:alert(1)"])
def test_not_a_pac_file(box, text):
    code, _, err = tunnel(box, "route", URL, conf=f"pac = {text}\n")
    assert code == alpacon.EX_CONFIG and "pac: " in err and \
        "canary1" not in err


# --- failures are never silently direct ---------------------------------------
@pytest.fixture(scope="module")
def hello():
    t = traffic.Once(lambda c: c.sendall(b"hello"))
    yield t
    t.close()


BAD = {
    "gone": (None, "connect"),
    "missing": ((404, {}, "<html>no</html>"), "404"),
    "html": ("<!DOCTYPE html><html>log in</html>", "HTML"),
    "syntax": ("function FindProxyForURL(url, host) {\n  return 'x\n}",
               "line 2"),
    "throws": ("function FindProxyForURL(url, host) {\n  no_such();\n}",
               "no_such"),
    "number": ("function FindProxyForURL(url, host) { return 42; }",
               "a number"),
    "lacks": ("var x = 1;", "FindProxyForURL"),
    "loop": ("function FindProxyForURL(url, host) { for (;;); }",
             "1000 ms of the processor"),
}


@pytest.mark.parametrize("what", BAD)
def test_policies(box, www, hello, what):
    page, word = BAD[what]
    if page is None:
        pac = f"http://127.0.0.1:{free_port()}/p"
    else:
        pac = www({"/p": page}).url("/p")
    target = f"127.0.0.1:{hello.port}"
    for policy, code in (("next", alpacon.EX_UNAVAILABLE),
                         ("block", alpacon.EX_UNAVAILABLE), ("direct", 0)):
        got, out, err = tunnel(box, "dial", target, input=b"",
                               conf=f"pac = {pac}\npac_failure = {policy}\n")
        assert got == code, (policy, err)
        assert out == (b"hello" if code == 0 else b"")
        if code:
            assert word in err and pac in err, err
    # the next source, when there is one
    got = route(box, conf=f"pac = {pac}\n", env={"https_proxy": "e:1"})
    assert (got["source"], got["route"]) == ("environment", ["http://e:1"])
    assert word in considered(got, "pac")["lost"]


# --- the main job -------------------------------------------------------------
def test_main_job(box, www):
    """The workspace host by squid with a login, all else elsewhere; the first
    proxy is dead, the second one carries it."""
    squid = servers.squid(box, "basic")
    gateway = alpacon.Gateway(box).start()
    dead = free_port()
    w = www({"/p": f"""function FindProxyForURL(url, host) {{
        if (host == "localhost")
            return "PROXY 127.0.0.1:{dead}; PROXY 127.0.0.1:{squid.port}";
        return "PROXY elsewhere.invalid:1";
    }}"""})
    conf = (f"pac = {w.url('/p')}\n"
            f"credentials_for = 127.0.0.1:{squid.port}\n")
    connector = alpacon.Connector(gateway, extra=conf, user=USER,
                                  password=PASSWORD).start()
    assert f"via=http://127.0.0.1:{squid.port}" in connector.proc.text()
    assert w.asked == [(f"127.0.0.1:{w.port}", "/p")]
    target = traffic.Target()
    operator = alpacon.Operator(gateway, proxies=["direct"])
    _, local = operator.forward(target.port)
    assert traffic.exchanges(local, 2 << 20, 4, target) == []
    target.close()


def test_dead_proxy_rests(box, www):
    """The one that failed comes last for 5 minutes."""
    seen = []
    dead = traffic.Once(lambda c: seen.append(1))       # it closes
    squid = servers.squid(box)
    w = www({"/p": says(f"PROXY 127.0.0.1:{dead.port}; "
                        f"PROXY 127.0.0.1:{squid.port}")})
    gateway = alpacon.Gateway(box).start()
    port = free_port()

    def answer(c):
        """To all of the request: closed with bytes unread, a socket resets
        its connection."""
        head = b""
        while b"\r\n\r\n" not in head:
            b = c.recv(4096)
            if not b:
                return
            head += b
        c.sendall(b"hello")
    hello = traffic.Once(answer)
    alpacon.Connector(
        gateway, extra=f"pac = {w.url('/p')}\nmode = direct\n"
        f"listen_proxy = 127.0.0.1:{port}\nallow_host = *\n").start(wait=False)
    until("the local proxy", lambda: listens(port))
    for _ in range(3):
        code, out, err = box.run(
            ["curl", "-s", "-p", "-x", f"http://127.0.0.1:{port}",
             "--http0.9", f"http://127.0.0.1:{hello.port}/"], name="curl")
        assert (code, out) == (0, b"hello"), err
    assert len(seen) == 1
    dead.close()
    hello.close()


# --- logins -------------------------------------------------------------------
def test_login_of_a_file_without_tls(box, www, hello):
    """Whoever is on the way may name a proxy, but gets no password."""
    squid = servers.squid(box, "basic")
    answer = says(f"PROXY 127.0.0.1:{squid.port}")
    ca = certs.Authority(box)
    plain, secure = www({"/p": answer}), www(
        {"/p": answer}, cert=ca.sign("pac", ["127.0.0.1"]))
    pw = box.write("pw", PASSWORD + "\n", 0o600)
    conf = (f"proxy_user = {USER}\nproxy_password_file = {pw}\n"
            f"proxy_ca_file = {ca.cert}\n")
    target = f"127.0.0.1:{hello.port}"
    code, _, err = tunnel(box, "dial", target, input=b"",
                          conf=conf + f"pac = {plain.url('/p')}\n")
    assert code == alpacon.EX_UNAVAILABLE and "credentials_for" in err, err
    for pac, more in ((secure, ""), (plain, "credentials_for = "
                                     f"127.0.0.1:{squid.port}\n")):
        f = box.write(box.name("conf"), conf + more
                      + f"pac = {pac.url('/p')}\n", 0o600)
        p = box.start([alpacon.program(alpacon.TUNNEL), "dial", target,
                       "--config", f], name="dial", stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE)
        assert p.popen.stdout.read() == b"hello", p.text()
        p.popen.stdin.close()       # squid passes no half-close on
        assert p.wait() == 0, p.text()


# --- netcheck -----------------------------------------------------------------
def netcheck(box, *args, env=None, conf="", secs=40):
    f = box.write(box.name("conf"), conf, 0o600)
    return box.run([alpacon.program(alpacon.NETCHECK), *map(str, args),
                    "--config", f], name="netcheck", secs=secs,
                   env=dict({"HOME": box.dir, "TZ": "UTC"}, **(env or {})))


@pytest.mark.parametrize("page, code, cause", [
    ((404, {}, ""), EXIT_PAC, "NC-111"),
    (says("PROXY 127.0.0.1:1"), 13, "NC-112"),
    (says("DIRECT"), 16, "NC-113"),
])
def test_causes(box, www, page, code, cause):
    w = www({"/p": page})
    # nobody listens there
    url = f"https://127.0.0.1:{free_port()}"
    got, out, err = netcheck(box, url, "--json", "--pac", w.url("/p"))
    report = json.loads(out)
    assert got == code, out.decode() + err
    failed = [c for c in report["checks"] if c["status"] == "fail"]
    assert cause in [c["code"] for c in failed]
    pac = next(c for c in report["checks"] if c["id"] == "proxy.pac")
    assert pac["status"] == ("fail" if cause == "NC-111" else "pass")
    assert pac["target"] == w.url("/p")


def pac(box, script, *args, url=URL, env=None):
    f = script if "://" in script else box.write("x.pac", script)
    code, out, err = netcheck(box, "pac", f, "--url", url, "--json", *args,
                              env=env)
    got = json.loads(out)
    assert set(got) == {"result", "raw", "error", "warnings", "lookups",
                        "alerts", "engine", "elapsed_ms"}
    assert code == (0 if got["error"] is None else EXIT_PAC), err
    return got


def test_tool(box):
    got = pac(box, """function FindProxyForURL(url, host) {
        alert("hello " + host);
        if (isInNet("db.corp", "10.0.0.0", "255.0.0.0") &&
            myIpAddress() == "192.0.2.7" && weekdayRange("SUN"))
            return "PROXY p:1; JUNK; DIRECT";
        return "DIRECT";
    }""", "--dns", "db.corp=10.1.2.3", "--my-ip", "192.0.2.7",
        "--at", "2026-03-29T01:59:00Z")
    assert got["result"] == ["http://p:1", "direct"]
    assert got["raw"] == "PROXY p:1; JUNK; DIRECT"
    assert "JUNK" in got["warnings"][0]
    assert got["alerts"] == ["hello acme.us1.alpacon.io"]
    assert got["lookups"] == [
        {"what": "name", "name": "db.corp", "addresses": ["10.1.2.3"]},
        {"what": "own", "name": "", "addresses": ["192.0.2.7"]}]
    assert got["engine"].startswith("Duktape") and got["elapsed_ms"] < 5000


@pytest.mark.parametrize("script, stage, line, text", [
    ("function FindProxyForURL(url, host) {\n  return (1;\n}", "syntax", 2,
     "return (1;"),
    ("var x = 1;\nno_such();\nfunction FindProxyForURL() {}", "load", 2,
     "no_such"),
    ("\nfunction FindProxyForURL() {\n\n  throw new Error('bang');\n}",
     "run", 4, "bang"),
    ("function FindProxyForURL() { return null; }", "result", None, "null"),
])
def test_tool_errors(box, script, stage, line, text):
    got = pac(box, script)
    assert got["result"] is None
    assert got["error"]["stage"] == stage
    assert text in got["error"]["text"]
    if line:
        assert got["error"]["line"] == line


def test_tool_newer_than_es5(box):
    got = pac(box, """const hosts = new Set(["acme.us1.alpacon.io"]);
        class P { constructor(h) { this.h = h; } get s() { return `PROXY ${this.h}:1`; } }
        const FindProxyForURL = (url, host) => {
            const [a, ...rest] = [host];
            return hosts.has(a) ? new P("p").s : "DIRECT";
        };""")
    assert got["result"] == ["http://p:1"], got
    assert "JavaScriptCore" in got["engine"]


@pytest.mark.parametrize("args", [
    ["--at", "yesterday"], ["--my-ip", "h"], ["--dns", "x"],
    ["--dns", "x=y"]])
def test_tool_usage(box, args):
    code, out, err = netcheck(box, "pac", "/dev/null", "--url", URL, *args)
    assert (code, out) == (64, b"") and args[0] in err


def test_tool_dns_replaces_the_real_one(box):
    got = pac(box, """function FindProxyForURL(url, host) {
        return isResolvable("localhost") ? "DIRECT" : "PROXY p:1"; }""",
              "--dns", "a=192.0.2.1")
    assert got["result"] == ["http://p:1"]


# --- the desktop and WPAD -----------------------------------------------------
def test_desktop(box, www):
    w = www({"/p": says("PROXY a:1")})
    where = box.path("home/.config/glib-2.0/settings")
    os.makedirs(where)
    with open(os.path.join(where, "keyfile"), "w") as f:
        f.write("[system/proxy]\nmode='auto'\n"
                f"autoconfig-url='{w.url('/p')}'\n")
    env = {"HOME": box.path("home"), "XDG_CURRENT_DESKTOP": "GNOME",
           "DESKTOP_SESSION": "gnome", "GSETTINGS_BACKEND": "keyfile"}
    got = route(box, env=env)
    assert (got["source"], got["route"]) == ("system", ["http://a:1"])
    assert considered(got, "system")["pac"] == w.url("/p")


@pytest.mark.parametrize("domain", ["com", "corp", "co.uk", "10.1.2.3",
                                    "wpad"])
def test_wpad_domains(box, domain):
    code, _, err = tunnel(box, "route", URL,
                          conf=f"wpad = yes\nwpad_domains = {domain}\n")
    assert code == alpacon.EX_CONFIG and "wpad_domains" in err, err


def test_wpad(box):
    """Only the names that were listed are asked, never the bare one."""
    f = netns.Firewalled(box, 80, ["wpad.b.corp.example", "wpad"])
    file = box.write("wpad.dat", says("PROXY a:1"))
    here = os.path.dirname(os.path.abspath(web.__file__))
    s = f.world.start(box, ["/usr/bin/python3", f"{here}/web.py",
                            netns.WORLD, 80, f"/wpad.dat={file}"],
                      name="web")
    s.wait_log("listening")
    conf = box.write("conf", "wpad = yes\nproxy_from_system = no\n"
                     "wpad_domains = a.corp.example\n"
                     "wpad_domains = b.corp.example\n", 0o600)
    code, out, err = f.site.box_run(
        box, [alpacon.program(alpacon.TUNNEL), "route", "--json", URL,
              "--config", conf], env={"HOME": box.dir})
    assert code == 0, err
    got = json.loads(out)
    assert (got["source"], got["route"]) == ("wpad", ["http://a:1"])
    asked = {q.split()[-2] for q in f.packets("dst port 53")
             if "wpad" in q}
    assert asked == {"wpad.a.corp.example.", "wpad.b.corp.example."}, asked
    assert f.strangers() == []


# --- a daemon with a PAC file -------------------------------------------------
def test_alerts_reach_the_log(box, www):
    w = www({"/p": """function FindProxyForURL(url, host) {
        alert("canary of " + host); return "DIRECT"; }"""})
    gateway = alpacon.Gateway(box).start()
    c = alpacon.Connector(gateway, extra=f"pac = {w.url('/p')}\n").start()
    assert "canary of localhost" in c.proc.text()
    assert c.proc.stop() == 0
