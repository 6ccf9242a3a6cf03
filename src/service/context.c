/*
 * The context is built from the outside in: what is present, the policy (which what is stricter already narrows),
 * certificate, and last the facts, which may speak of all before them.
 */
#include "service/context.h"

#include <stdlib.h>
#include <string.h>

#include "dialect/dialect.h"
#include "service/hook.h"
#include "service/lookup.h"
#include "service/versions.h"

/* --- what is stricter already ---------------------------------------------------------------- */

/* The first of the paths (one, or several) that leads to a text; owned, NULL when none does. */
static char *said(const json_t *context, const json_t *paths)
{
    size_t count = json_is_string(paths) ? 1 : json_array_size(paths);
    for (size_t i = 0; i < count; i++) {
        const json_t *path = json_is_string(paths) ? paths : json_array_get(paths, i);
        const char *text = lookup_text(context, json_string_value(path));
        if (text)
            return mem_strdup(text);
    }
    return NULL;
}

/* As OpenSSL reads it: some servers part the names by spaces or commas. */
static char *colons(char *list)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    for (const char *c = list; c && *c; c += *c != '\0') {
        c += strspn(c, " \t,:");
        size_t n = strcspn(c, " \t,:");
        buf_addf(&out, "%s%.*s", out.len && n ? ":" : "", (int)n, c);
        c += n;
    }
    free(list);
    return out.len ? buf_take(&out) : NULL;
}

/* service.json's "kept": where the strings of a listener stand at present. */
static void read_kept(const struct wanted *w, const char *listener, struct native *ret,
                      unsigned *ret_protocols)
{
    const json_t *kept =
        json_object_get(json_object_get(w->service->spec, "kept"), listener);
    CLEANUP(mem_freep)
    char *versions = said(w->context, json_object_get(kept, "protocols"));
    ret->cipher_list = said(w->context, json_object_get(kept, "cipher_list"));
    ret->ciphersuites = said(w->context, json_object_get(kept, "ciphersuites"));
    ret->groups = colons(said(w->context, json_object_get(kept, "groups")));
    ret->signature_algorithms =
        said(w->context, json_object_get(kept, "signature_algorithms"));
    ret->priority = said(w->context, json_object_get(kept, "priority"));
    *ret_protocols = versions ? versions_read(versions) : 0;
}

static void tell_kept(struct wanted *w, const char *listener, unsigned parts)
{
    static const struct {
        unsigned parts;
        const char *what;
    } words[] = {{PART_PROTOCOLS, "protocol versions"},
                 {PART_SUITES | PART_SUITES13, "cipher suites"},
                 {PART_GROUPS, "groups"},
                 {PART_SIGSCHEMES, "signature schemes"}};
    CLEANUP(buf_release) struct buf list = BUF_INIT;
    bool own = strcmp(listener, w->service->name) != 0;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (parts & words[i].parts)
            buf_addf(&list, "%s%s", list.len ? ", " : "", words[i].what);
    wanted_note(w, WANTED_INFO, NULL, NULL,
                "%s%sallows less than the profile, and that stays (--exact replaces it): "
                "fewer %s",
                own ? listener : "", own ? " " : "", buf_str(&list));
}

/* --- policy ---------------------------------------------------------------------------------- */

struct translation {
    struct policy policy;
    struct native native;
    struct grants grants;
};

static void translation_release(struct translation *t)
{
    policy_release(&t->policy);
    native_release(&t->native);
    grants_release(&t->grants);
    *t = (struct translation){.native = NATIVE_INIT, .grants = GRANTS_INIT};
}

static int translate(const struct wanted *w, struct translation *t, struct err *err)
{
    int rc =
        dialect_translate(&w->detected.library, &t->policy, &t->native, &t->grants, err);
    return rc < 0 ? -1 : grants_check(&t->grants, err);
}

/* The policy narrowed to what is stricter at present: false when there is no such thing, or it does not work. */
static bool translate_kept(struct wanted *w, const char *scope, const char *listener,
                           struct translation *t)
{
    CLEANUP(native_release) struct native present = NATIVE_INIT;
    CLEANUP(policy_release) struct policy whole = POLICY_INIT;
    struct err unusable = ERR_INIT;
    unsigned protocols, parts;
    read_kept(w, listener, &present, &protocols);
    if (profile_policy(w->profile, scope, &whole, &unusable) < 0 ||
        profile_policy(w->profile, scope, &t->policy, &unusable) < 0)
        return false;
    parts = dialect_narrow(&w->detected.library, &present, protocols, &t->policy);
    if (!parts || translate(w, t, &unusable) < 0)
        return false;
    native_keep(&t->native, &present, parts);
    grants_add_narrowed(&t->grants, &whole, &t->policy);
    tell_kept(w, listener, parts);
    return true;
}

static int translate_whole(struct wanted *w, const char *scope, struct translation *t,
                           struct err *err)
{
    translation_release(t);
    if (profile_policy(w->profile, scope, &t->policy, err) < 0 ||
        translate(w, t, err) < 0)
        return err_context(err, "%s", scope);
    return 0;
}

json_t *context_policy(struct wanted *w, const char *scope, const char *listener,
                       struct err *err)
{
    CLEANUP(translation_release)
    struct translation t = {.native = NATIVE_INIT, .grants = GRANTS_INIT};
    bool may_keep =
        !w->exact && json_object_get(json_object_get(w->service->spec, "kept"), listener);
    if (!(may_keep && translate_kept(w, scope, listener, &t)) &&
        translate_whole(w, scope, &t, err) < 0)
        return NULL;
    json_object_set_new(w->grants, listener, grants_json(&t.grants));
    json_t *out = dialect_context(&t.native, &t.policy);
    static const char *const sections[] = {"http", "smtp", "imap", "ldap"};
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        json_object_set(out, sections[i],
                        json_object_get(t.policy.effective, sections[i]));
    unsigned minor = protocol_info(protocol_lowest(t.policy.protocols))->wire & 0xffu;
    CLEANUP(mem_freep) char *number = mem_printf("3.%u", minor);
    json_object_set_new(out, "protocol_number", json_string(number));
    return out;
}

/* {member: does it differ from the first role's}; the library's own strings count as members. */
static void add_differences(json_t *out, json_t *role, const json_t *first,
                            const char *library)
{
    const char *name;
    json_t *v;
    json_object_foreach(role, name, v)
    {
        const json_t *theirs = json_object_get(first, name);
        json_object_set_new(out, name, json_boolean(!json_equal(v, theirs)));
        if (strcmp(name, library) == 0)
            add_differences(out, v, theirs, library);
    }
}

static int add_policy(struct wanted *w, struct err *err)
{
    const char *name = w->service->name;
    json_t *listed = json_object_get(w->service->spec, "roles"), *role;
    json_t *roles CLEANUP(json_decrefp) = json_object();
    w->grants = json_object();
    json_t *common CLEANUP(json_decrefp) = context_policy(w, name, name, err);
    if (!common)
        return -1;
    json_object_update(w->context, common);
    size_t i;
    json_array_foreach(listed, i, role)
    {
        CLEANUP(mem_freep)
        char *scope = mem_printf("%s.%s", name, json_string_value(role));
        json_t *strings = context_policy(w, scope, json_string_value(role), err);
        if (!strings)
            return -1;
        json_t *differs = json_object();
        const char *first = json_string_value(json_array_get(listed, 0));
        json_object_set_new(roles, json_string_value(role), strings);
        add_differences(differs, strings, json_object_get(roles, first),
                        dialect_name(w->detected.library.kind));
        json_object_set_new(strings, "differs", differs);
    }
    if (i)
        json_object_del(w->grants, name);
    json_object_set(w->context, "roles", roles);
    json_object_set_new(
        w->context, "profile",
        json_pack("{s:s, s:s}", "name", w->profile->name, "title", w->profile->title));
    json_object_set_new(w->context, "has", service_features(w->service, &w->detected));
    return 0;
}

/* --- what is there --------------------------------------------------------------------------- */

static void add_present(struct wanted *w)
{
    json_t *present = json_object();
    for (size_t i = 0; i < w->documents.count; i++) {
        const struct document *d = w->documents.items[i];
        if (!json_object_get(present, d->id))
            json_object_set_new(present, d->id, d->format->facts(d->doc, NULL));
    }
    json_object_set_new(w->context, "present", present);
}

static void add_site(struct wanted *w)
{
    json_t *own = site_of(w->site, w->service->name), *type;
    json_t *site = json_object();
    const char *key;
    json_object_foreach(json_object_get(w->service->spec, "site"), key, type)
    {
        json_t *value = json_object_get(own, key);
        json_object_set(site, key, value ? value : json_false());
    }
    json_object_set_new(w->context, "site", site);
}

/* --- certificate ----------------------------------------------------------------------------- */

/* The first of the paths that leads to a text. */
static const char *first_text(const json_t *context, const json_t *paths)
{
    for (size_t i = 0; i < json_array_size(paths); i++) {
        const char *text =
            lookup_text(context, json_string_value(json_array_get(paths, i)));
        if (text)
            return text;
    }
    return NULL;
}

/* A value that its syntax may quote ("a \\"b\\""), as it is meant; owned (free). */
static char *unquote(const char *text)
{
    size_t n = text ? strlen(text) : 0;
    if (n < 2 || text[0] != '"' || text[n - 1] != '"')
        return mem_strdup(text);
    char *out = mem_strndup(text + 1, n - 2), *to = out;
    for (const char *c = out; *c; c++) {
        c += *c == '\\' && c[1];
        *to++ = *c;
    }
    *to = '\0';
    return out;
}

/* What the service has as its certificate's `member`; owned (free), NULL when nothing. */
static char *present_path(const json_t *context, const json_t *spec, const char *member)
{
    const char *text = first_text(context, json_object_get(spec, member));
    return json_is_true(json_object_get(spec, "quoted")) ? unquote(text)
                                                         : mem_strdup(text);
}

static json_t *text_or_false(const char *text)
{
    return text ? json_string(text) : json_false();
}

static void add_certificate(struct wanted *w)
{
    json_t *spec CLEANUP(json_decrefp) =
        lookup_select(w->context, json_object_get(w->service->spec, "certificate"));
    const char *name = w->service->name;
    bool may_combine = json_is_true(json_object_get(spec, "combined"));
    const char *combined = site_certificate(w->site, name, "combined");
    const char *chain = site_certificate(w->site, name, "chain");
    const char *key = site_certificate(w->site, name, "key");
    const char *ca = site_certificate(w->site, name, "ca");
    if (combined && (may_combine || !chain))
        chain = key = combined;
    bool from_site = chain != NULL;
    CLEANUP(mem_freep) char *present_chain = present_path(w->context, spec, "chain");
    CLEANUP(mem_freep) char *present_key = present_path(w->context, spec, "key");
    CLEANUP(mem_freep) char *present_ca = present_path(w->context, spec, "ca");
    if (!from_site) {
        chain = present_chain;
        key = present_key;
    }
    bool ca_from_site = ca != NULL;
    if (!ca)
        ca = present_ca;
    bool separate = chain && key && strcmp(chain, key) != 0;
    json_object_set_new(
        w->context, "certificate",
        json_pack("{s:o, s:o, s:o, s:b, s:b, s:b}", "chain", text_or_false(chain), "key",
                  text_or_false(key), "ca", text_or_false(ca), "from_site", from_site,
                  "ca_from_site", ca_from_site, "separate_key", separate));
}

/* --- facts ----------------------------------------------------------------------------------- */

static bool is_among(const json_t *value, const json_t *list)
{
    const char *text = json_string_value(value);
    for (size_t i = 0; text && i < json_array_size(list); i++)
        if (strcasecmp(text, json_string_value(json_array_get(list, i))) == 0)
            return true;
    return false;
}

static bool any_exists(const struct host *host, const json_t *paths)
{
    for (size_t i = 0; i < json_array_size(paths); i++)
        if (path_exists(&host->root, json_string_value(json_array_get(paths, i))))
            return true;
    return false;
}

/* Where a value stands in an order from weak to strong, from 1; 0: nowhere. */
static size_t rank(const json_t *order, const json_t *value)
{
    const char *text = json_string_value(value);
    for (size_t i = 0; text && i < json_array_size(order); i++)
        if (strcasecmp(text, json_string_value(json_array_get(order, i))) == 0)
            return i + 1;
    return 0;
}

static json_t *stronger(const json_t *order, json_t *value, json_t *wanted)
{
    return json_incref(rank(order, value) > rank(order, wanted) ? value : wanted);
}

/* A number as JSON or configuration files hold it; `fallback` where there is none. */
static long number(const json_t *value, const json_t *fallback)
{
    const char *text = json_string_value(value);
    const json_t *from = value ? value : fallback;
    return text ? strtol(text, NULL, 10) : (long)json_integer_value(from);
}

static const char *text_or_empty(const json_t *value)
{
    const char *text = json_string_value(value);
    return text ? text : "";
}

/* False for a setting that cannot be read. */
static bool lacks_version(const char *setting, enum protocol version)
{
    unsigned set = setting ? versions_read(setting) : 0;
    return set && !protocol_in(set, version);
}

/* {"path": P}: the value there, or false, and more by a second key:
 *     "in": [...]                        is it one of these, without regard to case
 *     "order": [...], "at_least": W      the stronger of it and W (a path, or a text); the order
 *                                        begins with the weakest
 *     "lacks": V                         do the versions that it allows lack this one (versions.h)
 *     "below": P2, "default": N          is it a number less than the one at P2
 * {"exists": [...]}: is one of these files there; {"all": [conditions]}: do all hold. */
static json_t *fact(const struct wanted *w, json_t *spec)
{
    json_t *exists = json_object_get(spec, "exists"), *in = json_object_get(spec, "in");
    json_t *all = json_object_get(spec, "all"), *order = json_object_get(spec, "order");
    json_t *least = json_object_get(spec, "at_least");
    const char *below = json_string_value(json_object_get(spec, "below"));
    if (exists)
        return json_boolean(any_exists(w->host, exists));
    if (all)
        return json_boolean(lookup_all(w->context, all));
    json_t *value = lookup(w->context, json_string_value(json_object_get(spec, "path")));
    if (in)
        return json_boolean(is_among(value, in));
    if (order) {
        json_t *wanted = lookup(w->context, json_string_value(least));
        return stronger(order, value, wanted ? wanted : least);
    }
    const struct protocol_info *lacks =
        protocol_by_name(text_or_empty(json_object_get(spec, "lacks")));
    if (lacks)
        return json_boolean(lacks_version(json_string_value(value), lacks->id));
    if (below)
        return json_boolean(number(value, json_object_get(spec, "default")) <
                            number(lookup(w->context, below), NULL));
    return lookup_truthy(value) ? json_incref(value) : json_false();
}

static void add_facts(struct wanted *w)
{
    json_t *facts = json_object(), *spec;
    const char *name;
    json_object_set_new(w->context, "facts", facts);
    json_object_foreach(json_object_get(w->service->spec, "facts"), name, spec)
        json_object_set_new(facts, name, fact(w, spec));
}

/* --- the host -------------------------------------------------------------------------------- */

static void add_host(struct wanted *w)
{
    json_t *listening = json_object(), *endpoint;
    size_t i;
    json_array_foreach(json_object_get(w->service->spec, "endpoints"), i, endpoint)
    {
        const char *role = json_string_value(json_object_get(endpoint, "role"));
        unsigned port = (unsigned)json_integer_value(json_object_get(endpoint, "port"));
        if (host_address(w->host, w->service, port, NULL))
            json_object_set_new(listening, role, json_true());
        else if (!json_object_get(listening, role))
            json_object_set_new(listening, role, json_false());
    }
    json_object_set_new(w->context, "listening", listening);
    json_object_set_new(
        w->context, "host",
        json_pack("{s:b, s:b}", "live", w->host->live, "systemd", w->host->systemd));
}

int context_make(struct wanted *w, struct err *err)
{
    const struct service_hook *hook = service_hook_find(service_text(w->service, "hook"));
    w->context = json_object();
    add_present(w);
    add_site(w);
    if (hook && hook->prepare && hook->prepare(w, err) < 0)
        return err_context(err, "%s", w->service->name);
    if (add_policy(w, err) < 0)
        return -1;
    add_certificate(w);
    add_host(w);
    add_facts(w);
    return 0;
}

bool context_holds(const json_t *context, const char *expression)
{
    const char *equals = strchr(expression, '=');
    CLEANUP(mem_freep)
    char *path = mem_strndup(expression,
                             equals ? (size_t)(equals - expression) : strlen(expression));
    if (!equals)
        return lookup_truthy(lookup(context, path));
    const char *text = lookup_text(context, path);
    return text && strcmp(text, equals + 1) == 0;
}
