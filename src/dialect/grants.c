/* What was asked and what came of it, as a value. */
#include "dialect/dialect.h"

#include <stdlib.h>

#include "base/buf.h"

void grants_release(struct grants *g)
{
    for (size_t i = 0; i < g->count; i++)
        free(g->items[i].reason);
    free(g->items);
    free(g->source);
    *g = (struct grants)GRANTS_INIT;
}

int grants_check(const struct grants *g, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    size_t missing = 0;
    for (size_t i = 0; i < g->count; i++) {
        const struct grant *item = &g->items[i];
        if (item->verdict != GRANT_DROPPED || item->optional)
            continue;
        if (missing++ < 3)
            buf_addf(&text, "%s%s", text.len ? "; " : "", item->reason);
    }
    if (!missing)
        return 0;
    return err_set(err, ERR_REFUSED, "not satisfiable here: %s%s", buf_str(&text),
                   missing > 3 ? "; and more" : "");
}

size_t grants_count(const struct grants *g, enum grant_verdict verdict)
{
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++)
        n += g->items[i].verdict == verdict;
    return n;
}

const char *grant_kind_name(enum grant_kind kind)
{
    static const char *const names[] = {"protocol", "suite", "group", "signature"};
    return names[kind];
}

const char *grant_verdict_name(enum grant_verdict verdict)
{
    static const char *const names[] = {"granted", "dropped", "widened"};
    return names[verdict];
}

json_t *grants_json(const struct grants *g)
{
    json_t *asked = json_array();
    for (size_t i = 0; i < g->count; i++) {
        const struct grant *item = &g->items[i];
        json_array_append_new(
            asked,
            json_pack("{s:s, s:s, s:s, s:b, s:s?}", "kind", grant_kind_name(item->kind),
                      "name", item->name, "verdict", grant_verdict_name(item->verdict),
                      "optional", item->optional, "reason", item->reason));
    }
    return json_pack("{s:s?, s:b, s:o}", "source", g->source, "by_library", g->by_library,
                     "asked", asked);
}
