/*
 * The plan: the one value that diff prints, rehearse tries, txn carries out and rollback inverts.
 *
 * It holds what is there now and what shall be there, per file and per directory entry, and how
 * each service takes notice. It is complete: carrying it out needs no profile, template, parser
 * or service description.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/endpoint.h"
#include "base/err.h"
#include "base/strv.h"

enum plan_kind { PLAN_FILE, PLAN_SYMLINK };

/* One path. Absent before: it is created. Absent after: it is removed. */
struct plan_file {
    char *service;
    char *
        path; /* on the host, absolute, links resolved except for PLAN_SYMLINK's own name;
                        the real place is `root` + path */
    enum plan_kind kind;
    bool present_before, present_after;
    struct buf before, after; /* content, or the target of the link */
    mode_t mode;              /* before's, or what a new file gets */
    uid_t uid;
    gid_t gid;
    bool secret; /* content is never shown */
};

/* One directory entry, changed by ONE modify that replaces every attribute named here. */
struct plan_entry {
    char *service;
    char *uri; /* ldapi:/// */
    char *dn;
    json_t *before; /* {"olcTLSCertificateFile": ["..."], ...}; [] means absent */
    json_t *after;  /* the same attributes */
    json_t *
        neutral; /* {"name": ["value"]}: where before is absent, taking back writes this first and
                        then removes it, since a server may keep a rejected value;
                        {"name": {"always": ["value"]}}: the same whatever before is; or NULL */
    char *file; /* on the host: where the server keeps it, or NULL: nobody knows */
    struct buf file_after; /* what that would hold: for a rehearsal, never written */
    char *
        sync_dir; /* on the host: its file system is flushed once the entry is changed; or NULL */
};

/* How one service takes notice, in the order of the plan. */
struct plan_service {
    char *name, *title;
    char *version, *library; /* "2.4.57", "openssl 3.0.11" */
    bool running;            /* something of it answered when the plan was made */
    json_t *check;           /* [[argv...]...]: must exit 0 on the new files, or NULL */
    json_t *activate;        /* [[argv...]...], run in turn, or NULL */
    json_t *daemons;         /* [paths]: one of these programs runs when it runs */
    json_t *
        late; /* as activate, for taking back: of one that has started only since, or NULL */
    json_t *locks;  /* [paths] of locks that others who edit its files take, or NULL */
    char *outage;   /* what its clients will notice of that, or NULL: nothing */
    json_t *trial;  /* how to start it for a rehearsal (service.json "trial"), or NULL */
    json_t *grants; /* asked/granted/dropped per listener, for reports */
};

enum plan_severity { PLAN_INFO, PLAN_WARNING, PLAN_ERROR };

/* Something a reader should know; an ERROR forbids the apply (exit 3). */
struct plan_note {
    enum plan_severity severity;
    char *service; /* or NULL */
    char *file;    /* or NULL */
    char *what;    /* what is wrong */
    char *remedy;  /* what to do, or NULL */
};

struct plan {
    char *root;    /* "/" or the tree that --root names */
    char *profile; /* name of the profile, for the record */
    struct plan_file *files;
    size_t file_count, file_cap;
    struct plan_entry *entries;
    size_t entry_count, entry_cap;
    struct plan_service *services;
    size_t service_count, service_cap;
    struct endpoint *endpoints;
    size_t endpoint_count, endpoint_cap;
    struct plan_note *notes;
    size_t note_count, note_cap;
};

struct plan *plan_new(const char *root, const char *profile);
void plan_free(struct plan *plan);
void plan_freep(struct plan **plan); /* for CLEANUP */

/* Each returns the new element, zeroed but for what is given; owned by the plan and valid until
 * the next call of the same function. */
struct plan_file *plan_add_file(struct plan *plan, const char *service, const char *path);
struct plan_entry *plan_add_entry(struct plan *plan, const char *service, const char *uri,
                                  const char *dn);
struct plan_service *plan_add_service(struct plan *plan, const char *name);
struct endpoint *plan_add_endpoint(struct plan *plan, const char *service);

/* `service`, `file` and `remedy` may be NULL. */
void plan_note(struct plan *plan, enum plan_severity severity, const char *service,
               const char *file, const char *remedy, const char *fmt, ...) PRINTF(6, 7);

/* Whether carrying it out would change anything. */
bool plan_is_empty(const struct plan *plan);
bool plan_touches(const struct plan *plan, const char *service);

#endif
