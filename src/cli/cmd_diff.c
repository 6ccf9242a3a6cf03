/* tlsharden diff: the dry run. */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/planning.h"
#include "cli/saved_plan.h"
#include "cli/state.h"
#include "report/plan_json.h"

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 0)
        return err_set(err, ERR_USAGE, "diff: what is '%s'? It takes options only",
                       argv[0]);
    CLEANUP(planning_release) struct planning p = PLANNING_INIT;
    state_warn(cli);
    if (planning_make(cli, &p, err) < 0)
        return -1;
    if (cli->format == CLI_JSON) {
        json_t *json CLEANUP(json_decrefp) = plan_json(p.plan);
        cli_print_json(json);
    } else {
        planning_show(cli, p.plan);
    }
    int status = planning_notes(cli, p.plan);
    const char *out = cli_value(cli, "out");
    if (out && saved_plan_write(cli, &p, out, err) < 0)
        return -1;
    return status ? status : !plan_is_empty(p.plan);
}

static const struct cli_option options[] = {
    {"out", "FILE", "save the plan, for apply --plan"},
    {NULL, NULL, NULL},
};

const struct command command_diff = {
    .name = "diff",
    .summary = "show what apply would change, and change nothing",
    .usage = "",
    .examples = "  tlsharden diff --profile strict\n"
                "  tlsharden diff --service postfix,courier | less\n"
                "  tlsharden diff --root /srv/image --format json\n"
                "  tlsharden diff --out plan.json; tlsharden apply --plan plan.json\n",
    .options = options,
    .run = run,
};
