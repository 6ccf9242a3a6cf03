/* tlsharden confirm: what apply --confirm has changed stays. */
#include "cli/cli.h"

#include "cli/progress.h"
#include "cli/state.h"

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 0)
        return err_set(err, ERR_USAGE, "confirm: what is '%s'? It takes options only",
                       argv[0]);
    if (state_need_root(cli, err) < 0)
        return -1;
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = state_opts(&cli, dir);
    unsigned generation = 0;
    int rc = txn_confirm(&opts, &generation, err);
    progress_done(cli);
    return rc < 0 ? -1 : state_tell(cli, generation, "confirmed");
}

const struct command command_confirm = {
    .name = "confirm",
    .summary = "keep what apply --confirm has changed",
    .usage = "",
    .run = run,
};
