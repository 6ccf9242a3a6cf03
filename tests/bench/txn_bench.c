/*
 * How long a change takes beside `cp -a` and sync of the same files, how often it syncs, and how long it
 * takes to go back: by rollback, and by recover after a kill just before the commit.
 *
 *     txn_bench [FILES...]      1, 100 and 10,000 files unless given; in $TMPDIR, which should be a disk that
 *                               nobody else writes to (tests/bench/disk makes one)
 *
 * Linked with a guard.c of its own, which counts. Times are the best of several turns.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

#include "base/file.h"
#include "txn/guard.h"
#include "txn/txn.h"

#define SIZE  2000 /* bytes of each file: a virtual host */
#define DIRS  16
#define TIMES 5

static long syncs;

int guard_fsync(int fd, enum guard which)
{
    (void)which;
    syncs++;
    return fsync(fd);
}

int guard_syncfs(int fd, enum guard which)
{
    (void)which;
    syncs++;
    return syncfs(fd);
}

bool guard_looks(enum guard which)
{
    (void)which;
    return true;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void stop(const char *what, const struct err *err)
{
    fprintf(stderr, "txn_bench: %s: %s\n", what, err ? err->text : "failed");
    exit(1);
}

static void run(char *const argv[])
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0)
        stop(argv[0], NULL);
}

static void flush(const char *dir)
{
    CLEANUP(fd_close) int fd = open(dir, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) < 0)
        stop("syncfs", NULL);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

/* --- a tree and its plan ----------------------------------------------------------------- */

static void fill(struct buf *out, const char *what, int number)
{
    while (out->len < SIZE)
        buf_addf(out, "# %s line of file %d\n", what, number);
}

static struct plan *make(const char *root, int files)
{
    struct err err = ERR_INIT;
    struct plan *plan = plan_new(root, "bench");
    for (int i = 0; i < files; i++) {
        CLEANUP(mem_freep) char *dir = mem_printf("%s/etc/%d", root, i % DIRS);
        CLEANUP(mem_freep) char *path = mem_printf("/etc/%d/%d.conf", i % DIRS, i);
        CLEANUP(mem_freep) char *real = file_join(root, path);
        struct plan_file *f = plan_add_file(plan, "bench", path);
        f->present_before = f->present_after = true;
        fill(&f->before, "old", i);
        fill(&f->after, "new", i);
        if (file_mkdirs(dir, 0755, &err) < 0)
            stop("mkdir", &err);
        CLEANUP(fd_close) int fd = open(real, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (file_write_all(fd, f->before.data, f->before.len, real, &err) < 0)
            stop("write", &err);
    }
    flush(root);
    return plan;
}

/* --- measuring --------------------------------------------------------------------------- */

static double least(double a, double b)
{
    return a == 0 || b < a ? b : a;
}

static double copy(const char *root, char *to)
{
    CLEANUP(mem_freep) char *from = file_join(root, "/etc");
    char *argv[] = {"/bin/cp", "-a", from, to, NULL};
    double start = now();
    run(argv);
    flush(root);
    double took = now() - start;
    nftw(to, remove_one, 16, FTW_PHYS | FTW_DEPTH);
    flush(root);
    return took;
}

static int die(void *ctx, const char *service, struct err *err)
{
    (void)ctx;
    (void)service;
    (void)err;
    _exit(9); /* as by a kill: all files have their new content, nothing is committed */
}

static double recover(const struct plan *plan, const struct txn_opts *opts)
{
    struct txn_opts dying = *opts;
    struct err err = ERR_INIT;
    unsigned id;
    bool had_work = false;
    int status;
    dying.verify = die;
    pid_t pid = fork();
    if (pid == 0)
        _exit(txn_apply(plan, &dying, &id, &err) < 0 ? 1 : 0);
    if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 9)
        stop("apply did not get that far", NULL);
    double start = now();
    if (txn_recover(opts, &had_work, &err) < 0 || !had_work)
        stop("recover", &err);
    return now() - start;
}

struct times {
    double copy, apply, rollback, recover;
    long syncs;
};

static void turn(const char *root, char *to, const struct plan *plan,
                 const struct txn_opts *opts, struct times *t)
{
    struct err err = ERR_INIT;
    unsigned id;
    t->copy = least(t->copy, copy(root, to));
    syncs = 0;
    double start = now();
    if (txn_apply(plan, opts, &id, &err) < 0)
        stop("apply", &err);
    t->apply = least(t->apply, now() - start);
    t->syncs = syncs;
    start = now();
    if (txn_rollback(NULL, opts, &id, &err) < 0)
        stop("rollback", &err);
    t->rollback = least(t->rollback, now() - start);
    t->recover = least(t->recover, recover(plan, opts));
}

static void measure(const char *base, int files)
{
    CLEANUP(mem_freep) char *root = mem_printf("%s/txn-bench-XXXXXX", base);
    if (!mkdtemp(root))
        stop("mkdtemp", NULL);
    CLEANUP(mem_freep) char *state = file_join(root, "/var/lib/tlsharden");
    CLEANUP(mem_freep) char *to = file_join(root, "/copy");
    CLEANUP(plan_freep) struct plan *plan = make(root, files);
    struct txn_opts opts = {.root = root, .state_dir = state, .keep = 1};
    struct times t = {.copy = 0};
    for (int i = 0; i < TIMES; i++)
        turn(root, to, plan, &opts, &t);
    printf("%7d %11.1f ms %8.1f ms %6.2f x %6ld %12.3f %9.1f ms %9.1f ms\n", files,
           t.copy * 1000, t.apply * 1000, t.apply / t.copy, t.syncs,
           (double)t.syncs / files, t.rollback * 1000, t.recover * 1000);
    fflush(stdout);
    nftw(root, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

int main(int argc, char **argv)
{
    const char *base = getenv("TMPDIR");
    static const int sizes[] = {1, 100, 10000};
    printf("%7s %14s %11s %8s %6s %12s %12s %12s\n", "files", "cp -a, sync", "apply", "",
           "syncs", "per file", "rollback", "recover");
    for (int i = 1; i < argc; i++)
        measure(base ? base : "/tmp", (int)strtol(argv[i], NULL, 10));
    for (size_t i = 0; argc == 1 && i < ARRAY_LEN(sizes); i++)
        measure(base ? base : "/tmp", sizes[i]);
    return 0;
}
