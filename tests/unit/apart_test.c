/* Does an answer come back from a process that has given up what it does not need, and nothing else? */
#include "base/apart.h"
#include "unit/tree.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

#define PATIENCE_MS 60000

static json_t *tell(void *ctx)
{
    int *seen = ctx;
    ++*seen;
    return json_pack("{s:i, s:i}", "seen", *seen, "pid", (int)getpid());
}

START_TEST(answers_and_changes_nothing_here)
{
    struct err err = ERR_INIT;
    json_t *said CLEANUP(json_decrefp) = NULL;
    int seen = 41;
    ck_assert_msg(apart(tell, &seen, PATIENCE_MS, &said, &err) == 0, "%s", err.text);
    ck_assert_int_eq(json_integer_value(json_object_get(said, "seen")), 42);
    ck_assert_int_ne(json_integer_value(json_object_get(said, "pid")), getpid());
    ck_assert_int_eq(seen, 41);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

struct place {
    const char *file;
    int open; /* a descriptor of ours */
};

static json_t *try_all(void *ctx)
{
    const struct place *p = ctx;
    int writes = open(p->file, O_WRONLY) >= 0;
    int reads = open(p->file, O_RDONLY) >= 0;
    int inherits = fcntl(p->open, F_GETFD) >= 0;
    return json_pack("{s:i, s:i, s:i, s:i, s:i}", "writes", writes, "reads", reads,
                     "inherits", inherits, "root", geteuid() == 0, "groups",
                     getgroups(0, NULL));
}

START_TEST(is_nobody_and_has_nothing)
{
    CLEANUP(tree_remove) char *dir = tree_make();
    tree_write(dir, "/there", "kept", 0666);
    ck_assert_int_eq(chmod(dir, 0755), 0);
    CLEANUP(mem_freep) char *there = file_join(dir, "/there");
    CLEANUP(fd_close) int fd = fcntl(open(there, O_RDONLY), F_DUPFD, 100);
    struct place place = {.file = there, .open = fd};
    struct err err = ERR_INIT;
    json_t *said CLEANUP(json_decrefp) = NULL;
    ck_assert_msg(apart(try_all, &place, PATIENCE_MS, &said, &err) == 0, "%s", err.text);
    ck_assert_int_eq(json_integer_value(json_object_get(said, "writes")), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(said, "reads")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(said, "inherits")), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(json_integer_value(json_object_get(said, "root")), 0);
        ck_assert_int_eq(json_integer_value(json_object_get(said, "groups")), 1);
    }
}
END_TEST

static json_t *die(void *ctx)
{
    (void)ctx;
    raise(SIGKILL);
    return json_object();
}

static json_t *say_nothing(void *ctx)
{
    (void)ctx;
    return NULL;
}

START_TEST(a_death_is_no_answer)
{
    struct err err = ERR_INIT;
    json_t *said = NULL;
    ck_assert_int_eq(apart(die, NULL, PATIENCE_MS, &said, &err), -1);
    ck_assert_int_eq(err.kind, ERR_SYSTEM);
    ck_assert_str_eq(err.text, "a process of ours has ended without an answer");
    ck_assert_int_eq(apart(say_nothing, NULL, PATIENCE_MS, &said, &err), -1);
    ck_assert_ptr_null(said);
}
END_TEST

static json_t *wait_for_ever(void *ctx)
{
    (void)ctx;
    while (pause() < 0)
        continue;
    return NULL;
}

static json_t *talk_for_ever(void *ctx)
{
    (void)ctx;
    char block[4096];
    memset(block, '[', sizeof block);
    while (write(3, block, sizeof block) > 0)
        continue;
    return json_object();
}

START_TEST(an_end_is_made_of_it)
{
    struct err err = ERR_INIT;
    json_t *said = NULL;
    ck_assert_int_eq(apart(wait_for_ever, NULL, 1000, &said, &err), -1);
    ck_assert_str_eq(err.text, "a process of ours has not answered within 1 s");
    ck_assert_int_eq(apart(talk_for_ever, NULL, PATIENCE_MS, &said, &err), -1);
    ck_assert_str_eq(err.text, "a process of ours does not stop answering");
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

/* As a provisioning script may start us. */
START_TEST(works_where_children_are_ignored)
{
    struct err err = ERR_INIT;
    json_t *said CLEANUP(json_decrefp) = NULL;
    int seen = 0;
    struct sigaction now;
    signal(SIGCHLD, SIG_IGN);
    ck_assert_msg(apart(tell, &seen, PATIENCE_MS, &said, &err) == 0, "%s", err.text);
    ck_assert_int_eq(sigaction(SIGCHLD, NULL, &now), 0);
    ck_assert(now.sa_handler == SIG_IGN);
}
END_TEST

UNIT_MAIN("apart", answers_and_changes_nothing_here, is_nobody_and_has_nothing,
          a_death_is_no_answer, an_end_is_made_of_it, works_where_children_are_ignored)
