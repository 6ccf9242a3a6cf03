/*
 * {"format": "tlsharden plan", "version": 1, "sha256": of the rest as one line, "plan": {...}}
 *
 * The digest tells damage and slips of an editor from what was saved; it is no signature. Who may write to
 * the file could have run tlsharden: that is why its owner and mode are looked at.
 */
#include "plan/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/file.h"
#include "plan/seen.h"

#define FORMAT  "tlsharden plan"
#define VERSION 1
#define LIMIT   ((size_t)512 << 20)

/* --- to JSON ----------------------------------------------------------------------------- */

static json_t *base64_json(struct bytes data)
{
    CLEANUP(mem_freep) char *text = base64_encode(data);
    return json_string(text);
}

static json_t *content_json(bool present, const struct buf *content)
{
    return present ? base64_json(bytes_buf(content)) : json_null();
}

static json_t *file_json(const struct plan *plan, const struct plan_file *f,
                         struct err *err)
{
    json_t *seen = seen_json(plan, f, err);
    if (!seen)
        return NULL;
    return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:i, s:I, s:I, s:b}", "service",
                     f->service, "path", base64_json(bytes_str(f->path)), "kind",
                     f->kind == PLAN_SYMLINK ? "symlink" : "file", "before",
                     content_json(f->present_before, &f->before), "after",
                     content_json(f->present_after, &f->after), "seen", seen, "mode",
                     (int)f->mode, "uid", (json_int_t)f->uid, "gid", (json_int_t)f->gid,
                     "secret", (int)f->secret);
}

static json_t *entry_json(const struct plan_entry *e)
{
    return json_pack("{s:s, s:s, s:s, s:O, s:O, s:O?, s:s?, s:o, s:s?}", "service",
                     e->service, "uri", e->uri, "dn", e->dn, "before", e->before, "after",
                     e->after, "neutral", e->neutral, "file", e->file, "file_after",
                     base64_json(bytes_buf(&e->file_after)), "sync_dir", e->sync_dir);
}

static json_t *service_json(const struct plan_service *s)
{
    return json_pack(
        "{s:s, s:s?, s:s?, s:s?, s:b, s:s?, s:O?, s:O?, s:O?, s:O?, s:O?, s:O?, s:O?}",
        "name", s->name, "title", s->title, "version", s->version, "library", s->library,
        "running", (int)s->running, "outage", s->outage, "check", s->check, "activate",
        s->activate, "daemons", s->daemons, "late", s->late, "locks", s->locks, "trial",
        s->trial, "grants", s->grants);
}

static json_t *endpoint_json(const struct endpoint *e)
{
    return json_pack("{s:s, s:s?, s:s?, s:i, s:s?, s:s?, s:b, s:b}", "service",
                     e->service, "role", e->role, "address", e->address, "port",
                     (int)e->port, "starttls", e->starttls, "name", e->name, "required",
                     (int)e->required, "fewer_versions", (int)e->fewer_versions);
}

static json_t *note_json(const struct plan_note *n)
{
    return json_pack("{s:i, s:s?, s:s?, s:s, s:s?}", "severity", (int)n->severity,
                     "service", n->service, "file", n->file, "what", n->what, "remedy",
                     n->remedy);
}

static json_t *root_json(const char *root, struct err *err)
{
    struct stat st;
    if (stat(root, &st) == 0)
        return json_pack("{s:I, s:I}", "device", (json_int_t)st.st_dev, "inode",
                         (json_int_t)st.st_ino);
    err_sys(err, errno, "stat '%s'", root);
    return NULL;
}

static json_t *files_json(const struct plan *plan, struct err *err)
{
    json_t *files = json_array();
    for (size_t i = 0; i < plan->file_count; i++) {
        json_t *one = file_json(plan, &plan->files[i], err);
        if (!one || json_array_append_new(files, one) < 0) {
            json_decref(files);
            return NULL;
        }
    }
    return files;
}

static json_t *plan_json(const struct plan *plan, json_t *origin, struct err *err)
{
    json_t *root = root_json(plan->root, err);
    json_t *files = root ? files_json(plan, err) : NULL;
    if (!files) {
        json_decref(root);
        return NULL;
    }
    json_t *entries = json_array(), *services = json_array();
    json_t *endpoints = json_array(), *notes = json_array();
    for (size_t i = 0; i < plan->entry_count; i++)
        json_array_append_new(entries, entry_json(&plan->entries[i]));
    for (size_t i = 0; i < plan->service_count; i++)
        json_array_append_new(services, service_json(&plan->services[i]));
    for (size_t i = 0; i < plan->endpoint_count; i++)
        json_array_append_new(endpoints, endpoint_json(&plan->endpoints[i]));
    for (size_t i = 0; i < plan->note_count; i++)
        json_array_append_new(notes, note_json(&plan->notes[i]));
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:O}", "root", root, "profile",
                     plan->profile, "files", files, "entries", entries, "services",
                     services, "endpoints", endpoints, "notes", notes, "origin", origin);
}

/* --- writing ----------------------------------------------------------------------------- */

static void digest_json(const json_t *value, char sum[static DIGEST_SIZE])
{
    CLEANUP(mem_freep) char *line = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    digest_sha256(bytes_str(line), sum);
}

static int write_text(const char *path, struct bytes text, struct err *err)
{
    CLEANUP(fd_close)
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(err, errno, "create '%s'", path);
    if (file_write_all(fd, text.data, text.len, path, err) < 0)
        return -1;
    return fsync(fd) < 0 ? err_sys(err, errno, "sync '%s'", path) : 0;
}

static int write_atomically(const char *path, struct bytes text, struct err *err)
{
    CLEANUP(mem_freep) char *temp = mem_printf("%s.%d.tmp", path, (int)getpid());
    int rc = write_text(temp, text, err);
    if (rc == 0 && rename(temp, path) < 0)
        rc = err_sys(err, errno, "write '%s'", path);
    if (rc < 0)
        unlink(temp);
    return rc;
}

int saved_write(const char *path, const struct plan *plan, json_t *origin,
                struct err *err)
{
    char sum[DIGEST_SIZE];
    json_auto_t *inner = plan_json(plan, origin, err);
    if (!inner)
        return err->kind == ERR_NONE
                   ? err_set(err, ERR_INPUT, "a text of the plan is not UTF-8")
                   : -1;
    digest_json(inner, sum);
    json_auto_t *outer = json_pack("{s:s, s:i, s:s, s:O}", "format", FORMAT, "version",
                                   VERSION, "sha256", sum, "plan", inner);
    CLEANUP(mem_freep) char *text = json_dumps(outer, JSON_INDENT(1) | JSON_SORT_KEYS);
    return write_atomically(path, bytes_str(text), err);
}

/* --- from JSON --------------------------------------------------------------------------- */

static char *text_of(json_t *object, const char *key)
{
    return mem_strdup(json_string_value(json_object_get(object, key)));
}

static json_t *list_of(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : json_incref(value);
}

static int load_content(json_t *value, bool *present, struct buf *out)
{
    *present = json_is_string(value);
    return *present ? base64_decode(json_string_value(value), out)
                    : (json_is_null(value) ? 0 : -1);
}

static int load_file(json_t *json, struct plan *plan)
{
    const char *service, *path, *kind;
    json_t *before, *after;
    json_int_t uid, gid;
    int mode, secret;
    CLEANUP(buf_release) struct buf plain = BUF_INIT;
    if (json_unpack(json, "{s:s, s:s, s:s, s:o, s:o, s:i, s:I, s:I, s:b}", "service",
                    &service, "path", &path, "kind", &kind, "before", &before, "after",
                    &after, "mode", &mode, "uid", &uid, "gid", &gid, "secret",
                    &secret) < 0 ||
        base64_decode(path, &plain) < 0 || strlen(buf_str(&plain)) != plain.len)
        return -1;
    struct plan_file *f = plan_add_file(plan, service, buf_str(&plain));
    f->kind = strcmp(kind, "symlink") == 0 ? PLAN_SYMLINK : PLAN_FILE;
    f->mode = (mode_t)mode;
    f->uid = (uid_t)uid;
    f->gid = (gid_t)gid;
    f->secret = secret != 0;
    return load_content(before, &f->present_before, &f->before) < 0 ||
                   load_content(after, &f->present_after, &f->after) < 0
               ? -1
               : 0;
}

static int load_entry(json_t *json, struct plan *plan)
{
    const char *service, *uri, *dn, *file_after;
    json_t *before, *after;
    if (json_unpack(json, "{s:s, s:s, s:s, s:o, s:o, s:s}", "service", &service, "uri",
                    &uri, "dn", &dn, "before", &before, "after", &after, "file_after",
                    &file_after) < 0)
        return -1;
    struct plan_entry *e = plan_add_entry(plan, service, uri, dn);
    e->neutral = list_of(json, "neutral");
    e->file = text_of(json, "file");
    e->sync_dir = text_of(json, "sync_dir");
    return json_object_update(e->before, before) < 0 ||
                   json_object_update(e->after, after) < 0 ||
                   base64_decode(file_after, &e->file_after) < 0
               ? -1
               : 0;
}

static int load_service(json_t *json, struct plan *plan)
{
    const char *name;
    int running;
    if (json_unpack(json, "{s:s, s:b}", "name", &name, "running", &running) < 0)
        return -1;
    struct plan_service *s = plan_add_service(plan, name);
    s->title = text_of(json, "title");
    s->version = text_of(json, "version");
    s->library = text_of(json, "library");
    s->running = running != 0;
    s->outage = text_of(json, "outage");
    s->check = list_of(json, "check");
    s->activate = list_of(json, "activate");
    s->daemons = list_of(json, "daemons");
    s->late = list_of(json, "late");
    s->locks = list_of(json, "locks");
    s->trial = list_of(json, "trial");
    s->grants = list_of(json, "grants");
    return 0;
}

static int load_endpoint(json_t *json, struct plan *plan)
{
    const char *service;
    int port, required, fewer;
    if (json_unpack(json, "{s:s, s:i, s:b, s:b}", "service", &service, "port", &port,
                    "required", &required, "fewer_versions", &fewer) < 0 ||
        port < 0 || port > 65535)
        return -1;
    struct endpoint *e = plan_add_endpoint(plan, service);
    e->role = text_of(json, "role");
    e->address = text_of(json, "address");
    e->port = (unsigned)port;
    e->starttls = text_of(json, "starttls");
    e->name = text_of(json, "name");
    e->required = required != 0;
    e->fewer_versions = fewer != 0;
    return 0;
}

static int load_note(json_t *json, struct plan *plan)
{
    const char *what;
    int severity;
    if (json_unpack(json, "{s:i, s:s}", "severity", &severity, "what", &what) < 0 ||
        severity < PLAN_INFO || severity > PLAN_ERROR)
        return -1;
    CLEANUP(mem_freep) char *service = text_of(json, "service");
    CLEANUP(mem_freep) char *file = text_of(json, "file");
    CLEANUP(mem_freep) char *remedy = text_of(json, "remedy");
    plan_note(plan, (enum plan_severity)severity, service, file, remedy, "%s", what);
    return 0;
}

static int load_all(json_t *list, int (*load)(json_t *, struct plan *), struct plan *plan)
{
    json_t *one;
    size_t i;
    json_array_foreach(list, i, one) if (load(one, plan) < 0) return -1;
    return json_is_array(list) ? 0 : -1;
}

static struct plan *load_plan(json_t *inner, const char *root, struct err *err)
{
    const char *profile = json_string_value(json_object_get(inner, "profile"));
    CLEANUP(plan_freep) struct plan *plan = plan_new(root, profile ? profile : "");
    if (profile && load_all(json_object_get(inner, "files"), load_file, plan) == 0 &&
        load_all(json_object_get(inner, "entries"), load_entry, plan) == 0 &&
        load_all(json_object_get(inner, "services"), load_service, plan) == 0 &&
        load_all(json_object_get(inner, "endpoints"), load_endpoint, plan) == 0 &&
        load_all(json_object_get(inner, "notes"), load_note, plan) == 0)
        return TAKE_PTR(plan);
    err_set(err, ERR_INPUT, "a member is missing or not of its kind");
    return NULL;
}

/* --- reading ----------------------------------------------------------------------------- */

static int read_safely(const char *path, struct buf *text, struct err *err)
{
    struct stat st;
    if (file_read(path, LIMIT, text, &st, err) < 0)
        return -1;
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return err_set(err, ERR_REFUSED,
                       "'%s' belongs to uid %u, who could have written anything into it",
                       path, (unsigned)st.st_uid);
    if (st.st_mode & 022)
        return err_set(err, ERR_REFUSED,
                       "'%s' may be written to by others: save the plan anew", path);
    return 0;
}

/* The inner object, a new reference. */
static json_t *open_up(const char *path, struct bytes text, struct err *err)
{
    json_error_t where;
    const char *format, *sum;
    char now[DIGEST_SIZE];
    int version;
    json_t *inner;
    json_auto_t *outer = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &where);
    if (!outer) {
        err_at(err, path, (size_t)where.line, (size_t)where.column, "%s", where.text);
        return NULL;
    }
    if (json_unpack(outer, "{s:s, s:i, s:s, s:o}", "format", &format, "version", &version,
                    "sha256", &sum, "plan", &inner) < 0 ||
        strcmp(format, FORMAT) != 0 || version != VERSION || !json_is_object(inner)) {
        err_set(err, ERR_INPUT, "'%s' is not a plan that this version saved", path);
        return NULL;
    }
    digest_json(inner, now);
    if (strcmp(now, sum) == 0)
        return json_incref(inner);
    err_set(err, ERR_INPUT, "'%s' was altered after it was saved: save the plan anew",
            path);
    return NULL;
}

static int check_root(json_t *inner, const char *root, struct err *err)
{
    json_auto_t *now = root_json(root, err);
    if (!now)
        return -1;
    return json_equal(now, json_object_get(inner, "root"))
               ? 0
               : err_set(err, ERR_REFUSED,
                         "the plan was saved for another host than '%s'", root);
}

static int check_files(json_t *inner, const struct plan *plan, struct err *err)
{
    json_t *files = json_object_get(inner, "files");
    for (size_t i = 0; i < plan->file_count; i++)
        if (seen_check(plan, &plan->files[i],
                       json_object_get(json_array_get(files, i), "seen"), err) < 0)
            return -1;
    return 0;
}

struct plan *saved_read(const char *path, const char *root, json_t **ret_origin,
                        struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (read_safely(path, &text, err) < 0)
        return NULL;
    json_auto_t *inner = open_up(path, bytes_buf(&text), err);
    if (!inner || check_root(inner, root, err) < 0)
        return NULL;
    CLEANUP(plan_freep) struct plan *plan = load_plan(inner, root, err);
    if (!plan) {
        err_context(err, "'%s'", path);
        return NULL;
    }
    if (check_files(inner, plan, err) < 0)
        return NULL;
    *ret_origin = json_incref(json_object_get(inner, "origin"));
    return TAKE_PTR(plan);
}
