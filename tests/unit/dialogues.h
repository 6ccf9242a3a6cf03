/* What servers of each protocol say until TLS begins, for server.h. */
#ifndef UNIT_DIALOGUES_H
#define UNIT_DIALOGUES_H

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

struct server_script {
    const char *protocol;
    bool listens; /* for something, before it says the first */
    struct bytes lines[3];
    size_t finally; /* bytes that are heard after the last, before TLS */
};

#define SAID(literal)                                                                    \
    {                                                                                    \
        .data = (literal), .len = sizeof(literal) - 1                                    \
    }
#define XMPP_STREAM "<?xml version='1.0'?><stream:stream id='1' version='1.0'>"
#define XMPP_FEATURES                                                                    \
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"               \
    "</stream:features>"

static const struct server_script server_scripts[] = {
    {"smtp",
     false,
     {SAID("220 hi\r\n"), SAID("250-hi\r\n250 STARTTLS\r\n"), SAID("220 go\r\n")},
     0},
    {"lmtp",
     false,
     {SAID("220 hi\r\n"), SAID("250-hi\r\n250 STARTTLS\r\n"), SAID("220 go\r\n")},
     0},
    {"imap",
     false,
     {SAID("* OK hi\r\n"), SAID("* CAPABILITY STARTTLS\r\na1 OK\r\n"), SAID("a2 OK\r\n")},
     0},
    {"pop3", false, {SAID("+OK\r\n"), SAID("+OK\r\nSTLS\r\n.\r\n"), SAID("+OK\r\n")}, 0},
    {"ftp",
     false,
     {SAID("220 hi\r\n"), SAID("211-has\r\n AUTH TLS\r\n211 End\r\n"),
      SAID("234 go\r\n")},
     0},
    {"sieve", false, {SAID("\"STARTTLS\"\r\nOK\r\n"), SAID("OK\r\n")}, 0},
    {"ldap", true, {SAID("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00")}, 0},
    {"xmpp-client", true, {SAID(XMPP_STREAM XMPP_FEATURES), SAID("<proceed/>")}, 0},
    {"xmpp-server", true, {SAID(XMPP_STREAM XMPP_FEATURES), SAID("<proceed/>")}, 0},
    {"postgres", true, {SAID("S")}, 0},
    {"mysql",
     false,
     {SAID("\x17\x00\x00\x00\x0a"
           "8.0.36\x00\x01\x00\x00\x00scramble\x00\xff\xff")},
     36},
};

/* Says it all; false: the client has gone, or there is no such protocol. */
static inline bool server_dialogue(int fd, const char *protocol)
{
    char heard[512];
    const struct server_script *s = server_scripts;
    while (s < server_scripts + ARRAY_LEN(server_scripts) &&
           strcmp(s->protocol, protocol) != 0)
        s++;
    if (s == server_scripts + ARRAY_LEN(server_scripts))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(s->lines) && s->lines[i].len; i++) {
        if ((i > 0 || s->listens) && read(fd, heard, sizeof heard) <= 0)
            return false;
        if (write(fd, s->lines[i].data, s->lines[i].len) < 0)
            return false;
    }
    for (size_t n = 0; n < s->finally; n++)
        if (read(fd, heard, 1) != 1)
            return false;
    return true;
}

#endif
