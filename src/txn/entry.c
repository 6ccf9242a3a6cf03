/*
 * Entries by way of base/directory. Which attributes there are and what is neutral, the plan has said.
 *
 * Not repaired: a server that was refused values for attributes that were all absent before. It has
 * nothing to go back to, and its entry reads as before; the next complete set cures it, or a restart.
 */
#include "txn/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/file.h"
#include "txn/guard.h"

static const char *text(const json_t *entry, const char *key)
{
    return json_string_value(json_object_get(entry, key));
}

static json_t *now(const json_t *entry, struct err *err)
{
    return directory_image(text(entry, "uri"), text(entry, "dn"),
                           json_object_get(entry, "before"), err);
}

/* `before` with the neutral values where it has none, or needs them always, in `*first`; what is to
 * come afterwards in `*then`. */
static void neutralize(const json_t *entry, json_t *first, json_t *then)
{
    json_t *before = json_object_get(entry, "before");
    const char *name;
    json_t *values;
    json_object_update(first, before);
    json_object_foreach(json_object_get(entry, "neutral"), name, values)
    {
        json_t *old = json_object_get(before, name);
        json_t *always = json_object_get(values, "always");
        if (!old || (json_array_size(old) && !always))
            continue;
        json_object_set(first, name, always ? always : values);
        json_object_set(then, name, old);
    }
}

int entry_look(const json_t *entry, enum record_found *ret, struct err *err)
{
    json_auto_t *image = now(entry, err);
    if (!image)
        return -1;
    json_auto_t *first = json_object();
    json_auto_t *then = json_object();
    neutralize(entry, first, then);
    bool ours = directory_same(image, json_object_get(entry, "after")) ||
                directory_same(image, first);
    *ret = directory_same(image, json_object_get(entry, "before")) ? FOUND_BEFORE
           : ours                                                  ? FOUND_AFTER
                                                                   : FOUND_OTHER;
    return 0;
}

/* Servers that keep their entries in files need not have synced them. */
static int flush(const json_t *entry, struct err *err)
{
    const char *path = text(entry, "sync_dir");
    if (!path)
        return 0;
    CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || guard_syncfs(fd, GUARD_ENTRY) < 0)
        return err_sys(err, errno, "sync '%s'", path);
    return 0;
}

int entry_change(const json_t *entry, struct err *err)
{
    if (directory_replace(text(entry, "uri"), text(entry, "dn"),
                          json_object_get(entry, "before"),
                          json_object_get(entry, "after"), err) < 0)
        return -1;
    return flush(entry, err);
}

/* Has some attribute no value? */
static bool is_bare(const json_t *image)
{
    const char *name;
    json_t *values;
    json_object_foreach((json_t *)(uintptr_t)image, name,
                        values) if (!json_array_size(values)) return true;
    return false;
}

static bool is_empty(const json_t *image)
{
    const char *name;
    json_t *values;
    json_object_foreach((json_t *)(uintptr_t)image, name,
                        values) if (json_array_size(values)) return false;
    return true;
}

int entry_change_back(const json_t *entry, struct err *err)
{
    const char *uri = text(entry, "uri"), *dn = text(entry, "dn");
    const json_t *before = json_object_get(entry, "before");
    json_auto_t *image = now(entry, err);
    if (!image)
        return -1;
    json_auto_t *first = json_object();
    json_auto_t *then = json_object();
    neutralize(entry, first, then);
    if (is_empty(before) && is_bare(first)) {
        /* What is there now goes away, in one modify. */
        int rc = directory_replace(uri, dn, image, before, err);
        return rc < 0 ? -1 : flush(entry, err);
    }
    if (directory_replace(uri, dn, image, first, err) < 0 ||
        directory_replace(uri, dn, first, then, err) < 0)
        return -1;
    return flush(entry, err);
}
