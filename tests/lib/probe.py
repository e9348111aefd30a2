"""What a road does to packets, measured with datagrams that come back.

    probe.py echo HOST PORT                         until killed
    probe.py ask HOST PORT COUNT INTERVAL_MS BYTES  prints a line of JSON

Bytes are those of the IP packet.  It waits a second for the last one.
"""
import json
import socket
import statistics
import struct
import sys
import threading
import time

HEADERS = 28                        # IPv4 and UDP


def bound(host, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.bind((host, port))
    return s


def echo(host, port):
    s = bound(host, port)
    print("listening", flush=True)
    while True:
        s.sendto(*s.recvfrom(65536))


def send(s, to, count, interval, size):
    begin = time.monotonic()
    for n in range(count):
        wait = begin + n * interval - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        s.sendto(struct.pack("=Qd", n, time.monotonic()).ljust(
            size - HEADERS, b"\0"), to)


def ask(host, port, count, interval_ms, size):
    s = bound("0.0.0.0", 0)
    s.settimeout(1)
    threading.Thread(target=send, daemon=True, args=(
        s, (host, port), count, interval_ms / 1000, size)).start()
    rtts, times, overtaken, last = [], [], 0, -1
    while len(rtts) < count:
        try:
            data = s.recv(65536)
        except TimeoutError:
            break
        times.append(time.monotonic())
        n, sent = struct.unpack_from("=Qd", data)
        rtts.append((times[-1] - sent) * 1000)
        overtaken += n < last
        last = max(n, last)
    took = times[-1] - times[0] if len(times) > 1 else 0
    return {"sent": count, "back": len(rtts), "overtaken": overtaken,
            "mbit_s": took and size * 8 * (len(rtts) - 1) / took / 1e6,
            **({"min_ms": min(rtts), "max_ms": max(rtts),
                "p50_ms": statistics.median(rtts)} if rtts else {})}


if __name__ == "__main__":
    if sys.argv[1] == "echo":
        echo(sys.argv[2], int(sys.argv[3]))
    print(json.dumps(ask(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]),
                         float(sys.argv[5]), int(sys.argv[6]))))
