#!/usr/bin/env python3
"""syslog.py FILE   the smallest syslog daemon: appends what arrives at /dev/log to FILE."""
import os
import socket
import sys

log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
os.chmod("/dev/log", 0o666)
with open(sys.argv[1], "ab", buffering=0) as out:
    while True:
        out.write(log.recv(65536).rstrip(b"\0\n") + b"\n")
