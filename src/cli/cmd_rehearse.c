/* tlsharden rehearse: only that step. */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/planning.h"
#include "cli/progress.h"
#include "cli/proof.h"

static void print_result(const struct proof_result *r)
{
    CLEANUP(buf_release) struct buf clients = BUF_INIT;
    CLEANUP(mem_freep) char *without = proof_without(r);
    printf("%-12s %s", r->service, proof_word(r->result));
    if (r->result == PROOF_WORKS)
        printf(": %u endpoint%s proven", r->endpoints, r->endpoints == 1 ? "" : "s");
    else if (r->why)
        printf(": %s", r->why);
    if (without && r->result == PROOF_WORKS)
        printf(", without %s, which no rehearsal has", without);
    proof_clients_text(r, false, &clients);
    printf("\n%s", buf_str(&clients));
}

/* 0: every service that would be changed would work; 1: one would not; 4: one could not be tried. */
static int report(const struct cli *cli, const struct proof *proof)
{
    int status = 0;
    for (size_t i = 0; i < proof->result_count; i++) {
        const struct proof_result *r = &proof->results[i];
        if (r->result == PROOF_FAILS)
            status = 1;
        else if (r->result == PROOF_UNTRIED && status == 0)
            status = err_exit_status(ERR_SYSTEM);
        if (cli->format == CLI_TEXT)
            print_result(r);
    }
    json_t *all CLEANUP(json_decrefp) = proof_json(proof);
    if (cli->format == CLI_JSON)
        cli_print_json(all);
    else if (!proof->result_count)
        cli_say(cli, "nothing would be changed, so there is nothing to rehearse");
    return status;
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 0)
        return err_set(err, ERR_USAGE, "rehearse: what is '%s'? It takes options only",
                       argv[0]);
    CLEANUP(planning_release) struct planning p = PLANNING_INIT;
    if (planning_make(cli, &p, err) < 0)
        return -1;
    int status = planning_notes(cli, p.plan);
    if (status)
        return status;
    CLEANUP(proof_release)
    struct proof proof = {.cli = cli, .profile = p.profile, .plan = p.plan};
    proof_rehearse_all(&proof);
    progress_done(cli);
    return report(cli, &proof);
}

static const struct cli_option options[] = {
    {"exact", NULL, "do not keep what is stricter than the profile"},
    {NULL, NULL, NULL},
};

const struct command command_rehearse = {
    .name = "rehearse",
    .summary =
        "start the servers on the new files where nobody sees it, and nothing else",
    .usage = "",
    .examples = "  tlsharden rehearse --profile strict\n",
    .options = options,
    .run = run,
};
