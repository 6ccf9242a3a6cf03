/* Settings are found in the lines of the diff itself, so that what is shown and what is explained agree. */
#include "report/why.h"

#include <string.h>

#include "report/unified.h"
#include "report/wrap.h"

/* Once for each setting, with the first reason that is found. */
static void add(json_t *why, json_t *said, const struct reasons *reasons,
                struct bytes line, bool removed)
{
    CLEANUP(mem_freep) char *word = bytes_dup(reasons_directive(line));
    const struct reason *r = *word ? reasons_of(reasons, line, removed) : NULL;
    if (!r || !*r->why)
        return;
    CLEANUP(mem_freep) char *key = mem_printf("%s\n%s", r->directive, r->why);
    if (json_object_get(said, key))
        return;
    json_object_set_new(said, key, json_true());
    json_object_set_new(said, r->directive, json_true());
    json_array_append_new(why, json_pack("{s:s, s:s, s:s, s:b}", "directive",
                                         r->directive, "why", r->why, "reference",
                                         r->reference, "removed", (int)removed));
}

/* Added lines first: a line that is replaced is no line that is taken away. */
static void add_signed(json_t *why, json_t *said, const struct reasons *reasons,
                       struct bytes diff, char sign)
{
    for (struct bytes line; bytes_next_line(&diff, &line);) {
        if (line.data[0] != sign)
            continue;
        struct bytes text = {.data = line.data + 1, .len = line.len - 1};
        CLEANUP(mem_freep) char *word = bytes_dup(reasons_directive(text));
        if (sign == '+' || !json_object_get(said, word))
            add(why, said, reasons, text, sign == '-');
    }
}

json_t *why_file(const struct plan_file *file, const struct reasons *reasons)
{
    CLEANUP(buf_release) struct buf diff = BUF_INIT;
    json_t *said CLEANUP(json_decrefp) = json_object();
    json_t *why = json_array();
    if (file->secret || file->kind != PLAN_FILE)
        return why;
    unified_hunks(bytes_buf(&file->before), bytes_buf(&file->after), &diff);
    add_signed(why, said, reasons, bytes_buf(&diff), '+');
    add_signed(why, said, reasons, bytes_buf(&diff), '-');
    return why;
}

json_t *why_entry(const struct plan_entry *entry, const struct reasons *reasons)
{
    json_t *said CLEANUP(json_decrefp) = json_object();
    json_t *why = json_array(), *values;
    const char *name;
    json_object_foreach(entry->after, name, values)
    {
        if (!json_equal(values, json_object_get(entry->before, name)))
            add(why, said, reasons, bytes_str(name), !json_array_size(values));
    }
    return why;
}

void why_text(const json_t *why, struct buf *out)
{
    size_t i;
    json_t *v;
    json_array_foreach(why, i, v)
    {
        const char *reference = json_string_value(json_object_get(v, "reference"));
        CLEANUP(mem_freep)
        char *text =
            mem_printf("%s%s: %s%s%s%s",
                       json_is_true(json_object_get(v, "removed")) ? "without " : "",
                       json_string_value(json_object_get(v, "directive")),
                       json_string_value(json_object_get(v, "why")),
                       *reference ? " [" : "", reference, *reference ? "]" : "");
        if (!i)
            buf_adds(out, "# why:\n");
        buf_adds(out, "#   ");
        wrap_add(text, 4, "#     ", out);
    }
}
