/* Looks only; txn keeps the records. */
#include "cli/state.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define STATE_DIR "/var/lib/tlsharden"

char *state_dir(const struct cli *cli)
{
    return file_join(cli->root, STATE_DIR);
}

static bool is_pending(const json_t *generation)
{
    const char *state = json_string_value(json_object_get(generation, "state"));
    return state && strcmp(state, "pending") == 0;
}

void state_warn(const struct cli *cli)
{
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = {.root = cli->root, .state_dir = dir};
    struct err ignored = ERR_INIT;
    json_t *all CLEANUP(json_decrefp) = txn_history(&opts, &ignored);
    for (size_t i = 0; i < json_array_size(all); i++)
        if (is_pending(json_array_get(all, i)))
            fprintf(
                stderr,
                "tlsharden: warning: an earlier change was interrupted, so that what is "
                "there may be half of it: run tlsharden recover\n");
}

int state_need_root(const struct cli *cli, struct err *err)
{
    if (geteuid() == 0 || strcmp(cli->root, "/") != 0)
        return 0;
    return err_set(err, ERR_SYSTEM,
                   "%s: the host's configuration is root's: run it as root, or look at a "
                   "copy with --root",
                   cli->command->name);
}
