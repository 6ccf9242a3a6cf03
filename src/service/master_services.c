/*
 * Hook "master-services": services that one daemon runs several times, each with the server's
 * parameters and overrides of its own ("-o name=value"). service.json says:
 *
 *     "master": {
 *         "parameters": ID, "services": ID    the two documents
 *         "command": NAME                     of the daemon; other services are not looked at
 *         "defaults": {PARAMETER: VALUE}      where they are not set
 *         "level": PARAMETER, "mandatory": VALUE    what makes a service refuse clear text
 *         "legacy": [{"parameter", "value", "when"}]    an older parameter ("when", "yes") that
 *                                             means the value where the newer one is not set
 *         "listeners": {ROLE: [TYPE/NAME, ...]}    the names by which a role is listed
 *         "added": [ROLE, ...]                the site may ask for these ("site": {ROLE: "flag"})
 *         "policy": [PARAMETER, ...]          what an override must not say differently
 *         "fixed": [PARAMETER, ...]           whose value must be told for certain
 *         "files": [PARAMETER, ...]           paths that must exist
 *         "certificates": [{"chain": PARAMETER, "key": PARAMETER}, ...]
 *         "chain_files": PARAMETER            a list of files that takes their place
 *         "sasl": {...}                       see sasl.h
 *     }
 *
 * Context that templates see: "parameters" {name: value, expanded}, and "master" {chroot, ROLE
 * {listed, add, mandatory, set {PARAMETER: bool}, options {PARAMETER: value}}}: is the role listed, shall it
 * be added, does each of its entries refuse clear text, does one of them override the parameter, and what do
 * they say, the last of them last.
 */
#include <stdlib.h>
#include <string.h>

#include "service/hook.h"
#include "service/lookup.h"
#include "service/parameters.h"
#include "service/sasl.h"

#define NONE "none" /* how a path is switched off */

struct services {
    struct wanted *w;
    const json_t *spec;
    json_t *table;  /* {parameter: value as written}, defaults included; owned */
    json_t *listed; /* borrowed: the services, as the format tells them */
};

static void services_release(struct services *s)
{
    json_decref(s->table);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static json_t *list_of(const struct services *s, const char *key)
{
    return json_object_get(s->spec, key);
}

static const char *item(const json_t *list, size_t i)
{
    const char *text = json_string_value(json_array_get(list, i));
    return text ? text : "";
}

static struct services services_of(struct wanted *w)
{
    struct services s = {.w = w, .spec = json_object_get(w->service->spec, "master")};
    const json_t *present = json_object_get(w->context, "present");
    s.table = json_copy(json_object_get(s.spec, "defaults"));
    json_object_update(
        s.table, json_object_get(json_object_get(present, text_of(s.spec, "parameters")),
                                 "parameters"));
    s.listed = json_object_get(json_object_get(present, text_of(s.spec, "services")),
                               "services");
    return s;
}

static const char *path_of(const struct services *s, const char *document)
{
    const struct document *d =
        documents_find(&s->w->documents, text_of(s->spec, document));
    return d ? d->named : NULL;
}

/* --- parameters ------------------------------------------------------------------------------ */

/* A parameter's value, expanded; owned (free), NULL when it is unset, empty or "none". */
static char *value_of(const json_t *table, const char *name)
{
    const char *text = json_string_value(json_object_get(table, name));
    CLEANUP(mem_freep) char *value = text ? parameters_expand(table, text) : NULL;
    return value && *value && strcmp(value, NONE) != 0 ? TAKE_PTR(value) : NULL;
}

/* The parameters as one service sees them; a new reference. */
static json_t *table_of(const struct services *s, const json_t *service)
{
    json_t *table = json_copy(s->table);
    json_object_update(table, json_object_get(service, "options"));
    return table;
}

/* Where only an older parameter says it, the newer one gets what that means. */
static void apply_legacy(const struct services *s, json_t *table)
{
    const json_t *list = list_of(s, "legacy");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *rule = json_array_get(list, i);
        CLEANUP(mem_freep) char *present = value_of(table, text_of(rule, "parameter"));
        CLEANUP(mem_freep) char *old = value_of(table, text_of(rule, "when"));
        if (!present && old && strcmp(old, "yes") == 0)
            json_object_set(table, text_of(rule, "parameter"),
                            json_object_get(rule, "value"));
    }
}

static void check_fixed(const struct services *s)
{
    const json_t *list = list_of(s, "fixed");
    for (size_t i = 0; i < json_array_size(list); i++) {
        CLEANUP(mem_freep) char *value = value_of(s->table, item(list, i));
        if (value && strchr(value, '$'))
            wanted_note(s->w, WANTED_ERROR, path_of(s, "parameters"),
                        "write its value there instead",
                        "cannot tell what '%s = %s' means", item(list, i), value);
    }
}

static void add_parameters(const struct services *s)
{
    json_t *parameters = parameters_table(s->table), *v;
    const char *name;
    void *next;
    json_object_foreach_safe(parameters, next, name,
                             v) if (strcmp(json_string_value(v), NONE) == 0)
        json_object_del(parameters, name);
    json_object_set_new(s->w->context, "parameters", parameters);
}

/* --- services -------------------------------------------------------------------------------- */

/* Is it our daemon, reached from outside? */
static bool is_ours(const struct services *s, const json_t *service)
{
    return strcmp(text_of(service, "command"), text_of(s->spec, "command")) == 0 &&
           strcmp(text_of(service, "type"), "unix") != 0;
}

/* "inet" and "127.0.0.1:587" -> "inet/587"; owned (free). */
static char *key_of(const json_t *service)
{
    const char *name = text_of(service, "name"), *colon = strrchr(name, ':');
    return mem_printf("%s/%s", text_of(service, "type"), colon ? colon + 1 : name);
}

/* The role that a service has; NULL when it has none. */
static const char *role_of(const struct services *s, const json_t *service)
{
    CLEANUP(mem_freep) char *key = key_of(service);
    json_t *listeners = list_of(s, "listeners"), *names;
    const char *role;
    json_object_foreach(listeners, role,
                        names) for (size_t i = 0; i < json_array_size(names);
                                    i++) if (strcmp(item(names, i), key) ==
                                             0) return role;
    return NULL;
}

static bool is_mandatory(const struct services *s, const json_t *service)
{
    json_t *table CLEANUP(json_decrefp) = table_of(s, service);
    apply_legacy(s, table);
    CLEANUP(mem_freep) char *level = value_of(table, text_of(s->spec, "level"));
    return level && strcmp(level, text_of(s->spec, "mandatory")) == 0;
}

static void look_at(const struct services *s, const json_t *service, json_t *role)
{
    json_t *set = json_object_get(role, "set"), *v;
    const char *name;
    json_object_set_new(role, "listed", json_true());
    if (!is_mandatory(s, service))
        json_object_set_new(role, "mandatory", json_false());
    json_object_foreach(json_object_get(service, "options"), name,
                        v) if (json_object_get(set, name))
        json_object_set_new(set, name, json_true());
    json_object_update(json_object_get(role, "options"),
                       json_object_get(service, "options"));
}

static json_t *new_role(const struct services *s)
{
    const json_t *policy = list_of(s, "policy");
    json_t *set = json_object();
    for (size_t i = 0; i < json_array_size(policy); i++)
        json_object_set_new(set, item(policy, i), json_false());
    return json_pack("{s:b, s:b, s:b, s:o, s:{}}", "listed", 0, "add", 0, "mandatory", 1,
                     "set", set, "options");
}

/* What the site asks for and is not listed is added, if the server can check passwords. */
static void ask_site(const struct services *s, json_t *master)
{
    const json_t *added = list_of(s, "added");
    const json_t *site = json_object_get(s->w->context, "site");
    for (size_t i = 0; i < json_array_size(added); i++) {
        json_t *role = json_object_get(master, item(added, i));
        if (!json_is_true(json_object_get(site, item(added, i))) ||
            json_is_true(json_object_get(role, "listed")))
            continue;
        CLEANUP(mem_freep)
        char *problem = sasl_problem(s->w->host, list_of(s, "sasl"),
                                     json_object_get(s->w->context, "parameters"));
        if (!problem)
            json_object_set_new(role, "add", json_true());
        else
            wanted_note(s->w, WANTED_ERROR, path_of(s, "services"),
                        "set SASL up first, or take it out of the site",
                        "service '%s' cannot be added, since nobody could log in: %s",
                        item(added, i), problem);
    }
}

static void add_services(const struct services *s)
{
    json_t *master = json_pack("{s:s}", "chroot", "-"), *listeners, *v;
    const char *name;
    size_t i;
    bool seen = false;
    listeners = list_of(s, "listeners");
    json_object_foreach(listeners, name, v)
        json_object_set_new(master, name, new_role(s));
    json_array_foreach(s->listed, i, v)
    {
        const char *role = is_ours(s, v) ? role_of(s, v) : NULL;
        if (!role)
            continue;
        look_at(s, v, json_object_get(master, role));
        if (!seen)
            json_object_set(master, "chroot", json_object_get(v, "chroot"));
        seen = true;
    }
    ask_site(s, master);
    json_object_set_new(s->w->context, "master", master);
}

static int prepare(struct wanted *w, struct err *err)
{
    CLEANUP(services_release) struct services s = services_of(w);
    (void)err;
    check_fixed(&s);
    apply_legacy(&s, s.table);
    add_parameters(&s);
    add_services(&s);
    return 0;
}

/* --- what would be overridden elsewhere ------------------------------------------------------ */

/* Services of a name that no role has are told of, not changed. */
static void tell_of_others(const struct services *s)
{
    const json_t *policy = list_of(s, "policy"), *v;
    size_t i;
    json_array_foreach(s->listed, i, v)
    {
        if (!is_ours(s, v) || role_of(s, v))
            continue;
        const json_t *options = json_object_get(v, "options");
        for (size_t k = 0; k < json_array_size(policy); k++)
            if (json_object_get(options, item(policy, k)))
                wanted_note(s->w, WANTED_WARNING, path_of(s, "services"),
                            "see whether it has to",
                            "line %lld: service '%s' sets '%s' for itself, which stays",
                            json_integer_value(json_object_get(v, "line")),
                            text_of(v, "name"), item(policy, k));
    }
}

/* --- files ----------------------------------------------------------------------------------- */

static void check_files(const struct services *s, const json_t *table, const char *where)
{
    const json_t *files = list_of(s, "files");
    for (size_t i = 0; i < json_array_size(files); i++) {
        CLEANUP(mem_freep) char *path = value_of(table, item(files, i));
        if (!path || path_exists(&s->w->host->root, path))
            continue;
        CLEANUP(mem_freep)
        char *remedy = mem_printf("correct '%s' in %s", item(files, i), where);
        wanted_note(s->w, WANTED_ERROR, path, remedy,
                    "there is no such file, without which TLS is switched off");
    }
}

static bool overrides_any(const json_t *service, const json_t *names)
{
    const json_t *options = json_object_get(service, "options");
    for (size_t i = 0; i < json_array_size(names); i++)
        if (json_object_get(options, item(names, i)))
            return true;
    return false;
}

static char *place_of(const struct services *s, const json_t *service)
{
    return mem_printf("%s line %lld", path_of(s, "services"),
                      json_integer_value(json_object_get(service, "line")));
}

/* --- certificates ---------------------------------------------------------------------------- */

static void add_pair(const struct services *s, const char *chain, const char *key,
                     const char *where, bool key_first)
{
    struct wanted_certificate *c = wanted_add_certificate(s->w);
    c->chain = mem_strdup(chain);
    c->key = mem_strdup(key);
    c->where = mem_strdup(where);
    c->key_first = key_first;
}

static bool holds_certificate(const struct services *s, const char *path)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;
    if (path_read(&s->w->host->root, path, &text, NULL, NULL, &ignored) != 0)
        return false;
    bool found = text.len && memmem(text.data, text.len, begin, strlen(begin));
    if (text.len)
        explicit_bzero(text.data, text.len); /* it may hold a key */
    return found;
}

/* A key comes first, alone or with its certificates; these may fill more than one file. */
static void add_chain_files(const struct services *s, const char *list, const char *where)
{
    static const char separators[] = ", \t\r\n";
    CLEANUP(mem_freep) char *key = NULL;
    for (const char *at = list + strspn(list, separators); *at;
         at += strspn(at, separators)) {
        size_t n = strcspn(at, separators);
        CLEANUP(mem_freep) char *path = mem_strndup(at, n);
        at += n;
        bool chain = holds_certificate(s, path);
        if (chain && key)
            add_pair(s, path, key, where, false);
        else if (chain)
            add_pair(s, path, NULL, where, true);
        mem_freep(&key);
        key = chain ? NULL : TAKE_PTR(path);
    }
    if (key)
        add_pair(s, key, NULL, where, true);
}

/* What a service, or the server itself (where NULL), presents. True when there is any. */
static bool add_certificates(const struct services *s, const json_t *table,
                             const char *where)
{
    CLEANUP(mem_freep) char *files = value_of(table, text_of(s->spec, "chain_files"));
    const json_t *list = list_of(s, "certificates");
    bool any = files != NULL;
    if (files)
        add_chain_files(s, files, where);
    for (size_t i = 0; !files && i < json_array_size(list); i++) {
        const json_t *names = json_array_get(list, i);
        CLEANUP(mem_freep) char *chain = value_of(table, text_of(names, "chain"));
        CLEANUP(mem_freep) char *key = value_of(table, text_of(names, "key"));
        if (chain)
            add_pair(s, chain, key, where, false);
        any = any || chain;
    }
    return any;
}

/* The parameters that say what is presented; a new reference. */
static json_t *certificate_names(const struct services *s)
{
    const json_t *list = list_of(s, "certificates");
    json_t *names = json_array();
    json_array_append(names, list_of(s, "chain_files"));
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_array_append(names, json_object_get(json_array_get(list, i), "chain"));
        json_array_append(names, json_object_get(json_array_get(list, i), "key"));
    }
    return names;
}

static void look_at_overrides(const struct services *s, bool from_site)
{
    json_t *names CLEANUP(json_decrefp) = certificate_names(s), *v;
    size_t i;
    json_array_foreach(s->listed, i, v)
    {
        CLEANUP(mem_freep) char *where = place_of(s, v);
        json_t *table CLEANUP(json_decrefp) = table_of(s, v);
        if (overrides_any(v, list_of(s, "files")))
            check_files(s, table, where);
        bool ours = is_ours(s, v) && !(from_site && role_of(s, v));
        if (ours && overrides_any(v, names))
            add_certificates(s, table, where);
    }
}

static int run(struct wanted *w, struct err *err)
{
    CLEANUP(services_release) struct services s = services_of(w);
    bool from_site = lookup_truthy(lookup(w->context, "certificate.from_site"));
    (void)err;
    tell_of_others(&s);
    check_files(&s, s.table, path_of(&s, "parameters"));
    look_at_overrides(&s, from_site);
    if (!from_site && add_certificates(&s, s.table, NULL))
        json_object_set_new(json_object_get(w->context, "facts"), "certificate_elsewhere",
                            json_string(path_of(&s, "parameters")));
    return 0;
}

const struct service_hook hook_master_services = {
    .name = "master-services", .prepare = prepare, .run = run};
