/*
 * Logical lines of main.cf and master.cf.
 *
 * Contents are joined into one buffer, so that what spans lines can be read in one piece; edits
 * are made by mapping back, physical line by physical line.
 */
#include "format/postfix_text.h"

#include <ctype.h>
#include <stdlib.h>

/* Appends a content line to the logical line it belongs to. */
static void add_content(struct postfix_text *t, size_t i, struct bytes content)
{
    bool indented = text_is_space(content.data[0]);
    if (indented && t->count == 0)
        return; /* belongs to nothing */
    if (!indented) {
        MEM_GROW(t->items, t->count, t->cap);
        t->items[t->count++] = (struct logical){.first = i, .begin = t->joined.len};
    }
    buf_addb(&t->joined, content);
    t->items[t->count - 1].last = i;
    t->items[t->count - 1].end = t->joined.len;
}

void postfix_text_read(struct postfix_text *t, struct bytes text)
{
    lines_read(&t->lines, text);
    t->joined_at = mem_alloc((t->lines.count + 1) * sizeof *t->joined_at);
    for (size_t i = 0; i < t->lines.count; i++) {
        t->joined_at[i] = t->joined.len;
        if (!postfix_text_is_comment(t, i))
            add_content(t, i, lines_at(&t->lines, i));
    }
}

void postfix_text_release(struct postfix_text *t)
{
    lines_release(&t->lines);
    buf_release(&t->joined);
    free(t->joined_at);
    free(t->items);
    *t = (struct postfix_text)POSTFIX_TEXT_INIT;
}

struct bytes postfix_text_span(const struct postfix_text *t, size_t begin, size_t end)
{
    return text_span(bytes_buf(&t->joined), begin, end);
}

bool postfix_text_is_comment(const struct postfix_text *t, size_t i)
{
    struct bytes b = text_trim(lines_at(&t->lines, i));
    return b.len == 0 || b.data[0] == '#';
}

/* Comment lines share their place with the content that follows them: the last line that begins
 * at or before the byte is the one that holds it. */
size_t postfix_text_line(const struct postfix_text *t, size_t joined)
{
    size_t low = 0, high = t->lines.count;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (t->joined_at[mid] <= joined)
            low = mid;
        else
            high = mid;
    }
    return low;
}

size_t postfix_text_offset(const struct postfix_text *t, size_t joined)
{
    size_t i = postfix_text_line(t, joined);
    return t->lines.items[i].begin + (joined - t->joined_at[i]);
}

/* Removes bytes [begin, end) of the document, all within line `i`; the whole line when nothing
 * else is on it. */
static void remove_within(const struct postfix_text *t, size_t i, size_t begin,
                          size_t end, struct edits *edits)
{
    const struct line *line = &t->lines.items[i];
    struct bytes text = t->lines.text;
    while (begin > line->begin && text_is_space(text.data[begin - 1]))
        begin--;
    bool whole = begin == line->begin && text_is_blank(text_span(text, end, line->end));
    if (whole)
        edits_add(edits, line->begin, line->next, BYTES(""));
    else
        edits_add(edits, begin, end, BYTES(""));
}

void postfix_text_replace(const struct postfix_text *t, size_t begin, size_t end,
                          struct bytes text, struct edits *edits)
{
    size_t first = postfix_text_line(t, begin), last = postfix_text_line(t, end - 1);
    for (size_t i = first; i <= last; i++) {
        const struct line *line = &t->lines.items[i];
        size_t from = i == first ? postfix_text_offset(t, begin) : line->begin;
        size_t to = i == last ? postfix_text_offset(t, end - 1) + 1 : line->end;
        if (i == first && text.len)
            edits_add(edits, from, to, text);
        else if (i == first || !postfix_text_is_comment(t, i))
            remove_within(t, i, from, to, edits);
    }
}

void postfix_text_remove(const struct postfix_text *t, const struct logical *l,
                         struct edits *edits)
{
    for (size_t i = l->first; i <= l->last; i++)
        if (!postfix_text_is_comment(t, i))
            edits_add(edits, t->lines.items[i].begin, t->lines.items[i].next, BYTES(""));
}

bool postfix_split(struct bytes b, struct bytes *name, struct bytes *value)
{
    size_t at = 0;
    while (at < b.len && text_is_space(b.data[at]))
        at++;
    size_t begin = at;
    while (at < b.len && !text_is_space(b.data[at]) && b.data[at] != '=')
        at++;
    *name = text_span(b, begin, at);
    while (at < b.len && text_is_space(b.data[at]))
        at++;
    if (name->len == 0 || at == b.len || b.data[at] != '=')
        return false;
    *value = text_trim(text_span(b, at + 1, b.len));
    return true;
}

bool postfix_is_name(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        if (!isalnum((unsigned char)b.data[i]) && b.data[i] != '_' && b.data[i] != '-' &&
            b.data[i] != '.')
            return false;
    return b.len > 0;
}
