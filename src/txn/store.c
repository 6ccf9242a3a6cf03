/*
 * Everything here is reached from one open directory that only we may enter. Each file is synced before
 * its directory, each directory before the rename that makes it count. What is in a generation beside
 * manifest and state: images.c.
 */
#include "txn/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "txn/frame.h"
#include "txn/guard.h"
#include "txn/images.h"
#include "txn/lock.h"
#include "txn/manifest.h"

#define DIRECTORY  (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define LAST_ID    99999999
#define JSON_LIMIT ((size_t)256 << 20)
#define DAMAGED                                                                          \
    ": nothing was guessed and nothing changed; see with 'tlsharden history' and a "     \
    "backup what is to be put back by hand, then move the folder away"

void store_release(struct store *s)
{
    fd_close(&s->gen);
    fd_close(&s->dir);
    fd_close(&s->lock);
}

static void dir_closep(DIR **d)
{
    if (*d)
        closedir(*d);
}

/* A listing of its own: a descriptor's position is not shared. */
static DIR *listing(int dir)
{
    int fd = openat(dir, ".", DIRECTORY);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (fd >= 0 && !d)
        close(fd);
    return d;
}

/* --- opening ----------------------------------------------------------------------------- */

static int check_ours(int dir, const char *path, struct err *err)
{
    struct stat st;
    if (fstat(dir, &st) < 0)
        return err_sys(err, errno, "stat '%s'", path);
    if (st.st_uid != geteuid() || (st.st_mode & 077))
        return err_set(err, ERR_REFUSED,
                       "'%s' must belong to uid %u and be closed to others (chmod 700)",
                       path, (unsigned)geteuid());
    return 0;
}

/* Parents are made 0755, the directories themselves 0700; new ones are on disk afterwards, since a
 * record in a directory that a power cut takes away is no record. */
static int make_state_dir(const char *path, struct err *err)
{
    CLEANUP(mem_freep) char *gen = file_join(path, "gen");
    if (access(gen, F_OK) == 0)
        return 0;
    CLEANUP(mem_freep) char *parent = mem_strdup(path);
    char *slash = strrchr(parent, '/');
    if (slash && slash != parent) {
        *slash = '\0';
        if (file_mkdirs(parent, 0755, err) < 0)
            return -1;
    }
    if ((mkdir(path, 0700) < 0 && errno != EEXIST) ||
        (mkdir(gen, 0700) < 0 && errno != EEXIST))
        return err_sys(err, errno, "create directory '%s'", gen);
    CLEANUP(fd_close) int fd = open(path, DIRECTORY);
    return fd < 0 || guard_syncfs(fd, GUARD_MADE) < 0
               ? err_sys(err, errno, "sync '%s'", path)
               : 0;
}

static int open_dirs(const char *path, struct store *s, struct err *err)
{
    s->dir = open(path, DIRECTORY);
    if (s->dir < 0)
        return err_sys(err, errno, "open '%s'", path);
    if (check_ours(s->dir, path, err) < 0)
        return -1;
    s->gen = openat(s->dir, "gen", DIRECTORY);
    return s->gen < 0 ? err_sys(err, errno, "open '%s/gen'", path) : 0;
}

/* --- removing ---------------------------------------------------------------------------- */

/* Removes the files of one directory, and those of directories in it, `depth` levels deep. */
static int empty(int dir, int depth)
{
    CLEANUP(dir_closep) DIR *d = listing(dir);
    if (!d)
        return -1;
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        CLEANUP(fd_close) int inner = depth ? openat(dir, e->d_name, DIRECTORY) : -1;
        if (inner >= 0 && empty(inner, depth - 1) < 0)
            return -1;
        if (unlinkat(dir, e->d_name, inner >= 0 ? AT_REMOVEDIR : 0) < 0)
            return -1;
    }
    return 0;
}

static int remove_folder(int gen, const char *name, struct err *err)
{
    CLEANUP(fd_close) int dir = openat(gen, name, DIRECTORY);
    if (dir < 0 && errno == ENOTDIR && unlinkat(gen, name, 0) == 0)
        return 0; /* a state that never came to be */
    if (dir < 0 || empty(dir, 1) < 0 || unlinkat(gen, name, AT_REMOVEDIR) < 0)
        return err_sys(err, errno, "remove 'gen/%s'", name);
    return 0;
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

static int sweep(int gen, struct err *err)
{
    CLEANUP(dir_closep) DIR *d = listing(gen);
    if (!d)
        return err_sys(err, errno, "read 'gen'");
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        if (ends_with(e->d_name, ".new") || ends_with(e->d_name, ".trash"))
            if (remove_folder(gen, e->d_name, err) < 0)
                return -1;
    return 0;
}

int store_discard(const struct store *s, unsigned id, struct err *err)
{
    char name[16], trash[32];
    snprintf(name, sizeof name, "%04u", id);
    snprintf(trash, sizeof trash, "%s.trash", name);
    if (renameat(s->gen, name, s->gen, trash) < 0 ||
        guard_fsync(s->gen, GUARD_RECORD_DIR) < 0)
        return err_sys(err, errno, "discard 'gen/%s'", name);
    return remove_folder(s->gen, trash, err);
}

int store_open(const char *state_dir, struct store *ret, struct err *err)
{
    struct store s = STORE_INIT;
    if (make_state_dir(state_dir, err) < 0)
        return -1;
    int rc = open_dirs(state_dir, &s, err);
    if (rc == 0)
        rc = s.lock = lock_take(s.dir, err);
    if (rc < 0 || sweep(s.gen, err) < 0) {
        store_release(&s);
        return -1;
    }
    *ret = s;
    return 0;
}

int store_look(const char *state_dir, struct store *ret, struct err *err)
{
    struct store s = STORE_INIT;
    CLEANUP(mem_freep) char *gen = file_join(state_dir, "gen");
    if (access(gen, F_OK) < 0 && errno == ENOENT) {
        *ret = s;
        return 0;
    }
    if (open_dirs(state_dir, &s, err) < 0) {
        store_release(&s);
        return -1;
    }
    *ret = s;
    return 0;
}

/* --- listing ----------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return (x > y) - (x < y);
}

int store_list(const struct store *s, unsigned **ret, size_t *count, struct err *err)
{
    unsigned *ids = NULL;
    size_t n = 0, cap = 0;
    if (s->gen >= 0) {
        CLEANUP(dir_closep) DIR *d = listing(s->gen);
        if (!d)
            return err_sys(err, errno, "read 'gen'");
        for (struct dirent *e = readdir(d); e; e = readdir(d)) {
            char *end;
            unsigned long id = strtoul(e->d_name, &end, 10);
            if (*end || e->d_name[0] < '0' || e->d_name[0] > '9' || id == 0 ||
                id > LAST_ID)
                continue;
            MEM_GROW(ids, n, cap);
            ids[n++] = (unsigned)id;
        }
    }
    if (n)
        qsort(ids, n, sizeof *ids, by_number);
    *ret = ids;
    *count = n;
    return 0;
}

static int next_id(const struct store *s, unsigned *ret, struct err *err)
{
    CLEANUP(mem_freep) unsigned *ids = NULL;
    size_t n = 0;
    if (store_list(s, &ids, &n, err) < 0)
        return -1;
    *ret = n ? ids[n - 1] + 1 : 1;
    return *ret > LAST_ID ? err_set(err, ERR_REFUSED, "too many generations") : 0;
}

/* --- writing ----------------------------------------------------------------------------- */

static int write_text(int dir, const char *name, struct bytes text, enum guard sync,
                      struct err *err)
{
    CLEANUP(buf_release) struct buf framed = BUF_INIT;
    CLEANUP(fd_close)
    int fd =
        openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(err, errno, "create '%s'", name);
    frame_put(text, &framed);
    if (file_write_all(fd, framed.data, framed.len, name, err) < 0)
        return -1;
    return guard_fsync(fd, sync) < 0 ? err_sys(err, errno, "sync '%s'", name) : 0;
}

static int no_text(const char *name, struct err *err)
{
    return err_set(err, ERR_SYSTEM, "write '%s': a text in it is not UTF-8", name);
}

static int write_manifest(int dir, const struct record *r, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (manifest_write(r, &text) < 0)
        return no_text("manifest", err);
    return write_text(dir, "manifest", bytes_buf(&text), GUARD_RECORD, err);
}

static int write_state(int dir, const char *name, const struct record *r, enum guard sync,
                       struct err *err)
{
    json_t *value CLEANUP(json_decrefp) = record_progress(r);
    CLEANUP(mem_freep)
    char *text = value ? json_dumps(value, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
    if (!text)
        return no_text(name, err);
    return write_text(dir, name, bytes_str(text), sync, err);
}

static int fill(const struct store *s, const char *name, const struct record *r,
                const struct plan *plan, struct err *err)
{
    if (mkdirat(s->gen, name, 0700) < 0)
        return err_sys(err, errno, "create directory 'gen/%s'", name);
    CLEANUP(fd_close) int folder = openat(s->gen, name, DIRECTORY);
    if (folder < 0)
        return err_sys(err, errno, "open 'gen/%s'", name);
    if (images_write(folder, plan, err) < 0 || write_manifest(folder, r, err) < 0 ||
        write_state(folder, "state", r, GUARD_RECORD, err) < 0)
        return -1;
    return guard_fsync(folder, GUARD_RECORD_DIR) < 0
               ? err_sys(err, errno, "sync 'gen/%s'", name)
               : 0;
}

int store_add(const struct store *s, struct record *r, const struct plan *plan,
              struct err *err)
{
    char name[16], fresh[32];
    if (next_id(s, &r->id, err) < 0)
        return -1;
    snprintf(name, sizeof name, "%04u", r->id);
    snprintf(fresh, sizeof fresh, "%s.new", name);
    int rc = fill(s, fresh, r, plan, err);
    if (rc == 0 && (renameat2(s->gen, fresh, s->gen, name, RENAME_NOREPLACE) < 0 ||
                    guard_fsync(s->gen, GUARD_RECORD_DIR) < 0))
        rc = err_sys(err, errno, "record 'gen/%s'", name);
    if (rc < 0) {
        struct err second = ERR_INIT;
        (void)!sweep(s->gen, &second); /* the next run does it, else */
        return err_context(err, "write the record");
    }
    return 0;
}

int store_update(const struct store *s, const struct record *r, struct err *err)
{
    char name[16], fresh[32];
    snprintf(name, sizeof name, "%04u", r->id);
    snprintf(fresh, sizeof fresh, "%s.state.new", name);
    CLEANUP(fd_close) int folder = openat(s->gen, name, DIRECTORY);
    if (folder < 0)
        return err_sys(err, errno, "open 'gen/%s'", name);
    if (unlinkat(s->gen, fresh, 0) < 0 && errno != ENOENT)
        return err_sys(err, errno, "update 'gen/%s'", name);
    if (write_state(s->gen, fresh, r, GUARD_STATE, err) < 0)
        return err_context(err, "update 'gen/%s'", name);
    if (renameat(s->gen, fresh, folder, "state") < 0 ||
        guard_fsync(folder, GUARD_STATE_DIR) < 0)
        return err_sys(err, errno, "update 'gen/%s'", name);
    return 0;
}

/* --- reading ----------------------------------------------------------------------------- */

static int read_beneath(int dir, const char *name, struct buf *out, struct err *err)
{
    CLEANUP(fd_close) int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, errno, "open '%s'", name);
    return file_read_fd(fd, name, JSON_LIMIT, out, NULL, err);
}

/* Damage is told with what can be done about it. */
static json_t *read_json(int dir, const char *name, struct err *err)
{
    CLEANUP(buf_release) struct buf framed = BUF_INIT;
    struct bytes text;
    if (read_beneath(dir, name, &framed, err) < 0)
        return NULL;
    if (frame_get(bytes_buf(&framed), &text) < 0) {
        err_set(err, ERR_INPUT, "'%s' is damaged" DAMAGED, name);
        return NULL;
    }
    json_error_t where;
    json_t *value = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &where);
    if (!value)
        err_at(err, name, (size_t)where.line, (size_t)where.column, "%s", where.text);
    return value;
}

int store_load(const struct store *s, unsigned id, struct record *r, struct err *err)
{
    char name[16];
    snprintf(name, sizeof name, "%04u", id);
    CLEANUP(fd_close) int folder = openat(s->gen, name, DIRECTORY);
    if (folder < 0)
        return err_sys(err, errno, "open 'gen/%s'", name);
    json_auto_t *manifest = read_json(folder, "manifest", err);
    json_auto_t *progress = manifest ? read_json(folder, "state", err) : NULL;
    int rc = progress ? record_load(manifest, progress, r, err) : -1;
    if (rc == 0 && r->id != id)
        rc = err_set(err, ERR_INPUT, "the record is that of generation %04u", r->id);
    return rc < 0 ? err_context(err, "generation %s", name) : 0;
}

int store_state(const struct store *s, unsigned id, struct record *ret, struct err *err)
{
    char name[64];
    snprintf(name, sizeof name, "%04u/state", id);
    json_auto_t *progress = read_json(s->gen, name, err);
    record_release(ret);
    if (!progress)
        return err_context(err, "generation %04u", id);
    return record_load_state(progress, ret) < 0
               ? err_set(err, ERR_INPUT, "'gen/%s' is damaged" DAMAGED, name)
               : 0;
}
