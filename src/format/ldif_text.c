/*
 * Reads and writes LDIF content records.
 *
 * Not handled: change records ("changetype:" is an attribute like any other here), values by URL.
 */
#include "format/ldif_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 78 /* where slapd folds */

struct bytes ldif_decoded(const struct ldif_text *t, size_t begin, size_t len)
{
    return text_span(bytes_buf(&t->decoded), begin, begin + len);
}

void ldif_text_release(struct ldif_text *t)
{
    lines_release(&t->lines);
    buf_release(&t->decoded);
    free(t->attrs);
    free(t->unsets);
    free(t->entries);
    *t = (struct ldif_text)LDIF_TEXT_INIT;
}

/* --- values ---------------------------------------------------------------------------------- */

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit_value(char c)
{
    const char *p = c ? strchr(digits, c) : NULL;
    return p ? (int)(p - digits) : -1;
}

/* Appends what the base64 text means; false when it is none. */
static bool decode_base64(struct bytes b, struct buf *out)
{
    unsigned bits = 0;
    size_t len = b.len;
    while (len && b.len - len < 2 && b.data[len - 1] == '=')
        len--;
    if (b.len % 4 || (len % 4 == 1))
        return false;
    for (size_t i = 0; i < len; i++) {
        int v = digit_value(b.data[i]);
        if (v < 0)
            return false;
        bits = (bits << 6 | (unsigned)v) & 0xffffff;
        if (i % 4)
            buf_addc(out, (char)(bits >> (6 - 2 * (i % 4)) & 0xff));
    }
    return true;
}

void ldif_base64(struct bytes b, struct buf *out)
{
    for (size_t i = 0; i < b.len; i += 3) {
        unsigned bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (i + k < b.len ? (unsigned char)b.data[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            buf_addc(out, k <= b.len - i ? digits[bits >> (18 - 6 * k) & 63] : '=');
    }
}

/* What must be base64. Ref: RFC 2849 2 (SAFE-STRING) */
static bool needs_base64(struct bytes b)
{
    if (b.len && (strchr(" :<", b.data[0]) || b.data[b.len - 1] == ' '))
        return true;
    for (size_t i = 0; i < b.len; i++)
        if ((unsigned char)b.data[i] >= 0x7f || (unsigned char)b.data[i] < ' ')
            return true;
    return false;
}

void ldif_write(struct bytes name, struct bytes value, struct buf *out)
{
    CLEANUP(buf_release) struct buf line = BUF_INIT;
    buf_addb(&line, name);
    if (needs_base64(value)) {
        buf_adds(&line, ":: ");
        ldif_base64(value, &line);
    } else {
        buf_adds(&line, value.len ? ": " : ":");
        buf_addb(&line, value);
    }
    /* A name is never folded: readers look for it, and its colon, in one line. */
    size_t head = name.len + 3;
    for (size_t at = 0, room = head > WIDTH ? head : WIDTH; at < line.len;
         room = WIDTH - 1) {
        size_t n = line.len - at < room ? line.len - at : room;
        buf_adds(out, at ? " " : "");
        buf_add(out, line.data + at, n);
        buf_addc(out, '\n');
        at += n;
    }
}

/* --- reading --------------------------------------------------------------------------------- */

static size_t add_lower(struct ldif_text *t, struct bytes b)
{
    size_t at = t->decoded.len;
    for (size_t i = 0; i < b.len; i++)
        buf_addc(&t->decoded, (char)tolower((unsigned char)b.data[i]));
    return at;
}

/* Appends a dn as it is compared: lower case, no spaces around "=", "," and "+". */
static size_t add_dn_key(struct ldif_text *t, size_t dn, size_t len)
{
    size_t at = t->decoded.len;
    struct buf *out = &t->decoded;
    bool fresh = true; /* behind a separator: spaces don't count */
    size_t spaces = 0;
    for (size_t i = dn; i < dn + len; i++) {
        char c = out->data[i];
        if (c == ' ') {
            spaces++;
            continue;
        }
        bool separator = c == '=' || c == ',' || c == '+';
        for (; spaces && !fresh && !separator; spaces--)
            buf_addc(out, ' ');
        spaces = 0;
        buf_addc(out, (char)tolower((unsigned char)c));
        if (c == '\\' && i + 1 < dn + len)
            buf_addc(out, (char)tolower((unsigned char)out->data[++i]));
        fresh = separator;
    }
    return at;
}

static bool is_name(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        if (!isalnum((unsigned char)b.data[i]) && b.data[i] != '-' && b.data[i] != '.' &&
            b.data[i] != ';' && b.data[i] != '_')
            return false;
    return b.len > 0;
}

/* Splits an unfolded line and decodes it; false when it is no attribute. */
static bool read_attr(struct ldif_text *t, struct bytes line, struct ldif_attr *a)
{
    const char *colon = line.len ? memchr(line.data, ':', line.len) : NULL;
    size_t at = colon ? (size_t)(colon - line.data) : 0;
    struct bytes name = text_span(line, 0, at);
    if (!is_name(name))
        return false;
    a->name = t->decoded.len;
    buf_addb(&t->decoded, name);
    a->key = add_lower(t, name);
    a->key_len = name.len;
    a->value = t->decoded.len;
    char sort = ++at < line.len ? line.data[at] : '\0';
    at += sort == ':' || sort == '<';
    struct bytes value = text_span(line, at, line.len);
    while (value.len && value.data[0] == ' ')
        value.data++, value.len--;
    if (sort == ':')
        a->unknown = !decode_base64(text_trim(value), &t->decoded);
    else
        buf_addb(&t->decoded, value);
    a->unknown = a->unknown || sort == '<';
    a->value_len = t->decoded.len - a->value;
    return true;
}

/* State while reading: the entry that lines belong to. */
struct reader {
    struct ldif_text *t;
    bool within; /* the last entry is still open */
};

static struct ldif_entry *entry_at_hand(struct reader *r, size_t begin, size_t line)
{
    struct ldif_text *t = r->t;
    if (!r->within) {
        MEM_GROW(t->entries, t->count, t->cap);
        t->entries[t->count++] = (struct ldif_entry){.begin = begin,
                                                     .end = begin,
                                                     .line = line,
                                                     .attr = t->attr_count,
                                                     .unset = t->unset_count};
        r->within = true;
    }
    return &t->entries[t->count - 1];
}

/* No attribute of the record at hand was seen yet. */
static bool begins_record(const struct reader *r)
{
    if (!r->within)
        return true;
    const struct ldif_entry *e = &r->t->entries[r->t->count - 1];
    return !e->named && e->attr_count == 0;
}

static void take_attr(struct reader *r, struct ldif_attr *a)
{
    struct ldif_text *t = r->t;
    struct bytes key = ldif_decoded(t, a->key, a->key_len);
    if (begins_record(r) && bytes_is(key, "version"))
        return;
    struct ldif_entry *e = entry_at_hand(r, a->begin, a->line);
    e->end = a->end;
    if (begins_record(r) && bytes_is(key, "dn")) {
        e->named = true;
        e->begin = a->begin;
        e->line = a->line;
        e->dn = a->value;
        e->dn_len = a->value_len;
        e->key = add_dn_key(t, e->dn, e->dn_len);
        e->key_len = t->decoded.len - e->key;
        return;
    }
    e->attr_count++;
    MEM_GROW(t->attrs, t->attr_count, t->attr_cap);
    t->attrs[t->attr_count++] = *a;
}

/* "#name: ...", without white space behind the "#". */
static void take_comment(struct reader *r, struct bytes line, size_t begin, size_t number)
{
    struct ldif_text *t = r->t;
    const char *colon = memchr(line.data, ':', line.len);
    if (!colon)
        return;
    struct bytes name = text_span(line, 1, (size_t)(colon - line.data));
    if (!is_name(name))
        return;
    struct ldif_entry *e = entry_at_hand(r, begin, number);
    e->unset_count++;
    MEM_GROW(t->unsets, t->unset_count, t->unset_cap);
    size_t key = add_lower(t, name);
    t->unsets[t->unset_count++] =
        (struct ldif_unset){.key = key, .key_len = name.len, .line = number};
}

/* The content of lines [i, next) as one; a view of the text, or of `scratch`. */
static struct bytes unfold(const struct lines *l, size_t i, size_t next,
                           struct buf *scratch)
{
    if (next == i + 1)
        return lines_at(l, i);
    buf_clear(scratch);
    buf_addb(scratch, lines_at(l, i));
    for (size_t k = i + 1; k < next; k++) {
        struct bytes b = lines_at(l, k);
        buf_addb(scratch, text_span(b, 1, b.len));
    }
    return bytes_buf(scratch);
}

static void take_line(struct reader *r, size_t i, size_t next, struct buf *scratch)
{
    struct ldif_text *t = r->t;
    struct bytes first = lines_at(&t->lines, i);
    struct bytes line = unfold(&t->lines, i, next, scratch);
    struct ldif_attr a = {.begin = t->lines.items[i].begin,
                          .end = t->lines.items[next - 1].next,
                          .line = i + 1};
    if (first.len == 0) {
        r->within = false;
    } else if (first.data[0] == '#') {
        take_comment(r, line, a.begin, i + 1);
    } else if (first.data[0] != ' ' && read_attr(t, line, &a)) {
        take_attr(r, &a);
    } else if (t->odd_line == 0) {
        t->odd_line = i + 1;
    }
}

void ldif_text_read(struct ldif_text *t, struct bytes text)
{
    CLEANUP(buf_release) struct buf scratch = BUF_INIT;
    struct reader r = {.t = t};
    lines_read(&t->lines, text);
    for (size_t i = 0, next; i < t->lines.count; i = next) {
        next = i + 1;
        while (lines_at(&t->lines, i).len && next < t->lines.count &&
               lines_at(&t->lines, next).len && lines_at(&t->lines, next).data[0] == ' ')
            next++;
        take_line(&r, i, next, &scratch);
    }
}
