/* tlsharden profile: what profiles there are, what one says, and how two differ. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/profile.h"

static int list(const struct cli *cli, const char *dir, struct err *err)
{
    CLEANUP(strv_release) struct strv names = STRV_INIT;
    json_t *all CLEANUP(json_decrefp) = json_array();
    if (profile_names(dir, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(profile_releasep)
        struct profile *p = profile_load(names.items[i], dir, err);
        if (!p)
            return -1;
        if (cli->format == CLI_TEXT)
            printf("%-24s %s\n", p->name, p->title);
        else
            json_array_append_new(all,
                                  json_pack("{s:s, s:s, s:s}", "name", p->name, "title",
                                            p->title, "description", p->description));
    }
    if (cli->format == CLI_JSON)
        cli_print_json(all);
    return 0;
}

static int one(const struct cli *cli, const char *name, const char *dir,
               int (*act)(const struct cli *, const struct profile *, struct err *),
               struct err *err)
{
    CLEANUP(profile_releasep) struct profile *p = profile_load(name, dir, err);
    return p ? act(cli, p, err) : -1;
}

static int diff(const struct cli *cli, char **names, const char *dir, struct err *err)
{
    CLEANUP(profile_releasep) struct profile *a = profile_load(names[0], dir, err);
    CLEANUP(profile_releasep)
    struct profile *b = a ? profile_load(names[1], dir, err) : NULL;
    return b ? profile_diff(cli, a, b, err) : -1;
}

static int check(const struct cli *cli, int argc, char **argv, const char *dir,
                 struct err *err)
{
    CLEANUP(strv_release) struct strv names = STRV_INIT;
    bool all = cli_value(cli, "all") != NULL;
    if (all == (argc > 0))
        return err_set(err, ERR_USAGE, "profile check: say NAME|FILE... or --all");
    if (all && profile_names(dir, &names, err) < 0)
        return -1;
    for (int i = 0; i < argc; i++)
        strv_add(&names, argv[i]);
    return profile_check(cli, &names, dir, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    CLEANUP(mem_freep) char *dir = file_join(cli->datadir, "profiles");
    const char *what = argc > 0 ? argv[0] : "list";
    const char *which = argc == 2 ? argv[1] : cli->profile;
    if (strcmp(what, "list") == 0 && argc <= 1)
        return list(cli, dir, err);
    if (strcmp(what, "show") == 0 && argc <= 2)
        return one(cli, which, dir, profile_show, err);
    if (strcmp(what, "explain") == 0 && argc <= 2)
        return one(cli, which, dir, profile_explain, err);
    if (strcmp(what, "check") == 0)
        return check(cli, argc - 1, argv + 1, dir, err);
    if (strcmp(what, "diff") == 0 && argc == 3)
        return diff(cli, argv + 1, dir, err);
    return err_set(
        err, ERR_USAGE,
        "profile: say list, show [NAME|FILE], explain [NAME|FILE], diff A B or check "
        "NAME|FILE...");
}

static const struct cli_option options[] = {
    {"scope", "SCOPE", "show, explain, diff: of a service, role or virtual host"},
    {"origin", NULL, "show: which file and line sets each value"},
    {"all", NULL, "check: every shipped profile"},
    {"for", "LIB=VERSION,...",
     "check: by these versions' tables, not this host's libraries"},
    {NULL, NULL, NULL},
};

const struct command command_profile = {
    .name = "profile",
    .summary = "list, show, explain, compare and check profiles",
    .usage = "list | show [NAME] | explain [NAME] | diff A B | check NAME...",
    .examples = "  tlsharden profile list\n"
                "  tlsharden profile show strict --format json\n"
                "  tlsharden profile show ./mine.json --scope postfix.inbound --origin\n"
                "  tlsharden profile explain bsi-tr-02102-2\n"
                "  tlsharden profile diff strict cnsa2\n"
                "  tlsharden profile check ./mine.json\n"
                "  tlsharden profile check --all --for openssl=1.1.1,gnutls=3.8.9\n",
    .options = options,
    .run = run,
};
