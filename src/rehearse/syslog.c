/*
 * A socket that nobody reads would block whoever logs, so it is read all the time by a process of its own. /dev/log is
 * a socket, or a link to one beneath /run, which is empty in a rehearsal.
 * Ref: syslog(3), RFC 3164 4.1.1
 */
#include "rehearse/syslog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"

#define DEV_LOG    "/dev/log"
#define MESSAGE    8192
#define KEPT       ((off_t)4 << 20)
#define LINK_LIMIT 256

int trial_log_open(struct trial_log *ret, struct err *err)
{
    ret->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ret->file = memfd_create("log", MFD_CLOEXEC);
    return ret->socket < 0 || ret->file < 0 ? err_sys(err, errno, "keep its log") : 0;
}

static int bind_at(const struct trial_log *log, const char *path, struct err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof at.sun_path)
        return err_set(err, ERR_SYSTEM, "'%s' is too long for a socket", path);
    memcpy(at.sun_path, path, strlen(path) + 1);
    if (bind(log->socket, (const struct sockaddr *)&at, sizeof at) < 0 ||
        chmod(path, 0666) < 0)
        return err_sys(err, errno, "make '%s'", path);
    return 0;
}

/* A link: the socket is made where it leads to. */
static int follow(const struct trial_log *log, const char *target, struct err *err)
{
    CLEANUP(mem_freep)
    char *path = *target == '/' ? mem_strdup(target) : mem_printf("/dev/%s", target);
    CLEANUP(mem_freep)
    char *dir = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
    struct err elsewhere =
        ERR_INIT; /* on the host, which is read-only: nothing can be heard there */
    if (file_mkdirs(dir, 0755, &elsewhere) < 0 || bind_at(log, path, &elsewhere) < 0)
        return mount("tmpfs", dir, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") < 0
                   ? err_sys(err, errno, "hide '%s'", path)
                   : bind_at(log, path, err);
    return 0;
}

int trial_log_mount(const struct trial_log *log, const char *dir, struct err *err)
{
    char target[LINK_LIMIT];
    struct stat st;
    if (lstat(DEV_LOG, &st) < 0)
        return 0;
    ssize_t n = readlink(DEV_LOG, target, sizeof target - 1);
    if (n >= 0) {
        target[n] = '\0';
        return follow(log, target, err);
    }
    CLEANUP(mem_freep) char *path = file_join(dir, "log");
    if (bind_at(log, path, err) < 0)
        return -1;
    if (mount(path, DEV_LOG, NULL, MS_BIND, NULL) < 0) {
        err_sys(err, errno, "put a socket in the place of '%s'", DEV_LOG);
        return 1;
    }
    return 0;
}

/* "<22>Nov 26 ...": the number is not for people. */
static const char *after_priority(const char *text)
{
    const char *end = *text == '<' ? strchr(text, '>') : NULL;
    return end && end - text <= 4 ? end + 1 : text;
}

_Noreturn void trial_log_drain(const struct trial_log *log)
{
    char message[MESSAGE];
    for (;;) {
        ssize_t n = recv(log->socket, message, sizeof message - 1, 0);
        if (n < 0 && errno != EINTR)
            _exit(1);
        if (n <= 0 || lseek(log->file, 0, SEEK_END) > KEPT)
            continue;
        message[n] = '\0';
        message[strcspn(message, "\n")] = '\0';
        dprintf(log->file, "%s\n", after_priority(message));
    }
}

void trial_log_read(const struct trial_log *log, size_t limit, struct buf *out)
{
    char piece[4096];
    size_t at = 0;
    for (ssize_t n;
         at < limit && (n = pread(log->file, piece, sizeof piece, (off_t)at)) > 0;
         at += (size_t)n)
        buf_add(out, piece, (size_t)n);
}
