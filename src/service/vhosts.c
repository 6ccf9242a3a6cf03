/* Each virtual host's context is made once; the policy of its scope is laid over the service's. */
#include "service/vhosts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "probe/certificate.h"
#include "service/context.h"
#include "service/lookup.h"

struct vhosts vhosts_make(struct wanted *w, const char *name_word, bool shared_protocols)
{
    return (struct vhosts){.w = w,
                           .name_word = name_word,
                           .shared_protocols = shared_protocols,
                           .scopes = json_object(),
                           .responders = json_object()};
}

void vhosts_release(struct vhosts *v)
{
    json_decref(v->scopes);
    json_decref(v->responders);
}

/* --- policies of their own ------------------------------------------------------------------- */

char *vhosts_scope(const struct vhosts *v, const char *name)
{
    CLEANUP(mem_freep)
    char *scope = mem_printf("%s/%s", v->w->service->name, name ? name : "");
    return name && profile_has_scope(v->w->profile, scope) ? TAKE_PTR(scope) : NULL;
}

/* Servers choose some things before they know the name that the client asks for. */
static void refuse(struct vhosts *v, const char *scope, const char *key, const char *what)
{
    CLEANUP(mem_freep)
    char *remedy = mem_printf(
        "take \"%s\" out of that scope, or set them for the whole service", key);
    wanted_note(
        v->w, WANTED_ERROR, NULL, remedy,
        "profile %s, scope %s: virtual hosts that are told apart by name share the "
        "%s of the first one on their address",
        v->w->profile->name, scope, what);
}

/* The service's context with the policy of `scope` over it; a new reference. */
static json_t *make_context(struct vhosts *v, const char *scope, struct err *err)
{
    json_t *own CLEANUP(json_decrefp) = context_policy(v->w, scope, scope, err);
    const char *library = dialect_name(v->w->detected.library.kind);
    if (!own)
        return NULL;
    const json_t *groups = lookup(json_object_get(own, library), "groups");
    const json_t *common = lookup(json_object_get(v->w->context, library), "groups");
    if (!json_equal(groups, common))
        refuse(v, scope, "groups", "groups");
    if (v->shared_protocols && !json_equal(json_object_get(own, "protocols"),
                                           json_object_get(v->w->context, "protocols")))
        refuse(v, scope, "protocols", "protocol versions");
    json_t *context = json_copy(v->w->context);
    json_object_update(context, own);
    json_object_set_new(context, "own_policy", json_true());
    return context;
}

json_t *vhosts_context(struct vhosts *v, const char *name, struct err *err)
{
    CLEANUP(mem_freep) char *scope = vhosts_scope(v, name);
    json_t *context = scope ? json_object_get(v->scopes, scope) : v->w->context;
    if (context || !(context = make_context(v, scope, err)))
        return context;
    json_object_set_new(v->scopes, scope, context);
    return context;
}

void vhosts_tell_unused(const struct vhosts *v)
{
    CLEANUP(mem_freep) char *prefix = mem_printf("%s/", v->w->service->name);
    CLEANUP(mem_freep)
    char *remedy = mem_printf("name it as its %s does, in lower case", v->name_word);
    const char *scope;
    json_t *value;
    json_object_foreach(json_object_get(profile_effective(v->w->profile), "scopes"),
                        scope, value)
    {
        if (strncmp(scope, prefix, strlen(prefix)) == 0 &&
            !json_object_get(v->scopes, scope))
            wanted_note(v->w, WANTED_WARNING, NULL, remedy,
                        "profile %s has the scope %s, but there is no such virtual host "
                        "with TLS",
                        v->w->profile->name, scope);
    }
}

/* --- certificates ---------------------------------------------------------------------------- */

json_t *vhosts_pair(const char *chain, const char *key, const char *combined)
{
    if (!chain)
        chain = key = combined;
    return chain && key ? json_pack("{s:s, s:s}", "chain", chain, "key", key)
                        : json_false();
}

json_t *vhosts_site_pair(const struct vhosts *v)
{
    const char *name = v->w->service->name;
    return vhosts_pair(site_certificate(v->w->site, name, "chain"),
                       site_certificate(v->w->site, name, "key"),
                       site_certificate(v->w->site, name, "combined"));
}

bool vhosts_has_own_pair(const struct vhosts *v)
{
    return json_object_get(site_of(v->w->site, v->w->service->name), "certificate");
}

void vhosts_add_pair(struct vhosts *v, const char *chain, const char *key, const char *ca,
                     const char *name, char *where)
{
    struct wanted_certificate *c = wanted_add_certificate(v->w);
    c->chain = mem_strdup(chain);
    c->key = mem_strdup(key);
    c->ca = mem_strdup(ca);
    c->name = mem_strdup(name);
    c->where = where;
    c->listener = vhosts_scope(v, name);
}

const json_t *vhosts_responder(struct vhosts *v, const char *chain)
{
    const char *mode = lookup_text(v->w->context, "http.ocsp_stapling");
    if (!chain || !mode || strcmp(mode, "when-available") != 0)
        return NULL;
    json_t *known = json_object_get(v->responders, chain);
    if (known)
        return known;
    struct err ignored = ERR_INIT;
    bool responder = false;
    int rc =
        certificate_has_responder(v->w->host->root.name, chain, &responder, &ignored);
    json_object_set_new(v->responders, chain,
                        rc == 0 ? json_boolean(responder) : json_null());
    return json_object_get(v->responders, chain);
}

/* --- addresses and names --------------------------------------------------------------------- */

char *vhosts_literal(const char *address)
{
    size_t n = strcspn(address, ":");
    bool brackets = *address == '[';
    if (brackets)
        n = strcspn(++address, "]");
    CLEANUP(mem_freep) char *literal = mem_strndup(address, n);
    struct in6_addr ignored;
    if (inet_pton(brackets ? AF_INET6 : AF_INET, literal, &ignored) != 1 ||
        strcmp(literal, "0.0.0.0") == 0 || strcmp(literal, "::") == 0)
        return NULL;
    return TAKE_PTR(literal);
}

bool vhosts_is_host(const char *name)
{
    size_t n = 0;
    while (isalnum((unsigned char)name[n]) || (name[n] && strchr("-._", name[n])))
        n++;
    return n > 0 && !name[n];
}
