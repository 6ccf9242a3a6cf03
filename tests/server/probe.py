#!/usr/bin/env python3
"""probe.py [--brief] [ENDPOINT...]   what the servers of the test host accept, as JSON: the suite's own oracle.

It shares nothing with tlsharden: every verdict is a whole handshake by a client that offers exactly one suite
in exactly one version, by OpenSSL (the ssl module) or, for what OpenSSL 3.0 cannot offer or would not be
granted (TLS 1.3 suites one by one, 3DES, RC4, finite-field groups), by GnuTLS (called through ctypes).

A refusal counts only when a client that offers everything is still served next to it; a time-out never
counts, it ends the probe of that endpoint with an "error". Without arguments all endpoints are asked. --brief asks only
whether there is TLS, and for the certificate: a second instead of ten.

    {"https": {"suites": {"TLSv1": [], "TLSv1.1": [], "TLSv1.2": ["TLS_..."], "TLSv1.3": [...]},
               "certificate": "sha256 of the leaf", "verified": true}, "imap": {"error": "..."}, ...}
"""
import concurrent.futures
import ctypes
import hashlib
import json
import re
import socket
import ssl
import subprocess
import sys
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)

TIMEOUT = 10.0
CA = "/pki/ca.pem"
VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]

# name: (server name, port, STARTTLS dialogue)
ENDPOINTS = {
    "https": ("www.example.test", 443, None),
    "https-shop": ("shop.example.test", 443, None),
    "smtp": ("mail.example.test", 25, "smtp"),
    "submission": ("mail.example.test", 587, "smtp"),
    "submissions": ("mail.example.test", 465, None),
    "imap": ("mail.example.test", 143, "imap"),
    "imaps": ("mail.example.test", 993, None),
    "ldap": ("ldap.example.test", 389, "ldap"),
    "ldaps": ("ldap.example.test", 636, None),
}


class Unservable(Exception):
    """The endpoint gave no TLS at all, or no answer from which something follows."""


# --- plain text first --------------------------------------------------------------------------

def read_line(sock):
    line = b""
    while not line.endswith(b"\n"):
        byte = sock.recv(1)
        if not byte:
            raise Unservable(f"closed after {line!r}")
        line += byte
        if len(line) > 4096:
            raise Unservable("endless line")
    return line.decode("latin-1").rstrip("\r\n")


def smtp_reply(sock):
    lines = [read_line(sock)]
    while lines[-1][3:4] == "-":
        lines.append(read_line(sock))
    return lines


def starttls_smtp(sock):
    smtp_reply(sock)
    sock.sendall(b"EHLO probe.example.test\r\n")
    if not any(line[4:].upper() == "STARTTLS" for line in smtp_reply(sock)):
        raise Unservable("STARTTLS is not offered")
    sock.sendall(b"STARTTLS\r\n")
    reply = smtp_reply(sock)
    if not reply[0].startswith("220"):
        raise Unservable(f"STARTTLS: {reply[0]}")


def starttls_imap(sock):
    read_line(sock)
    sock.sendall(b"a STARTTLS\r\n")
    reply = read_line(sock)
    while not reply.startswith("a "):
        reply = read_line(sock)
    if not reply.upper().startswith("A OK"):
        raise Unservable(f"STARTTLS: {reply}")


def starttls_ldap(sock):
    oid = b"1.3.6.1.4.1.1466.20037"
    request = b"\x02\x01\x01\x77" + bytes([len(oid) + 2]) + b"\x80" + bytes([len(oid)]) + oid
    sock.sendall(b"\x30" + bytes([len(request)]) + request)
    answer = sock.recv(4096)
    code = re.search(rb"\x78.{1,5}?\x0a\x01(.)", answer, re.S)
    if not code or code.group(1) != b"\0":
        raise Unservable(f"STARTTLS: {answer!r}")


STARTTLS = {None: lambda sock: None, "smtp": starttls_smtp, "imap": starttls_imap,
            "ldap": starttls_ldap}


def connect(endpoint):
    """A socket at the point where the ClientHello is due."""
    name, port, dialogue = endpoint
    for attempt in range(3):
        sock = socket.create_connection((name, port), TIMEOUT)
        try:
            STARTTLS[dialogue](sock)
            return sock
        except (Unservable, ConnectionError) as problem:
            sock.close()
            if attempt == 2:
                raise Unservable(str(problem)) from problem
            time.sleep(0.2)
    raise AssertionError("not reached")


# --- OpenSSL -----------------------------------------------------------------------------------

OPENSSL_VERSION = {"TLSv1": ssl.TLSVersion.TLSv1, "TLSv1.1": ssl.TLSVersion.TLSv1_1,
                   "TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


def openssl_suites():
    """{version: {IANA name: OpenSSL name}} of all that this OpenSSL can offer, and {code: IANA name}."""
    suites, names = {version: {} for version in VERSIONS}, {}
    lines = subprocess.run(["openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"],
                           stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    for line in lines:
        code, _, iana, _, native, since = line.split()[:6]
        names[tuple(int(byte, 16) for byte in code.split(","))] = iana
        if "PSK" in iana or "SRP" in iana:
            continue
        for version in VERSIONS[:3] if since in ("SSLv3", "TLSv1", "TLSv1.0") else [since]:
            suites[version][iana] = native
    return suites, names


def openssl_try(endpoint, version, ciphers):
    """The native name of the suite agreed on, or None when the server refuses."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(ciphers + ":@SECLEVEL=0")
    context.minimum_version = OPENSSL_VERSION[version] if version else ssl.TLSVersion.TLSv1
    context.maximum_version = OPENSSL_VERSION[version] if version else ssl.TLSVersion.TLSv1_3
    with connect(endpoint) as sock:
        try:
            with context.wrap_socket(sock, server_hostname=endpoint[0]) as tls:
                if version and tls.version() != version:
                    raise Unservable(f"asked for {version}, got {tls.version()}")
                return tls.cipher()[0]
        except TimeoutError as slow:
            raise Unservable("no answer to a ClientHello in time") from slow
        except (ssl.SSLError, ConnectionError) as refusal:
            if getattr(refusal, "reason", None) in ("NO_CIPHERS_AVAILABLE", "NO_PROTOCOLS_AVAILABLE",
                                                    "UNSUPPORTED_PROTOCOL_VERSION"):
                raise Unservable(f"this OpenSSL cannot offer {ciphers} in {version}") from refusal
            return None


def certificate(endpoint):
    """(sha256 of the leaf, whether chain and name hold for a client of today)."""
    context = ssl.create_default_context(cafile=CA)
    problem = None
    with connect(endpoint) as sock:
        try:
            with context.wrap_socket(sock, server_hostname=endpoint[0]) as tls:
                return hashlib.sha256(tls.getpeercert(True)).hexdigest(), True, None
        except (ssl.SSLError, ConnectionError) as failure:
            problem = str(failure)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    with connect(endpoint) as sock, context.wrap_socket(sock, server_hostname=endpoint[0]) as tls:
        leaf = tls.getpeercert(True)
        return leaf and hashlib.sha256(leaf).hexdigest(), False, problem


# --- GnuTLS ------------------------------------------------------------------------------------

GNUTLS = ctypes.CDLL("libgnutls.so.30")
for function in ("cipher_suite_info", "kx_get_name", "cipher_get_name", "mac_get_name",
                 "protocol_get_name", "strerror"):
    getattr(GNUTLS, "gnutls_" + function).restype = ctypes.c_char_p
GNUTLS_CLIENT, GNUTLS_NO_SIGNAL, GNUTLS_TIMEDOUT = 2, 64, -319
GNUTLS_VERSION = {"TLSv1": "VERS-TLS1.0", "TLSv1.1": "VERS-TLS1.1", "TLSv1.2": "VERS-TLS1.2",
                  "TLSv1.3": "VERS-TLS1.3"}
GNUTLS_ALWAYS = ":+COMP-NULL:+CTYPE-X509:+GROUP-ALL:+SIGN-ALL"
GNUTLS_KX = "+ECDHE-RSA:+ECDHE-ECDSA:+DHE-RSA:+DHE-DSS:+RSA:+ANON-ECDH:+ANON-DH"
GNUTLS_MAC = "+AEAD:+SHA1:+SHA256:+SHA384:+MD5"


def gnutls_suites(names):
    """{version: {IANA name: what selects it in a priority string}} of all that GnuTLS can offer."""
    suites = {version: {} for version in VERSIONS}
    number, code = ctypes.c_size_t(0), (ctypes.c_ubyte * 2)()
    kx, cipher, mac, since = (ctypes.c_int() for _ in range(4))
    while name := GNUTLS.gnutls_cipher_suite_info(
            number, code, *(ctypes.byref(part) for part in (kx, cipher, mac, since))):
        number.value += 1
        parts = [GNUTLS.gnutls_cipher_get_name(cipher).decode(), GNUTLS.gnutls_mac_get_name(mac).decode()]
        oldest = GNUTLS.gnutls_protocol_get_name(since).decode()
        kx_name = (GNUTLS.gnutls_kx_get_name(kx) or b"").decode()
        if re.search("PSK|SRP|GOST", kx_name):
            continue
        iana = names.get(tuple(code)) or iana_name(name.decode(), kx_name)
        if oldest == "TLS1.3":
            suites["TLSv1.3"][iana] = ":".join("+" + part for part in parts) + ":" + GNUTLS_KX
            continue
        native = ":".join("+" + part for part in parts + [kx_name])
        for version in ["TLSv1.2"] if oldest == "TLS1.2" else VERSIONS[:3]:
            suites[version][iana] = native
    return suites


def iana_name(name, kx):
    """TLS_RSA_3DES_EDE_CBC_SHA1, of which GnuTLS says RSA, is TLS_RSA_WITH_3DES_EDE_CBC_SHA elsewhere."""
    prefix = "TLS_" + {"ANON-DH": "DH_ANON", "ANON-ECDH": "ECDH_ANON"}.get(kx, kx.replace("-", "_"))
    if not name.startswith(prefix + "_"):
        return name
    rest = name[len(prefix) + 1:].replace("ARCFOUR", "RC4")
    return prefix.replace("ANON", "anon") + "_WITH_" + re.sub("SHA1$", "SHA", rest)


def gnutls_try(endpoint, version, selection):
    """Whether the server completes a handshake with that selection in that version."""
    priority = f"NONE:+{GNUTLS_VERSION[version]}:{selection}{GNUTLS_ALWAYS}".encode()
    session, certificates, anonymous = (ctypes.c_void_p() for _ in range(3))
    bad = ctypes.c_char_p()
    name = endpoint[0].encode()
    GNUTLS.gnutls_certificate_allocate_credentials(ctypes.byref(certificates))
    GNUTLS.gnutls_anon_allocate_client_credentials(ctypes.byref(anonymous))
    GNUTLS.gnutls_init(ctypes.byref(session), GNUTLS_CLIENT | GNUTLS_NO_SIGNAL)
    try:
        if GNUTLS.gnutls_priority_set_direct(session, priority, ctypes.byref(bad)) != 0:
            raise Unservable(f"GnuTLS does not know '{bad.value}' in {priority}")
        GNUTLS.gnutls_credentials_set(session, 1, certificates)
        GNUTLS.gnutls_credentials_set(session, 2, anonymous)
        GNUTLS.gnutls_server_name_set(session, 1, name, ctypes.c_size_t(len(name)))
        GNUTLS.gnutls_dh_set_prime_bits(session, 512)
        with connect(endpoint) as sock:
            sock.setblocking(True)
            GNUTLS.gnutls_transport_set_int2(session, sock.fileno(), sock.fileno())
            GNUTLS.gnutls_handshake_set_timeout(session, int(TIMEOUT * 1000))
            while (result := GNUTLS.gnutls_handshake(session)) < 0:
                if result == GNUTLS_TIMEDOUT:
                    raise Unservable("no answer to a ClientHello in time")
                if GNUTLS.gnutls_error_is_fatal(result):
                    return False
            GNUTLS.gnutls_bye(session, 1)
            return True
    finally:
        GNUTLS.gnutls_deinit(session)
        GNUTLS.gnutls_certificate_free_credentials(certificates)
        GNUTLS.gnutls_anon_free_client_credentials(anonymous)


# --- one endpoint ------------------------------------------------------------------------------

OPENSSL, NAMES = openssl_suites()
GNU = gnutls_suites(NAMES)
# What only GnuTLS can tell: OpenSSL lacks it, or a GnuTLS server wants RFC 7919 groups for it.
ONLY_GNUTLS = {version: {name: native for name, native in GNU[version].items()
                         if version == "TLSv1.3" or name not in OPENSSL[version] or "_DHE_" in name}
               for version in VERSIONS}


def accepted(endpoint, version):
    """The suites, by IANA name, with which a handshake in that version succeeds."""
    ciphers = ":".join("+" + name for name in sorted({
        native.split(":")[0][1:] for native in GNU[version].values()}))
    if not (openssl_try(endpoint, version, "ALL:COMPLEMENTOFALL")
            or gnutls_try(endpoint, version, f"{ciphers}:{GNUTLS_MAC}:{GNUTLS_KX}")):
        return []
    found = {name for name, native in ONLY_GNUTLS[version].items()
             if gnutls_try(endpoint, version, native)}
    if version != "TLSv1.3":
        found |= {name for name, native in OPENSSL[version].items()
                  if name not in found and openssl_try(endpoint, version, native) == native}
    return sorted(found)


def control(endpoint):
    if not openssl_try(endpoint, None, "ALL:COMPLEMENTOFALL"):
        raise Unservable("refuses even a client that offers everything")


def probe(name, brief):
    endpoint = ENDPOINTS[name]
    try:
        suites = {}
        for version in [] if brief else VERSIONS:
            control(endpoint)
            suites[version] = accepted(endpoint, version)
        control(endpoint)
        digest, verified, problem = certificate(endpoint)
        answer = {"suites": suites, "certificate": digest, "verified": verified}
        return answer | ({"problem": problem} if problem else {})
    except (Unservable, OSError) as problem:
        return {"error": str(problem)}


def main():
    brief = sys.argv[1:2] == ["--brief"]
    names = sys.argv[2 if brief else 1:] or list(ENDPOINTS)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = dict(zip(names, pool.map(lambda name: probe(name, brief), names)))
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
