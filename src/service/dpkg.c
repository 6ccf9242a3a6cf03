/* Paragraphs of "Field: value" lines, separated by blank ones; scanned per question, without an
 * index: a handful of questions, one memmem() each. */
#include "service/dpkg.h"

#include <stdlib.h>
#include <string.h>

void dpkg_release(struct dpkg *d)
{
    buf_release(&d->text);
}

int dpkg_read(const struct path_root *root, struct dpkg *ret, struct err *err)
{
    return path_read(root, "/var/lib/dpkg/status", &ret->text, NULL, NULL, err) < 0 ? -1
                                                                                    : 0;
}

/* The paragraph that begins at `from`, up to its blank line. */
static struct bytes paragraph(struct bytes text, size_t from)
{
    const char *end = memmem(text.data + from, text.len - from, "\n\n", 2);
    size_t len = end ? (size_t)(end - text.data) + 1 - from : text.len - from;
    return (struct bytes){.data = text.data + from, .len = len};
}

static bool find_field(struct bytes paragraph, const char *field, struct bytes *ret)
{
    size_t len = strlen(field);
    for (struct bytes line; bytes_next_line(&paragraph, &line);)
        if (bytes_starts(line, field) && line.len > len && line.data[len] == ':') {
            *ret = bytes_trim(
                (struct bytes){.data = line.data + len + 1, .len = line.len - len - 1});
            return true;
        }
    return false;
}

/* "install ok installed", and what keeps its configuration is not. */
static bool installed(struct bytes paragraph)
{
    struct bytes status;
    return find_field(paragraph, "Status", &status) && status.len > 10 &&
           memcmp(status.data + status.len - 10, " installed", 10) == 0;
}

char *dpkg_field(const struct dpkg *d, const char *package, const char *field)
{
    CLEANUP(mem_freep) char *head = mem_printf("Package: %s\n", package);
    struct bytes text = bytes_buf(&d->text);
    for (size_t at = 0; at < text.len;) {
        const char *hit = memmem(text.data + at, text.len - at, head, strlen(head));
        if (!hit)
            return NULL;
        size_t from = (size_t)(hit - text.data);
        struct bytes p = paragraph(text, from), value;
        if ((from == 0 || text.data[from - 1] == '\n') && installed(p) &&
            find_field(p, field, &value))
            return bytes_dup(value);
        at = from + p.len;
    }
    return NULL;
}
