/*
 * The course of a proof. What works comes first, because it is the control of everything after it;
 * if nothing of the policy works, anything that does will serve.
 */
#include "probe/conform.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "probe/conform_check.h"
#include "probe/offer.h"

#define DEADLINE_MS 5000

void conform_release(struct conform *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->items[i].part);
        free(c->items[i].question);
        free(c->items[i].expected);
        free(c->items[i].found);
    }
    free(c->items);
    *c = (struct conform)CONFORM_INIT;
}

static void check_release(struct conform_check *c)
{
    strv_release(&c->certificates);
    scan_release(&c->scan);
    strv_release(&c->s.by_closing);
    mem_freep(&c->no_starttls);
}

/* --- shared ---------------------------------------------------------------------------------- */

struct conform_item *conform_add(struct conform_check *c, enum conform_rule rule,
                                 enum conform_verdict verdict, const char *part,
                                 char *expected)
{
    MEM_GROW(c->ret->items, c->ret->count, c->ret->cap);
    struct conform_item *new = &c->ret->items[c->ret->count++];
    *new = (struct conform_item){
        .rule = rule, .verdict = verdict, .part = mem_strdup(part), .expected = expected};
    return new;
}

void conform_grade(struct conform_item *item, struct weakness w)
{
    if (w.grade > item->grade)
        item->grade = w.grade;
}

void conform_suites(const struct conform_check *c, enum protocol version,
                    enum conform_key key, struct ids *ret)
{
    *ret = (struct ids)IDS_INIT;
    for (size_t i = 0; i < c->policy->suite_count; i++) {
        const struct suite *s = c->policy->suites[i].suite;
        bool ecdsa = s->auth == AUTH_ECDSA;
        if (ecdsa == (key == CONFORM_ECDSA) && s->min <= version && s->max >= version)
            ids_add(ret, s->id);
    }
}

void conform_question(enum protocol version, struct question *ret)
{
    question_all(version, ret);
    ret->flags &= ~(unsigned)HELLO_COMPRESSION;
}

/* --- the policy as numbers ------------------------------------------------------------------- */

static void read_policy(struct conform_check *c)
{
    const struct policy *p = c->policy;
    for (size_t i = 0; i < p->suite_count; i++)
        ids_add(&c->suites12, p->suites[i].suite->id);
    for (size_t i = 0; i < p->suite13_count; i++)
        ids_add(&c->suites13, p->suites13[i].suite->id);
    for (size_t i = 0; i < p->accepted_count; i++)
        ids_add(&c->accepted, p->accepted[i]->id);
    for (size_t i = 0; i < p->group_count; i++)
        ids_add(&c->groups, p->groups[i].group->id);
    for (size_t i = 0; i < p->sigscheme_count; i++)
        ids_add(&c->schemes, p->sigschemes[i].scheme->id);
    for (unsigned v = PROTOCOL_SSL3; v <= PROTOCOL_TLS1_2; v++)
        if (protocol_in(p->protocols, (enum protocol)v)) {
            c->old = (enum protocol)v;
            c->has_old = true;
        }
}

/* --- what works ------------------------------------------------------------------------------ */

static void ask_tls13(struct conform_check *c)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct question q;
    conform_question(PROTOCOL_TLS1_3, &q);
    q.suites = c->suites13;
    scanner_ask(&c->s, &q, "TLSv1.3", &a);
    if (a.no_starttls && !c->no_starttls)
        c->no_starttls = mem_strdup(a.why);
    if (a.verdict == ASK_ACCEPTED) {
        c->served[PROTOCOL_TLS1_3] = true;
        ids_add(&c->groups13, a.flight.group);
    }
}

static bool serves(const struct conform_check *c)
{
    for (unsigned v = 0; v < PROTOCOL_COUNT; v++)
        if (c->served[v])
            return true;
    return false;
}

static void ask_policy(struct conform_check *c)
{
    strv_release(&c->scan.inconclusive);
    conform_flights(c);
    if (!c->s.lost && !serves(c) && protocol_in(c->policy->protocols, PROTOCOL_TLS1_3))
        ask_tls13(c);
}

static void tell_nothing(struct conform_check *c, const struct answer *a)
{
    const struct strv *unsure = &c->scan.inconclusive;
    const struct protocol_info *version = protocol_by_wire(a->flight.version);
    char space[OFFER_NAME_SPACE];
    struct conform_item *item =
        conform_add(c, CONFORM_ANSWERS, CONFORM_UNKNOWN, "",
                    mem_strdup("a version and suite of the profile"));
    if (a->verdict == ASK_ACCEPTED && version && unsure->count == 0) {
        item->verdict = CONFORM_NO;
        item->found = mem_printf("nothing of it; offered everything, it chooses %s, %s",
                                 version->name, offer_suite_name(a->flight.suite, space));
        return;
    }
    if (c->no_starttls && !c->s.has_control)
        item->verdict = CONFORM_NO;
    item->found = mem_strdup(c->no_starttls  ? c->no_starttls
                             : unsure->count ? unsure->items[0]
                             : a->why[0]     ? a->why
                                             : "no hello is accepted");
}

/* False: there is no control, so that nothing can be found out. What was closed on before there
 * was one is asked again. */
static bool find_anything(struct conform_check *c)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct question q;
    ask_policy(c);
    if (serves(c))
        return true;
    question_everything(&q);
    if (!c->s.lost)
        scanner_ask(&c->s, &q, "TLS of any version", &a);
    if (a.verdict == ASK_ACCEPTED && c->scan.inconclusive.count)
        ask_policy(c);
    if (!serves(c))
        tell_nothing(c, &a);
    return c->s.has_control;
}

/* --- all ------------------------------------------------------------------------------------- */

/* A refusal is bad news for what must be there, and good news for the rest. */
static bool demands(enum conform_rule rule)
{
    return rule == CONFORM_HAS_VERSIONS || rule == CONFORM_HAS_SUITES ||
           rule == CONFORM_HAS_GROUPS;
}

static bool is_refusal(const struct conform_item *item)
{
    return item->question &&
           item->verdict == (demands(item->rule) ? CONFORM_NO : CONFORM_YES);
}

static void withdraw(struct conform_item *item, char *why)
{
    mem_freep(&item->found);
    item->verdict = CONFORM_UNKNOWN;
    item->found = why;
}

/* Of the items from `first` on, what refusals stand behind. It shows TLS 1.3 besides. */
static void confirm(struct conform_check *c, size_t first)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    scanner_confirm(&c->s, &a);
    if (a.verdict == ASK_ACCEPTED &&
        a.flight.version == protocol_info(PROTOCOL_TLS1_3)->wire) {
        c->served[PROTOCOL_TLS1_3] = true;
        ids_add(&c->groups13, a.flight.group);
        c->first13 = (struct flight){
            .hello = true, .suite = a.flight.suite, .group = a.flight.group};
    }
    for (size_t i = first; i < c->ret->count && a.verdict != ASK_ACCEPTED; i++)
        if (is_refusal(&c->ret->items[i]))
            withdraw(&c->ret->items[i],
                     mem_printf(a.verdict == ASK_REFUSED
                                    ? "refused, but so is everything at once, which "
                                      "holds what works: %s"
                                    : "refused, but whether everything at once is "
                                      "accepted is not known: %s",
                                a.why));
}

/* What was believed for closes alone, of an endpoint that has shown since that it drops
 * connections. */
static void doubt(struct conform_check *c)
{
    for (size_t i = 0; i < c->ret->count && c->s.drops; i++) {
        struct conform_item *item = &c->ret->items[i];
        if (!is_refusal(item) || !strv_has(&c->s.by_closing, item->question))
            continue;
        withdraw(item, mem_strdup("refused by closing, but this endpoint also drops "
                                  "connections that it would serve"));
    }
}

/* What is missing is refused, too. */
static void prove_exact(struct conform_check *c)
{
    size_t first = c->ret->count;
    bool missing = false;
    conform_exact(c);
    for (size_t i = first; i < c->ret->count; i++)
        missing = missing || is_refusal(&c->ret->items[i]);
    if (missing)
        confirm(c, first);
}

static void prove(struct conform_check *c)
{
    if (!find_anything(c))
        return;
    conform_versions(c);
    /* Who refuses by closing needs a control of TLS 1.3 for questions about it. */
    if (c->s.by_closing.count && !c->served[PROTOCOL_TLS1_3] &&
        protocol_in(c->policy->protocols, PROTOCOL_TLS1_3))
        ask_tls13(c);
    conform_forbidden_suites(c);
    conform_forbidden_groups(c);
    conform_forbidden_schemes(c);
    conform_primes(c);
    conform_fallback(c);
    confirm(c, 0);
    conform_further_certificates(c);
    if (c->rules->exact)
        prove_exact(c);
    if (c->rules->http)
        conform_http(c);
    doubt(c);
}

static int check_endpoint(const struct endpoint *endpoint, struct err *err)
{
    CLEANUP(ask_release) struct ask q = ASK_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct hello h = {.min = PROTOCOL_SSL2, .max = PROTOCOL_SSL2, .name = endpoint->name};
    return ask_begin(&q, endpoint->starttls, &h, &out, err);
}

int conform(const struct endpoint *endpoint, const struct conform_rules *rules,
            struct conform *ret, struct err *err)
{
    CLEANUP(conform_release) struct conform found = CONFORM_INIT;
    struct conform_check *c CLEANUP(mem_freep) = mem_alloc(sizeof *c);
    if (check_endpoint(endpoint, err) < 0)
        return -1;
    if (RAND_bytes(c->s.random, sizeof c->s.random) != 1)
        return err_set(err, ERR_SYSTEM, "libcrypto has no random bytes");
    int total = rules->total_ms > 0 ? rules->total_ms : SCAN_TOTAL_MS;
    int64_t begun = deadline_in(0);
    c->s.endpoint = c->endpoint = endpoint;
    c->s.scan = &c->scan;
    c->s.options.deadline_ms = rules->deadline_ms > 0 ? rules->deadline_ms : DEADLINE_MS;
    c->s.options.total_ms = total;
    c->s.options.pace = rules->pace;
    c->s.options.anchors = rules->anchors;
    c->s.deadline = deadline_in(total);
    c->rules = rules;
    c->policy = rules->policy;
    c->ret = &found;
    read_policy(c);
    prove(c);
    found.connections = c->scan.connections;
    found.took_ms = deadline_in(0) - begun;
    check_release(c);
    *ret = found;
    found = (struct conform)CONFORM_INIT;
    return 0;
}
