/*
 * The command is split at blanks and looked up in PATH; no shell reads it. It inherits the environment of whoever
 * called, since terminals are described there; less is told to leave short texts and colours alone unless LESS says
 * otherwise, and for root (LESSSECURE) not to open files or shells.
 *
 * Whoever quits early closes the pipe: SIGPIPE is ignored from then on, and the command goes on to its exit status. An
 * interrupt is the pager's.
 */
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"

#define LESS "less" /* may well be missing */

/* The command, or NULL: none is wanted. Borrowed from the environment. */
static const char *wanted(const struct cli *cli)
{
    const char *own = getenv("TLSHARDEN_PAGER"), *any = getenv("PAGER");
    const char *term = getenv("TERM");
    const char *command = own ? own : any ? any : LESS;
    if (!cli->paged || !cli->shown || !term || strcmp(term, "dumb") == 0)
        return NULL;
    return strcmp(command, "cat") == 0 ? NULL : command;
}

/* The file that the name stands for in PATH, or NULL. Owned (free). */
static char *find(const char *name)
{
    if (strchr(name, '/'))
        return access(name, X_OK) == 0 ? mem_strdup(name) : NULL;
    const char *path = getenv("PATH");
    CLEANUP(mem_freep) char *dirs = mem_strdup(path ? path : "/usr/bin:/bin");
    char *state = NULL;
    for (char *dir = strtok_r(dirs, ":", &state); dir;
         dir = strtok_r(NULL, ":", &state)) {
        char *file = mem_printf("%s/%s", dir, name);
        if (*dir == '/' && access(file, X_OK) == 0)
            return file;
        free(file);
    }
    return NULL;
}

/* Its words; the first one becomes a path. False: nothing to run. */
static bool split(const struct cli *cli, const char *command, struct strv *argv)
{
    CLEANUP(mem_freep) char *words = mem_strdup(command);
    char *state = NULL;
    for (char *word = strtok_r(words, " \t", &state); word;
         word = strtok_r(NULL, " \t", &state)) {
        char *first = argv->count ? NULL : find(word);
        if (!argv->count && !first) {
            if (strcmp(word, LESS) != 0)
                cli_say(cli, "there is no pager '%s'", word);
            return false;
        }
        strv_take(argv, first ? first : mem_strdup(word));
    }
    return argv->count > 0;
}

static void run(const struct strv *argv, int from)
{
    if (dup2(from, STDIN_FILENO) < 0)
        _exit(126);
    setenv("LESS", "FRX", 0);
    if (geteuid() == 0)
        setenv("LESSSECURE", "1", 1);
    execv(argv->items[0], argv->items);
    _exit(127);
}

/* From here on output goes to `into`. */
static void redirect(struct pager *pager, int into)
{
    fflush(stdout);
    pager->out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    pager->errors = isatty(STDERR_FILENO) ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) : -1;
    (void)dup2(into, STDOUT_FILENO);
    if (pager->errors >= 0)
        (void)dup2(into, STDERR_FILENO);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
}

void pager_start(const struct cli *cli)
{
    CLEANUP(strv_release) struct strv argv = STRV_INIT;
    const char *command = cli->pager->pid == 0 ? wanted(cli) : NULL;
    int ends[2];
    if (!command || !split(cli, command, &argv) || pipe2(ends, O_CLOEXEC) < 0)
        return;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        run(&argv, ends[0]);
    if (pid > 0) {
        cli->pager->pid = pid;
        redirect(cli->pager, ends[1]);
    }
    close(ends[0]);
    close(ends[1]);
}

static void restore(int *saved, int fd)
{
    if (*saved < 0)
        return;
    (void)dup2(*saved, fd);
    close(*saved);
    *saved = -1;
}

bool pager_finish(const struct cli *cli)
{
    struct pager *pager = cli->pager;
    int status = 0;
    if (pager->pid == 0)
        return false;
    fflush(stdout);
    clearerr(stdout);
    restore(&pager->out, STDOUT_FILENO);
    restore(&pager->errors, STDERR_FILENO);
    while (waitpid(pager->pid, &status, 0) < 0 && errno == EINTR)
        ;
    pager->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) > 125)
        cli_warn("the pager could not be started");
    return true;
}
