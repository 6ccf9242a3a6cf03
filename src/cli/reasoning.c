/* Templates are read once for each service, and not at all where nothing of it changes. */
#include "cli/reasoning.h"

#include <stdlib.h>
#include <string.h>

#include "report/why.h"

void reasoning_start(const struct service_list *services, struct reasoning *ret)
{
    *ret =
        (struct reasoning){.services = services,
                           .of = mem_alloc((services->count + 1) * sizeof *ret->of),
                           .read = mem_alloc((services->count + 1) * sizeof *ret->read)};
}

void reasoning_release(struct reasoning *r)
{
    for (size_t i = 0; r->services && i < r->services->count; i++)
        reasons_release(&r->of[i]);
    free(r->of);
    free(r->read);
    *r = (struct reasoning)REASONING_INIT;
}

static const struct reasons *reasons_for(struct reasoning *r, const char *name,
                                         struct err *err)
{
    size_t i = 0;
    while (i < r->services->count && strcmp(r->services->items[i].name, name) != 0)
        i++;
    if (i < r->services->count && !r->read[i] &&
        reasons_load(&r->services->items[i], &r->of[i], err) < 0)
        return NULL;
    r->read[i] = true;
    return &r->of[i]; /* one more than there are services: of none */
}

json_t *reasoning_file(struct reasoning *r, const struct plan_file *file, struct err *err)
{
    const struct reasons *reasons = reasons_for(r, file->service, err);
    return reasons ? why_file(file, reasons) : NULL;
}

json_t *reasoning_entry(struct reasoning *r, const struct plan_entry *entry,
                        struct err *err)
{
    const struct reasons *reasons = reasons_for(r, entry->service, err);
    return reasons ? why_entry(entry, reasons) : NULL;
}
