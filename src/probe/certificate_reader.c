/*
 * The way to a file is walked as the kernel walks it: each directory must be searchable, those that
 * links lead through as well (/etc/letsencrypt/live is the usual trap). The walk names the place;
 * where it can, a child that has become the user gives the verdict, since it knows about access
 * lists, mounts and security modules alike.
 */
#include "probe/certificate_reader.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/file.h"
#include "base/visible.h"
#include "probe/certificate_file.h"

#define LINK_LIMIT  40   /* as the kernel's */
#define STEP_LIMIT  4096 /* components that a path may have, links unrolled */
#define ACL_ENTRIES 512

enum { READ = 4, SEARCH = 1 };

void certificate_obstacle_release(struct certificate_obstacle *o)
{
    free(o->what);
    free(o->remedy);
    *o = (struct certificate_obstacle){.what = NULL};
}

/* --- modes and access lists ------------------------------------------------------------------ */

static bool in_group(const struct user *u, gid_t gid)
{
    for (size_t i = 0; i < u->group_count; i++)
        if (u->groups[i] == gid)
            return true;
    return u->gid == gid;
}

static bool mode_allows(const struct stat *st, const struct user *u, unsigned want)
{
    if (st->st_uid == u->uid)
        return st->st_mode >> 6 & want;
    return (in_group(u, st->st_gid) ? st->st_mode >> 3 : st->st_mode) & want;
}

/* An access list as the kernel stores it: version, then entries; little endian. */
struct acl {
    struct posix_acl_xattr_header header;
    struct posix_acl_xattr_entry entries[ACL_ENTRIES];
};

static const struct posix_acl_xattr_entry *acl_find(const struct acl *acl, size_t count,
                                                    unsigned tag, uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (le16toh(acl->entries[i].e_tag) == tag &&
            (tag != ACL_USER || le32toh(acl->entries[i].e_id) == id))
            return &acl->entries[i];
    return NULL;
}

static unsigned bits(const struct posix_acl_xattr_entry *e)
{
    return e ? le16toh(e->e_perm) : 0;
}

/* Ref: acl(5) "access check algorithm"; called for those who do not own the file. */
static bool acl_allows(const struct acl *acl, size_t count, const struct stat *st,
                       const struct user *u, unsigned want)
{
    const struct posix_acl_xattr_entry *mask = acl_find(acl, count, ACL_MASK, 0);
    unsigned limit = mask ? bits(mask) : 7;
    const struct posix_acl_xattr_entry *own = acl_find(acl, count, ACL_USER, u->uid);
    if (own)
        return bits(own) & limit & want;
    bool member = false;
    for (size_t i = 0; i < count; i++) {
        const struct posix_acl_xattr_entry *e = &acl->entries[i];
        unsigned tag = le16toh(e->e_tag);
        if ((tag == ACL_GROUP_OBJ && in_group(u, st->st_gid)) ||
            (tag == ACL_GROUP && in_group(u, le32toh(e->e_id)))) {
            member = true;
            if (bits(e) & limit & want)
                return true;
        }
    }
    return !member && bits(acl_find(acl, count, ACL_OTHER, 0)) & want;
}

static bool allows(const struct path_root *root, const char *real, const struct stat *st,
                   const struct user *u, unsigned want)
{
    struct acl acl;
    if (u->uid == 0)
        return true;
    if (!(st->st_mode & 070))
        return mode_allows(st, u, want); /* an empty mask: the kernel skips the list */
    CLEANUP(mem_freep) char *outer = file_join(root->name, real);
    ssize_t n = lgetxattr(outer, "system.posix_acl_access", &acl, sizeof acl);
    if (n < (ssize_t)sizeof acl.header || st->st_uid == u->uid)
        return mode_allows(st, u, want);
    return acl_allows(&acl, ((size_t)n - sizeof acl.header) / sizeof *acl.entries, st, u,
                      want);
}

/* --- texts ----------------------------------------------------------------------------------- */

/* A word for a shell. */
static char *quoted(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789/._+-@:";
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    if (word[strspn(word, plain)] == '\0')
        return mem_strdup(word);
    buf_addc(&out, '\'');
    for (; *word; word++)
        buf_adds(&out, *word == '\'' ? "'\\''" : (char[]){*word, '\0'});
    buf_addc(&out, '\'');
    return visible(bytes_buf(&out));
}

static void describe(const char *real, const struct stat *st, const struct user *u,
                     struct certificate_obstacle *ret)
{
    bool directory = S_ISDIR(st->st_mode);
    CLEANUP(mem_freep) char *shown = visible(bytes_str(real));
    CLEANUP(mem_freep) char *word = quoted(real);
    ret->what = mem_printf("cannot be read by user %s: %s %s has mode %04o, owner %u:%u",
                           u->name, directory ? "directory" : "file", shown,
                           st->st_mode & 07777, st->st_uid, st->st_gid);
    ret->remedy = mem_printf("chgrp \"$(id -gn %s)\" %s && chmod g+%s %s", u->name, word,
                             directory ? "x" : "r", word);
}

static void describe_unknown(const char *path, int code, const struct user *u,
                             struct certificate_obstacle *ret)
{
    CLEANUP(mem_freep) char *word = quoted(path);
    ret->what =
        mem_printf("cannot be read by user %s: %s", u->name, strerrordesc_np(code));
    ret->remedy = mem_printf("see what stands in the way: namei -l %s", word);
}

/* --- the walk -------------------------------------------------------------------------------- */

struct walk {
    const struct path_root *root;
    const struct user *user;
    struct certificate_obstacle *found;
    struct buf at;   /* where we are: no links in it; "" is the root */
    struct buf rest; /* what is still to go */
    unsigned links;
};

static void walk_release(struct walk *w)
{
    buf_release(&w->at);
    buf_release(&w->rest);
}

/* Takes the first component off the rest; NULL at the end. Owned by the caller. */
static char *next_component(struct walk *w)
{
    const char *text = buf_str(&w->rest);
    text += strspn(text, "/");
    size_t n = strcspn(text, "/");
    char *out = n ? mem_strndup(text, n) : NULL;
    struct buf rest = BUF_INIT;
    buf_adds(&rest, text + n);
    buf_release(&w->rest);
    w->rest = rest;
    return out;
}

static void go_up(struct walk *w)
{
    const char *slash = w->at.len ? strrchr(w->at.data, '/') : NULL;
    w->at.len = slash ? (size_t)(slash - w->at.data) : 0;
    if (w->at.data)
        w->at.data[w->at.len] = '\0';
}

static void follow(struct walk *w, const char *target)
{
    struct buf rest = BUF_INIT;
    buf_addf(&rest, "%s/%s", target, buf_str(&w->rest));
    buf_release(&w->rest);
    w->rest = rest;
    if (target[0] == '/')
        buf_clear(&w->at);
    else
        go_up(w);
    w->links++;
}

/* May the user do `want` to where we are? False when it cannot be told: nothing is there. */
static bool stands(struct walk *w, unsigned want)
{
    struct stat st;
    const char *real = w->at.len ? w->at.data : "/";
    if (fstatat(w->root->fd, w->at.len ? real + 1 : ".", &st, AT_SYMLINK_NOFOLLOW) < 0) {
        describe_unknown(real, errno, w->user, w->found);
        return false;
    }
    if (allows(w->root, real, &st, w->user, want))
        return true;
    describe(real, &st, w->user, w->found);
    return false;
}

static bool step(struct walk *w, const char *name)
{
    if (strcmp(name, ".") == 0)
        return true;
    if (!stands(w, SEARCH))
        return false;
    if (strcmp(name, "..") == 0) {
        go_up(w);
        return true;
    }
    buf_addf(&w->at, "/%s", name);
    CLEANUP(mem_freep) char *target = path_readlink(w->root, w->at.data);
    if (target)
        follow(w, target);
    return w->links <= LINK_LIMIT;
}

static bool walk(const struct path_root *root, const char *path, const struct user *u,
                 struct certificate_obstacle *ret)
{
    CLEANUP(walk_release) struct walk w = {.root = root, .user = u, .found = ret};
    buf_adds(&w.rest, path);
    for (unsigned steps = 0; steps < STEP_LIMIT; steps++) {
        CLEANUP(mem_freep) char *name = next_component(&w);
        if (!name)
            return stands(&w, READ);
        if (!step(&w, name))
            break;
    }
    if (!ret->what)
        describe_unknown(path, ELOOP, u, ret);
    return false;
}

/* --- the child ------------------------------------------------------------------------------- */

#define NO_VERDICT 255 /* errno values are smaller */

static void try_to_open(const char *path, const struct user *u)
{
    if (user_become(u) < 0)
        _exit(NO_VERDICT);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    _exit(fd < 0 ? errno : 0);
}

/* 0: the user can open it; an errno; NO_VERDICT. */
static int ask_kernel(const char *path, const struct user *u)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        try_to_open(path, u);
    while (pid > 0 && waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return NO_VERDICT;
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : NO_VERDICT;
}

bool certificate_reader_may(const struct path_root *root, const char *path,
                            const struct user *reader, struct certificate_obstacle *ret)
{
    if (reader->uid == 0)
        return true;
    bool can_ask = path_root_is_host(root) && geteuid() == 0;
    int code = can_ask ? ask_kernel(path, reader) : NO_VERDICT;
    if (code == 0)
        return true;
    CLEANUP(certificate_obstacle_release)
    struct certificate_obstacle found = {.what = NULL};
    bool open_by_modes = walk(root, path, reader, &found);
    if (open_by_modes && code == NO_VERDICT)
        return true;
    if (open_by_modes)
        describe_unknown(path, code, reader, &found);
    *ret = found;
    found = (struct certificate_obstacle){.what = NULL};
    return false;
}
