/*
 * What a service has: its configuration files, parsed, and the directory entries of a running
 * one. Edits gather here; plan compares before and after.
 */
#ifndef SERVICE_DOCUMENT_H
#define SERVICE_DOCUMENT_H

#include <jansson.h>
#include <sys/stat.h>

#include "format/format.h"
#include "service/host.h"
#include "service/service.h"

struct document {
    char *id;    /* owned; service.json's */
    char *path;  /* owned; with every link resolved */
    char *named; /* owned; the path by which it was found; what readers know it by */
    const struct format *format;
    struct buf text;
    struct doc *doc; /* over `text`; NULL for one of many between uses: document_open() */
    bool brief;      /* one of many: see document_close() */
    unsigned uses;   /* document_open() without its document_close() */
    struct stat st;
    struct edits edits;
    bool present;   /* false: to be created with `own` as its content */
    struct buf own; /* the whole content that a file of ours shall have */
    bool ours;
    const json_t *spec; /* borrowed; its member of service.json's "documents", or NULL */
    /* A directory entry instead of a file; `text` is its content as LDIF. */
    char *uri, *dn;
    json_t *wanted;  /* {"name": [values]}: what it shall hold; owned, or NULL */
    json_t *neutral; /* more of struct plan_entry's; owned, or NULL */
    unsigned marks;  /* a hook's own notes; 0 at first */
};

struct documents {
    struct document **items; /* owned, stable addresses */
    size_t count, cap;
    json_t *by_path; /* resolved path -> index; owned, NULL while empty */
};

#define DOCUMENTS_INIT                                                                   \
    {                                                                                    \
        .items = NULL                                                                    \
    }

void documents_release(struct documents *d);

/* Reads and parses a file, unless it is among them already (by its resolved path); *ret (may be
 * NULL) is borrowed. 1: no such file. ERR_SYSTEM: cannot be read. */
int documents_add_file(struct documents *d, const struct host *host, const char *id,
                       const char *path, const char *format, struct document **ret,
                       struct err *err) MUST_CHECK;

/* A file that is ours alone, with `text` (taken over) as its whole content; it need not exist. */
int documents_own(struct documents *d, const struct host *host, const char *path,
                  const char *format, struct buf *text, struct err *err) MUST_CHECK;

/* Everything that service.json's "documents" names, in its order. A missing document that is not
 * optional is ERR_SYSTEM; files of a running server that has to be asked and does not answer are
 * ERR_REFUSED. */
int documents_load(struct documents *d, const struct service *s, const struct host *host,
                   struct err *err) MUST_CHECK;

/* The parsed document, parsed now if it was closed. Borrowed until the document_close() that goes with
 * this call. */
struct doc *document_open(struct document *d);

/* Lets go of what was parsed when nobody else has it open and `brief` is set: thousands of small files
 * are not held parsed at once. Text and edits stay. */
void document_close(struct document *d);

/* Lets go of what was parsed, and of the edits; text, path and attributes stay. */
void document_forget(struct document *d);

/* The first of an id; NULL when there is none. */
struct document *documents_find(const struct documents *d, const char *id);

#endif
