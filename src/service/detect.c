/*
 * The library is what the daemon's ELF objects are linked with, themselves or through libraries of
 * theirs: service.json names the objects (they may be modules), the first that tells decides; of two
 * libraries the one that is nearer. Where none tells, the dependencies of its package decide. The
 * library's version is its package's.
 *
 * Not handled: DT_RPATH, DT_RUNPATH and ld.so.conf(5). Libraries are looked for beside the object and in
 * the system's directories.
 */
#include "service/detect.h"

#include <stdlib.h>
#include <string.h>

#include "base/elf.h"
#include "base/file.h"
#include "service/version.h"

void detected_release(struct detected *d)
{
    free(d->version);
    free(d->library_version);
    *d = (struct detected)DETECTED_INIT;
}

static const struct {
    enum dialect_kind kind;
    const char *soname, *package; /* what both begin with */
} libraries[] = {
    {DIALECT_OPENSSL, "libssl.so.", "libssl"},
    {DIALECT_GNUTLS, "libgnutls.so.", "libgnutls"},
};

/* Reads what an object beneath the root is linked with; 1 when it is not there. */
static int read_needed(const struct host *host, const char *path, struct strv *needed,
                       struct err *err)
{
    CLEANUP(mem_freep) char *resolved = path_resolve(&host->root, path);
    if (!resolved)
        return 1;
    CLEANUP(mem_freep) char *real = file_join(host->root.name, resolved);
    return elf_needed(real, needed, err);
}

/* Finds a library among names such as "libssl.so.3"; *ret_version is its "3". */
static bool find_linked(const struct strv *needed, enum dialect_kind *ret,
                        const char **ret_version)
{
    for (size_t i = 0; i < needed->count; i++)
        for (size_t l = 0; l < ARRAY_LEN(libraries); l++) {
            size_t n = strlen(libraries[l].soname);
            if (strncmp(needed->items[i], libraries[l].soname, n) != 0)
                continue;
            *ret = libraries[l].kind;
            *ret_version = needed->items[i] + n;
            return true;
        }
    return false;
}

/* "libssl" and "3" -> the version of package libssl3, or of libssl3t64. */
static char *library_version(const struct host *host, const char *stem,
                             const char *version)
{
    static const char *const endings[] = {"", "t64"};
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        CLEANUP(mem_freep) char *name = mem_printf("%s%s%s", stem, version, endings[i]);
        CLEANUP(mem_freep) char *found = dpkg_field(&host->dpkg, name, "Version");
        if (found)
            return version_upstream(found);
    }
    return NULL;
}

static void set_library(struct detected *d, const struct host *host,
                        enum dialect_kind kind, const char *version)
{
    const char *stem = NULL;
    for (size_t l = 0; l < ARRAY_LEN(libraries); l++)
        if (libraries[l].kind == kind)
            stem = libraries[l].package;
    struct library local;
    struct err ignored = ERR_INIT;
    d->library = (struct library){.kind = kind};
    d->library_version = library_version(host, stem, version);
    if (host->live && dialect_local(kind, &local, &ignored) == 0) {
        const char *suffix = strstr(local.path, ".so.");
        if (suffix && strcmp(suffix + 4, version) == 0) {
            d->library.path = local.path;
            free(d->library_version);
            d->library_version = mem_strdup(local.version);
        }
    }
}

/* --- through libraries ----------------------------------------------------------------------- */

/* Objects that one search looks at, at most: far more than any daemon has. */
#define SEARCH_LIMIT 256

static int library_directories(const struct host *host, struct strv *ret, struct err *err)
{
    static const char *const patterns[] = {
        "/usr/lib/*-linux-*", "/lib/*-linux-*", "/usr/lib64",    "/lib64",
        "/usr/lib",           "/lib",           "/usr/local/lib"};
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
        if (path_glob(&host->root, patterns[i], ret, err) < 0)
            return -1;
    return 0;
}

/* Adds where the loader would find `name`, needed by the object at `by`. */
static void add_object(const struct host *host, const struct strv *directories,
                       const char *by, const char *name, struct strv *queue)
{
    CLEANUP(mem_freep) char *own = mem_strndup(by, (size_t)(strrchr(by, '/') - by));
    for (size_t i = 0; i <= directories->count; i++) {
        const char *dir = i ? directories->items[i - 1] : own;
        CLEANUP(mem_freep) char *path = mem_printf("%s/%s", dir, name);
        if (!path_exists(&host->root, path))
            continue;
        if (!strv_has(queue, path))
            strv_add(queue, path);
        return;
    }
}

/* Breadth first from one object; 1: nothing on the way is linked with a TLS library. */
static int search(const struct host *host, const struct strv *directories,
                  const char *object, struct detected *ret, struct err *err)
{
    CLEANUP(strv_release) struct strv queue = STRV_INIT;
    strv_add(&queue, object);
    for (size_t i = 0; i < queue.count && i < SEARCH_LIMIT; i++) {
        CLEANUP(strv_release) struct strv needed = STRV_INIT;
        enum dialect_kind kind = DIALECT_OPENSSL;
        const char *version = NULL;
        if (read_needed(host, queue.items[i], &needed, err) < 0)
            return -1;
        if (find_linked(&needed, &kind, &version)) {
            set_library(ret, host, kind, version);
            return 0;
        }
        for (size_t n = 0; n < needed.count; n++)
            add_object(host, directories, queue.items[i], needed.items[n], &queue);
    }
    return 1;
}

static int by_objects(const struct service *s, const struct host *host,
                      struct detected *ret, struct err *err)
{
    json_t *objects = json_object_get(s->spec, "tls_objects"), *v;
    CLEANUP(strv_release) struct strv directories = STRV_INIT;
    if (library_directories(host, &directories, err) < 0)
        return -1;
    size_t i;
    json_array_foreach(objects, i, v)
    {
        int rc = search(host, &directories, json_string_value(v), ret, err);
        if (rc != 1)
            return rc;
    }
    return 1;
}

/* "libc6 (>= 2.36), libssl3 (>= 3.0.0)": the number behind the library's name. */
static bool find_dependency(const char *depends, const char *stem, char *ret, size_t size)
{
    size_t n = strlen(stem);
    for (const char *at = depends; (at = strstr(at, stem)); at += n) {
        size_t digits = strspn(at + n, "0123456789.");
        bool begins = at == depends || at[-1] == ' ' || at[-1] == ',';
        if (!begins || digits == 0 || digits >= size)
            continue;
        memcpy(ret, at + n, digits);
        ret[digits] = '\0';
        return true;
    }
    return false;
}

static int by_packages(const struct service *s, const struct host *host,
                       struct detected *ret)
{
    json_t *packages = json_object_get(s->spec, "packages"), *v;
    size_t i;
    json_array_foreach(packages, i, v)
    {
        CLEANUP(mem_freep)
        char *depends = dpkg_field(&host->dpkg, json_string_value(v), "Depends");
        for (size_t l = 0; depends && l < ARRAY_LEN(libraries); l++) {
            char version[32];
            if (!find_dependency(depends, libraries[l].package, version, sizeof version))
                continue;
            set_library(ret, host, libraries[l].kind, version);
            return 0;
        }
    }
    return 1;
}

static char *service_version(const struct service *s, const struct host *host)
{
    json_t *packages = json_object_get(s->spec, "packages"), *v;
    size_t i;
    json_array_foreach(packages, i, v)
    {
        CLEANUP(mem_freep)
        char *version = dpkg_field(&host->dpkg, json_string_value(v), "Version");
        if (version)
            return version_upstream(version);
    }
    return NULL;
}

static int find_library(const struct service *s, const struct host *host,
                        struct detected *ret, struct err *err)
{
    int rc = by_objects(s, host, ret, err);
    if (rc == 1)
        rc = by_packages(s, host, ret);
    if (rc == 1)
        return err_set(err, ERR_SYSTEM,
                       "%s: cannot tell which TLS library it uses: none of its files is "
                       "linked with OpenSSL or GnuTLS",
                       s->name);
    return rc;
}

int service_detect(const struct service *s, const struct host *host, struct detected *ret,
                   struct err *err)
{
    CLEANUP(mem_freep) char *version = service_version(s, host);
    if (!version && !path_exists(&host->root, service_text(s, "binary")))
        return 1;
    struct detected d = DETECTED_INIT;
    if (find_library(s, host, &d, err) < 0) {
        detected_release(&d);
        return -1;
    }
    d.version = version ? TAKE_PTR(version) : mem_strdup("");
    if (!d.library_version)
        d.library_version = mem_strdup("");
    d.library.version = d.library_version;
    *ret = d;
    return 0;
}

/* --- without a host -------------------------------------------------------------------------- */

/* The value of NAME in "NAME=VALUE,..."; NULL when it is not there. Owned by the caller. */
static char *listed(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = list; at && *at; at += strcspn(at, ","), at += *at == ',')
        if (strncmp(at, name, n) == 0 && at[n] == '=')
            return mem_strndup(at + n + 1, strcspn(at + n + 1, ","));
    return NULL;
}

static const char *stock_version(const struct service *s, const char *subject)
{
    return json_string_value(json_object_get(json_object_get(s->spec, "stock"), subject));
}

/* The library that the list names alone, or else the stock one. */
static bool assume_library(const struct service *s, const char *list, struct detected *d)
{
    size_t chosen = ARRAY_LEN(libraries), named = 0;
    for (size_t l = 0; l < ARRAY_LEN(libraries); l++) {
        CLEANUP(mem_freep) char *version = listed(list, dialect_name(libraries[l].kind));
        named += version != NULL;
        if (version)
            chosen = l;
    }
    for (size_t l = 0; named != 1 && l < ARRAY_LEN(libraries); l++)
        if (stock_version(s, dialect_name(libraries[l].kind)))
            chosen = l;
    if (chosen == ARRAY_LEN(libraries))
        return false;
    const char *name = dialect_name(libraries[chosen].kind);
    d->library = (struct library){.kind = libraries[chosen].kind};
    d->library_version = listed(list, name);
    if (!d->library_version)
        d->library_version = mem_strdup(stock_version(s, name));
    return true;
}

int service_assume(const struct service *s, const char *list, struct detected *ret,
                   struct err *err)
{
    struct detected d = DETECTED_INIT;
    d.version = listed(list, s->name);
    if (!d.version)
        d.version = mem_strdup(stock_version(s, "service"));
    if (!d.version || !assume_library(s, list, &d)) {
        detected_release(&d);
        return err_set(err, ERR_INPUT, "%s: there is no stock configuration of it",
                       s->name);
    }
    d.library.version = d.library_version;
    *ret = d;
    return 0;
}

/* --- features -------------------------------------------------------------------------------- */

static bool has_feature(json_t *conditions, const struct detected *d)
{
    const char *subject;
    json_t *v;
    json_object_foreach(conditions, subject, v)
    {
        bool service = strcmp(subject, "service") == 0;
        if (!service && strcmp(subject, dialect_name(d->library.kind)) != 0)
            return false;
        if (!version_satisfies(service ? d->version : d->library_version,
                               json_string_value(v)))
            return false;
    }
    return true;
}

json_t *service_features(const struct service *s, const struct detected *d)
{
    json_t *has = json_object(), *conditions;
    const char *name;
    json_object_foreach(json_object_get(s->spec, "features"), name, conditions)
        json_object_set_new(has, name, json_boolean(has_feature(conditions, d)));
    for (size_t l = 0; l < ARRAY_LEN(libraries); l++)
        json_object_set_new(has, dialect_name(libraries[l].kind),
                            json_boolean(libraries[l].kind == d->library.kind));
    return has;
}
