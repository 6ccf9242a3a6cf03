#!/usr/bin/env python3
"""tests/cli/zsh.py COMPLETION LINE   what zsh makes of a line when TAB is pressed at its end: the line and what is
listed below it, as text. A real zsh at a terminal of its own."""
import os
import pty
import re
import select
import shutil
import sys
import tempfile
import time

QUIET = 1.5  # seconds without a word: it has said all


def read(terminal, until=None, limit=20):
    """What comes until a text was seen, or until nothing comes any more."""
    seen, end = b"", time.monotonic() + limit
    while time.monotonic() < end:
        ready = select.select([terminal], [], [], QUIET if until is None else 0.1)[0]
        if ready:
            seen += os.read(terminal, 65536)
        elif until is None and seen:
            break
        if until is not None and until in seen:
            break
    return seen


def main():
    completion, line = sys.argv[1:]
    with tempfile.TemporaryDirectory() as home:
        shutil.copy(completion, os.path.join(home, "_tlsharden"))
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(HOME=home, ZDOTDIR=home, TERM="dumb", COLUMNS="200", LINES="60")
            os.execvp("zsh", ["zsh", "-f", "-i"])
        os.write(terminal, f"PS1=; stty cols 200 rows 60; fpath=({home} $fpath); LISTMAX=1000; "
                 "autoload -U compinit && compinit -u -D; unsetopt zle_bracketed_paste; "
                 "echo r''eady\n".encode())
        read(terminal, b"ready\r\n")
        read(terminal, limit=3)
        os.write(terminal, line.encode() + b"\t")
        text = read(terminal).decode("utf-8", "replace")
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x07", "", text)
    while "\b" in text:
        text = re.sub("[^\b]\b|^\b", "", text)
    print(text.replace("\r", "\n"))


if __name__ == "__main__":
    main()
