/*
 * The protocol is flock(2) on a file beside the one that is edited; whoever gets the lock looks whether the
 * name still stands for that file, since the one before may have renamed or removed it. Postfix does so
 * for main.cf.tmp. Ref: flock(2), Postfix edit_file(3).
 */
#include "txn/peers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/file.h"

#define PATIENCE_MS 5000
#define PAUSE_MS    20

struct peer {
    struct place place;
    int fd;
};

void peers_release(struct peers *p)
{
    for (size_t i = 0; i < p->count; i++) {
        struct peer *peer = &p->items[i];
        struct stat st;
        if (fstat(peer->fd, &st) == 0 && st.st_size == 0)
            unlinkat(peer->place.dir, peer->place.name, 0); /* if not: an empty file */
        fd_close(&peer->fd);
        place_release(&peer->place);
    }
    free(p->items);
    *p = (struct peers)PEERS_INIT;
}

static bool is_still_there(const struct peer *peer)
{
    struct stat ours, now;
    return fstat(peer->fd, &ours) == 0 &&
           fstatat(peer->place.dir, peer->place.name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_dev == now.st_dev && ours.st_ino == now.st_ino;
}

/* 1: somebody else has it now. */
static int try_once(struct peer *peer, struct err *err)
{
    fd_close(&peer->fd);
    peer->fd = openat(peer->place.dir, peer->place.name,
                      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (peer->fd < 0)
        return err_sys(err, errno, "open '%s'", peer->place.shown);
    if (flock(peer->fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK || errno == EINTR
                   ? 1
                   : err_sys(err, errno, "lock '%s'", peer->place.shown);
    return is_still_there(peer) ? 0 : 1;
}

static int take(struct peer *peer, struct err *err)
{
    int64_t deadline = deadline_in(PATIENCE_MS);
    for (;;) {
        int rc = try_once(peer, err);
        if (rc <= 0)
            return rc;
        if (deadline_left(deadline) == 0)
            return err_set(err, ERR_REFUSED,
                           "another program is editing and has locked '%s': wait for it",
                           peer->place.shown);
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
}

static int take_path(struct peers *p, struct root *root, const char *path,
                     struct err *err)
{
    struct peer peer = {.place = PLACE_INIT, .fd = -1};
    if (!path || place_find(root, path, &peer.place, err) < 0)
        return path ? -1 : err_set(err, ERR_INPUT, "a lock of the plan is not a text");
    if (peer.place.dir < 0) {
        place_release(&peer.place);
        return 0; /* no directory, nobody who edits in it */
    }
    if (take(&peer, err) < 0) {
        fd_close(&peer.fd);
        place_release(&peer.place);
        return -1;
    }
    MEM_GROW(p->items, p->count, p->cap);
    p->items[p->count++] = peer;
    return 0;
}

int peers_take(struct peers *p, struct root *root, const json_t *paths, struct err *err)
{
    for (size_t i = 0; i < json_array_size(paths); i++)
        if (take_path(p, root, json_string_value(json_array_get(paths, i)), err) < 0)
            return -1;
    return 0;
}
