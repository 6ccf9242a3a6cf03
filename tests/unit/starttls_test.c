/*
 * Does a dialogue end as its protocol says: consent, no offer, refusal, injection, nonsense? Each row is a
 * whole conversation, fed in one piece per reply and then byte by byte.
 */
#include "probe/starttls.h"

#include "base/deadline.h"
#include "unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct conversation {
    const char *protocol;
    struct bytes replies[4]; /* empty: no more */
    const char *said;        /* what the client says in all, its opening left out */
    enum starttls_state end;
    const char *why; /* must stand in `why`; NULL: `why` is empty */
};

#define B(literal)                                                                       \
    {                                                                                    \
        .data = (literal), .len = sizeof(literal) - 1                                    \
    }
#define EHLO      "EHLO [127.0.0.1]\r\n"
#define LHLO      "LHLO [127.0.0.1]\r\n"
#define LDAP_HEAD "\x30\x0c\x02\x01\x01\x78\x07"
#define FTP       "FEAT\r\nAUTH TLS\r\n"
#define STREAM                                                                           \
    "<stream:stream from='a.example' id='1' version='1.0' xmlns='jabber:client'>"
#define ASK_XMPP "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define MYSQL_BODY                                                                       \
    "8.0.36\x00"                                                                         \
    "\x01\x00\x00\x00"                                                                   \
    "scramble"                                                                           \
    "\x00"
#define OID "1.3.6.1.4.1.1466.20037"

static const struct conversation conversations[] = {
    /* SMTP */
    {"smtp",
     {B("220 mail ESMTP\r\n"), B("250-mail\r\n250-SIZE 10\r\n250 STARTTLS\r\n"),
      B("220 2.0.0 Ready\r\n")},
     EHLO "STARTTLS\r\n",
     STARTTLS_READY,
     NULL},
    {"smtp",
     {B("220-first\r\n220-second\r\n220 third\r\n"), B("250-mail\r\n250 starttls\r\n"),
      B("220\r\n")},
     EHLO "STARTTLS\r\n",
     STARTTLS_READY,
     NULL},
    {"smtp",
     {B("220 bare\n"), B("250-mail\n250-STARTTLS\n250 HELP\n"), B("220 go\n")},
     EHLO "STARTTLS\r\n",
     STARTTLS_READY,
     NULL},
    {"smtp",
     {B("220 mail\r\n"), B("250-STARTTLS\r\n250-XSTARTTLS\r\n250 AUTH STARTTLS\r\n")},
     EHLO,
     STARTTLS_NOT_OFFERED,
     "not offered: 250-STARTTLS"},
    {"smtp",
     {B("220 mail\r\n"), B("502 what?\r\n")},
     EHLO,
     STARTTLS_NOT_OFFERED,
     "502 what?"},
    {"smtp",
     {B("220 mail\r\n"), B("250-mail\r\n250 STARTTLS\r\n"),
      B("454 4.7.0 TLS not available due to local problem\r\n")},
     EHLO "STARTTLS\r\n",
     STARTTLS_REFUSED,
     "refused when asked: 454 4.7.0 TLS not available"},
    {"smtp",
     {B("421 4.7.0 too many connections\r\n")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: 421 4.7.0 too many connections"},
    {"smtp",
     {B("220 mail\r\n"), B("421 4.3.2 going down\r\n")},
     EHLO,
     STARTTLS_TURNED_AWAY,
     "turned away: 421"},
    {"smtp",
     {B("220 mail\r\n"), B("550 5.7.1 access denied\r\n")},
     EHLO,
     STARTTLS_TURNED_AWAY,
     "turned away: 550"},
    {"smtp",
     {B("220 mail\r\n"), B("250-mail\r\n250 STARTTLS\r\n"), B("421 4.4.2 timeout\r\n")},
     EHLO "STARTTLS\r\n",
     STARTTLS_TURNED_AWAY,
     "turned away: 421"},
    /* 421 elsewhere than in its place is no such thing */
    {"smtp",
     {B("220 mail\r\n"), B("250-mail\r\n250 STARTTLS\r\n"), B("454 id 421\r\n")},
     EHLO "STARTTLS\r\n",
     STARTTLS_REFUSED,
     "refused when asked: 454 id 421"},
    {"smtp",
     {B("554 no\x1b[2J service\r\n")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: 554 no\\x1b[2J service"},
    {"smtp",
     {B("220 mail\r\n"), B("250-mail\r\n250 STARTTLS\r\n"),
      B("220 go\r\n250 injected\r\n")},
     EHLO "STARTTLS\r\n",
     STARTTLS_BROKEN,
     "out of turn: 250 injected"},
    {"smtp",
     {B("220 mail\r\n"), B("250-mail\r\n250 STARTTLS\r\n"), B("220 go\r\n\x16")},
     EHLO "STARTTLS\r\n",
     STARTTLS_BROKEN,
     "out of turn: \\x16"},
    {"smtp", {B("220 mail\r\n250 mail\r\n")}, "", STARTTLS_BROKEN, "out of turn"},
    {"smtp",
     {B("* OK imap\r\n")},
     "",
     STARTTLS_BROKEN,
     "no answer of this protocol: * OK"},
    {"smtp", {B("22 x\r\n")}, "", STARTTLS_BROKEN, "no answer"},
    {"smtp", {B("2200 x\r\n")}, "", STARTTLS_BROKEN, "no answer"},
    {"smtp", {B("220-a\r\n250 b\r\n")}, "", STARTTLS_BROKEN, "no answer"},
    {"smtp", {B("220 mail\r\n"), B("354 go on\r\n")}, EHLO, STARTTLS_BROKEN, "354 go on"},
    {"smtp", {B("\r\n")}, "", STARTTLS_BROKEN, "no answer"},
    {"smtp", {B("220 mail")}, "", STARTTLS_TALKING, NULL},
    {"smtp", {B("220-mail\r\n220-more\r\n")}, "", STARTTLS_TALKING, NULL},
    /* IMAP */
    {"imap",
     {B("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"),
      B("* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n"),
      B("a2 OK Begin\r\n")},
     "a1 CAPABILITY\r\na2 STARTTLS\r\n",
     STARTTLS_READY,
     NULL},
    {"imap",
     {B("* ok hi\r\n* 3 EXISTS\r\n"),
      B("* CAPABILITY starttls\r\n* 1 RECENT\r\na1 ok\r\n"),
      B("* OK wait\r\na2 ok go\r\n")},
     "a1 CAPABILITY\r\na2 STARTTLS\r\n",
     STARTTLS_READY,
     NULL},
    {"imap",
     {B("* OK hi\r\n"), B("* CAPABILITY IMAP4rev1 XSTARTTLS\r\na1 OK STARTTLS\r\n")},
     "a1 CAPABILITY\r\n",
     STARTTLS_NOT_OFFERED,
     "XSTARTTLS"},
    {"imap", {B("* PREAUTH welcome\r\n")}, "", STARTTLS_NOT_OFFERED, "PREAUTH"},
    {"imap",
     {B("* BYE too many\r\n")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: * BYE too many"},
    {"imap",
     {B("* OK hi\r\n"), B("* CAPABILITY STARTTLS\r\n* BYE idle too long\r\n")},
     "a1 CAPABILITY\r\n",
     STARTTLS_TURNED_AWAY,
     "BYE idle too long"},
    {"imap",
     {B("* OK hi\r\n* bye now\r\n")},
     "a1 CAPABILITY\r\n",
     STARTTLS_TURNED_AWAY,
     "turned away: * bye now"},
    {"imap",
     {B("* OK hi\r\n"), B("* CAPABILITY STARTTLS\r\na1 OK\r\n"), B("* BYE now\r\n")},
     "a1 CAPABILITY\r\na2 STARTTLS\r\n",
     STARTTLS_TURNED_AWAY,
     "turned away: * BYE now"},
    {"imap",
     {B("* OK hi\r\n"), B("a1 NO [UNAVAILABLE] later\r\n")},
     "a1 CAPABILITY\r\n",
     STARTTLS_TURNED_AWAY,
     "turned away: a1 NO"},
    {"imap",
     {B("* OK hi\r\n"), B("* CAPABILITY STARTTLS\r\na1 OK\r\n"),
      B("a2 NO [UNAVAILABLE] no TLS\r\n")},
     "a1 CAPABILITY\r\na2 STARTTLS\r\n",
     STARTTLS_REFUSED,
     "refused when asked: a2 NO"},
    {"imap",
     {B("* OK hi\r\n"), B("a1 BYE\r\n")},
     "a1 CAPABILITY\r\n",
     STARTTLS_BROKEN,
     "a1 BYE"},
    {"imap",
     {B("* OK hi\r\n"), B("* CAPABILITY STARTTLS\r\na1 OK\r\n"), B("a2 NO no key\r\n")},
     "a1 CAPABILITY\r\na2 STARTTLS\r\n",
     STARTTLS_REFUSED,
     "a2 NO no key"},
    {"imap",
     {B("* OK hi\r\n"), B("* CAPABILITY STARTTLS\r\na1 OK\r\n"), B("a2 BAD what\r\n")},
     "a1 CAPABILITY\r\na2 STARTTLS\r\n",
     STARTTLS_REFUSED,
     "a2 BAD what"},
    {"imap",
     {B("* OK hi\r\n"), B("a1 BAD what\r\n")},
     "a1 CAPABILITY\r\n",
     STARTTLS_NOT_OFFERED,
     "a1 BAD"},
    {"imap",
     {B("* OK hi\r\n"), B("a1 MAYBE\r\n")},
     "a1 CAPABILITY\r\n",
     STARTTLS_BROKEN,
     "a1 MAYBE"},
    {"imap",
     {B("* OK hi\r\n"), B("a9 OK\r\n")},
     "a1 CAPABILITY\r\n",
     STARTTLS_BROKEN,
     "no answer of this protocol: a9 OK"},
    {"imap",
     {B("* OK hi\r\n"), B("* CAPABILITY STARTTLS\r\na1 OK\r\n"),
      B("a2 OK go\r\n* PREAUTH injected\r\n")},
     "a1 CAPABILITY\r\na2 STARTTLS\r\n",
     STARTTLS_BROKEN,
     "out of turn: * PREAUTH"},
    {"imap", {B("220 smtp\r\n")}, "", STARTTLS_BROKEN, "220 smtp"},
    {"imap", {B("* WHAT\r\n")}, "", STARTTLS_BROKEN, "* WHAT"},
    /* POP3 */
    {"pop3",
     {B("+OK hi\r\n"), B("+OK list\r\nUSER\r\nSTLS\r\n.\r\n"), B("+OK Begin\r\n")},
     "CAPA\r\nSTLS\r\n",
     STARTTLS_READY,
     NULL},
    {"pop3",
     {B("+OK hi\r\n"), B("+OK\r\nUSER\r\nXSTLS\r\n.\r\n")},
     "CAPA\r\n",
     STARTTLS_NOT_OFFERED,
     "XSTLS"},
    /* a server without CAPA may have STLS */
    {"pop3",
     {B("+OK hi\r\n"), B("-ERR what\r\n"), B("+OK Begin\r\n")},
     "CAPA\r\nSTLS\r\n",
     STARTTLS_READY,
     NULL},
    {"pop3",
     {B("+OK hi\r\n"), B("-ERR what\r\n"), B("-ERR what now\r\n")},
     "CAPA\r\nSTLS\r\n",
     STARTTLS_NOT_OFFERED,
     "not offered: -ERR what now"},
    {"pop3",
     {B("+OK hi\r\n"), B("-ERR [SYS/TEMP] later\r\n")},
     "CAPA\r\n",
     STARTTLS_TURNED_AWAY,
     "turned away: -ERR [SYS/TEMP]"},
    {"pop3", {B("-ERR busy\r\n")}, "", STARTTLS_TURNED_AWAY, "turned away: -ERR busy"},
    {"pop3",
     {B("+OK hi\r\n"), B("+OK\r\nSTLS\r\n.\r\n"), B("-ERR no key\r\n")},
     "CAPA\r\nSTLS\r\n",
     STARTTLS_REFUSED,
     "-ERR no key"},
    {"pop3",
     {B("+OK hi\r\n"), B("+OK\r\nSTLS\r\n.\r\n"), B("+OK go\r\n+OK injected\r\n")},
     "CAPA\r\nSTLS\r\n",
     STARTTLS_BROKEN,
     "out of turn: +OK injected"},
    {"pop3", {B("+OKAY\r\n")}, "", STARTTLS_BROKEN, "+OKAY"},
    {"pop3", {B("+OK hi\r\n"), B("+OK\r\nSTLS\r\n")}, "CAPA\r\n", STARTTLS_TALKING, NULL},
    /* LDAP: messageID, resultCode, matchedDN, diagnosticMessage */
    {"ldap", {B(LDAP_HEAD "\x0a\x01\x00\x04\x00\x04\x00")}, "", STARTTLS_READY, NULL},
    {"ldap",
     {B("\x30\x84\x00\x00\x00\x28\x02\x01\x01\x78\x84\x00\x00\x00\x1f\x0a\x01\x00\x04\x00"
        "\x04\x00\x8a\x16" OID)},
     "",
     STARTTLS_READY,
     NULL},
    {"ldap",
     {B("\x30\x24\x02\x01\x01\x78\x1f\x0a\x01\x00\x04\x00\x04\x00\x8a\x16"
        "1.3.6.1.4.1.1466.20036")},
     "",
     STARTTLS_BROKEN,
     "result code 0"},
    {"ldap",
     {B("\x30\x0f\x02\x01\x01\x78\x0a\x0a\x01\x02\x04\x00\x04\x03oid")},
     "",
     STARTTLS_NOT_OFFERED,
     "result code 2: oid"},
    {"ldap",
     {B("\x30\x0f\x02\x01\x01\x78\x0a\x0a\x01\x34\x04\x00\x04\x03"
        "a\nb")},
     "",
     STARTTLS_REFUSED,
     "result code 52: a\\nb"},
    {"ldap",
     {B("\x30\x0c\x02\x01\x00\x78\x07\x0a\x01\x34\x04\x00\x04\x00")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: result code 52"},
    {"ldap",
     {B("\x30\x24\x02\x01\x00\x78\x1f\x0a\x01\x34\x04\x00\x04\x00\x8a\x16"
        "1.3.6.1.4.1.1466.20036")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: result code 52"},
    {"ldap",
     {B("\x30\x24\x02\x01\x00\x78\x1f\x0a\x01\x34\x04\x00\x04\x00\x8a\x16" OID)},
     "",
     STARTTLS_BROKEN,
     "result code 52"},
    {"ldap",
     {B(LDAP_HEAD "\x0a\x01\x33\x04\x00\x04\x00")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: result code 51"},
    /* numbers in more bytes than they need, or in none */
    {"ldap",
     {B("\x30\x0d\x02\x02\x00\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00")},
     "",
     STARTTLS_BROKEN,
     ""},
    {"ldap",
     {B("\x30\x0b\x02\x00\x78\x07\x0a\x01\x00\x04\x00\x04\x00")},
     "",
     STARTTLS_BROKEN,
     ""},
    {"ldap",
     {B("\x30\x0d\x02\x01\x01\x78\x08\x0a\x02\x00\x00\x04\x00\x04\x00")},
     "",
     STARTTLS_BROKEN,
     ""},
    {"ldap",
     {B("\x30\x0d\x02\x01\x01\x78\x08\x0a\x02\x00\x02\x04\x00\x04\x00")},
     "",
     STARTTLS_BROKEN,
     ""},
    {"ldap",
     {B("\x30\x0b\x02\x01\x01\x78\x06\x0a\x00\x04\x00\x04\x00")},
     "",
     STARTTLS_BROKEN,
     ""},
    {"ldap",
     {B("\x30\x0f\x02\x01\x01\x78\x0a\x0a\x04\x10\x00\x00\x00\x04\x00\x04\x00")},
     "",
     STARTTLS_BROKEN,
     ""},
    /* one that needs two (RFC 4533 registers 4096) is a code like any other */
    {"ldap",
     {B("\x30\x0d\x02\x01\x01\x78\x08\x0a\x02\x10\x00\x04\x00\x04\x00")},
     "",
     STARTTLS_REFUSED,
     "result code 4096"},
    {"ldap",
     {B("\x30\x0c\x02\x01\x07\x78\x07\x0a\x01\x00\x04\x00\x04\x00")},
     "",
     STARTTLS_BROKEN,
     "result code 0"},
    {"ldap",
     {B(LDAP_HEAD "\x0a\x01\x00\x04\x00\x04\x00"
                  "0")},
     "",
     STARTTLS_BROKEN,
     "out of turn: 0"},
    {"ldap", {B(LDAP_HEAD "\x0a\x01\x00\x04\x00\x04\x01")}, "", STARTTLS_BROKEN, ""},
    {"ldap",
     {B("\x30\x0d\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00\x05")},
     "",
     STARTTLS_BROKEN,
     ""},
    {"ldap", {B(LDAP_HEAD "\x0a\x01\xff\x04\x00\x04\x00")}, "", STARTTLS_BROKEN, ""},
    {"ldap",
     {B("\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00")},
     "",
     STARTTLS_BROKEN,
     ""}, /* a BindResponse */
    {"ldap", {B("\x30\x80")}, "", STARTTLS_BROKEN, "no answer"},
    {"ldap", {B("\x30\x85")}, "", STARTTLS_BROKEN, "no answer"},
    {"ldap", {B("\x30\x83\xff\xff\xff")}, "", STARTTLS_BROKEN, "no answer"},
    {"ldap", {B("HTTP/1.1 400 Bad\r\n")}, "", STARTTLS_BROKEN, "no answer"},
    {"ldap", {B("\x30\x00")}, "", STARTTLS_BROKEN, ""},
    {"ldap", {B("\x30")}, "", STARTTLS_TALKING, NULL},
    /* LMTP */
    {"lmtp",
     {B("220 store LMTP\r\n"), B("250-store\r\n250-STARTTLS\r\n250 8BITMIME\r\n"),
      B("220 2.0.0 go\r\n")},
     LHLO "STARTTLS\r\n",
     STARTTLS_READY,
     NULL},
    {"lmtp",
     {B("220 store\r\n"), B("250-store\r\n250 8BITMIME\r\n")},
     LHLO,
     STARTTLS_NOT_OFFERED,
     "not offered: 250-store"},
    {"lmtp",
     {B("220 store\r\n"), B("250-store\r\n250 STARTTLS\r\n"), B("454 no key\r\n")},
     LHLO "STARTTLS\r\n",
     STARTTLS_REFUSED,
     "refused when asked: 454 no key"},
    {"lmtp", {B("421 busy\r\n")}, "", STARTTLS_TURNED_AWAY, "turned away: 421 busy"},
    {"lmtp",
     {B("220 an SMTP server\r\n"), B("500 what?\r\n")},
     LHLO,
     STARTTLS_BROKEN,
     "not as the protocol has it: 500 what?"},
    {"lmtp", {B("+OK pop3\r\n")}, "", STARTTLS_BROKEN, "no answer of this protocol"},
    /* FTP */
    {"ftp",
     {B("220-hi\r\n no code\r\n220x neither\r\n220 ready\r\n"),
      B("211-Features:\r\n MDTM\r\n AUTH TLS\r\n PBSZ\r\n211 End\r\n"), B("234 go\r\n")},
     FTP,
     STARTTLS_READY,
     NULL},
    {"ftp",
     {B("220 hi\r\n"), B("211-Features:\r\n AUTH SSL;tls;\r\n211 End\r\n"),
      B("431 no key\r\n")},
     FTP,
     STARTTLS_REFUSED,
     "refused when asked: 431 no key"},
    {"ftp",
     {B("220 hi\r\n"), B("211-Features:\r\n AUTH TLS\r\n211 End\r\n"),
      B("534 policy\r\n")},
     FTP,
     STARTTLS_REFUSED,
     "refused when asked: 534 policy"},
    {"ftp",
     {B("220 hi\r\n"), B("211-Features:\r\n MDTM\r\n AUTH GSSAPI\r\n211 End\r\n"),
      B("504 what?\r\n")},
     FTP,
     STARTTLS_NOT_OFFERED,
     "not offered: 504 what?"},
    {"ftp",
     {B("220 hi\r\n"), B("530 log in first\r\n"), B("530 log in first\r\n")},
     FTP,
     STARTTLS_NOT_OFFERED,
     "not offered: 530 log in"},
    {"ftp",
     {B("220 hi\r\n"), B("502 no FEAT\r\n"), B("234 go\r\n")},
     FTP,
     STARTTLS_READY,
     NULL},
    {"ftp", {B("421 too many users\r\n")}, "", STARTTLS_TURNED_AWAY, "turned away: 421"},
    {"ftp", {B("530 not you\r\n")}, "", STARTTLS_TURNED_AWAY, "turned away: 530"},
    {"ftp", {B("120 in a minute\r\n")}, "", STARTTLS_TURNED_AWAY, "turned away: 120"},
    {"ftp",
     {B("220 hi\r\n"), B("421 timeout\r\n")},
     "FEAT\r\n",
     STARTTLS_TURNED_AWAY,
     "turned away: 421"},
    {"ftp",
     {B("220 hi\r\n"), B("211 none\r\n"), B("334 ADAT=\r\n")},
     FTP,
     STARTTLS_BROKEN,
     "334 ADAT"},
    {"ftp",
     {B("220 hi\r\n"), B("211 none\r\n"), B("234 go\r\n230 injected\r\n")},
     FTP,
     STARTTLS_BROKEN,
     "out of turn: 230 injected"},
    {"ftp", {B("SSH-2.0-x\r\n")}, "", STARTTLS_BROKEN, "no answer of this protocol: SSH"},
    {"ftp", {B("220-hi\r\n220-\r\n")}, "", STARTTLS_TALKING, NULL},
    /* ManageSieve */
    {"sieve",
     {B("\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\n\"SASL\" \"\"\r\nOK \"hi\"\r\n"),
      B("OK \"go\"\r\n")},
     "STARTTLS\r\n",
     STARTTLS_READY,
     NULL},
    {"sieve",
     {B("\"IMPLEMENTATION\" {12}\r\nOK\r\nBYE\r\nNO\r\n{8+}\r\nstarttls\r\nok\r\n"),
      B("OK (TAG {2}\r\n\r\n) \"go\"\r\n")},
     "STARTTLS\r\n",
     STARTTLS_READY,
     NULL},
    {"sieve",
     {B("\"IMPLEMENTATION\" \"STARTTLS\"\r\n\"STARTTLSX\"\r\n\"SIEVE\" "
        "{8}\r\nSTARTTLS\r\n"
        "OK\r\n")},
     "",
     STARTTLS_NOT_OFFERED,
     "not offered: \"IMPLEMENTATION\""},
    {"sieve",
     {B("\"STARTTLS\"\r\nOK\r\n"), B("NO \"no key\"\r\n")},
     "STARTTLS\r\n",
     STARTTLS_REFUSED,
     "refused when asked: NO \"no key\""},
    {"sieve",
     {B("\"STARTTLS\"\r\nOK\r\n"), B("NO (TRYLATER) \"busy\"\r\n")},
     "STARTTLS\r\n",
     STARTTLS_TURNED_AWAY,
     "turned away: NO (TRYLATER)"},
    {"sieve",
     {B("BYE \"too many connections\"\r\n")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: BYE \"too many"},
    {"sieve",
     {B("\"STARTTLS\"\r\nOK\r\n"), B("BYE\r\n")},
     "STARTTLS\r\n",
     STARTTLS_TURNED_AWAY,
     "turned away: BYE"},
    {"sieve",
     {B("\"STARTTLS\"\r\nOK\r\n"), B("OK\r\nOK injected\r\n")},
     "STARTTLS\r\n",
     STARTTLS_BROKEN,
     "out of turn: OK injected"},
    {"sieve", {B("OKAY\r\n")}, "", STARTTLS_BROKEN, "no answer of this protocol: OKAY"},
    {"sieve", {B("* OK imap\r\n")}, "", STARTTLS_BROKEN, "no answer"},
    {"sieve", {B("\"A\" {5}\r\nOK\r\n")}, "", STARTTLS_TALKING, NULL},
    {"sieve", {B("\"A\" {999999}\r\nOK\r\n")}, "", STARTTLS_TALKING, NULL},
    /* XMPP */
    {"xmpp-client",
     {B("<?xml version='1.0'?>\n" STREAM
        "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/>"
        "</starttls><mechanisms/></stream:features>\n"),
      B("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")},
     ASK_XMPP,
     STARTTLS_READY,
     NULL},
    {"xmpp-server",
     {B(STREAM "<stream:features><tls:starttls/></stream:features>"),
      B(" <proceed></proceed>")},
     ASK_XMPP,
     STARTTLS_READY,
     NULL},
    {"xmpp-client",
     {B(STREAM
        "<stream:features><mechanisms x='<starttls/>'><starttls/>starttls</mechanisms>"
        "</stream:features>")},
     "",
     STARTTLS_NOT_OFFERED,
     "not offered: <stream:features><mechanisms"},
    {"xmpp-client",
     {B(STREAM "<stream:features/>")},
     "",
     STARTTLS_NOT_OFFERED,
     "not offered: <stream:features/>"},
    {"xmpp-server",
     {B("<stream:stream xmlns='jabber:server' id=''>")},
     "",
     STARTTLS_TALKING,
     NULL},
    {"xmpp-server",
     {B("<stream:stream xmlns='jabber:server' id=''>"
        "<stream:error><improper-addressing/></stream:error>")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: <stream:error><improper-addressing/>"},
    {"xmpp-client",
     {B(STREAM "<stream:features><starttls/></stream:features>"),
      B("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>")},
     ASK_XMPP,
     STARTTLS_REFUSED,
     "refused when asked: <failure"},
    {"xmpp-client",
     {B(STREAM "<stream:error><host-unknown/></stream:error></stream:stream>")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: <stream:error><host-unknown/>"},
    {"xmpp-client",
     {B(STREAM "</stream:stream>")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: <stream:stream"},
    {"xmpp-client",
     {B(STREAM "<stream:features><starttls/></stream:features>"),
      B("<stream:error><policy-violation/></stream:error>")},
     ASK_XMPP,
     STARTTLS_TURNED_AWAY,
     "turned away: <stream:error><policy"},
    {"xmpp-client",
     {B(STREAM "<stream:features><starttls/></stream:features>"), B("</stream:stream>")},
     ASK_XMPP,
     STARTTLS_TURNED_AWAY,
     "turned away: </stream:stream>"},
    {"xmpp-client",
     {B(STREAM "<stream:features><starttls/></stream:features>"), B("<proceed/> ")},
     ASK_XMPP,
     STARTTLS_BROKEN,
     "out of turn: "},
    {"xmpp-client",
     {B(STREAM "<stream:features><starttls/></stream:features><message/>")},
     "",
     STARTTLS_BROKEN,
     "out of turn: <message/>"},
    {"xmpp-client",
     {B(STREAM "<message><starttls/></message>")},
     "",
     STARTTLS_BROKEN,
     "not as the protocol has it: <message>"},
    {"xmpp-client", {B("<!DOCTYPE x [")}, "", STARTTLS_TALKING, NULL},
    {"xmpp-client", {B("<!DOCTYPE x>")}, "", STARTTLS_BROKEN, "no answer"},
    {"xmpp-client", {B(STREAM "<!-- x -->")}, "", STARTTLS_BROKEN, "no answer"},
    {"xmpp-client",
     {B(STREAM "<?xml version='1.0'?>")},
     "",
     STARTTLS_BROKEN,
     "no answer"},
    {"xmpp-client", {B(STREAM "text")}, "", STARTTLS_BROKEN, "no answer"},
    {"xmpp-client", {B(STREAM "<a <b>")}, "", STARTTLS_BROKEN, "no answer"},
    {"xmpp-client",
     {B("<stream:stream version='1'/>")},
     "",
     STARTTLS_BROKEN,
     "no answer"},
    {"xmpp-client", {B("<features/>")}, "", STARTTLS_BROKEN, "no answer"},
    {"xmpp-client", {B("</stream>")}, "", STARTTLS_BROKEN, "no answer"},
    {"xmpp-client", {B("<>")}, "", STARTTLS_BROKEN, "no answer"},
    {"xmpp-client", {B("HTTP/1.1 400 Bad\r\n")}, "", STARTTLS_BROKEN, "no answer"},
    {"xmpp-client", {B(STREAM "<a b='>'")}, "", STARTTLS_TALKING, NULL},
    /* PostgreSQL */
    {"postgres", {B("S")}, "", STARTTLS_READY, NULL},
    {"postgres", {B("N")}, "", STARTTLS_NOT_OFFERED, "not offered: N"},
    {"postgres", {B("SN")}, "", STARTTLS_BROKEN, "out of turn: N"},
    {"postgres",
     {B("E\x00\x00\x00\x1eSFATAL\x00"
        "C53300\x00Mtoo many\x1b\x00\x00")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: too many\\x1b"},
    {"postgres",
     {B("E\x00\x00\x00\x1c"
        "C0A000\x00Munsupported 12\x00\x00")},
     "",
     STARTTLS_NOT_OFFERED,
     "not offered: unsupported 12"},
    {"postgres",
     {B("Ecould not fork\n\x00")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: could not fork"},
    {"postgres", {B("E\x00\x00\x00\x04")}, "", STARTTLS_BROKEN, "no answer"},
    {"postgres", {B("E\x00\xff\xff\xff")}, "", STARTTLS_BROKEN, "no answer"},
    {"postgres", {B("E\x00\x00\x00\x09M")}, "", STARTTLS_TALKING, NULL},
    {"postgres", {B("E\x00\x00\x00\x06MM")}, "", STARTTLS_TURNED_AWAY, "turned away: M"},
    {"postgres", {B("220 smtp\r\n")}, "", STARTTLS_BROKEN, "no answer"},
    /* MySQL: length, number, protocol, version, thread, scramble, filler, capabilities */
    {"mysql",
     {B("\x17\x00\x00\x00\x0a" MYSQL_BODY "\xff\xff")},
     "\x20",
     STARTTLS_READY,
     NULL},
    {"mysql",
     {B("\x17\x00\x00\x00\x0a" MYSQL_BODY "\xff\xf7")},
     "",
     STARTTLS_NOT_OFFERED,
     "not offered: protocol 10, version 8.0.36, capabilities 0xf7ff"},
    {"mysql",
     {B("\x08\x00\x00\x00\x09"
        "3.20.1\x00")},
     "",
     STARTTLS_NOT_OFFERED,
     "not offered: protocol 9"},
    {"mysql",
     {B("\x17\x00\x00\x00\xff\x10\x04Too many connections")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: error 1040: Too many connections"},
    {"mysql",
     {B("\x10\x00\x00\x00\xff\x6a\x04#HY000not you")},
     "",
     STARTTLS_TURNED_AWAY,
     "turned away: error 1130: not you"},
    {"mysql",
     {B("\x17\x00\x00\x00\x0a" MYSQL_BODY "\xff\xff!")},
     "",
     STARTTLS_BROKEN,
     "out of turn: !"},
    {"mysql",
     {B("\x16\x00\x00\x00\x0a" MYSQL_BODY "\xff")},
     "",
     STARTTLS_BROKEN,
     "not as the protocol has it"},
    {"mysql", {B("\x01\x00\x00\x00\x0a")}, "", STARTTLS_BROKEN, ""},
    {"mysql", {B("\x01\x00\x00\x00\xff")}, "", STARTTLS_BROKEN, ""},
    {"mysql", {B("\x00\x00\x00\x00")}, "", STARTTLS_BROKEN, "no answer"},
    {"mysql", {B("\x10\x00\x00\x01")}, "", STARTTLS_BROKEN, "no answer"},
    {"mysql", {B("\x10\x00\x00\x00\x0b")}, "", STARTTLS_BROKEN, "no answer"},
    {"mysql", {B("\xff\xff\xff\x00")}, "", STARTTLS_BROKEN, "no answer"},
    {"mysql", {B("HTTP/1.1 400 Bad\r\n")}, "", STARTTLS_BROKEN, "no answer"},
    {"mysql",
     {B("\x17\x00\x00\x00\x0a"
        "8.0")},
     "",
     STARTTLS_TALKING,
     NULL},
};

/* Who hears something first. */
static bool speaks_first(const char *protocol)
{
    static const char *const list[] = {"ldap", "xmpp-client", "xmpp-server", "postgres"};
    for (size_t i = 0; i < ARRAY_LEN(list); i++)
        if (strcmp(list[i], protocol) == 0)
            return true;
    return false;
}

/* Feeds each reply in pieces of `piece` bytes. A byte-wise server is heard out only up to the reply that ends
 * the dialogue, so what is said out of turn after that stays unheard. */
static void hold(const struct conversation *c, size_t piece)
{
    CLEANUP(starttls_release) struct starttls s = STARTTLS_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    enum starttls_state state = STARTTLS_TALKING;
    ck_assert_int_eq(starttls_begin(&s, c->protocol, NULL, &out, &err), 0);
    ck_assert_int_eq(out.len > 0, speaks_first(c->protocol));
    buf_clear(&out);
    for (size_t i = 0; i < ARRAY_LEN(c->replies) && c->replies[i].len; i++) {
        struct bytes rest = c->replies[i];
        ck_assert_msg(state == STARTTLS_TALKING, "ended before '%s'", rest.data);
        while (rest.len) {
            size_t n = rest.len < piece ? rest.len : piece;
            state = starttls_feed(&s, (struct bytes){.data = rest.data, .len = n}, &out);
            rest.data += n;
            rest.len -= n;
        }
    }
    bool unheard = piece == 1 && c->why && strstr(c->why, "out of turn");
    if (unheard)
        return;
    ck_assert_msg(state == c->end, "%s '%s': %d, not %d: %s", c->protocol,
                  c->replies[0].data, (int)state, (int)c->end, s.why);
    ck_assert_str_eq(buf_str(&out), c->said);
    ck_assert_int_eq(starttls_feed(&s, BYTES(""), &out), c->end);
    if (c->why)
        ck_assert_msg(strstr(s.why, c->why) != NULL, "'%s' is not in '%s'", c->why,
                      s.why);
    else
        ck_assert_str_eq(s.why, "");
}

START_TEST(a_dialogue_ends_as_its_protocol_says)
{
    for (size_t i = 0; i < ARRAY_LEN(conversations); i++)
        hold(&conversations[i], SIZE_MAX);
}
END_TEST

START_TEST(how_replies_are_cut_does_not_matter)
{
    for (size_t i = 0; i < ARRAY_LEN(conversations); i++)
        hold(&conversations[i], 1);
}
END_TEST

static size_t count_replies(const struct conversation *c)
{
    size_t n = 0;
    while (n < ARRAY_LEN(c->replies) && c->replies[n].len)
        n++;
    return n;
}

/* What is cut off anywhere is no consent. */
START_TEST(half_a_consent_is_none)
{
    for (size_t i = 0; i < ARRAY_LEN(conversations); i++) {
        const struct conversation *c = &conversations[i];
        size_t count = count_replies(c);
        struct bytes last = c->replies[count - 1];
        for (size_t n = 0; c->end == STARTTLS_READY && n < last.len; n++) {
            CLEANUP(starttls_release) struct starttls s = STARTTLS_INIT;
            CLEANUP(buf_release) struct buf out = BUF_INIT;
            struct err err = ERR_INIT;
            ck_assert_int_eq(starttls_begin(&s, c->protocol, NULL, &out, &err), 0);
            for (size_t k = 0; k + 1 < count; k++)
                ck_assert_int_eq(starttls_feed(&s, c->replies[k], &out),
                                 STARTTLS_TALKING);
            struct bytes part = {.data = last.data, .len = n};
            ck_assert_msg(starttls_feed(&s, part, &out) == STARTTLS_TALKING,
                          "%s: %zu bytes of '%s'", c->protocol, n, last.data);
        }
    }
}
END_TEST

START_TEST(the_end_is_final)
{
    CLEANUP(starttls_release) struct starttls s = STARTTLS_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    ck_assert_int_eq(starttls_begin(&s, "smtp", NULL, &out, &err), 0);
    ck_assert_int_eq(starttls_feed(&s, BYTES("554 no\r\n"), &out), STARTTLS_TURNED_AWAY);
    ck_assert_int_eq(starttls_feed(&s, BYTES("220 yes\r\n"), &out), STARTTLS_TURNED_AWAY);
    ck_assert_uint_eq(out.len, 0);
    ck_assert_str_eq(s.why, "turned away: 554 no");
}
END_TEST

static void refuse_endless(const char *protocol, const char *piece)
{
    CLEANUP(starttls_release) struct starttls s = STARTTLS_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    enum starttls_state state = STARTTLS_TALKING;
    size_t fed = 0;
    ck_assert_int_eq(starttls_begin(&s, protocol, NULL, &out, &err), 0);
    while (state == STARTTLS_TALKING && fed < 2 * STARTTLS_REPLY_LIMIT) {
        state = starttls_feed(&s, bytes_str(piece), &out);
        fed += strlen(piece);
    }
    ck_assert_int_eq(state, STARTTLS_BROKEN);
    ck_assert_uint_le(fed, STARTTLS_REPLY_LIMIT + strlen(piece));
    ck_assert_ptr_nonnull(strstr(s.why, "endless"));
    ck_assert_uint_lt(strlen(s.why), sizeof s.why);
}

START_TEST(endless_replies_are_refused)
{
    refuse_endless("smtp", "220-more\r\n");
    refuse_endless("smtp", "2");
    refuse_endless("imap", "* ");
    refuse_endless("pop3", "\x01\x02\x03\x04");
}
END_TEST

START_TEST(an_over_long_reply_in_one_piece_is_refused)
{
    CLEANUP(starttls_release) struct starttls s = STARTTLS_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT, reply = BUF_INIT;
    struct err err = ERR_INIT;
    ck_assert_int_eq(starttls_begin(&s, "smtp", NULL, &out, &err), 0);
    while (reply.len <= STARTTLS_REPLY_LIMIT)
        buf_adds(&reply, "220-more\r\n");
    buf_adds(&reply, "220 end\r\n");
    ck_assert_int_eq(starttls_feed(&s, bytes_buf(&reply), &out), STARTTLS_BROKEN);
}
END_TEST

START_TEST(an_unknown_protocol_is_an_error)
{
    CLEANUP(starttls_release) struct starttls s = STARTTLS_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    ck_assert_int_eq(starttls_begin(&s, "gopher", NULL, &out, &err), -1);
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "'gopher'"));
}
END_TEST

/* --- what we say first, or last --------------------------------------------------------------- */

START_TEST(openings_are_what_the_protocols_have)
{
    static const struct {
        const char *protocol, *name;
        struct bytes said;
    } cases[] = {
        {"postgres", "a.example", B("\x00\x00\x00\x08\x04\xd2\x16\x2f")},
        {"xmpp-client", "a.example",
         B("<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
           "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' "
           "to='a.example'>")},
        {"xmpp-server", NULL,
         B("<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
           "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>")},
        {"mysql", NULL, B("")},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(starttls_release) struct starttls s = STARTTLS_INIT;
        CLEANUP(buf_release) struct buf out = BUF_INIT;
        struct err err = ERR_INIT;
        ck_assert_int_eq(starttls_begin(&s, cases[i].protocol, cases[i].name, &out, &err),
                         0);
        ck_assert_msg(bytes_eq(bytes_buf(&out), cases[i].said), "%s", buf_str(&out));
    }
}
END_TEST

START_TEST(a_name_is_no_way_into_a_stream)
{
    static const char *const names[] = {"a'><b", "a\"", "a&b", "a b", "a\nb", "\xc3\xa4"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(starttls_release) struct starttls s = STARTTLS_INIT;
        CLEANUP(buf_release) struct buf out = BUF_INIT;
        struct err err = ERR_INIT;
        ck_assert_int_eq(starttls_begin(&s, "xmpp-client", names[i], &out, &err), -1);
        ck_assert_int_eq(err.kind, ERR_INPUT);
        ck_assert_uint_eq(out.len, 0);
    }
}
END_TEST

/* SSLRequest: 32 bytes, the second packet, CLIENT_SSL among the capabilities. */
START_TEST(mysql_is_told_that_tls_begins)
{
    static const char greeting[] = "\x17\x00\x00\x00\x0a" MYSQL_BODY "\xff\xff";
    static const char zeros[23];
    CLEANUP(starttls_release) struct starttls s = STARTTLS_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    struct bytes said = {.data = greeting, .len = sizeof greeting - 1};
    ck_assert_int_eq(starttls_begin(&s, "mysql", NULL, &out, &err), 0);
    ck_assert_int_eq(starttls_feed(&s, said, &out), STARTTLS_READY);
    ck_assert_uint_eq(out.len, 36);
    ck_assert_mem_eq(out.data, "\x20\x00\x00\x01", 4);
    ck_assert_int_eq(out.data[5] & 0x08, 0x08);
    ck_assert_mem_eq(out.data + 13, zeros, sizeof zeros);
    ck_assert_int_eq(starttls_feed(&s, BYTES(""), &out), STARTTLS_READY);
    ck_assert_uint_eq(out.len, 36);
}
END_TEST

/* --- over a wire ----------------------------------------------------------------------------- */

/* A server at the other end of a socket pair: says each line once something was heard, the first at once, and
 * closes after `hold_ms`. */
static pid_t serve(int fd, const char *const *lines, int hold_ms)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0)
        return pid;
    char heard[512];
    signal(SIGPIPE, SIG_IGN);
    for (; *lines; lines++) {
        if (write(fd, *lines, strlen(*lines)) < 0)
            _exit(1);
        if (lines[1] && read(fd, heard, sizeof heard) <= 0)
            _exit(1);
    }
    usleep((useconds_t)hold_ms * 1000);
    _exit(0);
}

static enum starttls_state run(const char *const *lines, int hold_ms, char **why)
{
    int pair[2], status;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert_int_eq(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
    pid_t pid = serve(pair[1], lines, hold_ms);
    close(pair[1]);
    struct wire w = {.fd = pair[0], .deadline = deadline_in(700)};
    enum starttls_state state = starttls_run(&w, "smtp", NULL, why);
    wire_release(&w);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return state;
}

#define CAPABLE "250-mail\r\n250 STARTTLS\r\n"

START_TEST(consent_over_a_wire)
{
    const char *const lines[] = {"220 hi\r\n", CAPABLE, "220 go\r\n", NULL};
    CLEANUP(mem_freep) char *why = NULL;
    ck_assert_int_eq(run(lines, 300, &why), STARTTLS_READY);
    ck_assert_ptr_null(why);
}
END_TEST

START_TEST(refusal_over_a_wire)
{
    const char *const lines[] = {"220 hi\r\n", CAPABLE, "454 no key\r\n", NULL};
    CLEANUP(mem_freep) char *why = NULL;
    ck_assert_int_eq(run(lines, 0, &why), STARTTLS_REFUSED);
    ck_assert_str_eq(why, "refused when asked: 454 no key");
}
END_TEST

START_TEST(a_server_that_closes_has_dropped_us)
{
    const char *const lines[] = {"220 hi\r\n", "250-mail\r\n", NULL};
    CLEANUP(mem_freep) char *why = NULL;
    ck_assert_int_eq(run(lines, 0, &why), STARTTLS_DROPPED);
    ck_assert_str_eq(why, "closed by the server before TLS was agreed on");
}
END_TEST

START_TEST(a_silent_server_is_given_up_at_the_deadline)
{
    const char *const lines[] = {"220-hi\r\n", NULL};
    CLEANUP(mem_freep) char *why = NULL;
    int64_t late = deadline_in(3000);
    ck_assert_int_eq(run(lines, 1000, &why), STARTTLS_DROPPED);
    ck_assert_str_eq(why, "timed out before TLS was agreed on");
    ck_assert_int_gt(deadline_left(late), 0);
}
END_TEST

START_TEST(a_server_that_talks_for_ever_is_broken)
{
    CLEANUP(buf_release) struct buf much = BUF_INIT;
    while (much.len < 2 * STARTTLS_REPLY_LIMIT)
        buf_adds(&much, "220-more\r\n");
    const char *const lines[] = {much.data, NULL};
    CLEANUP(mem_freep) char *why = NULL;
    ck_assert_int_eq(run(lines, 0, &why), STARTTLS_BROKEN);
}
END_TEST

UNIT_MAIN("starttls", a_dialogue_ends_as_its_protocol_says,
          how_replies_are_cut_does_not_matter, half_a_consent_is_none, the_end_is_final,
          endless_replies_are_refused, an_over_long_reply_in_one_piece_is_refused,
          an_unknown_protocol_is_an_error, openings_are_what_the_protocols_have,
          a_name_is_no_way_into_a_stream, mysql_is_told_that_tls_begins,
          consent_over_a_wire, refusal_over_a_wire, a_server_that_closes_has_dropped_us,
          a_silent_server_is_given_up_at_the_deadline,
          a_server_that_talks_for_ever_is_broken)
