/* tlsharden history: which changes were made, and what has become of them. */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/state.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void print_services(const json_t *services)
{
    for (size_t i = 0; i < json_array_size(services); i++)
        printf("%s%s", i ? ", " : "", json_string_value(json_array_get(services, i)));
    putchar('\n');
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
    }
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 0)
        return err_set(err, ERR_USAGE, "history: what is '%s'? It takes options only",
                       argv[0]);
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = {.root = cli->root, .state_dir = dir};
    json_t *all CLEANUP(json_decrefp) = txn_history(&opts, err);
    if (!all)
        return -1;
    if (cli->format == CLI_JSON)
        cli_print_json(all);
    else
        print_all(all);
    if (cli->format == CLI_TEXT && !json_array_size(all))
        cli_say(cli, "nothing has been changed here yet");
    return 0;
}

const struct command command_history = {
    .name = "history",
    .summary = "list the changes that were made",
    .usage = "",
    .run = run,
};
