/*
 * Is every directory synced that has to be?
 *
 * ext4 writes all names with one journal, so that any fsync makes all of them durable and a missing one is
 * not noticed there. POSIX promises less. Here the file system is one that keeps nothing it need not: a
 * directory holds what it held when it was last synced itself. Apply and rollback are killed before each
 * call, the host is put into the state that such a file system would have after a loss of power, and
 * recover must make all old or all new of it; new, when the change had been reported as done.
 *
 * Negative controls: each sync of a directory is left out in turn, and must be missed.
 */
#include "fault/bed.h"
#include "fault/left_out.h"

/* --- what is on disk --------------------------------------------------------------------- */

/*
 * stash/INODE/ is the directory of that number when it was last synced: copies of its files, named "f"
 * and their name; of directories "d", the number, a colon and the name.
 */
struct strict {
    struct bed bed; /* first: it is the context of its work */
    char *stash;
};

static char *stash_of(const struct strict *s, ino_t ino)
{
    return mem_printf("%s/%lu", s->stash, (unsigned long)ino);
}

static void copy_file(const char *from, const char *to, const struct stat *st)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    char mark[16];
    ck_assert_int_eq(file_read(from, FILE_LIMIT, &text, NULL, &err), 0);
    CLEANUP(fd_close) int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ck_assert_int_eq(file_write_all(fd, text.data, text.len, to, &err), 0);
    ck_assert_int_eq(fchmod(fd, st->st_mode & 07777), 0);
    ssize_t n = getxattr(from, "user.mark", mark, sizeof mark);
    if (n > 0)
        ck_assert_int_eq(fsetxattr(fd, "user.mark", mark, (size_t)n, 0), 0);
}

static void copy(const char *from, const char *to, const struct stat *st)
{
    char target[PATH_MAX];
    if (S_ISLNK(st->st_mode)) {
        ssize_t n = readlink(from, target, sizeof target - 1);
        ck_assert_int_gt((int)n, 0);
        target[n] = '\0';
        ck_assert_int_eq(symlink(target, to), 0);
    } else {
        copy_file(from, to, st);
    }
    struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};
    ck_assert_int_eq(utimensat(AT_FDCWD, to, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void stash_name(const char *dir, const char *name, const char *to)
{
    struct stat st;
    CLEANUP(mem_freep) char *from = file_join(dir, name);
    if (lstat(from, &st) < 0)
        return;
    if (S_ISDIR(st.st_mode)) {
        CLEANUP(mem_freep)
        char *sub = mem_printf("%s/d%lu:%s", to, (unsigned long)st.st_ino, name);
        ck_assert_int_eq(mkdir(sub, 0755), 0);
        return;
    }
    CLEANUP(mem_freep) char *file = mem_printf("%s/f%s", to, name);
    copy(from, file, &st);
}

/* Calls `each` for every name in `dir` but the dots. */
static void for_names(const char *dir, const char *arg,
                      void (*each)(const char *dir, const char *name, const char *arg))
{
    struct dirent **names;
    int n = scandir(dir, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            each(dir, name, arg);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
}

static void sync_directory(const struct strict *s, const char *dir)
{
    struct stat st;
    ck_assert_int_eq(stat(dir, &st), 0);
    CLEANUP(mem_freep) char *to = stash_of(s, st.st_ino);
    nftw(to, tree_unlink, 16, FTW_PHYS | FTW_DEPTH);
    ck_assert_int_eq(mkdir(to, 0755), 0);
    for_names(dir, to, stash_name);
}

static const struct strict *syncing; /* nftw() carries no context */

static int sync_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)ftw;
    if (flag == FTW_D)
        sync_directory(syncing, path);
    return 0;
}

static void sync_all(const struct strict *s)
{
    syncing = s;
    ck_assert_int_eq(nftw(s->bed.dir, sync_one, 16, FTW_PHYS), 0);
}

static void on_call(void *ctx, pid_t pid, long number, int fd)
{
    const struct strict *s = ctx;
    char link[64], path[PATH_MAX];
    struct stat st;
    if (number != SYS_fsync && number != SYS_syncfs)
        return;
    snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, fd);
    if (stat(link, &st) < 0 || !S_ISDIR(st.st_mode))
        return;
    ssize_t n = readlink(link, path, sizeof path - 1);
    ck_assert_int_gt((int)n, 0);
    path[n] = '\0';
    if (number == SYS_syncfs)
        sync_all(s);
    else
        sync_directory(s, path);
}

/* --- the loss of power ------------------------------------------------------------------- */

static void restore(const struct strict *s, const char *stashed, const char *dir);

static const struct strict *restoring;

static void restore_name(const char *from, const char *name, const char *to)
{
    CLEANUP(mem_freep) char *path = file_join(from, name);
    if (*name == 'f') {
        CLEANUP(mem_freep) char *file = mem_printf("%s/%s", to, name + 1);
        ck_assert_int_eq(rename(path, file), 0);
        return;
    }
    char *end;
    unsigned long ino = strtoul(name + 1, &end, 10);
    CLEANUP(mem_freep) char *inner = stash_of(restoring, ino);
    CLEANUP(mem_freep) char *sub = mem_printf("%s/%s", to, end + 1);
    ck_assert_int_eq(mkdir(sub, strstr(sub, "/var/lib/tlsharden") ? 0700 : 0755), 0);
    restore(restoring, inner, sub);
}

/* A directory that was never synced is empty. */
static void restore(const struct strict *s, const char *stashed, const char *dir)
{
    restoring = s;
    for_names(stashed, dir, restore_name);
}

static void lose_power(const struct strict *s)
{
    const struct bed *b = &s->bed;
    struct stat st;
    CLEANUP(mem_freep) char *etc = file_join(b->dir, "/etc");
    CLEANUP(mem_freep) char *var = file_join(b->dir, "/var");
    ck_assert_int_eq(stat(b->dir, &st), 0);
    nftw(etc, tree_unlink, 16, FTW_PHYS | FTW_DEPTH);
    nftw(var, tree_unlink, 16, FTW_PHYS | FTW_DEPTH);
    CLEANUP(mem_freep) char *top = stash_of(s, st.st_ino);
    restore(s, top, b->dir);
    nftw(s->stash, tree_unlink, 16, FTW_PHYS | FTW_DEPTH);
    ck_assert_int_eq(mkdir(s->stash, 0755), 0);
}

/* --- everywhere -------------------------------------------------------------------------- */

struct task {
    const char *what;
    int (*prepared)(void *); /* done and durable before; or NULL */
    int (*work)(void *);
    bool new_when_done;
    bool forget; /* the generation has lost the old files */
    struct {
        long aside, beside;
    } stopped; /* apply was killed before, at this call; 0: it was not */
};

static bool is_stopped(const struct task *t)
{
    return t->stopped.aside != 0;
}

static void forget_old(const struct bed *b)
{
    for (int i = 0; i < 64; i++) {
        CLEANUP(mem_freep) char *old = mem_printf("%s/gen/0001/before/%d", b->state, i);
        unlink(old);
    }
}

static void prepare(struct strict *s, const struct task *t)
{
    bed_fill(&s->bed);
    if (t->prepared)
        bed_do(&s->bed, t->prepared);
    if (is_stopped(t))
        bed_strike(&s->bed, bed_apply, STRIKE_KILL, 0,
                   left_out_too == GUARD_ASIDE ? t->stopped.beside : t->stopped.aside);
    if (t->forget)
        forget_old(&s->bed);
    sync_all(s);
}

/* "": all is well. */
static const char *judge(struct strict *s, const struct task *t, bool done)
{
    struct bed *b = &s->bed;
    int status = bed_run(b, bed_recover);
    CLEANUP(mem_freep) char *said = bed_message(b);
    if (status != 0)
        return "recover failed";
    if (!bed_is_clean(b))
        return "litter";
    bool is_new = bed_is_new(b), is_old = bed_is_old(b);
    if (done && !is_stopped(t))
        return (t->new_when_done ? is_new : is_old) ? "" : "what was done is not";
    return is_new || is_old ? "" : "half";
}

struct losses {
    long points;
    bool bad;
    char first_bad[160];
};

static void everywhere(struct strict *s, const struct task *t, struct losses *l)
{
    for (long at = 1; !l->bad; at++) {
        prepare(s, t);
        struct trace_result r = trace_run(&(struct trace){.work = t->work,
                                                          .ctx = s,
                                                          .at = at,
                                                          .strike = STRIKE_KILL,
                                                          .watch = on_call});
        CLEANUP(mem_freep) char *drained = bed_message(&s->bed);
        lose_power(s);
        const char *verdict = judge(s, t, !r.struck);
        l->points++;
        l->bad = *verdict != '\0';
        if (l->bad)
            snprintf(l->first_bad, sizeof l->first_bad, "%s, %s %ld of %ld: %s", t->what,
                     r.struck ? r.name : "after call", at, r.calls, verdict);
        if (!r.struck)
            return;
    }
}

static const struct task tasks[] = {
    {"apply", NULL, bed_apply, true, false, {0}},
    {"rollback", bed_apply, bed_rollback, false, false, {0}},
    {"rollback from images", bed_apply, bed_rollback, false, true, {0}},
    {"recover after a kill while staging", NULL, bed_recover, false, false, {40, 40}},
    {"recover after a kill among the exchanges",
     NULL,
     bed_recover,
     false,
     false,
     {68, 64}},
    {"recover after a kill before the commit", NULL, bed_recover, false, false, {77, 73}},
    {"recover after a kill behind the commit", NULL, bed_recover, false, false, {81, 83}},
};

static void strict_make(struct strict *s)
{
    bed_make(&s->bed, bed_tree(), false);
    s->stash = bed_tree();
}

static void strict_end(struct strict *s)
{
    bed_end(&s->bed);
    tree_remove(&s->stash);
}

static void survive_everywhere(const char *where)
{
    CLEANUP(strict_end) struct strict s;
    strict_make(&s);
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
        struct losses l = {.points = 0};
        everywhere(&s, &tasks[i], &l);
        if (l.bad)
            bed_fail(&s.bed, "%s", l.first_bad);
        bed_count(
            "strict file system, power lost at %ld points of %s%s: all old or all new",
            l.points, tasks[i].what, where);
    }
}

START_TEST(a_file_system_that_keeps_only_what_it_must)
{
    survive_everywhere("");
}
END_TEST

START_TEST(the_same_with_all_beside)
{
    left_out_too = GUARD_ASIDE;
    survive_everywhere(" (all beside)");
}
END_TEST

static void miss(struct strict *s, enum guard which, struct losses *l)
{
    left_out = which;
    for (size_t i = 0; i < ARRAY_LEN(tasks) && !l->bad; i++)
        everywhere(s, &tasks[i], l);
    left_out = GUARD_NONE;
}

START_TEST(each_sync_of_a_directory_is_missed)
{
    static const struct {
        enum guard which;
        const char *name;
    } controls[] = {
        {GUARD_MADE, "new directories for the records"},
        {GUARD_RECORD_DIR, "the record's folder"},
        {GUARD_STAGED_DIR, "directories of staged files"},
        {GUARD_SWAPPED, "directories after the exchange"},
        {GUARD_STATE_DIR, "the state's folder"},
        {GUARD_BEFORE, "the folder of old files"},
    };
    CLEANUP(strict_end) struct strict s;
    strict_make(&s);
    for (size_t c = 0; c < ARRAY_LEN(controls); c++) {
        struct losses l = {.points = 0};
        miss(&s, controls[c].which, &l);
        left_out_too = GUARD_ASIDE;
        miss(&s, controls[c].which, &l);
        left_out_too = GUARD_NONE;
        ck_assert_msg(l.bad, "nobody misses the sync of %s", controls[c].name);
        bed_count("without the sync of %s: %s", controls[c].name, l.first_bad);
    }
}
END_TEST

UNIT_MAIN("strict", a_file_system_that_keeps_only_what_it_must, the_same_with_all_beside,
          each_sync_of_a_directory_is_missed)
