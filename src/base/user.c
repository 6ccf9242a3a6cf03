/* Users: looked up by name once, become by number. */
#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

/* More groups than this are not taken over; Linux itself stops there (NGROUPS_MAX). */
#define GROUPS_LIMIT 65536

void user_release(struct user *u)
{
    free(u->name);
    free(u->groups);
    *u = (struct user){.name = NULL};
}

static void find_groups(const char *name, struct user *u)
{
    int room = 16, count = room;
    u->groups = mem_resize(NULL, (size_t)room, sizeof *u->groups);
    while (getgrouplist(name, u->gid, u->groups, &count) < 0 && room < GROUPS_LIMIT) {
        room = count > room ? count : room * 2;
        u->groups = mem_resize(u->groups, (size_t)room, sizeof *u->groups);
        count = room;
    }
    u->group_count = (size_t)(count < room ? count : room);
}

int user_find(const char *name, struct user *ret, struct err *err)
{
    char memory[16384];
    struct passwd entry, *found = NULL;
    int code = getpwnam_r(name, &entry, memory, sizeof memory, &found);
    if (code != 0 && code != ENOENT && code != ESRCH)
        return err_sys(err, code, "look up user '%s'", name);
    if (!found)
        return err_set(err, ERR_INPUT, "no such user: '%s'", name);
    struct user u = {.name = mem_strdup(name), .uid = entry.pw_uid, .gid = entry.pw_gid};
    find_groups(name, &u);
    *ret = u;
    return 0;
}

int user_become(const struct user *u)
{
    if (setgroups(u->group_count, u->groups) < 0)
        return -1;
    if (setresgid(u->gid, u->gid, u->gid) < 0 || setresuid(u->uid, u->uid, u->uid) < 0)
        return -1;
    if (u->uid != 0 && setuid(0) == 0) {
        errno = EPERM; /* still able to be root: never go on */
        return -1;
    }
    return 0;
}
