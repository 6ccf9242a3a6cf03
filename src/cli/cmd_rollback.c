/* tlsharden rollback: a generation, taken back. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "cli/clients.h"
#include "cli/progress.h"
#include "cli/state.h"

#define SETTLE_MS 10000
#define PAUSE_MS  200

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

/* --- who answers ----------------------------------------------------------------------------- */

/* The generation that is meant: `id`, or the last one in place. NULL: there is none, as the rollback will say. */
static struct plan *meant(const struct txn_opts *opts, const char *id)
{
    struct err ignored = ERR_INIT;
    json_t *all CLEANUP(json_decrefp) = txn_history(opts, &ignored);
    for (size_t i = json_array_size(all); !id && i > 0; i--) {
        const json_t *one = json_array_get(all, i - 1);
        const char *state = json_string_value(json_object_get(one, "state"));
        if (state &&
            (strcmp(state, "committed") == 0 || strcmp(state, "unconfirmed") == 0))
            id = json_string_value(json_object_get(one, "id"));
    }
    return id ? txn_show(id, opts, &ignored) : NULL;
}

/* The services of the plan that answer now. */
static void list_answering(const struct plan *plan, struct strv *ret)
{
    CLEANUP(strv_release) struct strv asked = STRV_INIT;
    for (size_t i = 0; plan && i < plan->endpoint_count; i++) {
        const char *service = plan->endpoints[i].service;
        if (strv_has(&asked, service))
            continue;
        strv_add(&asked, service);
        if (clients_reach(plan, service))
            strv_add(ret, service);
    }
}

/* Ports may have gone with the change; that none of a service's is left never is what was meant. */
static int still_answers(const struct plan *plan, const char *service, struct err *err)
{
    int64_t deadline = deadline_in(SETTLE_MS);
    while (!clients_reach(plan, service)) {
        if (deadline_left(deadline) == 0)
            return err_set(
                err, ERR_SYSTEM,
                "everything is taken back, but nobody answers at the ports of %s "
                "any more: see its log, and start it",
                service);
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
    return 0;
}

static int check_answering(const struct plan *plan, const struct strv *answered,
                           struct err *err)
{
    for (size_t i = 0; i < answered->count; i++)
        if (still_answers(plan, answered->items[i], err) < 0)
            return -1;
    return 0;
}

/* --- telling --------------------------------------------------------------------------------- */

/* How much is back, and who has read it again. */
static int tell(const struct cli *cli, const struct txn_opts *opts, unsigned generation)
{
    struct err ignored = ERR_INIT;
    json_t *all CLEANUP(json_decrefp) = txn_history(opts, &ignored), *one, *name;
    size_t files = 0, i, k;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    CLEANUP(buf_release) struct buf services = BUF_INIT;
    json_array_foreach(all, i, one)
    {
        const char *id = json_string_value(json_object_get(one, "id"));
        if (!id || strtoul(id, NULL, 10) != generation)
            continue;
        files = json_array_size(json_object_get(one, "files"));
        json_array_foreach(json_object_get(one, "services"), k, name)
            buf_addf(&services, "%s%s", k ? ", " : "", json_string_value(name));
    }
    buf_addf(&text, "taken back: %zu file%s of %s %s as before", files,
             files == 1 ? "" : "s", buf_str(&services), files == 1 ? "is" : "are");
    return state_tell(cli, generation,
                      cli->format == CLI_TEXT && files ? buf_str(&text) : "taken back");
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
    CLEANUP(plan_freep) struct plan *plan = state_is_host(cli) ? meant(&opts, id) : NULL;
    CLEANUP(strv_release) struct strv answered = STRV_INIT;
    list_answering(plan, &answered);
    unsigned generation = 0;
    int rc = txn_rollback(id, &opts, &generation, err);
    if (rc == 0)
        rc = check_answering(plan, &answered, err);
    progress_done(cli);
    if (rc < 0)
        return -1;
    CLEANUP(mem_freep) char *kept = mem_printf("%s/gen/%04u/kept", dir, generation);
    if (force.count && access(kept, F_OK) == 0)
        cli_say(cli, "what was edited is kept in %s", kept);
    return tell(cli, &opts, generation);
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
