"""Servers with one weakness each: Apache, nginx, Postfix, Courier, slapd, gnutls-serv and openssl s_server.

    with Servers(directory) as servers: ... servers.places[server, case] is a Place

Each server runs once, with a port for each case that it can serve, or once for each case where it has one policy
only. All but the weakness is what the profile "strict" wants; "clean" and "stapled" have none. Runs in the test host.
"""
import dataclasses
import pathlib
import shutil
import subprocess
import time

PKI = pathlib.Path("/pki")
SUITES = ":".join(f"ECDHE-{key}-{cipher}" for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
                  for key in ("ECDSA", "RSA"))
SUITES13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
SCHEMES = ":".join(["ECDSA+SHA256", "ECDSA+SHA384", "ECDSA+SHA512", "ed25519", "RSA-PSS+SHA256", "RSA-PSS+SHA384",
                    "RSA-PSS+SHA512", "RSA+SHA256", "RSA+SHA384", "RSA+SHA512"])
GROUPS = "X25519:P-256:P-384"
PRIORITY = ("NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AEAD:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+ECDHE-ECDSA:+ECDHE-RSA"
            ":+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384"
            ":+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+CTYPE-X509:+COMP-NULL:%SERVER_PRECEDENCE:%NO_TICKETS")
HSTS = "max-age=63072000"


@dataclasses.dataclass(frozen=True)
class Case:
    rules: str  # that verify has to flag, and no other
    certificate: str = "rsa"
    chain: bool = True
    old: bool = False  # TLS 1.0 and 1.1 as well
    openssl: str = ""  # suites besides, for a list of OpenSSL
    gnutls: str = ""  # the same, for a priority string of GnuTLS
    dh: bool = False  # with parameters of 1024 bits
    staple: str = ""  # "fresh", "stale"
    found: str = ""  # is among what is said to be found
    peers: bool = False  # the other scanners are asked
    servers: tuple = ()  # that can serve it; (): all

    @property
    def ciphers(self):
        weak = self.old or self.dh or "AECDH" in self.openssl
        return SUITES + (":" + self.openssl if self.openssl else "") + (":@SECLEVEL=0" if weak else "")

    @property
    def priority(self):
        return PRIORITY + (":+VERS-TLS1.1:+VERS-TLS1.0" if self.old else "") + (":" + self.gnutls if self.gnutls else "")

    @property
    def response(self):
        return PKI / f"stapled.{self.staple}.der"


STAPLING = ("nginx", "s_server", "gnutls-serv")  # from a file, whatever is in it
GNUTLS = ("courier", "slapd", "gnutls-serv")
CASES = {
    "clean": Case("", peers=True),
    "stapled": Case("", certificate="stapled", staple="fresh", servers=STAPLING),
    # Versions before TLS 1.2 have no suite of the profile: it takes one that is none, and TLS 1.2 has that as well.
    "TLS 1.0": Case("tls/suites tls/versions", old=True, openssl="ECDHE-RSA-AES128-SHA",
                    gnutls="+AES-128-CBC:+SHA1", found="TLSv1.1, TLSv1, too", peers=True),
    "CBC": Case("tls/suites", openssl="ECDHE-RSA-AES128-SHA256", gnutls="+AES-128-CBC:+SHA256",
                found="TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", peers=True),
    "static RSA": Case("tls/suites", openssl="AES128-GCM-SHA256", gnutls="+RSA",
                       found="TLS_RSA_WITH_AES_128_GCM_SHA256", peers=True),
    # slapd and Courier give GnuTLS nothing for anonymous clients; mod_ssl puts !aNULL behind every list.
    "aNULL": Case("tls/suites", openssl="AECDH-AES128-SHA", gnutls="+ANON-ECDH:+AES-128-CBC:+SHA1", found="_anon_", peers=True,
                  servers=("nginx", "postfix", "s_server", "gnutls-serv")),
    "DH of 1024 bits": Case("tls/dh-bits", dh=True, openssl="DHE-RSA-AES128-GCM-SHA256", gnutls="+DHE-RSA",
                            found="one of 1024 bits", peers=True),
    "expired": Case("certificate/expired", certificate="expired"),
    "wrong name": Case("certificate/name", certificate="elsewhere", found="only other.example.test"),
    "self-signed": Case("certificate/chain", certificate="self", found="self-signed certificate"),
    "no intermediate": Case("certificate/chain", chain=False, found="unable to get local issuer certificate"),
    "stale staple": Case("certificate/staple", certificate="stapled", staple="stale", found="one that ended on ",
                         servers=STAPLING),
    "no staple": Case("certificate/staple", certificate="stapled", found="none"),
    # OpenSSL has had no way to turn it off since 0.9.8m.
    "no secure renegotiation": Case("tls/renegotiation", gnutls="%DISABLE_SAFE_RENEGOTIATION", servers=GNUTLS),
}


@dataclasses.dataclass
class Place:
    port: int
    protocol: str
    peers_port: int = 0  # without STARTTLS, for peers that cannot do it; 0: the same
    starttls: str = ""  # as sslscan and nmap call it


class Servers:
    BASE = {"apache": 10100, "nginx": 10200, "postfix": 10300, "courier": 10400, "slapd": 10500, "gnutls-serv": 10600,
            "s_server": 10700}

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.running = []
        self.places = {}

    def __enter__(self):
        self.directory.chmod(0o755)
        for name, case in CASES.items():
            self.certificates(name, case)
        for server in self.BASE:
            cases = {name: case for name, case in CASES.items() if not case.servers or server in case.servers}
            ports = {name: self.BASE[server] + number for number, name in enumerate(CASES) if name in cases}
            getattr(self, server.replace("-", "_"))(cases, ports)
        for (server, name), place in self.places.items():
            self.wait(place.port, f"{server}, {name}")
        return self

    def __exit__(self, *_):
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(10)
        subprocess.run(["nginx", "-c", self.directory / "nginx.conf", "-s", "quit"], check=False)
        subprocess.run(["apache2", "-f", self.directory / "apache.conf", "-k", "stop"], check=False)
        subprocess.run(["postfix", "stop"], check=False, stderr=subprocess.DEVNULL)

    @staticmethod
    def wait(port, what):
        for _ in range(200):
            if subprocess.run(["ss", "-Hltn", f"sport = :{port}"], stdout=subprocess.PIPE, check=True).stdout:
                return
            time.sleep(0.05)
        raise SystemExit(f"Bail out! {what}: nothing listens on {port}")

    def start(self, name, *command, **options):
        with open(self.directory / f"{name}.log", "wb") as log:
            self.running.append(subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log,
                                                 stderr=subprocess.STDOUT, **options))

    @staticmethod
    def once(*command):
        subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL)

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text, encoding="ascii")
        return path

    # --- certificates, as each server wants them: they are worth nothing, and everybody's to read --------------------

    def certificates(self, name, case):
        leaf = "chain.pem" if case.chain else "pem"
        shutil.copy(PKI / f"{case.certificate}.{leaf}", self.chain(name))
        shutil.copy(PKI / f"{case.certificate}.key", self.key(name))
        self.both(name).write_bytes(self.key(name).read_bytes() + self.chain(name).read_bytes())
        for path in self.chain(name), self.key(name), self.both(name):
            path.chmod(0o644)

    def file(self, name, kind):
        return self.directory / f"{name.replace(' ', '-')}.{kind}"

    def chain(self, name):
        return self.file(name, "chain")

    def key(self, name):
        return self.file(name, "key")

    def both(self, name):
        return self.file(name, "both")

    # --- a port for each ---------------------------------------------------------------------------------------------

    def apache(self, cases, ports):
        modules = ["mpm_event", "ssl", "socache_shmcb", "headers", "authz_core"]
        conf = [f"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so" for module in modules]
        conf += [f"PidFile {self.directory}/apache.pid", f"ErrorLog {self.directory}/apache.log",
                 f"DefaultRuntimeDir {self.directory}", f"ServerRoot {self.directory}", "ServerName www.example.test",
                 f"Header always set Strict-Transport-Security {HSTS}", "SSLCompression off", "SSLSessionTickets off",
                 "User www-data", "Group www-data"]
        for name, case in cases.items():
            if case.dh:  # it takes parameters from the file of the certificate
                with open(self.chain(name), "a", encoding="ascii") as chain:
                    chain.write((PKI / "dh1024.pem").read_text(encoding="ascii"))
            conf += [f"Listen 127.0.0.1:{ports[name]}", f"<VirtualHost *:{ports[name]}>", "SSLEngine on",
                     f"SSLCertificateFile {self.chain(name)}", f"SSLCertificateKeyFile {self.key(name)}",
                     "SSLProtocol -all +TLSv1.2 +TLSv1.3" + (" +TLSv1 +TLSv1.1" if case.old else ""),
                     "SSLHonorCipherOrder on", f"SSLCipherSuite TLSv1.3 {SUITES13}", f"SSLCipherSuite {case.ciphers}",
                     f"SSLOpenSSLConfCmd Groups {GROUPS}", f"SSLOpenSSLConfCmd SignatureAlgorithms {SCHEMES}",
                     "</VirtualHost>"]
            self.places["apache", name] = Place(ports[name], "https")
        self.once("apache2", "-f", self.write("apache.conf", "\n".join(conf) + "\n"))

    def nginx(self, cases, ports):
        blocks = []
        for name, case in cases.items():
            blocks.append(f"""
    server {{
        listen 127.0.0.1:{ports[name]} ssl;
        ssl_certificate {self.chain(name)};
        ssl_certificate_key {self.key(name)};
        ssl_protocols {"TLSv1 TLSv1.1 " if case.old else ""}TLSv1.2 TLSv1.3;
        ssl_ciphers {case.ciphers};
        {f"ssl_dhparam {PKI}/dh1024.pem;" if case.dh else ""}
        {f"ssl_stapling on; ssl_stapling_file {case.response};" if case.staple else ""}
        add_header Strict-Transport-Security "{HSTS}" always;
        return 200 "hello";
    }}""")
            self.places["nginx", name] = Place(ports[name], "https")
        self.once("nginx", "-c", self.write("nginx.conf", f"""
pid {self.directory}/nginx.pid;
error_log {self.directory}/nginx.log;
events {{ }}
http {{
    access_log off;
    ssl_prefer_server_ciphers on;
    ssl_ecdh_curve {GROUPS};
    ssl_session_tickets off;
    ssl_conf_command Ciphersuites {SUITES13};
    ssl_conf_command SignatureAlgorithms {SCHEMES};
{"".join(blocks)}
}}
"""))

    def postfix(self, cases, ports):
        openssl = self.write("postfix.cnf", f"""
postfix = main
[main]
ssl_conf = ssl
[ssl]
system_default = all
[all]
Ciphersuites = {SUITES13}
SignatureAlgorithms = {SCHEMES}
""")
        master = [line for line in pathlib.Path("/etc/postfix/master.cf").read_text(encoding="utf-8").splitlines()
                  if not line.startswith("smtp      inet")]
        for name, case in cases.items():
            options = {"smtpd_tls_cert_file": self.chain(name), "smtpd_tls_key_file": self.key(name),
                       "smtpd_tls_protocols": ">=TLSv1" if case.old else ">=TLSv1.2",
                       "tls_high_cipherlist": case.ciphers}
            if case.dh:
                options["smtpd_tls_dh1024_param_file"] = PKI / "dh1024.pem"
            master += [f"127.0.0.1:{ports[name]} inet n - n - - smtpd"]
            master += [f"  -o {{ {option} = {value} }}" for option, value in options.items()]
            self.places["postfix", name] = Place(ports[name], "smtp", starttls="smtp")
        pathlib.Path("/etc/postfix/master.cf").write_text("\n".join(master) + "\n", encoding="utf-8")
        self.once("postconf", "-e", "myhostname=mail.example.test", "maillog_file=/var/log/mail.log",
                  "smtpd_tls_security_level=may", "smtpd_tls_ciphers=high", "tls_preempt_cipherlist=yes",
                  "tls_eecdh_auto_curves=X25519,prime256v1,secp384r1", "tls_ssl_options=NO_COMPRESSION,NO_TICKET",
                  f"tls_config_file={openssl}", "tls_config_name=postfix", "smtpd_client_connection_count_limit=0")
        self.once("newaliases")
        subprocess.run(["postfix", "start"], check=True, stderr=subprocess.DEVNULL)

    # --- a process for each ------------------------------------------------------------------------------------------

    def courier(self, cases, ports):
        subprocess.run(["makeimapaccess"], check=True, stderr=subprocess.DEVNULL)
        for name, case in cases.items():
            dh = PKI / "dh1024.pem" if case.dh else ""
            self.start(f"courier-{ports[name]}", "sh", "-c", f"""set -a
. /etc/courier/imapd
. /etc/courier/imapd-ssl
IMAP_STARTTLS=YES
TLS_CERTFILE='{self.both(name)}'
TLS_PRIORITY='{case.priority}'
TLS_DHPARAMS='{dh}'
TLS_CACHEFILE=
exec couriertcpd -address=127.0.0.1 -maxprocs=100 -maxperip=100 -nodnslookup -noidentlookup \
    {ports[name]} /usr/lib/courier/courier/imaplogin /usr/bin/imapd Maildir""")
            self.places["courier", name] = Place(ports[name], "imap", starttls="imap")

    def slapd(self, cases, ports):
        for name, case in cases.items():
            conf = self.write(f"slapd-{ports[name]}.conf", f"""
pidfile {self.directory}/slapd-{ports[name]}.pid
TLSCertificateFile {self.chain(name)}
TLSCertificateKeyFile {self.key(name)}
TLSCACertificateFile {PKI}/ca.pem
TLSCipherSuite {case.priority}
{f"TLSDHParamFile {PKI}/dh1024.pem" if case.dh else ""}
""")
            plain, tls = ports[name], ports[name] + 50
            self.start(f"slapd-{plain}", "slapd", "-f", conf, "-d", "0", "-h",
                       f"ldap://127.0.0.1:{plain}/ ldaps://127.0.0.1:{tls}/")
            self.places["slapd", name] = Place(plain, "ldap", peers_port=tls)

    def gnutls_serv(self, cases, ports):
        for name, case in cases.items():
            more = ["--dhparams", PKI / "dh1024.pem"] if case.dh else []
            more += ["--ocsp-response", case.response, "--ignore-ocsp-response-errors"] if case.staple else []
            self.start(f"gnutls-serv-{ports[name]}", "gnutls-serv", "--port", ports[name], "--quiet", "--noticket",
                       "--x509certfile", self.chain(name), "--x509keyfile", self.key(name), "--priority", case.priority,
                       *more)
            self.places["gnutls-serv", name] = Place(ports[name], "tls")

    def s_server(self, cases, ports):
        level0 = self.write("level0.cnf", """
openssl_conf = main
[main]
ssl_conf = ssl
[ssl]
system_default = all
[all]
CipherString = DEFAULT@SECLEVEL=0
""")
        for name, case in cases.items():
            more = ["-dhparam", PKI / "dh1024.pem"] if case.dh else []
            more += ["-status_file", case.response] if case.staple else []
            more += ["-cert_chain", self.chain(name)] if case.chain and case.certificate != "self" else []
            self.start(f"s_server-{ports[name]}", "openssl", "s_server", "-accept", f"127.0.0.1:{ports[name]}", "-quiet",
                       "-serverpref", "-no_ticket", "-ciphersuites", SUITES13, "-cipher", case.ciphers, "-groups", GROUPS,
                       "-sigalgs", SCHEMES, "-min_protocol", "TLSv1" if case.old else "TLSv1.2",
                       "-cert", self.chain(name), "-key", self.key(name), *more,
                       env={"PATH": "/usr/bin:/bin", "OPENSSL_CONF": str(level0)})
            self.places["s_server", name] = Place(ports[name], "tls")
