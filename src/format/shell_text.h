/*
 * A file that sh sources, read far enough to know what it assigns.
 *
 * The text is a sequence of statements: each a blank line, a comment, or commands up to the end of
 * a line (or of several, where quotes, here-documents and compound commands span them). What
 * is conditional, in a subshell, or computed is found but not evaluated.
 * Ref: POSIX.1-2017 XCU 2 "Shell Command Language"; dash(1)
 */
#ifndef FORMAT_SHELL_TEXT_H
#define FORMAT_SHELL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum statement_kind {
    STATEMENT_BLANK,
    STATEMENT_COMMENT,
    STATEMENT_COMMANDS,
    STATEMENT_UNREADABLE, /* from here to the end sh finds no sense, or we don't */
};

struct statement {
    enum statement_kind kind;
    size_t begin, end; /* whole lines, the last one's end included */
    size_t line;       /* from 1 */
    size_t comment;    /* where its trailing comment begins; `end` without one */
};

enum assignment_kind {
    ASSIGNS,         /* to the value below, whenever the file is read */
    ASSIGNS_UNKNOWN, /* conditionally, or something computed */
    ASSIGNS_AWAY,    /* unset */
};

struct assignment {
    enum assignment_kind kind;
    struct bytes name;             /* in the text */
    size_t value_begin, value_end; /* as written, in the text */
    size_t decoded, decoded_len;   /* as sh has it: in `values`; for ASSIGNS */
    size_t statement;              /* index */
    size_t line;                   /* from 1 */
    bool alone;                    /* the only thing that its statement does */
    bool by_command;               /* an argument of export or the like */
    bool read_only;                /* later assignments are errors */
};

struct shell_text {
    struct bytes text; /* borrowed */
    struct statement *statements;
    size_t count, cap;
    struct assignment *assignments; /* in order */
    size_t assignment_count, assignment_cap;
    struct buf values;
    size_t bad_line; /* where reading ended, from 1; 0 when all was read */
    const char *bad; /* why */
};

#define SHELL_TEXT_INIT                                                                  \
    {                                                                                    \
        .statements = NULL                                                               \
    }

void shell_text_read(struct shell_text *t, struct bytes text); /* borrowed */
void shell_text_release(struct shell_text *t);

/* The value that an assignment of kind ASSIGNS gives; borrowed. */
struct bytes shell_text_value(const struct shell_text *t, const struct assignment *a);

/* The length of the name that `b` begins with, 0 for none. */
size_t shell_name_len(struct bytes b);

/* Appends the value as one word that sh reads back as exactly these bytes, which hold no NUL. */
void shell_quote(struct bytes value, struct buf *out);

#endif
