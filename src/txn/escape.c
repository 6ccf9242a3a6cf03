/* Percent-encoding, as in RFC 3986 2.1, of everything but what prints. */
#include "txn/escape.h"

#include <stdlib.h>
#include <string.h>

static void add(struct bytes raw, bool quoted, struct buf *out)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.data[i];
        if (c > 0x20 && c < 0x7f && c != '%') {
            if (quoted && (c == '"' || c == '\\'))
                buf_addc(out, '\\');
            buf_addc(out, (char)c);
        } else {
            buf_addc(out, '%');
            buf_addc(out, hex[c >> 4]);
            buf_addc(out, hex[c & 15]);
        }
    }
}

char *escape_bytes(struct bytes raw)
{
    struct buf out = BUF_INIT;
    buf_reserve(&out, raw.len);
    add(raw, false, &out);
    return buf_take(&out);
}

void escape_quote(struct bytes raw, struct buf *out)
{
    buf_addc(out, '"');
    add(raw, true, out);
    buf_addc(out, '"');
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int escape_read(const char *text, struct buf *out)
{
    for (const char *p = text; *p; p++) {
        if (*p != '%') {
            buf_addc(out, *p);
            continue;
        }
        int high = digit(p[1]), low = high < 0 ? -1 : digit(p[2]);
        if (low < 0)
            return -1;
        buf_addc(out, (char)(high * 16 + low));
        p += 2;
    }
    return 0;
}

char *escape_string(const char *text)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    if (!text || escape_read(text, &out) < 0 || memchr(buf_str(&out), '\0', out.len))
        return NULL;
    return mem_strdup(buf_str(&out));
}
