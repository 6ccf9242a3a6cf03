/*
 * What a configuration names is whatever in its files looks like an absolute path: no format has to know which of its
 * settings are paths, and a word too many shows the rehearsal one file more.
 *
 * Not handled: paths that are put together (variables), relative ones, those with names that begin with a dot behind a
 * link, and a link on the way to something outside of hidden directories that leads through one.
 */
#include "plan/rehearsable.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "service/lookup.h"

#define NAME_LIMIT 1024 /* bytes of a path; longer words are none */

/* --- words ----------------------------------------------------------------------------------- */

static bool is_end(char c)
{
    return (unsigned char)c <= ' ' || strchr("\"'`<>;,()|", c);
}

/* Whether a path may begin behind this: "key=/home/x", "hash:/home/x", not "a/b". */
static bool is_before(char c)
{
    return is_end(c) || c == '=' || c == ':' || c == '{';
}

/* The next absolute path from *at on; owned, NULL at the end. */
static char *next_path(struct bytes text, size_t *at)
{
    for (size_t i = *at, n; i < text.len; i += n ? n : 1) {
        n = 0;
        if (text.data[i] != '/' || (i && !is_before(text.data[i - 1])))
            continue;
        while (i + n < text.len && text.data[i + n] && !is_end(text.data[i + n]))
            n++;
        *at = i + n;
        if (n < NAME_LIMIT)
            return mem_strndup(text.data + i, n);
    }
    return NULL;
}

/* Whether a line begins with one of these words, in any case. */
static bool begins_with_one(struct bytes line, const json_t *words)
{
    size_t n = 0;
    line = bytes_trim(line);
    while (n < line.len && (unsigned char)line.data[n] > ' ')
        n++;
    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));
        if (word && strlen(word) == n && strncasecmp(line.data, word, n) == 0)
            return true;
    }
    return false;
}

/* --- what has to be seen --------------------------------------------------------------------- */

struct search {
    const struct path_root *root;
    struct strv hidden; /* resolved */
    json_t *seen;       /* words that have been looked at; owned */
    json_t *visible;
};

static void search_release(struct search *s)
{
    strv_release(&s->hidden);
    json_decref(s->seen);
}

static void search_open(const struct wanted *w, struct search *ret)
{
    static const char *const hidden[] = {REHEARSABLE_HIDDEN, REHEARSABLE_SPOOL};
    *ret = (struct search){
        .root = &w->host->root, .seen = json_object(), .visible = json_array()};
    for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
        CLEANUP(mem_freep) char *real = path_resolve(ret->root, hidden[i]);
        if (real)
            strv_add(&ret->hidden, real);
    }
}

static bool lies_in_hidden(const struct search *s, const char *path)
{
    for (size_t i = 0; i < s->hidden.count; i++) {
        size_t n = strlen(s->hidden.items[i]);
        if (strncmp(path, s->hidden.items[i], n) == 0 && path[n] == '/' && path[n + 1])
            return true;
    }
    return false;
}

static void show(struct search *s, const char *path)
{
    if (lies_in_hidden(s, path))
        json_array_append_new(s->visible, json_string(path));
}

/* A path, once: as it is named and, where links lead elsewhere, as it is. Where nothing is there its directories are. */
static void look_at(struct search *s, const char *path)
{
    if (json_object_get(s->seen, path))
        return;
    json_object_set_new(s->seen, path, json_true());
    CLEANUP(mem_freep) char *real = path_resolve(s->root, path);
    if (!strstr(path, "/.") && !strstr(path, "//"))
        show(s, path);
    if (real && strcmp(real, path) != 0)
        show(s, real);
}

static void look_in(struct search *s, struct bytes text)
{
    char *word;
    for (size_t at = 0; (word = next_path(text, &at)); free(word))
        look_at(s, word);
}

static json_t *visible(const struct wanted *w)
{
    CLEANUP(search_release) struct search s;
    search_open(w, &s);
    for (size_t i = 0; i < w->documents.count; i++) {
        const struct document *d = w->documents.items[i];
        if (!d->uri)
            look_at(&s, d->path);
        look_in(&s, bytes_buf(&d->text));
    }
    for (size_t i = 0; i < w->certificate_count; i++) {
        const struct wanted_certificate *c = &w->certificates[i];
        const char *const files[] = {c->chain, c->key, c->ca};
        for (size_t k = 0; k < ARRAY_LEN(files); k++)
            if (files[k])
                look_at(&s, files[k]);
    }
    return s.visible;
}

/* --- what it may write to -------------------------------------------------------------------- */

static void add_found(const json_t *found, json_t *out)
{
    size_t i;
    json_t *v;
    if (json_is_string(found))
        json_array_append_new(out, json_string(json_string_value(found)));
    json_array_foreach(found, i, v) json_array_append(out, v);
}

/* What stands at `path` in the facts of a document or, where `kind` is given, of each such section of it. */
static void add_of_document(struct document *d, const char *kind, const char *path,
                            json_t *out)
{
    struct doc *doc = document_open(d);
    struct scope *scopes CLEANUP(mem_freep) = NULL;
    size_t count =
        kind && doc && d->format->scopes ? d->format->scopes(doc, kind, &scopes) : 0;
    for (size_t i = 0; doc && i < (kind ? count : 1); i++) {
        json_t *facts CLEANUP(json_decrefp) =
            d->format->facts(doc, kind ? &scopes[i] : NULL);
        add_found(lookup(facts, path), out);
    }
    document_close(d);
}

static const char *member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* The paths in lines that begin with one of these words, of every document. */
static void add_behind(const struct wanted *w, const json_t *words, json_t *out)
{
    for (size_t i = 0; i < w->documents.count; i++) {
        struct bytes rest = bytes_buf(&w->documents.items[i]->text);
        for (struct bytes line; bytes_next_line(&rest, &line);) {
            char *path;
            for (size_t at = 0;
                 begins_with_one(line, words) && (path = next_path(line, &at));
                 free(path))
                json_array_append_new(out, json_string(path));
        }
    }
}

/* An element {"behind": [WORD, ...]} is what add_behind() finds, {"document": ID, "scope": KIND, "path": PATH} is what stands there in each document of that id. */
static json_t *directories(const struct wanted *w, const json_t *list)
{
    json_t *out = json_array(), *v;
    size_t i;
    json_array_foreach(list, i, v)
    {
        const char *id = member(v, "document"), *path = member(v, "path");
        for (size_t k = 0; id && path && k < w->documents.count; k++)
            if (strcmp(w->documents.items[k]->id, id) == 0)
                add_of_document(w->documents.items[k], member(v, "scope"), path, out);
        if (json_object_get(v, "behind"))
            add_behind(w, json_object_get(v, "behind"), out);
        else if (!id)
            json_array_append(out, v);
    }
    return out;
}

json_t *rehearsable_trial(const struct wanted *w)
{
    json_t *how CLEANUP(json_decrefp) =
        lookup_select(w->context, json_object_get(w->service->spec, "trial"));
    json_t *one = json_is_array(how) ? json_array_get(how, 0) : how;
    json_t *out = one ? json_copy(one) : NULL;
    if (!out)
        return NULL;
    static const char *const lists[] = {"private", "writable", "fresh"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        if (json_object_get(out, lists[i]))
            json_object_set_new(out, lists[i],
                                directories(w, json_object_get(out, lists[i])));
    if (w->host->live)
        json_object_set_new(out, "visible", visible(w));
    return out;
}
