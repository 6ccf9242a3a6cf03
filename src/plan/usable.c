/*
 * A suite of TLS 1.2 names the kind of key that signs or decrypts, and the signature needs a scheme; in TLS 1.3 the
 * schemes alone decide, and those for ECDSA name their curve.
 * Ref: RFC 5246 7.4.2, RFC 8422 5.1.1, RFC 8446 4.2.3
 */
#include "plan/usable.h"

#include <stdlib.h>
#include <string.h>

#include "policy/sigscheme.h"
#include "policy/suite.h"
#include "probe/certificate.h"

enum key_kind { KEY_RSA, KEY_RSA_PSS, KEY_ECDSA, KEY_EDDSA, KEY_OTHER };

struct key {
    enum key_kind kind;
    char *type, *curve; /* owned; as certificate_key_type() tells them */
};

/* What a library grants to one listener. */
struct offer {
    const char *listener; /* borrowed */
    unsigned protocols, optional;
    const struct suite **suites; /* owned */
    size_t suite_count;
    const struct sigscheme **schemes; /* owned */
    size_t scheme_count;
};

/* What all of it is held against. */
struct usable {
    struct plan *plan;
    const struct wanted *w;
    struct offer *offers; /* owned; of listeners that are servers */
    size_t offer_count;
    json_t *types; /* owned; {path of a certificate: "EC secp256r1", or null} */
};

/* A certificate and what its key is. */
struct holder {
    const struct wanted_certificate *certificate; /* borrowed */
    struct key key;
};

/* The certificates of one place: a virtual host, a service of master.cf, or the whole service. */
struct place {
    const char *where;   /* borrowed; NULL: the whole service */
    struct holder *list; /* owned */
    size_t count, cap;
};

/* --- keys ------------------------------------------------------------------------------------ */

static enum key_kind kind_of(const char *type)
{
    static const struct {
        const char *type;
        enum key_kind kind;
    } kinds[] = {
        {"RSA", KEY_RSA},       {"RSA-PSS", KEY_RSA_PSS}, {"EC", KEY_ECDSA},
        {"ED25519", KEY_EDDSA}, {"ED448", KEY_EDDSA},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].type, type) == 0)
            return kinds[i].kind;
    return KEY_OTHER;
}

/* Thousands of virtual hosts may share a file, which is read once. */
static const char *type_of(struct usable *u, const char *path)
{
    json_t *known = json_object_get(u->types, path);
    if (known)
        return json_string_value(known);
    CLEANUP(mem_freep) char *type = NULL, *curve = NULL;
    struct err unread = ERR_INIT; /* has a note of its own */
    int rc = certificate_key_type(u->w->host->root.name, path, &type, &curve, &unread);
    CLEANUP(mem_freep)
    char *text =
        rc == 0 ? mem_printf("%s%s%s", type, curve ? " " : "", curve ? curve : "") : NULL;
    json_object_set_new(u->types, path, text ? json_string(text) : json_null());
    return json_string_value(json_object_get(u->types, path));
}

static bool read_key(struct usable *u, const struct wanted_certificate *c,
                     struct key *ret)
{
    const char *text = type_of(u, c->chain);
    if (!text)
        return false;
    size_t n = strcspn(text, " ");
    ret->type = mem_strndup(text, n);
    ret->curve = text[n] ? mem_strdup(text + n + 1) : NULL;
    ret->kind = kind_of(ret->type);
    return true;
}

/* --- what is granted ------------------------------------------------------------------------- */

static void read_offer(const char *listener, const json_t *grants, struct offer *ret)
{
    const json_t *asked = json_object_get(grants, "asked");
    size_t n = json_array_size(asked), i;
    json_t *item;
    *ret = (struct offer){.listener = listener,
                          .suites = mem_alloc((n + 1) * sizeof *ret->suites),
                          .schemes = mem_alloc((n + 1) * sizeof *ret->schemes)};
    json_array_foreach(asked, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));
        const char *verdict = json_string_value(json_object_get(item, "verdict"));
        const struct protocol_info *p = protocol_by_name(name);
        const struct suite *suite = suite_by_name(name);
        const struct sigscheme *scheme = sigscheme_by_name(name);
        if (strcmp(verdict, "granted") != 0)
            continue;
        if (p) {
            ret->protocols |= protocol_bit(p->id);
            if (json_is_true(json_object_get(item, "optional")))
                ret->optional |= protocol_bit(p->id);
        } else if (suite) {
            ret->suites[ret->suite_count++] = suite;
        } else if (scheme) {
            ret->schemes[ret->scheme_count++] = scheme;
        }
    }
}

static void offer_release(struct offer *o)
{
    free(o->suites);
    free(o->schemes);
}

/* --- whether they fit ------------------------------------------------------------------------ */

/* ecdsa_secp384r1_sha384 is for keys on that curve, in TLS 1.3. */
static bool fits_curve(const struct sigscheme *s, const struct key *k)
{
    return strncmp(s->name, "ecdsa_", 6) != 0 || !k->curve || strstr(s->name, k->curve);
}

static bool fits_key(const struct sigscheme *s, const struct key *k)
{
    static const char *const words[] = {[KEY_RSA] = "rsa",
                                        [KEY_RSA_PSS] = "rsa-pss",
                                        [KEY_ECDSA] = "ecdsa",
                                        [KEY_EDDSA] = "eddsa"};
    return k->kind != KEY_OTHER && strcmp(s->key, words[k->kind]) == 0;
}

/* Without a list the library has one that fits. */
static bool can_sign(const struct offer *o, enum protocol v, const struct key *k)
{
    if (!o->scheme_count || v < PROTOCOL_TLS1_2)
        return true;
    for (size_t i = 0; i < o->scheme_count; i++) {
        const struct sigscheme *s = o->schemes[i];
        bool version = v == PROTOCOL_TLS1_3 ? s->tls13 && fits_curve(s, k) : s->tls12;
        if (version && fits_key(s, k))
            return true;
    }
    return false;
}

static bool suite_fits(const struct offer *o, const struct suite *s, enum protocol v,
                       const struct key *k)
{
    if (k->kind == KEY_OTHER || v < s->min || v > s->max)
        return false;
    if (s->kx == KX_RSA)
        return k->kind == KEY_RSA;
    if (s->auth == AUTH_RSA && k->kind != KEY_RSA && k->kind != KEY_RSA_PSS)
        return false;
    if (s->auth == AUTH_ECDSA && k->kind != KEY_ECDSA && k->kind != KEY_EDDSA)
        return false;
    return s->auth != AUTH_DSS && can_sign(o, v, k);
}

static bool key_fits(const struct offer *o, enum protocol v, const struct key *k)
{
    for (size_t i = 0; i < o->suite_count; i++)
        if (suite_fits(o, o->suites[i], v, k))
            return true;
    return false;
}

/* --- notes ----------------------------------------------------------------------------------- */

static void list_types(const struct place *p, struct buf *out)
{
    for (size_t i = 0; i < p->count; i++)
        buf_addf(out, "%s%s%s%s", i ? " and " : "", p->list[i].key.type,
                 p->list[i].key.curve ? " " : "",
                 p->list[i].key.curve ? p->list[i].key.curve : "");
}

static bool any_fits(const struct offer *o, enum protocol v, const struct place *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (key_fits(o, v, &p->list[i].key))
            return true;
    return false;
}

/* The kind of key for which there is something in this version; "" for none. */
static const char *wanted_kind(const struct offer *o, enum protocol v)
{
    static char p256[] = "secp256r1", p384[] = "secp384r1";
    static const struct {
        const char *name;
        struct key key;
    } kinds[] = {{"RSA", {.kind = KEY_RSA}},
                 {"EC secp256r1", {.kind = KEY_ECDSA, .curve = p256}},
                 {"EC secp384r1", {.kind = KEY_ECDSA, .curve = p384}},
                 {"RSA-PSS", {.kind = KEY_RSA_PSS}},
                 {"ED25519", {.kind = KEY_EDDSA}}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (key_fits(o, v, &kinds[i].key))
            return kinds[i].name;
    return "";
}

static void note_version(struct plan *plan, const struct wanted *w, const struct offer *o,
                         enum protocol v, const struct place *p, bool only_warn)
{
    CLEANUP(buf_release) struct buf types = BUF_INIT;
    list_types(p, &types);
    const char *kind = wanted_kind(o, v);
    CLEANUP(mem_freep)
    char *remedy = *kind
                       ? mem_printf("have a certificate issued for a key of kind %s, or "
                                    "choose a profile with suites and signatures for "
                                    "this one (tlsharden profile list)",
                                    kind)
                       : mem_strdup("choose another profile (tlsharden profile list)");
    plan_note(
        plan, only_warn ? PLAN_WARNING : PLAN_ERROR, w->service->name,
        p->list[0].certificate->chain, remedy,
        "no client could use %s%s%s: the key is %s, for which the profile has no %s "
        "there%s%s%s",
        protocol_info(v)->name, strcmp(o->listener, w->service->name) ? " for " : "",
        strcmp(o->listener, w->service->name) ? o->listener : "", buf_str(&types),
        v == PROTOCOL_TLS1_3 ? "signature scheme" : "cipher suite", p->where ? " (" : "",
        p->where ? p->where : "", p->where ? ")" : "");
}

static void note_unused(struct plan *plan, const struct wanted *w, const struct place *p,
                        size_t at)
{
    plan_note(plan, PLAN_WARNING, w->service->name, p->list[at].certificate->chain, NULL,
              "is never used: its key is %s, for which the profile has nothing%s%s%s",
              p->list[at].key.type, p->where ? " (" : "", p->where ? p->where : "",
              p->where ? ")" : "");
}

/* The versions in which somebody could connect. */
static unsigned usable_versions(const struct offer *o, const struct place *p)
{
    unsigned set = 0;
    for (int v = PROTOCOL_TLS1; v <= PROTOCOL_TLS1_3; v++)
        if (protocol_in(o->protocols, (enum protocol)v) &&
            any_fits(o, (enum protocol)v, p))
            set |= protocol_bit((enum protocol)v);
    return set;
}

/* Marks the certificates that some version uses. A version that the profile can do without may be lost as long as
 * another one is left. */
static void judge(struct plan *plan, const struct wanted *w, const struct offer *o,
                  const struct place *p, bool *used)
{
    unsigned usable = usable_versions(o, p);
    for (int v = PROTOCOL_TLS1; v <= PROTOCOL_TLS1_3; v++) {
        enum protocol version = (enum protocol)v;
        if (!protocol_in(o->protocols, version))
            continue;
        if (!protocol_in(usable, version))
            note_version(plan, w, o, version, p,
                         usable && protocol_in(o->optional, version));
        for (size_t i = 0; i < p->count; i++)
            used[i] = used[i] || key_fits(o, version, &p->list[i].key);
    }
}

/* --- places ---------------------------------------------------------------------------------- */

static void place_release(struct place *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->list[i].key.type);
        free(p->list[i].key.curve);
    }
    free(p->list);
}

static void place_add(struct place *p, struct usable *u,
                      const struct wanted_certificate *c)
{
    struct key key = {.kind = KEY_OTHER};
    if (!read_key(u, c, &key))
        return;
    MEM_GROW(p->list, p->count, p->cap);
    p->list[p->count++] = (struct holder){.certificate = c, .key = key};
}

/* Whether the listener is a server: one of the endpoints' roles, or there are no roles. */
static bool is_server(const struct wanted *w, const char *listener)
{
    const json_t *roles = json_object_get(w->service->spec, "roles");
    const json_t *endpoints = json_object_get(w->service->spec, "endpoints");
    size_t i;
    json_t *v;
    if (!json_array_size(roles))
        return true;
    json_array_foreach(endpoints, i, v)
    {
        const char *role = json_string_value(json_object_get(v, "role"));
        if (role && strcmp(role, listener) == 0)
            return true;
    }
    return false;
}

static void judge_place(const struct usable *u, const struct place *p)
{
    bool *used = mem_alloc((p->count + 1) * sizeof *used), any = false;
    for (size_t i = 0; p->count && i < u->offer_count; i++)
        if (wanted_listener_serves(u->offers[i].listener, p->list[0].certificate))
            judge(u->plan, u->w, &u->offers[i], p, used);
    for (size_t i = 0; i < p->count; i++)
        any = any || used[i];
    for (size_t i = 0; any && i < p->count; i++)
        if (!used[i])
            note_unused(u->plan, u->w, p, i);
    free(used);
}

static void read_offers(struct usable *u)
{
    const char *listener;
    json_t *grants;
    u->offers = mem_alloc((json_object_size(u->w->grants) + 1) * sizeof *u->offers);
    json_object_foreach(u->w->grants, listener, grants)
    {
        if (is_server(u->w, listener))
            read_offer(listener, grants, &u->offers[u->offer_count++]);
    }
}

static void usable_release(struct usable *u)
{
    for (size_t i = 0; i < u->offer_count; i++)
        offer_release(&u->offers[i]);
    free(u->offers);
    json_decref(u->types);
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int by_place(const void *a, const void *b)
{
    const struct wanted_certificate *const *x = a, *const *y = b;
    int c = compare_text((*x)->where, (*y)->where);
    return c ? c : (*x > *y) - (*x < *y);
}

void usable_check(struct plan *plan, const struct wanted *w)
{
    CLEANUP(usable_release)
    struct usable u = {.plan = plan, .w = w, .types = json_object()};
    read_offers(&u);
    size_t count = w->certificate_count;
    const struct wanted_certificate **list CLEANUP(mem_freep) =
        mem_alloc((count + 1) * sizeof *list);
    for (size_t i = 0; i < count; i++)
        list[i] = &w->certificates[i];
    qsort(list, count, sizeof(*list), by_place);
    for (size_t i = 0, next; i < count; i = next) {
        CLEANUP(place_release) struct place p = {.where = list[i]->where};
        for (next = i;
             next < count && compare_text(list[i]->where, list[next]->where) == 0; next++)
            place_add(&p, &u, list[next]);
        judge_place(&u, &p);
    }
}
