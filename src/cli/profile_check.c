/*
 * tlsharden profile check: does it load, and can the TLS libraries of this host (or those named) do
 * it? That a library can't is told, and is no error: another host's may.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/libraries.h"
#include "cli/profile.h"
#include "service/scopes.h"

/* What is dropped though it may be, in words; owned, "" when nothing is. */
static char *dropped(const struct grants *g)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    for (size_t i = 0; i < g->count; i++)
        if (g->items[i].verdict == GRANT_DROPPED)
            buf_addf(&text, "%s%s", text.len ? ", " : " without ", g->items[i].name);
    return text.len ? buf_take(&text) : mem_strdup("");
}

/* One scope on one library: adds a result. */
static void ask(const struct profile *p, const char *scope, const struct library *l,
                json_t *ret)
{
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    CLEANUP(native_release) struct native native = NATIVE_INIT;
    CLEANUP(grants_release) struct grants grants = GRANTS_INIT;
    struct err err = ERR_INIT;
    bool ok = profile_policy(p, scope, &policy, &err) == 0 &&
              dialect_translate(l, &policy, &native, &grants, &err) == 0 &&
              grants_check(&grants, &err) == 0;
    CLEANUP(mem_freep) char *without = dropped(&grants);
    json_array_append_new(
        ret, json_pack("{s:s, s:s, s:s, s:b, s:s}", "scope", scope ? scope : "",
                       "library", dialect_name(l->kind), "version", l->version,
                       "satisfiable", (int)ok, "text", ok ? without : err.text));
}

static json_t *ask_all(const struct profile *p, const struct libraries *libraries)
{
    json_t *ret = json_array();
    for (size_t i = 0; i < libraries->count; i++) {
        const char *scope;
        json_t *body;
        ask(p, NULL, &libraries->items[i], ret);
        json_object_foreach(json_object_get(p->effective, "scopes"), scope, body)
        {
            ask(p, scope, &libraries->items[i], ret);
        }
    }
    return ret;
}

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void print_results(const char *name, const json_t *results)
{
    size_t i;
    json_t *v;
    printf("%s: ok\n", name);
    json_array_foreach(results, i, v)
    {
        bool ok = json_is_true(json_object_get(v, "satisfiable"));
        printf("  %s %s%s%s: %s%s\n", text(v, "library"), text(v, "version"),
               *text(v, "scope") ? ", " : "", text(v, "scope"), ok ? "granted" : "",
               text(v, "text"));
    }
}

/* -1 with `err` set: it doesn't load. */
static int check_one(const struct cli *cli, const char *name, const char *dir,
                     const struct service_list *services,
                     const struct libraries *libraries, json_t *all, struct err *err)
{
    CLEANUP(profile_releasep) struct profile *p = profile_load(name, dir, err);
    if (!p || scopes_check(services, p, err) < 0)
        return -1;
    json_t *results CLEANUP(json_decrefp) = ask_all(p, libraries);
    if (cli->format == CLI_TEXT)
        print_results(name, results);
    else
        json_object_set(all, name, results);
    return 0;
}

int profile_check(const struct cli *cli, const struct strv *names, const char *dir,
                  struct err *err)
{
    CLEANUP(libraries_release) struct libraries libraries = LIBRARIES_INIT;
    CLEANUP(service_list_release) struct service_list services = SERVICE_LIST_INIT;
    json_t *all CLEANUP(json_decrefp) = json_object();
    struct err first = ERR_INIT;
    if (libraries_find(cli_value(cli, "for"), &libraries, err) < 0 ||
        service_list_load(cli->datadir, &services, err) < 0)
        return -1;
    for (size_t i = 0; i < names->count; i++) {
        struct err one = ERR_INIT;
        if (check_one(cli, names->items[i], dir, &services, &libraries, all, &one) == 0)
            continue;
        if (first.kind != ERR_NONE)
            cli_warn("%s", one.text);
        else
            first = one;
    }
    if (cli->format == CLI_JSON)
        cli_print_json(all);
    if (first.kind == ERR_NONE)
        return 0;
    *err = first;
    return -1;
}
