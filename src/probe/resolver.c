/*
 * getaddrinfo(3) can neither be polled nor be stopped: each name is asked for in a thread of its own, which says
 * through an eventfd that it is done. Question and answer lie on the heap and belong to the thread and to whoever
 * waits; the last of them frees both, so that a name can be given up at any time.
 *
 * Not getaddrinfo_a(3): it asks for 20 names at a time, so that one behind 60 dead ones is given up without having been
 * asked for; the answer is to be looked for again and again, and may be seen before it is complete on machines that
 * reorder writes; and ThreadSanitizer crashes on threads that libc makes for itself.
 */
#include "probe/resolver.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/fiber.h"
#include "base/file.h"
#include "base/visible.h"

#define RETRY_MS 20

struct query {
    char *name;
    int done_fd;
    atomic_bool done; /* what follows is the answer */
    int code, number; /* getaddrinfo's, and errno */
    struct addrinfo *list;
    atomic_int owners;
};

static struct query *query_new(const char *name)
{
    struct query *q = mem_alloc(sizeof *q);
    q->name = mem_strdup(name);
    q->done_fd = eventfd(0, EFD_CLOEXEC);
    q->number = errno;
    atomic_init(&q->done, false);
    atomic_init(&q->owners, 1);
    return q;
}

static void query_drop(struct query **pointer)
{
    struct query *q = *pointer;
    if (atomic_fetch_sub(&q->owners, 1) > 1)
        return;
    if (q->list)
        freeaddrinfo(q->list);
    fd_close(&q->done_fd);
    free(q->name);
    free(q);
}

/* --- the thread ------------------------------------------------------------------------------ */

static void *ask(void *arg)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    static const uint64_t one = 1;
    struct query *q = arg;
    q->code = getaddrinfo(q->name, NULL, &hints, &q->list);
    q->number = errno;
    atomic_store(&q->done, true);
    ssize_t ignored = write(q->done_fd, &one, sizeof one); /* never full */
    (void)ignored;
    query_drop(&q);
    return NULL;
}

/* Signals are for those who wait for them. 0, or an errno. */
static int start_thread(struct query *q)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_fetch_add(&q->owners, 1);
    int code = pthread_create(&thread, NULL, ask, q);
    if (code == 0)
        pthread_detach(thread);
    else
        atomic_fetch_sub(&q->owners, 1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

/* There may be too many threads for a while: others' questions. */
static int start(struct query *q, int64_t deadline)
{
    int code;
    while ((code = start_thread(q)) == EAGAIN && deadline_left(deadline) > 0)
        fiber_sleep(RETRY_MS);
    return code;
}

/* --- whoever waits --------------------------------------------------------------------------- */

static int say(const struct query *q, const char *what, struct err *err)
{
    CLEANUP(mem_freep) char *shown = visible_cut(bytes_str(q->name), 260);
    return err_set(err, ERR_SYSTEM, "'%s': %s", shown, what);
}

static int give_up(const struct query *q, int waited_ms, struct err *err)
{
    CLEANUP(mem_freep)
    char *what =
        mem_printf("given up: the system's resolver has not answered within %g s",
                   waited_ms / 1000.0);
    return say(q, what, err);
}

static int cannot_ask(const struct query *q, int code, struct err *err)
{
    CLEANUP(mem_freep)
    char *what = mem_printf("cannot ask the resolver: %s", strerror(code));
    return say(q, what, err);
}

int resolver_ask(const char *name, int deadline_ms, struct addrinfo **ret,
                 struct err *err)
{
    int64_t deadline = deadline_in(deadline_ms);
    CLEANUP(query_drop) struct query *q = query_new(name);
    if (q->done_fd < 0)
        return cannot_ask(q, q->number, err);
    int code = start(q, deadline);
    if (code != 0)
        return cannot_ask(q, code, err);
    struct pollfd wait = {.fd = q->done_fd, .events = POLLIN};
    fiber_poll(&wait, deadline_left(deadline));
    if (!atomic_load(&q->done))
        return give_up(q, deadline_ms, err);
    if (q->code != 0)
        return say(q, q->code == EAI_SYSTEM ? strerror(q->number) : gai_strerror(q->code),
                   err);
    *ret = TAKE_PTR(q->list);
    return 0;
}
