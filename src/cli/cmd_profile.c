/* tlsharden profile: what profiles there are, and what one says. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "policy/profile.h"

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
            printf("%-14s %s\n", p->name, p->title);
        else
            json_array_append_new(all,
                                  json_pack("{s:s, s:s, s:s}", "name", p->name, "title",
                                            p->title, "description", p->description));
    }
    if (cli->format == CLI_JSON)
        cli_print_json(all);
    return 0;
}

static void print_list(const char *title, const json_t *list)
{
    size_t i;
    json_t *v;
    json_array_foreach(list, i, v)
        printf("%-22s %s\n", i == 0 ? title : "", json_string_value(v));
}

static void print_settings(const json_t *tree, const char *prefix)
{
    void *iter = NULL;
    json_t *object = json_deep_copy(tree);
    for (iter = json_object_iter(object); iter;
         iter = json_object_iter_next(object, iter)) {
        const json_t *v = json_object_iter_value(iter);
        CLEANUP(mem_freep)
        char *name = mem_printf("%s.%s", prefix, json_object_iter_key(iter));
        if (json_is_object(v)) {
            print_settings(v, name);
        } else if (json_is_array(v)) {
            print_list(name, v);
        } else {
            char *text = json_dumps(v, JSON_ENCODE_ANY);
            printf("%-34s %s\n", name, text ? text : "");
            mem_freep(&text);
        }
    }
    json_decref(object);
}

static int show(const struct cli *cli, const char *name, const char *dir, struct err *err)
{
    static const char *const sections[] = {"certificate", "dh",   "http",
                                           "smtp",        "imap", "ldap"};
    CLEANUP(profile_releasep) struct profile *p = profile_load(name, dir, err);
    if (!p)
        return -1;
    const json_t *all = profile_effective(p), *tls = json_object_get(all, "tls");
    if (cli->format == CLI_JSON) {
        cli_print_json(all);
        return 0;
    }
    printf("%s: %s\n\n%s\n\n", p->name, p->title, p->description);
    print_list("protocols", json_object_get(tls, "protocols"));
    print_list("suites", json_object_get(tls, "suites"));
    print_list("groups", json_object_get(tls, "groups"));
    print_list("signature algorithms", json_object_get(tls, "signature_algorithms"));
    print_list("optional", json_object_get(tls, "optional"));
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        print_settings(json_object_get(all, sections[i]), sections[i]);
    print_list("references", json_object_get(all, "references"));
    return 0;
}

static int check(int argc, char **argv, const char *dir, struct err *err)
{
    for (int i = 0; i < argc; i++) {
        CLEANUP(profile_releasep) struct profile *p = profile_load(argv[i], dir, err);
        if (!p)
            return -1;
        printf("%s: ok\n", argv[i]);
    }
    return 0;
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    CLEANUP(mem_freep) char *dir = file_join(cli->datadir, "profiles");
    const char *what = argc > 0 ? argv[0] : "list";
    if (strcmp(what, "list") == 0 && argc <= 1)
        return list(cli, dir, err);
    if (strcmp(what, "show") == 0 && argc <= 2)
        return show(cli, argc == 2 ? argv[1] : cli->profile, dir, err);
    if (strcmp(what, "check") == 0 && argc >= 2)
        return check(argc - 1, argv + 1, dir, err);
    return err_set(err, ERR_USAGE,
                   "profile: say list, show [NAME|FILE] or check NAME|FILE...");
}

const struct command command_profile = {
    .name = "profile",
    .summary = "list, show and check profiles",
    .usage = "list | show [NAME|FILE] | check NAME|FILE...",
    .examples = "  tlsharden profile list\n"
                "  tlsharden profile show strict --format json\n"
                "  tlsharden profile check ./mine.json\n",
    .run = run,
};
