/*
 * A scan as text: one thing a line, so that marks stand beside what they are about. What could not
 * be found out stands last and is never left out.
 */
#include "report/scan_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/day.h"
#include "base/visible.h"
#include "probe/offer.h"
#include "probe/target.h"
#include "report/scan_mark.h"

#define NAME_WIDTH 45

struct page {
    const struct scan_report *r;
    const struct scan *scan;
    bool color;
    struct buf *out;
};

/* --- lines ----------------------------------------------------------------------------------- */

static void head(const struct page *p, const char *text)
{
    buf_addf(p->out, "%s%s%s\n", p->color ? "\033[1m" : "", text,
             p->color ? "\033[0m" : "");
}

static const char *paint(const struct page *p, const struct scan_mark *m)
{
    if (!p->color)
        return "";
    return m->weak.grade >= WEAKNESS_HIGH ? "\033[31m" : "\033[33m";
}

static void line(const struct page *p, const char *text, struct scan_mark m)
{
    CLEANUP(buf_release) struct buf marks = BUF_INIT;
    if (m.weak.grade)
        buf_addf(&marks, "weak: %s", m.weak.why);
    if (m.forbidden)
        buf_addf(&marks, "%sforbidden", marks.len ? ", " : "");
    if (!marks.len)
        buf_addf(p->out, "  %s\n", text);
    else
        buf_addf(p->out, "  %-*s  %s%s%s\n", NAME_WIDTH, text, paint(p, &m),
                 buf_str(&marks), p->color ? "\033[0m" : "");
}

static struct scan_mark no_mark(void)
{
    return (struct scan_mark){.forbidden = false};
}

/* --- parts ----------------------------------------------------------------------------------- */

static void add_title(const struct page *p)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    target_describe(p->r->endpoint, &text);
    buf_addf(&text, ": %u connections, %.2f s", p->scan->connections,
             (double)p->scan->took_ms / 1000);
    if (p->r->policy)
        buf_addf(&text, "; what is forbidden is so by %s", p->r->profile);
    head(p, buf_str(&text));
}

static void add_versions(const struct page *p)
{
    head(p, "versions");
    for (unsigned v = PROTOCOL_COUNT; v-- > 0;) {
        const char *name = protocol_info((enum protocol)v)->name;
        char text[64];
        switch (p->scan->versions[v].supported) {
        case SCAN_YES:
            line(p, name, scan_mark_protocol(p->r->policy, (enum protocol)v));
            break;
        case SCAN_UNKNOWN:
            snprintf(text, sizeof text, "%s: unknown", name);
            line(p, text, no_mark());
            break;
        case SCAN_NO:
            break;
        }
    }
}

static void add_suites(const struct page *p, enum protocol v)
{
    static const char *const orders[] = {
        [SCAN_ORDER_UNKNOWN] = "",
        [SCAN_ORDER_SERVER] = ", in the server's order",
        [SCAN_ORDER_CLIENT] = ", in the client's order",
    };
    const struct scan_version *found = &p->scan->versions[v];
    char text[80], space[OFFER_NAME_SPACE];
    if (found->suites.count == 0)
        return;
    snprintf(text, sizeof text, "suites of %s%s", protocol_info(v)->name,
             orders[found->order]);
    head(p, text);
    for (size_t i = 0; i < found->suites.count; i++)
        line(p, offer_suite_name(found->suites.items[i], space),
             scan_mark_suite(p->r->policy, found->suites.items[i]));
}

static void add_groups(const struct page *p)
{
    struct ids all = IDS_INIT;
    char space[OFFER_NAME_SPACE];
    for (unsigned v = PROTOCOL_COUNT; v-- > 0;)
        ids_add_all(&all, &p->scan->versions[v].groups);
    if (all.count == 0)
        return;
    head(p, "groups");
    for (size_t i = 0; i < all.count; i++) {
        CLEANUP(buf_release) struct buf text = BUF_INIT;
        buf_addf(&text, "%-22s", offer_group_name(all.items[i], space));
        for (unsigned v = PROTOCOL_COUNT; v-- > 0;)
            if (ids_has(&p->scan->versions[v].groups, all.items[i]))
                buf_addf(&text, " %s", protocol_info((enum protocol)v)->name);
        line(p, buf_str(&text), scan_mark_group(p->r->policy, all.items[i]));
    }
}

static void add_primes(const struct page *p)
{
    if (p->scan->dh_bits.count)
        head(p, "primes of DHE");
    for (size_t i = 0; i < p->scan->dh_bits.count; i++) {
        char text[32];
        snprintf(text, sizeof text, "%u bits", p->scan->dh_bits.items[i]);
        line(p, text, scan_mark_dh(p->r->policy, p->scan->dh_bits.items[i]));
    }
}

static void add_schemes(const struct page *p, enum protocol v)
{
    const struct ids *schemes = &p->scan->versions[v].schemes;
    char text[80], space[OFFER_NAME_SPACE];
    if (schemes->count == 0)
        return;
    snprintf(text, sizeof text, "signature schemes of %s", protocol_info(v)->name);
    head(p, text);
    for (size_t i = 0; i < schemes->count; i++)
        line(p, offer_scheme_name(schemes->items[i], space),
             scan_mark_scheme(p->r->policy, schemes->items[i]));
}

static void add_names(const struct page *p, const struct handshake_certificate *c)
{
    buf_addf(p->out, "    for %s", c->names.count ? c->names.items[0] : "nobody");
    for (size_t i = 1; i < c->names.count; i++)
        buf_addf(p->out, "%s %s", i % 4 ? "," : ",\n       ", c->names.items[i]);
    buf_addf(p->out, "%s\n",
             c->names_common && c->names.count
                 ? ", but as a common name only, where clients do not look"
             : c->name_matches ? ""
                               : ", which is not the name that was asked for");
}

static void add_certificate(const struct page *p, const struct handshake_certificate *c)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    CLEANUP(mem_freep) char *until = day_text(c->not_after);
    buf_addf(&text, "%s %d%s%s, until %s", c->key_type ? c->key_type : "unknown", c->bits,
             c->curve ? " " : "", c->curve ? c->curve : "", until);
    line(p, buf_str(&text), scan_mark_certificate(p->r->policy, c));
    add_names(p, c);
    if (c->chain_text && !c->trusted && strcmp(c->chain_text, "not judged") != 0)
        buf_addf(p->out, "    not trusted: %s\n", c->chain_text);
    if (c->weak_digest && !c->self_signed)
        buf_addf(p->out, "    signed with %s, which clients refuse\n", c->weak_digest);
}

static void add_certificates(const struct page *p)
{
    if (p->scan->certificate_count)
        head(p, "certificates");
    for (size_t i = 0; i < p->scan->certificate_count; i++)
        add_certificate(p, &p->scan->certificates[i]);
}

static void add_facts(const struct page *p)
{
    static const char *const names[SCAN_FACTS] = {
        [SCAN_COMPRESSION] = "compression",
        [SCAN_RENEGOTIATION] = "secure renegotiation",
        [SCAN_EXTENDED_MASTER] = "extended master secret",
        [SCAN_ENCRYPT_THEN_MAC] = "encrypt-then-MAC",
        [SCAN_TICKETS] = "session tickets",
        [SCAN_STAPLE] = "OCSP staple",
        [SCAN_FALLBACK_SCSV] = "fallback SCSV",
        [SCAN_CERTIFICATE_REQUEST] = "asks for a client certificate",
    };
    bool any = false;
    for (size_t i = 0; i < SCAN_FACTS; i++) {
        char text[64];
        if (p->scan->facts[i] == SCAN_UNKNOWN)
            continue;
        if (!any)
            head(p, scan_has_older(p->scan) ? "features up to TLSv1.2" : "features");
        any = true;
        snprintf(text, sizeof text, "%-30s %s", names[i],
                 p->scan->facts[i] == SCAN_YES ? "yes" : "no");
        line(p, text, no_mark());
    }
}

static void add_inconclusive(const struct page *p)
{
    if (p->scan->inconclusive.count)
        head(p, "INCOMPLETE: could not be found out");
    for (size_t i = 0; i < p->scan->inconclusive.count; i++)
        line(p, p->scan->inconclusive.items[i], no_mark());
}

void scan_report_text(const struct scan_report *r, bool color, struct buf *out)
{
    struct page p = {.r = r, .scan = r->scan, .color = color, .out = out};
    add_title(&p);
    add_versions(&p);
    for (unsigned v = PROTOCOL_COUNT; v-- > 0;)
        add_suites(&p, (enum protocol)v);
    add_groups(&p);
    add_primes(&p);
    for (unsigned v = PROTOCOL_COUNT; v-- > 0;)
        add_schemes(&p, (enum protocol)v);
    add_certificates(&p);
    add_facts(&p);
    add_inconclusive(&p);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void mark(const struct scan_report *r, json_t *item, struct scan_mark m)
{
    json_object_set_new(item, "weak",
                        m.weak.grade ? json_string(m.weak.why) : json_null());
    if (r->policy)
        json_object_set_new(item, "forbidden", json_boolean(m.forbidden));
}

static uint16_t id_of(const json_t *item)
{
    const char *text = json_string_value(json_object_get(item, "id"));
    return text ? (uint16_t)strtoul(text, NULL, 16) : 0;
}

static void mark_all(const struct scan_report *r, json_t *report, const char *key,
                     struct scan_mark (*judge)(const struct policy *, uint16_t))
{
    json_t *item;
    size_t i;
    json_array_foreach(json_object_get(report, key), i, item)
        mark(r, item, judge(r->policy, id_of(item)));
}

static void mark_versions(const struct scan_report *r, json_t *report)
{
    json_t *item;
    size_t i;
    json_array_foreach(json_object_get(report, "versions"), i, item)
    {
        const char *name = json_string_value(json_object_get(item, "version"));
        for (unsigned v = 0; name && v < PROTOCOL_COUNT; v++)
            if (strcmp(protocol_info((enum protocol)v)->name, name) == 0 &&
                r->scan->versions[v].supported == SCAN_YES)
                mark(r, item, scan_mark_protocol(r->policy, (enum protocol)v));
    }
}

json_t *scan_report_json(const struct scan_report *r)
{
    CLEANUP(buf_release) struct buf target = BUF_INIT;
    json_t *report = scan_json(r->endpoint, r->scan);
    json_t *certificates = json_object_get(report, "certificates");
    target_describe(r->endpoint, &target);
    json_object_set_new(report, "target", json_string(buf_str(&target)));
    mark_versions(r, report);
    mark_all(r, report, "suites", scan_mark_suite);
    mark_all(r, report, "groups", scan_mark_group);
    mark_all(r, report, "signature_schemes", scan_mark_scheme);
    for (size_t i = 0; i < r->scan->certificate_count; i++)
        mark(r, json_array_get(certificates, i),
             scan_mark_certificate(r->policy, &r->scan->certificates[i]));
    return report;
}
