/*
 * tlsharden apply: plan, show, ask, and hand over to the transaction.
 *
 * An earlier change that was interrupted is taken back before the plan is made: a plan must not be
 * built on half of another one.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/planning.h"
#include "cli/progress.h"
#include "cli/proof.h"
#include "cli/saved_plan.h"
#include "cli/state.h"
#include "cli/waiter.h"
#include "report/plan_json.h"

#define MAX_SECONDS 86400
#define MAX_KEEP    99999999

static int take_seconds(const struct cli *cli, unsigned *ret, struct err *err)
{
    return state_number(cli, "confirm", MAX_SECONDS, ret, err);
}

static int recover_first(const struct cli *cli, struct err *err)
{
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = state_opts(&cli, dir);
    bool had_work = false;
    opts.only_expired = true; /* what waits to be confirmed is told by the transaction */
    int rc = txn_recover(&opts, &had_work, err);
    if (had_work && rc == 0)
        cli_say(cli, "an earlier change was interrupted; it has been taken back first");
    return rc;
}

/* True unless somebody at a terminal says no. */
static bool is_agreed(const struct cli *cli)
{
    if (cli_value(cli, "yes") || !isatty(STDIN_FILENO) || !cli->terminal)
        return true;
    char answer[16] = "";
    fflush(stdout);
    fputs("Apply these changes? [y/N] ", stderr);
    return fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y');
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static char *other_root(const struct cli *cli)
{
    return state_is_host(cli) ? mem_strdup("") : mem_printf(" --root %s", cli->root);
}

static void tell_rehearsal(const struct cli *cli, const struct proof_result *r)
{
    CLEANUP(mem_freep) char *without = proof_without(r);
    if (r->result == PROOF_UNTRIED)
        cli_say(cli, "%s: not rehearsed: %s", r->service, r->why);
    else if (without)
        cli_say(cli, "%s: rehearsed without %s, which no rehearsal has", r->service,
                without);
}

static void tell_success(const struct cli *cli, const struct proof *proof,
                         unsigned generation)
{
    for (size_t i = 0; cli->verbose && i < proof->result_count; i++)
        tell_rehearsal(cli, &proof->results[i]);
    CLEANUP(buf_release) struct buf clients = BUF_INIT;
    for (size_t i = 0; i < proof->result_count; i++)
        proof_clients_text(&proof->results[i], !cli->verbose, &clients);
    if (clients.len && !cli->quiet)
        printf("what clients can negotiate, before -> now:\n%s", buf_str(&clients));
    printf("applied as generation %04u", generation);
    if (proof->endpoints)
        printf("; %u endpoint%s proven by handshake", proof->endpoints,
               plural(proof->endpoints));
    if (proof->soft)
        cli_say(cli, "some listeners allow groups or signature schemes beyond the "
                     "profile, for which "
                     "they have no setting: tlsharden verify tells which");
    CLEANUP(mem_freep) char *root = other_root(cli);
    printf("; to take it back: tlsharden%s rollback\n", root);
}

static void print_json(const struct plan *plan, const char *result, unsigned generation,
                       const struct proof *proof)
{
    json_t *json CLEANUP(json_decrefp) = plan_json(plan);
    json_object_set_new(json, "result", json_string(result));
    if (generation) {
        char id[16];
        snprintf(id, sizeof id, "%04u", generation);
        json_object_set_new(json, "generation", json_string(id));
        json_object_set_new(json, "endpoints_proven",
                            json_integer((json_int_t)proof->endpoints));
        json_object_set_new(json, "rehearsal", proof_json(proof));
    }
    cli_print_json(json);
}

static int read_rehearsal(const struct cli *cli, struct proof *proof, struct err *err)
{
    const char *word = cli_value(cli, "rehearse");
    if (!word || strcmp(word, "auto") == 0)
        proof->rehearsal = PROOF_AUTO;
    else if (strcmp(word, "required") == 0)
        proof->rehearsal = PROOF_REQUIRED;
    else if (strcmp(word, "never") == 0)
        proof->rehearsal = PROOF_NEVER;
    else
        return err_set(err, ERR_USAGE,
                       "--rehearse: '%s' is none of auto, required, never", word);
    return 0;
}

/* --- carrying out ------------------------------------------------------------------------ */

static int await(void *ctx, struct err *err)
{
    const struct proof *proof = ctx;
    unsigned seconds = 0;
    if (take_seconds(proof->cli, &seconds, err) < 0)
        return -1;
    return waiter_start(proof->cli, seconds, err);
}

/* At once: who says no does not want to wait for the deadline. Who waits for it may be at it already. */
static int take_back(const struct cli *cli, struct err *err)
{
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = state_opts(&cli, dir);
    bool had_work = false;
    int rc = txn_recover(&opts, &had_work, err);
    progress_done(cli);
    if (rc < 0)
        return err_context(err, "it was not confirmed, and goes back");
    return err_set(err, ERR_ROLLED_BACK,
                   "it was not confirmed; everything is back as it was");
}

/* A terminal is asked; a script goes on and runs `tlsharden confirm`. */
static int see_to_confirmation(const struct cli *cli, unsigned seconds, struct err *err)
{
    CLEANUP(mem_freep) char *root = other_root(cli);
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = state_opts(&cli, dir);
    unsigned generation = 0;
    cli_say(cli, "it goes back in %u s unless you run: tlsharden%s confirm", seconds,
            root);
    if (!cli->terminal || !isatty(STDIN_FILENO))
        return 0;
    fflush(stdout);
    if (waiter_ask(seconds))
        return txn_confirm(&opts, &generation, err) < 0
                   ? -1
                   : state_tell(cli, generation, "confirmed");
    return take_back(cli, err);
}

static int carry_out(const struct cli *cli, const struct planning *p, struct err *err)
{
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    CLEANUP(proof_release)
    struct proof proof = {.cli = cli, .profile = p->profile, .plan = p->plan};
    if (read_rehearsal(cli, &proof, err) < 0)
        return -1;
    struct txn_opts opts = state_opts(&cli, dir);
    opts.rehearse = proof_rehearse;
    opts.verify = proof_verify;
    opts.progress = proof_progress;
    opts.await = await;
    opts.ctx = &proof;
    unsigned generation = 0;
    if (take_seconds(cli, &opts.confirm_seconds, err) < 0 ||
        state_number(cli, "keep", MAX_KEEP, &opts.keep, err) < 0)
        return -1;
    int rc = txn_apply(p->plan, &opts, &generation, err);
    progress_done(cli);
    if (rc < 0)
        return -1;
    if (cli->format == CLI_JSON)
        print_json(p->plan, opts.confirm_seconds ? "unconfirmed" : "applied", generation,
                   &proof);
    else
        tell_success(cli, &proof, generation);
    return opts.confirm_seconds ? see_to_confirmation(cli, opts.confirm_seconds, err) : 0;
}

/* What there is to say when nothing is to be carried out. */
static int stop(const struct cli *cli, const struct plan *plan, const char *result,
                int status)
{
    if (cli->format == CLI_JSON)
        print_json(plan, result, 0, NULL);
    return status;
}

/* With --verify the running servers are held against the profile even so. */
static int nothing_to_change(const struct cli *cli, const struct planning *p)
{
    CLEANUP(proof_release)
    struct proof proof = {.cli = cli, .profile = p->profile, .plan = p->plan};
    struct err why = ERR_INIT;
    if (!cli_value(cli, "verify"))
        return stop(cli, p->plan, "nothing to change", 0);
    if (proof_running(&proof, &why) < 0) {
        cli_warn("%s", why.text);
        return stop(cli, p->plan, "does not conform", 1);
    }
    cli_say(cli, "%u endpoint%s proven by handshake", proof.endpoints,
            plural(proof.endpoints));
    return stop(cli, p->plan, "nothing to change", 0);
}

static int apply(const struct cli *cli, const struct planning *p, struct err *err)
{
    bool dry = cli_value(cli, "dry-run") != NULL;
    if (cli->format == CLI_TEXT && planning_show(cli, p->plan, NULL, err) < 0)
        return -1;
    int status = planning_notes(cli, p->plan);
    if (status)
        return stop(cli, p->plan, "refused", status);
    if (plan_is_empty(p->plan))
        return dry ? stop(cli, p->plan, "nothing to change", 0)
                   : nothing_to_change(cli, p);
    if (dry)
        return stop(cli, p->plan, "dry run", 1);
    if (!is_agreed(cli)) {
        cli_say(cli, "nothing was changed");
        return stop(cli, p->plan, "declined", 0);
    }
    return carry_out(cli, p, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 0)
        return err_set(err, ERR_USAGE, "apply: what is '%s'? It takes options only",
                       argv[0]);
    CLEANUP(planning_release) struct planning p = PLANNING_INIT;
    unsigned unused = 0; /* slips are told before anything is looked at */
    if (take_seconds(cli, &unused, err) < 0 ||
        state_number(cli, "keep", MAX_KEEP, &unused, err) < 0)
        return -1;
    if (cli_value(cli, "dry-run"))
        state_warn(cli);
    else if (state_need_root(cli, err) < 0 || recover_first(cli, err) < 0)
        return -1;
    const char *saved = cli_value(cli, "plan");
    int rc = saved ? saved_plan_read(cli, saved, &p, err) : planning_make(cli, &p, err);
    return rc < 0 ? -1 : apply(cli, &p, err);
}

static const struct cli_option options[] = {
    {"exact", NULL, "do not keep what is stricter than the profile"},
    {"yes", NULL, "do not ask, not even at a terminal"},
    {"dry-run", NULL, "stop before anything is changed; ends like diff"},
    {"rehearse", "auto|required|never",
     "try on the real daemons first; required: or do nothing"},
    {"verify", NULL, "hold the running servers against it even if nothing is to change"},
    {"plan", "FILE", "carry out what diff --out has saved, exactly that or nothing"},
    {"confirm", "SECONDS", "take it back unless tlsharden confirm is run in time"},
    {"keep", "N", "forget all but the last N generations"},
    {NULL, NULL, NULL},
};

const struct command command_apply = {
    .name = "apply",
    .summary = "change this host's servers to the profile, all of them or none",
    .usage = "",
    .examples = "  tlsharden apply --profile strict\n"
                "  tlsharden apply --profile intermediate --service postfix --dry-run\n"
                "  tlsharden apply --yes          in a script at first boot\n",
    .options = options,
    .run = run,
};
