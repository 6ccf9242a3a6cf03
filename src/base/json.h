/*
 * JSON documents that know where each value stands: Jansson parses, a scanner of our own finds
 * the place of a JSON pointer in the text when an error has to be told.
 *
 *     CLEANUP(json_doc_release) struct json_doc doc = JSON_DOC_INIT;
 *     if (json_doc_load("site.json", &doc, err) < 0)
 *         return -1;
 *     ...
 *     return json_doc_error(&doc, "/tls/suites/3", err, "unknown suite '%s'", name);
 *
 * gives "site.json:12:20: /tls/suites/3: unknown suite 'X'". Lines and columns count from 1,
 * columns in characters. For json_t itself use Jansson's json_auto_t.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"

#define JSON_DOC_LIMIT ((size_t)1 << 20) /* bytes of a document */
#define JSON_DOC_DEPTH 32                /* nesting of arrays and objects */

struct json_doc {
    char *path;      /* owned; as messages show it */
    struct buf text; /* owned; the very bytes that were parsed */
    json_t *root;    /* owned reference; an object or an array */
};

#define JSON_DOC_INIT                                                                    \
    {                                                                                    \
        .path = NULL                                                                     \
    }

void json_doc_release(struct json_doc *doc);

/* Reads and parses a file. Refused as ERR_INPUT with file:line:column: wrong syntax, a duplicate
 * key (whose second place is named), NUL in a string, nesting deeper than JSON_DOC_DEPTH, bytes
 * after the value; larger than JSON_DOC_LIMIT. ERR_SYSTEM when it can't be read. `ret` is
 * untouched on failure. */
int json_doc_load(const char *path, struct json_doc *ret, struct err *err) MUST_CHECK;

/* The same for text in memory, which is copied; `name` is what messages call it. */
int json_doc_parse(const char *name, struct bytes text, struct json_doc *ret,
                   struct err *err) MUST_CHECK;

struct json_place {
    size_t line, column; /* 0: the document has no such place */
};

/* Where the value that `pointer` (RFC 6901; "" is the root) names begins; one linear scan. */
struct json_place json_doc_place(const struct json_doc *doc, const char *pointer);

/* Where the member's name begins; for the root and for array elements the value. */
struct json_place json_doc_key_place(const struct json_doc *doc, const char *pointer);

/* ERR_INPUT "path:line:column: pointer: text", at the value; always -1. A pointer that the
 * document lacks is told at its nearest parent. */
int json_doc_error(const struct json_doc *doc, const char *pointer, struct err *err,
                   const char *fmt, ...) PRINTF(4, 5);

/* The same at the member's name: for keys that shouldn't be there. */
int json_doc_key_error(const struct json_doc *doc, const char *pointer, struct err *err,
                       const char *fmt, ...) PRINTF(4, 5);

/* `pointer` with one more step, escaped (~0, ~1). Owned by the caller (free). */
char *json_doc_pointer(const char *pointer, const char *key);
char *json_doc_pointer_index(const char *pointer, size_t index);

/* The value at a pointer below `root`; borrowed, NULL when there is none. */
json_t *json_doc_at(const json_t *root, const char *pointer);

#endif
