#!/usr/bin/env python3
"""scripted.py PORT CHAIN [JSON]   a server that answers ClientHellos as it is told, with what no library serves any more.

It knows TLS up to where cryptography would begin: ServerHello or HelloRetryRequest, and up to TLS 1.2 the rest of the
first flight around the certificates of CHAIN (PEM, leaf first). Keys and signatures in it are random bytes. JSON says
what differs from a server as the profile "strict" wants it; see SERVER. Ref: RFC 8446 4, RFC 5246 7.4, RFC 6101, and
for SSLv2 RFC 6176 and draft-hickman-netscape-ssl-00.
"""
import base64
import json
import os
import re
import socketserver
import sys

SERVER = {
    "suites": {  # by version, in the server's order; a version that is not there is not served
        "0x0304": [0x1301, 0x1302, 0x1303],
        "0x0303": [0xc02f, 0xc030, 0xcca8],
    },
    "ssl2": [],  # cipher kinds, three bytes each
    "groups": {"0x0304": [0x001d, 0x0017, 0x0018], "0x0303": [0x001d, 0x0017, 0x0018]},
    "schemes": [0x0804, 0x0401],
    "renegotiation": True,  # RFC 5746
    "compression": 0,  # 1: DEFLATE, if it is offered
    "hasty": False,  # a ServerHello with a share, where a HelloRetryRequest is due
}
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
SHARES = {0x001d: 32, 0x0017: 65, 0x0018: 97, 0x11ec: 1088 + 32}  # bytes of the server's
HANDSHAKE_FAILURE, PROTOCOL_VERSION = 40, 70


def number(value, size):
    return value.to_bytes(size, "big")


def vector(size, *parts):
    body = b"".join(parts)
    return number(len(body), size) + body


def message(kind, *parts):
    return number(kind, 1) + vector(3, *parts)


def extension(kind, *parts):
    return number(kind, 2) + vector(2, *parts)


class Reader:
    def __init__(self, data):
        self.data = data

    def take(self, count):
        taken, self.data = self.data[:count], self.data[count:]
        if len(taken) < count:
            raise ValueError("too short")
        return taken

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def vector(self, size):
        return self.take(self.number(size))

    def numbers(self, size, each=2):
        data = self.vector(size)
        return [int.from_bytes(data[at:at + each], "big") for at in range(0, len(data), each)]


class Hello:
    """What a client offers."""

    def __init__(self, body):
        reader = Reader(body)
        version = reader.number(2)
        reader.take(32)
        self.session = reader.vector(1)
        self.suites = reader.numbers(2)
        self.compressions = reader.numbers(1, 1)
        extensions = {}
        if reader.data:
            inside = Reader(reader.vector(2))
            while inside.data:
                kind = inside.number(2)
                extensions[kind] = Reader(inside.vector(2))
        self.versions = extensions[43].numbers(1) if 43 in extensions else list(range(0x0300, min(version, 0x0303) + 1))
        self.groups = extensions[10].numbers(2) if 10 in extensions else []
        self.schemes = extensions[13].numbers(2) if 13 in extensions else []
        self.renegotiation = 0xff01 in extensions or 0x00ff in self.suites
        self.shares = []
        if 51 in extensions:
            inside = Reader(extensions[51].vector(2))
            while inside.data:
                self.shares.append(inside.number(2))
                inside.vector(2)


class Refusal(Exception):
    pass


# --- what is chosen ----------------------------------------------------------------------------

def first_common(mine, theirs):
    return next((item for item in mine if item in theirs), None)


def uses_groups(suite):
    return suite >> 8 in (0x13, 0xc0, 0xcc)


def choose(server, hello):
    """(version, suite, group or None)"""
    version = first_common(sorted((int(text, 16) for text in server["suites"]), reverse=True), hello.versions)
    if version is None:
        raise Refusal(PROTOCOL_VERSION)
    group = first_common(server["groups"].get(f"{version:#06x}", []), hello.groups)
    signs = version != 0x0303 or first_common(server["schemes"], hello.schemes)
    for suite in server["suites"][f"{version:#06x}"]:
        if suite in hello.suites and (not uses_groups(suite) or (group and signs)):
            return version, suite, group if uses_groups(suite) else None
    raise Refusal(HANDSHAKE_FAILURE)


# --- what is said ------------------------------------------------------------------------------

def server_hello(version, random, hello, suite, compression, extensions):
    return message(2, number(version, 2), random, vector(1, hello.session), number(suite, 2), number(compression, 1),
                   vector(2, *extensions) if extensions else b"")


def tls13(server, hello, suite, group):
    chosen = extension(43, number(0x0304, 2))
    if group in hello.shares or server["hasty"]:
        if not first_common(server["schemes"], hello.schemes):  # RFC 8446 4.4.2.2
            raise Refusal(HANDSHAKE_FAILURE)
        share = extension(51, number(group, 2), vector(2, os.urandom(SHARES[group])))
        return server_hello(0x0303, os.urandom(32), hello, suite, 0, [chosen, share])
    return server_hello(0x0303, RETRY, hello, suite, 0, [chosen, extension(51, number(group, 2))])


def key_exchange(server, hello, version, suite, group):
    signature = vector(2, os.urandom(256))
    if version == 0x0303:
        signature = number(first_common(server["schemes"], hello.schemes) or 0x0401, 2) + signature
    if group is not None:
        return message(12, b"\x03", number(group, 2), vector(1, b"\x04" + os.urandom(SHARES[group] - 1)), signature)
    if suite in (0x0003, 0x0006, 0x0008):  # RSA_EXPORT: a temporary key
        return message(12, vector(2, b"\xc1" + os.urandom(63)), vector(2, b"\x01\x00\x01"), signature)
    return b""


def up_to_tls12(server, hello, version, suite, group, chain):
    extensions = []
    if version > 0x0300:
        extensions.append(extension(23))
    if server["renegotiation"] and hello.renegotiation:
        extensions.append(extension(0xff01, b"\0"))
    compression = server["compression"] if server["compression"] in hello.compressions else 0
    return (server_hello(version, os.urandom(32), hello, suite, compression, extensions)
            + message(11, vector(3, *(vector(3, certificate) for certificate in chain)))
            + key_exchange(server, hello, version, suite, group) + message(14))


def answer_tls(server, chain, kind, body):
    if kind != 22 or body[:1] != b"\x01":
        return b""
    hello = Hello(body[4:])
    try:
        version, suite, group = choose(server, hello)
        said = (tls13(server, hello, suite, group) if version == 0x0304
                else up_to_tls12(server, hello, version, suite, group, chain))
    except Refusal as refusal:
        return b"\x15\x03\x01" + vector(2, b"\x02", number(refusal.args[0], 1))
    return b"".join(number(22, 1) + number(min(version, 0x0303), 2) + vector(2, said[at:at + 16384])
                    for at in range(0, len(said), 16384))


def answer_ssl2(server, chain, body):
    """CLIENT-HELLO, then SERVER-HELLO; an ERROR (no cipher) from who has no SSLv2."""
    kinds = b"".join(number(kind, 3) for kind in server["ssl2"])
    if not kinds:
        return b"\x80\x03\x00\x00\x01"
    said = (b"\x04\x00\x01\x00\x02" + number(len(chain[0]), 2) + number(len(kinds), 2) + number(16, 2) + chain[0] + kinds
            + os.urandom(16))
    return number(0x8000 | len(said), 2) + said


# --- the wire ----------------------------------------------------------------------------------

class Handler(socketserver.StreamRequestHandler):
    timeout = 5

    def handle(self):
        try:
            head = self.rfile.read(2)
            if len(head) == 2 and head[0] & 0x80:
                body = self.rfile.read(int.from_bytes(head, "big") & 0x7fff)
                self.wfile.write(answer_ssl2(self.server.rules, self.server.chain, body))
            elif len(head) == 2:
                rest = self.rfile.read(3)
                body = self.rfile.read(int.from_bytes(rest[1:], "big"))
                self.wfile.write(answer_tls(self.server.rules, self.server.chain, head[0], body))
            self.rfile.read()
        except (OSError, ValueError):
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128


def main():
    port, chain = sys.argv[1:3]
    with open(chain, encoding="ascii") as file:
        blocks = re.findall("-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", file.read(), re.S)
    rules = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    with Server(("127.0.0.1", int(port)), Handler) as server:
        server.chain = [base64.b64decode(block) for block in blocks]
        server.rules = {**SERVER, **rules, "suites": {**SERVER["suites"], **rules.get("suites", {})}}
        server.rules["suites"] = {version: suites for version, suites in server.rules["suites"].items() if suites}
        server.serve_forever()


if __name__ == "__main__":
    main()
