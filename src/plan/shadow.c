/*
 * Servers name a file by the entry's first RDN and write that as its dn; the base entry's is whole.
 * The wanted values become a fragment that is merged into the file like any other.
 */
#include "plan/shadow.h"

#include <string.h>

#include "format/ldif.h"
#include "format/ldif_text.h"
#include "service/lookup.h"

static int list_files(const struct host *host, const json_t *spec, struct strv *ret,
                      struct err *err)
{
    const char *path = json_string_value(json_object_get(spec, "path"));
    const char *pattern = json_string_value(json_object_get(spec, "glob"));
    return path || pattern ? path_glob(&host->root, path ? path : pattern, ret, err) : 0;
}

/* Is the file's dn the entry's, or its first RDN? */
static bool is_of(const char *file_dn, const char *dn)
{
    size_t n = file_dn ? strlen(file_dn) : 0;
    return n && strncasecmp(file_dn, dn, n) == 0 && (!dn[n] || dn[n] == ',');
}

static void write_fragment(const char *dn, json_t *wanted, struct buf *out)
{
    const char *name;
    json_t *values, *v;
    size_t i;
    ldif_write(BYTES("dn"), bytes_str(dn), out);
    json_object_foreach(wanted, name, values)
    {
        json_array_foreach(values, i, v)
            ldif_write(bytes_str(name), bytes_str(json_string_value(v)), out);
        if (!json_array_size(values))
            buf_addf(out, "#%s:\n", name);
    }
}

/* 0: it is this file; 1: another one's. */
static int try_file(const struct host *host, const char *path, const struct document *d,
                    struct plan_entry *e, struct err *err)
{
    CLEANUP(documents_release) struct documents files = DOCUMENTS_INIT;
    struct document *file = NULL;
    int rc = documents_add_file(&files, host, "file", path, d->format->name, &file, err);
    if (rc != 0)
        return rc;
    json_t *facts CLEANUP(json_decrefp) = file->format->facts(file->doc, NULL);
    const char *dn = json_string_value(lookup(facts, "entries.0.dn"));
    if (!is_of(dn, e->dn))
        return 1;
    CLEANUP(buf_release) struct buf fragment = BUF_INIT;
    write_fragment(dn, e->after, &fragment);
    if (file->format->merge(file->doc, NULL, bytes_buf(&fragment), NULL, &file->edits,
                            err) < 0)
        return err_context(err, "%s", path);
    e->file = mem_strdup(file->path);
    edits_apply(bytes_buf(&file->text), &file->edits, &e->file_after);
    ldif_seal(&e->file_after);
    return 0;
}

int shadow_entry(const struct host *host, const struct document *d,
                 struct plan_entry *entry, struct err *err)
{
    CLEANUP(strv_release) struct strv paths = STRV_INIT;
    if (list_files(host, d->spec, &paths, err) < 0)
        return -1;
    int rc = 1;
    for (size_t i = 0; rc == 1 && i < paths.count; i++)
        rc = try_file(host, paths.items[i], d, entry, err);
    return rc < 0 ? -1 : 0;
}
