"""dnsd.py ADDRESS NAME=IPV4... - a resolver that knows these names only."""
import socket
import struct
import sys


def answer(query, names):
    qid, flags, n = struct.unpack(">HHH", query[:6])
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
        at += 1 + query[at]
    kind, = struct.unpack(">H", query[at + 1:at + 3])
    question = query[12:at + 5]
    ip = names.get(".".join(labels))
    records = b""
    if ip and kind == 1:
        records = (b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4)
                   + socket.inet_aton(ip))
    return (struct.pack(">HHHHHH", qid, 0x8180 | (0 if ip else 3), 1,
                        bool(records), 0, 0) + question + records)


def main():
    names = dict(a.split("=") for a in sys.argv[2:])
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((sys.argv[1], 53))
    print("listening", flush=True)
    while True:
        query, peer = s.recvfrom(1500)
        s.sendto(answer(query, names), peer)


if __name__ == "__main__":
    main()
