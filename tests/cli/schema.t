#!/usr/bin/env python3
"""Does profiles/profile.schema.json say what the loader says? python3-jsonschema is the referee: every shipped
profile passes both, everything in the list of broken ones fails both, and each name of the catalogue is judged alike.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("TLSHARDEN", str(TOP / "build" / "tlsharden"))
results = []


def check(name, problem):
    results.append(not problem)
    print(f"{'not ok' if problem else 'ok'} {len(results)} - {name}")
    for line in str(problem or "").splitlines()[:30]:
        print("#", line)


def run(*args):
    return subprocess.run([PROGRAM, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False)


def no_duplicates(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def by_schema(text):
    """None when the text passes, else why not."""
    try:
        VALIDATOR.validate(json.loads(text, object_pairs_hook=no_duplicates))
    except (ValueError, jsonschema.ValidationError) as error:
        return str(error).splitlines()[0]
    return None


def by_loader(texts):
    """For each text None, or what the loader says."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/{i}.json" for i in range(len(texts))]
        for path, text in zip(paths, texts):
            pathlib.Path(path).write_text(text, encoding="utf-8")
        done = run("profile", "check", *paths)
        passed = {line[:-len(": ok")] for line in done.stdout.splitlines() if line.endswith(": ok")}
        said = done.stderr.splitlines()
        return [None if path in passed else next((s for s in said if path in s), "nothing was said")
                for path in paths]


def judge(texts, expected):
    """Texts on which the two do not both say what is expected."""
    odd = []
    for text, loader in zip(texts, by_loader(texts)):
        schema = by_schema(text)
        want = expected if expected is not None else schema is None
        if (loader is None) != want or (schema is None) != want or loader == "nothing was said":
            odd.append(f"{text[:300]}\n  loader: {loader}\n  schema: {schema}")
    return "\n".join(odd)


def profile(**parts):
    return json.dumps({"name": "own", "extends": "old", **parts})


def tls(**parts):
    return profile(tls=parts)


ROOT = {"protocols": ["TLSv1.3"], "suites": ["TLS_AES_128_GCM_SHA256"], "groups": ["x25519"],
        "signature_algorithms": ["ed25519"]}
GOOD = [
    profile(), tls(), tls(suites={}), tls(groups={"prepend": ["x448"], "append": ["secp521r1"], "remove": ["secp*"]}),
    tls(optional=["x448", "TLSv1.3", "TLS_RSA_WITH_NULL_SHA"]), tls(protocols=["TLSv1.3"], compression=True),
    profile(title="x", description="ä\u2028", version="1", references=["RFC 9325"]),
    profile(references={"append": ["RFC 1"], "remove": ["*"]}), profile(http={"hsts": False}),
    profile(http={"hsts": {"max_age": 0, "preload": True}, "ocsp_stapling": "off", "redirect": True}),
    profile(certificate={"curves": ["secp384r1"], "rsa_min_bits": 16384, "max_lifetime_days": 0}),
    profile(smtp={"inbound": "encrypt"}, imap={"implicit_tls": "off"}, ldap={"client_certificate": "demand"}),
    profile(scopes={"postfix": {}, "postfix.inbound": {"tls": {"session_tickets": True}},
                    "apache/*.example.org": {"http": {"redirect": False}}, "apache/[::1]".replace("[", "").replace(
                        "]", ""): {}}),
    profile(levels={"TLS_RSA_*": {"level": "must-not", "source": "RFC 9325 4.1", "reason": "r", "confirmed": False},
                    "SSLv3": {"level": "must-not"}, "http.hsts.max_age": {"level": "should"},
                    "tls.compression": {"level": "must-not"}, "x25519": {"level": "may"}}),
    json.dumps({"name": "own", "tls": ROOT}), json.dumps({"name": "_own-1.x", "tls": ROOT, "dh": {"min_bits": 0}}),
]
BROKEN = [
    "[]", "{}", "3", "null", '"x"', '{"name": "own"', '{"name": "own", "name": "own", "extends": "old"}',
    json.dumps({"extends": "old"}), json.dumps({"name": "own"}), json.dumps({"name": "own", "tls": {}}),
    *(json.dumps({"name": "own", "tls": {key: ROOT[key] for key in ROOT if key != left}}) for left in ROOT),
    json.dumps({"name": "a b", "extends": "old"}), json.dumps({"name": "", "extends": "old"}),
    json.dumps({"name": "-a", "extends": "old"}), json.dumps({"name": 1, "extends": "old"}),
    profile(extends=1), profile(suites=[]), profile(title=1), profile(title="x\ny"), profile(title="x\x7f"),
    profile(description="x" * 4097), profile(references="RFC"), profile(references=["a", "a"]), profile(references=[1]),
    tls(protocolls=[]), tls(protocols="TLSv1.3"), tls(protocols=["TLSv1.4"]), tls(protocols=["SSLv3"]),
    tls(protocols=["TLSv1.3", "TLSv1.3"]), tls(suites=["TLS_RSA_WITH_NULL_SHA"]), tls(suites=["TLS_RSA_WITH_ROT13"]),
    tls(suites=["ECDHE-RSA-AES128-GCM-SHA256"]), tls(suites=["TLS_AES_*"]), tls(suites={"append": ["TLS_AES_*"]}),
    tls(suites={"add": []}), tls(suites={"remove": "x"}), tls(suites={"remove": ["TLS_AES"]}), tls(suites=[None]),
    tls(groups=["X25519"]), tls(groups=["x25519", "x25519"]), tls(groups=True), tls(signature_algorithms=["rsa"]),
    tls(server_preference=1), tls(session_tickets="off"), tls(compression=None), tls(optional=["nothing"]), tls(optional=["SSLv3"]),
    profile(tls=[]), profile(certificate=None), profile(certificate={"rsa_min_bits": -1}),
    profile(certificate={"rsa_min_bits": 16385}), profile(certificate={"rsa_min_bits": "2048"}),
    profile(certificate={"rsa_min_bits": 2048.5}), profile(certificate={"curves": ["P-256"]}),
    profile(certificate={"max_lifetime_days": 36501}), profile(dh={"bits": 1}), profile(http={"hsts": True}),
    profile(http={"hsts": {"max_age": 315360001}}), profile(http={"hsts": {"maxage": 1}}),
    profile(http={"ocsp_stapling": "on"}), profile(smtp={"inbound": "never"}), profile(smtp={"inbound": ""}),
    profile(imap={"starttls": True}), profile(ldap={"minimum_ssf": 257}), profile(scopes=[]),
    profile(scopes={"a b": {}}), profile(scopes={"": {}}), profile(scopes={"postfix.": {}}),
    profile(scopes={"postfix.a.b": {}}), profile(scopes={"post*": {}}), profile(scopes={"postfix": []}),
    profile(scopes={"postfix": {"name": "x"}}), profile(scopes={"postfix": {"levels": {}}}),
    profile(scopes={"postfix": {"tls": {"groups": ["x"]}}}), profile(levels=[]), profile(levels={"x25519": "must"}),
    profile(levels={"x25519": {}}), profile(levels={"x25519": {"level": "shall"}}),
    profile(levels={"x25519": {"level": "must", "why": "x"}}), profile(levels={"X25519": {"level": "must"}}),
    profile(levels={"certificate.bits": {"level": "must"}}), profile(levels={"name": {"level": "must"}}),
    profile(levels={"x25519": {"level": "must", "confirmed": "no"}}),
    profile(levels={"x25519": {"level": "must", "source": 3}}), profile(levels={"": {"level": "must"}}),
]

schema = json.loads((TOP / "profiles" / "profile.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(schema)
try:
    jsonschema.Draft202012Validator.check_schema(schema)
    check("the schema is one of 2020-12", None)
except jsonschema.SchemaError as error:
    check("the schema is one of 2020-12", error)

shipped = sorted((TOP / "profiles").glob("*.json"))
shipped = [path for path in shipped if path.name != "profile.schema.json"]
bad = [f"{path.name}: {by_schema(path.read_text(encoding='utf-8'))}" for path in shipped
       if by_schema(path.read_text(encoding="utf-8"))]
check(f"the {len(shipped)} shipped profiles pass the schema", "\n".join(bad))
loaded = run("profile", "check", *(path.stem for path in shipped))
check("and the loader", loaded.stderr if loaded.returncode else None)

effective = [run("profile", "show", path.stem, "--format", "json").stdout for path in shipped]
check("what they amount to passes both", judge(effective, True))
check(f"{len(GOOD)} odd but good ones pass both", judge(GOOD, True))
check(f"{len(BROKEN)} broken ones fail both", judge(BROKEN, False))

catalogue = json.loads(run("ciphers", "--all", "--format", "json").stdout)
LISTS = {"suite": "suites", "group": "groups", "signature scheme": "signature_algorithms"}
asked = [tls(**{LISTS[item["kind"]]: {"append": [item["name"]]}}) for item in catalogue]
asked += [tls(protocols=[name]) for name in ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", "TLSv1.0")]
asked += [tls(optional=[item["name"]]) for item in catalogue]
asked += [profile(levels={item["name"]: {"level": "may"}}) for item in catalogue]
check(f"{len(asked)} uses of {len(catalogue)} names are judged alike", judge(asked, None) if catalogue else "no names")

print(f"1..{len(results)}")
sys.exit(0 if all(results) else 1)
