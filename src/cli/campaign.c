/* One target after the other. */
#include "cli/campaign.h"

#include <stdlib.h>

#include "cli/progress.h"
#include "probe/chain.h"
#include "probe/target.h"

#define RESOLVE_MS 3000

void campaign_release(struct campaign *c)
{
    for (size_t i = 0; i < c->count; i++)
        endpoint_release(&c->items[i]);
    free(c->items);
    anchors_free(&c->anchors);
    *c = (struct campaign)CAMPAIGN_INIT;
}

/* --- targets --------------------------------------------------------------------------------- */

static void take(struct campaign *c, struct endpoint e)
{
    MEM_GROW(c->items, c->count, c->cap);
    c->items[c->count++] = e;
}

void campaign_add(struct campaign *c, const struct endpoint *e)
{
    take(c, (struct endpoint){.service = mem_strdup(e->service),
                              .role = mem_strdup(e->role),
                              .address = mem_strdup(e->address),
                              .port = e->port,
                              .starttls = mem_strdup(e->starttls),
                              .name = mem_strdup(e->name),
                              .required = e->required});
}

static int add_target(struct campaign *c, const char *text, struct err *err)
{
    struct endpoint e;
    const char *name = cli_value(c->cli, "name");
    if (target_parse(text, &e, err) < 0)
        return -1;
    if (name) {
        free(e.name);
        e.name = mem_strdup(name);
    }
    take(c, e);
    return 0;
}

static int collect(struct campaign *c, int argc, char **argv, struct err *err)
{
    for (int i = 0; i < argc; i++)
        if (add_target(c, argv[i], err) < 0)
            return err_context(err, "%s", c->cli->command->name);
    return 0;
}

int campaign_begin(const struct cli *cli, int argc, char **argv, struct campaign *ret,
                   struct err *err)
{
    CLEANUP(campaign_release) struct campaign c = {.cli = cli};
    const char *name = cli_value(cli, "name");
    if (name && !*name)
        return err_set(err, ERR_USAGE, "--name: no name");
    if (collect(&c, argc, argv, err) < 0 ||
        !(c.anchors = anchors_load(cli_value(cli, "ca"), err)))
        return -1;
    *ret = c;
    c = (struct campaign)CAMPAIGN_INIT;
    return 0;
}

/* --- the work -------------------------------------------------------------------------------- */

void campaign_run(struct campaign *c, const struct campaign_work *work)
{
    for (size_t i = 0; i < c->count; i++) {
        struct endpoint *e = &c->items[i];
        struct err err = ERR_INIT;
        CLEANUP(buf_release) struct buf text = BUF_INIT;
        target_describe(e, &text);
        progress(c->cli, "%s %s", c->cli->command->name, buf_str(&text));
        bool found = target_resolve(e, RESOLVE_MS, &err) == 0;
        void *result = work->run(work->ctx, e, found ? NULL : err.text);
        progress_done(c->cli);
        work->done(work->ctx, e, result);
    }
}
