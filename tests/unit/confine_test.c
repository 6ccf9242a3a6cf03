/* Is everything given up that was said to be, and nothing else? */
#include "base/confine.h"
#include "unit/tree.h"
#include "unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/file.h"

/* Where the kernel has no Landlock this fails: what is promised cannot be seen there. */
static void confined(void)
{
    struct err err = ERR_INIT;
    ck_assert_msg(confine(&err) == CONFINE_DONE, "no Landlock: %s", err.text);
}

START_TEST(nothing_is_written)
{
    CLEANUP(tree_remove) char *dir = tree_make();
    tree_write(dir, "/there", "kept", 0666);
    CLEANUP(mem_freep) char *there = file_join(dir, "/there");
    CLEANUP(mem_freep) char *new = file_join(dir, "/new");
    pid_t pid = fork();
    if (pid == 0) {
        int open_before = open(there, O_WRONLY | O_APPEND);
        confined();
        int fd = open(there, O_WRONLY);
        bool writes = fd >= 0 || open(new, O_WRONLY | O_CREAT, 0600) >= 0 ||
                      unlink(there) == 0 || mkdir(new, 0700) == 0 ||
                      rename(there, new) == 0 || symlink("x", new) == 0;
        bool reads = open(there, O_RDONLY) >= 0;
        _exit(writes ? 1 : !reads ? 2 : write(open_before, "!", 1) == 1 ? 0 : 3);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    CLEANUP(mem_freep) char *now = tree_read(dir, "/there");
    ck_assert_str_eq(now, "kept!");
}
END_TEST

START_TEST(nothing_is_run)
{
    confined();
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(errno == EACCES ? 42 : 1);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WEXITSTATUS(status), 42);
}
END_TEST

START_TEST(connections_are_made)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(server, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(server, 1), 0);
    ck_assert_int_eq(getsockname(server, (struct sockaddr *)&at, &size), 0);
    confined();
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&at, sizeof at), 0);
    close(client);
    close(server);
}
END_TEST

UNIT_MAIN("confine", nothing_is_written, nothing_is_run, connections_are_made)
