/*
 * Lossless documents: one syntax of configuration file.
 *
 * A document is bytes plus spans. Reading never fails: what isn't understood is opaque, never
 * blocks and is never touched. A change is a set of edits (spans and their replacements); every
 * byte outside them stays. parse, then emit with no edits, is the identity on every byte sequence.
 *
 *     const struct format *f = format_find("postfix-main");
 *     struct doc *doc = f->parse(text);                       text is borrowed by doc
 *     CLEANUP(edits_release) struct edits edits = EDITS_INIT;
 *     if (f->merge(doc, NULL, fragment, rules, &edits, err) < 0) ...
 *     edits_apply(text, &edits, &out);
 *     f->release(doc);
 *
 * A fragment is a statement of wanted state in the same syntax. Each setting in it is updated
 * where it stands, or added in its proper place. A setting that is commented out without a space
 * ("#NAME=..." or "#Name value") means: must not be set; what is there is removed. A comment with
 * a space after its sign ("# why") is prose: it is ignored when merging into existing text.
 * Merging twice equals merging once, and a document that already says what the fragment says
 * yields no edits at all.
 *
 * This layer knows no TLS words and no services. What it cannot know about a syntax (which
 * arguments belong to a directive's name, which service names are the same) comes in as `rules`,
 * a JSON object from service.json; each format's header comment lists the rules it reads.
 */
#ifndef FORMAT_FORMAT_H
#define FORMAT_FORMAT_H

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Replace bytes [begin, end) of the text by `text` (empty: delete; begin == end: insert). */
struct edit {
    size_t begin, end;
    char *text; /* owned */
    size_t len;
};

struct edits {
    struct edit *items;
    size_t count, cap;
};

#define EDITS_INIT                                                                       \
    {                                                                                    \
        .items = NULL                                                                    \
    }

void edits_release(struct edits *e);
void edits_add(struct edits *e, size_t begin, size_t end, struct bytes text);

/* Appends `text` with the edits made, linear. Edits may come in any order, but must not overlap;
 * insertions at one place keep the order in which they were added. */
void edits_apply(struct bytes text, struct edits *e, struct buf *out);

/* A part of a document that settings can belong to: a section such as a virtual host. */
struct scope {
    struct bytes kind; /* name as written, e.g. "VirtualHost" */
    struct bytes args; /* the rest of the opening line, trimmed, e.g. "*:443" */
    size_t begin, end; /* whole section, opening and closing lines included */
    size_t line;       /* of the opening line, from 1 */
    size_t index;      /* the format's own handle */
};

struct doc; /* each format has its own */

struct format {
    const char *name;    /* as service.json writes it */
    const char *comment; /* what starts a comment line, e.g. "#" */

    /* Never fails; `text` is borrowed until release(). */
    struct doc *(*parse)(struct bytes text);
    void (*release)(struct doc *doc);

    /* Appends the document from its parsed spans: identity, for tests and fuzzers. */
    void (*emit)(const struct doc *doc, struct buf *out);

    /* Sections of one kind (compared without case) in order of appearance, at any depth of
     * sections that do not change who a setting belongs to; *ret is owned by the caller (free).
     * NULL where the syntax has no sections. */
    size_t (*scopes)(const struct doc *doc, const char *kind, struct scope **ret);

    /* What the document (scope NULL) or one section says, as JSON; a new reference. Each format's
     * header comment gives the shape. */
    json_t *(*facts)(const struct doc *doc, const struct scope *scope);

    /* Adds the edits that make the document (scope NULL) or one section say what `fragment` says.
     * `rules` may be NULL. Errors: ERR_INPUT for a fragment that is not of this syntax. */
    int (*merge)(const struct doc *doc, const struct scope *scope, struct bytes fragment,
                 const json_t *rules, struct edits *edits, struct err *err) MUST_CHECK;

    /* Appends one value as it has to be written in this syntax at the place where templates use
     * it (see the format's header comment); refuses (ERR_INPUT) what the syntax cannot carry:
     * newline, NUL, control characters, and whatever would be read as more than this value. */
    int (*escape)(struct bytes value, struct buf *out, struct err *err) MUST_CHECK;
};

/* By name; NULL when there is none. The formats: httpd, nginx, postfix-main, postfix-master,
 * shell, ldif, keyword (slapd.conf), keyword-lines (ldap.conf). */
const struct format *format_find(const char *name);

#endif
