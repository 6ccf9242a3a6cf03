/*
 * The logical lines of httpd configuration as a flat list of nodes, with the sections that they
 * stand in. One linear pass, no recursion; whatever is not understood is a node of its own kind.
 * Ref: httpd documentation "Configuration Files"; server/config.c ap_build_config()
 */
#ifndef FORMAT_HTTPD_TEXT_H
#define FORMAT_HTTPD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/strv.h"

enum httpd_kind { HTTPD_DIRECTIVE, HTTPD_OPEN, HTTPD_CLOSE, HTTPD_COMMENT, HTTPD_OTHER };

#define HTTPD_NONE ((size_t)-1)

struct httpd_node {
    enum httpd_kind kind;
    size_t begin, end;     /* whole lines, line end included */
    size_t name, name_end; /* of directives and sections; of "#Name" as well */
    size_t args, args_end; /* trimmed; without the ">" of a section */
    size_t line;           /* from 1 */
    size_t parent;         /* the section it stands in, or HTTPD_NONE */
    size_t
        close; /* of an open section: its closing node; the node count if it has none */
    bool transparent; /* a section that only asks a condition */
    bool direct;      /* every section around it is transparent: it belongs to the file */
};

struct httpd_text {
    struct bytes text; /* borrowed */
    struct httpd_node *items;
    size_t count, cap;
};

void httpd_text_read(struct httpd_text *t, struct bytes text);
void httpd_text_release(struct httpd_text *t);

struct bytes httpd_name(const struct httpd_text *t, const struct httpd_node *n);
struct bytes httpd_raw(const struct httpd_text *t, const struct httpd_node *n); /* args */

/* The length of a continuation at `at`: backslash and line end; 0 when there is none. */
size_t httpd_continuation(struct bytes text, size_t at);

void httpd_lower(struct bytes name, struct buf *out); /* appends it without capitals */

/* White space before the first character of a node. */
struct bytes httpd_indent(const struct httpd_text *t, const struct httpd_node *n);

/* Nodes [first, last) of a part of a document. */
struct httpd_range {
    size_t first, last;
    size_t section; /* whose content it is, or HTTPD_NONE */
};

/* The content of a section, or with HTTPD_NONE the whole text. */
struct httpd_range httpd_range(const struct httpd_text *t, size_t section);

/* The node behind node i, sections that are no conditions passed over. */
size_t httpd_next(const struct httpd_text *t, const struct httpd_range *r, size_t i);

/* Does it stand within a condition of that part? */
bool httpd_conditional(const struct httpd_node *n, const struct httpd_range *r);

#endif
