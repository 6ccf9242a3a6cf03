/*
 * Mustache templates over Jansson values.
 *
 *     CLEANUP(mustache_freep) struct mustache *t = mustache_parse(text, "main.cf", err);
 *     struct mustache_opts opts = {.strict = true, .escape = format->escape};
 *     if (!t || mustache_render(t, context, &opts, &out, err) < 0) ...
 *
 * Plain mode is the public specification: interpolation, sections, inverted sections, comments,
 * partials and set delimiters; values are escaped for HTML and a missing name is empty. Strict
 * mode is this project's own: values are escaped by `escape`, and a name that no context has, or
 * an array or object where text is wanted, is an error with its place.
 * Ref: mustache(5); https://github.com/mustache/spec
 */
#ifndef TEMPLATE_MUSTACHE_H
#define TEMPLATE_MUSTACHE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define MUSTACHE_TEMPLATE_LIMIT ((size_t)1 << 20)
#define MUSTACHE_OUTPUT_LIMIT   ((size_t)64 << 20)
#define MUSTACHE_DEPTH          64 /* sections and partials within one another */

struct mustache;

struct mustache_opts {
    bool strict;
    /* Strict mode: appends a value as the target syntax needs it; NULL: as it is. */
    int (*escape)(struct bytes value, struct buf *out, struct err *err);
    /* Appends the text of a partial and returns 0, or returns 1 when there is none of that name
     * (empty in plain mode, an error in strict mode), or -1. NULL: there are none. */
    int (*partial)(void *ctx, const char *name, struct buf *out, struct err *err);
    void *ctx;
};

/* Compiles a template; `text` is copied, `name` is what messages call it. NULL: ERR_INPUT with
 * place. Owned by the caller (mustache_free). */
struct mustache *mustache_parse(struct bytes text, const char *name,
                                struct err *err) MUST_CHECK;
void mustache_free(struct mustache *t);
void mustache_freep(struct mustache **t); /* for CLEANUP */

/* Appends the rendering of `t` for `context` to `out`; `out` is as before on failure. */
int mustache_render(const struct mustache *t, const json_t *context,
                    const struct mustache_opts *opts, struct buf *out,
                    struct err *err) MUST_CHECK;

/* Calls `visit` for every comment in order, with its text trimmed and its line: the reasons that
 * stand above what a template writes. */
void mustache_comments(const struct mustache *t,
                       void (*visit)(void *ctx, struct bytes text, size_t line),
                       void *ctx);

#endif
