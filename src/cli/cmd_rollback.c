/* tlsharden rollback: the last generation, taken back. */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/progress.h"
#include "cli/state.h"

static void say(void *ctx, const char *text)
{
    const struct cli *const *cli = ctx;
    progress(*cli, "%s", text);
}

static void tell(const struct cli *cli, unsigned generation)
{
    char id[16];
    snprintf(id, sizeof id, "%04u", generation);
    if (cli->format == CLI_TEXT) {
        printf("generation %s is taken back\n", id);
        return;
    }
    json_t *json CLEANUP(json_decrefp) =
        json_pack("{s:s, s:s}", "generation", id, "result", "rolled back");
    cli_print_json(json);
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 1)
        return err_set(err, ERR_USAGE, "rollback: one generation at a time");
    if (state_need_root(cli, err) < 0)
        return -1;
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = {
        .root = cli->root, .state_dir = dir, .progress = say, .ctx = &cli};
    unsigned generation = 0;
    int rc = txn_rollback(argc ? argv[0] : NULL, &opts, &generation, err);
    progress_done(cli);
    if (rc < 0)
        return -1;
    tell(cli, generation);
    return 0;
}

const struct command command_rollback = {
    .name = "rollback",
    .summary = "take the last change back, byte for byte",
    .usage = "[ID]",
    .examples = "  tlsharden rollback\n"
                "  tlsharden history; tlsharden rollback 0003\n",
    .run = run,
};
