/*
 * LDIF content records: entries, their attributes, decoded. Ref: RFC 2849
 */
#ifndef FORMAT_LDIF_TEXT_H
#define FORMAT_LDIF_TEXT_H

#include "format/lines.h"
#include "format/names.h"

/* One attribute line, folded lines included. */
struct ldif_attr {
    size_t begin, end;         /* whole lines in the document */
    size_t line;               /* from 1 */
    size_t name, key;          /* in `decoded`: the name as written, and lower-case */
    size_t value;              /* there, too */
    size_t key_len, value_len; /* key_len is both names' */
    bool unknown;              /* base64 that is none, or the content of a URL */
};

/* "#name: ..." */
struct ldif_unset {
    size_t key, key_len; /* in `decoded`: lower case */
    size_t line;
};

/* What stands between blank lines and is not just prose. */
struct ldif_entry {
    size_t begin, end; /* from the first attribute line to the last, whole lines */
    size_t line;
    bool named;              /* has a dn */
    size_t dn, dn_len;       /* in `decoded` */
    size_t key, key_len;     /* in `decoded`: the dn in the form that is compared */
    size_t attr, attr_count; /* without the dn */
    size_t unset, unset_count;
};

struct ldif_text {
    struct lines lines;
    struct buf decoded;
    struct ldif_attr *attrs;
    size_t attr_count, attr_cap;
    struct ldif_unset *unsets;
    size_t unset_count, unset_cap;
    struct ldif_entry *entries;
    size_t count, cap;
    size_t odd_line; /* the first line that is not understood, from 1; 0 for none */
};

#define LDIF_TEXT_INIT                                                                   \
    {                                                                                    \
        .lines = LINES_INIT                                                              \
    }

void ldif_text_read(struct ldif_text *t, struct bytes text); /* borrowed */
void ldif_text_release(struct ldif_text *t);

/* A run of `decoded`; borrowed. */
struct bytes ldif_decoded(const struct ldif_text *t, size_t begin, size_t len);

void ldif_base64(struct bytes b, struct buf *out); /* appends it encoded */

/* Appends "name: value\n", folded, in base64 where plain text cannot carry it. */
void ldif_write(struct bytes name, struct bytes value, struct buf *out);

#endif
