/*
 * The physical lines of a text, and what line-based formats do with them.
 */
#ifndef FORMAT_LINES_H
#define FORMAT_LINES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "format/format.h"

/* One line: content [begin, end), then its line end ("\n" or "\r\n"; at the end of some texts
 * none, or "\r" only) up to `next`. */
struct line {
    size_t begin, end, next;
};

struct lines {
    struct bytes text; /* borrowed */
    struct line *items;
    size_t count, cap;
};

#define LINES_INIT                                                                       \
    {                                                                                    \
        .items = NULL                                                                    \
    }

void lines_read(struct lines *l,
                struct bytes text); /* `text` is borrowed until release */
void lines_release(struct lines *l);
struct bytes lines_at(const struct lines *l, size_t i); /* content of line i, from 0 */

/* Appends the text line by line: identity. */
void lines_emit(const struct lines *l, struct buf *out);

/* Adds the insertion of whole lines (`text` ends in "\n") before offset `at`, which is the
 * beginning of a line or the end of the text; a missing line end before it is supplied, and each
 * "\n" of `text` is written as the document's line end. */
void lines_insert(const struct lines *l, size_t at, struct bytes text,
                  struct edits *edits);

/* Adds the replacement of whole lines [begin, end) by others, which end in "\n" as above; a last
 * line that had no end gets none. */
void lines_replace(const struct lines *l, size_t begin, size_t end, struct bytes text,
                   struct edits *edits);

/* The line end that the text uses, judged by its first line. */
const char *text_eol(struct bytes text);

/* [begin, end) of `text`. */
struct bytes text_span(struct bytes text, size_t begin, size_t end);

bool text_is_space(char c); /* as isspace() in the C locale */
struct bytes text_trim(struct bytes b);
bool text_is_blank(struct bytes b); /* nothing but white space */
bool text_has_space(struct bytes b);

/* A byte below 32 or DEL; what no value of a configuration file should hold. */
bool text_has_control(struct bytes b);

/* Equal when runs of white space count as one space, and at the ends as none. */
bool text_eq_squeezed(struct bytes a, struct bytes b);
void text_squeeze(struct bytes b, struct buf *out); /* appends that form */

void text_lower(struct bytes b, struct buf *out); /* appends, ASCII capitals made small */

/* A JSON string; bytes that are not UTF-8 become U+FFFD. A new reference. */
json_t *text_json(struct bytes b);

/* object[key] = value (stolen); left out when the key is not UTF-8. */
void text_json_set(json_t *object, struct bytes key, json_t *value);

/* Does the list of strings rules[member] hold `word`? Also true when rules[member] is true. */
bool rules_list(const json_t *rules, const char *member, struct bytes word);

/* What escape() of several formats refuses: nothing, control characters, white space at either
 * end. ERR_INPUT. */
int escape_check(struct bytes value, struct err *err) MUST_CHECK;

/* An input error at a line of a fragment, from 1; 0 when it has none. Always -1. */
#define fragment_error(err, line, ...) err_at(err, "fragment", line, 0, __VA_ARGS__)

#endif
