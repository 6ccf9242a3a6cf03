/*
 * The record of one transaction: what was there, what shall be there, who has to take notice. Written
 * before anything is touched, it is all that taking back needs.
 *
 * On disk it is the manifest, which never changes, and the state, which says how far things are;
 * store.h keeps them. Paths and link targets are escaped there (escape.h).
 */
#ifndef TXN_RECORD_H
#define TXN_RECORD_H

#include <jansson.h>
#include <stdint.h>

#include "base/digest.h"
#include "plan/plan.h"
#include "txn/attrs.h"

enum record_state {
    RECORD_PENDING,     /* being carried out */
    RECORD_UNCONFIRMED, /* carried out; goes back at the deadline unless somebody confirms */
    RECORD_COMMITTED,
    RECORD_ROLLING_BACK, /* was committed, is being taken back */
    RECORD_ROLLED_BACK,
};

/* What undo finds at a path. */
enum record_found { FOUND_BEFORE, FOUND_AFTER, FOUND_OTHER };

struct record_file {
    char *service, *path, *shown; /* shown: the path, for messages; not stored */
    enum plan_kind kind;
    bool secret;        /* content is never shown */
    char *temp;         /* the name of what is staged beside it */
    char slot[12];      /* its number: its name in gen/NNNN/before; not stored */
    bool before, after; /* whether it is there */
    char before_sum[DIGEST_SIZE],
        after_sum[DIGEST_SIZE]; /* of content or target; "": absent */
    char *target;               /* of the link before; NULL: not a link, or absent */
    size_t before_size, after_size;
    uint64_t device, inode; /* before */
    struct attrs attrs;     /* what it had before, or gets as a new file */
    bool aside; /* what stands aside is there, not beside it (aside.h); not stored */
    /* what undo knows of it; not stored */
    enum record_found found;
    bool present;  /* something has its name */
    bool has_temp; /* what was displaced on the way forward still stands aside */
    bool forced;   /* is put back even if somebody edited it */
    struct timespec displaced; /* st_ctime of what came out on the way forward */
};

struct record {
    unsigned id;
    char *time; /* RFC 3339, UTC */
    char *profile;
    struct record_file *files;
    size_t count, cap;
    json_t *directories; /* made for it, outermost first, escaped */
    json_t *
        entries; /* [{"service", "uri", "dn", "before", "after", "neutral", "sync_dir"}] */
    json_t *services; /* [{"name", "title", "running", "activate", "daemons", "late"}] */
    json_t *locks;    /* of other programs, held while files change: paths */
    json_t *
        endpoints; /* [{"service", "role", "address", "port", "starttls", "name", "required"}] */

    enum record_state state;
    json_t
        *activated; /* names of the services that may have taken notice: written ahead */
    char *cause;    /* why it was taken back, or NULL */
    bool settled;   /* committed, and the old files are where they stay */
    int64_t deadline; /* of RECORD_UNCONFIRMED: seconds since 1970 */
    int aside;        /* gen/NNNN/before, open; -1: it is not; not stored */
};

#define RECORD_INIT                                                                      \
    {                                                                                    \
        .aside = -1                                                                      \
    }

void record_release(struct record *r);

/* A new record of the time and profile, with the plan's entries, touched services and endpoints. */
void record_begin(struct record *r, const struct plan *plan);

struct record_file *record_add_file(struct record *r, const char *service,
                                    const char *path);

/* Notes that a service is about to take notice. */
void record_activate(struct record *r, const char *service);
bool record_is_activated(const struct record *r, const char *service);

/* Whether the change is in place, but for good or in question. */
bool record_is_open(enum record_state state);

/* The state as a value (for the manifest: manifest.h); a new reference. NULL: a text in it is not UTF-8. */
json_t *record_progress(const struct record *r);

/* The way back. ERR_INPUT: not of the right shape; `r` is then empty (record_release is fine). */
int record_load(const json_t *manifest, const json_t *progress, struct record *r,
                struct err *err) MUST_CHECK;

/* The state only (`state`, `activated`, `cause`, `settled`, `deadline`); -1: not of its shape. */
int record_load_state(const json_t *progress, struct record *r) MUST_CHECK;

/* "committed", "pending", "rolled-back" and so on. */
const char *record_state_name(enum record_state state);

#endif
