/*
 * Ten thousand files are forty thousand small objects: they are written as they are met, never held. What
 * there is little of is left to Jansson.
 */
#include "txn/manifest.h"

#include <stdlib.h>

#include "txn/escape.h"

/* As JSON has it. -1: not UTF-8. */
static int add_text(const char *text, struct buf *out)
{
    json_t *value CLEANUP(json_decrefp) = json_string(text);
    CLEANUP(mem_freep)
    char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    if (!quoted)
        return -1;
    buf_adds(out, quoted);
    return 0;
}

/* {"sha256": "...", "size": 0}, before also {"target", "device", "inode"}; null when absent. */
static void add_before(const struct record_file *f, struct buf *out)
{
    if (!f->before) {
        buf_adds(out, "null");
        return;
    }
    buf_addf(out, "{\"sha256\":\"%s\",\"size\":%zu,\"device\":%lld,\"inode\":%lld",
             f->before_sum, f->before_size, (long long)f->device, (long long)f->inode);
    if (f->target) {
        buf_adds(out, ",\"target\":");
        escape_quote(bytes_str(f->target), out);
    }
    buf_addc(out, '}');
}

static void add_after(const struct record_file *f, struct buf *out)
{
    if (f->after)
        buf_addf(out, "{\"sha256\":\"%s\",\"size\":%zu}", f->after_sum, f->after_size);
    else
        buf_adds(out, "null");
}

static int add_file(const struct record_file *f, struct buf *out)
{
    buf_adds(out, "{\"service\":");
    if (add_text(f->service, out) < 0)
        return -1;
    buf_adds(out, ",\"path\":");
    escape_quote(bytes_str(f->path), out);
    buf_addf(out, ",\"kind\":\"%s\",\"secret\":%s,\"temp\":\"%s\",\"before\":",
             f->kind == PLAN_SYMLINK ? "symlink" : "file", f->secret ? "true" : "false",
             f->temp);
    add_before(f, out);
    buf_adds(out, ",\"after\":");
    add_after(f, out);
    buf_adds(out, ",\"attributes\":");
    attrs_write(&f->attrs, out);
    buf_addc(out, '}');
    return 0;
}

int manifest_write(const struct record *r, struct buf *out)
{
    json_t *rest CLEANUP(json_decrefp) =
        json_pack("{s:i, s:I, s:s, s:s, s:O, s:O, s:O, s:O, s:O}", "version",
                  MANIFEST_VERSION, "id", (json_int_t)r->id, "time", r->time, "profile",
                  r->profile, "directories", r->directories, "entries", r->entries,
                  "services", r->services, "locks", r->locks, "endpoints", r->endpoints);
    CLEANUP(mem_freep) char *text = rest ? json_dumps(rest, JSON_COMPACT) : NULL;
    if (!text)
        return -1;
    buf_adds(out, "{\"files\":[");
    for (size_t i = 0; i < r->count; i++) {
        buf_adds(out, i ? ",\n" : "\n");
        if (add_file(&r->files[i], out) < 0)
            return -1;
    }
    buf_adds(out, "],\n");
    buf_adds(out, text + 1); /* without its brace */
    return 0;
}
