/* A ruleset without rules: all that it handles is refused. What it can handle grew with the kernel ("ABI"). */
#include "base/confine.h"

#include <errno.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

#define VERSION 1u /* LANDLOCK_CREATE_RULESET_VERSION */

/* Bits of handled_access_fs; older headers have not all of them. Ref: linux/landlock.h */
#define FS_EXECUTE    (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_CHANGE_DIR (UINT64_C(0x1ff) << 4) /* remove and make, of every kind */
#define FS_REFER      (UINT64_C(1) << 13)    /* ABI 2 */
#define FS_TRUNCATE   (UINT64_C(1) << 14)    /* ABI 3 */
#define NET_BIND_TCP  UINT64_C(1)            /* ABI 4 */
#define SCOPE_ALL     UINT64_C(3)            /* ABI 6: abstract sockets, signals */

struct ruleset {
    uint64_t fs, net, scoped;
};

static struct ruleset all_of(long abi, size_t *ret_size)
{
    struct ruleset r = {.fs = FS_EXECUTE | FS_WRITE_FILE | FS_CHANGE_DIR};
    if (abi >= 2)
        r.fs |= FS_REFER;
    if (abi >= 3)
        r.fs |= FS_TRUNCATE;
    if (abi >= 4)
        r.net = NET_BIND_TCP;
    if (abi >= 6)
        r.scoped = SCOPE_ALL;
    *ret_size = (abi >= 6 ? 3 : abi >= 4 ? 2 : 1) * sizeof r.fs;
    return r;
}

int confine(struct err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_sys(err, errno, "give up privileges");
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION);
    if (abi < 1)
        return CONFINE_NO_KERNEL;
    size_t size;
    struct ruleset rules = all_of(abi, &size);
    CLEANUP(fd_close) int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) < 0)
        return err_sys(err, errno, "give up access to files");
    return CONFINE_DONE;
}
