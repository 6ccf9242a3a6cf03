/* tlsharden rollback: a generation, taken back. */
#include "cli/cli.h"

#include "cli/progress.h"
#include "cli/state.h"

/* [ID] and files, in any order: a path begins with a slash. */
static int take_arguments(const struct cli *cli, int argc, char **argv,
                          const char **ret_id, struct strv *force, struct err *err)
{
    const char *first = cli_value(cli, "force");
    if (first)
        strv_add(force, first);
    for (int i = 0; i < argc; i++) {
        if (argv[i][0] == '/' && first)
            strv_add(force, argv[i]);
        else if (argv[i][0] == '/')
            return err_set(err, ERR_USAGE, "rollback: '%s': say --force before a file",
                           argv[i]);
        else if (*ret_id)
            return err_set(err, ERR_USAGE, "rollback: one generation at a time");
        else
            *ret_id = argv[i];
    }
    return 0;
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    CLEANUP(strv_release) struct strv force = STRV_INIT;
    const char *id = NULL;
    if (take_arguments(cli, argc, argv, &id, &force, err) < 0 ||
        state_need_root(cli, err) < 0)
        return -1;
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = state_opts(&cli, dir);
    opts.force = &force;
    unsigned generation = 0;
    int rc = txn_rollback(id, &opts, &generation, err);
    progress_done(cli);
    if (rc < 0)
        return -1;
    for (size_t i = 0; i < force.count; i++)
        cli_say(cli, "'%s': an edited version would be in %s/gen/%04u/kept",
                force.items[i], dir, generation);
    return state_tell(cli, generation, "taken back");
}

static const struct cli_option options[] = {
    {"force", "FILE", "take this file back even if it was edited since; more may follow"},
    {NULL, NULL, NULL},
};

const struct command command_rollback = {
    .name = "rollback",
    .summary = "take the last change back, byte for byte",
    .usage = "[ID]",
    .examples = "  tlsharden rollback\n"
                "  tlsharden history; tlsharden rollback 0003\n"
                "  tlsharden rollback --force /etc/postfix/main.cf\n",
    .options = options,
    .run = run,
};
