#!/usr/bin/env python3
"""Asks a server of the test host a question and prints its answer.

ask.py http NAME PATH     status and header lines of a plain request
ask.py https NAME PATH    the same over TLS; the certificate must hold
ask.py imap               the capabilities on port 143, before STARTTLS
ask.py smtp PORT          the answers to EHLO and to MAIL FROM, before STARTTLS
"""
import http.client
import socket
import ssl
import sys


def ask_http(name, path, connection):
    connection.request("GET", path, headers={"Host": name})
    answer = connection.getresponse()
    print(answer.status, answer.reason)
    for header, value in answer.getheaders():
        print(f"{header}: {value}")
    print()
    print(answer.read().decode("utf-8", "replace"))


def dialogue(port, lines):
    with socket.create_connection(("mail.example.test", port), 10) as sock:
        stream = sock.makefile("rwb")
        for end, line in lines:
            if line:
                stream.write(line.encode() + b"\r\n")
                stream.flush()
            while answer := stream.readline().decode().rstrip():
                print(answer)
                if end(answer):
                    break


def main():
    kind, *args = sys.argv[1:]
    if kind == "http":
        ask_http(args[0], args[1], http.client.HTTPConnection(args[0], 80, timeout=10))
    elif kind == "https":
        context = ssl.create_default_context(cafile="/pki/ca.pem")
        ask_http(args[0], args[1], http.client.HTTPSConnection(args[0], 443, timeout=10, context=context))
    elif kind == "imap":
        dialogue(143, [(lambda a: True, ""), (lambda a: a.startswith("a "), "a CAPABILITY")])
    elif kind == "smtp":
        last = lambda a: a[3:4] != "-"
        dialogue(int(args[0]), [(last, ""), (last, "EHLO probe.example.test"),
                                (last, "MAIL FROM:<root@localhost>"), (last, "QUIT")])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
