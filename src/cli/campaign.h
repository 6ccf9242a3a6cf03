/*
 * Many endpoints, one kind of work: scan and verify. Collects the targets of the command line and
 * of a file, has many worked on at a time on one thread, and hands the results back one by one.
 *
 * Towards one host there is one connection at a time to mail servers, which count them, and four to
 * others. With --resume a file says what is done: what has a verdict that was printed. What was
 * begun and not ended, or ended without a verdict, is done again.
 *
 *     if (campaign_begin(cli, argc, argv, &c, err) < 0 || campaign_resume(&c, rules, err) < 0 ||
 *         campaign_run(&c, &work, err) < 0) ...
 *     print what is not printed yet
 *     return campaign_end(&c, err);
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
    size_t host; /* the same number for the same host, as it was named */
    char *key;   /* in the file of --resume */
    size_t turn; /* among those that wait for an address, from 1; 0: does not */
    bool started, asked, done, handed_back, noted; /* one after the other */
    int status; /* what it stands for, once it was handed back, or in an earlier run */
    void *result;
};

struct campaign {
    const struct cli *cli;
    char *name;                    /* owned; of --name; NULL: not given */
    struct campaign_target *items; /* owned */
    size_t count, cap;
    X509_STORE *anchors; /* owned; of --ca, or the system's */
    bool streams;        /* --targets: results are wanted as they come */
    long parallel;
    struct pace pace;            /* of new connections, all endpoints' together */
    int resume_fd;               /* -1: none */
    size_t skipped, skipped_bad; /* an earlier run has reported them; with violations */
    size_t left;                 /* not got round to: the run was interrupted */
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
        {"targets", "FILE",                                                              \
         "more targets, one a line (-: standard input); several times"},                 \
        {"parallel", "N", "endpoints worked on at a time (default 64)"},                 \
        {"rate", "N", "new connections per second, in all (default 0: no limit)"},       \
    {                                                                                    \
        "resume", "FILE", "note there what is done, and skip what was"                   \
    }

/* Takes the arguments and the options. ERR_USAGE: something that is no target. */
int campaign_begin(const struct cli *cli, int argc, char **argv, struct campaign *ret,
                   struct err *err) MUST_CHECK;

/* Skips what an earlier run has reported, with --resume. `rules`: what its verdicts depend on, but for the options
 * above; NULL: it could not be said. The reference is given away. ERR_INPUT: the file belongs to another command, or
 * to other rules. */
int campaign_resume(struct campaign *c, json_t *rules, struct err *err) MUST_CHECK;

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
    /* Results are printed after all have been handed back. SIGINT and SIGTERM then only keep new ones from being
     * begun, the first time. */
    bool at_end;
};

/* The process is nobody's afterwards, if it was root's. It ends early, and well, when standard output takes no more,
 * which the frame tells. ERR_SYSTEM: the file of --resume cannot be written. */
int campaign_run(struct campaign *c, const struct campaign_work *work,
                 struct err *err) MUST_CHECK;

/* Everything is printed: notes what was not noted yet, if that could be written. */
int campaign_end(struct campaign *c, struct err *err) MUST_CHECK;

#endif
