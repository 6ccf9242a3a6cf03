/*
 * Files are read once each, however many names lead to them. A document with "live" is read from
 * the directory server when it answers on this host: its files are that server's own then, and
 * must not be touched while it runs.
 */
#include "service/document.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/file.h"
#include "base/running.h"

static void document_free(struct document *d)
{
    free(d->id);
    free(d->path);
    free(d->named);
    if (d->doc)
        d->format->release(d->doc);
    buf_release(&d->text);
    buf_release(&d->own);
    edits_release(&d->edits);
    free(d->uri);
    free(d->dn);
    json_decref(d->wanted);
    json_decref(d->neutral);
    free(d);
}

/* A larger file is not read again and again. */
#define BRIEF_LIMIT ((size_t)64 << 10)

struct doc *document_open(struct document *d)
{
    if (!d->doc)
        d->doc = d->format->parse(bytes_buf(&d->text));
    d->uses++;
    return d->doc;
}

void document_close(struct document *d)
{
    if (--d->uses || !d->brief || d->text.len > BRIEF_LIMIT)
        return;
    d->format->release(d->doc);
    d->doc = NULL;
}

void document_forget(struct document *d)
{
    if (d->doc)
        d->format->release(d->doc);
    d->doc = NULL;
    edits_release(&d->edits);
}

void documents_release(struct documents *d)
{
    for (size_t i = 0; i < d->count; i++)
        document_free(d->items[i]);
    free(d->items);
    json_decref(d->by_path);
    *d = (struct documents)DOCUMENTS_INIT;
}

struct document *documents_find(const struct documents *d, const char *id)
{
    for (size_t i = 0; i < d->count; i++)
        if (strcmp(d->items[i]->id, id) == 0)
            return d->items[i];
    return NULL;
}

static struct document *add(struct documents *d, const char *id, const char *format)
{
    struct document *doc = mem_alloc(sizeof *doc);
    doc->id = mem_strdup(id);
    doc->format = format_find(format);
    doc->present = true;
    MEM_GROW(d->items, d->count, d->cap);
    return d->items[d->count++] = doc;
}

static struct document *find_path(const struct documents *d, const char *path)
{
    json_t *at = json_object_get(d->by_path, path);
    return at ? d->items[json_integer_value(at)] : NULL;
}

/* A name that is not UTF-8 is not remembered: it is then read once per name. */
static void remember_path(struct documents *d, const char *path)
{
    if (!d->by_path)
        d->by_path = json_object();
    json_object_set_new(d->by_path, path, json_integer((json_int_t)d->count - 1));
}

int documents_add_file(struct documents *d, const struct host *host, const char *id,
                       const char *path, const char *format, struct document **ret,
                       struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    CLEANUP(mem_freep) char *resolved = NULL;
    struct stat st;
    int rc = path_read(&host->root, path, &text, &st, &resolved, err);
    if (rc != 0)
        return rc;
    struct document *known = find_path(d, resolved);
    if (!known) {
        if (!format_find(format))
            return err_set(err, ERR_BUG, "no format '%s'", format);
        known = add(d, id, format);
        known->path = TAKE_PTR(resolved);
        remember_path(d, known->path);
        known->named = mem_strdup(path);
        known->text = text;
        text = (struct buf)BUF_INIT;
        known->st = st;
        known->doc = known->format->parse(bytes_buf(&known->text));
    }
    if (ret)
        *ret = known;
    return 0;
}

int documents_own(struct documents *d, const struct host *host, const char *path,
                  const char *format, struct buf *text, struct err *err)
{
    struct document *own = NULL;
    int rc = documents_add_file(d, host, path, path, format, &own, err);
    if (rc < 0)
        return -1;
    if (!own) {
        own = add(d, path, format);
        own->present = false;
        own->path = mem_strdup(path);
        own->named = mem_strdup(path);
        remember_path(d, path);
        own->doc = own->format->parse(bytes_buf(&own->text));
    }
    own->ours = true;
    buf_release(&own->own);
    own->own = *text;
    *text = (struct buf)BUF_INIT;
    return 0;
}

/* --- directory entries ----------------------------------------------------------------------- */

static void add_value(struct buf *out, const char *name, const char *value)
{
    CLEANUP(buf_release) struct buf escaped = BUF_INIT;
    struct err ignored = ERR_INIT;
    const struct format *ldif = format_find("ldif");
    if (ldif->escape(bytes_str(value), &escaped, &ignored) == 0)
        buf_addf(out, "%s: %s\n", name, buf_str(&escaped));
}

static void add_entry(struct documents *d, const char *id, const json_t *spec,
                      const json_t *entry)
{
    const json_t *live = json_object_get(spec, "live");
    struct document *doc = add(d, id, "ldif");
    doc->spec = spec;
    doc->uri = mem_strdup(json_string_value(json_object_get(live, "uri")));
    doc->dn = mem_strdup(json_string_value(json_object_get(entry, "dn")));
    add_value(&doc->text, "dn", doc->dn);
    const char *name;
    json_t *values, *v;
    size_t i;
    json_object_foreach(json_object_get(entry, "attributes"), name, values)
        json_array_foreach(values, i, v)
            add_value(&doc->text, name, json_string_value(v));
    doc->doc = doc->format->parse(bytes_buf(&doc->text));
}

static enum directory_scope scope_of(const json_t *live)
{
    const char *scope = json_string_value(json_object_get(live, "scope"));
    return scope && strcmp(scope, "subtree") == 0 ? DIRECTORY_SUBTREE : DIRECTORY_BASE;
}

/* True when the server tells: it has such entries, or it has shown others. */
static bool load_live(struct documents *d, const char *id, const json_t *spec,
                      const struct host *host, struct err *unanswered)
{
    json_t *live = json_object_get(spec, "live");
    if (!live || !host->live)
        return false;
    json_t *entries CLEANUP(json_decrefp) = directory_read(
        json_string_value(json_object_get(live, "uri")),
        json_string_value(json_object_get(live, "base")), scope_of(live),
        json_string_value(json_object_get(live, "filter")), NULL, unanswered);
    for (size_t i = 0; i < json_array_size(entries); i++)
        add_entry(d, id, spec, json_array_get(entries, i));
    return entries && d->count && d->items[d->count - 1]->uri;
}

/* Others' processes are visible to root only; a port is better than nothing then. */
static bool seems_to_run(const struct service *s, const struct host *host)
{
    const json_t *endpoints = json_object_get(s->spec, "endpoints");
    bool listens = false;
    for (size_t i = 0; i < json_array_size(endpoints); i++) {
        const json_t *port = json_object_get(json_array_get(endpoints, i), "port");
        listens = listens ||
                  host_address(host, s, (unsigned)json_integer_value(port), NULL) != NULL;
    }
    return running_program(service_text(s, "binary")) || (listens && geteuid() != 0);
}

/* A server that runs but keeps its entries from us: its files are not ours then. */
static int refuse_live(const json_t *live, const struct err *unanswered, struct err *err)
{
    const char *remedy = json_string_value(json_object_get(live, "remedy"));
    return err_set(
        err, ERR_REFUSED,
        "it runs, but does not tell its entries at '%s'%s%s, and its files must "
        "not be changed under it: %s",
        json_string_value(json_object_get(live, "uri")), *unanswered->text ? ": " : "",
        unanswered->text, remedy ? remedy : "stop it first");
}

/* --- service.json's documents ---------------------------------------------------------------- */

static int load_files(struct documents *d, const char *id, const json_t *spec,
                      const struct host *host, struct err *err)
{
    const char *pattern = json_string_value(json_object_get(spec, "glob"));
    const char *path = json_string_value(json_object_get(spec, "path"));
    const char *format = json_string_value(json_object_get(spec, "format"));
    CLEANUP(strv_release) struct strv found = STRV_INIT;
    if (path)
        strv_add(&found, path);
    else if (path_glob(&host->root, pattern, &found, err) < 0)
        return -1;
    size_t loaded = 0;
    for (size_t i = 0; i < found.count; i++) {
        struct document *doc = NULL;
        int rc = documents_add_file(d, host, id, found.items[i], format, &doc, err);
        if (rc < 0)
            return -1;
        if (doc)
            doc->spec = spec;
        loaded += doc != NULL;
    }
    if (!loaded && !json_is_true(json_object_get(spec, "optional")))
        return err_set(err, ERR_SYSTEM, "there is no '%s'", path ? path : pattern);
    return 0;
}

int documents_load(struct documents *d, const struct service *s, const struct host *host,
                   struct err *err)
{
    const char *id;
    json_t *spec;
    json_object_foreach(json_object_get(s->spec, "documents"), id, spec)
    {
        struct err unanswered = ERR_INIT;
        json_t *live = json_object_get(spec, "live");
        size_t before = d->count;
        if (load_live(d, id, spec, host, &unanswered))
            continue;
        int rc = load_files(d, id, spec, host, err);
        if (rc == 0 && live && d->count > before && host->live && seems_to_run(s, host))
            rc = refuse_live(live, &unanswered, err);
        if (rc < 0)
            return err_context(err, "%s", s->name);
    }
    return 0;
}
