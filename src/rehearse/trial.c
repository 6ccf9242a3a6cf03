/*
 * One process is started; what it leaves behind is ours to wait for, as we are process 1. It ended well:
 * then a daemon is there, or has gone. It still runs: then it is the daemon. Either way only `verify` knows
 * whether it works.
 */
#include "rehearse/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/file.h"
#include "base/strv.h"
#include "base/visible.h"
#include "rehearse/rehearse.h"

#define OUTPUT   "/run/.tlsharden/output"
#define PAUSE_MS 50
#define SHOWN    600 /* bytes of output, and of the log, in a message */
#define LOG_READ                                                                         \
    ((size_t)1 << 20) /* larger logs are not looked at: the trial's begin empty */

struct daemon {
    pid_t pid;
    bool ended; /* the process that was started */
    bool gone;  /* and all that it left */
    int status;
};

int trial_seconds(const json_t *how)
{
    json_int_t seconds = json_integer_value(json_object_get(how, "seconds"));
    return seconds > 0 && seconds <= 300 ? (int)seconds : REHEARSE_SECONDS;
}

/* --- starting ---------------------------------------------------------------------------- */

static void reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become(char *const argv[], int output)
{
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
    char *const environment[] = {path, locale, NULL};
    reset_signals();
    int null = open("/dev/null", O_RDONLY);
    if (setsid() >= 0 && chdir("/") == 0 && dup2(null, 0) >= 0 && dup2(output, 1) >= 0 &&
        dup2(output, 2) >= 0 && close_range(3, ~0U, 0) == 0)
        execve(argv[0], argv, environment);
    dprintf(2, "start '%s': %s\n", argv[0], strerror(errno));
    _exit(127);
}

static int read_argv(const json_t *list, const char *name, struct strv *argv,
                     struct err *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *arg = json_string_value(json_array_get(list, i));
        if (!arg)
            return err_set(err, ERR_INPUT, "trial: '%s' is not a list of texts", name);
        strv_add(argv, arg);
    }
    if (!argv->count)
        return err_set(err, ERR_INPUT, "trial: there is no '%s'", name);
    return 0;
}

/* The process, or -1. */
static pid_t start(const json_t *list, const char *name, struct err *err)
{
    CLEANUP(strv_release) struct strv argv = STRV_INIT;
    if (read_argv(list, name, &argv, err) < 0)
        return -1;
    CLEANUP(fd_close)
    int output = open(OUTPUT, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (output < 0)
        return err_sys(err, errno, "keep its output");
    umask(022);
    pid_t pid = fork();
    if (pid == 0)
        become(argv.items, output);
    return pid < 0 ? err_sys(err, errno, "fork") : pid;
}

/* --- judging ----------------------------------------------------------------------------- */

static void reap(struct daemon *d)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == d->pid) {
            d->ended = true;
            d->status = status;
        }
    d->gone = pid < 0 && errno == ECHILD;
}

static bool failed_to_start(const struct daemon *d)
{
    return d->ended && !(WIFEXITED(d->status) && WEXITSTATUS(d->status) == 0);
}

/* The last lines, made visible. */
static void add_tail(struct buf *out, const char *before, struct bytes rest)
{
    rest = bytes_trim(rest);
    if (rest.len > SHOWN) {
        const char *cut = rest.data + rest.len - SHOWN;
        const char *line = memchr(cut, '\n', SHOWN);
        cut = line ? line + 1 : cut;
        rest = (struct bytes){.data = cut, .len = (size_t)(rest.data + rest.len - cut)};
    }
    if (!rest.len)
        return;
    buf_adds(out, before);
    visible_add(out, rest);
}

static void add_output(struct buf *out)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;
    if (file_read(OUTPUT, LOG_READ, &text, NULL, &ignored) == 0)
        add_tail(out, "; it said: ", bytes_buf(&text));
}

/* How bad a line of a log is, in the words of syslog, httpd and most others. */
enum complaint { COMPLAINT_NONE, COMPLAINT_WARNING, COMPLAINT_FAILURE };

static enum complaint complains(struct bytes line)
{
    static const struct {
        const char *word;
        enum complaint level;
    } words[] = {
        {"error", COMPLAINT_FAILURE}, {"fatal", COMPLAINT_FAILURE},
        {"emerg", COMPLAINT_FAILURE}, {"crit", COMPLAINT_FAILURE},
        {"alert", COMPLAINT_FAILURE}, {"fail", COMPLAINT_FAILURE},
        {"panic", COMPLAINT_FAILURE}, {"cannot", COMPLAINT_FAILURE},
        {"warn", COMPLAINT_WARNING},
    };
    CLEANUP(mem_freep) char *text = bytes_dup(line);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcasestr(text, words[i].word))
            return words[i].level;
    return COMPLAINT_NONE;
}

/* The lines of `text` that are as bad as the worst of them. */
static void take_worst(const struct buf *text, struct buf *ret)
{
    enum complaint worst = COMPLAINT_NONE;
    struct bytes rest = bytes_buf(text);
    for (struct bytes line; bytes_next_line(&rest, &line);) {
        enum complaint level = complains(line);
        if (level > worst)
            buf_clear(ret);
        if (level > worst)
            worst = level;
        if (level == worst)
            buf_addb(ret, line);
    }
}

/* "log": a path or several, each a pattern of glob(7): virtual hosts have logs of their own. */
static void read_logs(const json_t *log, struct buf *ret)
{
    struct err ignored = ERR_INIT;
    size_t count = json_is_string(log) ? 1 : json_array_size(log);
    for (size_t i = 0; i < count; i++) {
        const char *pattern =
            json_string_value(json_is_string(log) ? log : json_array_get(log, i));
        glob_t found = {.gl_pathc = 0};
        if (pattern && glob(pattern, 0, NULL, &found) == 0)
            for (size_t k = 0; k < found.gl_pathc; k++)
                if (file_read(found.gl_pathv[k], LOG_READ, ret, NULL, &ignored) < 0)
                    continue;
        globfree(&found);
    }
}

/* What complains in the system's log and in its own; all of it where nothing does. */
static void add_logs(struct buf *out, const struct trial *t)
{
    CLEANUP(buf_release) struct buf worst = BUF_INIT, all = BUF_INIT;
    trial_log_read(&t->log, LOG_READ, &all);
    read_logs(json_object_get(t->how, "log"), &all);
    take_worst(&all, &worst);
    add_tail(out, "; its log says: ", bytes_buf(&worst));
}

static int refuse(const struct trial *t, const char *why, struct err *err)
{
    CLEANUP(buf_release) struct buf said = BUF_INIT;
    add_output(&said);
    add_logs(&said, t);
    return err_set(err, ERR_REFUSED, "%.700s%s", why, buf_str(&said));
}

static int refuse_status(const struct trial *t, const char *what, int status,
                         struct err *err)
{
    CLEANUP(mem_freep)
    char *why = WIFEXITED(status)
                    ? mem_printf("%s (exit status %d)", what, WEXITSTATUS(status))
                    : mem_printf("%s (signal %d)", what, WTERMSIG(status));
    return refuse(t, why, err);
}

/* Commands in turn, each to its end. */
static int prepare(const struct trial *t, struct err *err)
{
    const json_t *list = json_object_get(t->how, "prepare");
    for (size_t i = 0; i < json_array_size(list); i++) {
        int status = 0;
        pid_t pid = start(json_array_get(list, i), "prepare", err);
        if (pid < 0)
            return -1;
        while (waitpid(pid, &status, 0) < 0)
            if (errno != EINTR)
                return err_sys(err, errno, "wait");
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            return refuse_status(t, "it cannot be prepared", status, err);
    }
    return 0;
}

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
}

int trial_run(struct trial *t, struct err *err)
{
    struct daemon d = {.pid = -1};
    if (prepare(t, err) < 0)
        return -1;
    d.pid = start(json_object_get(t->how, "argv"), "argv", err);
    if (d.pid < 0)
        return -1;
    int64_t deadline = deadline_in(trial_seconds(t->how) * 1000);
    for (;;) {
        struct err answer = ERR_INIT;
        reap(&d);
        if (failed_to_start(&d))
            return refuse_status(t, "it does not start", d.status, err);
        if (t->calls.verify(t->calls.ctx, t->service, &answer) == 0) {
            t->seen = t->calls.look ? t->calls.look(t->calls.ctx, t->service) : NULL;
            return 0;
        }
        if (d.gone)
            return refuse(t, "it starts, and ends again", err);
        if (deadline_left(deadline) == 0)
            return refuse(t, answer.text, err);
        pause_a_little();
    }
}
