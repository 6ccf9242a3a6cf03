/* What a scan has found, as JSON. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "probe/offer.h"
#include "probe/scan.h"

static json_t *endpoint_json(const struct endpoint *e)
{
    return json_pack("{s:s?, s:s?, s:s?, s:i, s:s?, s:s?}", "service", e->service, "role",
                     e->role, "address", e->address, "port", (int)e->port, "starttls",
                     e->starttls, "name", e->name);
}

static json_t *answer_json(enum scan_answer a)
{
    return a == SCAN_UNKNOWN ? json_null() : json_boolean(a == SCAN_YES);
}

static json_t *id_json(uint16_t id)
{
    return json_sprintf("0x%04x", (unsigned)id);
}

static const char *order_name(enum scan_order order)
{
    static const char *const names[] = {NULL, "server", "client"};
    return names[order];
}

static json_t *versions_json(const struct scan *s)
{
    json_t *list = json_array();
    for (unsigned v = PROTOCOL_COUNT; v-- > 0;)
        json_array_append_new(list, json_pack("{s:s, s:o, s:s?}", "version",
                                              protocol_info((enum protocol)v)->name,
                                              "supported",
                                              answer_json(s->versions[v].supported),
                                              "order", order_name(s->versions[v].order)));
    return list;
}

static json_t *suites_json(const struct scan *s)
{
    json_t *list = json_array();
    char space[OFFER_NAME_SPACE];
    for (unsigned v = PROTOCOL_COUNT; v-- > 0;)
        for (size_t i = 0; i < s->versions[v].suites.count; i++) {
            uint16_t id = s->versions[v].suites.items[i];
            json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:i}", "version",
                                                  protocol_info((enum protocol)v)->name,
                                                  "name", offer_suite_name(id, space),
                                                  "id", id_json(id), "rank", (int)i + 1));
        }
    return list;
}

/* "server" or "client" when all versions agree; NULL when they don't, or nobody knows. */
static const char *common_order(const struct scan *s)
{
    enum scan_order common = SCAN_ORDER_UNKNOWN;
    for (unsigned v = 0; v < PROTOCOL_COUNT; v++) {
        enum scan_order here = s->versions[v].order;
        if (here == SCAN_ORDER_UNKNOWN)
            continue;
        if (common != SCAN_ORDER_UNKNOWN && common != here)
            return NULL;
        common = here;
    }
    return order_name(common);
}

/* Groups or signature schemes: each once, with the versions that show it. */
struct kind {
    const struct ids *(*in)(const struct scan_version *v);
    const char *(*name)(uint16_t id, char space[static OFFER_NAME_SPACE]);
};

static const struct ids *groups_in(const struct scan_version *v)
{
    return &v->groups;
}

static const struct ids *schemes_in(const struct scan_version *v)
{
    return &v->schemes;
}

static const struct kind groups = {groups_in, offer_group_name},
                         schemes = {schemes_in, offer_scheme_name};

static json_t *versions_with(const struct scan *s, const struct kind *k, uint16_t id)
{
    json_t *list = json_array();
    for (unsigned v = PROTOCOL_COUNT; v-- > 0;)
        if (ids_has(k->in(&s->versions[v]), id))
            json_array_append_new(list,
                                  json_string(protocol_info((enum protocol)v)->name));
    return list;
}

static json_t *kind_json(const struct scan *s, const struct kind *k)
{
    json_t *list = json_array();
    struct ids all = IDS_INIT;
    char space[OFFER_NAME_SPACE];
    for (unsigned v = PROTOCOL_COUNT; v-- > 0;)
        ids_add_all(&all, k->in(&s->versions[v]));
    for (size_t i = 0; i < all.count; i++)
        json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "name",
                                              k->name(all.items[i], space), "id",
                                              id_json(all.items[i]), "versions",
                                              versions_with(s, k, all.items[i])));
    return list;
}

static json_t *numbers_json(const struct ids *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_integer(list->items[i]));
    return array;
}

static json_t *strings_json(const struct strv *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_string(list->items[i]));
    return array;
}

/* RFC 3339, UTC. */
static json_t *time_json(int64_t seconds)
{
    char text[40] = "";
    time_t t = (time_t)seconds;
    struct tm tm;
    if (!gmtime_r(&t, &tm) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return json_null();
    return json_string(text);
}

static json_t *certificates_json(const struct scan *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->certificate_count; i++) {
        const struct handshake_certificate *c = &s->certificates[i];
        json_array_append_new(
            list,
            json_pack("{s:s?, s:s?, s:o, s:o, s:o, s:s?, s:i, s:s?, s:s?, s:b, "
                      "s:b, s:b, s:b, s:s?, s:s?}",
                      "sha256", c->digest[0] ? c->digest : NULL, "subject", c->subject,
                      "names", strings_json(&c->names), "not_before",
                      time_json(c->not_before), "not_after", time_json(c->not_after),
                      "key_type", c->key_type, "bits", c->bits, "curve", c->curve,
                      "signature", c->signature, "self_signed", c->self_signed,
                      "name_matches", c->name_matches, "ocsp_responder",
                      c->ocsp_responder, "staple_demanded", c->staple_demanded,
                      "staple_problem", c->staple_problem, "chain", c->chain_text));
    }
    return list;
}

static json_t *flags_json(const struct scan *s)
{
    static const char *const names[SCAN_FACTS] = {
        [SCAN_COMPRESSION] = "compression",
        [SCAN_RENEGOTIATION] = "secure_renegotiation",
        [SCAN_EXTENDED_MASTER] = "extended_master_secret",
        [SCAN_ENCRYPT_THEN_MAC] = "encrypt_then_mac",
        [SCAN_TICKETS] = "session_tickets",
        [SCAN_STAPLE] = "ocsp_staple",
        [SCAN_FALLBACK_SCSV] = "fallback_scsv",
        [SCAN_CERTIFICATE_REQUEST] = "certificate_request",
    };
    json_t *flags = json_object();
    for (size_t i = 0; i < SCAN_FACTS; i++)
        json_object_set_new(flags, names[i], answer_json(s->facts[i]));
    json_object_set_new(flags, "alpn", s->alpn[0] ? json_string(s->alpn) : json_null());
    return flags;
}

json_t *scan_json(const struct endpoint *endpoint, const struct scan *s)
{
    return json_pack("{s:o, s:o, s:o, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:f}",
                     "endpoint", endpoint_json(endpoint), "versions", versions_json(s),
                     "suites", suites_json(s), "order", common_order(s), "groups",
                     kind_json(s, &groups), "dh_bits", numbers_json(&s->dh_bits),
                     "signature_schemes", kind_json(s, &schemes), "certificates",
                     certificates_json(s), "flags", flags_json(s), "inconclusive",
                     strings_json(&s->inconclusive), "connections", (int)s->connections,
                     "seconds", (double)s->took_ms / 1000);
}
