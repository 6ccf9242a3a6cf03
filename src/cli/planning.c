/* Notes are messages and go to stderr; what would change is a result and goes to stdout. */
#include "cli/planning.h"

#include <stdio.h>

#include "base/file.h"
#include "cli/progress.h"
#include "report/plan_diff.h"
#include "report/plan_text.h"
#include "report/why.h"
#include "service/scopes.h"

void planning_release(struct planning *p)
{
    plan_free(p->plan);
    host_release(&p->host);
    site_release(&p->site);
    service_list_release(&p->services);
    profile_free(p->profile);
}

struct teller {
    const struct cli *cli;
};

static void say_service(void *ctx, const char *name)
{
    const struct teller *t = ctx;
    progress(t->cli, "look at %s", name);
}

static int make(const struct cli *cli, struct planning *p, struct err *err)
{
    CLEANUP(mem_freep) char *dir = file_join(cli->datadir, "profiles");
    if (!(p->profile = profile_load(cli->profile, dir, err)) ||
        service_list_load(cli->datadir, &p->services, err) < 0 ||
        scopes_check(&p->services, p->profile, err) < 0 ||
        host_open(cli->root, &p->host, err) < 0 ||
        site_load(cli->site, &p->host.root, TLSHARDEN_CONFIG "/site.json", &p->services,
                  &p->site, err) < 0)
        return -1;
    struct teller teller = {.cli = cli};
    struct plan_request request = {.host = &p->host,
                                   .services = &p->services,
                                   .only = &cli->services,
                                   .profile = p->profile,
                                   .site = &p->site,
                                   .exact = cli_value(cli, "exact") != NULL,
                                   .progress = say_service,
                                   .ctx = &teller};
    int rc = plan_build(&request, &p->plan, err);
    progress_done(cli);
    return rc;
}

int planning_make(const struct cli *cli, struct planning *ret, struct err *err)
{
    struct planning p = PLANNING_INIT;
    if (make(cli, &p, err) < 0) {
        planning_release(&p);
        return -1;
    }
    *ret = p;
    return 0;
}

static void print_notes(const struct cli *cli, const struct plan *plan,
                        enum plan_severity severity)
{
    for (size_t i = 0; i < plan->note_count; i++) {
        const struct plan_note *n = &plan->notes[i];
        if (n->severity != severity || (cli->quiet && severity != PLAN_ERROR))
            continue;
        CLEANUP(buf_release) struct buf text = BUF_INIT;
        plan_text_note(n, &text);
        fprintf(stderr, "tlsharden: %s%s%s\n",
                severity == PLAN_INFO ? "" : plan_severity_name(severity),
                severity == PLAN_INFO ? "" : ": ", buf_str(&text));
    }
}

int planning_notes(const struct cli *cli, const struct plan *plan)
{
    for (int s = PLAN_INFO; s <= PLAN_ERROR; s++)
        print_notes(cli, plan, (enum plan_severity)s);
    for (size_t i = 0; i < plan->note_count; i++)
        if (plan->notes[i].severity == PLAN_ERROR)
            return err_exit_status(ERR_INPUT);
    return 0;
}

/* One piece at a time, so that thousands of files are not held once more. */
static void show(const struct cli *cli, struct buf *diff)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    plan_diff_paint(bytes_buf(diff), cli->color, cli->shown, &text);
    fwrite(buf_str(&text), 1, text.len, stdout);
    buf_clear(diff);
}

/* `why` is stolen. */
static int add_why(json_t *why, struct buf *diff)
{
    if (!why)
        return -1;
    why_text(why, diff);
    json_decref(why);
    return 0;
}

int planning_show(const struct cli *cli, const struct plan *plan,
                  struct reasoning *reasoning, struct err *err)
{
    CLEANUP(buf_release) struct buf diff = BUF_INIT;
    for (size_t i = 0; i < plan->file_count; i++) {
        plan_diff_file(&plan->files[i], &diff);
        if (reasoning &&
            add_why(reasoning_file(reasoning, &plan->files[i], err), &diff) < 0)
            return -1;
        show(cli, &diff);
    }
    for (size_t i = 0; i < plan->entry_count; i++) {
        plan_diff_entry(&plan->entries[i], &diff);
        if (reasoning &&
            add_why(reasoning_entry(reasoning, &plan->entries[i], err), &diff) < 0)
            return -1;
    }
    if (!cli->quiet)
        plan_text_summary(plan, &diff);
    show(cli, &diff);
    fflush(stdout); /* before what follows on stderr */
    return 0;
}
