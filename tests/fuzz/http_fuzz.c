/*
 * Fuzzes the head of an HTTP answer, and the Strict-Transport-Security in it: what is taken is sound and can be
 * shown, what is refused leaves nothing behind.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/hsts.h"
#include "probe/http.h"

#define FUZZ_ASSERT(condition)                                                           \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                     \
        }                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *s)
{
    for (; *s; s++)
        FUZZ_ASSERT((unsigned char)*s >= ' ' && *s != 0x7f);
}

static void check_hsts(const char *field)
{
    struct hsts h = {.max_age = -1};
    const char *why = hsts_read(field, &h);
    if (why)
        FUZZ_ASSERT(why[0] && h.max_age == -1);
    else
        FUZZ_ASSERT(h.max_age >= 0 && h.max_age <= HSTS_AGE_LIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(http_release) struct http_response r = HTTP_INIT;
    struct err err = ERR_INIT;
    struct bytes head = {.data = (const char *)data, .len = size};
    if (http_parse(head, &r, &err) < 0) {
        FUZZ_ASSERT(err.kind == ERR_INPUT && err.text[0]);
        FUZZ_ASSERT(r.status == 0 && !r.location && r.hsts.count == 0);
        check_text(err.text);
        return 0;
    }
    FUZZ_ASSERT(r.status >= 100 && r.status <= 599);
    FUZZ_ASSERT(size >= 14 && data[size - 1] == '\n');
    if (r.location)
        check_text(r.location);
    for (size_t i = 0; i < r.hsts.count; i++)
        check_hsts(r.hsts.items[i]);
    return 0;
}
