/* tlsharden diff: the dry run. */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/pager.h"
#include "cli/planning.h"
#include "cli/saved_plan.h"
#include "cli/state.h"
#include "report/plan_json.h"

/* Adds "why" to the files and entries of a plan's JSON. */
static int add_reasons(struct reasoning *r, const struct plan *plan, json_t *json,
                       struct err *err)
{
    json_t *files = json_object_get(json, "files");
    json_t *entries = json_object_get(json, "entries");
    for (size_t i = 0; i < plan->file_count; i++) {
        json_t *why = reasoning_file(r, &plan->files[i], err);
        if (!why)
            return -1;
        json_object_set_new(json_array_get(files, i), "why", why);
    }
    for (size_t i = 0; i < plan->entry_count; i++) {
        json_t *why = reasoning_entry(r, &plan->entries[i], err);
        if (!why)
            return -1;
        json_object_set_new(json_array_get(entries, i), "why", why);
    }
    return 0;
}

static int show(const struct cli *cli, const struct planning *p, struct err *err)
{
    CLEANUP(reasoning_release) struct reasoning reasoning = REASONING_INIT;
    bool explain = cli_value(cli, "explain") != NULL;
    reasoning_start(&p->services, &reasoning);
    if (cli->format == CLI_TEXT)
        return planning_show(cli, p->plan, explain ? &reasoning : NULL, err);
    json_t *json CLEANUP(json_decrefp) = plan_json(p->plan);
    if (explain && add_reasons(&reasoning, p->plan, json, err) < 0)
        return -1;
    cli_print_json(json);
    return 0;
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 0)
        return err_set(err, ERR_USAGE, "diff: what is '%s'? It takes options only",
                       argv[0]);
    CLEANUP(planning_release) struct planning p = PLANNING_INIT;
    state_warn(cli);
    if (planning_make(cli, &p, err) < 0)
        return -1;
    pager_start(cli);
    if (show(cli, &p, err) < 0)
        return -1;
    int status = planning_notes(cli, p.plan);
    const char *out = cli_value(cli, "out");
    if (out && saved_plan_write(cli, &p, out, err) < 0)
        return -1;
    return status ? status : !plan_is_empty(p.plan);
}

static const struct cli_option options[] = {
    {"exact", NULL, "do not keep what is stricter than the profile"},
    {"explain", NULL, "say why each setting is changed, and where that stands"},
    {"out", "FILE", "save the plan, for apply --plan"},
    {NULL, NULL, NULL},
};

const struct command command_diff = {
    .name = "diff",
    .summary = "show what apply would change, and change nothing",
    .usage = "",
    .examples = "  tlsharden diff --profile strict\n"
                "  tlsharden diff --service postfix,courier\n"
                "  tlsharden diff --explain --service apache\n"
                "  tlsharden diff --root /srv/image --format json\n"
                "  tlsharden diff --out plan.json; tlsharden apply --plan plan.json\n",
    .options = options,
    .run = run,
};
