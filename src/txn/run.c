/* Beginning and ending, in one order everywhere: signals, root, store. */
#include "txn/run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/process.h"
#include "base/strv.h"
#include "txn/aside.h"
#include "txn/place.h"

int run_begin(struct run *run, const struct txn_opts *opts, struct err *err)
{
    *run = (struct run){.opts = opts,
                        .live = strcmp(opts->root, "/") == 0,
                        .root = ROOT_INIT,
                        .store = STORE_INIT,
                        .record = RECORD_INIT};
    hold_begin(&run->hold);
    run->umask = umask(022);
    if (root_open(opts->root, &run->root, err) < 0)
        return -1;
    return store_open(opts->state_dir, &run->store, err);
}

void run_end(struct run *run)
{
    buf_release(&run->kept);
    record_release(&run->record);
    store_release(&run->store);
    root_release(&run->root);
    umask(run->umask);
    hold_end(&run->hold);
}

void run_say(const struct run *run, const char *fmt, ...)
{
    if (!run->opts->progress)
        return;
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    if (text)
        run->opts->progress(run->opts->ctx, text);
    free(text);
}

int run_safe_point(const struct run *run, struct err *err)
{
    int signal = hold_asked(&run->hold);
    if (!signal)
        return 0;
    return err_set(err, ERR_SYSTEM, "interrupted (%s)", strsignal(signal));
}

static int run_one(const json_t *list, struct err *err)
{
    CLEANUP(strv_release) struct strv argv = STRV_INIT;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *arg = json_string_value(json_array_get(list, i));
        if (!arg)
            return err_set(err, ERR_INPUT, "argument %zu is not a text", i);
        strv_add(&argv, arg);
    }
    if (!argv.count)
        return err_set(err, ERR_INPUT, "an argument vector is empty");
    CLEANUP(process_release) struct process_result result = PROCESS_INIT;
    if (process_run(argv.items, NULL, &result, err) < 0)
        return -1;
    return process_ok(&result) ? 0 : process_failed(argv.items, &result, err);
}

int run_commands(const json_t *list, const char *what, struct err *err)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (run_one(json_array_get(list, i), err) < 0)
            return err_context(err, "%s", what);
    return 0;
}

/* --- syncing ----------------------------------------------------------------------------- */

#define MANY 24

bool run_has_many(const struct run *run)
{
    return run->record.count >= MANY;
}

/* The directories of the record's files, each once. */
static void list_directories(const struct run *run, struct strv *dirs)
{
    CLEANUP(strv_release) struct strv all = STRV_INIT;
    for (size_t i = 0; i < run->record.count; i++) {
        const char *path = run->record.files[i].path;
        strv_take(&all, mem_strndup(path, (size_t)(strrchr(path, '/') - path)));
    }
    strv_sort(&all);
    for (size_t i = 0; i < all.count; i++)
        if (!i || strcmp(all.items[i], all.items[i - 1]) != 0)
            strv_add(dirs, all.items[i]);
}

/* Of a directory that exists; `any` name in it will do to find it. */
static int find_directory(struct run *run, const char *dir, struct place *p,
                          struct err *err)
{
    CLEANUP(mem_freep) char *any = mem_printf("%s/x", dir);
    return place_find(&run->root, any, p, err);
}

int run_sync(struct run *run, enum guard which, struct err *err)
{
    CLEANUP(strv_release) struct strv dirs = STRV_INIT;
    if (aside_sync(run, which, err) < 0)
        return -1;
    list_directories(run, &dirs);
    for (size_t i = 0; i < dirs.count; i++) {
        CLEANUP(place_release) struct place p = PLACE_INIT;
        if (find_directory(run, dirs.items[i], &p, err) < 0)
            return -1;
        if (p.dir >= 0 && guard_fsync(p.dir, which) < 0)
            return err_sys(err, errno, "sync the directory '%s'", dirs.items[i]);
    }
    return 0;
}

/* Once per file system; few hosts have their configuration on more than two. */
static int sync_file_systems(struct run *run, struct err *err)
{
    dev_t done[16];
    size_t count = 0;
    CLEANUP(strv_release) struct strv dirs = STRV_INIT;
    list_directories(run, &dirs);
    for (size_t i = 0; i < dirs.count; i++) {
        CLEANUP(place_release) struct place p = PLACE_INIT;
        struct stat st;
        if (find_directory(run, dirs.items[i], &p, err) < 0)
            return -1;
        if (p.dir < 0 || fstat(p.dir, &st) < 0)
            continue;
        bool known = false;
        for (size_t k = 0; k < count; k++)
            known = known || done[k] == st.st_dev;
        if (known)
            continue;
        if (guard_syncfs(p.dir, GUARD_STAGED_MANY) < 0)
            return err_sys(err, errno, "sync the file system of '%s'", dirs.items[i]);
        if (count < ARRAY_LEN(done))
            done[count++] = st.st_dev;
    }
    return 0;
}

int run_sync_staged(struct run *run, struct err *err)
{
    return run_has_many(run) ? sync_file_systems(run, err)
                             : run_sync(run, GUARD_STAGED_DIR, err);
}
