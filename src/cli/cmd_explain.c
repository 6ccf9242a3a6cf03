/*
 * tlsharden explain: why each setting is written or taken away, and where that stands. The reasons are the
 * templates' own comments; the lines are those that render writes.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/suggest.h"
#include "cli/pager.h"
#include "cli/planning.h"
#include "report/unified.h"
#include "report/wrap.h"
#include "service/reasons.h"
#include "service/scopes.h"

struct explaining {
    const struct cli *cli;
    const struct profile *profile;
    const char *directive; /* or NULL: all */
    json_t *all;
    bool found;
};

/* --- the lines that are written -------------------------------------------------------------- */

/* The line at the head of `rest`, with those that continue it where `folds` (RFC 2849 note 2). */
static void whole_line(struct bytes line, struct bytes rest, bool folds, struct buf *ret)
{
    buf_addb(ret, bytes_trim((struct bytes){.data = line.data + 1, .len = line.len - 1}));
    for (struct bytes more; folds && bytes_next_line(&rest, &more);) {
        if (!bytes_starts(more, "+ "))
            break;
        buf_addb(ret,
                 bytes_trim((struct bytes){.data = more.data + 2, .len = more.len - 2}));
    }
}

/* Reason -> the first line that is written for it. */
static void note_lines(const struct reasons *reasons, struct bytes diff, bool folds,
                       char **lines)
{
    for (struct bytes line; bytes_next_line(&diff, &line);) {
        CLEANUP(buf_release) struct buf text = BUF_INIT;
        if (line.data[0] != '+')
            continue;
        whole_line(line, diff, folds, &text);
        const struct reason *r = reasons_of(reasons, bytes_buf(&text), false);
        size_t i = r ? (size_t)(r - reasons->items) : 0;
        if (r && !lines[i])
            lines[i] = buf_take(&text);
    }
}

static bool is_ldif(const char *path)
{
    size_t n = strlen(path);
    return n > 5 && strcmp(path + n - 5, ".ldif") == 0;
}

static int read_lines(const struct explaining *e, const struct service *service,
                      const struct reasons *reasons, char **lines, struct err *err)
{
    CLEANUP(detected_release) struct detected detected = DETECTED_INIT;
    CLEANUP(plan_freep) struct plan *plan = NULL;
    CLEANUP(site_release) struct site site = SITE_INIT;
    site.json = json_object();
    if (service_assume(service, cli_value(e->cli, "for"), &detected, err) < 0 ||
        plan_render(service, &site, e->profile, &detected, &plan, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->file_count; i++) {
        CLEANUP(buf_release) struct buf diff = BUF_INIT;
        const struct plan_file *f = &plan->files[i];
        if (f->kind != PLAN_FILE)
            continue;
        unified_hunks(bytes_buf(&f->before), bytes_buf(&f->after), &diff);
        note_lines(reasons, bytes_buf(&diff), is_ldif(f->path), lines);
    }
    return 0;
}

/* --- results --------------------------------------------------------------------------------- */

/* "smtpd_tls_auth_only = yes" as it is written, "smtpd_tls_cert_file = ..." where that depends on the host,
 * "without smtpd_use_tls" for what is taken away. */
static void add_setting(struct buf *out, const struct reason *r, const char *line)
{
    size_t n = strlen(r->literal);
    while (r->removes && n && strchr(" =:", r->literal[n - 1]))
        n--;
    CLEANUP(mem_freep)
    char *text = r->removes ? mem_printf("without %.*s", (int)n, r->literal)
                 : line     ? mem_strdup(line)
                            : mem_printf("%s%s", r->literal, r->varies ? " ..." : "");
    buf_adds(out, "  ");
    wrap_add(text, 2, "      ", out);
}

static void print_why(const struct reason *r)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    CLEANUP(mem_freep)
    char *text =
        mem_printf("%s%s%s%s", *r->why ? r->why : "no reason is given",
                   *r->reference ? " [" : "", r->reference, *r->reference ? "]" : "");
    buf_adds(&out, "      ");
    wrap_add(text, 6, "      ", &out);
    printf("%s\n", buf_str(&out));
}

static json_t *reason_json(const struct service *service, const struct reason *r,
                           const char *line)
{
    return json_pack("{s:s, s:s, s:s?, s:b, s:s, s:s, s:s, s:I}", "service",
                     service->name, "directive", r->directive, "line",
                     r->removes ? NULL : line, "removed", (int)r->removes, "why", r->why,
                     "reference", r->reference, "template", r->template, "template_line",
                     (json_int_t)r->line);
}

static bool same_reason(const struct reason *a, const struct reason *b)
{
    return strcmp(a->why, b->why) == 0 && strcmp(a->reference, b->reference) == 0;
}

/* Said before, or taken away only in case that it is not set. */
static bool is_repeated(const struct reasons *all, size_t at)
{
    const struct reason *r = &all->items[at];
    for (size_t i = 0; i < all->count; i++) {
        const struct reason *o = &all->items[i];
        bool alike = strcasecmp(o->directive, r->directive) == 0 && same_reason(o, r);
        bool exact = o->removes == r->removes && strcasecmp(o->literal, r->literal) == 0;
        if (alike && ((exact && i < at) || (r->removes && !o->removes)))
            return true;
    }
    return false;
}

static void tell(struct explaining *e, const struct service *service,
                 const struct reasons *all, char *const *lines)
{
    const struct reason *last = NULL;
    bool text = e->cli->format == CLI_TEXT;
    if (text && !e->directive)
        printf("%s (%s)\n\n", service->name, service_text(service, "title"));
    for (size_t i = 0; i < all->count; i++) {
        const struct reason *r = &all->items[i];
        CLEANUP(buf_release) struct buf out = BUF_INIT;
        if ((e->directive && strcasecmp(e->directive, r->directive) != 0) ||
            is_repeated(all, i))
            continue;
        json_array_append_new(e->all, reason_json(service, r, lines[i]));
        if (text && last && !same_reason(last, r))
            print_why(last);
        add_setting(&out, r, lines[i]);
        if (text)
            fputs(buf_str(&out), stdout);
        last = r;
    }
    if (text && last)
        print_why(last);
    e->found = last != NULL;
}

/* --- all of it ------------------------------------------------------------------------------- */

static int unknown_directive(const struct service *service, const char *name,
                             const struct reasons *all, struct err *err)
{
    const char **known CLEANUP(mem_freep) = mem_alloc((all->count + 1) * sizeof *known);
    for (size_t i = 0; i < all->count; i++)
        known[i] = all->items[i].directive;
    const char *near = suggest(name, known, all->count);
    return near ? err_set(err, ERR_INPUT,
                          "%s: nothing is written about '%s'; did you mean '%s'?",
                          service->name, name, near)
                : err_set(err, ERR_INPUT,
                          "%s: nothing is written about '%s'; see tlsharden explain %s",
                          service->name, name, service->name);
}

static int explain(struct explaining *e, const struct service *service, struct err *err)
{
    CLEANUP(reasons_release) struct reasons all = REASONS_INIT;
    if (reasons_load(service, &all, err) < 0)
        return -1;
    char **lines = mem_alloc((all.count + 1) * sizeof *lines);
    e->found = false;
    int rc = read_lines(e, service, &all, lines, err);
    if (rc == 0)
        tell(e, service, &all, lines);
    if (rc == 0 && e->directive && !e->found)
        rc = unknown_directive(service, e->directive, &all, err);
    for (size_t i = 0; i < all.count; i++)
        mem_freep(&lines[i]);
    mem_freep(&lines);
    return rc;
}

static int explain_all(struct explaining *e, const struct service_list *list,
                       struct err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct service *s = &list->items[i];
        bool asked = !e->cli->services.count || strv_has(&e->cli->services, s->name);
        if (asked && explain(e, s, err) < 0)
            return -1;
    }
    return 0;
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    if (argc > 2)
        return err_set(err, ERR_USAGE, "explain: say SERVICE and DIRECTIVE, no more");
    CLEANUP(planning_release) struct planning p = PLANNING_INIT;
    CLEANUP(mem_freep) char *dir = file_join(cli->datadir, "profiles");
    json_t *all CLEANUP(json_decrefp) = json_array();
    if (!(p.profile = profile_load(cli->profile, dir, err)) ||
        service_list_load(cli->datadir, &p.services, err) < 0 ||
        scopes_check(&p.services, p.profile, err) < 0)
        return -1;
    struct explaining e = {.cli = cli,
                           .profile = p.profile,
                           .directive = argc == 2 ? argv[1] : NULL,
                           .all = all};
    const struct service *one =
        argc ? service_list_need(&p.services, argv[0], err) : NULL;
    if (argc && !one)
        return -1;
    pager_start(cli);
    int rc = one ? explain(&e, one, err) : explain_all(&e, &p.services, err);
    if (rc == 0 && cli->format == CLI_JSON)
        cli_print_json(all);
    return rc;
}

static const struct cli_option options[] = {
    {"for", "NAME=VERSION,...", "versions of services and of openssl or gnutls"},
    {NULL, NULL, NULL},
};

const struct command command_explain = {
    .name = "explain",
    .summary = "why each setting is written, and where that stands",
    .usage = "[SERVICE [DIRECTIVE]]",
    .examples = "  tlsharden explain postfix\n"
                "  tlsharden explain apache SSLSessionTickets\n"
                "  tlsharden explain openldap --profile modern --format json\n",
    .options = options,
    .run = run,
};
