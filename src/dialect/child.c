/*
 * The process that loads a library. One that is loaded here already (our own libssl, or the GnuTLS
 * that libldap brought) is used as it stands; any other file gets a namespace of its own
 * (dlmopen), so that its libcrypto is not ours.
 *
 * Not handled: a library that only root may read; as nobody it can't be opened, and that is said.
 */
#include "dialect/child.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "dialect/engine.h"

#define NOBODY 65534

/* --- in the child ---------------------------------------------------------------------------- */

static int limit(__rlimit_resource_t what, rlim_t value)
{
    struct rlimit r = {value, value};
    return setrlimit(what, &r);
}

/* Who is to read something reads it as the user that he is, and stays that user. */
static int drop_privileges(const struct child_job *job)
{
    const struct user nobody = {.uid = NOBODY, .gid = NOBODY};
    bool root = geteuid() == 0;
    if (root && job->user && user_become(job->user) < 0)
        return -1;
    if (job->prepare)
        job->prepare(job->ctx);
    if (geteuid() == 0 && user_become(&nobody) < 0)
        return -1;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* The kernel forgets PR_SET_PDEATHSIG whenever the user changes. */
static int confine(const struct child_job *job, int pipe)
{
    signal(SIGXFSZ, SIG_IGN); /* a write that is refused is no reason to die */
    if (process_keep_only(pipe) < 0 || clearenv() != 0)
        return -1;
    if (limit(RLIMIT_CPU, CHILD_MS / 1000) < 0 || limit(RLIMIT_FSIZE, 0) < 0 ||
        limit(RLIMIT_CORE, 0) < 0 || limit(RLIMIT_NOFILE, 64) < 0)
        return -1;
    if (drop_privileges(job) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return -1;
    return limit(RLIMIT_NPROC, 0);
}

/* "/dir/libcrypto.so.3" for "/dir/libssl.so.3": that pair belongs together. Owned. */
static char *crypto_beside(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *at = slash ? strstr(slash, "libssl") : NULL;
    return at ? mem_printf("%.*slibcrypto%s", (int)(at - path), path, at + 6) : NULL;
}

/* A namespace has a libc of its own, which numbers thread-specific data from 0 again; but the slots
 * are in the one thread descriptor. Whatever our libraries left there would be taken for theirs, so
 * the slots are emptied: nothing here needs them any more. */
static void forget_thread_data(void)
{
    for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; key++)
        pthread_setspecific(key, NULL);
}

static void *load(const char *path)
{
    void *own = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (own)
        return own;
    if (!strchr(path, '/'))
        return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    forget_thread_data();
    CLEANUP(mem_freep) char *beside = crypto_beside(path);
    void *crypto = beside && file_exists(beside)
                       ? dlmopen(LM_ID_NEWLM, beside, RTLD_NOW | RTLD_LOCAL)
                       : NULL;
    Lmid_t space = LM_ID_NEWLM;
    if (crypto && dlinfo(crypto, RTLD_DI_LMID, &space) < 0)
        space = LM_ID_NEWLM;
    return dlmopen(space, path, RTLD_NOW | RTLD_LOCAL);
}

static void child(const struct library *l, const struct child_job *job, int pipe)
{
    if (confine(job, pipe) < 0)
        return;
    FILE *out = fdopen(3, "w");
    if (!out)
        return;
    void *handle = load(l->path);
    if (!handle || !job->run(handle, job->ctx, out))
        fprintf(out, "unloadable -\n");
    fflush(out);
}

/* --- in the parent --------------------------------------------------------------------------- */

bool child_is_ours(const char *path)
{
    void *own = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (own)
        dlclose(own);
    return own != NULL;
}

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads until the end of file; false when time is up first, or it is too much. */
static bool read_all(int fd, size_t most, struct buf *out)
{
    for (long end = now_ms() + CHILD_MS, left; (left = end - now_ms()) > 0;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, (int)left) <= 0)
            continue;
        char block[16384];
        ssize_t n = read(fd, block, sizeof block);
        if (n <= 0)
            return n == 0;
        if (out->len + (size_t)n > most)
            return false;
        buf_add(out, block, (size_t)n);
    }
    return false;
}

static int judge(const struct library *l, bool complete, const struct buf *text,
                 struct err *err)
{
    if (!complete)
        return err_set(err, ERR_SYSTEM, "'%s' has not answered within %d s", l->path,
                       CHILD_MS / 1000);
    if (strncmp(text->data, "unloadable", 10) == 0)
        return err_set(err, ERR_SYSTEM, "'%s' can't be loaded as %s", l->path,
                       l->kind == DIALECT_OPENSSL ? "OpenSSL" : "GnuTLS");
    return 0;
}

int child_run(const struct library *library, const struct child_job *job, size_t most,
              struct buf *ret, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "make a pipe");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        child(library, job, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    CLEANUP(fd_close) int fd = ends[0];
    if (pid < 0)
        return err_sys(err, errno, "start a process");
    bool complete = read_all(fd, most, ret);
    if (!complete)
        kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    buf_addc(ret, '\n');
    return judge(library, complete, ret, err);
}

/* --- questions ------------------------------------------------------------------------------- */

struct questions {
    const struct engine *engine;
    const struct native *list;
    size_t count;
};

static bool tell(void *handle, void *ctx, FILE *out)
{
    const struct questions *q = ctx;
    return q->engine->tell(handle, q->list, q->count, out);
}

int child_ask(const struct library *library, const struct native *questions, size_t count,
              struct buf *ret, struct err *err)
{
    struct questions q = {
        .engine = engine_of(library->kind), .list = questions, .count = count};
    const struct child_job job = {.run = tell, .ctx = &q};
    return child_run(library, &job, (count + 1) * CHILD_LIMIT, ret, err);
}
