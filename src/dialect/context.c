/* What templates see of a policy's native strings. */
#include "dialect/dialect.h"

static void set(json_t *object, const char *key, const char *value)
{
    json_object_set_new(object, key, value ? json_string(value) : json_false());
}

/* The groups for servers that take their list apart themselves, which a colon would spoil. */
static void set_curves(json_t *object, const char *groups)
{
    CLEANUP(mem_freep) char *list = mem_strdup(groups);
    for (char *c = list; c && *c; c++)
        if (*c == ':')
            *c = ',';
    set(object, "curves", list);
}

static json_t *openssl_strings(const struct native *n)
{
    json_t *o = json_object();
    set(o, "ciphers", n->cipher_list);
    set(o, "ciphersuites", n->ciphersuites);
    set(o, "groups", n->groups);
    set_curves(o, n->groups);
    set(o, "signature_algorithms", n->signature_algorithms);
    set(o, "min_protocol", n->min_protocol);
    set(o, "max_protocol", n->max_protocol);
    return o;
}

static json_t *protocol_list(unsigned set_of)
{
    json_t *list = json_array();
    enum protocol low = protocol_lowest(set_of), high = protocol_highest(set_of);
    for (int v = PROTOCOL_SSL2; v <= PROTOCOL_TLS1_3; v++) {
        enum protocol p = (enum protocol)v;
        if (protocol_in(set_of, p))
            json_array_append_new(list, json_pack("{s:s, s:b, s:b}", "name",
                                                  protocol_info(p)->name, "first",
                                                  p == low, "last", p == high));
    }
    return list;
}

json_t *dialect_context(const struct native *native, const struct policy *policy)
{
    json_t *protocols = json_object();
    for (int v = PROTOCOL_SSL2; v <= PROTOCOL_TLS1_3; v++)
        json_object_set_new(
            protocols, protocol_info((enum protocol)v)->symbol,
            json_boolean(protocol_in(policy->protocols, (enum protocol)v)));
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:s, s:s, s:b, s:b, s:b}", "openssl",
        native->priority ? json_false() : openssl_strings(native), "gnutls",
        native->priority ? json_pack("{s:s}", "priority", native->priority)
                         : json_false(),
        "protocols", protocols, "protocol_list", protocol_list(policy->protocols),
        "min_protocol", protocol_info(protocol_lowest(policy->protocols))->name,
        "max_protocol", protocol_info(protocol_highest(policy->protocols))->name,
        "server_preference", policy->server_preference, "session_tickets",
        policy->session_tickets, "compression", policy->compression);
}
