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

/* White space before the first character of a node. */
struct bytes httpd_indent(const struct httpd_text *t, const struct httpd_node *n);

#endif
