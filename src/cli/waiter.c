/*
 * The process: forked twice, in a session of its own, with no descriptor of ours (the lock least of all),
 * signals as at birth, asleep on a clock that goes on while the machine sleeps. It looks now and then
 * whether it is still needed, and runs the program that it was started from, by argument vector.
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
#define GRACE       5 /* seconds until the record surely says that it waits */

#define ROOT_ARGUMENT 2

/* PROGRAM --root DIR --datadir DIR --quiet recover --expired */
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

/* Whether there still is something to wait for: a change that is not final, be it that its apply was killed or that
 * somebody's way back was. A host that cannot be read is asked again. */
static bool waits(const struct cli *cli)
{
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = {.root = cli->root, .state_dir = dir};
    struct err ignored = ERR_INIT;
    json_t *all CLEANUP(json_decrefp) = txn_history(&opts, &ignored);
    bool any = all == NULL;
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *state =
            json_string_value(json_object_get(json_array_get(all, i), "state"));
        any = any || (state && strcmp(state, "committed") != 0 &&
                      strcmp(state, "rolled-back") != 0 && strcmp(state, "damaged") != 0);
    }
    return any;
}

/* Until then, or until it is known that nobody has to be waited for. */
static void sleep_until(const struct cli *cli, time_t until)
{
    struct timespec now, second = {.tv_sec = 1};
    clock_gettime(CLOCK_BOOTTIME, &now);
    for (time_t begun = now.tv_sec; now.tv_sec < until;) {
        clock_nanosleep(CLOCK_BOOTTIME, 0, &second, NULL);
        clock_gettime(CLOCK_BOOTTIME, &now);
        if (now.tv_sec > begun + GRACE && !waits(cli))
            _exit(0);
    }
}

static _Noreturn void wait_and_recover(const struct cli *cli, const struct strv *argv,
                                       unsigned seconds)
{
    struct timespec now;
    struct process_options options = {.deadline_ms = RECOVERY_MS};
    struct cli own = *cli;
    own.root = argv->items[ROOT_ARGUMENT]; /* the working directory has changed */
    clock_gettime(CLOCK_BOOTTIME, &now);
    for (int i = 0; i < TRIES; i++) {
        CLEANUP(process_release) struct process_result result = PROCESS_INIT;
        struct err err = ERR_INIT;
        sleep_until(&own, now.tv_sec + (time_t)seconds + 1 + (time_t)2 * i);
        if (process_run(argv->items, &options, &result, &err) == 0 &&
            result.status != err_exit_status(ERR_REFUSED))
            _exit(0);
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
        leave_everything(); /* first: whoever is waited for no longer holds our lock */
        pid_t second = setsid() < 0 ? -1 : fork();
        if (second == 0)
            wait_and_recover(cli, &argv, seconds);
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

/* 1: yes; -1: no, or nobody is there; 0: something else. */
static int read_answer(void)
{
    char answer[64];
    ssize_t n = read(STDIN_FILENO, answer, sizeof answer);
    if (n <= 0 || answer[0] == 'n' || answer[0] == 'N')
        return -1;
    return answer[0] == 'y' || answer[0] == 'Y';
}

bool waiter_ask(unsigned seconds)
{
    int64_t deadline = deadline_in((int)seconds * 1000);
    for (int left = deadline_left(deadline); left > 0; left = deadline_left(deadline)) {
        fprintf(stderr,
                "\r\033[Ktlsharden: is all well? y and Enter keeps it, n takes it back; "
                "it goes "
                "back in %d s ",
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
