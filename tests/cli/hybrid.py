#!/usr/bin/env python3
"""tests/cli/hybrid.py PORT TARGET   passes connections to 127.0.0.1:PORT on to TARGET, but asks clients that offer
X25519MLKEM768 without a key for one (RFC 8446 4.1.4), as servers do that have it and like it best.
"""
import asyncio
import struct
import sys

HYBRID = 0x11EC
RETRY = bytes.fromhex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C")
GROUPS, KEYS = 10, 51


def read_hello(record):
    """(session id, suites, extensions)"""
    at = 5 + 4 + 2 + 32
    session = record[at + 1:at + 1 + record[at]]
    at += 1 + len(session)
    length, = struct.unpack_from(">H", record, at)
    suites = [number for number, in struct.iter_unpack(">H", record[at + 2:at + 2 + length])]
    at += 2 + length + 1 + record[at + 2 + length]
    at += 2
    extensions = {}
    while at + 4 <= len(record):
        number, length = struct.unpack_from(">HH", record, at)
        extensions[number] = record[at + 4:at + 4 + length]
        at += 4 + length
    return session, suites, extensions


def wants_key(extensions):
    groups = [number for number, in struct.iter_unpack(">H", extensions.get(GROUPS, b"")[2:])]
    keys = extensions.get(KEYS, b"")
    return HYBRID in groups and keys and struct.pack(">H", HYBRID) not in keys


def retry(session, suite):
    extensions = struct.pack(">HHHHHH", 43, 2, 0x0304, KEYS, 2, HYBRID)
    body = b"\3\3" + RETRY + bytes([len(session)]) + session + struct.pack(">HBH", suite, 0, len(extensions)) + extensions
    message = b"\2" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\3\3" + struct.pack(">H", len(message)) + message


async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
    writer.write_eof()


async def serve(reader, writer):
    head = await reader.readexactly(5)
    record = head + await reader.readexactly(struct.unpack(">H", head[3:])[0])
    session, suites, extensions = read_hello(record) if record[5] == 1 else (b"", [], {})
    suite = next((number for number in (0x1301, 0x1302, 0x1303) if number in suites), None)
    if suite and wants_key(extensions):
        writer.write(retry(session, suite))
    else:
        there = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
        there[1].write(record)
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer), return_exceptions=True)
        there[1].close()
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
