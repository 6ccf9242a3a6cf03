#!/usr/bin/env python3
"""differential.py [SERVER...]   verify flags what a weakness implies and nothing else; scan sees what others see.

The others are sslscan, nmap, and, where those are known to be wrong, one handshake for each suite by OpenSSL and
GnuTLS themselves (probe.py). TAP; runs in the test host.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import probe
import weak

PROGRAM = "/src/build/tlsharden"
ANY = ["--name", "www.example.test", "--ca", "/pki/ca.pem", "--format", "json"]
# DHE is in no profile but compat-2018 and old; where primes are judged it must be allowed.
DHE = {"name": "dhe", "extends": "strict",
       "tls": {"suites": {"append": ["TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
                                     "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"]}}}
# nmap 7.93 offers the groups of RFC 7919 whatever it asks: for such a client GnuTLS has no DHE with a prime of its own.
WRONG = {("nmap", server, "DH of 1024 bits") for server in weak.GNUTLS}


class Tap:
    count = failed = 0

    def result(self, fine, name, *notes):
        self.count += 1
        self.failed += not fine
        print(f"{'ok' if fine else 'not ok'} {self.count} - {name}", flush=True)
        for note in notes if not fine else ():
            print(f"# {note}", flush=True)

    def equal(self, got, wanted, name):
        self.result(got == wanted, name, f"got:    {got}", f"wanted: {wanted}")

    def done(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def ask(*command):
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, timeout=120, text=True)


# --- verify ------------------------------------------------------------------------------------------------------------

def verify(tap, server, name, place, profile):
    case = weak.CASES[name]
    what = f"{server}, {name}"
    ended = ask(PROGRAM, "verify", "--profile", profile if case.dh else "strict", *ANY,
                f"127.0.0.1:{place.port}/{place.protocol}")
    try:
        findings = json.loads(ended.stdout)["findings"]
    except ValueError:
        tap.result(False, f"{what}: there is a report", ended.stderr.strip())
        return
    flagged = {found["rule"] for found in findings if found["verdict"] == "violation"}
    tap.equal((" ".join(sorted(flagged)), ended.returncode), (case.rules, 1 if case.rules else 0),
              f"{what}: verify flags {case.rules or 'nothing'}")
    tap.equal([found for found in findings if found["verdict"] == "inconclusive"], [], f"{what}: nothing stays open")
    if case.found:
        told = [found["found"] for found in findings if found["verdict"] == "violation"]
        tap.result(any(case.found in (text or "") for text in told), f"{what}: it says what was found", told)


# --- what each sees: {version: suites} ---------------------------------------------------------------------------------

def by_scan(place):
    report = json.loads(ask(PROGRAM, "scan", *ANY, f"127.0.0.1:{place.port}/{place.protocol}").stdout)[0]
    if report["inconclusive"]:
        raise ValueError(f"incomplete: {report['inconclusive']}")
    seen = {version["version"]: set() for version in report["versions"] if version["supported"]}
    for suite in report["suites"]:
        seen[suite["version"]].add(suite["name"])
    return seen


def by_sslscan(place):
    starttls = [f"--starttls-{place.starttls}"] if place.starttls else []
    answer = ask("sslscan", "--xml=-", "--show-sigs", *starttls, "--sni-name=www.example.test",
                 f"127.0.0.1:{place.peers_port or place.port}")
    seen = {}
    for test in ElementTree.fromstring(answer.stdout).iter("ssltest"):
        for protocol in test.iter("protocol"):
            if protocol.get("enabled") == "1":
                version = protocol.get("version")
                seen[f"TLSv{version}".removesuffix(".0") if protocol.get("type") == "tls" else f"SSLv{version}"] = set()
        for cipher in test.iter("cipher"):
            code = int(cipher.get("id"), 16)
            seen.setdefault(cipher.get("sslversion").removesuffix(".0"), set()).add(
                probe.NAMES.get((code >> 8, code & 255), cipher.get("cipher")))
    return seen


def by_nmap(place):
    """Which ports begin with which STARTTLS nmap knows from a list; ours are not in its own."""
    port = place.peers_port or place.port
    with tempfile.TemporaryDirectory() as directory:
        (pathlib.Path(directory) / "nmap-services").write_text(f"{place.starttls or 'https'} {port}/tcp 0.9\n", "ascii")
        answer = ask("nmap", "-Pn", "-n", "--datadir", directory, "-p", port, "-oX", "-", "--script", "ssl-enum-ciphers",
                     "127.0.0.1")
    seen = {}
    for script in ElementTree.fromstring(answer.stdout).iter("script"):
        for version in script.findall("table"):
            names = [suite.findtext("elem[@key='name']") for suite in version.findall("table[@key='ciphers']/table")]
            seen[version.get("key").removesuffix(".0")] = {name.replace("_AKE_WITH_", "_") for name in names}
    return seen


def by_libraries(place):
    endpoint = ("www.example.test", place.port, place.protocol if place.protocol in probe.STARTTLS else None)
    found = {version: set(probe.accepted(endpoint, version)) for version in probe.VERSIONS}
    return {version: suites for version, suites in found.items() if suites}


PEERS = {"sslscan": by_sslscan, "nmap": by_nmap}


def text(seen):
    return {version: sorted(suites) for version, suites in sorted(seen.items())}


def compare(tap, server, name, place):
    what = f"{server}, {name}"
    try:
        mine = by_scan(place)
    except (ValueError, KeyError, IndexError) as problem:
        tap.result(False, f"{what}: the scan is complete", problem)
        return
    for peer, look in PEERS.items():
        if (peer, server, name) in WRONG:
            tap.equal(text(mine), text(by_libraries(place)), f"{what}: scan sees what OpenSSL and GnuTLS agree on")
        else:
            tap.equal(text(mine), text(look(place)), f"{what}: scan sees what {peer} sees")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as directory, weak.Servers(directory) as servers:
        profile = pathlib.Path(directory) / "dhe.json"
        profile.write_text(json.dumps(DHE), encoding="ascii")
        for (server, name), place in servers.places.items():
            if sys.argv[1:] and server not in sys.argv[1:]:
                continue
            verify(tap, server, name, place, profile)
            if weak.CASES[name].peers:
                compare(tap, server, name, place)
        if "KEEP" in os.environ:
            subprocess.run(["bash", "-i"], check=False)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
