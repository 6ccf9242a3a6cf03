/* Bytes as people write them: hexadecimal digits, white space between. */
#ifndef UNIT_HEX_H
#define UNIT_HEX_H

#include <ctype.h>

#include "base/buf.h"
#include "unit/unit.h"

static inline unsigned hex_digit(char c)
{
    ck_assert_msg(isxdigit((unsigned char)c), "'%c' is no hexadecimal digit", c);
    return (unsigned)(isdigit((unsigned char)c) ? c - '0'
                                                : tolower((unsigned char)c) - 'a' + 10);
}

static inline void hex_add(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (isspace((unsigned char)*text))
            continue;
        unsigned high = hex_digit(*text++);
        buf_addc(out, (char)(high << 4 | hex_digit(*text)));
    }
}

/* Owned by the caller (free). */
static inline char *hex_of(struct bytes b)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < b.len; i++)
        buf_addf(&out, "%02x", (unsigned char)b.data[i]);
    buf_adds(&out, "");
    return buf_take(&out);
}

#endif
