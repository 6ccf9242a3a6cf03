/*
 * The child loads the library, writes what the string means line by line into a pipe, and ends. The
 * few functions needed are looked up by name, so that tlsharden itself does not depend on GnuTLS.
 */
#include "dialect/gnutls_child.h"

#include <dlfcn.h>
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

#include "base/buf.h"
#include "base/file.h"

struct gnutls {
    int (*priority_init)(void **cache, const char *priorities, const char **err_pos);
    int (*get_suite)(void *cache, unsigned index, unsigned *ret);
    const char *(*suite_info)(size_t index, unsigned char *id, int *kx, int *cipher,
                              int *mac, int *min);
    int (*group_list)(void *cache, const unsigned **list);
    int (*sign_list)(void *cache, const unsigned **list);
    int (*protocol_list)(void *cache, const unsigned **list);
    const char *(*group_name)(int group);
    const char *(*sign_name)(int sign);
    const char *(*protocol_name)(int version);
};

static int load(const char *path, struct gnutls *g)
{
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct {
        void **slot; /* dlsym() gives functions as void *: POSIX says that they fit */
        const char *name;
    } wanted[] = {
        {(void **)&g->priority_init, "gnutls_priority_init"},
        {(void **)&g->get_suite, "gnutls_priority_get_cipher_suite_index"},
        {(void **)&g->suite_info, "gnutls_cipher_suite_info"},
        {(void **)&g->group_list, "gnutls_priority_group_list"},
        {(void **)&g->sign_list, "gnutls_priority_sign_list"},
        {(void **)&g->protocol_list, "gnutls_priority_protocol_list"},
        {(void **)&g->group_name, "gnutls_group_get_name"},
        {(void **)&g->sign_name, "gnutls_sign_get_name"},
        {(void **)&g->protocol_name, "gnutls_protocol_get_name"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        void *symbol = lib ? dlsym(lib, wanted[i].name) : NULL;
        if (!symbol)
            return -1;
        *wanted[i].slot = symbol;
    }
    return 0;
}

/* get_suite() numbers the whole product; numbers that name no suite are skipped until it says that
 * there are no more. */
static void tell_suites(FILE *out, const struct gnutls *g, void *cache)
{
    enum { NO_MORE = -56 /* GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE */ };
    for (unsigned i = 0; i < 65536; i++) {
        unsigned index = 0;
        int rc = g->get_suite(cache, i, &index);
        if (rc == NO_MORE)
            return;
        unsigned char id[2];
        if (rc == 0 && g->suite_info(index, id, NULL, NULL, NULL, NULL))
            fprintf(out, "suite %02X%02X\n", id[0], id[1]);
    }
}

static void tell_names(FILE *out, const char *what, int count, const unsigned *list,
                       const char *(*name)(int))
{
    for (int i = 0; i < count; i++) {
        const char *text = name((int)list[i]);
        if (text)
            fprintf(out, "%s %s\n", what, text);
    }
}

static void child(const char *path, const char *priority, FILE *out)
{
    struct gnutls g = {0};
    void *cache = NULL;
    const char *bad = NULL;
    const unsigned *list = NULL;
    if (load(path, &g) < 0) {
        fprintf(out, "unloadable -\n");
    } else if (g.priority_init(&cache, priority, &bad) != 0) {
        fprintf(out, "refused %s\n", bad && *bad ? bad : "-");
    } else {
        int n = g.protocol_list(cache, &list);
        tell_names(out, "protocol", n, list, g.protocol_name);
        tell_suites(out, &g, cache);
        n = g.group_list(cache, &list);
        tell_names(out, "group", n, list, g.group_name);
        n = g.sign_list(cache, &list);
        tell_names(out, "sign", n, list, g.sign_name);
        fprintf(out, "end -\n");
    }
    fflush(out);
}

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads until the end of file; false when time is up first. */
static bool read_all(int fd, struct buf *out)
{
    for (long end = now_ms() + GNUTLS_CHILD_MS, left; (left = end - now_ms()) > 0;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, (int)left) <= 0)
            continue;
        char block[4096];
        ssize_t n = read(fd, block, sizeof block);
        if (n <= 0)
            return n == 0;
        if (out->len < 1 << 20)
            buf_add(out, block, (size_t)n);
    }
    return false;
}

static int understand(const char *path, char *text,
                      void (*take)(void *ctx, const char *what, const char *name),
                      void *ctx, struct err *err)
{
    char *state = NULL;
    for (char *line = strtok_r(text, "\n", &state); line;
         line = strtok_r(NULL, "\n", &state)) {
        char *name = strchr(line, ' ');
        if (!name)
            break;
        *name++ = '\0';
        if (strcmp(line, "end") == 0)
            return 0;
        if (strcmp(line, "unloadable") == 0)
            return err_set(err, ERR_SYSTEM, "'%s' can't be loaded as GnuTLS", path);
        if (strcmp(line, "refused") == 0)
            return err_set(err, ERR_INPUT, "gnutls refuses the priority string at '%s'",
                           name);
        take(ctx, line, name);
    }
    return err_set(err, ERR_SYSTEM, "'%s' gave no answer within %d s", path,
                   GNUTLS_CHILD_MS / 1000);
}

int gnutls_child(const char *path, const char *priority,
                 void (*take)(void *ctx, const char *what, const char *name), void *ctx,
                 struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "make a pipe");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        FILE *out = fdopen(ends[1], "w");
        if (out)
            child(path, priority, out);
        _exit(0);
    }
    close(ends[1]);
    CLEANUP(fd_close) int fd = ends[0];
    if (pid < 0)
        return err_sys(err, errno, "start a process");
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    bool complete = read_all(fd, &text);
    if (!complete)
        kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (!complete)
        buf_clear(&text);
    buf_addc(&text, '\n');
    return understand(path, text.data, take, ctx, err);
}
