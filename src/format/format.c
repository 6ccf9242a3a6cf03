/* The table of formats, and edits. A new syntax is one file and one line here. */
#include "format/format.h"

#include <stdlib.h>
#include <string.h>

#include "format/formats.h"

static const struct format *const formats[] = {
    &format_httpd, &format_keyword,      &format_keyword_lines,  &format_ldif,
    &format_nginx, &format_postfix_main, &format_postfix_master, &format_shell,
};

const struct format *format_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

void edits_release(struct edits *e)
{
    for (size_t i = 0; i < e->count; i++)
        free(e->items[i].text);
    free(e->items);
    *e = (struct edits)EDITS_INIT;
}

void edits_add(struct edits *e, size_t begin, size_t end, struct bytes text)
{
    MEM_GROW(e->items, e->count, e->cap);
    e->items[e->count++] = (struct edit){
        .begin = begin, .end = end, .text = bytes_dup(text), .len = text.len};
}

/* qsort() is not stable, and insertions at one place must keep their order. */
struct ranked {
    struct edit edit;
    size_t rank;
};

static int by_place(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->edit.begin != y->edit.begin)
        return x->edit.begin < y->edit.begin ? -1 : 1;
    bool insert = x->edit.begin == x->edit.end, also = y->edit.begin == y->edit.end;
    if (insert != also)
        return insert ? -1 : 1; /* before what replaces the text that follows */
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static void sort(struct edits *e)
{
    struct ranked *r = mem_alloc(e->count * sizeof *r);
    for (size_t i = 0; i < e->count; i++)
        r[i] = (struct ranked){.edit = e->items[i], .rank = i};
    qsort(r, e->count, sizeof *r, by_place);
    for (size_t i = 0; i < e->count; i++)
        e->items[i] = r[i].edit;
    free(r);
}

void edits_apply(struct bytes text, struct edits *e, struct buf *out)
{
    if (e->count > 1)
        sort(e);
    buf_reserve(out, text.len);
    size_t at = 0;
    for (size_t i = 0; i < e->count; i++) {
        const struct edit *edit = &e->items[i];
        if (edit->begin > at)
            buf_add(out, text.data + at, edit->begin - at);
        buf_add(out, edit->text, edit->len);
        if (edit->end > at)
            at = edit->end;
    }
    if (at < text.len)
        buf_add(out, text.data + at, text.len - at);
}
