/*
 * Service entries of master.cf as Postfix reads them: columns, arguments, overrides.
 * Ref: master(5), postfix/src/util/extpar.c
 */
#ifndef FORMAT_POSTFIX_MASTER_TEXT_H
#define FORMAT_POSTFIX_MASTER_TEXT_H

#include "format/postfix_text.h"

#define MASTER_COLUMNS 8

enum master_column {
    MASTER_NAME,
    MASTER_TYPE,
    MASTER_PRIVATE,
    MASTER_UNPRIV,
    MASTER_CHROOT,
    MASTER_WAKEUP,
    MASTER_MAXPROC,
    MASTER_COMMAND
};

struct master_token {
    size_t begin, end; /* in the joined text */
    struct bytes arg;  /* without braces */
    bool braced;
    bool broken; /* a brace has no other, or something stands behind the braces */
};

/* "-o name=value" in one or two tokens. */
struct master_option {
    size_t first, last; /* tokens of the text */
    size_t lead;        /* bytes of the first token up to "o": 2, or more in "-vo" */
    struct bytes name, value;
};

struct master_service {
    size_t logical;
    size_t token, token_count;   /* within the text's tokens */
    size_t option, option_count; /* within the text's options */
    size_t add_after;            /* token that new options go behind */
    const char *misread; /* why Postfix doesn't read it as it looks; NULL when it does */
};

struct master_text {
    struct postfix_text text;
    struct master_token *tokens;
    size_t token_count, token_cap;
    struct master_option *options;
    size_t option_count, option_cap;
    struct master_service *items;
    size_t count, cap;
};

#define MASTER_TEXT_INIT                                                                 \
    {                                                                                    \
        .text = POSTFIX_TEXT_INIT                                                        \
    }

void master_text_read(struct master_text *m, struct bytes text); /* borrowed */
void master_text_release(struct master_text *m);

/* Columns of an entry and the line it begins in, from 1. */
struct bytes master_column(const struct master_text *m, const struct master_service *s,
                           enum master_column c);
size_t master_line(const struct master_text *m, const struct master_service *s);

/* White space between columns and arguments. */
bool master_separates(char c);

/* The end of the token at `at`; with `braces`, white space within them belongs to it. */
size_t master_token_end(struct bytes b, size_t at, bool braces);

/* Takes the braces from "{ ... }" in t->arg; says in `braced` and `broken` what it saw. */
void master_strip_braces(struct master_token *t);

#endif
