/*
 * Many endpoints, one kind of work: scan and verify. Collects the targets of the command line, has
 * each one worked on, and hands the results back one at a time.
 */
#ifndef CLI_CAMPAIGN_H
#define CLI_CAMPAIGN_H

#include <openssl/x509.h>

#include "base/endpoint.h"
#include "cli/cli.h"

struct campaign {
    const struct cli *cli;
    struct endpoint *items; /* owned */
    size_t count, cap;
    X509_STORE *anchors; /* owned; of --ca, or the system's */
};

#define CAMPAIGN_INIT                                                                    \
    {                                                                                    \
        .items = NULL                                                                    \
    }

void campaign_release(struct campaign *c);

/* Options that both commands have: --name, --ca. */
#define CAMPAIGN_OPTIONS                                                                 \
    {"name", "NAME", "server name to ask for, and to be in the certificate"},            \
    {                                                                                    \
        "ca", "FILE", "trust anchors (PEM) instead of the system's"                      \
    }

/* Takes the arguments and the options. ERR_USAGE: something that is no target. */
int campaign_begin(const struct cli *cli, int argc, char **argv, struct campaign *ret,
                   struct err *err) MUST_CHECK;

/* Adds a copy of an endpoint. */
void campaign_add(struct campaign *c, const struct endpoint *e);

struct campaign_work {
    void *ctx;
    /* One endpoint, whose address is numeric; `why` says why it is not, else NULL. Prints
     * nothing. The result is the caller's. */
    void *(*run)(void *ctx, const struct endpoint *e, const char *why);
    /* Takes that result. */
    void (*done)(void *ctx, const struct endpoint *e, void *result);
};

void campaign_run(struct campaign *c, const struct campaign_work *work);

#endif
