/*
 * Jansson parses and refuses; positions come from a scan of our own over text that Jansson has
 * already accepted, so the scanner may trust the syntax and only counts.
 */
#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

void json_doc_release(struct json_doc *doc)
{
    free(doc->path);
    buf_release(&doc->text);
    json_decref(doc->root);
    *doc = (struct json_doc)JSON_DOC_INIT;
}

/* Refuses nesting that Jansson's own limit (2048) would still take. */
static int check_depth(const char *name, struct bytes text, struct err *err)
{
    size_t depth = 0, line = 1, start = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (c == '\n' && !in_string)
            line++, start = i + 1;
        else if (!in_string && (c == '{' || c == '[') && ++depth > JSON_DOC_DEPTH)
            return err_at(err, name, line, i - start + 1, "nested deeper than %d",
                          JSON_DOC_DEPTH);
        else if (!in_string && (c == '}' || c == ']') && depth)
            depth--;
    }
    return 0;
}

int json_doc_parse(const char *name, struct bytes text, struct json_doc *ret,
                   struct err *err)
{
    if (text.len > JSON_DOC_LIMIT)
        return err_at(err, name, 0, 0, "larger than %zu bytes", JSON_DOC_LIMIT);
    if (check_depth(name, text, err) < 0)
        return -1;
    json_error_t e;
    json_t *root = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &e);
    if (!root)
        return err_at(err, name, e.line > 0 ? (size_t)e.line : 1,
                      e.column > 0 ? (size_t)e.column : 1, "%s", e.text);
    *ret = (struct json_doc){.path = mem_strdup(name), .root = root};
    buf_addb(&ret->text, text);
    return 0;
}

int json_doc_load(const char *path, struct json_doc *ret, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (file_read(path, JSON_DOC_LIMIT, &text, NULL, err) < 0)
        return -1;
    return json_doc_parse(path, bytes_buf(&text), ret, err);
}

/* --- positions ------------------------------------------------------------------------------- */

struct scan {
    const char *at, *end;
};

static void skip_space(struct scan *s)
{
    while (s->at < s->end && strchr(" \t\r\n", *s->at))
        s->at++;
}

static void skip_string(struct scan *s)
{
    for (s->at++; s->at < s->end && *s->at != '"'; s->at++)
        if (*s->at == '\\')
            s->at++;
    s->at++;
}

static void skip_value(struct scan *s)
{
    size_t depth = 0;
    do {
        skip_space(s);
        if (s->at >= s->end)
            return;
        if (*s->at == '"') {
            skip_string(s);
        } else if (*s->at == '{' || *s->at == '[') {
            depth++, s->at++;
        } else if (*s->at == '}' || *s->at == ']') {
            depth--, s->at++;
        } else if (*s->at == ',' || *s->at == ':') {
            s->at++;
        } else {
            while (s->at < s->end && !strchr(",]} \t\r\n", *s->at))
                s->at++;
        }
    } while (depth > 0);
}

/* Whether the string literal [from, to) is the key `want`; Jansson decodes its escapes. */
static bool is_key(const char *from, const char *to, const char *want)
{
    json_t *key CLEANUP(json_decrefp) =
        json_loadb(from, (size_t)(to - from), JSON_DECODE_ANY, NULL);
    return key && strcmp(json_string_value(key), want) == 0;
}

/* Moves from the opening of a container to the child `step`; *ret_key is where its name is. */
static bool enter(struct scan *s, const char *step, const char **ret_key)
{
    bool object = *s->at == '{';
    if (!object && *s->at != '[')
        return false;
    s->at++;
    size_t wanted = object ? 0 : strtoul(step, NULL, 10);
    for (size_t i = 0;; i++) {
        skip_space(s);
        if (s->at >= s->end || *s->at == '}' || *s->at == ']')
            return false;
        *ret_key = s->at;
        bool hit = !object && i == wanted;
        if (object) {
            skip_string(s);
            hit = is_key(*ret_key, s->at, step);
            skip_space(s);
            s->at++; /* the colon */
            skip_space(s);
        }
        if (hit)
            return true;
        skip_value(s);
        skip_space(s);
        if (s->at < s->end && *s->at == ',')
            s->at++;
    }
}

/* The next step of a pointer, unescaped; owned. NULL at its end. */
static char *next_step(const char **pointer)
{
    if (**pointer != '/')
        return NULL;
    (*pointer)++;
    CLEANUP(buf_release) struct buf step = BUF_INIT;
    for (; **pointer && **pointer != '/'; (*pointer)++) {
        if (**pointer == '~' && ((*pointer)[1] == '0' || (*pointer)[1] == '1'))
            buf_addc(&step, *++*pointer == '0' ? '~' : '/');
        else
            buf_addc(&step, **pointer);
    }
    return buf_take(&step);
}

static struct json_place place_of(const struct json_doc *doc, const char *at)
{
    struct json_place place = {1, 1};
    for (const char *p = buf_str(&doc->text); p < at; p++) {
        if (*p == '\n')
            place = (struct json_place){place.line + 1, 1};
        else if (((unsigned char)*p & 0xc0) != 0x80)
            place.column++;
    }
    return place;
}

/* Finds the place; `nearest` accepts the closest parent when there is no such thing. */
static struct json_place find_place(const struct json_doc *doc, const char *pointer,
                                    bool key, bool nearest)
{
    struct scan s = {.at = buf_str(&doc->text)};
    s.end = s.at + doc->text.len;
    skip_space(&s);
    const char *name = s.at, *value = s.at;
    for (char *step; (step = next_step(&pointer));) {
        const char *found = NULL;
        bool ok = enter(&s, step, &found);
        free(step);
        if (!ok && !nearest)
            return (struct json_place){0, 0};
        if (!ok)
            break;
        name = found;
        value = s.at;
    }
    return place_of(doc, key ? name : value);
}

struct json_place json_doc_place(const struct json_doc *doc, const char *pointer)
{
    return find_place(doc, pointer, false, false);
}

struct json_place json_doc_key_place(const struct json_doc *doc, const char *pointer)
{
    return find_place(doc, pointer, true, false);
}

static int PRINTF(5, 0) tell(const struct json_doc *doc, const char *pointer, bool key,
                             struct err *err, const char *fmt, va_list ap)
{
    char text[1024];
    vsnprintf(text, sizeof text, fmt, ap);
    struct json_place place = find_place(doc, pointer, key, true);
    return err_at(err, doc->path, place.line, place.column, "%s%s%s", pointer,
                  *pointer ? ": " : "", text);
}

int json_doc_error(const struct json_doc *doc, const char *pointer, struct err *err,
                   const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int rc = tell(doc, pointer, false, err, fmt, ap);
    va_end(ap);
    return rc;
}

int json_doc_key_error(const struct json_doc *doc, const char *pointer, struct err *err,
                       const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int rc = tell(doc, pointer, true, err, fmt, ap);
    va_end(ap);
    return rc;
}

char *json_doc_pointer(const char *pointer, const char *key)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    buf_adds(&out, pointer);
    buf_addc(&out, '/');
    for (; *key; key++) {
        if (*key == '~' || *key == '/')
            buf_adds(&out, *key == '~' ? "~0" : "~1");
        else
            buf_addc(&out, *key);
    }
    return buf_take(&out);
}

char *json_doc_pointer_index(const char *pointer, size_t index)
{
    return mem_printf("%s/%zu", pointer, index);
}

json_t *json_doc_at(const json_t *root, const char *pointer)
{
    json_t *at = NULL;
    memcpy(&at, &root, sizeof at); /* Jansson has no const access that yields json_t */
    for (char *step; at && (step = next_step(&pointer));) {
        at = json_is_array(at) ? json_array_get(at, strtoul(step, NULL, 10))
                               : json_object_get(at, step);
        free(step);
    }
    return at;
}
