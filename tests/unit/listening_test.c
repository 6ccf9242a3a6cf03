/* Is it seen who listens, where, and whose program that is? */
#include "base/file.h"
#include "base/listening.h"
#include "unit/unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Listens on a port of the kernel's choice; -1: the family does not exist here. */
static int open_socket(int family, const char *address, unsigned *port)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr *at =
        family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six;
    socklen_t size = family == AF_INET ? sizeof four : sizeof six;
    void *to = family == AF_INET ? (void *)&four.sin_addr : (void *)&six.sin6_addr;
    ck_assert_int_eq(inet_pton(family, address, to), 1);
    int fd = socket(family, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, at, size) < 0) {
        fd_close(&fd);
        return -1;
    }
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(getsockname(fd, at, &size), 0);
    *port = ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
    return fd;
}

static void read_now(struct listening *ret)
{
    struct err err = ERR_INIT;
    ck_assert_msg(listening_read(ret, &err) == 0, "%s", err.text);
}

static char *own_program(void)
{
    static char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    ck_assert_int_gt(n, 0);
    path[n] = '\0';
    return path;
}

static const struct listening_socket *find(const struct listening *l, unsigned port)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].port == port)
            return &l->items[i];
    ck_abort_msg("port %u is not among %zu sockets", port, l->count);
}

/* Who listens there, to somebody who expects `expected` (NULL: anybody). */
static const char *stranger(const struct listening *l, unsigned port,
                            const char *expected)
{
    CLEANUP(strv_release) struct strv programs = STRV_INIT;
    if (expected)
        strv_add(&programs, expected);
    return listening_stranger(l, port, &programs);
}

START_TEST(our_socket_is_ours)
{
    unsigned port = 0;
    CLEANUP(fd_close) int fd = open_socket(AF_INET, "127.0.0.1", &port);
    CLEANUP(fd_close) int twice = dup(fd);
    CLEANUP(listening_release) struct listening l = LISTENING_INIT;
    read_now(&l);
    const struct listening_socket *s = find(&l, port);
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_eq(s->inode, st.st_ino);
    ck_assert_str_eq(s->address, "127.0.0.1");
    ck_assert_uint_eq(s->programs.count, 1);
    ck_assert_str_eq(s->programs.items[0], own_program());
    ck_assert_str_eq(listening_at(&l, port), "127.0.0.1");
    ck_assert_ptr_null(listening_stranger(&l, port, NULL));
    ck_assert_ptr_null(stranger(&l, port, own_program()));
    ck_assert_str_eq(stranger(&l, port, "/usr/sbin/other"), own_program());
    ck_assert_str_eq(stranger(&l, port, NULL), own_program());
}
END_TEST

START_TEST(closed_ports_are_nobodys)
{
    unsigned port = 0;
    int fd = open_socket(AF_INET, "127.0.0.1", &port);
    fd_close(&fd);
    CLEANUP(listening_release) struct listening l = LISTENING_INIT;
    read_now(&l);
    ck_assert_ptr_null(listening_at(&l, port));
    ck_assert_ptr_null(stranger(&l, port, "/usr/sbin/other"));
}
END_TEST

START_TEST(every_address_is_reached_by_loopback)
{
    static const struct {
        int family;
        const char *bound, *reached;
    } addresses[] = {
        {AF_INET, "0.0.0.0", "127.0.0.1"},
        {AF_INET, "127.0.0.53", "127.0.0.53"},
        {AF_INET6, "::", "::1"},
        {AF_INET6, "::1", "::1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        unsigned port = 0;
        CLEANUP(fd_close)
        int fd = open_socket(addresses[i].family, addresses[i].bound, &port);
        if (fd < 0 && addresses[i].family == AF_INET6)
            continue; /* a kernel, or a container, without it */
        ck_assert_int_ge(fd, 0);
        CLEANUP(listening_release) struct listening l = LISTENING_INIT;
        read_now(&l);
        ck_assert_str_eq(listening_at(&l, port), addresses[i].reached);
        ck_assert_ptr_null(stranger(&l, port, own_program()));
    }
}
END_TEST

/* --- another program's ------------------------------------------------------------------------ */

/* A child that has become that program and holds our descriptors; when this returns it has. */
static pid_t become(const char *program)
{
    int began[2];
    char byte;
    ck_assert_int_eq(pipe2(began, O_CLOEXEC), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(program, "sleep", "20", (char *)NULL);
        _exit(1);
    }
    close(began[1]);
    ck_assert_int_eq(read(began[0], &byte, 1), 0); /* closed by the exec */
    close(began[0]);
    return pid;
}

static void copy_program(const char *from, const char *to)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf image = BUF_INIT;
    ck_assert_msg(file_read(from, FILE_LIMIT, &image, NULL, &err) == 0, "%s", err.text);
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(file_write_all(fd, image.data, image.len, to, &err), 0);
    close(fd);
}

/* Also while the program has been replaced on disk, or is called as if it had been. */
START_TEST(a_stranger_is_named)
{
    static const char *const names[] = {"sleeper", "sleeper (deleted) not"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char dir[] = "/tmp/listening-XXXXXX";
        ck_assert_ptr_nonnull(mkdtemp(dir));
        CLEANUP(mem_freep) char *program = mem_printf("%s/%s", dir, names[i]);
        copy_program("/bin/sleep", program);
        unsigned port = 0;
        int fd = open_socket(AF_INET, "127.0.0.1", &port);
        pid_t pid = become(program);
        CLEANUP(listening_release) struct listening both = LISTENING_INIT;
        read_now(&both);
        ck_assert_uint_eq(find(&both, port)->programs.count, 2);
        ck_assert_ptr_null(stranger(&both, port, own_program()));
        ck_assert_ptr_null(stranger(&both, port, program));
        fd_close(&fd);
        for (int deleted = 0; deleted < 2; deleted++) {
            CLEANUP(listening_release) struct listening l = LISTENING_INIT;
            read_now(&l);
            ck_assert_str_eq(stranger(&l, port, own_program()), program);
            ck_assert_ptr_null(stranger(&l, port, program));
            unlink(program);
        }
        rmdir(dir);
        kill(pid, SIGKILL);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    }
}
END_TEST

UNIT_MAIN("listening", our_socket_is_ours, closed_ports_are_nobodys,
          every_address_is_reached_by_loopback, a_stranger_is_named)
