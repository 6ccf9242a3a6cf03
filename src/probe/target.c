/*
 * Targets: a small grammar, a table of protocols, and the resolver of the system, which is asked
 * for these only, never for what a service is configured for.
 */
#include "probe/target.h"

#include <string.h>

#include "base/hostname.h"
#include "base/suggest.h"
#include "base/visible.h"
#include "probe/dial.h"
#include "probe/resolver.h"
#include "probe/starttls.h"

/* The first of several with the same port is what the port stands for. */
#define PLAIN_TLS 1 /* its place in the table */

static const struct target_protocol protocols[] = {
    {"https", NULL, 443, false},
    {"tls", NULL, 0, false},
    {"smtp", "smtp", 25, true},
    {"submission", "smtp", 587, true},
    {"smtps", NULL, 465, true},
    {"submissions", NULL, 465, true},
    {"lmtp", "lmtp", 24, true},
    {"imap", "imap", 143, true},
    {"imaps", NULL, 993, true},
    {"pop3", "pop3", 110, true},
    {"pop3s", NULL, 995, true},
    {"sieve", "sieve", 4190, true},
    {"ldap", "ldap", 389, false},
    {"ldaps", NULL, 636, false},
    {"ftp", "ftp", 21, true},
    {"ftps", NULL, 990, true},
    {"xmpp-client", "xmpp-client", 5222, false},
    {"xmpp", "xmpp-client", 5222, false},
    {"xmpp-server", "xmpp-server", 5269, false},
    {"postgres", "postgres", 5432, false},
    {"mysql", "mysql", 3306, false},
};

const struct target_protocol *target_protocol_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
        if (strcmp(protocols[i].name, name) == 0)
            return &protocols[i];
    return NULL;
}

/* What a port stands for: 8443 and 2525 are where people put a second server. */
static const struct target_protocol *protocol_of_port(unsigned port)
{
    unsigned usual = port == 8443 ? 443 : port == 2525 ? 25 : port;
    for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
        if (protocols[i].port == usual)
            return &protocols[i];
    return &protocols[PLAIN_TLS];
}

/* --- parts ----------------------------------------------------------------------------------- */

struct parts {
    struct bytes host, port, protocol; /* data NULL: not given */
};

static int malformed(const char *text, const char *what, struct err *err)
{
    CLEANUP(mem_freep) char *shown = visible_cut(bytes_str(text), 200);
    return err_set(err, ERR_USAGE,
                   "'%s': %s; a target is HOST:PORT or HOST:PORT/PROTOCOL, as in "
                   "mail.example.org:25/smtp or [::1]:443",
                   shown, what);
}

static struct bytes until(const char *from, const char *to)
{
    return (struct bytes){.data = from, .len = (size_t)(to - from)};
}

static int split_host(const char *text, struct parts *p, const char **ret,
                      struct err *err)
{
    const char *end = text + strcspn(text, ":/");
    if (*text == '[') {
        end = strchr(text, ']');
        if (!end)
            return malformed(text, "a '[' without its ']'", err);
        p->host = until(text + 1, end);
        *ret = end + 1;
        return 0;
    }
    if (*end == ':' && strchr(end + 1, ':'))
        return malformed(text, "an IPv6 address stands in brackets", err);
    p->host = until(text, end);
    *ret = end;
    return 0;
}

static int split(const char *text, struct parts *p, struct err *err)
{
    const char *rest;
    if (strpbrk(text, " \t,;"))
        return malformed(text, "one target has no blank, comma or semicolon in it", err);
    if (strstr(text, "://"))
        return malformed(text, "this is a URL", err);
    if (split_host(text, p, &rest, err) < 0)
        return -1;
    if (*rest == ':') {
        const char *end = rest + 1 + strcspn(rest + 1, "/");
        p->port = until(rest + 1, end);
        rest = end;
    }
    if (*rest == '/')
        p->protocol = bytes_str(rest + 1);
    else if (*rest)
        return malformed(text, "something stands behind the ']'", err);
    return p->host.len ? 0 : malformed(text, "there is no host", err);
}

/* 0: it is none. */
static unsigned port_number(struct bytes text)
{
    unsigned n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || n > 65535)
            return 0;
        n = n * 10 + (unsigned)(text.data[i] - '0');
    }
    return n <= 65535 ? n : 0;
}

/* What can be a name in DNS; an underscore is none of a host's, and is found all the same. */
static bool is_name(const char *host)
{
    size_t n = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789-._");
    return n > 0 && n <= 253 + (host[n - 1] == '.') && host[n] == '\0' &&
           host[0] != '.' && host[0] != '-' && !strstr(host, "..");
}

static char *without_dot(const char *host)
{
    return mem_strndup(host, hostname_length(host));
}

/* --- protocols ------------------------------------------------------------------------------- */

static int unknown_protocol(const char *text, const char *name, struct err *err)
{
    const char *names[ARRAY_LEN(protocols)];
    CLEANUP(buf_release) struct buf what = BUF_INIT;
    CLEANUP(mem_freep) char *shown = visible_cut(bytes_str(name), 60);
    for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
        names[i] = protocols[i].name;
    const char *near = suggest(name, names, ARRAY_LEN(names));
    buf_addf(&what, "unknown protocol '%s'", shown);
    if (near)
        buf_addf(&what, " (did you mean '%s'?)", near);
    else
        for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
            buf_addf(&what, "%s%s", i ? ", " : "; known are ", names[i]);
    return malformed(text, buf_str(&what), err);
}

static int check_dialogue(const struct target_protocol *p, struct err *err)
{
    CLEANUP(starttls_release) struct starttls talk = STARTTLS_INIT;
    CLEANUP(buf_release) struct buf ignored = BUF_INIT;
    struct err own = ERR_INIT;
    if (p->starttls && starttls_begin(&talk, p->starttls, NULL, &ignored, &own) < 0)
        return err_set(err, ERR_USAGE, "%s", own.text);
    return 0;
}

static int choose_protocol(const char *text, struct bytes name, unsigned port,
                           const struct target_protocol **ret, struct err *err)
{
    CLEANUP(mem_freep) char *wanted = bytes_dup(name);
    *ret = name.data ? target_protocol_find(wanted)
           : port    ? protocol_of_port(port)
                     : target_protocol_find("https");
    return *ret ? check_dialogue(*ret, err) : unknown_protocol(text, wanted, err);
}

/* --- all ------------------------------------------------------------------------------------- */

int target_parse(const char *text, struct endpoint *ret, struct err *err)
{
    struct parts p = {.host = {.data = NULL}};
    const struct target_protocol *protocol;
    if (split(text, &p, err) < 0)
        return -1;
    unsigned port = port_number(p.port);
    if (p.port.data && port == 0)
        return malformed(text, "a port is a number from 1 to 65535", err);
    if (choose_protocol(text, p.protocol, port, &protocol, err) < 0)
        return -1;
    if (port == 0)
        port = protocol->port;
    if (port == 0)
        return malformed(text, "there is no port", err);
    CLEANUP(mem_freep) char *host = bytes_dup(p.host);
    char *address = hostname_address(host);
    if (!address && (*text == '[' || !is_name(host)))
        return malformed(text, "this is neither an address nor a host name", err);
    *ret = (struct endpoint){.service = mem_strdup(protocol->name),
                             .address = address ? address : without_dot(host),
                             .port = port,
                             .starttls = mem_strdup(protocol->starttls),
                             .name = address ? NULL : without_dot(host)};
    return 0;
}

char *target_name(const char *text, struct err *err)
{
    if (hostname_is_address(text) || is_name(text))
        return without_dot(text);
    CLEANUP(mem_freep) char *shown = visible_cut(bytes_str(text), 300);
    err_set(err, ERR_USAGE, "'%s': this is neither a host name nor an address", shown);
    return NULL;
}

/* --- addresses ------------------------------------------------------------------------------- */

static void free_addresses(struct addrinfo **list)
{
    if (*list)
        freeaddrinfo(*list);
}

static char *numeric(const struct addrinfo *a)
{
    char text[INET6_ADDRSTRLEN + 20] = "";
    if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0,
                    NI_NUMERICHOST) != 0)
        return NULL;
    return mem_strdup(text);
}

int target_resolve(struct endpoint *e, int resolve_ms, int listen_ms, struct err *err)
{
    CLEANUP(free_addresses) struct addrinfo *list = NULL;
    if (hostname_is_address(e->address))
        return 0;
    if (resolver_ask(e->address, resolve_ms, &list, err) < 0)
        return -1;
    CLEANUP(mem_freep) char *first = numeric(list);
    for (const struct addrinfo *a = list; a && list->ai_next; a = a->ai_next) {
        struct endpoint there = {.address = numeric(a), .port = e->port};
        bool listens = there.address && endpoint_listens(&there, listen_ms);
        if (listens) {
            mem_freep(&first);
            first = TAKE_PTR(there.address);
        }
        endpoint_release(&there);
        if (listens)
            break;
    }
    if (!first)
        return err_set(err, ERR_SYSTEM, "'%s' has no address", e->address);
    mem_freep(&e->address);
    e->address = TAKE_PTR(first);
    return 0;
}

static const struct target_protocol *protocol_of(const struct endpoint *e)
{
    const struct target_protocol *p = e->role ? target_protocol_find(e->role) : NULL;
    if (!p && e->service)
        p = target_protocol_find(e->service);
    return p ? p : protocol_of_port(e->port);
}

bool target_is_http(const struct endpoint *e)
{
    return !e->starttls && strcmp(protocol_of(e)->name, "https") == 0;
}

bool target_is_patient(const struct endpoint *e)
{
    return protocol_of(e)->patient;
}

void target_describe(const struct endpoint *e, struct buf *out)
{
    const char *address = e->address ? e->address : "";
    bool six = strchr(address, ':') != NULL;
    bool named = e->name && strcmp(e->name, address) != 0;
    if (named) {
        visible_add(out, bytes_str(e->name));
        buf_addf(out, " (%s):%u", address, e->port);
    } else {
        buf_addf(out, six ? "[%s]:%u" : "%s:%u", address, e->port);
    }
    if (e->service)
        buf_addf(out, " %s%s%s", e->service, e->role ? " " : "", e->role ? e->role : "");
}
