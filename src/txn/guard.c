/* Nothing is left out. */
#include "txn/guard.h"

#include <unistd.h>

int guard_fsync(int fd, enum guard which)
{
    (void)which;
    return fsync(fd);
}

int guard_syncfs(int fd, enum guard which)
{
    (void)which;
    return syncfs(fd);
}

bool guard_looks(enum guard which)
{
    (void)which;
    return true;
}
