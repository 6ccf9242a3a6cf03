/* Physical lines, white space and JSON strings, for the line-based formats. */
#include "format/lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void lines_read(struct lines *l, struct bytes text)
{
    struct bytes rest = text, line;
    l->text = text.data ? text : BYTES("");
    size_t at = 0;
    while (bytes_next_line(&rest, &line)) {
        size_t len = line.len - (line.data[line.len - 1] == '\n');
        len -= len && line.data[len - 1] == '\r';
        MEM_GROW(l->items, l->count, l->cap);
        l->items[l->count++] =
            (struct line){.begin = at, .end = at + len, .next = at + line.len};
        at += line.len;
    }
}

void lines_release(struct lines *l)
{
    free(l->items);
    *l = (struct lines)LINES_INIT;
}

struct bytes lines_at(const struct lines *l, size_t i)
{
    return text_span(l->text, l->items[i].begin, l->items[i].end);
}

void lines_emit(const struct lines *l, struct buf *out)
{
    for (size_t i = 0; i < l->count; i++)
        buf_addb(out, text_span(l->text, l->items[i].begin, l->items[i].next));
}

static void add_converted(const struct lines *l, struct bytes text, struct buf *out)
{
    const char *eol = text_eol(l->text);
    struct bytes line;
    while (bytes_next_line(&text, &line)) {
        buf_add(out, line.data, line.len - 1);
        buf_adds(out, eol);
    }
}

void lines_insert(const struct lines *l, size_t at, struct bytes text,
                  struct edits *edits)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    if (at > 0 && l->text.data[at - 1] == '\r')
        buf_addc(&out, '\n');
    else if (at > 0 && l->text.data[at - 1] != '\n')
        buf_adds(&out, text_eol(l->text));
    add_converted(l, text, &out);
    edits_add(edits, at, at, bytes_buf(&out));
}

void lines_replace(const struct lines *l, size_t begin, size_t end, struct bytes text,
                   struct edits *edits)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct bytes kept;
    add_converted(l, text, &out);
    kept = bytes_buf(&out);
    if (end > begin && l->text.data[end - 1] != '\n' && kept.len)
        kept.len -= strlen(text_eol(l->text));
    edits_add(edits, begin, end, kept);
}

const char *text_eol(struct bytes text)
{
    const char *nl = text.len ? memchr(text.data, '\n', text.len) : NULL;
    return nl && nl > text.data && nl[-1] == '\r' ? "\r\n" : "\n";
}

struct bytes text_span(struct bytes text, size_t begin, size_t end)
{
    return (struct bytes){.data = text.data + begin, .len = end - begin};
}

bool text_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct bytes text_trim(struct bytes b)
{
    while (b.len && text_is_space(b.data[0]))
        b.data++, b.len--;
    while (b.len && text_is_space(b.data[b.len - 1]))
        b.len--;
    return b;
}

bool text_is_blank(struct bytes b)
{
    return text_trim(b).len == 0;
}

bool text_has_space(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        if (text_is_space(b.data[i]))
            return true;
    return false;
}

bool text_has_control(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        if ((unsigned char)b.data[i] < ' ' || b.data[i] == 0x7f)
            return true;
    return false;
}

/* The next byte of the squeezed form of a trimmed run; -1 at its end. */
static int next_squeezed(struct bytes b, size_t *at)
{
    if (*at == b.len)
        return -1;
    if (!text_is_space(b.data[*at]))
        return (unsigned char)b.data[(*at)++];
    while (text_is_space(b.data[*at]))
        ++*at; /* trimmed: something follows */
    return ' ';
}

bool text_eq_squeezed(struct bytes a, struct bytes b)
{
    size_t i = 0, j = 0;
    a = text_trim(a);
    b = text_trim(b);
    for (;;) {
        int x = next_squeezed(a, &i), y = next_squeezed(b, &j);
        if (x != y)
            return false;
        if (x < 0)
            return true;
    }
}

void text_squeeze(struct bytes b, struct buf *out)
{
    size_t i = 0;
    b = text_trim(b);
    for (int c; (c = next_squeezed(b, &i)) >= 0;)
        buf_addc(out, (char)c);
}

void text_lower(struct bytes b, struct buf *out)
{
    for (size_t i = 0; i < b.len; i++) {
        char c = b.data[i];
        buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
}

/* The length of the UTF-8 sequence that starts here; 0 for none. Ref: RFC 3629 4 */
static size_t utf8_len(const unsigned char *s, size_t left)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (n == 0 || n > left || s[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

json_t *text_json(struct bytes b)
{
    json_t *json = json_stringn(b.len ? b.data : "", b.len);
    if (json)
        return json;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    for (size_t i = 0; i < b.len;) {
        size_t n = utf8_len((const unsigned char *)b.data + i, b.len - i);
        if (n)
            buf_add(&out, b.data + i, n);
        else
            buf_adds(&out, "\xef\xbf\xbd");
        i += n ? n : 1;
    }
    return json_stringn(out.data, out.len);
}

void text_json_set(json_t *object, struct bytes key, json_t *value)
{
    if (json_object_setn_new(object, key.len ? key.data : "", key.len, value) < 0)
        return; /* jansson has released the value */
}

bool rules_list(const json_t *rules, const char *member, struct bytes word)
{
    const json_t *list = json_object_get(rules, member), *item;
    size_t i;
    if (json_is_true(list))
        return true;
    json_array_foreach(list, i, item)
    {
        struct bytes one = {.data = json_string_value(item),
                            .len = json_string_length(item)};
        if (one.data && bytes_eq(one, word))
            return true;
    }
    return false;
}

int escape_check(struct bytes value, struct err *err)
{
    if (value.len == 0)
        return err_set(err, ERR_INPUT, "the value is empty");
    if (text_has_control(value))
        return err_set(err, ERR_INPUT, "the value holds a control character");
    if (value.data[0] == ' ' || value.data[value.len - 1] == ' ')
        return err_set(err, ERR_INPUT, "the value begins or ends with a space");
    return 0;
}
