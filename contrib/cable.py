"""cable.py FAMILY ADDRESS FAMILY ADDRESS - join each connection to the first
with one to the second; a family is tcp (host:port) or unix (path).

Leads out of a network namespace: Unix sockets don't mind them.
"""
import os
import socket
import sys
import threading


def address(family, text):
    if family == "unix":
        return socket.AF_UNIX, text
    host, _, port = text.rpartition(":")
    return socket.AF_INET, (host, int(port))


def pump(a, b):
    try:
        while True:
            data = a.recv(65536)
            if not data:
                break
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def join(a, family, to):
    with a, socket.socket(family, socket.SOCK_STREAM) as b:
        try:
            b.connect(to)
        except OSError:
            return
        t = threading.Thread(target=pump, args=(a, b), daemon=True)
        t.start()
        pump(b, a)
        t.join()


def main():
    family, where = address(*sys.argv[1:3])
    to = address(*sys.argv[3:5])
    s = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    else:
        os.umask(0o077)
    s.bind(where)
    s.listen(64)
    while True:
        threading.Thread(target=join, args=(s.accept()[0], *to),
                         daemon=True).start()


if __name__ == "__main__":
    main()
