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
#include "format/format.h"

enum httpd_kind { HTTPD_DIRECTIVE, HTTPD_OPEN, HTTPD_CLOSE, HTTPD_COMMENT, HTTPD_OTHER };

#define HTTPD_NONE ((size_t)-1)

struct httpd_node {
    enum httpd_kind kind;
    size_t begin, end;     /* whole lines, line end included */
    size_t name, name_end; /* as written: the first word, of "#Name" without the sign */
    size_t called;         /* the name as httpd reads it, in `names` */
    size_t args,
        args_end;     /* trimmed; without the ">" of a section; empty: both name_end */
    size_t line;      /* from 1 */
    size_t parent;    /* the section it stands in, or HTTPD_NONE */
    size_t close;     /* of a section: its closing node; the node count if none */
    bool transparent; /* a section that only asks a condition */
    bool opaque;      /* a section whose lines are not looked into, such as a macro */
    bool direct;      /* every section around it is transparent: it belongs to the file */
};

struct httpd_text {
    struct bytes text; /* borrowed */
    struct httpd_node *items;
    size_t count, cap;
    struct buf names; /* NUL-terminated */
    size_t unclosed;  /* innermost section that is open at the end, or HTTPD_NONE */
    struct bytes
        step;   /* how much further in than its section a directive stands; or empty */
    bool open;  /* the last line would be continued by what follows */
    bool guard; /* a line end at the end is not enough to end the last line */
};

void httpd_text_read(struct httpd_text *t, struct bytes text);
void httpd_text_release(struct httpd_text *t);

struct bytes httpd_name(const struct httpd_text *t, const struct httpd_node *n);
struct bytes httpd_raw(const struct httpd_text *t, const struct httpd_node *n); /* args */

/* White space before the first character of a node. */
struct bytes httpd_indent(const struct httpd_text *t, const struct httpd_node *n);

/* Nodes [first, last): the content of a document or section. */
struct httpd_range {
    size_t first, last;
    size_t section; /* whose content it is, or HTTPD_NONE */
};

struct httpd_range httpd_range_of(const struct httpd_text *t, const struct scope *scope);
struct httpd_range httpd_within(const struct httpd_text *t, size_t section);

/* The node behind node i, sections that are no conditions passed over. */
size_t httpd_next(const struct httpd_text *t, const struct httpd_range *r, size_t i);

/* Does it stand within a condition? */
bool httpd_is_conditional(const struct httpd_node *n, const struct httpd_range *r);

#endif
