/* tlsharden recover: finishes what an interrupted run left behind. */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/progress.h"
#include "cli/state.h"

static void say(void *ctx, const char *text)
{
    const struct cli *const *cli = ctx;
    progress(*cli, "%s", text);
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 0)
        return err_set(err, ERR_USAGE, "recover: what is '%s'? It takes options only",
                       argv[0]);
    if (state_need_root(cli, err) < 0)
        return -1;
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = {
        .root = cli->root, .state_dir = dir, .progress = say, .ctx = &cli};
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

const struct command command_recover = {
    .name = "recover",
    .summary = "take back a change that a crash or a power cut interrupted",
    .usage = "",
    .run = run,
};
