/* The reasons of every service, read when first asked for. */
#ifndef CLI_REASONING_H
#define CLI_REASONING_H

#include "plan/plan.h"
#include "service/reasons.h"

struct reasoning {
    const struct service_list *services; /* borrowed */
    struct reasons *of;                  /* owned; one for each service */
    bool *read;                          /* owned; which of them are there */
};

#define REASONING_INIT                                                                   \
    {                                                                                    \
        .services = NULL                                                                 \
    }

void reasoning_start(const struct service_list *services, struct reasoning *ret);
void reasoning_release(struct reasoning *r);

/* A new reference, as why_file() and why_entry() make it; NULL: the templates cannot be read. */
json_t *reasoning_file(struct reasoning *r, const struct plan_file *file,
                       struct err *err) MUST_CHECK;
json_t *reasoning_entry(struct reasoning *r, const struct plan_entry *entry,
                        struct err *err) MUST_CHECK;

#endif
