/* Beginning and ending, in one order everywhere: signals, root, store. */
#include "txn/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/process.h"
#include "base/strv.h"
#include "txn/place.h"

int run_begin(struct run *run, const struct txn_opts *opts, struct err *err)
{
    *run = (struct run){.opts = opts,
                        .live = strcmp(opts->root, "/") == 0,
                        .root = -1,
                        .store = STORE_INIT,
                        .record = RECORD_INIT};
    hold_begin(&run->hold);
    run->root = place_root(opts->root, err);
    if (run->root < 0)
        return -1;
    return store_open(opts->state_dir, &run->store, err);
}

void run_end(struct run *run)
{
    record_release(&run->record);
    store_release(&run->store);
    fd_close(&run->root);
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

/* place_sync() takes any name in the directory. */
int run_sync(const struct run *run, struct err *err)
{
    CLEANUP(strv_release) struct strv dirs = STRV_INIT;
    for (size_t i = 0; i < run->record.count; i++) {
        const char *path = run->record.files[i].path;
        strv_take(&dirs, mem_strndup(path, (size_t)(strrchr(path, '/') - path)));
    }
    strv_sort(&dirs);
    for (size_t i = 0; i < dirs.count; i++) {
        if (i && strcmp(dirs.items[i], dirs.items[i - 1]) == 0)
            continue;
        CLEANUP(mem_freep) char *any = mem_printf("%s/x", dirs.items[i]);
        if (place_sync(run->root, any, err) < 0)
            return -1;
    }
    return 0;
}
