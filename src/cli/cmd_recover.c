/* tlsharden recover: finishes what an interrupted run left behind. */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/progress.h"
#include "cli/state.h"

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
    int rc = txn_recover(&opts, &had_work, err);
    progress_done(cli);
    if (rc < 0)
        return -1;
    const char *result =
        had_work ? "an interrupted change was taken back" : "nothing was interrupted";
    if (cli->format == CLI_TEXT) {
        puts(result);
        return 0;
    }
    json_t *json CLEANUP(json_decrefp) =
        json_pack("{s:b, s:s}", "recovered", had_work, "result", result);
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
