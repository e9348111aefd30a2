"""Bytes arrive whole: a large stream each way at once, many side by side,
through each kind of proxy."""
import pytest

import alpacon
import servers
import traffic
from conftest import LONG

MIB = 1 << 20
SIZE = (256 if LONG else 32) * MIB


def squid_basic(box):
    return [servers.squid(box, "basic").url()], servers.PASSWORD


def squid_digest(box):
    return [servers.squid(box, "digest").url()], servers.PASSWORD


def squid_ntlm(box):
    return [servers.squid(box, "ntlm").url()], servers.PASSWORD


def dante(box):
    return [servers.dante(box).url("socks5h")], servers.PASSWORD


def microsocks(box):
    return [servers.microsocks(box).url("socks5h")], None


def microsocks_then_squid(box):
    return [servers.microsocks(box).url("socks5h") + ","
            + servers.squid(box).url()], None


def direct(box):
    return [], None


@pytest.mark.parametrize("way", [squid_basic, squid_digest, squid_ntlm, dante,
                                 microsocks, microsocks_then_squid, direct])
def test_both_ways_at_once(box, way):
    proxies, password = way(box)
    path = alpacon.Path(box, proxies, password)
    target = traffic.Target()
    tunnel, port = path.operator.forward(target.port)
    assert traffic.exchange(port, 2, SIZE, target) == "ok"
    assert tunnel.stop() == 0
    path.stop()
    target.close()


def test_200_channels_side_by_side(box):
    proxies, password = squid_basic(box)
    path = alpacon.Path(box, proxies, password)
    target = traffic.Target()
    tunnel, port = path.operator.forward(target.port)
    assert traffic.exchanges(port, SIZE // 200, 200, target) == []
    assert tunnel.stop() == 0
    path.stop()
    target.close()


def test_several_forwards_and_operators(box):
    """-L twice in one process, and two processes, at the same time."""
    path = alpacon.Path(box)
    one, two = traffic.Target(), traffic.Target()
    op = path.operator
    a = op.start("web1", "-L", f"0:127.0.0.1:{one.port}",
                 "-L", f"0:localhost:{two.port}")
    first = int(a.wait_log(rf"ready: \S+:(\d+) -> web1 127\.0\.0\.1:{one.port}")
                .group(1))
    second = int(a.wait_log(rf"ready: \S+:(\d+) -> web1 localhost:{two.port}")
                 .group(1))
    _, third = op.forward(one.port)
    for port, target in ((first, one), (second, two), (third, one)):
        assert traffic.exchange(port, 2 * port, MIB, target) == "ok"
