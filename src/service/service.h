/*
 * Services as data: templates/NAME/service.json and the templates beside it.
 *
 *     CLEANUP(service_list_release) struct service_list list = SERVICE_LIST_INIT;
 *     if (service_list_load(datadir, &list, err) < 0)
 *         return -1;
 *     const struct service *s = service_list_find(&list, "postfix");
 *
 * templates/README.md describes every key of service.json.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

struct service {
    char *name;   /* owned; the folder's */
    char *dir;    /* owned; the folder */
    json_t *spec; /* owned reference; service.json */
};

struct service_list {
    struct service *items; /* by name */
    size_t count, cap;
};

#define SERVICE_LIST_INIT                                                                \
    {                                                                                    \
        .items = NULL                                                                    \
    }

void service_list_release(struct service_list *list);

/* Loads every service that the data directory has. ERR_INPUT with place for a bad service.json. */
int service_list_load(const char *datadir, struct service_list *ret,
                      struct err *err) MUST_CHECK;

/* NULL when there is none of that name. Borrowed. */
const struct service *service_list_find(const struct service_list *list,
                                        const char *name);

/* The same; NULL with ERR_INPUT and the nearest name when there is none. */
const struct service *service_list_need(const struct service_list *list, const char *name,
                                        struct err *err) MUST_CHECK;

/* A text of service.json, "" where there is none. */
const char *service_text(const struct service *s, const char *key);

#endif
