#!/usr/bin/env python3
"""clients.py STOPFILE   connects to every TLS port of the test host again and again, a connection every 10 ms and port,
until STOPFILE exists, and prints {"PORT": {"tried": N, "failed": N, "first": WHY}} as JSON."""
import json
import os
import socket
import ssl
import sys
import threading
import time

STARTTLS = bytes.fromhex("301d02010177188016312e332e362e312e342e312e313436362e3230303337")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE


def lines(sock, end, send=b""):
    if send:
        sock.sendall(send)
    text = b""
    while not end(text):
        piece = sock.recv(4096)
        if not piece:
            raise OSError("closed: " + text.decode("latin-1"))
        text += piece
    return text


def smtp(sock):
    whole = lambda t: t.endswith(b"\n") and t.splitlines()[-1][3:4] == b" "
    lines(sock, whole)
    lines(sock, whole, b"EHLO loop.example.test\r\n")
    answer = lines(sock, whole, b"STARTTLS\r\n")
    if not answer.startswith(b"220"):
        raise OSError(answer.decode("latin-1"))


def imap(sock):
    lines(sock, lambda t: t.endswith(b"\n"))
    answer = lines(sock, lambda t: b"\na " in b"\n" + t and t.endswith(b"\n"), b"a STARTTLS\r\n")
    if b"a OK" not in answer:
        raise OSError(answer.decode("latin-1"))


def ldap(sock):
    answer = lines(sock, lambda t: len(t) >= 2 and len(t) >= t[1] + 2, STARTTLS)
    if b"\x0a\x01\x00" not in answer:
        raise OSError("refused: " + answer.hex())


PORTS = {443: None, 465: None, 636: None, 993: None, 25: smtp, 587: smtp, 143: imap, 389: ldap}


def loop(port, begin, stop, result):
    while not os.path.exists(stop):
        result["tried"] += 1
        try:
            with socket.create_connection(("127.0.0.1", port), 10) as sock:
                if begin:
                    begin(sock)
                with context.wrap_socket(sock, server_hostname="www.example.test"):
                    pass
        except OSError as error:
            result["failed"] += 1
            result.setdefault("first", str(error))
        time.sleep(0.01)


def main():
    results = {port: {"tried": 0, "failed": 0} for port in PORTS}
    threads = [threading.Thread(target=loop, args=(port, begin, sys.argv[1], results[port]))
               for port, begin in PORTS.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(results))


if __name__ == "__main__":
    main()
