/* A character is a column: near enough for names and English. */
#include "report/wrap.h"

#include <string.h>

#include "base/visible.h"

/* Columns that visible text takes: one per character, which is near enough. */
static size_t width(struct bytes text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return n;
}

/* The first word of `rest`, which then begins with the next. */
static struct bytes next_word(struct bytes *rest)
{
    const char *space = memchr(rest->data, ' ', rest->len);
    struct bytes word = {.data = rest->data,
                         .len = space ? (size_t)(space - rest->data) : rest->len};
    size_t used = word.len + (space != NULL);
    *rest = (struct bytes){.data = rest->data + used, .len = rest->len - used};
    return word;
}

void wrap_add(const char *text, size_t at, const char *prefix, struct buf *out)
{
    CLEANUP(mem_freep) char *shown = visible(bytes_str(text));
    struct bytes rest = bytes_str(shown);
    size_t column = at;
    bool first = true;
    while (rest.len) {
        struct bytes word = next_word(&rest);
        if (!first && column + 1 + width(word) > WRAP_COLUMNS) {
            buf_addf(out, "\n%s", prefix);
            column = width(bytes_str(prefix));
            first = true;
        }
        if (!first)
            buf_addc(out, ' ');
        buf_addb(out, word);
        column += width(word) + !first;
        first = false;
    }
    buf_addc(out, '\n');
}
