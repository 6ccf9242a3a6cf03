/*
 * By renames, of what does not stand there already (aside.h): the very file that was there, with all that
 * only the file system knows of it, can come back. Where the records are on another file system it is
 * dropped: its bytes are among the images, what else it had in the manifest.
 */
#include "txn/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"

static int move_old(struct run *run, size_t index, int folder, struct err *err)
{
    const struct record_file *f = &run->record.files[index];
    if (!f->before || f->aside)
        return 0;
    CLEANUP(place_release) struct place p = PLACE_INIT;
    if (place_find(&run->root, f->path, &p, err) < 0)
        return -1;
    if (p.dir < 0 || renameat(p.dir, f->temp, folder, f->slot) == 0 || errno == ENOENT)
        return 0;
    if (errno == EXDEV && (unlinkat(p.dir, f->temp, 0) == 0 || errno == ENOENT))
        return 0; /* EXDEV comes before ENOENT */
    return err_sys(err, errno, "move what '%s' was to the records", f->shown);
}

int settle(struct run *run, struct err *err)
{
    CLEANUP(fd_close)
    int folder = store_folder(&run->store, &run->record, STORE_OLD, err);
    if (folder < 0)
        return -1;
    for (size_t i = 0; i < run->record.count; i++)
        if (move_old(run, i, folder, err) < 0)
            return -1;
    if (guard_fsync(folder, GUARD_BEFORE) < 0)
        return err_sys(err, errno, "sync the records");
    run->record.settled = true;
    return run_sync(run, GUARD_BEFORE, err) < 0
               ? -1
               : store_update(&run->store, &run->record, err);
}

static int last_committed(const struct run *run, const unsigned *ids, size_t n,
                          unsigned *ret, struct err *err)
{
    *ret = 0;
    for (size_t i = n; i > 0 && !*ret; i--) {
        CLEANUP(record_release) struct record r = RECORD_INIT;
        if (store_state(&run->store, ids[i - 1], &r, err) < 0)
            return -1;
        if (r.state == RECORD_COMMITTED)
            *ret = ids[i - 1];
    }
    return 0;
}

static int prune(const struct run *run, unsigned id, struct err *err)
{
    CLEANUP(record_release) struct record r = RECORD_INIT;
    if (store_state(&run->store, id, &r, err) < 0)
        return -1;
    if (record_is_open(r.state))
        return 0;
    run_say(run, "forget generation %04u", id);
    return store_discard(&run->store, id, err);
}

int settle_prune(const struct run *run, unsigned keep, struct err *err)
{
    CLEANUP(mem_freep) unsigned *ids = NULL;
    size_t n = 0;
    unsigned good = 0;
    if (!keep)
        return 0;
    if (store_list(&run->store, &ids, &n, err) < 0 ||
        last_committed(run, ids, n, &good, err) < 0)
        return -1;
    for (size_t i = 0; i + keep < n; i++)
        if (ids[i] != good && prune(run, ids[i], err) < 0)
            return -1;
    return 0;
}
