#!/usr/bin/env python3
"""compare.py PROFILE PROBE KEY [ENDPOINT...]   holds what probe.py saw against a profile, endpoint by endpoint.

PROFILE is `tlsharden profile show NAME --format json`, PROBE probe.py's answer, KEY the certificate's key (rsa
or ec). Every suite that a server accepts must be the profile's, in a version that the profile allows; and every
suite of the profile that the server's TLS library has and the certificate can sign must be accepted. A priority
string of GnuTLS is a product of key exchanges, ciphers and MACs: with --product a GnuTLS server may accept
less, but something in each version. Prints what differs; exit status 1 when anything does.
"""
import fnmatch
import json
import sys

import probe

LIBRARY = {"https": probe.OPENSSL, "https-shop": probe.OPENSSL, "smtp": probe.OPENSSL,
           "submission": probe.OPENSSL, "submissions": probe.OPENSSL,
           "imap": probe.GNU, "imaps": probe.GNU, "ldap": probe.GNU, "ldaps": probe.GNU}
SCOPES = {"https": ["apache", "apache/www.example.test"], "https-shop": ["apache", "apache/shop.example.test"],
          "smtp": ["postfix", "postfix.inbound"], "submission": ["postfix", "postfix.submission"],
          "submissions": ["postfix", "postfix.submission"], "imap": ["courier", "courier.imap"],
          "imaps": ["courier", "courier.imap"], "ldap": ["openldap"], "ldaps": ["openldap"]}


def edited(present, edit):
    if isinstance(edit, list):
        return edit
    kept = [item for item in present
            if not any(fnmatch.fnmatchcase(item, pattern) for pattern in edit.get("remove", []))]
    return edit.get("prepend", []) + kept + edit.get("append", [])


def wanted(profile, endpoint, key):
    """{version: suites} that this endpoint has to accept under the profile."""
    tls = dict(profile["tls"])
    for scope in SCOPES[endpoint]:
        for name, edit in profile.get("scopes", {}).get(scope, {}).get("tls", {}).items():
            if name in ("protocols", "suites"):
                tls[name] = edited(tls[name], edit)
    suites = {version: set() for version in probe.VERSIONS}
    for version in probe.VERSIONS:
        if version in tls["protocols"] or version + ".0" in tls["protocols"]:
            suites[version] = {name for name in tls["suites"] if name in LIBRARY[endpoint][version]
                               and (version == "TLSv1.3" or signs(key, name))}
    return suites


def signs(key, suite):
    kind = suite.split("_WITH_")[0]
    return kind in {"rsa": ("TLS_ECDHE_RSA", "TLS_DHE_RSA", "TLS_RSA"), "ec": ("TLS_ECDHE_ECDSA",)}[key]


def differences(profile, seen, key, endpoint, product):
    if "error" in seen:
        yield f"is not served: {seen['error']}"
        return
    if not seen["verified"]:
        yield f"certificate: {seen.get('problem')}"
    for version, suites in wanted(profile, endpoint, key).items():
        got = set(seen["suites"][version])
        if got - suites:
            yield f"{version}: accepts what the profile does not have: {' '.join(sorted(got - suites))}"
        may_lack = product and LIBRARY[endpoint] is probe.GNU and got
        if suites - got and not may_lack:
            yield f"{version}: refuses what the profile has: {' '.join(sorted(suites - got))}"
    if not any(seen["suites"].values()):
        yield "accepts nothing at all"


def main():
    args = [arg for arg in sys.argv[1:] if arg != "--product"]
    with open(args[0], encoding="utf-8") as file:
        profile = json.load(file)
    with open(args[1], encoding="utf-8") as file:
        answers = json.load(file)
    problems = [f"{endpoint}: {text}" for endpoint in args[3:] or answers
                for text in differences(profile, answers[endpoint], args[2], endpoint,
                                        "--product" in sys.argv)]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
