/* Checking is by shape: an object of known keys, each with the function that checks its value. */
#include "service/site.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/suggest.h"

void site_release(struct site *s)
{
    json_decref(s->json);
    strv_release(&s->hostnames);
    *s = (struct site)SITE_INIT;
}

struct check {
    const struct json_doc *doc;
    const struct service_list *services;
    const struct service *service; /* within "services"/NAME */
    struct err *err;
};

typedef int check_value(const struct check *c, const char *at, json_t *v);

struct member {
    const char *name;
    check_value *check;
};

static int unknown_key(const struct check *c, const char *at, const char *name,
                       const char *const *known, size_t count)
{
    const char *near = suggest(name, known, count);
    return near ? json_doc_key_error(c->doc, at, c->err,
                                     "unknown key; did you mean '%s'?", near)
                : json_doc_key_error(c->doc, at, c->err, "unknown key");
}

static int check_members(const struct check *c, const char *at, json_t *object,
                         const struct member *members, size_t count)
{
    if (!json_is_object(object))
        return json_doc_error(c->doc, at, c->err, "must be an object");
    const char *name;
    json_t *v;
    json_object_foreach(object, name, v)
    {
        CLEANUP(mem_freep) char *where = json_doc_pointer(at, name);
        const char *known[16];
        check_value *check = NULL;
        for (size_t i = 0; i < count && i < ARRAY_LEN(known); i++) {
            known[i] = members[i].name;
            if (strcmp(members[i].name, name) == 0)
                check = members[i].check;
        }
        if (!check)
            return unknown_key(c, where, name, known, count);
        if (check(c, where, v) < 0)
            return -1;
    }
    return 0;
}

/* --- texts ----------------------------------------------------------------------------------- */

static int check_path(const struct check *c, const char *at, json_t *v)
{
    const char *s = json_string_value(v);
    if (!s || *s != '/')
        return json_doc_error(c->doc, at, c->err, "must be an absolute path");
    for (const char *p = s; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("._/@+:=~-", *p))
            return json_doc_error(
                c->doc, at, c->err,
                "a path may hold letters, digits and ._/@+:=~- only: not "
                "every configuration file can carry more (0x%02x)",
                (unsigned char)*p);
    if (strlen(s) > 1024)
        return json_doc_error(c->doc, at, c->err, "is longer than 1024 bytes");
    return 0;
}

/* Ref: RFC 1123 2.1 */
static int check_hostname(const struct check *c, const char *at, json_t *v)
{
    const char *s = json_string_value(v);
    size_t n = s ? strlen(s) : 0, label = 0;
    bool good = n > 0 && n <= 253;
    for (size_t i = 0; good && i <= n; i++) {
        if (s[i] == '.' || s[i] == '\0') {
            good = label > 0 && label <= 63 && s[i - 1] != '-';
            label = 0;
        } else {
            good = isalnum((unsigned char)s[i]) || (s[i] == '-' && label > 0);
            label++;
        }
    }
    return good ? 0 : json_doc_error(c->doc, at, c->err, "must be a host name");
}

static int check_flag(const struct check *c, const char *at, json_t *v)
{
    return json_is_boolean(v)
               ? 0
               : json_doc_error(c->doc, at, c->err, "must be true or false");
}

static int check_list(const struct check *c, const char *at, json_t *list,
                      check_value *check)
{
    if (!json_is_array(list))
        return json_doc_error(c->doc, at, c->err, "must be an array");
    size_t i;
    json_t *v;
    json_array_foreach(list, i, v)
    {
        CLEANUP(mem_freep) char *where = json_doc_pointer_index(at, i);
        if (check(c, where, v) < 0)
            return -1;
    }
    return 0;
}

static int check_hostnames(const struct check *c, const char *at, json_t *v)
{
    return check_list(c, at, v, check_hostname);
}

/* --- objects --------------------------------------------------------------------------------- */

static int check_certificate(const struct check *c, const char *at, json_t *v)
{
    static const struct member members[] = {{"chain", check_path},
                                            {"key", check_path},
                                            {"ca", check_path},
                                            {"combined", check_path}};
    if (check_members(c, at, v, members, ARRAY_LEN(members)) < 0)
        return -1;
    if (!json_object_get(v, "chain") != !json_object_get(v, "key"))
        return json_doc_error(c->doc, at, c->err,
                              "'chain' and 'key' belong together: name both, or one file "
                              "with both as 'combined'");
    return 0;
}

static int check_vhost(const struct check *c, const char *at, json_t *v)
{
    static const struct member members[] = {{"name", check_hostname},
                                            {"aliases", check_hostnames},
                                            {"document_root", check_path},
                                            {"certificate", check_certificate}};
    if (check_members(c, at, v, members, ARRAY_LEN(members)) < 0)
        return -1;
    if (!json_object_get(v, "name") || !json_object_get(v, "document_root"))
        return json_doc_error(c->doc, at, c->err, "needs 'name' and 'document_root'");
    return 0;
}

static int check_vhosts(const struct check *c, const char *at, json_t *list)
{
    if (check_list(c, at, list, check_vhost) < 0)
        return -1;
    json_t *names CLEANUP(json_decrefp) = json_object(), *v;
    size_t i;
    json_array_foreach(list, i, v)
    {
        CLEANUP(mem_freep) char *where = json_doc_pointer_index(at, i);
        CLEANUP(mem_freep)
        char *name = mem_strdup(json_string_value(json_object_get(v, "name")));
        for (char *l = name; *l; l++)
            *l = (char)tolower((unsigned char)*l);
        if (json_object_get(names, name))
            return json_doc_error(c->doc, where, c->err, "'%s' is listed twice", name);
        json_object_set_new(names, name, json_true());
    }
    return 0;
}

/* The keys of one service: its certificate, and what its service.json lists. */
static int check_service(const struct check *c, const char *at, json_t *v)
{
    static const struct member types[] = {{"flag", check_flag}, {"vhosts", check_vhosts}};
    struct member members[8] = {{"certificate", check_certificate}};
    size_t count = 1;
    const char *name;
    json_t *type;
    json_object_foreach(
        json_object_get(c->service->spec, "site"), name,
        type) for (size_t i = 0; i < ARRAY_LEN(types) && count < ARRAY_LEN(members);
                   i++) if (strcmp(types[i].name, json_string_value(type)) == 0)
        members[count++] = (struct member){name, types[i].check};
    return check_members(c, at, v, members, count);
}

static int check_services(const struct check *c, const char *at, json_t *object)
{
    if (!json_is_object(object))
        return json_doc_error(c->doc, at, c->err, "must be an object");
    const char *name;
    json_t *v;
    json_object_foreach(object, name, v)
    {
        CLEANUP(mem_freep) char *where = json_doc_pointer(at, name);
        struct check inner = *c;
        inner.service = service_list_find(c->services, name);
        if (!inner.service) {
            const char *known[64];
            size_t n = 0;
            for (; n < c->services->count && n < ARRAY_LEN(known); n++)
                known[n] = c->services->items[n].name;
            return unknown_key(c, where, name, known, n);
        }
        if (check_service(&inner, where, v) < 0)
            return -1;
    }
    return 0;
}

static int check_site(const struct check *c)
{
    static const struct member members[] = {{"hostnames", check_hostnames},
                                            {"certificate", check_certificate},
                                            {"services", check_services}};
    return check_members(c, "", c->doc->root, members, ARRAY_LEN(members));
}

/* --- loading --------------------------------------------------------------------------------- */

/* 1: there is no site file, which is fine. */
static int read_document(const char *path, const struct path_root *root,
                         const char *standard, struct json_doc *ret, struct err *err)
{
    if (path)
        return json_doc_load(path, ret, err);
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    int rc = path_read(root, standard, &text, NULL, NULL, err);
    return rc ? rc : json_doc_parse(standard, bytes_buf(&text), ret, err);
}

int site_load(const char *path, const struct path_root *root, const char *standard,
              const struct service_list *services, struct site *ret, struct err *err)
{
    CLEANUP(json_doc_release) struct json_doc doc = JSON_DOC_INIT;
    int rc = read_document(path, root, standard, &doc, err);
    if (rc < 0)
        return -1;
    struct check c = {.doc = &doc, .services = services, .err = err};
    if (rc == 0 && check_site(&c) < 0)
        return -1;
    ret->json = rc == 0 ? json_incref(doc.root) : json_object();
    json_t *names = json_object_get(ret->json, "hostnames"), *v;
    size_t i;
    json_array_foreach(names, i, v) strv_add(&ret->hostnames, json_string_value(v));
    return 0;
}

json_t *site_of(const struct site *s, const char *service)
{
    return json_object_get(json_object_get(s->json, "services"), service);
}

const char *site_certificate(const struct site *s, const char *service,
                             const char *member)
{
    json_t *own = json_object_get(site_of(s, service), "certificate");
    json_t *from = own ? own : json_object_get(s->json, "certificate");
    return json_string_value(json_object_get(from, member));
}
