"""TLS to the proxy: haproxy in front of squid, with its own CA, with client
certificates, with everything that can be wrong about either."""
import json
import os
import signal
import subprocess

import pytest

import alpacon
import certs
import servers
import traffic


@pytest.fixture(scope="module")
def ca(module_box):
    return certs.Authority(module_box, "proxyca")


@pytest.fixture(scope="module")
def client_ca(module_box):
    return certs.Authority(module_box, "clientca")


@pytest.fixture(scope="module")
def squid(module_box):
    return servers.squid(module_box)


@pytest.fixture(scope="module")
def path(module_box):
    p = alpacon.Path(module_box)
    yield p
    p.stop()


def front(box, squid, cert, **kw):
    s = servers.haproxy_tls(box, squid.port, cert, **kw)
    s.host = "localhost"
    return s


@pytest.fixture(scope="module")
def plain(module_box, squid, ca):
    return front(module_box, squid, ca.sign("proxy"))


@pytest.fixture(scope="module")
def strict(module_box, squid, ca, client_ca):
    """Demands a certificate."""
    return front(module_box, squid, ca.sign("strict"),
                 client_ca=client_ca.cert)


def ours(client_ca, name="client", **kw):
    """A client's certificate, its key 0600."""
    c = client_ca.sign(name, [name], usage="clientAuth", **kw)
    os.chmod(c.key, 0o600)
    return c


def options(ca, cert=None):
    a = ["--proxy-ca", ca.cert]
    return a + (["--proxy-cert", cert.cert, "--proxy-key", cert.key]
                if cert else [])


def argv(urls, target, *more):
    a = [alpacon.program(alpacon.TUNNEL), "dial", *more]
    for u in urls if isinstance(urls, list) else [urls]:
        a += ["--proxy", u]
    return [*a, f"127.0.0.1:{target.port}"]


def works(box, urls, *more):
    """Standard input stays open: squid knows no half-close."""
    t = traffic.Once(lambda c: c.sendall(c.recv(100).upper()))
    p = box.start(argv(urls, t, *more), name="dial", stdin=subprocess.PIPE,
                  stdout=subprocess.PIPE)
    p.popen.stdin.write(b"hello")
    p.popen.stdin.flush()
    out = p.popen.stdout.read()
    p.popen.stdin.close()
    return p.wait() == 0 and (out, p.text()) == (b"HELLO", "")


def dial(box, urls, *more):
    t = traffic.Once(lambda c: c.recv(1))
    return box.run(argv(urls, t, *more), name="dial")


def refused(got, port):
    """What follows the place in its one line."""
    code, out, err = got
    assert (code, out) == (alpacon.EX_UNAVAILABLE, b""), err
    start = f"alpacon-tunnel: tls: via localhost:{port}: "
    assert err.startswith(start) and err.count("\n") == 1, err
    return err.removeprefix(start).strip()


# --- what works ---------------------------------------------------------------
def test_own_ca(box, plain, ca):
    assert works(box, plain.url("https"), *options(ca))


def test_client_certificate(box, strict, ca, client_ca):
    cert = ours(client_ca)
    url = strict.url("https")
    assert works(box, url, *options(ca, cert))
    with open(cert.cert) as c, open(cert.key) as k:
        both = box.write("both.pem", k.read() + c.read(), 0o600)
    assert works(box, url, *options(ca), "--proxy-cert", both)


def test_chain(box, strict, ca, client_ca):
    """http, then https, then the host; and TLS in TLS in TLS."""
    cert = ours(client_ca)
    first = servers.squid(box)
    url = first.url() + "," + strict.url("https")
    assert works(box, url, *options(ca, cert))
    outer = front(box, first, ca.sign("outer"))
    url = outer.url("https") + "," + strict.url("https")
    assert works(box, url, *options(ca, cert))


def test_next_proxy_after_a_bad_one(box, plain, squid, ca):
    old = front(box, squid, ca.sign("old", days=-1))
    assert works(box, [old.url("https"), plain.url("https")], *options(ca))


# --- what does not --------------------------------------------------------------
def test_unknown_ca(box, plain):
    other = certs.Authority(box, "other")
    said = refused(dial(box, plain.url("https"), *options(other)), plain.port)
    assert said == ('the certificate of the proxy was issued by "alpacon test '
                    'proxyca", which is not trusted here (proxy_ca_file can '
                    'name its CA)')


def test_expired(box, squid, ca):
    s = front(box, squid, ca.sign("expired", days=-1))
    said = refused(dial(box, s.url("https"), *options(ca)), s.port)
    assert said == ("the certificate of the proxy expired on 2020-02-01 00:00 "
                    "UTC")


def test_wrong_name(box, squid, ca):
    s = front(box, squid, ca.sign("wrong", ["proxy.corp.test"], ["10.1.2.3"]))
    said = refused(dial(box, s.url("https"), *options(ca)), s.port)
    assert said == ("the certificate of the proxy is not for localhost but "
                    "for proxy.corp.test, 10.1.2.3")


DEMANDED = "the proxy demands a client certificate: set proxy_cert"
REFUSED = "the proxy does not accept our client certificate ({}): see proxy_cert"


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_client_certificate_is_missing_or_wrong(box, squid, ca, client_ca,
                                                version):
    s = front(box, squid, ca.sign("strict2"), client_ca=client_ca.cert,
              version=version)
    url = s.url("https")
    for _ in range(5):      # a write may meet the reset before the alert
        assert refused(dial(box, url, *options(ca)), s.port) == DEMANDED
    strange = ours(certs.Authority(box, "strangeca"), "strange")
    assert refused(dial(box, url, *options(ca, strange)), s.port) == \
        REFUSED.format("unknown CA")
    old = ours(client_ca, "old-client", days=-1)
    assert refused(dial(box, url, *options(ca, old)), s.port) == \
        REFUSED.format("certificate expired")


def test_no_certificate_is_final(box, strict, plain, ca):
    """As a wrong password is: the next proxy is not asked."""
    got = dial(box, [strict.url("https"), plain.url("https")], *options(ca))
    assert refused(got, strict.port) == DEMANDED


def test_files(box, plain, ca, client_ca):
    cert = ours(client_ca, "files")
    url = plain.url("https")

    def wrong(*more):
        code, out, err = dial(box, url, "--proxy-ca", ca.cert, *more)
        assert out == b"" and err.count("\n") == 1, err
        return code, err

    os.chmod(cert.key, 0o640)
    _, err = wrong("--proxy-cert", cert.cert, "--proxy-key", cert.key)
    assert f"--proxy-key: {cert.key}: others than its owner may open it" in err
    os.chmod(cert.key, 0o600)
    _, err = wrong("--proxy-key", cert.key)
    assert "--proxy-key: there is no proxy_cert" in err
    _, err = wrong("--proxy-cert", "/nonexistent", "--proxy-key", cert.key)
    assert "/nonexistent: No such file" in err
    os.chmod(cert.cert, 0o600)
    _, err = wrong("--proxy-cert", cert.cert)
    assert f"key file {cert.cert}: " in err
    other = ours(client_ca, "others")
    _, err = wrong("--proxy-cert", cert.cert, "--proxy-key", other.key)
    assert f"{other.key}: it is not the key of the certificate in " \
        f"{cert.cert}" in err


# --- the connector ---------------------------------------------------------------
def connector(path, ca, cert, url, name):
    return alpacon.Connector(
        path.gateway, name=name, proxies=[url],
        extra=f"proxy_ca_file = {ca.cert}\nproxy_cert = {cert.cert}\n"
        f"proxy_key = {cert.key}\n")


def test_a_forward_in_tls_in_tls(box, path, strict, ca, client_ca):
    cert = ours(client_ca, "connector")
    web = connector(path, ca, cert, strict.url("https"), "web-tls").start()
    target = traffic.Target()
    op = path.operator
    p = op.start("web-tls", "-L", f"0:127.0.0.1:{target.port}",
                 *options(ca, cert), proxies=[strict.url("https")])
    port = int(p.wait_log(r"ready: 127\.0\.0\.1:(\d+) -> ").group(1))
    assert traffic.exchange(port, 7, 8 << 20, target) == "ok"
    assert p.stop() == 0
    assert web.proc.stop() == 0
    target.close()


def test_reload(path, box, strict, ca, client_ca):
    """A certificate that was wrong is put right, and HUP says so."""
    cert = ours(client_ca, "reloaded")
    wrong = ours(certs.Authority(box, "wrongca"), "reloaded-wrong")
    with open(cert.cert) as c, open(cert.key) as k:
        right = c.read(), k.read()
    for ours_, theirs in ((cert.cert, wrong.cert), (cert.key, wrong.key)):
        with open(theirs) as f, open(ours_, "w") as g:
            g.write(f.read())
    web = connector(path, ca, cert, strict.url("https"), "web-reload")
    web.start(wait=False)
    web.proc.wait_log("does not accept our client certificate")
    os.chmod(cert.key, 0o644)
    seen = len(web.proc.text())
    web.proc.signal(signal.SIGHUP)
    web.proc.wait_log("chmod 600", since=seen)
    os.chmod(cert.key, 0o600)
    for f, text in zip((cert.cert, cert.key), right):
        with open(f, "w") as g:
            g.write(text)
    web.proc.signal(signal.SIGHUP)
    web.wait_up()
    assert web.proc.stop() == 0


# --- netcheck ---------------------------------------------------------------------
def netcheck(path, box, want, url, *more):
    code, out, err = box.run(
        [alpacon.program(alpacon.NETCHECK), "--json", *more,
         *path.operator.options(proxies=[url])], name="netcheck", secs=40)
    doc = json.loads(out)
    checks = {c["id"]: c for c in doc["checks"]}
    assert code == want, (out.decode(), err)
    return checks


def test_netcheck_is_content(path, box, strict, ca, client_ca):
    checks = netcheck(path, box, 0, strict.url("https"),
                      *options(ca, ours(client_ca, "netcheck")))
    assert checks["proxy.tls"]["status"] == "pass"
    assert checks["tls.trust"]["status"] == "pass"


def test_netcheck_blames_the_certificate(path, box, squid, strict, ca,
                                         client_ca):
    strange = ours(certs.Authority(box, "strangeca"), "strange")
    old = front(box, squid, ca.sign("old", days=-1))
    for server, cert, words in (
            (strict, None, "set proxy_cert"),
            (strict, strange, "unknown CA"),
            (old, None, "expired on 2020")):
        checks = netcheck(path, box, 13, server.url("https"),
                          *options(ca, cert))
        tls = checks["proxy.tls"]
        assert (tls["status"], tls["code"]) == ("fail", "NC-167"), tls
        assert words in json.dumps(tls)
        assert checks["proxy.connect"]["status"] == "skip"
        assert checks["tls.handshake"]["status"] == "skip"
