/*
 * Proof without a change: what a first boot and a confirmation ask for. A server that does not run
 * proves nothing and is no failure here: whether it should run only its own init system knows.
 */
#include "cli/proof.h"

#include "cli/progress.h"

static int prove(struct proof *p, const struct plan_service *s, struct err *err)
{
    if (!s->running) {
        cli_say(p->cli, "%s: it does not run: not proven", s->name);
        return 0;
    }
    progress(p->cli, "prove %s", s->name);
    return proof_verify(p, s->name, err) < 0 ? err_context(err, "%s", s->name) : 0;
}

int proof_running(struct proof *p, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < p->plan->service_count; i++)
        rc = prove(p, &p->plan->services[i], err);
    progress_done(p->cli);
    return rc;
}
