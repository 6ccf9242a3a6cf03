/* tlsharden history: which changes were made, and what has become of them. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "cli/pager.h"
#include "cli/state.h"
#include "report/plan_diff.h"
#include "report/plan_json.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void print_services(const json_t *services)
{
    for (size_t i = 0; i < json_array_size(services); i++)
        printf("%s%s", i ? ", " : "", json_string_value(json_array_get(services, i)));
}

/* Why it went back, unless somebody asked for it; damage is told with what to do. */
static void print_cause(const json_t *one)
{
    const char *cause = text_of(one, "cause");
    if (*cause && strcmp(cause, "rolled back") != 0 &&
        strcmp(text_of(one, "state"), "damaged") != 0)
        printf(" (%s)", cause);
}

static void print_all(const json_t *all)
{
    json_t *one;
    size_t i;
    if (json_array_size(all))
        printf("%-8s  %-20s  %-14s  %-11s  %s\n", "ID", "TIME", "PROFILE", "STATE",
               "SERVICES");
    json_array_foreach(all, i, one)
    {
        printf("%-8s  %-20s  %-14s  %-11s  ", text_of(one, "id"), text_of(one, "time"),
               text_of(one, "profile"), text_of(one, "state"));
        print_services(json_object_get(one, "services"));
        print_cause(one);
        putchar('\n');
    }
}

static int list(const struct cli *cli, struct err *err)
{
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = state_opts(&cli, dir);
    json_t *all CLEANUP(json_decrefp) = txn_history(&opts, err);
    if (!all)
        return -1;
    if (cli->format == CLI_JSON)
        cli_print_json(all);
    else
        print_all(all);
    if (cli->format == CLI_TEXT && !json_array_size(all))
        cli_say(cli, "nothing has been changed here yet");
    if (cli->format == CLI_TEXT)
        state_warn(cli); /* what waits for somebody, and what to do */
    return 0;
}

static int show(const struct cli *cli, const char *id, struct err *err)
{
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = state_opts(&cli, dir);
    CLEANUP(plan_freep) struct plan *plan = txn_show(id, &opts, err);
    if (!plan)
        return -1;
    pager_start(cli);
    if (cli->format == CLI_JSON) {
        json_t *json CLEANUP(json_decrefp) = plan_json(plan);
        cli_print_json(json);
        return 0;
    }
    CLEANUP(buf_release) struct buf diff = BUF_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    plan_diff(plan, &diff);
    plan_diff_paint(bytes_buf(&diff), cli->color, cli->shown, &text);
    fwrite(buf_str(&text), 1, text.len, stdout);
    return 0;
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc == 0)
        return list(cli, err);
    if (strcmp(argv[0], "show") == 0 && argc == 2)
        return show(cli, argv[1], err);
    return err_set(err, ERR_USAGE,
                   "history: it lists by itself, or shows one: history show ID");
}

const struct command command_history = {
    .name = "history",
    .summary = "list the changes that were made, or show one",
    .usage = "[show ID]",
    .examples = "  tlsharden history\n"
                "  tlsharden history show 0003\n",
    .run = run,
};
