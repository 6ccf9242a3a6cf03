/*
 * A web server's configuration as that server reads it: files in the order of Include, the virtual
 * hosts in them, and what was said where it counts more than the policy.
 *
 * The last word wins: a directive behind the place where the policy is included, or within a
 * virtual host, replaces it. Documents in which such words stand are marked, so that each is
 * changed once, however often it is included.
 */
#ifndef SERVICE_HTTPD_TREE_H
#define SERVICE_HTTPD_TREE_H

#include "format/httpd.h"
#include "service/saying.h"
#include "service/wanted.h"

/* Bits of struct document's `marks`. */
enum httpd_mark {
    HTTPD_READ = 1,      /* its virtual hosts are known */
    HTTPD_OVERRIDES = 2, /* says again, outside of virtual hosts, what the policy says */
    HTTPD_HSTS = 16,     /* sends the field outside of virtual hosts */
    HTTPD_TOLD = 32,     /* a reader was told that it will not be changed */
};

/* ... and those of saying.h. */

struct httpd_vhost {
    struct document *file; /* borrowed */
    struct scope scope;
    char *name;                     /* owned; lower case; NULL: it has none */
    struct strv aliases, addresses; /* lower case; "*:443" */
    struct strv chains, keys;
    const char
        *pair_file;  /* borrowed; the included file in which its certificate is named */
    char *ca, *hsts; /* owned */
    bool engine_said, engine;
    bool redirects;    /* everything, to https */
    bool mapped;       /* to something that is asked before redirects are looked at */
    bool overridden;   /* by a file that is not ours to change */
    bool policy_again; /* includes the policy itself */
    bool too_late;     /* ... but before that file */
    unsigned marks;    /* HTTPD_OVERRIDES, SAID_STRICTER, SAID_LOOSER */
    unsigned included; /* the same, of the files that it includes */
};

struct httpd_tree {
    struct wanted *w;     /* borrowed */
    const json_t *spec;   /* borrowed; service.json's "sites" */
    char *server_root;    /* owned */
    json_t *overriding;   /* lower-case names of what overrides the policy: true; owned */
    struct strv editable; /* directories with links resolved, "/" at their end */
    json_t *
        said; /* what the server itself says of the policy's parts, as "kept" names them; owned */
    json_t *judged; /* {part and text: is it stricter than the policy}; owned */
    bool policy_found;
    struct httpd_vhost *vhosts; /* owned */
    size_t vhost_count, vhost_cap;
    struct strv chains, keys, listens; /* of the server itself */
    char *ca, *hsts;                   /* of the server itself; owned */
    bool engine;
    size_t reads;
};

void httpd_tree_release(struct httpd_tree *t);

/* Reads everything from the main document on. `ret` is to be released on failure, too. */
int httpd_tree_read(struct wanted *w, const json_t *spec, struct httpd_tree *ret,
                    struct err *err) MUST_CHECK;

bool httpd_tree_editable(const struct httpd_tree *t, const struct document *file);

/* A text of service.json's "sites", "" where there is none. */
const char *httpd_tree_text(const struct httpd_tree *t, const char *key);

bool httpd_vhost_secure(const struct httpd_tree *t, const struct httpd_vhost *v);

/* The port of an address such as "*:443" or "[::1]:443"; 0: every port. */
unsigned httpd_port(const char *address);

#endif
