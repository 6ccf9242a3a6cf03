/*
 * A process of ours, stopped before each system call that changes state, and struck at one of them:
 * killed, made to fail, made to write less, or held while something is done to the world around it.
 *
 *     struct trace t = {.work = apply, .ctx = &w, .at = 7, .strike = STRIKE_KILL};
 *     struct trace_result r = trace_run(&t);          r.struck: there was a seventh call
 *
 * The work runs in a child (and may exec); children of its own are followed, their calls are counted
 * too. A kill takes all of them at once, before the call is carried out: call N struck means that
 * N - 1 were done. Only x86-64: the way to make a call fail differs by machine.
 * Ref: seccomp(2) SECCOMP_RET_TRACE, ptrace(2).
 */
#ifndef FAULT_TRACE_H
#define FAULT_TRACE_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "unit/unit.h"

#ifndef __x86_64__
#error "the fault harness knows how to make a system call fail on x86-64 only"
#endif

enum strike {
    STRIKE_NONE,  /* only count */
    STRIKE_KILL,  /* SIGKILL instead of the call */
    STRIKE_ERROR, /* the call fails with `error`, and is not carried out */
    STRIKE_SHORT, /* a write writes half of what it was asked to */
    STRIKE_LIE,   /* a write says that it has written, and has not */
    STRIKE_HOOK, /* `hook` is called while the process is stopped; then the call goes on */
};

struct trace {
    int (*work)(void *ctx); /* its result is the exit status */
    void *ctx;
    long at; /* number of the call to strike, from 1 */
    enum strike strike;
    bool again; /* from `at` on every call that takes space, not just that one */
    int error;
    void (*hook)(void *ctx);
    /* Sees every call that is not struck, before it is carried out; may be NULL. `fd` is its first
     * argument. */
    void (*watch)(void *ctx, pid_t pid, long number, int fd);
};

struct trace_result {
    long calls; /* counted */
    bool struck;
    int status;    /* of the child, as wait(2) has it */
    long number;   /* of the call that was struck: SYS_... */
    char name[32]; /* the same, for people */
};

struct trace_call {
    int number;
    const char *name;
};

/* What changes what is on disk, or makes it durable. */
static const struct trace_call trace_calls[] = {
    {SYS_open, "open"},           {SYS_openat, "openat"},
    {SYS_creat, "creat"},         {SYS_write, "write"},
    {SYS_pwrite64, "pwrite"},     {SYS_writev, "writev"},
    {SYS_pwritev, "pwritev"},     {SYS_rename, "rename"},
    {SYS_renameat, "renameat"},   {SYS_renameat2, "renameat2"},
    {SYS_link, "link"},           {SYS_linkat, "linkat"},
    {SYS_symlink, "symlink"},     {SYS_symlinkat, "symlinkat"},
    {SYS_unlink, "unlink"},       {SYS_unlinkat, "unlinkat"},
    {SYS_mkdir, "mkdir"},         {SYS_mkdirat, "mkdirat"},
    {SYS_rmdir, "rmdir"},         {SYS_chmod, "chmod"},
    {SYS_fchmod, "fchmod"},       {SYS_fchmodat, "fchmodat"},
    {SYS_chown, "chown"},         {SYS_fchown, "fchown"},
    {SYS_lchown, "lchown"},       {SYS_fchownat, "fchownat"},
    {SYS_setxattr, "setxattr"},   {SYS_fsetxattr, "fsetxattr"},
    {SYS_lsetxattr, "lsetxattr"}, {SYS_removexattr, "removexattr"},
    {SYS_truncate, "truncate"},   {SYS_fremovexattr, "fremovexattr"},
    {SYS_ftruncate, "ftruncate"}, {SYS_utimensat, "utimensat"},
    {SYS_fsync, "fsync"},         {SYS_fdatasync, "fdatasync"},
    {SYS_syncfs, "syncfs"},       {SYS_copy_file_range, "copy_file_range"},
    {SYS_sendfile, "sendfile"},   {SYS_fallocate, "fallocate"},
};

static inline const char *trace_name(long number)
{
    for (size_t i = 0; i < ARRAY_LEN(trace_calls); i++)
        if (trace_calls[i].number == number)
            return trace_calls[i].name;
    return "?";
}

/* --- the child's side -------------------------------------------------------------------- */

static inline void trace_filter(void)
{
    struct sock_filter code[2 * ARRAY_LEN(trace_calls) + 2];
    unsigned short n = 0;
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                             offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < ARRAY_LEN(trace_calls); i++) {
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                                 (unsigned)trace_calls[i].number, 0, 1);
        code[n++] =
            (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (unsigned)SECCOMP_RET_TRACE);
    }
    code[n++] =
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (unsigned)SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = n, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        _exit(99);
}

static inline _Noreturn void trace_child(const struct trace *t)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
        _exit(98);
    raise(SIGSTOP);
    trace_filter();
    _exit(t->work(t->ctx));
}

/* --- the tracer's side ------------------------------------------------------------------- */

struct tracer {
    const struct trace *trace;
    struct trace_result result;
    pid_t first;
    pid_t pids[64];
    size_t count;
};

static inline void tracer_add(struct tracer *t, pid_t pid)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->pids[i] == pid)
            return;
    ck_assert_uint_lt(t->count, ARRAY_LEN(t->pids));
    t->pids[t->count++] = pid;
}

static inline void tracer_remove(struct tracer *t, pid_t pid)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->pids[i] == pid)
            t->pids[i] = t->pids[--t->count];
}

static inline void tracer_kill_all(const struct tracer *t)
{
    for (size_t i = 0; i < t->count; i++)
        kill(t->pids[i], SIGKILL);
}

/* Opening to read changes nothing, and what is printed is not state. */
static inline bool trace_counts(const struct __ptrace_syscall_info *info)
{
    const uint64_t *args = info->seccomp.args;
    switch (info->seccomp.nr) {
    case SYS_open:
        return args[1] & (O_CREAT | O_TRUNC);
    case SYS_openat:
        return args[2] & (O_CREAT | O_TRUNC);
    case SYS_write:
    case SYS_writev:
        return args[0] > 2;
    default:
        return true;
    }
}

/* What a full disk refuses. */
static inline bool trace_takes_space(long number)
{
    return number == SYS_openat || number == SYS_write || number == SYS_pwrite64 ||
           number == SYS_mkdir || number == SYS_mkdirat || number == SYS_symlinkat ||
           number == SYS_linkat || number == SYS_fsetxattr;
}

/* Skips the call; it seems to return `value`. */
static inline void trace_return(pid_t pid, long value)
{
    struct user_regs_struct regs;
    ck_assert_int_eq((int)ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
    regs.orig_rax = (unsigned long long)-1;
    regs.rax = (unsigned long long)value;
    ck_assert_int_eq((int)ptrace(PTRACE_SETREGS, pid, NULL, &regs), 0);
}

static inline void trace_shorten(pid_t pid)
{
    struct user_regs_struct regs;
    ck_assert_int_eq((int)ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
    if (regs.orig_rax == SYS_write && regs.rdx > 1)
        regs.rdx /= 2;
    ck_assert_int_eq((int)ptrace(PTRACE_SETREGS, pid, NULL, &regs), 0);
}

static inline void trace_lie(pid_t pid)
{
    struct user_regs_struct regs;
    ck_assert_int_eq((int)ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
    if (regs.orig_rax == SYS_write)
        trace_return(pid, (long)regs.rdx);
}

static inline void tracer_strike(struct tracer *t, pid_t pid)
{
    switch (t->trace->strike) {
    case STRIKE_NONE:
        return;
    case STRIKE_KILL:
        tracer_kill_all(t);
        return;
    case STRIKE_ERROR:
        trace_return(pid, -t->trace->error);
        return;
    case STRIKE_SHORT:
        trace_shorten(pid);
        return;
    case STRIKE_LIE:
        trace_lie(pid);
        return;
    case STRIKE_HOOK:
        t->trace->hook(t->trace->ctx);
        return;
    }
}

static inline void tracer_call(struct tracer *t, pid_t pid)
{
    struct __ptrace_syscall_info info = {.op = PTRACE_SYSCALL_INFO_NONE};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0)
        return; /* killed meanwhile */
    if (!trace_counts(&info))
        return;
    long n = ++t->result.calls;
    if (t->trace->watch && n != t->trace->at)
        t->trace->watch(t->trace->ctx, pid, (long)info.seccomp.nr,
                        (int)info.seccomp.args[0]);
    if (!t->trace->at || n < t->trace->at || (n > t->trace->at && !t->trace->again))
        return;
    if (t->trace->again && !trace_takes_space((long)info.seccomp.nr))
        return;
    if (!t->result.struck) {
        t->result.number = (long)info.seccomp.nr;
        snprintf(t->result.name, sizeof t->result.name, "%s",
                 trace_name((long)info.seccomp.nr));
    }
    t->result.struck = true;
    tracer_strike(t, pid);
}

static inline void tracer_stopped(struct tracer *t, pid_t pid, int status)
{
    int signal = WSTOPSIG(status), event = status >> 16;
    tracer_add(t, pid);
    if (event == PTRACE_EVENT_SECCOMP)
        tracer_call(t, pid);
    if (event || signal == SIGSTOP)
        signal = 0;
    ptrace(PTRACE_CONT, pid, NULL, (void *)(long)signal);
}

static inline struct trace_result trace_run(const struct trace *trace)
{
    struct tracer t = {.trace = trace};
    int status;
    t.first = fork();
    ck_assert_int_ge(t.first, 0);
    if (t.first == 0)
        trace_child(trace);
    tracer_add(&t, t.first);
    ck_assert_int_eq(waitpid(t.first, &status, __WALL), t.first);
    ck_assert(WIFSTOPPED(status));
    ck_assert_int_eq((int)ptrace(PTRACE_SETOPTIONS, t.first, NULL,
                                 (void *)(PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL |
                                          PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                          PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC)),
                     0);
    ptrace(PTRACE_CONT, t.first, NULL, NULL);
    while (t.count) {
        pid_t pid = waitpid(-1, &status, __WALL);
        ck_assert_int_gt(pid, 0);
        if (WIFSTOPPED(status)) {
            tracer_stopped(&t, pid, status);
            continue;
        }
        tracer_remove(&t, pid);
        if (pid != t.first)
            continue;
        t.result.status = status;
        tracer_kill_all(&t); /* what it has left behind */
    }
    return t.result;
}

static inline bool trace_killed(const struct trace_result *r)
{
    return WIFSIGNALED(r->status) && WTERMSIG(r->status) == SIGKILL;
}

#endif
