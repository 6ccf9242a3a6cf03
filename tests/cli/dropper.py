#!/usr/bin/env python3
"""tests/cli/dropper.py PORT TARGET K [MODE]   passes connections to 127.0.0.1:PORT on to TARGET, but resets each K-th.

The reset comes once the client has said something, in place of an answer; K 0: never. MODE is one of
    quiet   a server's alert to the client's hello is kept back and the connection closed, as some GnuTLS servers refuse
    after   no resets: all but the first K connections are answered by a handshake_failure
    large   no resets: so are hellos with more than K suites, as boxes in the middle do
One process, one thread.
"""
import asyncio
import socket
import struct
import sys

TARGET, K = int(sys.argv[2]), int(sys.argv[3])
MODE = sys.argv[4] if len(sys.argv) > 4 else "reset"
REFUSAL = bytes([21, 3, 3, 0, 2, 2, 40])
count = 0


def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def pump(reader, writer, quiet=False):
    try:
        while data := await reader.read(65536):
            if quiet and data[:2] == b"\x15\x03":
                break
            quiet = False
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        pass


def suites(hello):
    """How many a ClientHello offers (RFC 8446 4.1.2)."""
    at = 5 + 4 + 2 + 32
    if len(hello) < at + 3 or hello[0] != 22:
        return 0
    at += 1 + hello[at]
    return int.from_bytes(hello[at:at + 2], "big") // 2


async def serve(reader, writer):
    global count
    count += 1
    hello = await reader.read(65536)
    if MODE in ("reset", "quiet") and K and count % K == 0:
        reset(writer)
        return
    if (MODE == "after" and count > K) or (MODE == "large" and suites(hello) > K):
        writer.write(REFUSAL)
        writer.close()
        return
    there = await asyncio.open_connection("127.0.0.1", TARGET)
    there[1].write(hello)
    await asyncio.gather(pump(reader, there[1]), pump(there[0], writer, MODE == "quiet"))
    there[1].close()
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
