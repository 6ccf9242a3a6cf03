/*
 * Two kinds: "cyrus", a library with a NAME.conf and plugins, one per mechanism; and a daemon
 * behind a socket, which must be there. Passwords themselves are not looked at.
 * Ref: Postfix's SASL_README; the files' syntax is Cyrus SASL's "name: value".
 */
#include "service/sasl.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"

struct sasl {
    const struct host *host;
    const json_t *spec, *parameters;
};

/* The value of the parameter that `spec` names for a role; "" when there is none. */
static const char *value_of(const struct sasl *s, const char *role)
{
    const char *name = json_string_value(json_object_get(s->spec, role));
    const char *value =
        name ? json_string_value(json_object_get(s->parameters, name)) : NULL;
    return value ? value : "";
}

/* --- the library ----------------------------------------------------------------------------- */

/* Reads NAME.conf from the first of the directories that has it; its path, or NULL. */
static char *read_configuration(const struct sasl *s, struct buf *text)
{
    const char *dirs = value_of(s, "directories"), *name = value_of(s, "path");
    while (*dirs) {
        size_t n = strcspn(dirs, ":");
        CLEANUP(mem_freep)
        char *path = mem_printf("%.*s/%s.conf", (int)n, dirs, name);
        struct err ignored = ERR_INIT;
        if (n && path_read(&s->host->root, path, text, NULL, NULL, &ignored) == 0)
            return TAKE_PTR(path);
        dirs += n + (dirs[n] == ':');
    }
    return NULL;
}

/* The value of "name: value"; the last of its lines counts. */
static struct bytes setting(struct bytes text, const char *name)
{
    struct bytes line, value = {.data = NULL};
    while (bytes_next_line(&text, &line)) {
        const char *colon = line.len ? memchr(line.data, ':', line.len) : NULL;
        if (!colon)
            continue;
        size_t n = (size_t)(colon - line.data);
        struct bytes key = {.data = line.data, .len = n};
        if (bytes_eq_nocase(bytes_trim(key), bytes_str(name)))
            value =
                bytes_trim((struct bytes){.data = colon + 1, .len = line.len - n - 1});
    }
    return value;
}

static bool is_listed(struct bytes list, const char *mechanism)
{
    size_t n = strlen(mechanism);
    for (size_t i = 0; i + n <= list.len; i++) {
        struct bytes part = {.data = list.data + i, .len = n};
        bool begins = i == 0 || isspace((unsigned char)list.data[i - 1]);
        bool ends = i + n == list.len || isspace((unsigned char)list.data[i + n]);
        if (begins && ends && bytes_eq_nocase(part, bytes_str(mechanism)))
            return true;
    }
    return false;
}

static bool has_plugin(const struct sasl *s, const char *file)
{
    const json_t *dirs = json_object_get(s->spec, "plugin_directories");
    for (size_t i = 0; i < json_array_size(dirs); i++) {
        CLEANUP(strv_release) struct strv found = STRV_INIT;
        struct err ignored = ERR_INIT;
        CLEANUP(mem_freep)
        char *pattern =
            mem_printf("%s/%s", json_string_value(json_array_get(dirs, i)), file);
        if (path_glob(&s->host->root, pattern, &found, &ignored) < 0)
            continue;
        for (size_t k = 0; k < found.count; k++)
            if (path_exists(&s->host->root, found.items[k]))
                return true;
    }
    return false;
}

/* Is a mechanism listed, or none in particular, that can be loaded? */
static bool has_mechanism(const struct sasl *s, struct bytes list)
{
    json_t *plugins = json_object_get(s->spec, "plugins"), *file;
    const char *mechanism;
    json_object_foreach(plugins, mechanism,
                        file) if ((!list.len || is_listed(list, mechanism)) &&
                                  has_plugin(s, json_string_value(file))) return true;
    return false;
}

static char *library_problem(const struct sasl *s)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    CLEANUP(mem_freep) char *path = read_configuration(s, &text);
    if (!path)
        return mem_printf("there is no %s.conf in %s", value_of(s, "path"),
                          value_of(s, "directories"));
    struct bytes list = setting(bytes_buf(&text), "mech_list");
    if (has_mechanism(s, list))
        return NULL;
    return mem_printf("no mechanism that %s lists is installed", path);
}

/* --- the daemon ------------------------------------------------------------------------------ */

/* Sockets exist while their daemon runs: in a tree nobody can tell. */
static char *socket_problem(const struct sasl *s)
{
    const char *path = value_of(s, "path");
    if (strncmp(path, "inet:", 5) == 0 || !s->host->live)
        return NULL;
    if (strncmp(path, "unix:", 5) == 0)
        path += 5;
    CLEANUP(mem_freep)
    char *full = *path == '/' ? mem_strdup(path)
                              : mem_printf("%s/%s", value_of(s, "sockets"), path);
    return path_exists(&s->host->root, full)
               ? NULL
               : mem_printf("there is no socket '%s' of %s", full, value_of(s, "type"));
}

char *sasl_problem(const struct host *host, const json_t *spec, const json_t *parameters)
{
    struct sasl s = {.host = host, .spec = spec, .parameters = parameters};
    return strcmp(value_of(&s, "type"), "cyrus") == 0 ? library_problem(&s)
                                                      : socket_problem(&s);
}
