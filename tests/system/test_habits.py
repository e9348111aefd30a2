"""What is learned of the ways: proxies that cut, and those that come back."""
import json
import os
import socket

import alpacon
import faults
import traffic
from proc import until


def test_age_is_learned(box, long):
    """A proxy that cuts every connection: after the second cut none is waited
    for any more, and a restarted connector knows it from the start."""
    age = 20 if long else 10.5      # 10 is the least that is learned
    with faults.Proxy() as proxy:
        proxy.max_age_s = age
        g = alpacon.Gateway(box).start()
        state = box.path("state")
        os.mkdir(state)
        c = alpacon.Connector(g, proxies=[proxy.url()],
                              extra=f"state_dir = {state}\n").start()
        echo = traffic.Once(traffic.echo)
        _, local = alpacon.Operator(g).forward(echo.port)
        with socket.create_connection(("127.0.0.1", local)) as s:
            s.settimeout(30)

            def is_learned():
                # never idle: it could be an idle limit else, which is
                # looked for first
                s.sendall(b"busy")
                assert s.recv(100) == b"busy"
                return "path-learned" in c.proc.text()
            until("the age is learned", is_learned, 3 * age)
            assert c.proc.text().count("link-lost") == 2
            made = proxy.made
            until("switches", lambda: proxy.made >= made + (
                5 if long else 2), 5 * age + 5)
            s.sendall(b"still here")
            assert s.recv(100) == b"still here"
        assert c.proc.text().count("link-lost") == 2
        assert c.proc.text().count("session-up") == 1
        with open(f"{state}/paths.json") as f:
            [way] = json.load(f)["paths"]
        assert way["via"] == proxy.url()
        assert abs(way["age"]["ms"] - age * 1000) < 1000
        assert os.stat(f"{state}/paths.json").st_mode & 0o777 == 0o600
        assert c.proc.stop() == 0

        cuts = proxy.cuts["fin"]
        c.start()
        c.proc.wait_log("link-switched", age + 5)
        assert "link-lost" not in c.proc.text()
        assert proxy.cuts["fin"] <= cuts + 1    # the one that was stopped
        assert c.proc.stop() == 0
        echo.close()


def test_what_was_seen_is_kept(box):
    """One cut says nothing yet; a restarted connector knows of it all the same,
    and that the way is in use."""
    with faults.Proxy() as proxy:
        proxy.max_age_s = 0.5
        g = alpacon.Gateway(box).start()
        state = box.path("state")
        os.mkdir(state)
        c = alpacon.Connector(g, proxies=[proxy.url()],
                              extra=f"state_dir = {state}\n").start()
        c.proc.wait_log("session-resumed")
        assert not os.path.exists(f"{state}/paths.json")
        assert c.proc.stop() == 0
        with open(f"{state}/paths.json") as f:
            [way] = json.load(f)["paths"]
        assert way["via"] == proxy.url()
        assert way["seen"] > 0


def test_preferred_proxy_is_back(box):
    """The second proxy is used while the first is down, and left when it is
    up again; what is open notices nothing."""
    with faults.Proxy() as first, faults.Proxy() as second:
        first.down()
        g = alpacon.Gateway(box).start()
        c = alpacon.Connector(g, proxies=[first.url(), second.url()],
                              extra="proxy_retry = 10s\n").start()
        echo = traffic.Once(traffic.echo)
        _, local = alpacon.Operator(g).forward(echo.port)
        with socket.create_connection(("127.0.0.1", local)) as s:
            s.settimeout(30)
            s.sendall(b"by the second")
            assert s.recv(100) == b"by the second"
            assert (first.live, second.live) == (0, 1)
            first.up()
            c.proc.wait_log("link-switched", 20)
            until("the old way is left", lambda: second.live == 0, 10)
            assert first.live == 1
            s.sendall(b"by the first")
            assert s.recv(100) == b"by the first"
        assert "link-lost" not in c.proc.text()
        assert f"via={first.url()}" in c.proc.text()
        assert c.proc.stop() == 0
        echo.close()


def test_status_says_why(box):
    """What the service manager shows of a lost connection."""
    path = box.path("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, \
            faults.Proxy() as proxy:
        notify.bind(path)
        notify.settimeout(20)
        g = alpacon.Gateway(box).start()
        c = alpacon.Connector(g, proxies=[proxy.url()],
                              env={**os.environ, "NOTIFY_SOCKET": path})
        c.start()

        def wait_status(*words):
            for _ in range(100):
                said = notify.recv(4096).decode()
                if all(w in said for w in ("STATUS=", *words)):
                    return
            raise AssertionError(f"never said {words}")

        wait_status(f"connected via {proxy.url()}")
        proxy.down("fin")
        wait_status("the connection is lost", "without ending TLS",
                    "trying again")
        wait_status("the connection is lost", "onnection refused",
                    "trying again in")
        proxy.up()
        wait_status("connected via")
        assert c.proc.stop() == 0
