/*
 * What every fuzzer of a format asks, whatever the bytes:
 *
 *   - parse, then emit, is the identity;
 *   - facts of the document and of its first sections come without a crash;
 *   - merging yields edits that don't overlap, and merging into the result yields none;
 *   - escape accepts or refuses, and what it accepts holds no line break.
 *
 * The input is the document. When it holds a line "====", the fragment stands behind that line;
 * otherwise it is the fuzzer's own.
 */
#ifndef FUZZ_FORMAT_FUZZ_H
#define FUZZ_FORMAT_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/edits.h"
#include "format/format.h"

#define FUZZ_ASSERT(condition)                                                           \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                     \
        }                                                                                \
    } while (0)

#define FUZZ_SCOPES 3

struct format_fuzz {
    const char *format;
    const char *scope;    /* a kind of section, or NULL */
    const char *fragment; /* merged when the input brings none */
    const char *rules;    /* JSON, or NULL */
};

/* Finds section `index` of the kind; false when there is none. */
static inline bool fuzz_scope(const struct format *f, const char *kind,
                              const struct doc *doc, size_t index, struct scope *ret)
{
    struct scope *all = NULL;
    size_t count = kind && f->scopes ? f->scopes(doc, kind, &all) : 0;
    for (size_t i = 0; i < count; i++) {
        FUZZ_ASSERT(all[i].begin < all[i].end);
        FUZZ_ASSERT(all[i].line > 0);
    }
    if (index < count)
        *ret = all[index];
    free(all);
    return index < count;
}

/* Merges into the document (index 0) or section index - 1; -1 when there is no such section or
 * the fragment is refused, otherwise the number of edits. */
static inline int fuzz_merge(const struct format *f, const struct format_fuzz *what,
                             struct bytes text, size_t index, struct bytes fragment,
                             const json_t *rules, struct buf *out)
{
    struct doc *doc = f->parse(text);
    struct scope scope;
    struct edits edits = EDITS_INIT;
    struct err err = ERR_INIT;
    int count = -1;
    if (index == 0 || fuzz_scope(f, what->scope, doc, index - 1, &scope)) {
        if (f->merge(doc, index ? &scope : NULL, fragment, rules, &edits, &err) == 0) {
            count = (int)edits.count;
            edits_apply(text, &edits, out);
            FUZZ_ASSERT(edits_are_sound(&edits, text.len));
        } else {
            FUZZ_ASSERT(err.kind != ERR_NONE && err.text[0]);
            FUZZ_ASSERT(edits.count == 0);
        }
    }
    edits_release(&edits);
    f->release(doc);
    return count;
}

static inline void fuzz_read(const struct format *f, const struct format_fuzz *what,
                             struct bytes text)
{
    struct doc *doc = f->parse(text);
    struct scope scope;
    struct buf out = BUF_INIT;
    f->emit(doc, &out);
    FUZZ_ASSERT(bytes_eq(bytes_buf(&out), text));
    buf_release(&out);
    json_decref(f->facts(doc, NULL));
    for (size_t i = 0; i < FUZZ_SCOPES && fuzz_scope(f, what->scope, doc, i, &scope); i++)
        json_decref(f->facts(doc, &scope));
    f->release(doc);
}

static inline void fuzz_escape(const struct format *f, struct bytes value)
{
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    if (f->escape(value, &out, &err) == 0)
        FUZZ_ASSERT(!out.len || !memchr(out.data, '\n', out.len));
    else
        FUZZ_ASSERT(err.kind == ERR_INPUT && err.text[0] && out.len == 0);
    buf_release(&out);
}

static inline int fuzz_format(const struct format_fuzz *what, const uint8_t *data,
                              size_t size)
{
    static const char mark[] = "\n====\n";
    const struct format *f = format_find(what->format);
    struct bytes text = {.data = (const char *)data, .len = size};
    struct bytes fragment = bytes_str(what->fragment);
    const char *split = size ? memmem(data, size, mark, sizeof mark - 1) : NULL;
    if (split) {
        text.len = (size_t)(split - text.data) + 1;
        fragment.data = split + sizeof mark - 1;
        fragment.len = size - (size_t)(fragment.data - (const char *)data);
    }
    fuzz_read(f, what, text);
    fuzz_escape(f, text);
    json_t *rules = what->rules ? json_loads(what->rules, 0, NULL) : NULL;
    FUZZ_ASSERT(!what->rules == !rules);
    for (size_t i = 0; i <= FUZZ_SCOPES; i++) {
        struct buf once = BUF_INIT, twice = BUF_INIT;
        if (fuzz_merge(f, what, text, i, fragment, rules, &once) >= 0)
            FUZZ_ASSERT(
                fuzz_merge(f, what, bytes_buf(&once), i, fragment, rules, &twice) == 0);
        buf_release(&once);
        buf_release(&twice);
    }
    json_decref(rules);
    return 0;
}

#endif
