/* tlsharden recover: finishes what an interrupted run left behind. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "cli/progress.h"
#include "cli/state.h"

/* The generation that is neither final nor back; a new reference, or NULL. */
static json_t *find_open(const struct txn_opts *opts)
{
    static const char *const open[] = {"pending", "unconfirmed", "rolling-back"};
    struct err ignored = ERR_INIT;
    json_t *all CLEANUP(json_decrefp) = txn_history(opts, &ignored);
    for (size_t i = json_array_size(all); i > 0; i--) {
        json_t *one = json_array_get(all, i - 1);
        const char *state = json_string_value(json_object_get(one, "state"));
        for (size_t k = 0; state && k < ARRAY_LEN(open); k++)
            if (strcmp(state, open[k]) == 0)
                return json_incref(one);
    }
    return NULL;
}

/* What has become of it; owned by the caller (free). */
static char *tell(const json_t *generation, bool had_work)
{
    const char *id = json_string_value(json_object_get(generation, "id"));
    const char *state = json_string_value(json_object_get(generation, "state"));
    if (!had_work)
        return mem_strdup(
            id ? "nothing was interrupted; what waits to be confirmed waits on"
               : "nothing was interrupted: there is nothing to do");
    if (!id || !state)
        return mem_strdup(
            "the last change was complete; only what it had left to tidy up "
            "was done");
    if (strcmp(state, "rolling-back") == 0)
        return mem_printf(
            "the rollback of generation %s was interrupted; it is finished now", id);
    return mem_printf(
        "generation %s %s; it is taken back, and everything is as it was before "
        "it",
        id, strcmp(state, "unconfirmed") == 0 ? "was not confirmed" : "was interrupted");
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 0)
        return err_set(err, ERR_USAGE, "recover: what is '%s'? It takes options only",
                       argv[0]);
    if (state_need_root(cli, err) < 0)
        return -1;
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = state_opts(&cli, dir);
    opts.only_expired = cli_value(cli, "expired") != NULL;
    opts.files_only = cli_value(cli, "boot") != NULL;
    bool had_work = false;
    json_t *open CLEANUP(json_decrefp) = find_open(&opts);
    int rc = txn_recover(&opts, &had_work, err);
    progress_done(cli);
    if (rc < 0)
        return -1;
    CLEANUP(mem_freep) char *result = tell(open, had_work);
    if (cli->format == CLI_TEXT) {
        puts(result);
        return 0;
    }
    json_t *json CLEANUP(json_decrefp) =
        json_pack("{s:b, s:s, s:O*}", "recovered", had_work, "result", result,
                  "generation", json_object_get(open, "id"));
    cli_print_json(json);
    return 0;
}

static const struct cli_option options[] = {
    {"expired", NULL, "of what waits to be confirmed only that whose time is over"},
    {"boot", NULL, "before the daemons start: files only, nobody is told"},
    {NULL, NULL, NULL},
};

const struct command command_recover = {
    .name = "recover",
    .summary = "take back a change that a crash or a power cut interrupted",
    .usage = "",
    .examples = "  tlsharden recover\n"
                "  tlsharden recover --boot       before the servers start\n",
    .options = options,
    .run = run,
};
