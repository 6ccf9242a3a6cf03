/*
 * nginx configuration as a flat list of nodes, with the blocks that they stand in. One linear pass,
 * no recursion; white space between nodes belongs to none. What nginx would not read is a node of
 * its own kind, and the first such place is remembered.
 * Ref: src/core/ngx_conf_file.c ngx_conf_read_token()
 */
#ifndef FORMAT_NGINX_TEXT_H
#define FORMAT_NGINX_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "format/format.h"

enum nginx_kind { NGINX_DIRECTIVE, NGINX_OPEN, NGINX_CLOSE, NGINX_COMMENT, NGINX_OTHER };

#define NGINX_NONE ((size_t)-1)

struct nginx_node {
    enum nginx_kind kind;
    size_t begin,
        end; /* from the first byte to behind ";", "{" or "}"; a comment without line end */
    size_t name, name_end; /* as written: the first word, of "#name" without the sign */
    size_t called;         /* the name as nginx reads it, in `names` */
    size_t args, args_end; /* trimmed, without ";" or "{"; empty: both name_end */
    size_t line;           /* from 1 */
    size_t parent;         /* the block it stands in, or NGINX_NONE */
    size_t close;          /* of a block: its closing node; the node count if none */
};

struct nginx_text {
    struct bytes text; /* borrowed */
    struct nginx_node *items;
    size_t count, cap;
    struct buf names; /* NUL-terminated */
    struct bytes
        step; /* how much further in than its block a directive stands; or empty */
    const char *broken; /* the first thing that nginx would not read, or NULL */
    size_t broken_line; /* where, from 1 */
};

void nginx_text_read(struct nginx_text *t, struct bytes text);
void nginx_text_release(struct nginx_text *t);

struct bytes nginx_name(const struct nginx_text *t, const struct nginx_node *n);
struct bytes nginx_raw(const struct nginx_text *t, const struct nginx_node *n); /* args */

/* Nodes [first, last): the content of a document or block. */
struct nginx_range {
    size_t first, last;
    size_t block; /* whose content it is, or NGINX_NONE */
};

struct nginx_range nginx_range_of(const struct nginx_text *t, const struct scope *scope);
struct nginx_range nginx_within(const struct nginx_text *t, size_t block);

/* The node behind node i, blocks passed over as a whole. */
size_t nginx_next(const struct nginx_text *t, size_t i);

bool nginx_is_space(char c);
bool nginx_is_blank(char c); /* within a line */

/* Where the line begins on which nothing but blanks stands before `at`; NGINX_NONE where something does. */
size_t nginx_line_begin(struct bytes text, size_t at);

/* Is a node the first on its line? The white space before it then, otherwise nothing. */
bool nginx_begins_line(const struct nginx_text *t, size_t node);
struct bytes nginx_indent(const struct nginx_text *t, size_t node);

/* Appends the word at or behind `*at`, quotes and protecting backslashes taken off, and moves there;
 * false when there is none. Comments between words are passed over. */
bool nginx_word(struct bytes args, size_t *at, struct buf *out);

#endif
