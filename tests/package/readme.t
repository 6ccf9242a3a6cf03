#!/usr/bin/env python3
"""README.md, word by word: its commands are run in their order, `make ...` in a fresh tree of the sources, the others on
a stock host where the result was installed; exit statuses are judged, and what README.md shows of the output has to be
there. `make check` is not run again, it is only asked whether it exists.

`readme.t inside LIST` is the part that runs within the test host: it prints a line of JSON for each command.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
COMMAND = re.compile(r"(sudo |make\b|tlsharden |systemctl )")
ON_HOST = re.compile(r"(sudo )?tlsharden ")
# Those that say by their status that something differs, or does not conform.
STATUS = {
    "tlsharden diff  --profile strict": 1,
    "sudo tlsharden diff": 1,
    "tlsharden verify --profile modern www.example.org:443 mail.example.org:25": 1,
    "tlsharden diff --profile ./mine.json": 1,
}
NOT_RUN = ["make check"]


def blocks(text):
    """The indented blocks of a Markdown text, as lists of lines."""
    block = []
    for line in text.splitlines() + ["end"]:
        if line.startswith("    "):
            block.append(line[4:])
        elif block:
            yield block
            block = []


def steps(text):
    """What README.md shows, in order: ("run", command), ("file", text) and ("shows", lines) of the last command."""
    for block in blocks(text):
        if all(COMMAND.match(line) for line in block if line.strip()):
            for line in block:
                if line.strip():
                    yield "run", re.sub(r"\s+#.*", "", line)
        elif block[0].startswith("{"):
            yield "file", "\n".join(block)
        else:
            yield "shows", block


def run(command, **options):
    done = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=600, check=False, **options)
    return {"command": command, "status": done.returncode, "out": done.stdout.decode(), "errors": done.stderr.decode()}


def inside(path):
    """Within the test host: its steps are in a file of JSON."""
    for kind, what in json.loads(pathlib.Path(path).read_text(encoding="utf-8")):
        if kind == "file":
            pathlib.Path("mine.json").write_text(what, encoding="utf-8")
        else:
            print(json.dumps(run(what)), flush=True)


HOST = r"""
set -e
. /src/tests/server/host.sh
host_configure >/dev/null
host_start
cp -a "$1/stage/." /
echo '127.0.0.1 www.example.org mail.example.org' >>/etc/hosts
cd /root
printf '%s\n' www.example.test:443 mail.example.test:25 >hosts.txt
python3 /src/tests/package/readme.t inside "$1/steps.json"
"""


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def result(self, passed, name, *details):
        self.count += 1
        self.failed += not passed
        print(f"{'' if passed else 'not '}ok {self.count} - {name}")
        for detail in details if not passed else ():
            for line in detail.splitlines()[-60:]:
                print(f"# {line}")
        sys.stdout.flush()


def normal(line):
    """Without what differs from host to host: point releases, and how columns are padded."""
    return re.sub(r"\s+", " ", re.sub(r"\d+\.\d+\.\d+", "VERSION", line)).strip()


def is_shown(wanted, output):
    """Whether the lines are in the output, next to each other; "..." stands for any number of others."""
    pieces = re.split(r"^\.\.\.$", "\n".join(normal(line) for line in wanted), flags=re.M)
    pattern = ".*?".join(re.escape(piece.strip("\n")) + r"$" for piece in pieces)
    return re.search("^" + pattern.replace(".*?", r"\n(?:.*\n)*?"),
                     "\n".join(normal(line) for line in output.splitlines()), re.M) is not None


def judge(tap, results, shown):
    for one in results:
        wanted = STATUS.get(one["command"], 0)
        tap.result(one["status"] == wanted, one["command"],
                   f"exit status {one['status']}, not {wanted}", one["out"], one["errors"])
        for lines in shown.get(one["command"], []):
            output = one["out"] + one["errors"]
            tap.result(is_shown(lines, output), f"{one['command']}: prints what README.md shows", output)


def fresh_tree(work):
    """The sources as `make dist` packs them, and programs that keep an installation within `stage`."""
    version = re.search(r"^VERSION *:= *(\S+)", (TOP / "Makefile").read_text(encoding="utf-8"), re.M).group(1)
    tarball = work / f"tlsharden-{version}.tar.xz"
    subprocess.run([TOP / "packaging/dist", tarball], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["tar", "-C", work, "-xf", tarball], check=True)
    programs = work / "bin"
    programs.mkdir()
    for name, body in {"sudo": 'exec "$@"', "systemctl": f'exec /usr/bin/systemctl --root={work}/stage "$@"'}.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment |= {"PATH": f"{programs}:{os.environ['PATH']}", "DESTDIR": str(work / "stage"),
                    "DEB_BUILD_OPTIONS": "nocheck", "HOME": str(work)}
    return work / f"tlsharden-{version}", environment


def main():
    tap = Tap()
    text = (TOP / "README.md").read_text(encoding="utf-8")
    all_steps = list(steps(text))
    shown, last = {}, None
    for kind, what in all_steps:
        if kind == "run":
            last = what
        elif kind == "shows":
            shown.setdefault(last, []).append(what)
    tap.result(len(shown) >= 2, "README.md shows output")
    (TOP / "build").mkdir(exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="readme.", dir=TOP / "build")) # where the test host can see it
    try:
        tree, environment = fresh_tree(work)
        for target in sorted(set(re.findall(r"`make ([a-z-]+)`", text)) | {c.split()[1] for c in NOT_RUN}):
            tap.result(run(f"make -n {target}", cwd=tree, env=environment)["status"] == 0, f"make knows {target}")
        commands = [what for kind, what in all_steps if kind == "run" and what not in NOT_RUN]
        judge(tap, (run(command, cwd=tree, env=environment) for command in commands if not ON_HOST.match(command)), shown)
        on_host = [(kind, what) for kind, what in all_steps if kind == "file" or (kind == "run" and ON_HOST.match(what))]
        (work / "steps.json").write_text(json.dumps(on_host), encoding="utf-8")
        host = subprocess.run([TOP / "tests/server/testhost", "run", "bash", "-c", HOST, "host", f"/src/build/{work.name}"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=600, check=False, text=True)
        results = [json.loads(line) for line in host.stdout.splitlines()]
        judge(tap, results, shown)
        tap.result(len(results) == sum(kind == "run" for kind, _ in on_host), "all of it was run")
    finally:
        shutil.rmtree(work)
    print(f"1..{tap.count}")
    return tap.failed > 0


if __name__ == "__main__":
    sys.exit(inside(sys.argv[2]) if sys.argv[1:2] == ["inside"] else main())
