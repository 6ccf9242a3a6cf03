/* The value, and rendering: a template is compiled once per run however often it is used. */
#include "service/wanted.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static void certificate_release(struct wanted_certificate *c)
{
    free(c->chain);
    free(c->key);
    free(c->ca);
    free(c->reader);
    free(c->name);
    free(c->where);
    free(c->listener);
}

void wanted_release(struct wanted *w)
{
    detected_release(&w->detected);
    documents_release(&w->documents);
    json_decref(w->context);
    json_decref(w->grants);
    for (size_t i = 0; i < w->link_count; i++) {
        free(w->links[i].path);
        free(w->links[i].target);
    }
    free(w->links);
    for (size_t i = 0; i < w->certificate_count; i++)
        certificate_release(&w->certificates[i]);
    free(w->certificates);
    for (size_t i = 0; i < w->endpoint_count; i++)
        endpoint_release(&w->endpoints[i]);
    free(w->endpoints);
    json_decref(w->endpoint_keys);
    for (size_t i = 0; i < w->note_count; i++) {
        free(w->notes[i].file);
        free(w->notes[i].what);
        free(w->notes[i].remedy);
    }
    free(w->notes);
    for (size_t i = 0; i < w->template_count; i++) {
        free(w->templates[i].name);
        mustache_free(w->templates[i].compiled);
    }
    free(w->templates);
    *w = (struct wanted)WANTED_INIT;
}

void wanted_link(struct wanted *w, const char *path, const char *target)
{
    MEM_GROW(w->links, w->link_count, w->link_cap);
    w->links[w->link_count++] =
        (struct wanted_link){.path = mem_strdup(path), .target = mem_strdup(target)};
}

struct wanted_certificate *wanted_add_certificate(struct wanted *w)
{
    MEM_GROW(w->certificates, w->certificate_count, w->certificate_cap);
    struct wanted_certificate *c = &w->certificates[w->certificate_count++];
    *c = (struct wanted_certificate){.chain = NULL};
    return c;
}

/* Those of virtual hosts are named by their scope, "SERVICE/NAME". */
bool wanted_listener_serves(const char *listener, const struct wanted_certificate *c)
{
    return c->listener ? strcmp(c->listener, listener) == 0 : !strchr(listener, '/');
}

/* False when it is known already. */
static bool remember_endpoint(struct wanted *w, const struct wanted_endpoint *e)
{
    CLEANUP(mem_freep)
    char *key = mem_printf("%s %u %s %s", e->address, e->port,
                           e->starttls ? e->starttls : "", e->name ? e->name : "");
    if (!w->endpoint_keys)
        w->endpoint_keys = json_object();
    if (json_object_get(w->endpoint_keys, key))
        return false;
    json_object_set_new(w->endpoint_keys, key, json_true());
    return true;
}

bool wanted_endpoint(struct wanted *w, const struct wanted_endpoint *e)
{
    struct wanted_endpoint to = *e;
    const char *address = host_address(w->host, w->service, e->port, NULL);
    if (!to.address)
        to.address = address;
    bool answers = address || (e->expected && e->address);
    if (!answers || !remember_endpoint(w, &to))
        return false;
    MEM_GROW(w->endpoints, w->endpoint_count, w->endpoint_cap);
    w->endpoints[w->endpoint_count++] =
        (struct endpoint){.service = mem_strdup(w->service->name),
                          .role = mem_strdup(to.role),
                          .address = mem_strdup(to.address),
                          .port = to.port,
                          .starttls = mem_strdup(to.starttls),
                          .name = mem_strdup(to.name),
                          .required = to.required,
                          .fewer_versions = to.fewer_versions};
    return true;
}

void wanted_note(struct wanted *w, enum wanted_severity severity, const char *file,
                 const char *remedy, const char *fmt, ...)
{
    char *what = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&what, fmt, ap) < 0)
        what = mem_strdup(fmt);
    va_end(ap);
    MEM_GROW(w->notes, w->note_count, w->note_cap);
    w->notes[w->note_count++] = (struct wanted_note){.severity = severity,
                                                     .file = mem_strdup(file),
                                                     .what = what,
                                                     .remedy = mem_strdup(remedy)};
}

static const struct mustache *compiled(struct wanted *w, const char *name,
                                       struct err *err)
{
    for (size_t i = 0; i < w->template_count; i++)
        if (strcmp(w->templates[i].name, name) == 0)
            return w->templates[i].compiled;
    CLEANUP(mem_freep) char *path = file_join(w->service->dir, name);
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (file_read(path, MUSTACHE_TEMPLATE_LIMIT, &text, NULL, err) < 0)
        return NULL;
    struct mustache *t = mustache_parse(bytes_buf(&text), path, err);
    if (!t)
        return NULL;
    MEM_GROW(w->templates, w->template_count, w->template_cap);
    w->templates[w->template_count++] =
        (struct wanted_template){.name = mem_strdup(name), .compiled = t};
    return t;
}

int wanted_render(struct wanted *w, const char *template, const json_t *context,
                  const struct format *format, struct buf *out, struct err *err)
{
    const struct mustache *t = compiled(w, template, err);
    struct mustache_opts opts = {.strict = true, .escape = format->escape};
    return t ? mustache_render(t, context, &opts, out, err) : -1;
}
