/*
 * What faults are tried on: a small tree of files, links and names that are hard to like; a plan with every
 * kind of change; the calls of txn.h as work for trace.h; and the verdict, all old or all new.
 *
 * With `live` the root is "/" and a service takes notice (cp copies what it reads to /noticed), so that
 * activation is under way, too.
 */
#ifndef FAULT_BED_H
#define FAULT_BED_H

#include <stdarg.h>
#include <sys/socket.h>

#include "fault/trace.h"
#include "txn/txn.h"
#include "unit/tree.h"

struct bed {
    char *dir; /* the tree; removed at the end */
    char *
        apart; /* a tree on another file system, for the records; NULL: they are in `dir`, too */
    char *state; /* where the records are */
    bool live;
    int more; /* files besides, all alike */
    struct txn_opts opts;
    struct plan *plan;
    struct buf old, new; /* the tree as it was; and as it shall be, without times */
    struct err err;      /* of the last call made in this process */
    int message[2];      /* sockets: err.text of the last call made in a child */
};

/* --- making it --------------------------------------------------------------------------- */

static inline void bed_describe(const struct bed *b, bool times, struct buf *out)
{
    CLEANUP(mem_freep) char *var = file_join(b->dir, "/var");
    tree_describe_all(b->dir, var, times, out);
}

/* Empties the tree and lays out what was there before. */
static inline void bed_fill(const struct bed *b)
{
    CLEANUP(mem_freep) char *etc = file_join(b->dir, "/etc");
    CLEANUP(mem_freep) char *var = file_join(b->dir, "/var");
    CLEANUP(mem_freep) char *noticed = file_join(b->dir, "/noticed");
    nftw(etc, tree_unlink, 16, FTW_PHYS | FTW_DEPTH);
    nftw(var, tree_unlink, 16, FTW_PHYS | FTW_DEPTH);
    if (b->apart)
        nftw(b->state, tree_unlink, 16, FTW_PHYS | FTW_DEPTH);
    unlink(noticed);
    tree_write(b->dir, "/etc/a/main.cf", "one\n", 0640);
    tree_write(b->dir, "/etc/a/gone.conf", "to be removed\n", 0600);
    tree_write(b->dir, "/etc/b/with space\nand \xc3\xa4 line", "no end of line", 0604);
    tree_write(b->dir, "/etc/b/empty", "", 0644);
    tree_link(b->dir, "/etc/b/link", "../a/main.cf");
    tree_link(b->dir, "/etc/b/oldlink", "../a/gone.conf");
    for (int i = 0; i < b->more; i++) {
        CLEANUP(mem_freep) char *path = mem_printf("/etc/more/%d.conf", i);
        tree_write(b->dir, path, "more\n", 0644);
        tree_age(b->dir, path);
    }
    CLEANUP(mem_freep) char *main_cf = file_join(b->dir, "/etc/a/main.cf");
    ck_assert_int_eq(setxattr(main_cf, "user.mark", "kept", 4, 0), 0);
    static const char *const aged[] = {
        "/etc/a/main.cf", "/etc/a/gone.conf", "/etc/b/with space\nand \xc3\xa4 line",
        "/etc/b/empty",   "/etc/b/link",      "/etc/b/oldlink"};
    for (size_t i = 0; i < ARRAY_LEN(aged); i++)
        tree_age(b->dir, aged[i]);
}

static inline struct plan_file *bed_add(struct bed *b, const char *path,
                                        const char *before, const char *after)
{
    CLEANUP(mem_freep)
    char *real = b->live ? file_join(b->dir, path) : mem_strdup(path);
    struct plan_file *f = plan_add_file(b->plan, "svc", real);
    f->present_before = before != NULL;
    f->present_after = after != NULL;
    buf_addb(&f->before, bytes_str(before));
    buf_addb(&f->after, bytes_str(after));
    f->mode = 0644;
    f->uid = geteuid();
    f->gid = getegid();
    return f;
}

static inline void bed_make_plan(struct bed *b)
{
    b->plan = plan_new(b->opts.root, "strict");
    bed_add(b, "/etc/a/main.cf", "one\n", "two\n");
    bed_add(b, "/etc/a/gone.conf", "to be removed\n", NULL);
    bed_add(b, "/etc/b/with space\nand \xc3\xa4 line", "no end of line", "tamed\n");
    bed_add(b, "/etc/b/empty", "", "filled\n");
    bed_add(b, "/etc/new/dir/tlsharden.conf", NULL, "fresh\n");
    bed_add(b, "/etc/b/link", "../a/main.cf", "../new/dir/tlsharden.conf")->kind =
        PLAN_SYMLINK;
    bed_add(b, "/etc/b/newlink", NULL, "link")->kind = PLAN_SYMLINK;
    bed_add(b, "/etc/b/oldlink", "../a/gone.conf", NULL)->kind = PLAN_SYMLINK;
    for (int i = 0; i < b->more; i++) {
        CLEANUP(mem_freep) char *path = mem_printf("/etc/more/%d.conf", i);
        bed_add(b, path, "more\n", "less\n");
    }
    struct plan_service *s = plan_add_service(b->plan, "svc");
    s->running = true;
    if (b->live)
        s->activate = json_pack("[[s, s+, s+]]", "/bin/cp", b->dir, "/etc/a/main.cf",
                                b->dir, "/noticed");
}

/* --- the work ---------------------------------------------------------------------------- */

static inline int bed_open_files(void)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

/* Exit status; 96: a descriptor was left open. */
static inline int bed_told(struct bed *b, int rc, int open_files)
{
    if (bed_open_files() != open_files)
        return 96;
    if (rc == 0)
        return 0;
    if (send(b->message[1], b->err.text, strlen(b->err.text), 0) < 0) /* not counted */
        return 97;
    return err_exit_status(b->err.kind);
}

static inline int bed_apply(void *ctx)
{
    struct bed *b = ctx;
    unsigned id;
    int files = bed_open_files();
    return bed_told(b, txn_apply(b->plan, &b->opts, &id, &b->err), files);
}

static inline int bed_recover(void *ctx)
{
    struct bed *b = ctx;
    bool had_work;
    int files = bed_open_files();
    return bed_told(b, txn_recover(&b->opts, &had_work, &b->err), files);
}

static inline int bed_rollback(void *ctx)
{
    struct bed *b = ctx;
    unsigned id;
    int files = bed_open_files();
    return bed_told(b, txn_rollback(NULL, &b->opts, &id, &b->err), files);
}

/* What the last call in a child said; "" when it said nothing. Owned by the caller (free). */
static inline char *bed_message(const struct bed *b)
{
    char text[4096];
    ssize_t n = read(b->message[0], text, sizeof text - 1);
    return mem_strndup(text, n > 0 ? (size_t)n : 0);
}

static inline struct trace_result bed_strike(struct bed *b, int (*work)(void *),
                                             enum strike strike, int error, long at)
{
    return trace_run(&(struct trace){
        .work = work, .ctx = b, .at = at, .strike = strike, .error = error});
}

/* Without a fault, in a child: nothing of this process's state is touched. */
static inline int bed_run(struct bed *b, int (*work)(void *))
{
    struct trace_result r = bed_strike(b, work, STRIKE_NONE, 0, 0);
    ck_assert(WIFEXITED(r.status));
    return WEXITSTATUS(r.status);
}

static inline void bed_do(struct bed *b, int (*work)(void *))
{
    int rc = bed_run(b, work);
    if (rc == 0)
        return;
    CLEANUP(mem_freep) char *text = bed_message(b);
    ck_abort_msg("exit status %d: %s", rc, text);
}

/* Takes `dir` and `apart`. */
static inline void bed_lay_out(struct bed *b, char *dir, char *apart, bool live, int more)
{
    *b = (struct bed){.dir = dir, .apart = apart, .live = live, .more = more};
    b->state = file_join(apart ? apart : b->dir, "/var/lib/tlsharden");
    b->opts = (struct txn_opts){.root = live ? "/" : b->dir, .state_dir = b->state};
    ck_assert_int_eq(
        socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, b->message), 0);
    bed_make_plan(b);
    bed_fill(b);
    bed_do(b, bed_apply);
    bed_describe(b, false, &b->new);
    bed_fill(b);
    bed_describe(b, true, &b->old);
}

static inline void bed_make_more(struct bed *b, char *dir, bool live, int more)
{
    bed_lay_out(b, dir, NULL, live, more);
}

static inline void bed_make(struct bed *b, char *dir, bool live)
{
    bed_make_more(b, dir, live, 0);
}

static inline void bed_end(struct bed *b)
{
    plan_free(b->plan);
    buf_release(&b->old);
    buf_release(&b->new);
    free(b->state);
    close(b->message[0]);
    close(b->message[1]);
    tree_remove(&b->dir);
    if (b->apart)
        tree_remove(&b->apart);
}

/* In memory where that does for files what a disk does (thousands of beds are made), else in $TMPDIR. */
static inline char *bed_tree(void)
{
    char name[] = "/dev/shm/tlsharden-XXXXXX";
    if (!mkdtemp(name))
        return tree_make();
    if (setxattr(name, "user.mark", "kept", 4, 0) == 0)
        return mem_strdup(name);
    rmdir(name);
    return tree_make();
}

#define BED(is_live)                                                                     \
    CLEANUP(bed_end) struct bed b;                                                       \
    bed_make(&b, bed_tree(), is_live)

/* --- the verdict ------------------------------------------------------------------------- */

static inline bool bed_is_old(const struct bed *b)
{
    CLEANUP(buf_release) struct buf now = BUF_INIT;
    CLEANUP(mem_freep) char *noticed = tree_read(b->dir, "/noticed");
    CLEANUP(mem_freep) char *marker = file_join(b->dir, "/noticed");
    if (noticed && strcmp(noticed, "one\n") != 0)
        return false;
    unlink(marker); /* no part of the tree */
    bed_describe(b, true, &now);
    return strcmp(buf_str(&now), buf_str(&b->old)) == 0;
}

static inline bool bed_is_new(const struct bed *b)
{
    CLEANUP(buf_release) struct buf now = BUF_INIT;
    bed_describe(b, false, &now);
    return strcmp(buf_str(&now), buf_str(&b->new)) == 0;
}

/* Nothing half done is left among the records either. */
static inline int bed_is_litter(const char *path, const struct stat *st, int flag,
                                struct FTW *ftw)
{
    (void)st;
    (void)flag;
    const char *name = path + ftw->base;
    return strstr(name, ".new") || strstr(name, ".trash") ? 1 : 0;
}

static inline bool bed_is_clean(const struct bed *b)
{
    CLEANUP(mem_freep) char *gen = file_join(b->state, "/gen");
    return nftw(gen, bed_is_litter, 16, FTW_PHYS) != 1;
}

PRINTF(2, 3)
static inline _Noreturn void bed_fail(const struct bed *b, const char *fmt, ...)
{
    CLEANUP(buf_release) struct buf now = BUF_INIT;
    bed_describe(b, true, &now);
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    ck_abort_msg("%s\n--- wanted:\n%.1000s\n--- or:\n%.1000s\n--- is:\n%.1000s", text,
                 buf_str(&b->old), buf_str(&b->new), buf_str(&now));
    abort();
}

/* "#= N what": tests/run shows it. */
PRINTF(1, 2)
static inline void bed_count(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("#= ", stdout);
    vprintf(fmt, ap);
    putchar('\n');
    fflush(stdout);
    va_end(ap);
}

#endif
