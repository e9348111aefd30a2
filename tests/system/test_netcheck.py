"""alpacon-netcheck against real proxies, gateways and what is neither: the
exit code, the failed check and its cause, and the JSON's schema."""
import http.server
import json
import os
import threading

import jsonschema
import pytest

import alpacon
import certs
import kdc
import servers
import traffic
from proc import free_port

SCHEMA = os.path.join(alpacon.TOP, "connector", "netcheck",
                      "netcheck-1.schema.json")


@pytest.fixture(scope="module")
def path(module_box):
    p = alpacon.Path(module_box)
    yield p
    p.stop()


def netcheck(box, *args):
    return box.run([alpacon.program(alpacon.NETCHECK), *args],
                   name="netcheck", secs=40)


def report(path, box, want, proxies=("direct",), password=None, args=(),
           **where):
    """Its JSON, which keeps to the schema; and {check: status}."""
    code, out, err = netcheck(box, "--json", *args, *path.operator.options(
        proxies=list(proxies), password=password, **where))
    doc = json.loads(out)
    with open(SCHEMA) as f:
        jsonschema.validate(doc, json.load(f))
    status = {c["id"]: c["status"] for c in doc["checks"]}
    assert code == want, (status, err)
    for secret in (servers.PASSWORD, open(path.operator.token_file).read()):
        assert secret.strip() not in out.decode() + err
    return doc, status


def causes(doc):
    return {c["id"]: c["code"] for c in doc["checks"] if c.get("code")}


def test_direct(path, box):
    doc, status = report(path, box, 0)
    for check in ("env.ca", "tls.handshake", "tls.trust", "http.reach",
                  "ws.upgrade", "tunnel.auth", "tunnel.ping"):
        assert status[check] == "pass", status
    assert causes(doc) == {}


def test_through_squid_basic(path, box):
    squid = servers.squid(box, "basic")
    _, status = report(path, box, 0, [squid.url()], servers.PASSWORD)
    assert status["proxy.tcp"] == status["proxy.connect"] == "pass"


def test_the_probe_does_not_disturb_the_connector(path, box):
    seen = len(path.connector.proc.text())
    report(path, box, 0)
    assert "session-" not in path.connector.proc.text()[seen:]


def test_wrong_password(path, box):
    squid = servers.squid(box, "basic")
    doc, status = report(path, box, 14, [squid.url()], "wrong")
    assert status["proxy.connect"] == "fail"
    assert status["tls.handshake"] == "skip"
    assert causes(doc)["proxy.connect"] == "NC-131"


def test_no_password(path, box):
    squid = servers.squid(box, "basic")
    doc, _ = report(path, box, 14, [squid.url()])
    assert causes(doc)["proxy.connect"] == "NC-130"


@pytest.fixture(scope="module")
def negotiate(module_box):
    realm = kdc.Kdc(module_box)
    squid = servers.squid(module_box, "negotiate", more_auth={
        "negotiate": servers.negotiate(realm)})
    return realm, f"http://localhost:{squid.port}"


def kerberos(negotiate, box, path, want, env, *args):
    """The cause of proxy.connect."""
    code, out, err = box.run(
        [alpacon.program(alpacon.NETCHECK), "--json", *args,
         *path.operator.options(proxies=[negotiate[1]])],
        name="netcheck", secs=40, env=env)
    assert code == want, err
    return causes(json.loads(out)).get("proxy.connect")


def test_kerberos(negotiate, box, path):
    realm, _ = negotiate
    env = dict(realm.env, KRB5CCNAME=realm.kinit())
    assert kerberos(negotiate, box, path, 0, env) is None


def test_no_ticket(negotiate, box, path):
    assert kerberos(negotiate, box, path, 14, negotiate[0].env) == "NC-133"


def test_unknown_service(negotiate, box, path):
    realm, _ = negotiate
    env = dict(realm.env, KRB5CCNAME=realm.kinit())
    conf = box.write("spn.conf", "proxy_spn = HTTP@nowhere.test\n", 0o600)
    assert kerberos(negotiate, box, path, 14, env, "--config",
                    conf) == "NC-134"


@pytest.fixture
def fast_clock(box):
    """Our helper as it is where the clock is an hour ahead."""
    return {"ALPACON_GSS_HELPER": box.write(
        "fast-helper", "#!/bin/sh\nexec faketime -f +1h "
        f"{alpacon.program('alpacon-gss-helper')}\n", 0o755)}


def test_wrong_clock(negotiate, box, path, fast_clock):
    """With the ticket of a login when the clock was right."""
    realm, _ = negotiate
    env = dict(realm.env, KRB5CCNAME=realm.kinit(), **fast_clock)
    assert kerberos(negotiate, box, path, 14, env) == "NC-135"


@pytest.mark.parametrize("timesync, want, cause", [(1, 0, None),
                                                   (0, 14, "NC-135")])
def test_wrong_clock_at_login(negotiate, box, path, fast_clock, timesync,
                              want, cause):
    """A login of ours sets Kerberos' clock by the KDC's, if it may."""
    realm, _ = negotiate
    env = dict(realm.client(f"timesync{timesync}.conf", realm.port,
                            f"kdc_timesync = {timesync}"), **fast_clock)
    password = box.write("ann.password", kdc.PASSWORD + "\n", 0o600)
    assert kerberos(negotiate, box, path, want, env, "--proxy-user", kdc.USER,
                    "--proxy-password-file", password) == cause


def refusal(path, box, want, proxy, **where):
    """NC-nnn of the proxy's refusal, how sure it is, and the evidence."""
    doc, _ = report(path, box, want, [proxy], **where)
    check, = [c for c in doc["checks"] if c["id"] == "proxy.connect"]
    return check["code"], check["confidence"], check["evidence"]


def test_forbidden_port(path, box):
    code, sure, why = refusal(path, box, 15, servers.squid(box).url(),
                              url="https://127.0.0.1:25")
    assert (code, sure) == ("NC-140", "certain")
    assert why.startswith("port 443 of the same host is let through: ")


def test_forbidden_host(path, box):
    """Another host, which nobody has, is one that squid knows."""
    hosts = box.write("hosts", "127.0.0.1 alpacon-netcheck.invalid\n")
    code, sure, why = refusal(path, box, 15, servers.squid(
        box, hosts=hosts).url(), url="https://www.blocked.test")
    assert (code, sure) == ("NC-141", "certain")
    assert why.startswith("the same port of another host is let through: ")


def test_forbidden_name(path, box):
    squid = servers.squid(box, rules=["acl named dstdomain -n localhost",
                                      "http_access deny named"])
    code, sure, why = refusal(path, box, 15, squid.url(),
                              url=f"https://localhost:{path.gateway.port}")
    assert (code, sure) == ("NC-141", "certain")
    assert why.startswith("its address in place of the name")
    assert " let through: the proxy" in why


def test_filtered_user_agent(path, box):
    squid = servers.squid(box, rules=["acl ours browser ^alpacon",
                                      "http_access deny ours"])
    code, sure, why = refusal(path, box, 15, squid.url())
    assert (code, sure) == ("NC-146", "certain")
    assert why.startswith("another User-Agent is let through: ")


def test_forbidden_everything(path, box):
    squid = servers.squid(box, rules=["http_access deny all"])
    code, sure, why = refusal(path, box, 15, squid.url())
    assert (code, sure) == ("NC-141", "likely")
    assert why.startswith("nothing else is let through either (another "
                          "User-Agent, port 443 of the same host, ")


def test_a_wrong_password_is_sent_once(path, box):
    """It comes to light only by the contrasts: the name is denied before."""
    sent = []

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self):
            if self.path.startswith("localhost:"):
                self.send_error(403)
                return
            if "Proxy-Authorization" in self.headers:
                sent.append(self.path)
            self.send_response(407)
            self.send_header("Proxy-Authenticate", 'Basic realm="corp"')
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code, _, why = refusal(
            path, box, 15, f"http://127.0.0.1:{server.server_port}",
            url=f"https://localhost:{path.gateway.port}", password="wrong")
        server.shutdown()
    assert code == "NC-141"
    assert why.startswith("nothing else is let through either (another "
                          "User-Agent, port 443 of the same host): ")
    assert sent == [f"127.0.0.1:{path.gateway.port}"]


def test_the_contrasts_end_with_the_time(path, box):
    """A proxy that denies once, and is silent then."""
    answers = [b"HTTP/1.1 403 no\r\nContent-Length: 0\r\n\r\n"]

    def deny_once(c):
        while c.recv(1 << 16):
            if answers:
                c.sendall(answers.pop())

    t = traffic.Once(deny_once)
    code, sure, why = refusal(path, box, 15, f"http://127.0.0.1:{t.port}",
                              args=["--timeout", "1"])
    assert (code, sure) == ("NC-140", "likely")
    assert why.startswith("the proxy answered 403")


def test_dead_proxy(path, box):
    doc, status = report(path, box, 13, [f"http://127.0.0.1:{free_port()}"])
    assert status["proxy.tcp"] == "fail"
    assert causes(doc)["proxy.tcp"] == "NC-120"


def test_a_dead_first_proxy_is_a_warning(path, box):
    squid = servers.squid(box)
    proxies = [f"http://127.0.0.1:{free_port()}", squid.url()]
    doc, status = report(path, box, 0, proxies)
    assert status["proxy.tcp"] == "warn"
    report(path, box, 1, proxies, args=["--strict"])


def test_not_a_proxy(path, box):
    """A server that speaks first, and not HTTP."""
    t = traffic.Once(lambda c: (c.sendall(b"220 mail ready\r\n"), c.recv(9)))
    doc, _ = report(path, box, 13, [f"http://127.0.0.1:{t.port}"])
    assert causes(doc)["proxy.connect"] == "NC-121"


def test_nothing_listens(path, box):
    _, status = report(path, box, 16,
                       url=f"https://127.0.0.1:{free_port()}")
    assert status["tcp.target"] == "fail"


def test_no_such_name(path, box):
    doc, status = report(path, box, 11, url="https://nowhere.invalid")
    assert status["dns.target"] == "fail"
    assert causes(doc)["dns.target"] == "NC-101"


def test_unknown_ca(path, box):
    doc, status = report(path, box, 17, ca=certs.Authority(box, "other").cert)
    assert status["tls.trust"] == "fail"
    assert causes(doc)["tls.trust"] == "NC-161"


def test_wrong_token(path, box):
    wrong = box.write("wrong.token", "x" * 64 + "\n", 0o600)
    doc, status = report(path, box, 19, token=wrong)
    assert causes(doc)["tunnel.auth"] == "NC-190"


def test_without_a_token(path, box):
    code, out, _ = netcheck(box, "--json", "--url", path.gateway.url, "--ca",
                            path.gateway.ca.cert, "--proxy", "direct")
    status = {c["id"]: c["status"] for c in json.loads(out)["checks"]}
    assert code == 0
    assert status["http.reach"] == "pass"
    assert status["tunnel.auth"] == "skip"


def test_text_is_plain_in_a_pipe(path, box):
    code, out, _ = netcheck(box, "--ascii", *path.operator.options(
        proxies=["direct"]))
    text = out.decode("ascii")
    assert code == 0
    assert "\x1b" not in text
    assert "SUMMARY reachable" in text


def test_a_silent_proxy_ends_in_time(path, box):
    t = traffic.Once(lambda c: c.recv(1 << 16) and c.recv(1))
    _, status = report(path, box, 13, [f"http://127.0.0.1:{t.port}"],
                       args=["--timeout", "3"])
    assert status["proxy.connect"] == "fail"


@pytest.mark.parametrize("args, want", [
    (["--nonsense"], 64),
    ([], 64),
    (["--url", "https://x", "--config", "/nonexistent"], 78),
])
def test_usage(box, args, want):
    assert netcheck(box, *args)[0] == want
