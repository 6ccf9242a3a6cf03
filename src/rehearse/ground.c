/* Paths as they are given; whether one lies in another is for the caller to know. */
#include "rehearse/ground.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/file.h"

#define TMPFS "size=256m,nr_inodes=64k"

void grounds_release(struct grounds *g)
{
    for (size_t i = 0; i < g->count; i++) {
        free(g->items[i].path);
        fd_close(&g->items[i].fd);
    }
    free(g->items);
}

bool grounds_have(const struct grounds *g, const char *path)
{
    for (size_t i = 0; i < g->count; i++)
        if (strcmp(g->items[i].path, path) == 0)
            return true;
    return false;
}

void grounds_open(struct grounds *g, const char *path, int flags)
{
    if (grounds_have(g, path))
        return;
    MEM_GROW(g->items, g->count, g->cap);
    struct ground *one = &g->items[g->count++];
    *one = (struct ground){.path = mem_strdup(path), .fd = open(path, flags | O_CLOEXEC)};
    if (one->fd >= 0 && fstat(one->fd, &one->st) < 0)
        fd_close(&one->fd);
}

void grounds_look(struct grounds *g, const char *path)
{
    struct stat st = {.st_mode = 0};
    if (grounds_have(g, path) || (stat(path, &st) < 0 && errno != ENOENT))
        return;
    MEM_GROW(g->items, g->count, g->cap);
    g->items[g->count++] = (struct ground){.path = mem_strdup(path), .fd = -1, .st = st};
}

void grounds_add(struct grounds *g, const char *path)
{
    grounds_open(g, path, O_RDONLY | O_DIRECTORY);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct ground *)a)->path, ((const struct ground *)b)->path);
}

void grounds_sort(struct grounds *g)
{
    if (g->count)
        qsort(g->items, g->count, sizeof *g->items, by_path);
}

int ground_memory(const char *path, mode_t mode, struct err *err)
{
    if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, TMPFS) < 0 ||
        chmod(path, mode) < 0) {
        err_sys(err, errno, "mount memory at '%s'", path);
        return 1;
    }
    return 0;
}

bool ground_lies_in(const char *dir, const char *path)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && path[n] == '/';
}
