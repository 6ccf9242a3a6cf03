#!/usr/bin/env python3
"""tests/cli/dropper.py PORT TARGET K [quiet]   passes connections to 127.0.0.1:PORT on to TARGET, but resets each K-th.

The reset comes once the client has said something, in place of an answer; K 0: never. Quiet: a server's alert to the
client's hello is kept back and the connection closed, as some GnuTLS servers refuse. One process, one thread.
"""
import asyncio
import socket
import struct
import sys

TARGET, EVERY = int(sys.argv[2]), int(sys.argv[3])
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


async def serve(reader, writer):
    global count
    count += 1
    if EVERY and count % EVERY == 0:
        await reader.read(1)
        reset(writer)
        return
    there = await asyncio.open_connection("127.0.0.1", TARGET)
    await asyncio.gather(pump(reader, there[1]), pump(there[0], writer, len(sys.argv) > 4))
    there[1].close()
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
