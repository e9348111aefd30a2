"""Our own programs: a gateway, connectors behind it, operators in front."""
import json
import os
import re
import shlex
import signal
import subprocess

import certs
import servers
from proc import free_port

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.environ.get("ALPACON_BUILD", os.path.join(TOP, "build"))

EX_USAGE, EX_UNAVAILABLE, EX_SOFTWARE, EX_NOPERM, EX_CONFIG = 64, 69, 70, 77, 78


def program(name):
    for d in ("", "connector/" + name.removeprefix("alpacon-")):
        p = os.path.join(BUILD, d, name)
        if os.access(p, os.X_OK):
            return p
    raise FileNotFoundError(f"{name} is not built in {BUILD}")


for variable, helper in {"GSS": "gss-helper", "SYSCFG": "syscfg-helper",
                         "PAC": "pac-helper",
                         "PAC_JSC": "pac-helper-jsc"}.items():
    os.environ.setdefault(f"ALPACON_{variable}_HELPER",
                          os.path.join(BUILD, f"alpacon-{helper}"))

GATEWAYD, CONNECTORD = "alpacon-gatewayd", "alpacon-connectord"
TUNNEL, NETCHECK = "alpacon-tunnel", "alpacon-netcheck"


def secret_of(text):
    """The secret that `gatewayd add` printed."""
    found = re.findall(r"^(?:key|token)\s+(\S{43,})$", text, re.M)
    assert len(found) == 1, f"no secret in {text!r}"
    return found[0]


class Gateway:
    def __init__(self, box, ca=None, cert=None, port=None, net=None,
                 listen="127.0.0.1", name="localhost", extra=""):
        self.box, self.net, self.host = box, net, name
        self.ca = ca or certs.Authority(box)
        self.cert = cert or self.ca.sign("gateway", [name])
        self.port = port or free_port()
        self.listen = listen
        self.state = box.path("gateway")
        os.makedirs(self.state, mode=0o700, exist_ok=True)
        self.audit = box.path("audit.log")
        self.extra = extra
        self.proc = None
        self.conf = self.write_conf()

    def write_conf(self):
        os.chmod(self.cert.key, 0o600)
        return self.box.write("gateway.conf", f"""listen = {self.listen}:{self.port}
cert_file = {self.cert.cert}
key_file = {self.cert.key}
connectors_file = {self.state}/connectors
operators_file = {self.state}/operators
audit_file = {self.audit}
{self.extra}
""", 0o600)

    @property
    def url(self):
        return f"https://{self.host}:{self.port}"

    def add(self, kind, name):
        """A new connector or operator; what gatewayd printed."""
        code, out, err = self.box.run(
            [program(GATEWAYD), "add", kind, name, "-c", self.conf],
            name="gatewayd-add")
        assert code == 0, f"add {kind} {name}: {err}"
        text = out.decode()
        secret = secret_of(text)
        if self.proc is not None:
            seen = len(self.proc.text())
            self.proc.signal(signal.SIGHUP)
            self.proc.wait_log("reloaded", since=seen)
        return text, secret

    def connector_identity(self, name):
        text, key = self.add("connector", name)
        m = re.search(r"^id\s+(\S+)$", text, re.M)
        assert m, f"no id in {text!r}"
        return m.group(1), key

    def operator_token(self, name="alice"):
        _, token = self.add("operator", name)
        return self.box.write(f"{name}.token", token + "\n", 0o600)

    def start(self):
        argv = [program(GATEWAYD), "-c", self.conf]
        self.proc = (self.net.start(self.box, argv, name="gatewayd")
                     if self.net else self.box.start(argv, name="gatewayd"))
        if self.net:
            self.net.wait_port(self.proc, self.port, self.listen)
        else:
            self.proc.wait_port(self.port)
        return self

    def audit_lines(self):
        if not os.path.exists(self.audit):
            return []
        with open(self.audit) as f:
            return [json.loads(line) for line in f if line.endswith("\n")]


class Connector:
    def __init__(self, gateway, name="web1", proxies=(), extra="", env=None,
                 net=None, identity=None, password=None, user=None,
                 url=None, ca=None):
        self.box, self.gateway, self.name = gateway.box, gateway, name
        self.net, self.env = net, env
        self.id, self.key = identity or gateway.connector_identity(name)
        lines = [f"url = {url or gateway.url}",
                 f"id = {self.id}",
                 "key_file = "
                 + self.box.write(f"{name}.key", self.key + "\n", 0o600),
                 f"ca_file = {ca or gateway.ca.cert}"]
        lines += [f"proxy = {p}" for p in proxies]
        if user:
            lines.append(f"proxy_user = {user}")
        if password:
            f = self.box.write(f"{name}.proxypw", password + "\n", 0o600)
            lines.append(f"proxy_password_file = {f}")
        lines.append(extra)
        self.conf = self.box.write(f"{name}.conf", "\n".join(lines) + "\n",
                                   0o600)
        self.proc = None

    def start(self, wait=True):
        argv = [program(CONNECTORD), "-c", self.conf]
        self.proc = (self.net.start(self.box, argv, name="connectord",
                                    env=self.env) if self.net
                     else self.box.start(argv, name="connectord",
                                         env=self.env))
        if wait:
            self.wait_up()
        return self

    def wait_up(self, secs=20, since=0):
        self.proc.wait_log("ready: the gateway has answered", secs, since)
        return self


class Operator:
    """An operator's alpacon-tunnel."""

    def __init__(self, gateway, token_file=None, proxies=(), net=None,
                 password=None):
        self.box, self.gateway, self.net = gateway.box, gateway, net
        self.token_file = token_file or gateway.operator_token()
        self.proxies = list(proxies)
        self.password = password

    def options(self, url=None, ca=None, token=None, proxies=None,
                password=None):
        """Where to and who, also netcheck's."""
        a = ["--url", url or self.gateway.url,
             "--token-file", token or self.token_file,
             "--ca", ca or self.gateway.ca.cert]
        return a + proxy_options(
            self.box, self.proxies if proxies is None else proxies,
            password or self.password)

    def argv(self, *args, **kw):
        return [program(TUNNEL), *self.options(**kw), *map(str, args)]

    def run(self, *args, input=None, secs=30, name="tunnel", **kw):
        argv = self.argv(*args, **kw)
        if self.net:
            argv = self.net.enter + argv
        return self.box.run(argv, name=name, input=input, secs=secs)

    def start(self, *args, name="tunnel", stdin=subprocess.DEVNULL,
              stdout=None, **kw):
        argv = self.argv(*args, **kw)
        if self.net:
            argv = self.net.enter + argv
        return self.box.start(argv, name=name, stdin=stdin, stdout=stdout)

    def forward(self, target_port, server="web1", host="127.0.0.1",
                verbose=False, **kw):
        """-L on a free port, ready: (process, local port)."""
        p = self.start(server, *(["-v"] if verbose else []),
                       "-L", f"0:{host}:{target_port}", **kw)
        m = p.wait_log(r"ready: 127\.0\.0\.1:(\d+) -> ")
        return p, int(m.group(1))


def proxy_options(box, proxies, password=None):
    """--proxy for each; a password goes into a file, never on the line."""
    a = []
    for p in proxies:
        a += ["--proxy", p]
    if password is not None:
        f = box.write(box.name("proxy-password"), password + "\n", 0o600)
        a += ["--proxy-user", servers.USER, "--proxy-password-file", f]
    return a


class Path:
    """The whole of it: a proxy that is the way of both, a gateway, a
    connector for "web1", an operator."""

    def __init__(self, box, proxies=(), password=None, gateway_extra="",
                 **connector):
        self.box = box
        self.gateway = Gateway(box, extra=gateway_extra).start()
        self.connector = Connector(
            self.gateway, proxies=proxies, password=password,
            user=servers.USER if password else None, **connector).start()
        self.operator = Operator(self.gateway, proxies=proxies,
                                 password=password)

    def stop(self):
        """In order; everyone says 0 (and, with sanitizers, has no leak)."""
        for p in (self.connector.proc, self.gateway.proc):
            if p.alive():
                assert p.stop() == 0, f"{p.name}: {p.text()[-2000:]}"


def shell(argv):
    return " ".join(shlex.quote(str(a)) for a in argv)
