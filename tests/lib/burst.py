"""Many CONNECTs in a short time, and a proxy that tells who was asked for.

As programs, so that they do not disturb whoever measures:

    burst.py serve                      prints "listening PORT"
    burst.py ask PORT COUNT SECONDS     prints "answered COUNT in S s", or what
                                        is wrong

The hosts are h0.burst.test, h1.burst.test and so on.
"""
import asyncio
import sys
import time


async def serve_one(reader, writer):
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + head.split()[1] + b"\n")
        await writer.drain()
        await reader.read()
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.close()


async def serve():
    server = await asyncio.start_server(serve_one, "127.0.0.1", 0,
                                        backlog=1024)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def ask_one(port, n, at):
    host = f"h{n}.burst.test:443"
    await asyncio.sleep(max(0, at - time.monotonic()))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    writer.write_eof()
    got = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    if not got.startswith(b"HTTP/1.1 200") or \
            not got.endswith(b"\r\n\r\n" + host.encode() + b"\n"):
        return f"{host}: {got}"
    return None


async def ask(port, count, secs):
    begin = time.monotonic()
    said = await asyncio.gather(
        *(ask_one(port, n, begin + n * secs / count) for n in range(count)),
        return_exceptions=True)
    took = time.monotonic() - begin
    wrong = [str(s) for s in said if s is not None]
    print("\n".join(wrong[:10]) or f"answered {count} in {took:.2f} s")
    return bool(wrong)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve())
    sys.exit(asyncio.run(ask(int(sys.argv[2]), int(sys.argv[3]),
                             float(sys.argv[4]))))
