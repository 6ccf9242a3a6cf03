#!/usr/bin/env python3
"""tests/cli/terminal.py WHEN ANSWER COMMAND...   runs a command on a terminal of its own and, once it has said WHEN,
does ANSWER: types it and Enter; "hangup": the terminal goes away; "kill": SIGKILL for its whole session; "": nothing.

Prints what was on the terminal. Ends with the command's exit status, 128 and the signal, or 97 after 60 seconds.
"""
import os
import pty
import select
import signal
import sys
import time


def main():
    when, answer, command = sys.argv[1].encode(), sys.argv[2], sys.argv[3:]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    seen, done, end = b"", False, time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError: # its other side is closed
                break
            seen += piece
        if done or when not in seen:
            continue
        done = True
        if answer == "hangup":
            os.close(terminal)
            break
        if answer == "kill":
            os.killpg(pid, signal.SIGKILL)
        elif answer:
            os.write(terminal, answer.encode() + b"\n")
    else:
        os.kill(pid, signal.SIGKILL)
        return 97
    sys.stdout.write(seen.decode("utf-8", "replace").replace("\r", "\n"))
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
