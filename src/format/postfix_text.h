/*
 * main.cf and master.cf as Postfix reads them: logical lines.
 *
 * A logical line begins in column 1 and goes on in every following line that begins with white
 * space; blank lines and comments between them are skipped and do not end it. A first line that
 * begins with white space belongs to nothing: Postfix ignores it. Ref: postconf(5), readlline(3)
 */
#ifndef FORMAT_POSTFIX_TEXT_H
#define FORMAT_POSTFIX_TEXT_H

#include "format/lines.h"

/* Offsets `begin`, `end` count in `joined`: contents of the physical lines, without line ends,
 * comments and blank lines. */
struct logical {
    size_t first, last; /* first and last physical line that hold its content, from 0 */
    size_t begin, end;
};

struct postfix_text {
    struct lines lines;
    size_t *joined_at; /* per physical line: where its content would begin in `joined` */
    struct buf joined;
    struct logical *items;
    size_t count, cap;
};

#define POSTFIX_TEXT_INIT                                                                \
    {                                                                                    \
        .lines = LINES_INIT                                                              \
    }

void postfix_text_read(struct postfix_text *t, struct bytes text); /* borrowed */
void postfix_text_release(struct postfix_text *t);

/* [begin, end) of the joined text; borrowed. */
struct bytes postfix_text_span(const struct postfix_text *t, size_t begin, size_t end);

/* Is physical line i blank or a comment? */
bool postfix_text_is_comment(const struct postfix_text *t, size_t i);

/* The physical line (from 0) and the offset in the document of the byte at `joined`. */
size_t postfix_text_line(const struct postfix_text *t, size_t joined);
size_t postfix_text_offset(const struct postfix_text *t, size_t joined);

/* Adds the edits that put `text` in the place of [begin, end), which is not empty. Lines that
 * hold nothing else go; comments between them stay. With an empty text the white space before the
 * range goes as well. */
void postfix_text_replace(const struct postfix_text *t, size_t begin, size_t end,
                          struct bytes text, struct edits *edits);

/* Adds the edits that remove a logical line; comments within it stay. */
void postfix_text_remove(const struct postfix_text *t, const struct logical *l,
                         struct edits *edits);

/* "name = value" as Postfix splits it; false without "=" or name. Spans are of `b`. */
bool postfix_split(struct bytes b, struct bytes *name, struct bytes *value);

/* A name of a parameter as Postfix's own are. */
bool postfix_is_name(struct bytes b);

#endif
