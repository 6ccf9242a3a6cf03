/* By blocking, not by handlers: no code runs at a moment that was not chosen. */
#include "txn/hold.h"

#include <stddef.h>
#include <stdbool.h>
#include <time.h>

static const int asking[] = {SIGINT, SIGTERM, SIGHUP};

static bool is_ignored(int signal)
{
    struct sigaction now;
    return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

void hold_begin(struct hold *h)
{
    sigemptyset(&h->held);
    for (size_t i = 0; i < sizeof asking / sizeof *asking; i++)
        if (!is_ignored(asking[i]))
            sigaddset(&h->held, asking[i]);
    if (!is_ignored(SIGPIPE))
        sigaddset(&h->held, SIGPIPE);
    if (!is_ignored(SIGXFSZ))
        sigaddset(&h->held, SIGXFSZ);
    sigprocmask(SIG_BLOCK, &h->held, &h->before);
}

int hold_asked(const struct hold *h)
{
    sigset_t pending;
    sigpending(&pending);
    for (size_t i = 0; i < sizeof asking / sizeof *asking; i++)
        if (sigismember(&pending, asking[i]) && sigismember(&h->held, asking[i]))
            return asking[i];
    return 0;
}

void hold_end(struct hold *h)
{
    static const struct timespec now = {.tv_sec = 0};
    while (sigtimedwait(&h->held, NULL, &now) > 0)
        continue;
    sigprocmask(SIG_SETMASK, &h->before, NULL);
}
