/* The course of a scan: versions from the top down, then what is left to find out about each. */
#include "probe/scan.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "probe/leaf.h"
#include "probe/scanner.h"

#define DEADLINE_MS 5000

void scan_release(struct scan *s)
{
    for (size_t i = 0; i < s->certificate_count; i++)
        leaf_release(&s->certificates[i]);
    free(s->certificates);
    strv_release(&s->inconclusive);
    *s = (struct scan)SCAN_INIT;
}

bool scan_has_older(const struct scan *s)
{
    for (unsigned v = PROTOCOL_SSL2; v < PROTOCOL_TLS1_3; v++)
        if (s->versions[v].supported == SCAN_YES)
            return true;
    return false;
}

static void scanner_release(struct scanner *s)
{
    strv_release(&s->by_closing);
}

/* --- versions -------------------------------------------------------------------------------- */

/* Everything at once shows whether anybody is there, is the first control, and, where TLS 1.3 is chosen, the first step
 * of its scan. True: it was accepted. */
static bool find_tls13(struct scanner *s)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct question q;
    question_everything(&q);
    scanner_ask(s, &q, "TLS of any version", &a);
    bool chosen = a.verdict == ASK_ACCEPTED &&
                  a.flight.version == protocol_info(PROTOCOL_TLS1_3)->wire;
    scan_tls13(s, chosen ? &a.flight : NULL);
    return a.verdict == ASK_ACCEPTED;
}

/* A server answers with the highest version it has that is not above the one offered (RFC 5246
 * E.1), and to SSLv3 extensions are nothing (RFC 6101 5.6.1.2): a refusal denies all below. */
static void find_older(struct scanner *s)
{
    unsigned v = PROTOCOL_TLS1_2;
    while (v >= PROTOCOL_SSL3) {
        unsigned chosen = scan_suites(s, (enum protocol)v);
        for (unsigned none = v; none > chosen && none >= PROTOCOL_SSL3; none--)
            s->scan->versions[none].supported = SCAN_NO;
        v = chosen == v ? v - 1 : chosen;
    }
}

static void find_ssl2(struct scanner *s)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct question q = {.min = PROTOCOL_SSL2, .max = PROTOCOL_SSL2};
    scanner_ask(s, &q, "SSLv2", &a);
    if (a.verdict != ASK_INCONCLUSIVE)
        s->scan->versions[PROTOCOL_SSL2].supported =
            a.verdict == ASK_ACCEPTED ? SCAN_YES : SCAN_NO;
}

/* --- all ------------------------------------------------------------------------------------- */

/* Of the highest version up to TLS 1.2; older ones share its groups. */
static void find_details(struct scanner *s)
{
    for (unsigned v = PROTOCOL_TLS1_2; v >= PROTOCOL_SSL3; v--)
        if (s->scan->versions[v].supported == SCAN_YES) {
            scan_details(s, (enum protocol)v);
            break;
        }
    scan_tls13_signatures(s);
    scan_fallback(s);
}

static void forget_refusals(struct scan *scan)
{
    for (unsigned v = 0; v < PROTOCOL_COUNT; v++)
        if (scan->versions[v].supported == SCAN_NO)
            scan->versions[v].supported = SCAN_UNKNOWN;
    if (scan->facts[SCAN_FALLBACK_SCSV] == SCAN_YES)
        scan->facts[SCAN_FALLBACK_SCSV] = SCAN_UNKNOWN;
}

/* Nothing is to be proven where the largest offer was accepted, and something after the last refusal. */
static void confirm(struct scanner *s, bool all_accepted)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    if (!s->has_control || (all_accepted && s->alive))
        return;
    scanner_confirm(s, &a);
    if (a.verdict == ASK_ACCEPTED)
        return;
    forget_refusals(s->scan);
    if (a.verdict == ASK_REFUSED)
        scanner_unsure(s, "what was refused",
                       "so is everything at once, which holds what is accepted");
}

/* What was believed for closes alone is no longer, now that the endpoint has shown that it drops
 * connections. */
static void doubt(struct scanner *s)
{
    for (size_t i = 0; i < s->by_closing.count && s->drops; i++) {
        const char *about = s->by_closing.items[i];
        const struct protocol_info *version = protocol_by_name(about);
        scanner_unsure(
            s, about,
            "refused by closing, but this endpoint also drops connections that "
            "it would serve");
        for (unsigned v = 0; version && v <= version->id; v++)
            if (s->scan->versions[v].supported == SCAN_NO)
                s->scan->versions[v].supported = SCAN_UNKNOWN;
        if (strcmp(about, "TLS_FALLBACK_SCSV") == 0)
            s->scan->facts[SCAN_FALLBACK_SCSV] = SCAN_UNKNOWN;
    }
}

static void find_all(struct scanner *s)
{
    bool all_accepted = find_tls13(s);
    find_older(s);
    find_ssl2(s);
    find_details(s);
    confirm(s, all_accepted);
    doubt(s);
}

static int check(const struct endpoint *endpoint, struct err *err)
{
    CLEANUP(ask_release) struct ask q = ASK_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct hello h = {.min = PROTOCOL_SSL2, .max = PROTOCOL_SSL2, .name = endpoint->name};
    return ask_begin(&q, endpoint->starttls, &h, &out, err);
}

int scan(const struct endpoint *endpoint, const struct scan_options *options,
         struct scan *ret, struct err *err)
{
    CLEANUP(scan_release) struct scan found = SCAN_INIT;
    CLEANUP(scanner_release) struct scanner s = {.endpoint = endpoint, .scan = &found};
    if (check(endpoint, err) < 0)
        return -1;
    if (options)
        s.options = *options;
    if (s.options.deadline_ms <= 0)
        s.options.deadline_ms = DEADLINE_MS;
    if (s.options.total_ms <= 0)
        s.options.total_ms = SCAN_TOTAL_MS;
    if (RAND_bytes(s.random, sizeof s.random) != 1)
        return err_set(err, ERR_SYSTEM, "libcrypto has no random bytes");
    int64_t begun = deadline_in(0);
    s.deadline = deadline_in(s.options.total_ms);
    find_all(&s);
    found.took_ms = deadline_in(0) - begun;
    *ret = found;
    found = (struct scan)SCAN_INIT;
    return 0;
}
