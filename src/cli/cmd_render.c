/*
 * tlsharden render: a profile in the services' own words, with no host at all.
 *
 * What is shown is what apply would write over each service's stock configuration, so that there is one way
 * from a profile to a file and not a second one for show.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/planning.h"
#include "dialect/dialect.h"
#include "format/lines.h"
#include "plan/build.h"
#include "report/plan_text.h"
#include "service/scopes.h"

/* --- which services -------------------------------------------------------------------------- */

static bool is_library(const char *name)
{
    enum dialect_kind kind;
    return dialect_by_name(name, &kind);
}

/* Every word of --for is NAME=VERSION, and each NAME a service or a library; services are added. */
static int read_for(const struct service_list *all, const char *list, struct strv *ret,
                    struct err *err)
{
    CLEANUP(mem_freep) char *copy = mem_strdup(list);
    char *state = NULL;
    for (char *word = copy ? strtok_r(copy, ",", &state) : NULL; word;
         word = strtok_r(NULL, ",", &state)) {
        char *equals = strchr(word, '=');
        if (!equals || equals == word || !equals[1] ||
            equals[1 + strspn(equals + 1, "0123456789.abcdefghijklmnopqrstuvwxyz")])
            return err_set(err, ERR_USAGE, "--for: '%s' is not NAME=VERSION", word);
        *equals = '\0';
        if (service_list_find(all, word))
            strv_add(ret, word);
        else if (!is_library(word))
            return err_set(err, ERR_USAGE,
                           "--for: '%s' is neither a service nor openssl or gnutls",
                           word);
    }
    return 0;
}

/* Those of --service, or those of --for, or all. */
static bool is_asked(const struct cli *cli, const struct strv *listed, const char *name)
{
    if (cli->services.count)
        return strv_has(&cli->services, name);
    return !listed->count || strv_has(listed, name);
}

static int check_services(const struct cli *cli, const struct service_list *all,
                          struct err *err)
{
    for (size_t i = 0; i < cli->services.count; i++)
        if (!service_list_need(all, cli->services.items[i], err))
            return -1;
    return 0;
}

/* --- results --------------------------------------------------------------------------------- */

static void print_text(const struct plan *plan)
{
    const struct plan_service *s = &plan->services[0];
    for (size_t i = 0; i < plan->file_count; i++) {
        const struct plan_file *f = &plan->files[i];
        printf("%s# %s: %s (%s, %s)\n", i ? "\n" : "", s->name, f->path, s->version,
               s->library);
        if (f->kind == PLAN_SYMLINK)
            printf("# a link to ");
        fwrite(buf_str(&f->after), 1, f->after.len, stdout);
        if (f->after.len && f->after.data[f->after.len - 1] != '\n')
            putchar('\n');
    }
}

static json_t *to_json(const struct plan *plan)
{
    const struct plan_service *s = &plan->services[0];
    json_t *files = json_object(), *links = json_object();
    for (size_t i = 0; i < plan->file_count; i++) {
        const struct plan_file *f = &plan->files[i];
        text_json_set(f->kind == PLAN_SYMLINK ? links : files, bytes_str(f->path),
                      text_json(bytes_buf(&f->after)));
    }
    return json_pack("{s:s, s:s, s:s, s:O, s:o, s:o}", "service", s->name, "version",
                     s->version, "library", s->library, "grants", s->grants, "files",
                     files, "links", links);
}

static int write_file(const char *dir, const struct plan_file *f, struct err *err)
{
    CLEANUP(mem_freep) char *path = file_join(dir, f->path);
    CLEANUP(mem_freep)
    char *parent = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
    if (file_mkdirs(parent, 0755, err) < 0)
        return -1;
    if (f->kind == PLAN_SYMLINK)
        return symlink(buf_str(&f->after), path) < 0
                   ? err_sys(err, errno, "create link '%s'", path)
                   : 0;
    CLEANUP(fd_close)
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_sys(err, errno, "create '%s'", path);
    return file_write_all(fd, f->after.data, f->after.len, path, err);
}

static int write_files(const char *dir, const struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->file_count; i++)
        if (write_file(dir, &plan->files[i], err) < 0)
            return -1;
    return 0;
}

/* --- all of it ------------------------------------------------------------------------------- */

struct rendering {
    const struct cli *cli;
    const struct profile *profile;
    const struct site *site;
    json_t *all;
    bool any;
};

static int render(struct rendering *r, const struct service *service, struct err *err)
{
    CLEANUP(detected_release) struct detected detected = DETECTED_INIT;
    CLEANUP(plan_freep) struct plan *plan = NULL;
    const char *output = cli_value(r->cli, "output");
    if (service_assume(service, cli_value(r->cli, "for"), &detected, err) < 0 ||
        plan_render(service, r->site, r->profile, &detected, &plan, err) < 0)
        return -1;
    int status = planning_notes(r->cli, plan);
    if (status)
        return status;
    if (output && write_files(output, plan, err) < 0)
        return -1;
    if (r->cli->format == CLI_JSON)
        json_array_append_new(r->all, to_json(plan));
    else if (!output) {
        fputs(r->any ? "\n" : "", stdout);
        print_text(plan);
    }
    r->any = true;
    return 0;
}

static int render_all(const struct cli *cli, const struct service_list *services,
                      struct rendering *r, struct err *err)
{
    CLEANUP(strv_release) struct strv listed = STRV_INIT;
    if (read_for(services, cli_value(cli, "for"), &listed, err) < 0 ||
        check_services(cli, services, err) < 0)
        return -1;
    for (size_t i = 0; i < services->count; i++) {
        if (!is_asked(cli, &listed, services->items[i].name))
            continue;
        int rc = render(r, &services->items[i], err);
        if (rc != 0)
            return rc;
    }
    if (cli->format == CLI_JSON)
        cli_print_json(r->all);
    return 0;
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 0)
        return err_set(err, ERR_USAGE, "render: what is '%s'? It takes options only",
                       argv[0]);
    CLEANUP(planning_release) struct planning p = PLANNING_INIT;
    CLEANUP(mem_freep) char *dir = file_join(cli->datadir, "profiles");
    if (!(p.profile = profile_load(cli->profile, dir, err)) ||
        service_list_load(cli->datadir, &p.services, err) < 0 ||
        scopes_check(&p.services, p.profile, err) < 0)
        return -1;
    /* Without --site nothing of this machine is read: there is no site in an empty tree. */
    if (cli->site ? site_load(cli->site, &p.host.root, "", &p.services, &p.site, err) < 0
                  : !(p.site.json = json_object()))
        return -1;
    json_t *all CLEANUP(json_decrefp) = json_array();
    struct rendering r = {.cli = cli, .profile = p.profile, .site = &p.site, .all = all};
    return render_all(cli, &p.services, &r, err);
}

static const struct cli_option options[] = {
    {"for", "NAME=VERSION,...", "versions of services and of openssl or gnutls"},
    {"output", "DIR", "write the files beneath DIR, where none of them may be yet"},
    {NULL, NULL, NULL},
};

const struct command command_render = {
    .name = "render",
    .summary = "a profile in the services' own words, for any version, with no host",
    .usage = "",
    .examples = "  tlsharden render --service postfix\n"
                "  tlsharden render --for apache=2.4.57,openssl=3.0.11\n"
                "  tlsharden render --profile modern --output ./out\n",
    .options = options,
    .run = run,
};
