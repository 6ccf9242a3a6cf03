/*
 * nginx's configuration as nginx reads it: the http block, the servers in it, wherever include
 * leads, and what is said there of the policy.
 *
 * What a block says replaces what the block around it says; said twice in one block, protocol
 * versions add up, and most other things keep nginx from starting. Documents that say something of the policy outside of the http block
 * itself and of servers are marked, so that each is changed once, however often it is included.
 */
#ifndef SERVICE_NGINX_TREE_H
#define SERVICE_NGINX_TREE_H

#include "format/nginx.h"
#include "service/saying.h"
#include "service/wanted.h"

/* Bits of struct document's `marks`, beside those of saying.h. */
enum nginx_mark {
    NGINX_READ = 1,      /* its servers are known */
    NGINX_OVERRIDES = 2, /* says something of the policy */
    NGINX_OUTER = 4,     /* ... in the http block */
    NGINX_HSTS = 16,     /* sends the field */
};

struct nginx_server {
    struct document *file; /* borrowed */
    struct scope scope;
    struct strv names;   /* lower case; those that are host names */
    struct strv listens; /* as nginx_tree_address() writes them */
    struct strv chains, keys;
    const char
        *pair_file; /* borrowed; the included file in which its certificate is named */
    const char *
        foreign; /* borrowed; an included file that replaces the policy and is not ours to change */
    char *ca, *hsts; /* owned */
    char *
        bare_part; /* owned; a place in an included file that sends fields, but not that one; or NULL */
    bool engine;      /* "ssl on", whatever it listens on */
    bool rejects;     /* every handshake */
    bool redirects;   /* everything, to https */
    bool has_headers; /* sends fields of its own, and so none of the http block's */
    bool
        has_commands; /* the same of the library's commands that are no part of the policy */
    bool fewer_versions; /* than the policy it said, which goes */
    unsigned marks;      /* NGINX_OVERRIDES and those of saying.h */
    struct scope *parts; /* owned; blocks within it that send fields of their own */
    size_t part_count, part_cap;
};

struct nginx_tree {
    struct wanted *w;   /* borrowed */
    const json_t *spec; /* borrowed; service.json's "sites" */
    json_t *
        overriding; /* names, and commands by name and argument, that are the policy's: true; owned */
    struct strv editable; /* directories with links resolved, "/" at their end */
    json_t *
        said; /* what the http block says of the policy's parts, as "kept" names them; owned */
    json_t *judged;        /* owned; see saying_mark() */
    json_t *secure;        /* addresses on which TLS is spoken: true; owned */
    struct document *file; /* borrowed; where the http block is; NULL: there is none */
    struct scope scope;
    struct nginx_server *servers; /* owned */
    size_t server_count, server_cap;
    struct strv chains, keys; /* of the http block */
    struct strv headers;      /* what it sends, arguments as written, that field apart */
    char *ca, *hsts, *dh;     /* of the http block; owned */
    bool cache,
        timeout; /* the http block says how sessions are remembered, and how long */
    size_t reads;
};

void nginx_tree_release(struct nginx_tree *t);

/* Reads everything from the main document on. `ret` is to be released on failure, too. */
int nginx_tree_read(struct wanted *w, const json_t *spec, struct nginx_tree *ret,
                    struct err *err) MUST_CHECK;

bool nginx_tree_editable(const struct nginx_tree *t, const struct document *file);

/* A text of service.json's "sites", or of its "directives"; "" where there is none. */
const char *nginx_tree_text(const struct nginx_tree *t, const char *key);
const char *nginx_tree_word(const struct nginx_tree *t, const char *role);

/* Whether it speaks TLS on an address; NULL: on any of its own. */
bool nginx_server_secure(const struct nginx_tree *t, const struct nginx_server *s,
                         const char *address);

/* The port of an address such as "*:443" or "[::1]:443". */
unsigned nginx_port(const char *address);

#endif
