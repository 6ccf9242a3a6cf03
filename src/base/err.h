/*
 * What went wrong, said once and carried upwards.
 *
 * A function that can fail returns int 0/-1 or a pointer/NULL, is MUST_CHECK and takes
 * `struct err *err` as its last parameter. The place that fails fills it; callers add context
 * outward; only cli prints.
 *
 *     if (open(...) < 0)
 *         return err_sys(err, errno, "open '%s'", path);
 *     ...
 *     if (stage(target, err) < 0)
 *         return err_context(err, "apply %s", service);
 *
 * Texts are lower case, without a full stop, and say what to do next where that is known.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

#include "base/mem.h"

/* Kinds map to exit statuses in err_exit_status(). */
enum err_kind {
    ERR_NONE,        /* no error */
    ERR_USAGE,       /* the command line */
    ERR_INPUT,       /* profile, site, plan or configuration */
    ERR_SYSTEM,      /* system or network; nothing changed; no verdict */
    ERR_REFUSED,     /* unsafe, or in conflict with something else */
    ERR_ROLLED_BACK, /* failed after the change had begun; everything is back */
    ERR_INCOMPLETE,  /* failed, and so did taking it back */
    ERR_BUG,         /* an assertion of ours */
};

struct err {
    enum err_kind kind;
    char text[2048]; /* complete message, without prefix; cut with "..." when longer */
};

#define ERR_INIT                                                                         \
    {                                                                                    \
        .kind = ERR_NONE                                                                 \
    }

/* Sets kind and text; always -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...) PRINTF(3, 4);

/* ERR_SYSTEM with ": strerror(code)" appended; always -1. */
int err_sys(struct err *err, int code, const char *fmt, ...) PRINTF(3, 4);

/* ERR_INPUT at a place in a file: "file:line:column: text"; line and column count from 1, a
 * column of 0 is left out, and so is a line of 0; always -1. */
int err_at(struct err *err, const char *file, size_t line, size_t column, const char *fmt,
           ...) PRINTF(5, 6);

/* Puts "text: " before the message; kind stays; always -1. */
int err_context(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* That these return -1 is said once more where compilers and analysers see it: each caller is
 * compiled alone, and a path on which an error was reported and 0 returned does not exist. */
#define err_set(...)     ERR_ALWAYS_((err_set)(__VA_ARGS__))
#define err_sys(...)     ERR_ALWAYS_((err_sys)(__VA_ARGS__))
#define err_at(...)      ERR_ALWAYS_((err_at)(__VA_ARGS__))
#define err_context(...) ERR_ALWAYS_((err_context)(__VA_ARGS__))
#define ERR_ALWAYS_(call)                                                                \
    (__extension__({                                                                     \
        (void)(call);                                                                    \
        -1;                                                                              \
    }))

/* Exit status of a kind; the one table of DESIGN's exit codes. */
int err_exit_status(enum err_kind kind);

#endif
