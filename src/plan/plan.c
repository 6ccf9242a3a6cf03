/* The plan as a value: building it up and letting it go. How it is worked out: build.c. */
#include "plan/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plan *plan_new(const char *root, const char *profile)
{
    struct plan *plan = mem_alloc(sizeof *plan);
    plan->root = mem_strdup(root);
    plan->profile = mem_strdup(profile);
    return plan;
}

static void file_release(struct plan_file *f)
{
    free(f->service);
    free(f->path);
    buf_release(&f->before);
    buf_release(&f->after);
}

static void entry_release(struct plan_entry *e)
{
    free(e->service);
    free(e->uri);
    free(e->dn);
    json_decref(e->before);
    json_decref(e->after);
    json_decref(e->neutral);
    free(e->file);
    buf_release(&e->file_after);
    free(e->sync_dir);
}

static void service_release(struct plan_service *s)
{
    free(s->name);
    free(s->title);
    free(s->version);
    free(s->library);
    json_decref(s->check);
    json_decref(s->activate);
    json_decref(s->late);
    json_decref(s->daemons);
    json_decref(s->locks);
    json_decref(s->trial);
    free(s->outage);
    json_decref(s->grants);
}

static void note_release(struct plan_note *n)
{
    free(n->service);
    free(n->file);
    free(n->what);
    free(n->remedy);
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->file_count; i++)
        file_release(&plan->files[i]);
    for (size_t i = 0; i < plan->entry_count; i++)
        entry_release(&plan->entries[i]);
    for (size_t i = 0; i < plan->service_count; i++)
        service_release(&plan->services[i]);
    for (size_t i = 0; i < plan->endpoint_count; i++)
        endpoint_release(&plan->endpoints[i]);
    for (size_t i = 0; i < plan->note_count; i++)
        note_release(&plan->notes[i]);
    free(plan->files);
    free(plan->entries);
    free(plan->services);
    free(plan->endpoints);
    free(plan->notes);
    free(plan->root);
    free(plan->profile);
    free(plan);
}

void plan_freep(struct plan **plan)
{
    plan_free(*plan);
    *plan = NULL;
}

struct plan_file *plan_add_file(struct plan *plan, const char *service, const char *path)
{
    MEM_GROW(plan->files, plan->file_count, plan->file_cap);
    struct plan_file *f = &plan->files[plan->file_count++];
    *f = (struct plan_file){.service = mem_strdup(service), .path = mem_strdup(path)};
    return f;
}

struct plan_entry *plan_add_entry(struct plan *plan, const char *service, const char *uri,
                                  const char *dn)
{
    MEM_GROW(plan->entries, plan->entry_count, plan->entry_cap);
    struct plan_entry *e = &plan->entries[plan->entry_count++];
    *e = (struct plan_entry){.service = mem_strdup(service),
                             .uri = mem_strdup(uri),
                             .dn = mem_strdup(dn),
                             .before = json_object(),
                             .after = json_object()};
    return e;
}

struct plan_service *plan_add_service(struct plan *plan, const char *name)
{
    MEM_GROW(plan->services, plan->service_count, plan->service_cap);
    struct plan_service *s = &plan->services[plan->service_count++];
    *s = (struct plan_service){.name = mem_strdup(name)};
    return s;
}

struct endpoint *plan_add_endpoint(struct plan *plan, const char *service)
{
    MEM_GROW(plan->endpoints, plan->endpoint_count, plan->endpoint_cap);
    struct endpoint *e = &plan->endpoints[plan->endpoint_count++];
    *e = (struct endpoint){.service = mem_strdup(service)};
    return e;
}

void plan_note(struct plan *plan, enum plan_severity severity, const char *service,
               const char *file, const char *remedy, const char *fmt, ...)
{
    char *what = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&what, fmt, ap) < 0)
        what = mem_strdup(fmt);
    va_end(ap);
    MEM_GROW(plan->notes, plan->note_count, plan->note_cap);
    plan->notes[plan->note_count++] = (struct plan_note){.severity = severity,
                                                         .service = mem_strdup(service),
                                                         .file = mem_strdup(file),
                                                         .what = what,
                                                         .remedy = mem_strdup(remedy)};
}

bool plan_is_empty(const struct plan *plan)
{
    return plan->file_count == 0 && plan->entry_count == 0;
}

bool plan_touches(const struct plan *plan, const char *service)
{
    for (size_t i = 0; i < plan->file_count; i++)
        if (strcmp(plan->files[i].service, service) == 0)
            return true;
    for (size_t i = 0; i < plan->entry_count; i++)
        if (strcmp(plan->entries[i].service, service) == 0)
            return true;
    return false;
}
