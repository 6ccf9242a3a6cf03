/*
 * Many endpoints, one kind of work: scan and verify. Collects the targets of the command line and
 * of a file, has many worked on at a time on one thread, and hands the results back one by one.
 *
 * Towards one host there is one connection at a time to mail servers, which count them, and four to
 * others. With --resume a file says what is done; what was begun and not ended, or ended without
 * a verdict, is done again.
 */
#ifndef CLI_CAMPAIGN_H
#define CLI_CAMPAIGN_H

#include <openssl/x509.h>
#include <stdio.h>

#include "base/endpoint.h"
#include "base/pace.h"
#include "cli/cli.h"

struct campaign_target {
    struct endpoint endpoint;
    size_t host; /* the same number for the same host */
    char *key;   /* in the file of --resume */
    bool started, done;
    void *result;
};

struct campaign {
    const struct cli *cli;
    struct campaign_target *items; /* owned */
    size_t count, cap;
    X509_STORE *anchors; /* owned; of --ca, or the system's */
    bool streams;        /* --targets: results are wanted as they come */
    long parallel;
    struct pace pace; /* of new connections, all endpoints' together */
    int resume_fd;    /* -1: none */
    int worst_before; /* exit status of what an earlier run has done */
    size_t skipped;
};

#define CAMPAIGN_INIT                                                                    \
    {                                                                                    \
        .items = NULL, .resume_fd = -1                                                   \
    }

void campaign_release(struct campaign *c);

/* Options that both commands have. */
#define CAMPAIGN_OPTIONS                                                                 \
    {"name", "NAME", "server name to ask for, and to be in the certificate"},            \
        {"ca", "FILE", "trust anchors (PEM) instead of the system's"},                   \
        {"targets", "FILE", "more targets, one a line (- reads standard input)"},        \
        {"parallel", "N", "endpoints worked on at a time (default 64)"},                 \
        {"rate", "N", "new connections per second, in all (default 0: no limit)"},       \
    {                                                                                    \
        "resume", "FILE", "note there what is done, and skip what was"                   \
    }

/* Takes the arguments and the options. ERR_USAGE: something that is no target. */
int campaign_begin(const struct cli *cli, int argc, char **argv, struct campaign *ret,
                   struct err *err) MUST_CHECK;

/* Prints JSON on one line and gives its reference away. */
void campaign_print_line(json_t *json);

/* Adds a copy of an endpoint. */
void campaign_add(struct campaign *c, const struct endpoint *e);

struct campaign_work {
    void *ctx;
    /* One endpoint, whose address is numeric; `why` says why it is not, else NULL. In a fibre:
     * prints nothing. The result is the caller's. */
    void *(*run)(void *ctx, const struct endpoint *e, const char *why);
    /* Takes that result; returns the exit status that it stands for. In the targets' order, or,
     * when the campaign streams, as they come. */
    int (*done)(void *ctx, const struct endpoint *e, void *result);
};

/* The process is nobody's afterwards, if it was root's. ERR_SYSTEM: the file of --resume cannot be
 * written. */
int campaign_run(struct campaign *c, const struct campaign_work *work,
                 struct err *err) MUST_CHECK;

#endif
