/* One function per kind of element; texts from files go through text_json(). */
#include "report/plan_json.h"

#include <stdio.h>

#include "base/digest.h"
#include "format/lines.h"
#include "report/plan_diff.h"
#include "report/plan_text.h"

static json_t *text(const char *s)
{
    return s ? text_json(bytes_str(s)) : json_null();
}

static json_t *list_or_null(json_t *value)
{
    return value ? json_incref(value) : json_null();
}

static json_t *digest(bool present, const struct buf *content)
{
    char sum[DIGEST_SIZE];
    if (!present)
        return json_null();
    digest_sha256(bytes_buf(content), sum);
    return json_string(sum);
}

static json_t *file_json(const struct plan_file *f)
{
    CLEANUP(buf_release) struct buf diff = BUF_INIT;
    char mode[8];
    snprintf(mode, sizeof mode, "%04o", (unsigned)f->mode & 07777);
    plan_diff_file(f, &diff);
    const char *change = !f->present_before  ? "create"
                         : !f->present_after ? "remove"
                                             : "modify";
    return json_pack("{s:s, s:o, s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:o}", "service",
                     f->service, "path", text(f->path), "kind",
                     f->kind == PLAN_SYMLINK ? "symlink" : "file", "change", change,
                     "mode", mode, "uid", (json_int_t)f->uid, "gid", (json_int_t)f->gid,
                     "sha256_before", digest(f->present_before, &f->before),
                     "sha256_after", digest(f->present_after, &f->after), "diff",
                     text_json(bytes_buf(&diff)));
}

static json_t *entry_json(const struct plan_entry *e)
{
    CLEANUP(buf_release) struct buf ldif = BUF_INIT;
    plan_diff_entry(e, &ldif);
    return json_pack("{s:s, s:o, s:o, s:O, s:O, s:o}", "service", e->service, "uri",
                     text(e->uri), "dn", text(e->dn), "before", e->before, "after",
                     e->after, "ldif", text_json(bytes_buf(&ldif)));
}

static json_t *service_json(const struct plan_service *s)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "name", s->name, "title",
                     text(s->title), "version", text(s->version), "library",
                     text(s->library), "running", s->running, "activate",
                     list_or_null(s->activate), "outage", text(s->outage), "grants",
                     list_or_null(s->grants));
}

static json_t *endpoint_json(const struct endpoint *e)
{
    return json_pack("{s:s, s:o, s:o, s:I, s:o, s:o, s:b}", "service", e->service, "role",
                     text(e->role), "address", text(e->address), "port",
                     (json_int_t)e->port, "starttls", text(e->starttls), "name",
                     text(e->name), "required", e->required);
}

static json_t *note_json(const struct plan_note *n)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "severity",
                     plan_severity_name(n->severity), "service", text(n->service), "file",
                     text(n->file), "what", text(n->what), "remedy", text(n->remedy));
}

json_t *plan_json(const struct plan *p)
{
    json_t *files = json_array(), *entries = json_array(), *services = json_array();
    json_t *endpoints = json_array(), *notes = json_array();
    for (size_t i = 0; i < p->file_count; i++)
        json_array_append_new(files, file_json(&p->files[i]));
    for (size_t i = 0; i < p->entry_count; i++)
        json_array_append_new(entries, entry_json(&p->entries[i]));
    for (size_t i = 0; i < p->service_count; i++)
        json_array_append_new(services, service_json(&p->services[i]));
    for (size_t i = 0; i < p->endpoint_count; i++)
        json_array_append_new(endpoints, endpoint_json(&p->endpoints[i]));
    for (size_t i = 0; i < p->note_count; i++)
        json_array_append_new(notes, note_json(&p->notes[i]));
    return json_pack("{s:s, s:o, s:b, s:o, s:o, s:o, s:o, s:o}", "profile", p->profile,
                     "root", text(p->root), "changes", !plan_is_empty(p), "files", files,
                     "entries", entries, "services", services, "endpoints", endpoints,
                     "notes", notes);
}
