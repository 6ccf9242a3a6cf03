/*
 * How httpd reads lines: a backslash immediately before the line end is taken off and the next
 * line appended, in comments too; whether there is a backslash is looked up in what is joined so
 * far, so that an empty line behind two of them continues as well. A NUL ends what is seen of a
 * physical line, its backslash included.
 * Ref: httpd server/util.c ap_cfg_getline(), ap_getword_conf(); measured with 2.4.71
 *
 * Not handled: a line with a NUL that is longer than httpd's buffer, which httpd reads in parts.
 */
#include "format/httpd_line.h"

#include <stdlib.h>
#include <string.h>

#include "format/lines.h"

void httpd_line_release(struct httpd_line *l)
{
    buf_release(&l->joined);
    free(l->pieces);
    *l = (struct httpd_line)HTTPD_LINE_INIT;
}

/* A physical line. */
struct physical {
    size_t end;  /* of what is seen; a carriage return is */
    size_t next; /* behind the line end */
    bool whole;  /* nothing is hidden, and a line end follows */
};

static struct physical physical_at(struct bytes text, size_t at)
{
    const char *newline = memchr(text.data + at, '\n', text.len - at);
    size_t end = newline ? (size_t)(newline - text.data) : text.len;
    const char *nul = memchr(text.data + at, '\0', end - at);
    return (struct physical){.end = nul ? (size_t)(nul - text.data) : end,
                             .next = newline ? end + 1 : end,
                             .whole = newline && !nul};
}

/* Does the next line continue this one? *keep is how much of it stays. */
static bool continues(struct bytes seen, size_t *keep)
{
    size_t len = seen.len;
    if (len && seen.data[len - 1] == '\r')
        len--;
    if (!len || seen.data[len - 1] != '\\')
        return false;
    *keep = len - 1;
    return true;
}

/* Pieces that were taken off again are forgotten. */
static void add_piece(struct httpd_line *l, size_t joined, size_t raw)
{
    while (l->count && l->pieces[l->count - 1].joined >= joined)
        l->count--;
    MEM_GROW(l->pieces, l->count, l->cap);
    l->pieces[l->count++] = (struct httpd_piece){joined, raw};
}

void httpd_line_read(struct httpd_line *l, struct bytes text, size_t at)
{
    struct physical p = physical_at(text, at);
    size_t keep = 0;
    l->count = 0;
    add_piece(l, 0, at);
    l->end = p.next;
    l->lines = 1;
    l->text = text_span(text, at, p.end);
    l->open = p.whole && continues(l->text, &keep);
    if (!l->open)
        return;
    buf_clear(&l->joined);
    buf_add(&l->joined, text.data + at, keep);
    while (l->open && l->end < text.len) {
        add_piece(l, l->joined.len, l->end);
        p = physical_at(text, l->end);
        buf_addb(&l->joined, text_span(text, l->end, p.end));
        l->end = p.next;
        l->lines++;
        l->open = p.whole && continues(bytes_buf(&l->joined), &keep);
        if (l->open)
            l->joined.len = keep;
    }
    l->text = bytes_buf(&l->joined);
}

bool httpd_line_continues(const struct httpd_line *l)
{
    size_t ignored;
    return continues(l->text, &ignored);
}

size_t httpd_line_at(const struct httpd_line *l, size_t i)
{
    size_t low = 0, high = l->count;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (l->pieces[mid].joined <= i)
            low = mid;
        else
            high = mid;
    }
    return l->pieces[low].raw + (i - l->pieces[low].joined);
}

/* --- words ----------------------------------------------------------------------------------- */

/* Does a backslash at `at` protect the byte behind it? */
static bool protects(struct bytes line, size_t at, char quote)
{
    if (line.data[at] != '\\' || at + 1 >= line.len)
        return false;
    return line.data[at + 1] == '\\' || (quote && line.data[at + 1] == quote);
}

bool httpd_word(struct bytes line, size_t *at, struct buf *out)
{
    size_t i = *at;
    while (i < line.len && text_is_space(line.data[i]))
        i++;
    *at = i;
    if (i == line.len)
        return false;
    char quote = line.data[i] == '"' || line.data[i] == '\'' ? line.data[i] : '\0';
    for (i += quote != '\0'; i < line.len; i++) {
        if (quote ? line.data[i] == quote : text_is_space(line.data[i]))
            break;
        if (protects(line, i, quote))
            i++;
        buf_addc(out, line.data[i]);
    }
    *at = quote && i < line.len ? i + 1 : i;
    return true;
}
