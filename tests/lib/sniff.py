"""sniff.py INTERFACE FILE - write what passes an interface as pcap.

tcpdump itself can't: it insists on changing its groups, which a user
namespace forbids.
"""
import socket
import struct
import sys
import time

ETH_P_ALL = 3
SNAP = 128


def main():
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    s.bind((sys.argv[1], ETH_P_ALL))
    with open(sys.argv[2], "wb", buffering=0) as f:
        f.write(struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, SNAP, 1))
        print("listening", flush=True)
        packet = bytearray(SNAP)
        while True:
            n = s.recv_into(packet, SNAP, socket.MSG_TRUNC)
            t = time.time()
            kept = packet[:min(n, SNAP)]
            f.write(struct.pack("=IIII", int(t), int(t % 1 * 1e6),
                                len(kept), n) + kept)


if __name__ == "__main__":
    main()
