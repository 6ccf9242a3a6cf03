/*
 * service.json's "edits", in their order, each when its conditions hold:
 *
 *     {"document": ID, "template": T}      merged into every document of that id; with "scope":
 *                                          KIND into each of its sections of that kind; "rules"
 *                                          go to the format; "unless_document": ID2 is skipped
 *                                          where that document exists; "factors": see
 *                                          needs_factors()
 *     {"create": PATH, "format": F, "template": T}    a file that is ours alone
 *     {"link": PATH, "target": TARGET}     a symbolic link that has to be there; something else
 *                                          of that name stays
 *     {"unlink": PATH}                     a symbolic link that must not be there
 *
 * and its "refuse" and "warn": [{"when": [...], "what": W, "remedy": R}], which become errors and warnings of the
 * plan.
 */
#include "service/render.h"

#include <stdlib.h>
#include <string.h>

#include "base/directory.h"
#include "service/context.h"
#include "service/factors.h"
#include "service/hook.h"
#include "service/lookup.h"

static const struct service_hook *const hooks[] = {
    &hook_httpd_sites, &hook_master_services, &hook_nginx_sites};

const struct service_hook *service_hook_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(hooks); i++)
        if (strcmp(hooks[i]->name, name) == 0)
            return hooks[i];
    return NULL;
}

static const char *text_of(const json_t *spec, const char *key)
{
    return json_string_value(json_object_get(spec, key));
}

/* --- merging --------------------------------------------------------------------------------- */

/* The attributes that a fragment names, as it spells them; "#name:" is one that shall be gone. */
static json_t *entry_values(const struct format *ldif, struct bytes fragment)
{
    struct doc *doc = ldif->parse(fragment);
    json_t *facts CLEANUP(json_decrefp) = ldif->facts(doc, NULL);
    ldif->release(doc);
    const json_t *values = json_object_get(
        json_array_get(json_object_get(facts, "entries"), 0), "attributes");
    json_t *out = json_object();
    for (struct bytes line; bytes_next_line(&fragment, &line);) {
        bool gone = bytes_starts(line, "#") && !bytes_starts(line, "# ");
        struct bytes rest = {.data = line.data + gone, .len = line.len - gone};
        const char *colon = rest.len ? memchr(rest.data, ':', rest.len) : NULL;
        if (!colon || (!gone && bytes_starts(line, "#")) || bytes_starts(rest, "dn:"))
            continue;
        CLEANUP(mem_freep)
        char *name = mem_strndup(rest.data, (size_t)(colon - rest.data));
        CLEANUP(mem_freep) char *key = mem_strdup(name);
        for (char *c = key; *c; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
        json_t *value = gone ? NULL : json_object_get(values, key);
        json_object_set_new(out, name, value ? json_incref(value) : json_array());
    }
    return out;
}

static int merge_entry(struct document *d, struct bytes fragment)
{
    CLEANUP(buf_release) struct buf named = BUF_INIT;
    if (!bytes_starts(fragment, "dn:") &&
        !memmem(fragment.data, fragment.len, "\ndn:", 4))
        buf_addf(&named, "dn: %s\n", d->dn);
    buf_addb(&named, fragment);
    json_t *values = entry_values(d->format, bytes_buf(&named));
    if (!d->wanted)
        d->wanted = json_object();
    json_object_update(d->wanted, values);
    json_decref(values);
    return 0;
}

int service_merge(struct document *d, const struct scope *scope, struct bytes fragment,
                  const json_t *rules, struct err *err)
{
    if (d->uri)
        return merge_entry(d, fragment);
    int rc = d->format->merge(document_open(d), scope, fragment, rules, &d->edits, err);
    document_close(d);
    return rc < 0 ? err_context(err, "%s", d->named) : 0;
}

/* What a document, or its section, says of a name: an attribute or a setting. Borrowed from
 * `facts`. */
static const json_t *values_of(const json_t *facts, const char *name)
{
    const json_t *attributes = lookup(facts, "entries.0.attributes");
    const json_t *settings = json_object_get(facts, "settings");
    return json_object_get(attributes ? attributes : settings, name);
}

/* A server may keep a factor that its entry no longer names: before `values` come back, they are
 * written with the factor as 0. */
static void keep_neutral(struct document *d, const json_t *spec, const json_t *values)
{
    json_t *words CLEANUP(json_decrefp) =
        factors_set(values, text_of(spec, "raise"), 0, NULL);
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    for (size_t i = 0; i < json_array_size(words); i++)
        buf_addf(&text, "%s%s", i ? " " : "",
                 json_string_value(json_array_get(words, i)));
    json_decref(d->neutral);
    d->neutral =
        json_pack("{s:{s:[s]}}", text_of(spec, "attribute"), "always", buf_str(&text));
}

/* "factors": {"of": NAME, "raise": FACTOR, "to": PATH, "with": NAME2, "attribute": NAME as the directory
 * spells it}: only where NAME2 stands and the factor is weaker; the template sees all as "factors". */
static bool needs_factors(struct wanted *w, const json_t *spec, struct document *d,
                          const struct scope *scope)
{
    json_t *facts CLEANUP(json_decrefp) = d->format->facts(document_open(d), scope);
    document_close(d);
    const json_t *values = values_of(facts, text_of(spec, "of"));
    long least = (long)json_integer_value(lookup(w->context, text_of(spec, "to")));
    long present;
    json_t *factors = factors_set(values, text_of(spec, "raise"), least, &present);
    json_object_set_new(w->context, "factors", factors);
    if (present < 0 && d->uri)
        keep_neutral(d, spec, values);
    return present < least && values_of(facts, text_of(spec, "with"));
}

static int edit_part(struct wanted *w, const json_t *edit, struct document *d,
                     const struct scope *scope, struct err *err)
{
    const json_t *factors = json_object_get(edit, "factors");
    CLEANUP(buf_release) struct buf fragment = BUF_INIT;
    if (factors && !needs_factors(w, factors, d, scope))
        return 0;
    json_t *rules CLEANUP(json_decrefp) =
        lookup_select(w->context, json_object_get(edit, "rules"));
    if (wanted_render(w, text_of(edit, "template"), w->context, d->format, &fragment,
                      err) < 0)
        return -1;
    return service_merge(d, scope, bytes_buf(&fragment), rules, err);
}

static int edit_parts(struct wanted *w, const json_t *edit, struct document *d,
                      struct err *err)
{
    const char *kind = text_of(edit, "scope");
    if (!kind || d->uri)
        return edit_part(w, edit, d, NULL, err);
    struct scope *scopes CLEANUP(mem_freep) = NULL;
    size_t count = d->format->scopes(document_open(d), kind, &scopes);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = edit_part(w, edit, d, &scopes[i], err);
    document_close(d);
    return rc;
}

static int edit_document(struct wanted *w, const json_t *edit, struct err *err)
{
    const char *id = text_of(edit, "document"), *other = text_of(edit, "unless_document");
    if (other && documents_find(&w->documents, other))
        return 0;
    for (size_t i = 0; i < w->documents.count; i++)
        if (strcmp(w->documents.items[i]->id, id) == 0 &&
            edit_parts(w, edit, w->documents.items[i], err) < 0)
            return -1;
    return 0;
}

/* A file of our own: what it holds now, if anything, is replaced as a whole. */
static int edit_create(struct wanted *w, const json_t *edit, struct err *err)
{
    const char *path = text_of(edit, "create"), *name = text_of(edit, "format");
    const struct format *format = format_find(name);
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (!format)
        return err_set(err, ERR_BUG, "no format '%s'", name);
    if (wanted_render(w, text_of(edit, "template"), w->context, format, &text, err) < 0)
        return -1;
    return documents_own(&w->documents, w->host, path, name, &text, err);
}

static int make_edit(struct wanted *w, const json_t *edit, struct err *err)
{
    if (!lookup_all(w->context, json_object_get(edit, "when")))
        return 0;
    if (json_object_get(edit, "document"))
        return edit_document(w, edit, err);
    if (json_object_get(edit, "create"))
        return edit_create(w, edit, err);
    if (json_object_get(edit, "link"))
        wanted_link(w, text_of(edit, "link"), text_of(edit, "target"));
    else if (json_object_get(edit, "unlink"))
        wanted_link(w, text_of(edit, "unlink"), NULL);
    return 0;
}

static int make_edits(struct wanted *w, struct err *err)
{
    json_t *edits = json_object_get(w->service->spec, "edits"), *edit;
    size_t i;
    json_array_foreach(edits, i, edit) if (make_edit(w, edit, err) <
                                           0) return err_context(err, "%s",
                                                                 w->service->name);
    return 0;
}

static void make_notes(struct wanted *w, const char *key, enum wanted_severity severity)
{
    json_t *list = json_object_get(w->service->spec, key), *v;
    size_t i;
    json_array_foreach(list, i, v)
    {
        if (lookup_all(w->context, json_object_get(v, "when")))
            wanted_note(w, severity, text_of(v, "file"), text_of(v, "remedy"), "%s",
                        text_of(v, "what"));
    }
}

/* --- the network and the certificate --------------------------------------------------------- */

/* Where the service is reached now, on any of its ports; NULL when it is not. */
static const char *present_address(const struct wanted *w)
{
    json_t *list = json_object_get(w->service->spec, "endpoints"), *v;
    const char *address = NULL;
    size_t i;
    json_array_foreach(list, i, v)
    {
        unsigned port = (unsigned)json_integer_value(json_object_get(v, "port"));
        if ((address = host_address(w->host, w->service, port, NULL)))
            break;
    }
    return address;
}

static void add_endpoint(struct wanted *w, const json_t *v, const char *address)
{
    const char *name = w->site->hostnames.count ? w->site->hostnames.items[0] : NULL;
    const char *required = text_of(v, "required"), *unless = text_of(v, "unless");
    const char *added = text_of(v, "added");
    unsigned port = (unsigned)json_integer_value(json_object_get(v, "port"));
    if (unless && context_holds(w->context, unless))
        return;
    bool expected = added && context_holds(w->context, added);
    wanted_endpoint(w, &(struct wanted_endpoint){
                           .role = text_of(v, "role"),
                           .address = expected ? address : NULL,
                           .port = port,
                           .starttls = text_of(v, "starttls"),
                           .name = name,
                           .required = required && context_holds(w->context, required),
                           .expected = expected});
}

static void add_endpoints(struct wanted *w)
{
    json_t *list = json_object_get(w->service->spec, "endpoints"), *v;
    const char *address = present_address(w);
    size_t i;
    w->running = address != NULL;
    json_array_foreach(list, i, v) add_endpoint(w, v, address);
    for (i = 0; i < w->documents.count; i++)
        w->running = w->running || w->documents.items[i]->uri;
}

static void no_certificate(struct wanted *w)
{
    CLEANUP(mem_freep)
    char *remedy =
        mem_printf("name one in /etc/tlsharden/site.json: {\"services\": {\"%s\": "
                   "{\"certificate\": {\"chain\": \"/path/fullchain.pem\", "
                   "\"key\": \"/path/privkey.pem\"}}}}",
                   w->service->name);
    wanted_note(w, WANTED_ERROR, NULL, remedy, "has no certificate");
}

static struct wanted_certificate *add_pair(struct wanted *w, const json_t *spec,
                                           const char *chain, const char *key)
{
    struct wanted_certificate *c = wanted_add_certificate(w);
    c->chain = mem_strdup(chain);
    c->key = mem_strdup(key);
    c->reader = mem_strdup(text_of(spec, "reader"));
    c->any_order = json_is_true(json_object_get(spec, "any_order"));
    c->key_first = json_is_true(json_object_get(spec, "key_first"));
    return c;
}

/* "also": further pairs that the service may have, where they are set. */
static void add_others(struct wanted *w, const json_t *spec)
{
    json_t *list = json_object_get(spec, "also"), *v;
    size_t i;
    json_array_foreach(list, i, v)
    {
        const char *chain = text_of(v, "chain"), *key = text_of(v, "key");
        if (lookup_text(w->context, chain))
            add_pair(w, spec, lookup_text(w->context, chain),
                     lookup_text(w->context, key));
    }
}

static void add_certificate(struct wanted *w)
{
    const json_t *spec = json_object_get(w->service->spec, "certificate");
    const char *chain = lookup_text(w->context, "certificate.chain");
    const char *key = lookup_text(w->context, "certificate.key");
    const char *ca = lookup_text(w->context, "certificate.ca");
    if (!spec || lookup_text(w->context, "facts.certificate_elsewhere"))
        return;
    if (!chain) {
        no_certificate(w);
        return;
    }
    add_pair(w, spec, chain, key)->ca = mem_strdup(ca);
    if (!json_is_true(lookup(w->context, "certificate.from_site")))
        add_others(w, spec);
}

/* --- all of it ------------------------------------------------------------------------------- */

static int want(struct wanted *w, struct err *err)
{
    const char *name = service_text(w->service, "hook");
    const struct service_hook *hook = service_hook_find(name);
    if (*name && !hook)
        return err_set(err, ERR_INPUT, "%s: no hook '%s'", w->service->name, name);
    if (documents_load(&w->documents, w->service, w->host, err) < 0 ||
        context_make(w, err) < 0)
        return -1;
    add_endpoints(w);
    if (hook && hook->run(w, err) < 0)
        return err_context(err, "%s", w->service->name);
    add_certificate(w);
    make_notes(w, "refuse", WANTED_ERROR);
    make_notes(w, "warn", WANTED_WARNING);
    for (size_t i = 0; i < w->note_count; i++)
        if (w->notes[i].severity == WANTED_ERROR)
            return 0; /* nothing will be written; templates may lack what the note is about */
    return make_edits(w, err);
}

int service_want(const struct service *service, const struct host *host,
                 const struct site *site, const struct profile *profile, bool exact,
                 struct detected *detected, struct wanted *ret, struct err *err)
{
    struct wanted w = {.service = service,
                       .host = host,
                       .site = site,
                       .profile = profile,
                       .exact = exact,
                       .detected = *detected};
    *detected = (struct detected)DETECTED_INIT;
    if (want(&w, err) < 0) {
        wanted_release(&w);
        return -1;
    }
    *ret = w;
    return 0;
}
