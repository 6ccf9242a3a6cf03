/*
 * An open file description lock: unlike POSIX's it is not lost when some library closes another
 * descriptor of the file. The file is never removed, or two could hold "the" lock; it says who has
 * it and since when ("PID SECONDS\n"). Ref: fcntl(2), F_OFD_SETLK.
 */
#include "txn/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int refuse_second(int lock, struct err *err)
{
    char text[64] = "", *end;
    ssize_t n = pread(lock, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    long pid = strtol(text, &end, 10);
    long long since = strtoll(end, NULL, 10), now = time(NULL);
    if (pid <= 0 || since <= 0)
        return err_set(err, ERR_REFUSED, "another tlsharden is at work: wait for it");
    return err_set(err, ERR_REFUSED,
                   "another tlsharden is at work (pid %ld, for %lld s): wait for it", pid,
                   now > since ? now - since : 0);
}

static int sign(int lock)
{
    char text[64];
    int n =
        snprintf(text, sizeof text, "%d %lld\n", (int)getpid(), (long long)time(NULL));
    return ftruncate(lock, 0) < 0 || pwrite(lock, text, (size_t)n, 0) != n ? -1 : 0;
}

static int take(int lock, struct err *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(lock, F_OFD_SETLK, &whole) < 0)
        return errno == EAGAIN || errno == EACCES ? refuse_second(lock, err)
                                                  : err_sys(err, errno, "take the lock");
    return sign(lock) < 0 ? err_sys(err, errno, "write the lock") : 0;
}

int lock_take(int state_dir, struct err *err)
{
    int lock = openat(state_dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0)
        return err_sys(err, errno, "open the lock");
    if (take(lock, err) == 0)
        return lock;
    close(lock);
    return -1;
}
