/*
 * Files come first, as a patch; entries follow as LDIF, which patch(1) passes over as text between
 * patches. Every line that is neither is a comment.
 */
#include "report/plan_diff.h"

#include <string.h>

#include "base/visible.h"
#include "format/ldif_text.h"
#include "report/unified.h"

/* --- files ----------------------------------------------------------------------------------- */

static unsigned git_mode(const struct plan_file *f)
{
    return f->kind == PLAN_SYMLINK ? 0120000 : 0100000 | (f->mode & 0111 ? 0755 : 0644);
}

/* "--- a/etc/x"; a name with a tab or quote is quoted, a file that is not there is /dev/null. */
static void add_side(struct buf *out, const char *sign, const char *prefix,
                     const struct plan_file *f, bool present)
{
    buf_addf(out, "%s ", sign);
    if (present)
        unified_name(prefix, f->path + 1, out);
    else
        buf_adds(out, "/dev/null");
    buf_addc(out, '\n');
}

static void add_git_header(const struct plan_file *f, struct buf *out)
{
    buf_adds(out, "diff --git ");
    unified_name("a/", f->path + 1, out);
    buf_addc(out, ' ');
    unified_name("b/", f->path + 1, out);
    buf_addc(out, '\n');
    if (!f->present_before)
        buf_addf(out, "new file mode %06o\n", git_mode(f));
    else if (!f->present_after)
        buf_addf(out, "deleted file mode %06o\n", git_mode(f));
}

void plan_diff_file(const struct plan_file *f, struct buf *out)
{
    if (f->secret) {
        CLEANUP(mem_freep) char *path = visible(bytes_str(f->path));
        buf_addf(out, "# %s changes; its content is not shown\n", path);
        return;
    }
    if (f->kind == PLAN_SYMLINK || !f->present_before || !f->present_after)
        add_git_header(f, out);
    add_side(out, "---", "a/", f, f->present_before);
    add_side(out, "+++", "b/", f, f->present_after);
    unified_hunks(bytes_buf(&f->before), bytes_buf(&f->after), out);
}

/* --- entries --------------------------------------------------------------------------------- */

static void add_value(struct buf *out, const char *name, const char *value)
{
    ldif_write(bytes_str(name), bytes_str(value), out);
}

/* Every line of it as a comment. */
static void add_comment(struct buf *out, struct bytes text)
{
    for (struct bytes line; bytes_next_line(&text, &line);) {
        buf_adds(out, "# ");
        buf_addb(out, line);
    }
}

static void add_present(const struct plan_entry *e, struct buf *out)
{
    CLEANUP(buf_release) struct buf was = BUF_INIT;
    const char *name;
    json_t *values, *v;
    size_t i;
    json_object_foreach(e->before, name, values)
    {
        if (json_equal(values, json_object_get(e->after, name)))
            continue;
        json_array_foreach(values, i, v) add_value(&was, name, json_string_value(v));
        if (!i && json_array_size(json_object_get(e->after, name)))
            buf_addf(&was, "%s is not set\n", name);
    }
    if (was.len) {
        buf_adds(out, "# at present:\n");
        add_comment(out, bytes_buf(&was));
    }
}

void plan_diff_entry(const struct plan_entry *e, struct buf *out)
{
    add_present(e, out);
    add_value(out, "dn", e->dn);
    buf_adds(out, "changetype: modify\n");
    const char *name;
    json_t *values, *v;
    size_t i;
    json_object_foreach(e->after, name, values)
    {
        if (!json_array_size(values) &&
            !json_array_size(json_object_get(e->before, name)))
            continue;
        buf_addf(out, "replace: %s\n", name);
        json_array_foreach(values, i, v) add_value(out, name, json_string_value(v));
        buf_adds(out, "-\n");
    }
    buf_addc(out, '\n');
}

void plan_diff(const struct plan *plan, struct buf *out)
{
    for (size_t i = 0; i < plan->file_count; i++)
        plan_diff_file(&plan->files[i], out);
    for (size_t i = 0; i < plan->entry_count; i++)
        plan_diff_entry(&plan->entries[i], out);
}

/* --- for people ------------------------------------------------------------------------------ */

static const char *color_of(struct bytes line)
{
    static const struct {
        const char *start, *color;
    } colors[] = {
        {"--- ", "\033[1m"}, {"+++ ", "\033[1m"},       {"diff --git ", "\033[1m"},
        {"@@ ", "\033[36m"}, {"# ", "\033[2m"},         {"-", "\033[31m"},
        {"+", "\033[32m"},   {"replace: ", "\033[36m"}, {"dn: ", "\033[1m"},
    };
    for (size_t i = 0; i < ARRAY_LEN(colors); i++)
        if (bytes_starts(line, colors[i].start))
            return colors[i].color;
    return "";
}

/* Tabs are what they look like; everything else that is not text is escaped. */
static void add_visible(struct bytes line, struct buf *out)
{
    while (line.len) {
        const char *tab = memchr(line.data, '\t', line.len);
        size_t n = tab ? (size_t)(tab - line.data) : line.len;
        visible_add(out, (struct bytes){.data = line.data, .len = n});
        if (tab)
            buf_addc(out, '\t');
        n += tab != NULL;
        line = (struct bytes){.data = line.data + n, .len = line.len - n};
    }
}

void plan_diff_paint(struct bytes diff, bool color, bool on_terminal, struct buf *out)
{
    for (struct bytes line; bytes_next_line(&diff, &line);) {
        bool ended = line.data[line.len - 1] == '\n';
        struct bytes text = {.data = line.data, .len = line.len - ended};
        const char *paint = color ? color_of(line) : "";
        buf_adds(out, paint);
        if (on_terminal)
            add_visible(text, out);
        else
            buf_addb(out, text);
        buf_adds(out, *paint ? "\033[0m" : "");
        buf_adds(out, ended ? "\n" : "");
    }
}
