/*
 * What was done, from the records. Looks only: no lock, no sweep. A record that cannot be read does not
 * hide the others.
 */
#include <stdio.h>

#include "txn/id.h"
#include "txn/store.h"
#include "txn/txn.h"

/* --- all of them ------------------------------------------------------------------------- */

static json_t *service_names(const struct record *r)
{
    json_t *names = json_array();
    for (size_t i = 0; i < json_array_size(r->services); i++)
        json_array_append(names, json_object_get(json_array_get(r->services, i), "name"));
    return names;
}

static json_t *describe(const struct record *r)
{
    char id[16];
    snprintf(id, sizeof id, "%04u", r->id);
    json_t *files = json_array();
    for (size_t i = 0; i < r->count; i++)
        json_array_append_new(files, json_string(r->files[i].shown));
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:s*, s:o, s:o}", "id", id, "time", r->time,
                  "profile", r->profile, "state", record_state_name(r->state), "cause",
                  r->cause, "services", service_names(r), "files", files);
    if (r->state == RECORD_UNCONFIRMED)
        json_object_set_new(json, "deadline", json_integer((json_int_t)r->deadline));
    return json;
}

static json_t *describe_damaged(unsigned number, const struct err *err)
{
    char id[16];
    snprintf(id, sizeof id, "%04u", number);
    return json_pack("{s:s, s:s, s:s}", "id", id, "state", "damaged", "cause", err->text);
}

static int add_all(const struct store *s, json_t *list, struct err *err)
{
    CLEANUP(mem_freep) unsigned *ids = NULL;
    size_t n = 0;
    if (store_list(s, &ids, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        CLEANUP(record_release) struct record r = RECORD_INIT;
        struct err why = ERR_INIT;
        json_array_append_new(list, store_load(s, ids[i], &r, &why) < 0
                                        ? describe_damaged(ids[i], &why)
                                        : describe(&r));
    }
    return 0;
}

json_t *txn_history(const struct txn_opts *opts, struct err *err)
{
    CLEANUP(store_release) struct store s = STORE_INIT;
    if (store_look(opts->state_dir, &s, err) < 0)
        return NULL;
    json_t *list = json_array();
    if (add_all(&s, list, err) < 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

/* --- one of them ------------------------------------------------------------------------- */

static int show_file(const struct store *s, const struct record *r, size_t index,
                     struct plan *plan, struct err *err)
{
    const struct record_file *from = &r->files[index];
    struct plan_file *f = plan_add_file(plan, from->service, from->path);
    f->kind = from->kind;
    f->secret = from->secret;
    f->present_before = from->before;
    f->present_after = from->after;
    f->mode = from->attrs.mode;
    f->uid = from->attrs.uid;
    f->gid = from->attrs.gid;
    if (from->before && store_image(s, r, index, STORE_BEFORE, &f->before, err) < 0)
        return -1;
    return from->after ? store_image(s, r, index, STORE_AFTER, &f->after, err) : 0;
}

static void show_entry(const json_t *entry, struct plan *plan)
{
    struct plan_entry *e =
        plan_add_entry(plan, json_string_value(json_object_get(entry, "service")),
                       json_string_value(json_object_get(entry, "uri")),
                       json_string_value(json_object_get(entry, "dn")));
    json_object_update(e->before, json_object_get(entry, "before"));
    json_object_update(e->after, json_object_get(entry, "after"));
}

static char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? mem_strdup(text) : NULL;
}

static void show_endpoint(const json_t *from, struct plan *plan)
{
    const char *service = json_string_value(json_object_get(from, "service"));
    struct endpoint *e = plan_add_endpoint(plan, service ? service : "");
    e->role = text_of(from, "role");
    e->address = text_of(from, "address");
    e->port = (unsigned)json_integer_value(json_object_get(from, "port"));
    e->starttls = text_of(from, "starttls");
    e->name = text_of(from, "name");
    e->required = json_is_true(json_object_get(from, "required"));
}

static struct plan *show(const struct store *s, const struct record *r, const char *root,
                         struct err *err)
{
    CLEANUP(plan_freep) struct plan *plan = plan_new(root, r->profile);
    for (size_t i = 0; i < r->count; i++)
        if (show_file(s, r, i, plan, err) < 0)
            return NULL;
    for (size_t i = 0; i < json_array_size(r->entries); i++)
        show_entry(json_array_get(r->entries, i), plan);
    for (size_t i = 0; i < json_array_size(r->endpoints); i++)
        show_endpoint(json_array_get(r->endpoints, i), plan);
    return TAKE_PTR(plan);
}

static int find_generation(const struct store *s, const char *text, unsigned *ret,
                           struct err *err)
{
    CLEANUP(mem_freep) unsigned *ids = NULL;
    size_t n = 0;
    if (id_parse(text, ret, err) < 0 || store_list(s, &ids, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (ids[i] == *ret)
            return 0;
    return id_unknown(*ret, err);
}

struct plan *txn_show(const char *id, const struct txn_opts *opts, struct err *err)
{
    CLEANUP(store_release) struct store s = STORE_INIT;
    CLEANUP(record_release) struct record r = RECORD_INIT;
    unsigned number = 0;
    if (store_look(opts->state_dir, &s, err) < 0 ||
        find_generation(&s, id, &number, err) < 0 || store_load(&s, number, &r, err) < 0)
        return NULL;
    return show(&s, &r, opts->root, err);
}
