/*
 * Whether a file can change places with one in the folder is tried, once per directory, by a second name for
 * it there: a mount, a quota of a project or an encrypted directory in between forbid both (EXDEV). A file
 * system without hard links forbids only that, and all stays beside.
 */
#include "txn/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* The folder is new: its name has to be on disk, as well. */
static int make_folder(struct run *run, struct err *err)
{
    struct record *r = &run->record;
    if (r->aside >= 0)
        return 0;
    r->aside = store_folder(&run->store, r, STORE_OLD, err);
    if (r->aside < 0)
        return -1;
    CLEANUP(fd_close) int above = openat(r->aside, "..", O_RDONLY | O_CLOEXEC);
    return above < 0 || guard_fsync(above, GUARD_STAGED_DIR) < 0
               ? err_sys(err, errno, "sync 'gen/%04u'", r->id)
               : 0;
}

static bool can_change_places(const struct run *run, const struct place *p)
{
    struct stat here, there;
    int folder = run->record.aside;
    if (!guard_looks(GUARD_ASIDE) || fstat(p->dir, &here) < 0 ||
        fstat(folder, &there) < 0 || here.st_dev != there.st_dev ||
        linkat(p->dir, p->name, folder, STORE_TRIAL, 0) < 0)
        return false;
    return unlinkat(folder, STORE_TRIAL, 0) == 0;
}

int aside_choose(struct run *run, struct record_file *f, const struct place *p,
                 struct err *err)
{
    f->aside = false;
    if (!f->before || p->dir < 0)
        return 0;
    if (make_folder(run, err) < 0)
        return -1;
    if (p->at->aside == ASIDE_UNKNOWN)
        p->at->aside = can_change_places(run, p) ? ASIDE_YES : ASIDE_NO;
    f->aside = p->at->aside == ASIDE_YES;
    return 0;
}

int aside_open(struct run *run, struct err *err)
{
    if (run->record.settled || run->record.aside >= 0)
        return 0;
    run->record.aside = store_find_folder(&run->store, &run->record, STORE_OLD);
    return run->record.aside < 0 && errno != ENOENT
               ? err_sys(err, errno, "open 'gen/%04u/" STORE_OLD "'", run->record.id)
               : 0;
}

int aside_look(const struct run *run, struct record_file *f, struct err *err)
{
    struct stat st;
    f->aside = false;
    if (run->record.aside < 0)
        return 0;
    f->aside = fstatat(run->record.aside, f->slot, &st, AT_SYMLINK_NOFOLLOW) == 0;
    return f->aside || errno == ENOENT
               ? 0
               : err_sys(err, errno, "look for what '%s' was", f->shown);
}

struct spot aside_spot(const struct run *run, const struct record_file *f,
                       const struct place *p)
{
    return f->aside ? (struct spot){run->record.aside, f->slot, f->shown}
                    : place_beside(p, f->temp);
}

int aside_sync(const struct run *run, enum guard which, struct err *err)
{
    return run->record.aside >= 0 && guard_fsync(run->record.aside, which) < 0
               ? err_sys(err, errno, "sync 'gen/%04u/" STORE_OLD "'", run->record.id)
               : 0;
}
