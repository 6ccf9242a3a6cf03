#!/usr/bin/env python3
"""tests/layers.py   holds src/ against the rules of the house and prints each place that breaks one.

The first table says which folder may include which; includes go down only. The second says what must not
stand in the code of a folder, comments left out. Exit status 1 when anything was printed.
"""
import pathlib
import re
import sys

MAY_INCLUDE = {
    "base": "",
    "template": "base",
    "format": "base",
    "policy": "base",
    "dialect": "policy base",
    "probe": "policy base",
    "service": "probe dialect policy format template base",
    "plan": "service probe dialect policy format template base",
    "rehearse": "probe plan service policy base",
    "txn": "plan base",
    "report": "txn rehearse probe plan service dialect policy format template base",
    "cli": "report txn rehearse probe plan service dialect policy format template base",
}

LIBRARIES = [folder for folder in MAY_INCLUDE if folder != "cli"]
PRINTS = (r"\b(?:v?printf|puts|putchar|perror|syslog)\s*\(|\bf(?:printf|puts|write)\s*\([^;]*\b(?:stdout|stderr)\b"
          r"|\b(?:errx?|warnx?)\s*\(\s*(?:EXIT|[0-9\"])")
SERVICES = r'"[^"\n]*\b(?:apache2?|httpd|postfix|courier|openldap|slapd|dovecot|nginx)\b[^"\n]*"'
FORBIDDEN = [
    # folders, expression, rule
    (LIBRARIES, PRINTS, "only cli prints"),
    (["base", "template", "policy", "txn", "report"], SERVICES, "a service is data, not code"),
    (["format"], r"(?i)\b(?:tls|ssl|cipher|certificate)\w*", "a format knows no TLS"),
    (list(MAY_INCLUDE), r"\b(?:system|popen|execlp?|execvp)\s*\(", "argument vectors and full paths, never a shell"),
    (list(MAY_INCLUDE), r"\b(?:strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|tmpnam|tempnam|mktemp|alloca)\s*\(",
     "a function that is never safe"),
    (list(MAY_INCLUDE), r"\b(?:TODO|FIXME|XXX|HACK)\b", "nothing is left to do"),
]
SOURCE_LIMIT = 800  # lines; tables may be longer, they stand in files of their own


def without_comments(text):
    """The code with comments blanked out, lines kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda found: found.group() if found.group()[0] in "\"'"
                       else "\n" * found.group().count("\n"), text)


def check(path, folder):
    text = path.read_text(encoding="utf-8")
    code = without_comments(text)
    may = set(MAY_INCLUDE[folder].split()) | {folder}
    for found in re.finditer(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', code, re.M):
        line = code.count("\n", 0, found.start()) + 1
        target = found.group(1)
        if "/" not in target:
            yield line, f'"{target}": say the folder'
        elif target.split("/")[0] not in may:
            yield line, f'{folder} may not see {target.split("/")[0]}'
    for folders, expression, rule in FORBIDDEN:
        where = text if "left to do" in rule else code
        for found in re.finditer(expression, where) if folder in folders else []:
            yield where.count("\n", 0, found.start()) + 1, f"{rule}: {found.group().strip()[:60]}"
    if path.suffix == ".c" and not text.startswith(("/*", "//")):
        yield 1, "opens without saying what it is"
    lines = text.count("\n")
    if path.suffix == ".c" and lines > SOURCE_LIMIT and len(re.findall(r"^\}", text, re.M)) > 8:
        yield lines, f"{lines} lines: two nouns in one file?"


def main():
    top = pathlib.Path(__file__).resolve().parent.parent
    broken = 0
    for path in sorted((top / "src").glob("**/*.[ch]")):
        folder = path.relative_to(top / "src").parts[0]
        if folder not in MAY_INCLUDE:
            print(f"{path.relative_to(top)}:1: '{folder}' is no layer")
            broken += 1
            continue
        for line, problem in check(path, folder):
            print(f"{path.relative_to(top)}:{line}: {problem}")
            broken += 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
