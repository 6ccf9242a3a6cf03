/* The table counts granted/asked; what was dropped is named below it with its reason. */
#include "report/plan_text.h"

#include <stdio.h>
#include <string.h>

#include "base/visible.h"
#include "policy/clients.h"

const char *plan_severity_name(enum plan_severity severity)
{
    static const char *const names[] = {"info", "warning", "error"};
    return names[severity];
}

void plan_text_note(const struct plan_note *n, struct buf *out)
{
    if (n->service)
        buf_addf(out, "%s: ", n->service);
    if (n->file) {
        visible_add(out, bytes_str(n->file));
        buf_adds(out, ": ");
    }
    visible_add(out, bytes_str(n->what));
    if (n->remedy) {
        buf_adds(out, ": ");
        visible_add(out, bytes_str(n->remedy));
    }
}

/* --- granted --------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool is_granted(const json_t *item)
{
    return strcmp(text_of(item, "verdict"), "granted") == 0;
}

static void add_count(struct buf *out, const json_t *asked, const char *kind, int width)
{
    unsigned granted = 0, all = 0;
    json_t *item;
    size_t i;
    json_array_foreach(asked, i, item)
    {
        if (strcmp(text_of(item, "kind"), kind) != 0 ||
            strcmp(text_of(item, "verdict"), "widened") == 0)
            continue;
        all++;
        granted += is_granted(item);
    }
    char text[32];
    snprintf(text, sizeof text, "%u/%u", granted, all);
    buf_addf(out, "%*s", width, text);
}

/* The lowest and highest version that is granted: "1.2-1.3". */
static void add_versions(struct buf *out, const json_t *asked)
{
    const char *first = "", *last = "";
    json_t *item;
    size_t i;
    json_array_foreach(asked, i, item)
    {
        if (strcmp(text_of(item, "kind"), "protocol") != 0 || !is_granted(item))
            continue;
        last = text_of(item, "name");
        first = *first ? first : last;
    }
    CLEANUP(mem_freep)
    char *text = strcmp(first, last) == 0
                     ? mem_strdup(last)
                     : mem_printf("%s-%s", first, last + strcspn(last, "v") + 1);
    buf_addf(out, "  %-12s", text);
}

static void add_listener(struct buf *out, const struct plan_service *s,
                         const char *listener, const json_t *grants)
{
    const json_t *asked = json_object_get(grants, "asked");
    CLEANUP(mem_freep)
    char *name = strcmp(listener, s->name) == 0 || strchr(listener, '/')
                     ? mem_strdup(listener)
                     : mem_printf("%s %s", s->name, listener);
    buf_addf(out, "#   %-20s %-15s", name, s->library);
    add_versions(out, asked);
    add_count(out, asked, "suite", 7);
    add_count(out, asked, "group", 8);
    add_count(out, asked, "signature", 12);
    buf_addc(out, '\n');
}

static void add_table(struct buf *out, const struct plan *plan)
{
    if (!plan->service_count)
        return;
    buf_addf(out, "#   %-20s %-15s  %-12s%7s%8s%12s\n", "granted/asked", "library",
             "versions", "suites", "groups", "signatures");
    for (size_t i = 0; i < plan->service_count; i++) {
        const char *listener;
        json_t *grants;
        json_object_foreach(plan->services[i].grants, listener, grants)
            add_listener(out, &plan->services[i], listener, grants);
    }
}

/* Each item with that verdict, or each reason, once per service, however many of its listeners it concerns. */
static void add_items(struct buf *out, const struct plan_service *s, const char *verdict,
                      const char *key,
                      void (*add)(struct buf *out, const struct plan_service *s,
                                  const json_t *item))
{
    json_t *said CLEANUP(json_decrefp) = json_object();
    const char *listener;
    json_t *grants, *item;
    size_t i;
    json_object_foreach(s->grants, listener, grants)
        json_array_foreach(json_object_get(grants, "asked"), i, item)
    {
        const char *text = text_of(item, key);
        if (strcmp(text_of(item, "verdict"), verdict) != 0 || json_object_get(said, text))
            continue;
        json_object_set_new(said, text, json_true());
        add(out, s, item);
    }
}

static void add_widened(struct buf *out, const struct plan_service *s, const json_t *item)
{
    buf_addf(out, "#   %s: %s cannot leave out %s (accepted)\n", s->name, s->library,
             text_of(item, "name"));
}

static void add_dropped(struct buf *out, const struct plan_service *s, const json_t *item)
{
    buf_addf(out, "#   %s: %s%s\n", s->name, text_of(item, "reason"),
             json_is_true(json_object_get(item, "optional")) ? " (optional)" : "");
}

/* --- cut off --------------------------------------------------------------------------------- */

static enum protocol lowest_granted(const struct plan_service *s)
{
    enum protocol lowest = PROTOCOL_TLS1_3;
    const char *listener;
    json_t *grants, *item;
    size_t i;
    json_object_foreach(s->grants, listener, grants)
        json_array_foreach(json_object_get(grants, "asked"), i, item)
    {
        const struct protocol_info *p = protocol_by_name(text_of(item, "name"));
        if (p && is_granted(item) && p->id < lowest)
            lowest = p->id;
    }
    return lowest;
}

static void add_clients(struct buf *out, const struct plan *plan)
{
    for (int v = PROTOCOL_TLS1; v <= PROTOCOL_TLS1_3; v++) {
        CLEANUP(buf_release) struct buf names = BUF_INIT;
        for (size_t i = 0; i < plan->service_count; i++) {
            const struct plan_service *s = &plan->services[i];
            if (plan_touches(plan, s->name) && lowest_granted(s) == (enum protocol)v)
                buf_addf(&names, "%s%s", names.len ? ", " : "", s->name);
        }
        if (names.len)
            buf_addf(out, "# %s: clients need %s:\n#   %s, or newer\n", buf_str(&names),
                     protocol_info((enum protocol)v)->name,
                     clients_oldest((enum protocol)v));
    }
}

/* --- all of it ------------------------------------------------------------------------------- */

static const char *plural(size_t n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

static void add_totals(struct buf *out, const struct plan *plan)
{
    buf_addf(out, "# %s: %zu %s", plan->profile, plan->file_count,
             plural(plan->file_count, "file", "files"));
    if (plan->entry_count)
        buf_addf(out, " and %zu directory %s", plan->entry_count,
                 plural(plan->entry_count, "entry", "entries"));
    buf_addf(out, " to change\n");
}

void plan_text_summary(const struct plan *plan, struct buf *out)
{
    if (plan_is_empty(plan)) {
        if (plan->service_count)
            buf_addf(out, "# %s: nothing to change\n", plan->profile);
        return;
    }
    add_totals(out, plan);
    add_table(out, plan);
    for (size_t i = 0; i < plan->service_count; i++)
        add_items(out, &plan->services[i], "dropped", "reason", add_dropped);
    for (size_t i = 0; i < plan->service_count; i++)
        add_items(out, &plan->services[i], "widened", "name", add_widened);
    add_clients(out, plan);
    for (size_t i = 0; i < plan->service_count; i++)
        if (plan->services[i].outage && plan_touches(plan, plan->services[i].name))
            buf_addf(out, "# %s: %s\n", plan->services[i].name, plan->services[i].outage);
}
