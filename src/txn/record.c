/*
 * The record as a value, and back from JSON; manifest.c writes the larger part. Reading trusts nothing but
 * the shape: place.c checks each path again, and what is restored is compared with its digest.
 */
#include "txn/record.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/visible.h"
#include "txn/escape.h"
#include "txn/manifest.h"

static const char *const state_names[] = {
    [RECORD_PENDING] = "pending",         [RECORD_UNCONFIRMED] = "unconfirmed",
    [RECORD_COMMITTED] = "committed",     [RECORD_ROLLING_BACK] = "rolling-back",
    [RECORD_ROLLED_BACK] = "rolled-back",
};

const char *record_state_name(enum record_state state)
{
    return state_names[state];
}

bool record_is_open(enum record_state state)
{
    return state != RECORD_COMMITTED && state != RECORD_ROLLED_BACK;
}

static void file_release(struct record_file *f)
{
    free(f->service);
    free(f->path);
    free(f->shown);
    free(f->temp);
    free(f->target);
    attrs_release(&f->attrs);
}

void record_release(struct record *r)
{
    for (size_t i = 0; i < r->count; i++)
        file_release(&r->files[i]);
    free(r->files);
    free(r->time);
    free(r->profile);
    free(r->cause);
    json_decref(r->directories);
    json_decref(r->entries);
    json_decref(r->services);
    json_decref(r->locks);
    json_decref(r->endpoints);
    json_decref(r->activated);
    fd_close(&r->aside);
    *r = (struct record)RECORD_INIT;
}

struct record_file *record_add_file(struct record *r, const char *service,
                                    const char *path)
{
    MEM_GROW(r->files, r->count, r->cap);
    struct record_file *f = &r->files[r->count++];
    *f = (struct record_file){.service = mem_strdup(service),
                              .path = mem_strdup(path),
                              .shown = visible(bytes_str(path))};
    snprintf(f->slot, sizeof f->slot, "%zu", r->count - 1);
    return f;
}

void record_activate(struct record *r, const char *service)
{
    if (!record_is_activated(r, service))
        json_array_append_new(r->activated, json_string(service));
}

bool record_is_activated(const struct record *r, const char *service)
{
    for (size_t i = 0; i < json_array_size(r->activated); i++)
        if (strcmp(json_string_value(json_array_get(r->activated, i)), service) == 0)
            return true;
    return false;
}

/* --- from a plan ------------------------------------------------------------------------- */

static char *now(void)
{
    char text[64];
    time_t t = time(NULL);
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return mem_strdup(text);
}

static json_t *entry_json(const struct plan_entry *e)
{
    return json_pack("{s:s, s:s, s:s, s:O, s:O, s:O*, s:s*}", "service", e->service,
                     "uri", e->uri, "dn", e->dn, "before", e->before, "after", e->after,
                     "neutral", e->neutral, "sync_dir", e->sync_dir);
}

static json_t *service_json(const struct plan_service *s)
{
    return json_pack("{s:s, s:s?, s:b, s:O*, s:O*, s:O*}", "name", s->name, "title",
                     s->title, "running", (int)s->running, "activate", s->activate,
                     "daemons", s->daemons, "late", s->late);
}

static json_t *endpoint_json(const struct endpoint *e)
{
    return json_pack("{s:s?, s:s?, s:s?, s:i, s:s?, s:s?, s:b}", "service", e->service,
                     "role", e->role, "address", e->address, "port", (int)e->port,
                     "starttls", e->starttls, "name", e->name, "required",
                     (int)e->required);
}

void record_begin(struct record *r, const struct plan *plan)
{
    record_release(r);
    r->time = now();
    r->profile = mem_strdup(plan->profile);
    r->directories = json_array();
    r->activated = json_array();
    r->entries = json_array();
    for (size_t i = 0; i < plan->entry_count; i++)
        json_array_append_new(r->entries, entry_json(&plan->entries[i]));
    r->services = json_array();
    r->locks = json_array();
    for (size_t i = 0; i < plan->service_count; i++)
        if (plan_touches(plan, plan->services[i].name)) {
            json_array_append_new(r->services, service_json(&plan->services[i]));
            json_array_extend(r->locks,
                              plan->services[i].locks); /* NULL: fails, as well */
        }
    r->endpoints = json_array();
    for (size_t i = 0; i < plan->endpoint_count; i++)
        json_array_append_new(r->endpoints, endpoint_json(&plan->endpoints[i]));
}

/* --- to JSON ----------------------------------------------------------------------------- */

json_t *record_progress(const struct record *r)
{
    return json_pack("{s:s, s:O, s:s?, s:b, s:I}", "state", state_names[r->state],
                     "activated", r->activated, "cause", r->cause, "settled",
                     (int)r->settled, "deadline", (json_int_t)r->deadline);
}

/* --- from JSON --------------------------------------------------------------------------- */

/* jansson reads only by what it may write; we don't write. */
static json_t *unlocked(const json_t *value)
{
    return (json_t *)(uintptr_t)value;
}

static int load_sum(const char *text, char sum[DIGEST_SIZE])
{
    if (strlen(text) != DIGEST_SIZE - 1)
        return -1;
    memcpy(sum, text, DIGEST_SIZE);
    return 0;
}

static int load_size(json_int_t size, size_t *ret)
{
    *ret = (size_t)size;
    return size >= 0 ? 0 : -1;
}

static int load_before(json_t *side, struct record_file *f)
{
    const char *sum, *to = NULL;
    json_int_t size, device, inode;
    f->before = !json_is_null(side);
    if (!f->before)
        return 0;
    if (json_unpack(side, "{s:s, s:I, s?s, s:I, s:I}", "sha256", &sum, "size", &size,
                    "target", &to, "device", &device, "inode", &inode) < 0 ||
        load_sum(sum, f->before_sum) < 0 || load_size(size, &f->before_size) < 0)
        return -1;
    f->device = (uint64_t)device;
    f->inode = (uint64_t)inode;
    f->target = to ? escape_string(to) : NULL;
    return (f->kind == PLAN_SYMLINK) != (f->target != NULL) ? -1 : 0;
}

static int load_after(json_t *side, struct record_file *f)
{
    const char *sum;
    json_int_t size;
    f->after = !json_is_null(side);
    if (!f->after)
        return 0;
    if (json_unpack(side, "{s:s, s:I}", "sha256", &sum, "size", &size) < 0 ||
        load_sum(sum, f->after_sum) < 0)
        return -1;
    return load_size(size, &f->after_size);
}

static int load_file(json_t *json, struct record *r)
{
    const char *service, *path, *kind, *temp;
    json_t *before, *after, *attributes;
    int secret;
    if (json_unpack(json, "{s:s, s:s, s:s, s:b, s:s, s:o, s:o, s:o}", "service", &service,
                    "path", &path, "kind", &kind, "secret", &secret, "temp", &temp,
                    "before", &before, "after", &after, "attributes", &attributes) < 0)
        return -1;
    CLEANUP(mem_freep) char *plain = escape_string(path);
    if (!plain || strchr(temp, '/') || strncmp(temp, ".tlsharden.", 11) != 0)
        return -1;
    struct record_file *f = record_add_file(r, service, plain);
    f->temp = mem_strdup(temp);
    f->secret = secret != 0;
    f->kind = strcmp(kind, "symlink") == 0 ? PLAN_SYMLINK : PLAN_FILE;
    if (load_before(before, f) < 0 || load_after(after, f) < 0)
        return -1;
    return attrs_load(attributes, &f->attrs);
}

static int load_state_name(const char *text, enum record_state *ret)
{
    for (size_t i = 0; text && i < ARRAY_LEN(state_names); i++)
        if (strcmp(text, state_names[i]) == 0) {
            *ret = (enum record_state)i;
            return 0;
        }
    return -1;
}

static bool entry_is_sound(json_t *entry)
{
    const char *service, *uri, *dn, *sync_dir = NULL;
    json_t *before, *after, *neutral = NULL;
    return json_unpack(entry, "{s:s, s:s, s:s, s:o, s:o, s?o, s?s}", "service", &service,
                       "uri", &uri, "dn", &dn, "before", &before, "after", &after,
                       "neutral", &neutral, "sync_dir", &sync_dir) == 0 &&
           json_is_object(before) && json_is_object(after) &&
           (!neutral || json_is_object(neutral));
}

static bool service_is_sound(json_t *service)
{
    const char *name;
    int running;
    return json_unpack(service, "{s:s, s:b}", "name", &name, "running", &running) == 0;
}

static bool all_are(json_t *list, bool (*sound)(json_t *))
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!sound(json_array_get(list, i)))
            return false;
    return json_is_array(list);
}

static bool is_text(json_t *value)
{
    return json_is_string(value);
}

int record_load_state(const json_t *progress, struct record *r)
{
    const char *state;
    json_t *activated, *cause;
    json_int_t deadline;
    int settled;
    if (json_unpack(unlocked(progress), "{s:s, s:o, s:o, s:b, s:I}", "state", &state,
                    "activated", &activated, "cause", &cause, "settled", &settled,
                    "deadline", &deadline) < 0 ||
        load_state_name(state, &r->state) < 0 || !all_are(activated, is_text))
        return -1;
    r->activated = json_incref(activated);
    r->cause = mem_strdup(json_string_value(cause));
    r->settled = settled != 0;
    r->deadline = (int64_t)deadline;
    return 0;
}

static int load_manifest(const json_t *manifest, struct record *r)
{
    const char *time, *profile;
    json_int_t version, id;
    json_t *files;
    if (json_unpack(
            unlocked(manifest), "{s:I, s:I, s:s, s:s, s:o, s:O, s:O, s:O, s:O, s:O}",
            "version", &version, "id", &id, "time", &time, "profile", &profile, "files",
            &files, "directories", &r->directories, "entries", &r->entries, "services",
            &r->services, "locks", &r->locks, "endpoints", &r->endpoints) < 0 ||
        version != MANIFEST_VERSION)
        return -1;
    r->id = (unsigned)id;
    r->time = mem_strdup(time);
    r->profile = mem_strdup(profile);
    if (!all_are(r->directories, is_text) || !all_are(r->entries, entry_is_sound) ||
        !all_are(r->services, service_is_sound) || !all_are(r->locks, is_text))
        return -1;
    for (size_t i = 0; i < json_array_size(files); i++)
        if (load_file(json_array_get(files, i), r) < 0)
            return -1;
    return 0;
}

int record_load(const json_t *manifest, const json_t *progress, struct record *r,
                struct err *err)
{
    record_release(r);
    if (load_manifest(manifest, r) == 0 && record_load_state(progress, r) == 0)
        return 0;
    record_release(r);
    return err_set(err, ERR_INPUT, "the record is damaged, or of another version");
}
