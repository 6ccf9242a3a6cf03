/*
 * makecontext(3) and swapcontext(3) switch stacks; one poll(2) waits for all. Each stack is mapped
 * with a page below it that cannot be touched, so that an overflow is a crash and not a corruption.
 */
#include "base/fiber.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/deadline.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define SWITCH_BEGINS(save, base, size)                                                  \
    __sanitizer_start_switch_fiber((save), (base), (size))
#define SWITCH_ENDS(save, base, size)                                                    \
    __sanitizer_finish_switch_fiber((save), (base), (size))
#else
#define SWITCH_BEGINS(save, base, size) ((void)(save), (void)(base), (void)(size))
#define SWITCH_ENDS(save, base, size)   ((void)(save), (void)(base), (void)(size))
#endif

struct fiber {
    struct fibers *all;
    ucontext_t context;
    char *stack; /* with its guard page */
    void (*run)(void *arg);
    void *arg;
    struct pollfd *waits; /* for this, or NULL: for the time alone */
    int64_t until;        /* -1: no limit */
    int result;
    bool ended;
    void *fake; /* the sanitizer's */
};

struct fibers {
    ucontext_t context; /* of whoever runs them */
    struct fiber **items;
    size_t count, cap;
    struct pollfd *polled; /* room for all of them */
    size_t polled_cap;
    void *fake;
    const void *base;
    size_t size;
};

/* The fibre that runs on this thread; there is no other way to know. */
static _Thread_local struct fiber *current;

static size_t page(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* --- switching ------------------------------------------------------------------------------- */

static void resume(struct fiber *f)
{
    void *fake = NULL;
    current = f;
    SWITCH_BEGINS(&fake, f->stack + page(), FIBER_STACK);
    swapcontext(&f->all->context, &f->context);
    SWITCH_ENDS(fake, NULL, NULL);
    current = NULL;
}

/* Back to whoever runs the fibres. */
static void leave(struct fiber *f, void **fake)
{
    SWITCH_BEGINS(fake, f->all->base, f->all->size);
    swapcontext(&f->context, &f->all->context);
    SWITCH_ENDS(fake ? *fake : NULL, &f->all->base, &f->all->size);
}

static void begin(void)
{
    struct fiber *f = current;
    SWITCH_ENDS(NULL, &f->all->base, &f->all->size);
    f->run(f->arg);
    f->ended = true;
    leave(f, NULL);
}

static int wait_for(struct pollfd *p, int timeout_ms)
{
    struct fiber *f = current;
    f->waits = p;
    f->until = timeout_ms < 0 ? -1 : deadline_in(timeout_ms);
    f->result = 0;
    leave(f, &f->fake);
    return f->result;
}

/* --- waiting --------------------------------------------------------------------------------- */

int fiber_poll(struct pollfd *p, int timeout_ms)
{
    if (current)
        return wait_for(p, timeout_ms);
    int64_t until = timeout_ms < 0 ? -1 : deadline_in(timeout_ms);
    for (;;) {
        int n = poll(p, 1, until < 0 ? -1 : deadline_left(until));
        if (n >= 0 || errno != EINTR)
            return n;
    }
}

void fiber_sleep(int ms)
{
    struct pollfd none = {.fd = -1};
    fiber_poll(&none, ms);
}

/* --- all of them ----------------------------------------------------------------------------- */

struct fibers *fibers_new(void)
{
    return mem_alloc(sizeof(struct fibers));
}

static void release(struct fiber *f)
{
    munmap(f->stack, FIBER_STACK + page());
    free(f);
}

void fibers_freep(struct fibers **all)
{
    if (!*all)
        return;
    for (size_t i = 0; i < (*all)->count; i++)
        release((*all)->items[i]);
    free((*all)->items);
    free((*all)->polled);
    free(*all);
    *all = NULL;
}

size_t fibers_count(const struct fibers *all)
{
    return all->count;
}

static char *map_stack(void)
{
    char *stack = mmap(NULL, FIBER_STACK + page(), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED || mprotect(stack, page(), PROT_NONE) < 0) {
        static const char text[] = "tlsharden: out of memory\n";
        ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
        (void)ignored;
        _exit(4);
    }
    return stack;
}

static void remove_ended(struct fibers *all)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        struct fiber *f = all->items[i];
        if (f->ended)
            release(f);
        else
            all->items[kept++] = f;
    }
    all->count = kept;
}

void fibers_start(struct fibers *all, void (*run)(void *arg), void *arg)
{
    struct fiber *f = mem_alloc(sizeof *f);
    *f = (struct fiber){.all = all, .run = run, .arg = arg, .stack = map_stack()};
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack + page();
    f->context.uc_stack.ss_size = FIBER_STACK;
    f->context.uc_link = NULL;
    makecontext(&f->context, begin, 0);
    MEM_GROW(all->items, all->count, all->cap);
    all->items[all->count++] = f;
    resume(f);
    remove_ended(all);
}

/* Milliseconds until the first of their times is over; -1: none has one. */
static int patience(const struct fibers *all)
{
    int least = -1;
    for (size_t i = 0; i < all->count; i++) {
        int64_t until = all->items[i]->until;
        int left = until < 0 ? -1 : deadline_left(until);
        if (left >= 0 && (least < 0 || left < least))
            least = left;
    }
    return least;
}

static void poll_all(struct fibers *all)
{
    if (all->polled_cap < all->count) {
        all->polled_cap = all->cap;
        all->polled = mem_resize(all->polled, all->polled_cap, sizeof *all->polled);
    }
    for (size_t i = 0; i < all->count; i++)
        all->polled[i] = *all->items[i]->waits;
    int n = poll(all->polled, all->count, patience(all));
    for (size_t i = 0; i < all->count; i++) {
        all->items[i]->waits->revents = n > 0 ? all->polled[i].revents : 0;
        all->items[i]->result = all->items[i]->waits->revents != 0;
    }
}

void fibers_run(struct fibers *all)
{
    size_t count = all->count;
    if (count == 0)
        return;
    poll_all(all);
    for (size_t i = 0; i < count; i++) {
        struct fiber *f = all->items[i];
        if (f->result || (f->until >= 0 && deadline_left(f->until) == 0))
            resume(f);
    }
    remove_ended(all);
}
