/*
 * libldap, one connection per call, EXTERNAL only: no password is ever held.
 *
 * Error texts join what the call was for, the protocol's name of the result and the server's
 * diagnostic message, without which "Other (80)" tells nobody anything.
 */
#include "base/directory.h"

#include <lber.h>
#include <ldap.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>

#include "base/mem.h"

/* jansson iterates only what it may write; we don't. */
static json_t *unlocked(const json_t *object)
{
    return (json_t *)(uintptr_t)object;
}

/* --- connecting -------------------------------------------------------------------------- */

static void session_close(LDAP **ld)
{
    if (*ld)
        ldap_unbind_ext_s(*ld, NULL, NULL);
    *ld = NULL;
}

static void value_list_free(struct berval ***values)
{
    ldap_value_free_len(*values);
}

static int failed(LDAP *ld, int code, struct err *err, const char *what,
                  const char *where)
{
    char *said = NULL;
    if (ld)
        ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
    bool any = said && *said;
    err_set(err, ERR_SYSTEM, "%s '%s': %s (%d)%s%s", what, where, ldap_err2string(code),
            code, any ? ": " : "", any ? said : "");
    ldap_memfree(said);
    return -1;
}

static int limit_time(LDAP *ld)
{
    static const int version = LDAP_VERSION3;
    static const struct timeval limit = {.tv_sec = DIRECTORY_SECONDS};
    int code = ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
    if (code == LDAP_SUCCESS)
        code = ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &limit);
    if (code == LDAP_SUCCESS)
        code = ldap_set_option(ld, LDAP_OPT_TIMEOUT, &limit);
    if (code == LDAP_SUCCESS)
        code = ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    return code;
}

static int session_open(const char *uri, LDAP **ret, struct err *err)
{
    int code = ldap_initialize(ret, uri);
    if (code == LDAP_SUCCESS)
        code = limit_time(*ret);
    if (code != LDAP_SUCCESS)
        return failed(*ret, code, err, "connect to", uri);
    struct berval nobody_else = {.bv_len = 0, .bv_val = ""}; /* act as who we are */
    code = ldap_sasl_bind_s(*ret, NULL, "EXTERNAL", &nobody_else, NULL, NULL, NULL);
    return code == LDAP_SUCCESS ? 0 : failed(*ret, code, err, "bind to", uri);
}

/* --- reading ----------------------------------------------------------------------------- */

static const char *spelled(const char *name, const char *const asked[])
{
    for (size_t i = 0; asked && asked[i]; i++)
        if (strcasecmp(asked[i], name) == 0)
            return asked[i];
    return name;
}

static json_t *texts(struct berval **values)
{
    json_t *list = json_array();
    for (size_t i = 0; values && values[i]; i++) {
        json_t *text = json_stringn(values[i]->bv_val, values[i]->bv_len);
        if (!text || json_array_append_new(list, text) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static int take_attribute(LDAP *ld, LDAPMessage *entry, const char *name,
                          const char *const asked[], json_t *into, struct err *err)
{
    CLEANUP(value_list_free)
    struct berval **values = ldap_get_values_len(ld, entry, name);
    json_t *list = texts(values);
    if (!list)
        return err_set(err, ERR_SYSTEM, "a value of '%s' is not text", name);
    return json_object_set_new(into, spelled(name, asked), list);
}

static int take_attributes(LDAP *ld, LDAPMessage *entry, const char *const asked[],
                           json_t *into, struct err *err)
{
    BerElement *ber = NULL;
    int rc = 0;
    char *name = ldap_first_attribute(ld, entry, &ber);
    while (name) {
        if (rc == 0)
            rc = take_attribute(ld, entry, name, asked, into, err);
        ldap_memfree(name);
        name = ldap_next_attribute(ld, entry, ber);
    }
    ber_free(ber, 0);
    return rc;
}

static json_t *take_entries(LDAP *ld, LDAPMessage *found, const char *const asked[],
                            struct err *err)
{
    json_t *list = json_array();
    for (LDAPMessage *e = ldap_first_entry(ld, found); e; e = ldap_next_entry(ld, e)) {
        json_t *attributes = json_object();
        char *dn = ldap_get_dn(ld, e);
        json_array_append_new(list, json_pack("{s:s?, s:o}", "dn", dn, "attributes",
                                              attributes)); /* owns attributes */
        int rc = take_attributes(ld, e, asked, attributes, err);
        if (rc < 0)
            err_context(err, "read '%s'", dn ? dn : "");
        ldap_memfree(dn);
        if (rc < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static int ldap_scope(enum directory_scope scope)
{
    switch (scope) {
    case DIRECTORY_BASE:
        return LDAP_SCOPE_BASE;
    case DIRECTORY_ONE:
        return LDAP_SCOPE_ONELEVEL;
    case DIRECTORY_SUBTREE:
        break;
    }
    return LDAP_SCOPE_SUBTREE;
}

/* libldap takes the list as char **, and only reads it. */
static char **name_list(const char *const attributes[])
{
    size_t n = 0;
    while (attributes && attributes[n])
        n++;
    char **list = mem_alloc((n + 1) * sizeof *list);
    for (size_t i = 0; i < n; i++)
        list[i] = mem_strdup(attributes[i]);
    return list;
}

static void name_list_free(char ***list)
{
    for (size_t i = 0; *list && (*list)[i]; i++)
        free((*list)[i]);
    free(*list);
}

json_t *directory_read(const char *uri, const char *base, enum directory_scope scope,
                       const char *filter, const char *const attributes[],
                       struct err *err)
{
    CLEANUP(session_close) LDAP *ld = NULL;
    CLEANUP(name_list_free) char **names = name_list(attributes);
    if (session_open(uri, &ld, err) < 0)
        return NULL;
    struct timeval limit = {.tv_sec = DIRECTORY_SECONDS};
    LDAPMessage *found = NULL;
    int code = ldap_search_ext_s(
        ld, base, ldap_scope(scope), filter ? filter : "(objectClass=*)",
        attributes ? names : NULL, 0, NULL, NULL, &limit, 0, &found);
    json_t *list = NULL;
    if (code == LDAP_SUCCESS)
        list = take_entries(ld, found, attributes, err);
    else if (code == LDAP_NO_SUCH_OBJECT)
        list = json_array();
    else
        failed(ld, code, err, "read", base);
    ldap_msgfree(found);
    return list;
}

static json_t *image_of(const json_t *entry, const char *const names[])
{
    json_t *image = json_object();
    const json_t *attributes = json_object_get(entry, "attributes");
    for (size_t i = 0; names[i]; i++) {
        json_t *values = json_object_get(attributes, names[i]);
        json_object_set_new(image, names[i], values ? json_incref(values) : json_array());
    }
    return image;
}

json_t *directory_image(const char *uri, const char *dn, const json_t *like,
                        struct err *err)
{
    size_t n = 0;
    const char **names = mem_alloc((json_object_size(like) + 1) * sizeof *names);
    for (void *i = json_object_iter(unlocked(like)); i;
         i = json_object_iter_next(unlocked(like), i))
        names[n++] = json_object_iter_key(i);
    json_t *list = directory_read(uri, dn, DIRECTORY_BASE, NULL, names, err);
    json_t *image = NULL;
    if (list && json_array_size(list) != 1)
        err_set(err, ERR_SYSTEM, "read '%s': there is no such entry", dn);
    else if (list)
        image = image_of(json_array_get(list, 0), names);
    json_decref(list);
    free(names);
    return image;
}

/* --- comparing --------------------------------------------------------------------------- */

static bool has_value(const json_t *list, const char *value)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *other = json_string_value(json_array_get(list, i));
        if (other && strcmp(other, value) == 0)
            return true;
    }
    return false;
}

static const json_t *values_of(const json_t *image, const char *name)
{
    const char *key;
    json_t *values;
    json_object_foreach(unlocked(image), key,
                        values) if (strcasecmp(key, name) == 0) return values;
    return NULL;
}

/* Every value of `a` is one of `b`, attribute by attribute. */
static bool within(const json_t *a, const json_t *b)
{
    const char *name;
    json_t *values;
    json_object_foreach(unlocked(a), name, values)
    {
        const json_t *other = values_of(b, name);
        for (size_t i = 0; i < json_array_size(values); i++) {
            const char *value = json_string_value(json_array_get(values, i));
            if (!value || !has_value(other, value))
                return false;
        }
    }
    return true;
}

bool directory_same(const json_t *a, const json_t *b)
{
    return within(a, b) && within(b, a);
}

/* --- changing ---------------------------------------------------------------------------- */

/* A modify under construction; each LDAPMod owns its name and value vector, values are borrowed
 * from JSON, which outlives it. */
struct modify {
    LDAPMod **mods; /* NULL-terminated */
    size_t count;
};

static void modify_release(struct modify *m)
{
    ldap_mods_free(m->mods, 1);
}

static void add_replace(struct modify *m, const char *name, const json_t *values)
{
    size_t n = json_array_size(values);
    LDAPMod *mod = ber_memcalloc(1, sizeof *mod);
    mod->mod_op = LDAP_MOD_REPLACE | LDAP_MOD_BVALUES;
    mod->mod_type = ber_strdup(name);
    if (n)
        mod->mod_bvalues = ber_memcalloc(n + 1, sizeof *mod->mod_bvalues);
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(values, i);
        struct berval borrowed = {
            .bv_len = json_string_length(value),
            .bv_val = (char *)(uintptr_t)json_string_value(value),
        };
        mod->mod_bvalues[i] = ber_bvdup(&borrowed);
    }
    m->mods[m->count++] = mod;
}

int directory_replace(const char *uri, const char *dn, const json_t *present,
                      const json_t *wanted, struct err *err)
{
    CLEANUP(modify_release) struct modify m = {.count = 0};
    m.mods = ber_memcalloc(json_object_size(wanted) + 1, sizeof *m.mods);
    const char *name;
    json_t *values;
    json_object_foreach(unlocked(wanted), name,
                        values) if (json_array_size(values) ||
                                    json_array_size(values_of(present, name)))
        add_replace(&m, name, values);
    if (!m.count)
        return 0;
    CLEANUP(session_close) LDAP *ld = NULL;
    if (session_open(uri, &ld, err) < 0)
        return -1;
    int code = ldap_modify_ext_s(ld, dn, m.mods, NULL, NULL);
    return code == LDAP_SUCCESS ? 0 : failed(ld, code, err, "modify", dn);
}
