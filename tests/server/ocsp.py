#!/usr/bin/env python3
"""ocsp.py LEAF ISSUER KEY FROM TO OUT   an OCSP response that says LEAF is good, from FROM to TO (days from now, with
sign), signed by its issuer. `openssl ocsp` makes none of the past. Ref: RFC 6960 4.2.1
"""
import subprocess
import sys
import time

SHA256_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")
BASIC = bytes.fromhex("06092b0601050507300101")


def der(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(length)]) + length + body


def inside(data):
    """What a sequence holds, with what follows it cut off."""
    if data[1] < 128:
        return data[2:2 + data[1]]
    count = data[1] - 128
    return data[2 + count:2 + count + int.from_bytes(data[2:2 + count], "big")]


def certificate_id(leaf, issuer):
    """The CertID that `openssl ocsp` would ask for: four sequences deep in its request."""
    data = subprocess.run(["openssl", "ocsp", "-no_nonce", "-issuer", issuer, "-cert", leaf, "-reqout", "/dev/stdout"],
                          stdout=subprocess.PIPE, check=True).stdout
    for _ in range(3):
        data = inside(data)
    return inside(data)


def moment(days):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 86400 * float(days))).encode()


def main():
    leaf, issuer, key, start, end, out = sys.argv[1:]
    which = certificate_id(leaf, issuer)
    fields = inside(which)
    algorithm = 2 + fields[1]
    name_hash = algorithm + 2 + fields[algorithm + 1]
    key_hash = fields[name_hash:name_hash + 2 + fields[name_hash + 1]]
    answer = der(0x30, which, b"\x80\x00", der(0x18, moment(start)), der(0xa0, der(0x18, moment(end))))
    data = der(0x30, der(0xa2, key_hash), der(0x18, moment(start)), der(0x30, answer))
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=data, stdout=subprocess.PIPE,
                               check=True).stdout
    basic = der(0x30, data, SHA256_RSA, der(0x03, b"\0", signature))
    with open(out, "wb") as file:
        file.write(der(0x30, b"\x0a\x01\x00", der(0xa0, der(0x30, BASIC, der(0x04, basic)))))


if __name__ == "__main__":
    main()
