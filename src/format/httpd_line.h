/*
 * One logical line of httpd configuration, exactly as httpd makes it of physical ones, and the
 * words in it.
 *
 *     CLEANUP(httpd_line_release) struct httpd_line line = HTTPD_LINE_INIT;
 *     for (size_t at = 0; at < text.len; at = line.end)
 *         httpd_line_read(&line, text, at);    line.text is what httpd sees
 */
#ifndef FORMAT_HTTPD_LINE_H
#define FORMAT_HTTPD_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct httpd_line {
    struct bytes
        text;     /* joined, without the last line end; borrowed until the next read */
    size_t end;   /* in the document, behind the line end */
    size_t lines; /* physical ones */
    bool open;    /* the document ends where it would be continued */
    struct buf joined;
    struct httpd_piece {
        size_t joined, raw; /* from this byte of `text` on, the document's from `raw` */
    } * pieces;
    size_t count, cap;
};

#define HTTPD_LINE_INIT                                                                  \
    {                                                                                    \
        .count = 0                                                                       \
    }

/* Reads the line that begins at `at`, which is below text.len. */
void httpd_line_read(struct httpd_line *l, struct bytes text, size_t at);
void httpd_line_release(struct httpd_line *l);

/* Would a line end behind what is joined continue it? */
bool httpd_line_continues(const struct httpd_line *l);

/* Where byte i of the joined text stands in the document; i may be its length. */
size_t httpd_line_at(const struct httpd_line *l, size_t i);

/* Appends the word at or behind `*at`, quotes taken off, and moves there; false when there is
 * none. White space separates; quotes of either kind hold together; a backslash protects a
 * backslash, and within quotes the quote. An unbalanced quote takes the rest. */
bool httpd_word(struct bytes line, size_t *at, struct buf *out);

#endif
