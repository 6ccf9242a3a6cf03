#!/usr/bin/env python3
"""tests/server/strike.py N FILE COMMAND...   runs a command of tlsharden's and kills it, with all that it has
started, at the Nth moment that counts; 0: never. The moments that it came to are written into FILE, a line each.

What counts is what the journal and the directory server get to see:
    announced SERVICE        the record says that this service is about to take notice; nobody has told it yet
    modify, asked            a modify is about to be sent to the directory server
    modify, sent             it was sent; the answer has not been read
    state STATE              the record says something else, e.g. committed
Seen by system calls (ptrace), so that it is the very moment. Not a moment, but written as well: "syncfs".

Ends with the command's exit status, or with 137 when it was killed. x86-64 only.
"""
import ctypes
import glob
import json
import os
import signal
import struct
import sys

TRACEME, CONT_SYSCALL, SETOPTIONS, SYSCALL_INFO = 0, 24, 0x4200, 0x420E
OPTIONS = 0x1 | 0x100000  # PTRACE_O_TRACESYSGOOD, PTRACE_O_EXITKILL
ENTRY, EXIT = 1, 2
WRITES = {1: "write", 44: "sendto"}
RENAMEAT, SYNCFS = 264, 306
MODIFY = 0x66  # RFC 4511 4.6: [APPLICATION 6]
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, address=0, data=0):
    result = libc.ptrace(request, pid, address, data)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")
    return result


def memory(pid, address, size):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        file.seek(address)
        return file.read(size)


def is_modify(data):
    """Is that an LDAP message with a modify in it?"""
    if len(data) < 8 or data[0] != 0x30:
        return False
    at = 2 + (data[1] & 0x7F if data[1] & 0x80 else 0)
    return data[at] == 2 and data[at + 2 + data[at + 1]] == MODIFY


def record():
    """(state, services announced) of the last generation."""
    last = sorted(glob.glob("/var/lib/tlsharden/gen/[0-9]*/state"))[-1]
    with open(last, encoding="utf-8") as file:
        file.readline()
        it = json.load(file)
    return it["state"], it["activated"]


class Watch:
    def __init__(self, wanted, log):
        self.wanted, self.log, self.count = wanted, log, 0
        self.entered = None
        self.announced = set()
        self.state = "pending"

    def moment(self, text):
        """True: this is it."""
        self.count += 1
        self.log.write(text + "\n")
        return self.count == self.wanted

    def entry(self, pid, number, args):
        self.entered = None
        if number in (RENAMEAT, SYNCFS):
            self.entered = "rename" if number == RENAMEAT else "syncfs"
        elif number in WRITES and is_modify(memory(pid, args[1], min(args[2], 64))):
            self.entered = "modify"
            return self.moment("modify, asked")
        return False

    def exit(self):
        entered, self.entered = self.entered, None
        if entered == "syncfs":
            self.log.write("syncfs\n")
        if entered == "modify":
            return self.moment("modify, sent")
        if entered != "rename" or not glob.glob("/var/lib/tlsharden/gen/[0-9]*/state"):
            return False
        state, announced = record()
        fresh = [name for name in announced if name not in self.announced]
        changed = state != self.state
        self.announced.update(fresh)
        self.state = state
        if fresh and state == "pending":
            return self.moment("announced " + " ".join(fresh))
        return changed and self.moment("state " + state)


def stop(pid, watch):
    """One stop at a system call. True: kill now."""
    info = ctypes.create_string_buffer(96)
    ptrace(SYSCALL_INFO, pid, 96, ctypes.addressof(info))
    if info.raw[0] == ENTRY:
        number, *args = struct.unpack_from("7Q", info.raw, 24)
        return watch.entry(pid, number, args)
    return info.raw[0] == EXIT and watch.exit()


def trace(command, watch):
    """Runs it; its exit status, or 137."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        ptrace(TRACEME, 0)
        os.execvp(command[0], command)
    os.waitpid(pid, 0)
    ptrace(SETOPTIONS, pid, 0, OPTIONS)
    deliver = 0
    while True:
        ptrace(CONT_SYSCALL, pid, 0, deliver)
        _, status = os.waitpid(pid, 0)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            return os.waitstatus_to_exitcode(status)
        signum, deliver = os.WSTOPSIG(status), 0
        if signum != signal.SIGTRAP | 0x80:
            deliver = 0 if signum == signal.SIGTRAP else signum
        elif stop(pid, watch):
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return 137


def main():
    with open(sys.argv[2], "w", encoding="utf-8", buffering=1) as log:
        return trace(sys.argv[3:], Watch(int(sys.argv[1]), log))


if __name__ == "__main__":
    sys.exit(main())
