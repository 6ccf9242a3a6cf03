/* Errors: fixed storage, so that reporting one cannot fail. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Marks a text that did not fit. */
static void mark_cut(struct err *err, int wanted)
{
    if (wanted >= 0 && (size_t)wanted < sizeof err->text)
        return;
    memcpy(err->text + sizeof err->text - 4, "...", 4);
}

PRINTF(3, 0)
static void set_text(struct err *err, const char *prefix, const char *fmt, va_list ap)
{
    char body[sizeof err->text];
    vsnprintf(body, sizeof body, fmt, ap);
    mark_cut(err, snprintf(err->text, sizeof err->text, "%s%s", prefix, body));
}

int(err_set)(struct err *err, enum err_kind kind, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set_text(err, "", fmt, ap);
    va_end(ap);
    err->kind = kind;
    return -1;
}

int(err_sys)(struct err *err, int code, const char *fmt, ...)
{
    char body[sizeof err->text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(body, sizeof body, fmt, ap);
    va_end(ap);
    mark_cut(err, snprintf(err->text, sizeof err->text, "%s: %s", body, strerror(code)));
    err->kind = ERR_SYSTEM;
    return -1;
}

int(err_at)(struct err *err, const char *file, size_t line, size_t column,
            const char *fmt, ...)
{
    char prefix[1024];
    if (line && column)
        snprintf(prefix, sizeof prefix, "%s:%zu:%zu: ", file, line, column);
    else if (line)
        snprintf(prefix, sizeof prefix, "%s:%zu: ", file, line);
    else
        snprintf(prefix, sizeof prefix, "%s: ", file);
    va_list ap;
    va_start(ap, fmt);
    set_text(err, prefix, fmt, ap);
    va_end(ap);
    err->kind = ERR_INPUT;
    return -1;
}

int(err_context)(struct err *err, const char *fmt, ...)
{
    char body[sizeof err->text], old[sizeof err->text];
    memcpy(old, err->text, sizeof old);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(body, sizeof body, fmt, ap);
    va_end(ap);
    mark_cut(err, snprintf(err->text, sizeof err->text, "%s: %s", body, old));
    return -1;
}

int err_exit_status(enum err_kind kind)
{
    switch (kind) {
    case ERR_NONE:
        return 0;
    case ERR_USAGE:
        return 2;
    case ERR_INPUT:
        return 3;
    case ERR_SYSTEM:
        return 4;
    case ERR_REFUSED:
        return 5;
    case ERR_ROLLED_BACK:
        return 6;
    case ERR_INCOMPLETE:
        return 7;
    case ERR_BUG:
        return 70;
    }
    return 70;
}
