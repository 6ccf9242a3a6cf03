/* The only frame that is right for a text is the one that we would write ourselves. */
#include "txn/frame.h"

#include <string.h>

#include "base/digest.h"

static void head(struct bytes text, struct buf *out)
{
    char sum[DIGEST_SIZE];
    digest_sha256(text, sum);
    buf_addf(out, "tlsharden 1 %zu %s\n", text.len, sum);
}

void frame_put(struct bytes text, struct buf *out)
{
    head(text, out);
    buf_addb(out, text);
}

int frame_get(struct bytes framed, struct bytes *ret)
{
    const char *end = framed.len ? memchr(framed.data, '\n', framed.len) : NULL;
    if (!end)
        return -1;
    size_t n = (size_t)(end - framed.data) + 1;
    struct bytes text = {.data = framed.data + n, .len = framed.len - n};
    CLEANUP(buf_release) struct buf wanted = BUF_INIT;
    head(text, &wanted);
    if (!bytes_eq(bytes_buf(&wanted), (struct bytes){.data = framed.data, .len = n}))
        return -1;
    *ret = text;
    return 0;
}
