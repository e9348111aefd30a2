"""Logins at real proxies: each scheme, right and wrong, alone and together."""
import re
import subprocess

import pytest

import servers
import traffic
from alpacon import EX_UNAVAILABLE, program
from proc import until
from servers import PASSWORD, USER


@pytest.fixture(scope="module")
def hello():
    t = traffic.Once(lambda c: c.sendall(b"hello"))
    yield t
    t.close()


class Proxy:
    """A squid, and what alpacon-tunnel dial says of it."""

    def __init__(self, box, schemes):
        self.box, self.squid = box, servers.squid(box, schemes)

    def dial(self, hello, user=USER, password=PASSWORD):
        """Exit code, what came from the far side, and the last sentence."""
        argv = [program("alpacon-tunnel"), "dial", "--proxy",
                self.squid.url(), f"127.0.0.1:{hello.port}"]
        if user:
            argv += ["--proxy-user", user, "--proxy-password-file",
                     self.box.write(self.box.name("pw"), password + "\n",
                                    0o600)]
        p = self.box.start(argv, name="dial", stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
        out = p.popen.stdout.read()
        p.popen.stdin.close()       # squid passes no half-close on
        return p.wait(), out, p.text()

    def requests(self):
        """Status and user of each request that squid has logged."""
        with open(self.squid.access_log) as f:
            all_ = [(int(line.split()[3].split("/")[1]), line.split()[7])
                    for line in f]
        return [r for r in all_ if r[0]]    # 0: who only looked for the port


@pytest.fixture(scope="module",
                params=["basic", "digest", "ntlm", "ntlm+digest+basic"])
def proxy(request, module_box):
    return Proxy(module_box, request.param)


def test_right(proxy, hello):
    before = len(proxy.requests())
    code, out, err = proxy.dial(hello)
    assert (code, out) == (0, b"hello"), err
    until("squid's log", lambda: len(proxy.requests()) > before)
    status, user = proxy.requests()[-1]
    assert status == 200 and user.lower().endswith(USER)


def test_wrong(proxy, hello):
    code, out, err = proxy.dial(hello, password="wrong")
    assert (code, out) == (EX_UNAVAILABLE, b""), err
    assert re.search(r"squid.*refuses this user name or password \(407 again "
                     r"after (Basic|Digest|NTLM)\)", err), err


def test_nobody(proxy, hello):
    code, out, err = proxy.dial(hello, user=None)
    assert code == EX_UNAVAILABLE and "demands a login" in err, err
    assert "configure a user and a password" in err


def test_one_rejection_is_enough(module_box, hello):
    """A wrong password is sent once, not once for each scheme."""
    p = Proxy(module_box, "digest+basic")
    code, _, err = p.dial(hello, password="wrong")
    assert code == EX_UNAVAILABLE, err
    until("squid's log", lambda: len(p.requests()) >= 2)
    assert [status for status, _ in p.requests()] == [407, 407]
