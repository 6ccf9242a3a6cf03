/*
 * One question to one endpoint: a ClientHello, and what the server answers.
 *
 *     CLEANUP(answer_release) struct answer a = ANSWER_INIT;
 *     if (ask(&endpoint, &hello, 5000, &a, err) < 0) ...      the question itself is impossible
 *
 * Without input and output, for any loop:
 *
 *     ask_begin(&q, endpoint.starttls, &hello, &to_send, err);
 *     while (!ask_feed(&q, received, &to_send)) ...
 *     ask_end(&q, WIRE_CLOSED);                               when nothing more will come
 *
 * The verdict has three values, and refused is given for TLS's own words only: a fatal alert that
 * says so, instead of a ServerHello. A close, a reset, silence, an alert that tells of trouble, or
 * anything that is no TLS proves nothing by itself: inconclusive, with its cause. GnuTLS servers
 * refuse by closing; whether one did is for a caller to find out, who has a positive control
 * (scan.h).
 */
#ifndef PROBE_ASK_H
#define PROBE_ASK_H

#include "base/endpoint.h"
#include "probe/flight.h"
#include "probe/hello.h"
#include "probe/starttls.h"

enum ask_verdict { ASK_ACCEPTED, ASK_REFUSED, ASK_INCONCLUSIVE };

enum ask_cause { /* why not accepted */
                 ASK_NO_CAUSE,
                 ASK_ALERT,     /* flight.alert is its number */
                 ASK_CLOSED,    /* end of file or close_notify */
                 ASK_RESET,     /* reset instead of an answer */
                 ASK_TIMED_OUT, /* silence */
                 ASK_CONNECT,   /* nobody there */
                 ASK_STARTTLS,  /* the dialogue before TLS failed */
                 ASK_BROKEN, /* an answer that is not TLS, or not one to this question */
};

struct answer {
    enum ask_verdict verdict;
    enum ask_cause cause;
    bool no_starttls;     /* of ASK_STARTTLS: the server said no to TLS itself */
    struct flight flight; /* what was read, whatever the verdict */
    char why[240];        /* "" when accepted; else what happened, visible */
};

#define ANSWER_INIT                                                                      \
    {                                                                                    \
        .verdict = ASK_INCONCLUSIVE, .flight = FLIGHT_INIT                               \
    }

void answer_release(struct answer *a);

/* Does a server that begins no TLS say that it has no time for anybody now? `why` as in an answer.
 * Ref: RFC 5321 3.8 (421), RFC 9051 7.1.5 (BYE), RFC 3206 */
bool answer_is_busy(const char *why);

struct ask {
    const struct hello *hello; /* borrowed */
    bool talking;              /* STARTTLS is not over */
    struct starttls talk;
    struct buf out; /* the hello, until it is sent */
    struct answer answer;
    bool done;
};

#define ASK_INIT                                                                         \
    {                                                                                    \
        .talk = STARTTLS_INIT, .answer = ANSWER_INIT                                     \
    }

void ask_release(struct ask *q);

/* Begins: `out` gets what is to be sent first, if we speak first. `hello` must outlive `q`.
 * ERR_INPUT: a hello or a protocol that does not exist. */
int ask_begin(struct ask *q, const char *starttls, const struct hello *hello,
              struct buf *out, struct err *err) MUST_CHECK;

/* Takes what has arrived and appends what is to be sent to `out`. True: q->answer stands. */
bool ask_feed(struct ask *q, struct bytes in, struct buf *out);

/* Nothing more will arrive, and that is why. q->answer stands. */
void ask_end(struct ask *q, enum wire_end end);

/* The whole: connects, speaks STARTTLS where the endpoint wants it, sends, reads, closes; within
 * `deadline_ms`. Whatever the network does is a verdict; -1 is for a question that cannot be asked
 * (ERR_INPUT). `ret` is owned by the caller (answer_release), untouched on -1. */
int ask(const struct endpoint *endpoint, const struct hello *hello, int deadline_ms,
        struct answer *ret, struct err *err) MUST_CHECK;

#endif
