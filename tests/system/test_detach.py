"""The gateway asks for other connections: sessions move, nothing is lost."""
import os
import shutil
import signal
import socket
import ssl

import alpacon
import traffic
from proc import until

MOVED = "goes on by another connection"


def test_link_max_age(box):
    """Nobody has set an age but the gateway."""
    g = alpacon.Gateway(box, extra="link_max_age = 10s\n").start()
    c = alpacon.Connector(g).start()
    until("another connection", lambda: MOVED in g.proc.text(), 30)
    assert c.proc.text().count("session-up") == 1
    assert [x["event"] for x in g.audit_lines()] == ["session-start"]


def served(gateway):
    """The certificate that a new connection gets."""
    trust = ssl.create_default_context(cafile=gateway.ca.cert)
    with socket.create_connection(("127.0.0.1", gateway.port)) as s, \
            trust.wrap_socket(s, server_hostname="localhost") as t:
        return t.getpeercert(True)


def reload(gateway):
    seen = len(gateway.proc.text())
    gateway.proc.signal(signal.SIGHUP)
    gateway.proc.wait_log("reloaded", since=seen)


def test_new_certificate(box):
    """Sessions move when the certificate is another one, and only then; what
    goes through them goes on."""
    g = alpacon.Gateway(box).start()
    c = alpacon.Connector(g).start()
    echo = traffic.Once(traffic.echo)
    p, local = alpacon.Operator(g).forward(echo.port)
    with socket.create_connection(("127.0.0.1", local)) as s:
        s.settimeout(30)
        s.sendall(b"before")
        assert s.recv(100) == b"before"

        reload(g)
        os.utime(g.cert.cert)
        reload(g)
        assert "the certificate is another one" not in g.proc.text()

        old = served(g)
        new = g.ca.sign("renewed")
        shutil.copy(new.key, g.cert.key)
        shutil.copy(new.cert, g.cert.cert)
        reload(g)
        assert "the certificate is another one" in g.proc.text()
        assert served(g) != old
        until("both have moved", lambda: g.proc.text().count(MOVED) == 2, 30)
        s.sendall(b"after")
        assert s.recv(100) == b"after"
    assert c.proc.text().count("session-up") == 1
    assert p.alive()
    echo.close()
