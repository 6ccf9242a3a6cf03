/* Loading the descriptions: one folder of the data directory's templates/ is one service. */
#include "service/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/suggest.h"

void service_list_release(struct service_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].dir);
        json_decref(list->items[i].spec);
    }
    free(list->items);
    *list = (struct service_list)SERVICE_LIST_INIT;
}

static int load(const char *path, struct service_list *list, struct err *err)
{
    CLEANUP(json_doc_release) struct json_doc doc = JSON_DOC_INIT;
    if (json_doc_load(path, &doc, err) < 0)
        return -1;
    if (!json_is_object(doc.root))
        return json_doc_error(&doc, "", err, "must be an object");
    const char *slash = strrchr(path, '/');
    char *dir = mem_strndup(path, (size_t)(slash - path));
    MEM_GROW(list->items, list->count, list->cap);
    list->items[list->count++] =
        (struct service){.name = mem_strdup(strrchr(dir, '/') + 1),
                         .dir = dir,
                         .spec = json_incref(doc.root)};
    return 0;
}

static int load_all(const char *datadir, struct service_list *list, struct err *err)
{
    CLEANUP(mem_freep) char *real = realpath(datadir, NULL);
    if (!real)
        return err_sys(err, errno, "open '%s'", datadir);
    CLEANUP(mem_freep) char *pattern = file_join(real, "templates/*/service.json");
    CLEANUP(path_root_close) struct path_root root = {.fd = -1};
    CLEANUP(strv_release) struct strv found = STRV_INIT;
    if (path_root_open("/", &root, err) < 0 || path_glob(&root, pattern, &found, err) < 0)
        return -1;
    strv_sort(&found);
    for (size_t i = 0; i < found.count; i++)
        if (file_exists(found.items[i]) && load(found.items[i], list, err) < 0)
            return -1;
    if (!list->count)
        return err_set(err, ERR_SYSTEM, "there is no service in '%s/templates'", datadir);
    return 0;
}

int service_list_load(const char *datadir, struct service_list *ret, struct err *err)
{
    struct service_list list = SERVICE_LIST_INIT;
    if (load_all(datadir, &list, err) < 0) {
        service_list_release(&list);
        return -1;
    }
    *ret = list;
    return 0;
}

const struct service *service_list_find(const struct service_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    return NULL;
}

const struct service *service_list_need(const struct service_list *list, const char *name,
                                        struct err *err)
{
    const struct service *s = service_list_find(list, name);
    const char **known CLEANUP(mem_freep) = mem_alloc((list->count + 1) * sizeof *known);
    for (size_t i = 0; i < list->count; i++)
        known[i] = list->items[i].name;
    const char *near = s ? NULL : suggest(name, known, list->count);
    if (near)
        err_set(err, ERR_INPUT, "unknown service '%s'; did you mean '%s'?", name, near);
    else if (!s)
        err_set(err, ERR_INPUT, "unknown service '%s'; see tlsharden services", name);
    return s;
}

const char *service_text(const struct service *s, const char *key)
{
    const char *text = json_string_value(json_object_get(s->spec, key));
    return text ? text : "";
}
