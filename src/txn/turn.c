/*
 * The exchange, its proof, and the exchange back.
 *
 * Between an exchange and the exchange back somebody may have written once more. Then their last version
 * stays where it is, and the one before it is kept among the records.
 */
#include "txn/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "txn/aside.h"
#include "txn/live.h"
#include "txn/swap.h"

char *turn_back_name(const struct record_file *f)
{
    return mem_printf("%s.back", f->temp);
}

/* --- what came out? ---------------------------------------------------------------------- */

static bool is_as(const struct live *l, enum plan_kind kind, const char *sum)
{
    return l->present && l->kind == kind && strcmp(l->sum, sum) == 0;
}

/* 1: what stands there has this digest; 0: something else; -1. */
static int holds(struct spot at, const struct record_file *f, const char *sum,
                 struct err *err)
{
    CLEANUP(live_release) struct live live = LIVE_INIT;
    if (live_at(at, &live, err) < 0)
        return -1;
    return is_as(&live, f->kind, sum);
}

/* --- keeping ----------------------------------------------------------------------------- */

static int copy_out(struct spot from, int folder, const char *as, struct err *err)
{
    CLEANUP(live_release) struct live live = LIVE_INIT;
    CLEANUP(fd_close)
    int fd =
        openat(folder, as, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(err, errno, "keep '%s'", from.shown);
    if (live_at(from, &live, err) < 0 ||
        file_write_all(fd, live.content.data, live.content.len, from.shown, err) < 0)
        return -1;
    return guard_fsync(fd, GUARD_BEFORE) < 0 || unlinkat(from.dir, from.name, 0) < 0
               ? err_sys(err, errno, "keep '%s'", from.shown)
               : 0;
}

/* Moves what stands there to the records. */
static int keep(struct run *run, size_t index, struct spot from, struct err *err)
{
    char as[32];
    CLEANUP(fd_close)
    int folder = store_folder(&run->store, &run->record, STORE_KEPT, err);
    if (folder < 0)
        return -1;
    snprintf(as, sizeof as, "%zu", index);
    run_say(run, "keep what somebody made of '%s'", from.shown);
    buf_addf(&run->kept, "%s'%s' (now %s/gen/%04u/" STORE_KEPT "/%s)",
             run->kept.len ? ", " : "", from.shown, run->opts->state_dir, run->record.id,
             as);
    if (renameat(from.dir, from.name, folder, as) < 0 &&
        (errno != EXDEV || copy_out(from, folder, as, err) < 0))
        return errno == EXDEV ? -1 : err_sys(err, errno, "keep '%s'", from.shown);
    run->begun = true; /* so that the generation stays */
    return guard_fsync(folder, GUARD_BEFORE) < 0
               ? err_sys(err, errno, "keep '%s'", from.shown)
               : 0;
}

/* `temp` holds something of somebody else's, which goes back to where it was; `ours` is the digest of what
 * is there meanwhile ("": nothing). */
static int return_theirs(struct run *run, size_t index, struct spot name,
                         struct spot temp, const char *ours, struct err *err)
{
    const struct record_file *f = &run->record.files[index];
    struct err taken = ERR_INIT;
    if (swap_turn(name, temp, true, *ours != '\0', &taken) < 0) {
        if (taken.kind == ERR_REFUSED) /* a newer one is there, or it was removed */
            return keep(run, index, temp, err);
        *err = taken;
        return -1;
    }
    if (!*ours)
        return 0;
    int right = holds(temp, f, ours, err);
    if (right != 0)
        return right < 0 ? -1 : 0;
    return swap_turn(name, temp, true, true, err) < 0 ? -1 : keep(run, index, temp, err);
}

/* --- forward ----------------------------------------------------------------------------- */

/* As holds(), of the old file; what its times are is remembered. */
static int came_out(struct spot temp, struct record_file *f, struct err *err)
{
    CLEANUP(live_release) struct live live = LIVE_INIT;
    if (live_at(temp, &live, err) < 0)
        return -1;
    f->displaced = live.changed;
    return is_as(&live, f->kind, f->before_sum);
}

int turn_forward(struct run *run, size_t index, struct err *err)
{
    struct record_file *f = &run->record.files[index];
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(&run->root, f->path, &p, err) < 0)
        return -1;
    struct spot temp = aside_spot(run, f, &p);
    if (swap_turn(place_spot(&p), temp, f->after, f->before, err) < 0)
        return -1;
    int right = 1;
    if (f->before && guard_looks(GUARD_DISPLACED))
        right = came_out(temp, f, err);
    if (right > 0) {
        run->begun = true;
        return 0;
    }
    struct err ignored = ERR_INIT;
    if (return_theirs(run, index, place_spot(&p), temp, f->after_sum,
                      right < 0 ? &ignored : err) < 0 ||
        right < 0) {
        run->begun = true;
        return -1;
    }
    return err_set(
        err, ERR_REFUSED,
        "'%s' was edited at this very moment, and the edit is kept: plan again",
        f->shown);
}

/* --- back -------------------------------------------------------------------------------- */

/* The old file is not what it was: somebody wrote to it while it was away, or it is an edit that came
 * out of an exchange just before a crash. It goes back as it is. */
static int look_at_source(struct spot source, struct record_file *f, struct err *err)
{
    int right = f->has_temp ? holds(source, f, f->before_sum, err) : 1;
    if (right == 0)
        f->found = FOUND_OTHER;
    return right < 0 ? -1 : 0;
}

static int put_back(struct run *run, size_t index, struct spot name, struct spot source,
                    struct err *err)
{
    struct record_file *f = &run->record.files[index];
    bool here = f->forced ? f->present : f->after;
    f->found = FOUND_BEFORE;
    if (f->before && look_at_source(source, f, err) < 0)
        return -1;
    struct err taken = ERR_INIT;
    if (f->before || here) {
        if (swap_turn(name, source, f->before, here, &taken) < 0) {
            f->found = FOUND_OTHER;
            if (taken.kind == ERR_REFUSED)
                return 0; /* created or removed by somebody meanwhile: theirs */
            *err = taken;
            return -1;
        }
    }
    run->begun = true;
    if (!here || f->forced || !guard_looks(GUARD_DISPLACED))
        return 0;
    int right = holds(source, f, f->after_sum, err);
    if (right != 0)
        return right < 0 ? -1 : 0;
    f->found = FOUND_OTHER;
    return return_theirs(run, index, name, source, f->before ? f->before_sum : "", err);
}

int turn_back(struct run *run, size_t index, struct err *err)
{
    struct record_file *f = &run->record.files[index];
    if (f->found != FOUND_AFTER && !(f->forced && f->found == FOUND_OTHER))
        return 0;
    CLEANUP(place_release) struct place p = PLACE_INIT;
    CLEANUP(mem_freep) char *back = turn_back_name(f);
    if (place_find(&run->root, f->path, &p, err) < 0)
        return -1;
    run_say(run, "put back '%s'", f->shown);
    struct spot source =
        f->before && f->has_temp ? aside_spot(run, f, &p) : place_beside(&p, back);
    return put_back(run, index, place_spot(&p), source, err);
}

/* --- clearing up ------------------------------------------------------------------------- */

/* `half`: what is neither old nor new can only be half of what we were writing. */
static int clear_name(struct run *run, size_t index, struct spot temp, bool half,
                      struct err *err)
{
    const struct record_file *f = &run->record.files[index];
    CLEANUP(live_release) struct live live = LIVE_INIT;
    if (live_at(temp, &live, err) < 0)
        return -1;
    if (!live.present)
        return 0;
    if (half || is_as(&live, f->kind, f->before_sum) ||
        is_as(&live, f->kind, f->after_sum))
        return swap_drop(temp, err);
    return keep(run, index, temp, err);
}

int turn_clear(struct run *run, size_t index, struct err *err)
{
    const struct record_file *f = &run->record.files[index];
    CLEANUP(mem_freep) char *back = turn_back_name(f);
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(&run->root, f->path, &p, err) < 0)
        return -1;
    if (clear_name(run, index, aside_spot(run, f, &p), f->found == FOUND_BEFORE, err) < 0)
        return -1;
    return clear_name(run, index, place_beside(&p, back), f->found == FOUND_AFTER, err);
}
