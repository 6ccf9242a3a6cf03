/*
 * The process: forked twice, in a session of its own, with no descriptor of ours (the lock least of all),
 * signals as at birth, asleep on a clock that goes on while the machine sleeps. It runs the program
 * that it was started from, by argument vector.
 */
#include "cli/waiter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/file.h"
#include "base/process.h"
#include "cli/state.h"

#define TRIES       120 /* while another instance is at work, or the time is not quite over */
#define RECOVERY_MS 600000

/* PROGRAM [--root DIR] --datadir DIR --quiet recover --expired */
static void recovery(const struct cli *cli, struct strv *argv)
{
    CLEANUP(mem_freep) char *program = realpath("/proc/self/exe", NULL);
    CLEANUP(mem_freep) char *root = realpath(cli->root, NULL);
    CLEANUP(mem_freep) char *datadir = realpath(cli->datadir, NULL);
    strv_add(argv, program ? program : "tlsharden");
    strv_add(argv, "--root");
    strv_add(argv, root ? root : cli->root);
    strv_add(argv, "--datadir");
    strv_add(argv, datadir ? datadir : cli->datadir);
    strv_add(argv, "--quiet");
    strv_add(argv, "recover");
    strv_add(argv, "--expired");
}

/* --- by systemd -------------------------------------------------------------------------- */

static bool has_systemd(const struct cli *cli)
{
    return state_is_host(cli) && access("/run/systemd/system", F_OK) == 0;
}

/* The deadline is set a moment after this: the timer strikes a little later than asked. */
static int start_timer(const struct cli *cli, unsigned seconds, struct err *err)
{
    CLEANUP(strv_release) struct strv argv = STRV_INIT;
    CLEANUP(process_release) struct process_result result = PROCESS_INIT;
    strv_add(&argv, "systemd-run");
    strv_add(&argv, "--quiet");
    strv_add(&argv, "--collect");
    strv_take(&argv, mem_printf("--on-active=%us", seconds + 2));
    strv_add(&argv, "--timer-property=AccuracySec=1s");
    strv_add(&argv, "--description=take back a tlsharden change that was not confirmed");
    recovery(cli, &argv);
    if (process_run(argv.items, NULL, &result, err) < 0)
        return -1;
    return process_ok(&result) ? 0 : process_failed(argv.items, &result, err);
}

/* --- by a process of its own ------------------------------------------------------------- */

static void leave_everything(void)
{
    sigset_t none;
    int null = open("/dev/null", O_RDWR);
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int fd = 0; null >= 0 && fd < 3; fd++)
        dup2(null, fd);
    close_range(3, ~0U, 0);
    if (chdir("/") < 0)
        _exit(1);
}

static _Noreturn void wait_and_recover(const struct strv *argv, unsigned seconds)
{
    struct timespec until;
    struct process_options options = {.deadline_ms = RECOVERY_MS};
    leave_everything();
    clock_gettime(CLOCK_BOOTTIME, &until);
    until.tv_sec += seconds + 1;
    for (int i = 0; i < TRIES; i++) {
        struct process_result result = PROCESS_INIT;
        struct err err = ERR_INIT;
        while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL) == EINTR)
            continue;
        int rc = process_run(argv->items, &options, &result, &err);
        bool done = rc == 0 && result.status != err_exit_status(ERR_REFUSED);
        if (rc == 0)
            process_release(&result);
        if (done)
            _exit(0);
        until.tv_sec += 2;
    }
    _exit(1);
}

static int start_process(const struct cli *cli, unsigned seconds, struct err *err)
{
    CLEANUP(strv_release) struct strv argv = STRV_INIT;
    recovery(cli, &argv);
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        return err_sys(err, errno, "start the process that waits to take it back");
    if (pid == 0) {
        pid_t second = setsid() < 0 ? -1 : fork();
        if (second == 0)
            wait_and_recover(&argv, seconds);
        _exit(second < 0 ? 1 : 0);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status == 0 ? 0
                       : err_set(err, ERR_SYSTEM,
                                 "the process that waits to take it back did not start");
}

int waiter_start(const struct cli *cli, unsigned seconds, struct err *err)
{
    struct err ignored = ERR_INIT;
    if (has_systemd(cli) && start_timer(cli, seconds, &ignored) == 0)
        return 0;
    return start_process(cli, seconds, err);
}

/* --- asking ------------------------------------------------------------------------------ */

/* 1: yes; 0: something else; -1: nobody is there. */
static int read_answer(void)
{
    char answer[64];
    ssize_t n = read(STDIN_FILENO, answer, sizeof answer);
    if (n <= 0)
        return -1;
    return answer[0] == 'y' || answer[0] == 'Y';
}

bool waiter_ask(unsigned seconds)
{
    int64_t deadline = deadline_in((int)seconds * 1000);
    for (int left = deadline_left(deadline); left > 0; left = deadline_left(deadline)) {
        fprintf(
            stderr,
            "\r\033[Ktlsharden: is all well? y and Enter keeps it; it goes back in %d s ",
            (left + 999) / 1000);
        struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
        int ready = poll(&p, 1, left < 1000 ? left : 1000);
        int answer = ready > 0 ? read_answer() : 0;
        if (answer)
            return answer > 0;
    }
    fputs("\r\033[K", stderr);
    return false;
}
