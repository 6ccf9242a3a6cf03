/*
 * Foreign text, one character at a time: well-formed UTF-8 that shows something passes, all
 * else is escaped. Ref: RFC 3629 (UTF-8), UAX #9 (bidirectional controls), CVE-2021-42574.
 */
#include "base/visible.h"

#include <stdint.h>

/* The length of the well-formed UTF-8 sequence at the start, its code point in `*code`; 0: none. */
static size_t utf8_next(struct bytes text, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text.data[0];
    size_t n = first < 0x80   ? 1
               : first < 0xc2 ? 0
               : first < 0xe0 ? 2
               : first < 0xf0 ? 3
                              : 4;
    if (n == 0 || n > text.len || first > 0xf4)
        return 0;
    *code = n == 1 ? first : first & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (c & 0x3f);
    }
    if (*code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
        return 0;
    return n;
}

/* Controls, and what hides or reorders its neighbours. */
static bool is_invisible(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe0fff);
}

static void add_escaped(struct buf *out, struct bytes raw)
{
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.data[i];
        if (c == '\n')
            buf_adds(out, "\\n");
        else if (c == '\r')
            buf_adds(out, "\\r");
        else if (c == '\t')
            buf_adds(out, "\\t");
        else
            buf_addf(out, "\\x%02x", c);
    }
}

/* How much of it is plain ASCII that shows something: nearly always all. */
static size_t plain_length(struct bytes text)
{
    size_t n = 0;
    while (n < text.len && text.data[n] >= 0x20 && text.data[n] < 0x7f)
        n++;
    return n;
}

void visible_add(struct buf *out, struct bytes text)
{
    while (text.len) {
        struct bytes plain = {.data = text.data, .len = plain_length(text)};
        buf_addb(out, plain);
        text.data += plain.len;
        text.len -= plain.len;
        if (!text.len)
            return;
        uint32_t code = 0;
        size_t n = utf8_next(text, &code);
        struct bytes piece = {.data = text.data, .len = n ? n : 1};
        if (n == 0 || is_invisible(code))
            add_escaped(out, piece);
        else
            buf_addb(out, piece);
        text.data += piece.len;
        text.len -= piece.len;
    }
}

char *visible(struct bytes text)
{
    struct buf out = BUF_INIT;
    visible_add(&out, text);
    return buf_take(&out);
}

char *visible_cut(struct bytes text, size_t max)
{
    bool cut = text.len > max;
    if (cut) {
        text.len = max;
        while (text.len && ((unsigned char)text.data[text.len] & 0xc0) == 0x80)
            text.len--; /* not in the middle of a character */
    }
    struct buf out = BUF_INIT;
    visible_add(&out, text);
    if (cut)
        buf_adds(&out, "...");
    return buf_take(&out);
}
