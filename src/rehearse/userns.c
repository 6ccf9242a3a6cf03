/*
 * Who has left for a new user namespace has no power any more to write its own map with other users than himself: a
 * child that stayed behind writes it. Where that may not be done either, nothing has changed for the host.
 */
#include "rehearse/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

#define MAP_LIMIT ((size_t)1 << 16)

/* The map of this process, inside and outside alike: "0 100000 65536" becomes "0 0 65536". */
static void identity(const struct buf *own, struct buf *ret)
{
    struct bytes rest = bytes_buf(own);
    for (struct bytes line; bytes_next_line(&rest, &line);) {
        CLEANUP(mem_freep) char *text = bytes_dup(line);
        char *end = text;
        unsigned long first = strtoul(end, &end, 10);
        strtoul(end, &end, 10);
        unsigned long count = strtoul(end, &end, 10);
        buf_addf(ret, "%lu %lu %lu\n", first, first, count);
    }
}

static int write_map(pid_t of, const char *name, struct err *err)
{
    CLEANUP(mem_freep) char *from = mem_printf("/proc/self/%s", name);
    CLEANUP(mem_freep) char *to = mem_printf("/proc/%ld/%s", (long)of, name);
    CLEANUP(buf_release) struct buf own = BUF_INIT, map = BUF_INIT;
    CLEANUP(fd_close) int fd = open(to, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, errno, "open '%s'", to);
    if (file_read(from, MAP_LIMIT, &own, NULL, err) < 0)
        return -1;
    identity(&own, &map);
    return file_write_all(fd, map.data, map.len, to, err);
}

/* Waits until `of` has left, and maps it; ends with 0 when it did. */
static _Noreturn void stay_behind(pid_t of, int gone)
{
    struct err err = ERR_INIT;
    char byte;
    bool left = read(gone, &byte, 1) == 1;
    _exit(left && write_map(of, "uid_map", &err) == 0 &&
                  write_map(of, "gid_map", &err) == 0
              ? 0
              : 1);
}

static int leave_with_users(int flags, struct err *err)
{
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "create pipe");
    CLEANUP(fd_close) int told = ends[1];
    pid_t self = getpid(), child = fork();
    if (child == 0) {
        close(ends[1]);
        stay_behind(self, ends[0]);
    }
    close(ends[0]);
    if (child < 0)
        return err_sys(err, errno, "fork");
    int rc = unshare(flags | CLONE_NEWUSER), code = errno;
    if (rc == 0)
        rc = write(told, "", 1) == 1 ? 0 : -1;
    fd_close(&told);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (rc < 0)
        return err_sys(err, code, "namespaces");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(err, ERR_SYSTEM, "namespaces: users cannot be mapped");
    return 0;
}

int userns_unshare(int flags, struct err *err)
{
    if (unshare(flags) == 0)
        return 0;
    if (errno != EPERM)
        return err_sys(err, errno, "namespaces");
    return leave_with_users(flags, err);
}
