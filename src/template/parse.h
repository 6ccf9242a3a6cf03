/* A compiled template: what parse.c makes and mustache.c renders. */
#ifndef TEMPLATE_PARSE_H
#define TEMPLATE_PARSE_H

#include "base/buf.h"
#include "base/err.h"

enum tag {
    TAG_TEXT,
    TAG_VALUE,    /* {{name}} */
    TAG_RAW,      /* {{{name}}} and {{&name}} */
    TAG_SECTION,  /* {{#name}} */
    TAG_INVERTED, /* {{^name}} */
    TAG_CLOSE,    /* {{/name}} */
    TAG_COMMENT,  /* {{! text }} */
    TAG_PARTIAL,  /* {{>name}} */
};

struct node {
    enum tag tag;
    struct bytes text;   /* the text, name or comment; borrowed from the template */
    struct bytes indent; /* of a standalone partial */
    size_t line, column; /* of the tag, from 1 */
    size_t close;        /* of a section: index of its TAG_CLOSE */
};

struct mustache {
    char *name;
    struct buf text;
    struct node *nodes;
    size_t count, cap;
};

#endif
