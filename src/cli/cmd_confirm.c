/* tlsharden confirm: what apply --confirm has changed stays. */
#include "cli/cli.h"

#include "cli/planning.h"
#include "cli/progress.h"
#include "cli/proof.h"
#include "cli/state.h"

/* 0 when the running servers conform, 1 when one does not, -1 when that cannot be found out. */
static int verify(const struct cli *cli, struct err *err)
{
    CLEANUP(planning_release) struct planning p = PLANNING_INIT;
    if (planning_make(cli, &p, err) < 0)
        return -1;
    CLEANUP(proof_release)
    struct proof proof = {.cli = cli, .profile = p.profile, .plan = p.plan};
    struct err why = ERR_INIT;
    if (proof_running(&proof, &why) == 0)
        return 0;
    cli_warn("not confirmed: %s", why.text);
    return 1;
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 0)
        return err_set(err, ERR_USAGE, "confirm: what is '%s'? It takes options only",
                       argv[0]);
    if (state_need_root(cli, err) < 0)
        return -1;
    int rc = cli_value(cli, "verify") ? verify(cli, err) : 0;
    if (rc != 0)
        return rc;
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = state_opts(&cli, dir);
    unsigned generation = 0;
    rc = txn_confirm(&opts, &generation, err);
    progress_done(cli);
    return rc < 0 ? -1 : state_tell(cli, generation, "confirmed");
}

static const struct cli_option options[] = {
    {"verify", NULL, "only when the running servers conform to the profile"},
    {NULL, NULL, NULL},
};

const struct command command_confirm = {
    .name = "confirm",
    .summary = "keep what apply --confirm has changed",
    .usage = "",
    .examples = "  tlsharden apply --confirm 300; tlsharden confirm\n"
                "  tlsharden confirm --verify --profile modern\n",
    .options = options,
    .run = run,
};
