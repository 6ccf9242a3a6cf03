#!/usr/bin/env python3
"""tests/server/meddle.py N EDITOR COMMAND...   runs a command of tlsharden's and, while it is stopped before its Nth
system call that changes files, an editor (a shell command). An editor that waits for a lock goes on waiting while the
command goes on; it is waited for in the end.

Prints the call and whether the editor had to wait. Ends with the command's exit status; with 98 when there is no such
call, with 99 when the editor failed. x86-64 only.
"""
import subprocess
import sys

import strike

CALLS = {1: "write", 18: "pwrite", 74: "fsync", 77: "ftruncate", 82: "rename", 87: "unlink", 91: "fchmod", 93: "fchown",
         257: "openat", 258: "mkdirat", 263: "unlinkat", 264: "renameat", 266: "symlinkat", 280: "utimensat",
         306: "syncfs", 316: "renameat2"}
OPENAT, WRITE, O_CREAT = 257, 1, 0o100
PATIENCE = 0.4  # seconds, of one who may be waiting for a lock


class Meddler:
    def __init__(self, wanted, editor):
        self.wanted, self.editor = wanted, editor
        self.count, self.running, self.waited, self.call = 0, None, False, ""

    def entry(self, _pid, number, args):
        if number not in CALLS or (number == OPENAT and not args[2] & O_CREAT) or (number == WRITE and args[0] <= 2):
            return False
        self.count += 1
        if self.count == self.wanted:
            self.call = CALLS[number]
            self.running = subprocess.Popen(["sh", "-c", self.editor], stdin=subprocess.DEVNULL)
            try:
                self.running.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.waited = True
        return False

    def exit(self):
        return False


def main():
    meddler = Meddler(int(sys.argv[1]), sys.argv[2])
    status = strike.trace(sys.argv[3:], meddler)
    if not meddler.running:
        return 98
    failed = meddler.running.wait(30)
    print(meddler.call, "waited" if meddler.waited else "at once")
    return 99 if failed else status


if __name__ == "__main__":
    sys.exit(main())
