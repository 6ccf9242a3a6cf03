/* Looks at what each process runs; a process that ends meanwhile is one that does not run. */
#include "base/running.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "/usr/sbin/x", or what /proc makes of it when the file was replaced. */
static bool is_same(const char *exe, const char *path)
{
    size_t n = strlen(path);
    return strncmp(exe, path, n) == 0 &&
           (exe[n] == '\0' || strcmp(exe + n, " (deleted)") == 0);
}

static bool shares_root(const char *pid)
{
    char path[64];
    struct stat theirs, ours;
    snprintf(path, sizeof path, "/proc/%.20s/root", pid);
    return stat(path, &theirs) == 0 && stat("/", &ours) == 0 &&
           theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

static bool runs(const char *pid, const char *program)
{
    char path[64], exe[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%.20s/exe", pid);
    ssize_t n = readlink(path, exe, sizeof exe - 1);
    if (n <= 0)
        return false;
    exe[n] = '\0';
    return is_same(exe, program) && shares_root(pid);
}

bool running_program(const char *path)
{
    DIR *proc = opendir("/proc");
    bool found = false;
    if (!proc)
        return false;
    for (struct dirent *e = readdir(proc); e && !found; e = readdir(proc))
        found = isdigit((unsigned char)e->d_name[0]) && runs(e->d_name, path);
    closedir(proc);
    return found;
}
