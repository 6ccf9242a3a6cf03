/* What was done, from the records. Looks only: no lock, no sweep. */
#include <stdio.h>

#include "txn/store.h"
#include "txn/txn.h"

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
    return json_pack("{s:s, s:s, s:s, s:s, s:s*, s:o, s:o}", "id", id, "time", r->time,
                     "profile", r->profile, "state", record_state_name(r->state), "cause",
                     r->cause, "services", service_names(r), "files", files);
}

static int add_all(const struct store *s, json_t *list, struct err *err)
{
    CLEANUP(mem_freep) unsigned *ids = NULL;
    size_t n = 0;
    if (store_list(s, &ids, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        CLEANUP(record_release) struct record r = RECORD_INIT;
        if (store_load(s, ids[i], &r, err) < 0)
            return -1;
        json_array_append_new(list, describe(&r));
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
