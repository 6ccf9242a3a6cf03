/*
 * /proc/net/tcp and tcp6: one line a socket, addresses in hexadecimal, each 32-bit word in the
 * machine's byte order. A kernel without IPv6 has no tcp6, which is no error.
 */
#include "base/listening.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define STATE_LISTEN 0x0A

void listening_release(struct listening *l)
{
    for (size_t i = 0; i < l->count; i++)
        strv_release(&l->items[i].programs);
    free(l->items);
    *l = (struct listening)LISTENING_INIT;
}

static bool read_address(const char *hex, int family, char *ret, size_t size)
{
    unsigned words[4] = {0};
    size_t count = family == AF_INET ? 1 : 4;
    bool any = true;
    for (size_t i = 0; i < count; i++) {
        char word[9] = {0};
        memcpy(word, hex + 8 * i, 8);
        words[i] = (unsigned)strtoul(word, NULL, 16);
        any = any && words[i] == 0;
    }
    if (any)
        return snprintf(ret, size, "%s", family == AF_INET ? "127.0.0.1" : "::1") > 0;
    return inet_ntop(family, words, ret, (socklen_t)size) != NULL;
}

/* The seventh field from the state on: "0A 00000000:00000000 00:00000000 00000000 0 0 12345 ..." */
static unsigned long read_inode(const char *state)
{
    for (int field = 0; field < 6; field++) {
        state += strspn(state, " ");
        state += strcspn(state, " \n");
    }
    return strtoul(state, NULL, 10);
}

/* "  0: 0100007F:0016 00000000:0000 0A ..." */
static void read_line(struct listening *l, const char *line, int family)
{
    size_t digits = family == AF_INET ? 8 : 32;
    const char *address = strchr(line, ':');
    if (!address || strlen(address) < 2 + digits + 5)
        return;
    address += 2;
    char *end = NULL;
    unsigned long port = strtoul(address + digits + 1, &end, 16);
    const char *state = end && *end == ' ' ? strchr(end + 1, ' ') : NULL;
    if (!state || port > 65535 || strtoul(state + 1, NULL, 16) != STATE_LISTEN)
        return;
    struct listening_socket found = {.port = (unsigned)port, .inode = read_inode(state)};
    if (!read_address(address, family, found.address, sizeof found.address))
        return;
    MEM_GROW(l->items, l->count, l->cap);
    l->items[l->count++] = found;
}

static int read_table(struct listening *l, const char *path, int family, struct err *err)
{
    CLEANUP(file_closep) FILE *file = fopen(path, "re");
    if (!file)
        return family == AF_INET6 && errno == ENOENT
                   ? 0
                   : err_sys(err, errno, "read '%s'", path);
    char line[512];
    for (bool header = true; fgets(line, sizeof line, file); header = false)
        if (!header)
            read_line(l, line, family);
    return 0;
}

/* --- whose they are -------------------------------------------------------------------------- */

static void dir_closep(DIR **d)
{
    if (*d)
        closedir(*d);
}

/* What a link in /proc says; false when it may not be read. */
static bool read_link(int dir, const char *name, char *ret, size_t size)
{
    ssize_t n = readlinkat(dir, name, ret, size - 1);
    if (n <= 0)
        return false;
    ret[n] = '\0';
    return true;
}

static void cut_end(char *s, const char *end)
{
    size_t n = strlen(s), less = strlen(end);
    if (n > less && strcmp(s + n - less, end) == 0)
        s[n - less] = '\0';
}

static void add_program(struct listening *l, unsigned long inode, const char *program)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].inode == inode && !strv_has(&l->items[i].programs, program))
            strv_add(&l->items[i].programs, program);
}

static void read_process(struct listening *l, int proc, const char *pid)
{
    char path[64], target[PATH_MAX], program[PATH_MAX];
    snprintf(path, sizeof path, "%s/exe", pid);
    if (!read_link(proc, path, program, sizeof program))
        return;
    cut_end(program, " (deleted)"); /* replaced by an upgrade, and still running */
    snprintf(path, sizeof path, "%s/fd", pid);
    int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP(dir_closep) DIR *d = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        if (read_link(dirfd(d), e->d_name, target, sizeof target) &&
            strncmp(target, "socket:[", 8) == 0)
            add_program(l, strtoul(target + 8, NULL, 10), program);
}

static void read_programs(struct listening *l)
{
    CLEANUP(dir_closep) DIR *proc = opendir("/proc");
    for (struct dirent *e = proc ? readdir(proc) : NULL; e; e = readdir(proc))
        if (e->d_name[strspn(e->d_name, "0123456789")] == '\0' && strlen(e->d_name) < 32)
            read_process(l, dirfd(proc), e->d_name);
}

int listening_read(struct listening *ret, struct err *err)
{
    struct listening l = LISTENING_INIT;
    if (read_table(&l, "/proc/self/net/tcp", AF_INET, err) < 0 ||
        read_table(&l, "/proc/self/net/tcp6", AF_INET6, err) < 0) {
        listening_release(&l);
        return -1;
    }
    read_programs(&l);
    *ret = l;
    return 0;
}

const char *listening_at(const struct listening *l, unsigned port)
{
    const char *found = NULL;
    for (size_t i = 0; i < l->count; i++) {
        if (l->items[i].port != port)
            continue;
        if (strcmp(l->items[i].address, "127.0.0.1") == 0)
            return l->items[i].address;
        if (!found || strcmp(l->items[i].address, "::1") == 0)
            found = l->items[i].address;
    }
    return found;
}

static bool is_one_of(const struct listening_socket *s, const struct strv *programs)
{
    for (size_t i = 0; i < s->programs.count; i++)
        if (strv_has(programs, s->programs.items[i]))
            return true;
    return false;
}

const char *listening_stranger(const struct listening *l, unsigned port,
                               const struct strv *programs)
{
    for (size_t i = 0; programs && i < l->count; i++) {
        const struct listening_socket *s = &l->items[i];
        if (s->port == port && s->programs.count && !is_one_of(s, programs))
            return s->programs.items[0];
    }
    return NULL;
}
