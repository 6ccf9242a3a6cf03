/* By libcrypto's EVP, which counts padding as content and forgives blanks; we don't. */
#include "base/base64.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

char *base64_encode(struct bytes data)
{
    if (data.len > INT_MAX / 2) /* no file that we read is as large */
        return mem_strdup("");
    unsigned char *out = mem_alloc(4 * ((data.len + 2) / 3) + 1);
    EVP_EncodeBlock(out, (const unsigned char *)data.data, (int)data.len);
    return (char *)out;
}

int base64_decode(const char *text, struct buf *out)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strlen(text), plain = strspn(text, letters);
    size_t padding = len - plain;
    if (len % 4 || padding > 2 || strspn(text + plain, "=") != padding || len > INT_MAX)
        return -1;
    size_t start = out->len;
    buf_reserve(out, len / 4 * 3 + 1);
    if (len && EVP_DecodeBlock((unsigned char *)out->data + start,
                               (const unsigned char *)text, (int)len) < 0)
        return -1;
    out->len = start + len / 4 * 3 - (len ? padding : 0);
    out->data[out->len] = '\0';
    return 0;
}
