#!/usr/bin/env python3
"""oakley.py   the Second Oakley Group as DH parameters in PEM: 1024 bits, of which nobody should believe anything.

Ref: RFC 2409 6.2: 2^1024 - 2^960 - 1 + 2^64 * ([2^894 pi] + 129093), generator 2
"""
import base64


def arctan(x, one):
    term, total, n = one // x, 0, 1
    while term:
        total += term // n if n % 4 == 1 else -(term // n)
        term //= x * x
        n += 2
    return total


def main():
    one = 1 << 960
    pi = 4 * (4 * arctan(5, one) - arctan(239, one))
    prime = 2**1024 - 2**960 - 1 + 2**64 * ((pi >> 66) + 129093)
    body = b"\x02\x81\x81\x00" + prime.to_bytes(128, "big") + b"\x02\x01\x02"
    text = base64.b64encode(b"\x30\x81" + bytes([len(body)]) + body).decode()
    print("-----BEGIN DH PARAMETERS-----")
    for at in range(0, len(text), 64):
        print(text[at:at + 64])
    print("-----END DH PARAMETERS-----")


if __name__ == "__main__":
    main()
