/*
 * Surveying: each file and entry is read and compared with the plan's "before". Owner, mode and the
 * rest are taken from what is there, since the plan does not have them all.
 */
#include "txn/survey.h"

#include <string.h>

#include "txn/entry.h"
#include "txn/escape.h"
#include "txn/live.h"
#include "txn/place.h"
#include "txn/room.h"
#include "txn/swap.h"

#define AGAIN "has changed since the plan was made: plan again"

static int compare(const struct plan_file *f, const struct live *live, const char *shown,
                   struct err *err)
{
    if (live->present != f->present_before)
        return err_set(err, ERR_REFUSED,
                       "'%s' has %s since the plan was made: plan again", shown,
                       live->present ? "appeared" : "vanished");
    if (live->present && live->kind != f->kind)
        return err_set(err, ERR_REFUSED, "'%s' is now %s: plan again", shown,
                       live->kind == PLAN_SYMLINK ? "a symbolic link" : "a file");
    if (live->present && !bytes_eq(bytes_buf(&live->content), bytes_buf(&f->before)))
        return err_set(err, ERR_REFUSED, "'%s' " AGAIN, shown);
    return 0;
}

static void describe(struct record_file *r, const struct plan_file *f, struct live *live)
{
    r->kind = f->kind;
    r->secret = f->secret;
    r->temp = swap_name();
    r->before = f->present_before;
    r->after = f->present_after;
    if (r->after) {
        r->after_size = f->after.len;
        digest_sha256(bytes_buf(&f->after), r->after_sum);
    }
    if (r->before) {
        memcpy(r->before_sum, live->sum, sizeof r->before_sum);
        r->before_size = live->content.len;
        r->device = live->dev;
        r->inode = live->ino;
    }
    if (r->before && r->kind == PLAN_SYMLINK)
        r->target = bytes_dup(bytes_buf(&live->content));
    if (!r->before) {
        r->attrs = (struct attrs){.mode = f->mode & 07777, .uid = f->uid, .gid = f->gid};
        return;
    }
    r->attrs = live->attrs; /* moved */
    live->attrs = (struct attrs){.exact = false};
}

/* Wherever links have led: files are changed where configuration is. */
static int check_allowed(const struct run *run, const char *path, const char *shown,
                         struct err *err)
{
    const char *const *dir = run->opts->allowed;
    for (; dir && *dir; dir++) {
        size_t n = strlen(*dir);
        if (strncmp(path, *dir, n) == 0 && path[n] == '/')
            return 0;
    }
    return dir ? err_set(err, ERR_REFUSED,
                         "'%s' is not where configuration files are: move it beneath %s",
                         shown, run->opts->allowed[0])
               : 0;
}

static int survey_file(struct run *run, const struct plan_file *f, json_t *seen,
                       struct err *err)
{
    struct record_file *r = record_add_file(&run->record, f->service, f->path);
    CLEANUP(mem_freep) char *key = escape_bytes(bytes_str(f->path));
    if (json_object_get(seen, key))
        return err_set(err, ERR_BUG, "the plan has '%s' twice", r->shown);
    json_object_set_new(seen, key, json_true());
    CLEANUP(live_release) struct live live = LIVE_INIT;
    if (check_allowed(run, f->path, r->shown, err) < 0 ||
        live_read(&run->root, f->path, &live, err) < 0 ||
        compare(f, &live, r->shown, err) < 0)
        return -1;
    describe(r, f, &live);
    if (r->after && !r->before)
        return place_missing(&run->root, f->path, run->record.directories, err);
    return 0;
}

static bool is_running(const struct plan *plan, const char *service)
{
    for (size_t i = 0; i < plan->service_count; i++)
        if (strcmp(plan->services[i].name, service) == 0)
            return plan->services[i].running;
    return false;
}

static int survey_entry(const struct run *run, const struct plan *plan, size_t index,
                        struct err *err)
{
    const struct plan_entry *e = &plan->entries[index];
    if (!run->live || !is_running(plan, e->service))
        return err_set(err, ERR_REFUSED, "'%s' can only be changed while %s is running",
                       e->dn, e->service);
    enum record_found found;
    if (entry_look(json_array_get(run->record.entries, index), &found, err) < 0)
        return -1;
    return found == FOUND_BEFORE ? 0 : err_set(err, ERR_REFUSED, "'%s' " AGAIN, e->dn);
}

int survey(struct run *run, const struct plan *plan, struct err *err)
{
    json_auto_t *seen = json_object();
    record_begin(&run->record, plan);
    if (json_array_size(run->record.entries) != plan->entry_count)
        return err_set(err, ERR_BUG, "an entry of the plan is not UTF-8");
    for (size_t i = 0; i < plan->file_count; i++)
        if (survey_file(run, &plan->files[i], seen, err) < 0)
            return -1;
    for (size_t i = 0; i < plan->entry_count; i++)
        if (survey_entry(run, plan, i, err) < 0)
            return -1;
    return room_check(run, err);
}
