"""Nothing is left behind: descriptors, memory; and no secret is anywhere."""
import os
import socket
import threading

import alpacon
import servers
import traffic
from proc import descendants, until


def churn(port, n):
    """Connections in all the ways they can end."""
    for i in range(n):
        s = socket.create_connection(("127.0.0.1", port), 30)
        s.settimeout(30)
        s.sendall(b"hello")
        assert s.recv(5) == b"hello"
        if i % 3 == 0:
            s.shutdown(socket.SHUT_WR)
            assert s.recv(1) == b""
        elif i % 3 == 1:
            traffic.reset(s)
            continue
        s.close()


def test_no_descriptor_is_left(box):
    path = alpacon.Path(box)
    t = traffic.Once(traffic.echo)
    tunnel, port = path.operator.forward(t.port)
    programs = [path.gateway.proc, path.connector.proc, tunnel]
    base = [p.fds() for p in programs]      # nothing has been opened yet
    threads = [threading.Thread(target=churn, args=(port, 30))
               for _ in range(8)]
    for x in threads:
        x.start()
    for x in threads:
        x.join()
    for _ in range(20):
        code, _, _ = path.operator.run("web1", "-W", f"127.0.0.1:{t.port}",
                                       input=b"x")
        assert code == 0
    until("all descriptors are closed again", lambda: all(
        p.fds() <= b for p, b in zip(programs, base)))
    assert tunnel.stop() == 0
    path.stop()


def secrets_of(path):
    with open(path.operator.token_file) as f:
        token = f.read().strip()
    return [token, path.connector.key, servers.PASSWORD,
            servers.quote(servers.PASSWORD)]


def texts(box, programs):
    """Everything that others could see: command lines, logs, outputs."""
    for p in programs:
        for pid in descendants(p.pid):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    yield f"command line of {p.name}", f.read()
            except FileNotFoundError:
                pass
    for name in os.listdir(box.dir):
        if name.endswith((".log", ".out")) and "gatewayd-add" not in name:
            with open(box.path(name), "rb") as f:
                yield name, f.read()


def test_no_secret_anywhere(box):
    squid = servers.squid(box, "basic")
    path = alpacon.Path(box, [squid.url()], servers.PASSWORD)
    t = traffic.Once(traffic.echo)
    tunnel, port = path.operator.forward(t.port)
    loud = path.operator.start("-v", "web1", "-L", f"0:127.0.0.1:{t.port}")
    loud.wait_log("ready: ")
    churn(port, 3)
    # failures print the most
    path.operator.run("-v", "web1", "-W", "127.0.0.1:1")
    path.operator.run("-v", "nobody", "-W", "127.0.0.1:1")
    for program, conf in ((alpacon.CONNECTORD, path.connector.conf),
                          (alpacon.GATEWAYD, path.gateway.conf)):
        for flag in ("-t", "-T"):
            code, _, err = box.run([alpacon.program(program), "-c", conf,
                                    flag], name=program + flag)
            assert code == 0, err
    programs = [path.gateway.proc, path.connector.proc, tunnel, loud]
    for where, text in texts(box, programs):
        for secret in secrets_of(path):
            assert secret.encode() not in text, f"{secret} in {where}"
    assert tunnel.stop() == 0
    assert loud.stop() == 0
    path.stop()


def test_gateway_stores_no_secret(box):
    """What is on its disk does not let anyone in."""
    path = alpacon.Path(box)
    for secret in secrets_of(path)[:2]:
        for folder, _, files in os.walk(path.gateway.state):
            for f in files:
                p = os.path.join(folder, f)
                assert os.stat(p).st_mode & 0o077 == 0, p
                with open(p, "rb") as text:
                    assert secret.encode() not in text.read(), p


def test_no_core_dumps(box):
    path = alpacon.Path(box)
    for p in (path.gateway.proc, path.connector.proc):
        with open(f"/proc/{p.pid}/limits") as f:
            line = next(x for x in f if x.startswith("Max core file size"))
        assert line.split()[4] == "0", p.name


def test_audit(box):
    """One line for each session, channel and refusal."""
    path = alpacon.Path(box)
    t = traffic.Target()
    tunnel, port = path.operator.forward(t.port)
    assert traffic.exchange(port, 2, 100_000, t) == "ok"
    path.operator.run("web1", "-W", "192.0.2.1:80", input=b"")
    assert tunnel.stop() == 0
    path.stop()
    lines = path.gateway.audit_lines()
    target = f"127.0.0.1:{t.port}"
    channel = [x for x in lines if x.get("target") == target
               and sum(v for k, v in x.items() if k.startswith("bytes")
                       and isinstance(v, int)) >= 200_000]
    assert channel, lines
    assert channel[0]["server"] == "web1"
    assert channel[0]["principal"] == "alice"
    assert [x for x in lines if x.get("target") == "192.0.2.1:80"
            and "polic" in str(x.get("reason"))], lines
