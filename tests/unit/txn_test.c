/* Does the transaction keep its word: all of it, or nothing; and back again? */
#include "txn/txn.h"

#include "unit/tree.h"
#include "unit/unit.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* --- a tree, a plan, and somebody who watches -------------------------------------------- */

struct world {
    char *root, *state;
    struct txn_opts opts;
    struct err err;
    struct buf before;
    int step, kill_at; /* SIGKILL at this step */
    int signal;        /* raised when the step's text begins with `at` */
    const char *at, *again;
    int verify_rc, rehearse_rc, verified, rehearsed;
    const char *touch;       /* written to at `at` */
    const struct plan *plan; /* applied once more at `again` */
    struct buf said;
};

static void on_progress(void *ctx, const char *text)
{
    struct world *w = ctx;
    buf_addf(&w->said, "%s\n", text);
    if (++w->step == w->kill_at)
        kill(getpid(), SIGKILL);
    if (w->at && w->signal && strncmp(text, w->at, strlen(w->at)) == 0)
        raise(w->signal);
    if (w->at && w->touch && strncmp(text, w->at, strlen(w->at)) == 0) {
        tree_write(w->root, w->touch, "by somebody else\n", 0600);
        w->at = NULL;
    }
    if (w->again && strncmp(text, w->again, strlen(w->again)) == 0) {
        unsigned id;
        w->again = NULL;
        ck_assert_int_eq(txn_apply(w->plan, &w->opts, &id, &w->err), -1);
    }
}

static int on_verify(void *ctx, const char *service, struct err *err)
{
    struct world *w = ctx;
    (void)service;
    w->verified++;
    return w->verify_rc < 0 ? err_set(err, ERR_SYSTEM, "port 443 says no") : 0;
}

static int on_rehearse(void *ctx, const struct plan *plan, struct err *err)
{
    struct world *w = ctx;
    w->rehearsed++;
    ck_assert_uint_gt(plan->file_count, 0);
    return w->rehearse_rc < 0 ? err_set(err, ERR_REFUSED, "it would not start") : 0;
}

static void describe(const struct world *w, struct buf *out)
{
    CLEANUP(mem_freep) char *var = file_join(w->root, "/var");
    tree_describe(w->root, var, out);
}

static void world_make(struct world *w)
{
    *w = (struct world){.root = tree_make()};
    w->state = file_join(w->root, "/var/lib/tlsharden");
    w->opts = (struct txn_opts){.root = w->root,
                                .state_dir = w->state,
                                .rehearse = on_rehearse,
                                .verify = on_verify,
                                .progress = on_progress,
                                .ctx = w};
    tree_write(w->root, "/etc/a/main.cf", "one\n", 0640);
    tree_write(w->root, "/etc/a/gone.conf", "to be removed\n", 0644);
    tree_write(w->root, "/etc/b/with space\nand line", "hostile\n", 0604);
    tree_link(w->root, "/etc/b/link", "../a/main.cf");
    tree_link(w->root, "/etc/b/oldlink", "../a/gone.conf");
    CLEANUP(mem_freep) char *main_cf = file_join(w->root, "/etc/a/main.cf");
    ck_assert_int_eq(setxattr(main_cf, "user.mark", "kept", 4, 0), 0);
    tree_age(w->root, "/etc/a/main.cf");
    tree_age(w->root, "/etc/a/gone.conf");
    tree_age(w->root, "/etc/b/link");
    describe(w, &w->before);
}

static void world_end(struct world *w)
{
    buf_release(&w->before);
    buf_release(&w->said);
    free(w->state);
    tree_remove(&w->root);
}

static struct plan_file *add(struct plan *plan, const char *path, const char *before,
                             const char *after)
{
    struct plan_file *f = plan_add_file(plan, "svc", path);
    f->present_before = before != NULL;
    f->present_after = after != NULL;
    buf_addb(&f->before, bytes_str(before));
    buf_addb(&f->after, bytes_str(after));
    f->mode = 0644;
    f->uid = geteuid();
    f->gid = getegid();
    return f;
}

/* Every kind of change that there is. */
static struct plan *full_plan(const struct world *w)
{
    struct plan *plan = plan_new(w->root, "strict");
    plan_add_service(plan, "svc")->running = true;
    add(plan, "/etc/a/main.cf", "one\n", "two\n");
    add(plan, "/etc/a/gone.conf", "to be removed\n", NULL);
    add(plan, "/etc/b/with space\nand line", "hostile\n", "tamed\n");
    add(plan, "/etc/new/dir/tlsharden.conf", NULL, "fresh\n");
    add(plan, "/etc/b/link", "../a/main.cf", "../new/dir/tlsharden.conf")->kind =
        PLAN_SYMLINK;
    add(plan, "/etc/b/newlink", NULL, "link")->kind = PLAN_SYMLINK;
    add(plan, "/etc/b/oldlink", "../a/gone.conf", NULL)->kind = PLAN_SYMLINK;
    return plan;
}

static struct plan *small_plan(const struct world *w)
{
    struct plan *plan = plan_new(w->root, "strict");
    add(plan, "/etc/a/main.cf", "one\n", "two\n");
    return plan;
}

#define WORLD                                                                            \
    CLEANUP(world_end) struct world w;                                                   \
    world_make(&w)
#define PLAN CLEANUP(plan_freep) struct plan *plan

static void assert_as_before(const struct world *w)
{
    CLEANUP(buf_release) struct buf now = BUF_INIT;
    describe(w, &now);
    ck_assert_str_eq(buf_str(&now), buf_str(&w->before));
}

static void assert_content(const struct world *w, const char *path, const char *text)
{
    CLEANUP(mem_freep) char *now = tree_read(w->root, path);
    ck_assert_pstr_eq(now, text);
}

static void assert_failed(const struct world *w, enum err_kind kind, const char *text)
{
    if (!strstr(w->err.text, text))
        ck_abort_msg("'%s' lacks '%s'", w->err.text, text);
    ck_assert_int_eq(w->err.kind, kind);
}

/* States of all generations, e.g. "committed rolled-back". Owned by the caller (free). */
static char *states(struct world *w)
{
    struct buf out = BUF_INIT;
    json_auto_t *list = txn_history(&w->opts, &w->err);
    ck_assert_ptr_nonnull(list);
    for (size_t i = 0; i < json_array_size(list); i++)
        buf_addf(&out, "%s%s", i ? " " : "",
                 json_string_value(json_object_get(json_array_get(list, i), "state")));
    return buf_take(&out);
}

static void assert_states(struct world *w, const char *wanted)
{
    CLEANUP(mem_freep) char *now = states(w);
    ck_assert_str_eq(now, wanted);
}

static void apply_fails(struct world *w, const struct plan *plan, enum err_kind kind,
                        const char *text)
{
    unsigned id = 77;
    ck_assert_int_eq(txn_apply(plan, &w->opts, &id, &w->err), -1);
    ck_assert_uint_eq(id, 77);
    assert_failed(w, kind, text);
}

static unsigned apply(struct world *w, const struct plan *plan)
{
    unsigned id = 0;
    if (txn_apply(plan, &w->opts, &id, &w->err) < 0)
        ck_abort_msg("%s", w->err.text);
    return id;
}

/* --- there and back ---------------------------------------------------------------------- */

START_TEST(apply_makes_every_kind_of_change)
{
    WORLD;
    PLAN = full_plan(&w);
    umask(077); /* must not matter */
    ck_assert_uint_eq(apply(&w, plan), 1);
    ck_assert_int_eq(w.rehearsed, 1);
    ck_assert_int_eq(w.verified, 1);
    CLEANUP(buf_release) struct buf now = BUF_INIT;
    describe(&w, &now);
    ck_assert_ptr_null(strstr(buf_str(&now), ".tlsharden."));
    ck_assert_ptr_null(strstr(buf_str(&now), "gone.conf 1"));
    ck_assert_ptr_null(strstr(buf_str(&now), "oldlink"));
    ck_assert_ptr_nonnull(strstr(buf_str(&now), "user.mark=kept"));
    ck_assert_ptr_nonnull(strstr(buf_str(&now), "/etc/a/main.cf 100640 "));
    ck_assert_ptr_nonnull(strstr(buf_str(&now), "/etc/new/dir 40755 "));
    ck_assert_ptr_nonnull(strstr(buf_str(&now), "/etc/new/dir/tlsharden.conf 100644 "));
    ck_assert_ptr_nonnull(strstr(buf_str(&now), " -> ../new/dir/tlsharden.conf\n"));
    assert_content(&w, "/etc/a/main.cf", "two\n");
    assert_content(&w, "/etc/b/with space\nand line", "tamed\n");
    assert_content(&w, "/etc/b/newlink", "fresh\n");
    assert_states(&w, "committed");
}
END_TEST

START_TEST(rollback_restores_everything)
{
    WORLD;
    PLAN = full_plan(&w);
    apply(&w, plan);
    unsigned id = 0;
    ck_assert_int_eq(txn_rollback(NULL, &w.opts, &id, &w.err), 0);
    ck_assert_uint_eq(id, 1);
    assert_as_before(&w);
    assert_states(&w, "rolled-back");
    ck_assert_uint_eq(apply(&w, plan), 2);
    assert_states(&w, "rolled-back committed");
}
END_TEST

START_TEST(an_empty_plan_does_nothing)
{
    WORLD;
    PLAN = plan_new(w.root, "strict");
    ck_assert_uint_eq(apply(&w, plan), 0);
    ck_assert_int_eq(access(w.state, F_OK), -1);
    assert_states(&w, "");
}
END_TEST

START_TEST(history_tells_what_was_done)
{
    WORLD;
    PLAN = full_plan(&w);
    apply(&w, plan);
    json_auto_t *list = txn_history(&w.opts, &w.err);
    const json_t *one = json_array_get(list, 0);
    ck_assert_str_eq(json_string_value(json_object_get(one, "id")), "0001");
    ck_assert_str_eq(json_string_value(json_object_get(one, "profile")), "strict");
    ck_assert_uint_eq(strlen(json_string_value(json_object_get(one, "time"))), 20);
    ck_assert_str_eq(
        json_string_value(json_array_get(json_object_get(one, "services"), 0)), "svc");
    ck_assert_uint_eq(json_array_size(json_object_get(one, "files")), 7);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(one, "files"), 2)),
                     "/etc/b/with space\\nand line");
}
END_TEST

/* --- refusals: nothing is touched -------------------------------------------------------- */

START_TEST(what_changed_since_the_plan_is_refused)
{
    WORLD;
    PLAN = full_plan(&w);
    tree_write(w.root, "/etc/a/main.cf", "edited\n", 0640);
    apply_fails(&w, plan, ERR_REFUSED,
                "'/etc/a/main.cf' has changed since the plan was made");
    assert_content(&w, "/etc/a/main.cf", "edited\n");
    assert_content(&w, "/etc/b/with space\nand line", "hostile\n");
    assert_states(&w, "");
}
END_TEST

START_TEST(what_appeared_or_vanished_is_refused)
{
    WORLD;
    PLAN = small_plan(&w);
    struct plan_file *f = &plan->files[0];
    f->present_before = false;
    apply_fails(&w, plan, ERR_REFUSED, "has appeared since the plan was made");
    f->present_before = true;
    f->kind = PLAN_SYMLINK;
    apply_fails(&w, plan, ERR_REFUSED, "'/etc/a/main.cf' is now a file");
    f->kind = PLAN_FILE;
    CLEANUP(mem_freep) char *real = file_join(w.root, f->path);
    ck_assert_int_eq(unlink(real), 0);
    apply_fails(&w, plan, ERR_REFUSED, "has vanished since the plan was made");
    ck_assert_int_eq(symlink("gone.conf", real), 0);
    apply_fails(&w, plan, ERR_REFUSED, "is now a symbolic link");
    assert_content(&w, "/etc/a/gone.conf", "to be removed\n");
}
END_TEST

START_TEST(unsafe_places_are_refused)
{
    WORLD;
    CLEANUP(mem_freep) char *a = file_join(w.root, "/etc/a");
    CLEANUP(mem_freep) char *main_cf = file_join(w.root, "/etc/a/main.cf");
    CLEANUP(mem_freep) char *other = file_join(w.root, "/etc/other");
    PLAN = small_plan(&w);
    ck_assert_int_eq(chmod(a, 0777), 0);
    apply_fails(&w, plan, ERR_REFUSED, "is writable by everybody");
    ck_assert_int_eq(chmod(a, 0755), 0);
    ck_assert_int_eq(link(main_cf, other), 0);
    apply_fails(&w, plan, ERR_REFUSED, "has 2 hard links");
    ck_assert_int_eq(unlink(other), 0);
    ck_assert_int_eq(rename(a, other), 0);
    ck_assert_int_eq(symlink("other", a), 0);
    apply_fails(&w, plan, ERR_REFUSED,
                "a symbolic link is on the way to '/etc/a/main.cf'");
    assert_content(&w, "/etc/other/main.cf", "one\n");
}
END_TEST

START_TEST(senseless_plans_are_refused)
{
    WORLD;
    PLAN = plan_new(w.root, "strict");
    struct plan_file *f = add(plan, "/etc/../x", NULL, "x");
    apply_fails(&w, plan, ERR_REFUSED, "is not an absolute path");
    free(f->path);
    f->path = mem_strdup("/etc/b");
    f->present_before = true;
    apply_fails(&w, plan, ERR_REFUSED, "'/etc/b' is neither a file nor a symbolic link");
    CLEANUP(plan_freep) struct plan *twice = small_plan(&w);
    add(twice, "/etc/a/main.cf", "one\n", "three\n");
    apply_fails(&w, twice, ERR_BUG, "the plan has '/etc/a/main.cf' twice");
    assert_as_before(&w);
}
END_TEST

START_TEST(entries_need_a_running_host)
{
    WORLD;
    PLAN = small_plan(&w);
    plan_add_entry(plan, "dir", "ldapi:///", "cn=config");
    apply_fails(&w, plan, ERR_REFUSED,
                "'cn=config' can only be changed while dir is running");
    assert_as_before(&w);
}
END_TEST

START_TEST(a_rehearsal_that_fails_stops_it)
{
    WORLD;
    PLAN = full_plan(&w);
    w.rehearse_rc = -1;
    apply_fails(&w, plan, ERR_REFUSED, "it would not start");
    assert_as_before(&w);
    assert_states(&w, "");
}
END_TEST

START_TEST(the_state_directory_must_be_ours)
{
    WORLD;
    PLAN = small_plan(&w);
    struct err err = ERR_INIT;
    ck_assert_int_eq(file_mkdirs(w.state, 0755, &err), 0);
    ck_assert_int_eq(chmod(w.state, 0755), 0);
    apply_fails(&w, plan, ERR_REFUSED, "must belong to uid");
    assert_as_before(&w);
}
END_TEST

START_TEST(one_at_a_time)
{
    WORLD;
    PLAN = small_plan(&w);
    w.again = "stage";
    w.plan = plan;
    apply(&w, plan);
    assert_failed(&w, ERR_REFUSED, "another tlsharden is at work (pid ");
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    ck_assert_ptr_nonnull(strstr(w.err.text, pid));
    assert_states(&w, "committed");
}
END_TEST

/* --- failures: everything is back -------------------------------------------------------- */

START_TEST(a_failing_verification_takes_everything_back)
{
    WORLD;
    PLAN = full_plan(&w);
    w.verify_rc = -1;
    apply_fails(&w, plan, ERR_ROLLED_BACK,
                "port 443 says no; everything is back as it was");
    assert_as_before(&w);
    assert_states(&w, "rolled-back");
}
END_TEST

START_TEST(a_full_disk_changes_nothing)
{
    WORLD;
    PLAN = full_plan(&w);
    struct plan_file *f = &plan->files[3];
    for (int i = 0; i < 40000; i++)
        buf_adds(&f->after, "0123456789");
    struct rlimit limit = {.rlim_cur = 200000, .rlim_max = RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    apply_fails(&w, plan, ERR_SYSTEM, "write the record: write 'images': File too large");
    assert_as_before(&w);
    assert_states(&w, "");
}
END_TEST

START_TEST(a_signal_while_staging_changes_nothing)
{
    WORLD;
    PLAN = full_plan(&w);
    w.at = "stage '/etc/b/link'";
    w.signal = SIGTERM;
    apply_fails(&w, plan, ERR_SYSTEM, "interrupted (Terminated)");
    assert_as_before(&w);
    assert_states(&w, "");
}
END_TEST

START_TEST(a_signal_while_replacing_takes_everything_back)
{
    WORLD;
    PLAN = full_plan(&w);
    w.at = "replace '/etc/b/link'";
    w.signal = SIGINT;
    apply_fails(&w, plan, ERR_ROLLED_BACK, "interrupted (Interrupt); everything is back");
    assert_as_before(&w);
    assert_states(&w, "rolled-back");
}
END_TEST

/* Somebody makes a file where ours shall be, at the last moment: theirs stays. */
START_TEST(a_race_is_lost_gracefully)
{
    WORLD;
    PLAN = full_plan(&w);
    w.at = "replace '/etc/b/newlink";
    w.touch = "/etc/b/newlink";
    apply_fails(&w, plan, ERR_REFUSED, "has appeared since the plan was made");
    assert_failed(&w, ERR_REFUSED, "everything is back but what somebody else changed");
    assert_content(&w, "/etc/b/newlink", "by somebody else\n");
    assert_content(&w, "/etc/new/dir/tlsharden.conf", NULL);
    assert_content(&w, "/etc/a/main.cf", "one\n");
    assert_states(&w, "rolled-back");
}
END_TEST

/* --- kills ------------------------------------------------------------------------------- */

static int run_child(struct world *w, const struct plan *plan, int kill_at)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        unsigned id;
        bool had_work;
        w->step = 0;
        w->kill_at = kill_at;
        int rc = plan ? txn_apply(plan, &w->opts, &id, &w->err)
                      : txn_recover(&w->opts, &had_work, &w->err);
        _exit(rc == 0 ? 0 : 1);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

/* Killed at each step of an apply, and recovered; the recovery is killed at each step, too. */
START_TEST(a_kill_at_any_step_is_recovered)
{
    WORLD;
    PLAN = full_plan(&w);
    int kills = 0;
    for (int step = 1;; step++) {
        int status = run_child(&w, plan, step);
        if (WIFEXITED(status)) {
            ck_assert_int_eq(WEXITSTATUS(status), 0);
            break;
        }
        ck_assert_int_eq(WTERMSIG(status), SIGKILL);
        kills++;
        for (int inner = 1; WIFSIGNALED(run_child(&w, NULL, inner)); inner++)
            kills++;
        bool had_work = true;
        ck_assert_int_eq(txn_recover(&w.opts, &had_work, &w.err), 0);
        ck_assert(!had_work);
        assert_as_before(&w);
    }
    ck_assert_int_gt(kills, 40);
    assert_content(&w, "/etc/a/main.cf", "two\n");
}
END_TEST

START_TEST(the_next_apply_recovers_first)
{
    WORLD;
    PLAN = full_plan(&w);
    int status = run_child(&w, plan, 14);
    ck_assert(WIFSIGNALED(status));
    assert_states(&w, "pending");
    apply(&w, plan);
    assert_states(&w, "rolled-back committed");
    ck_assert_ptr_nonnull(strstr(buf_str(&w.said), "take back generation 0001"));
}
END_TEST

START_TEST(recovery_keeps_what_was_edited_since)
{
    WORLD;
    PLAN = full_plan(&w);
    w.kill_at = 0;
    int status = run_child(&w, plan, 16);
    ck_assert(WIFSIGNALED(status));
    tree_write(w.root, "/etc/a/main.cf", "by hand\n", 0640);
    bool had_work = false;
    ck_assert_int_eq(txn_recover(&w.opts, &had_work, &w.err), -1);
    ck_assert(had_work);
    assert_failed(&w, ERR_REFUSED, "kept as they are, since somebody edited them");
    assert_failed(&w, ERR_REFUSED, "'/etc/a/main.cf'; see 'tlsharden history show 0001'");
    CLEANUP(plan_freep) struct plan *shown = txn_show("0001", &w.opts, &w.err);
    ck_assert_ptr_nonnull(shown);
    ck_assert_str_eq(buf_str(&shown->files[0].before), "one\n");
    assert_content(&w, "/etc/a/main.cf", "by hand\n");
    assert_content(&w, "/etc/b/with space\nand line", "hostile\n");
    ck_assert_int_eq(txn_recover(&w.opts, &had_work, &w.err), 0);
    ck_assert(!had_work);
}
END_TEST

/* --- rollback's refusals ----------------------------------------------------------------- */

static void rollback_fails(struct world *w, const char *id, enum err_kind kind,
                           const char *text)
{
    unsigned generation = 77;
    ck_assert_int_eq(txn_rollback(id, &w->opts, &generation, &w->err), -1);
    ck_assert_uint_eq(generation, 77);
    assert_failed(w, kind, text);
}

START_TEST(rollback_refuses_hand_edits)
{
    WORLD;
    PLAN = full_plan(&w);
    apply(&w, plan);
    tree_write(w.root, "/etc/b/with space\nand line", "by hand\n", 0604);
    rollback_fails(&w, NULL, ERR_REFUSED,
                   "edited since generation 0001, and nothing was");
    assert_failed(&w, ERR_REFUSED, "'/etc/b/with space\\nand line'; 'tlsharden history");
    assert_content(&w, "/etc/b/with space\nand line", "by hand\n");
    assert_content(&w, "/etc/a/main.cf", "two\n");
    assert_states(&w, "committed");
}
END_TEST

START_TEST(rollback_needs_a_generation)
{
    WORLD;
    rollback_fails(&w, NULL, ERR_REFUSED, "there is nothing to roll back");
    rollback_fails(&w, "7", ERR_REFUSED, "there is no generation 0007");
    rollback_fails(&w, "last", ERR_USAGE, "'last' is not the number of a generation");
}
END_TEST

START_TEST(rollback_goes_from_the_last_to_the_first)
{
    WORLD;
    PLAN = small_plan(&w);
    apply(&w, plan);
    CLEANUP(plan_freep) struct plan *next = plan_new(w.root, "modern");
    add(next, "/etc/a/main.cf", "two\n", "three\n");
    ck_assert_uint_eq(apply(&w, next), 2);
    rollback_fails(&w, "1", ERR_REFUSED, "generation 0001 was followed by 0002");
    unsigned id;
    ck_assert_int_eq(txn_rollback("0002", &w.opts, &id, &w.err), 0);
    assert_content(&w, "/etc/a/main.cf", "two\n");
    rollback_fails(&w, "2", ERR_REFUSED, "generation 0002 is rolled-back already");
    ck_assert_int_eq(txn_rollback("1", &w.opts, &id, &w.err), 0);
    assert_as_before(&w);
}
END_TEST

/* The old file is gone from the generation: only its image is left. */
static void forget_old(const struct world *w, int index)
{
    CLEANUP(mem_freep) char *old = mem_printf("%s/gen/0001/before/%d", w->state, index);
    ck_assert_int_eq(unlink(old), 0);
}

START_TEST(a_full_disk_leaves_a_rollback_undone)
{
    WORLD;
    PLAN = plan_new(w.root, "strict");
    CLEANUP(buf_release) struct buf big = BUF_INIT;
    for (int i = 0; i < 40000; i++)
        buf_adds(&big, "0123456789");
    tree_write(w.root, "/etc/a/big", buf_str(&big), 0644);
    add(plan, "/etc/a/main.cf", "one\n", "two\n");
    add(plan, "/etc/a/big", buf_str(&big), "small\n");
    apply(&w, plan);
    forget_old(&w, 1);
    struct rlimit limit = {.rlim_cur = 200000, .rlim_max = RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    rollback_fails(&w, NULL, ERR_SYSTEM, "stage '/etc/a/big'");
    assert_content(&w, "/etc/a/main.cf", "two\n");
    assert_states(&w, "committed");
}
END_TEST

/* --- confirmation ------------------------------------------------------------------------ */

static int on_await(void *ctx, struct err *err)
{
    struct world *w = ctx;
    buf_adds(&w->said, "await\n");
    return w->verify_rc < 0 ? err_set(err, ERR_SYSTEM, "nobody can wait") : 0;
}

START_TEST(what_is_not_confirmed_goes_back)
{
    WORLD;
    PLAN = full_plan(&w);
    unsigned id;
    bool had_work;
    w.opts.confirm_seconds = 1;
    w.opts.await = on_await;
    ck_assert_uint_eq(apply(&w, plan), 1);
    ck_assert_ptr_nonnull(strstr(buf_str(&w.said), "await"));
    assert_states(&w, "unconfirmed");
    w.opts.only_expired = true;
    sleep(2);
    ck_assert_int_eq(txn_confirm(&w.opts, &id, &w.err), -1);
    assert_failed(&w, ERR_REFUSED, "the time to confirm generation 0001 is over");
    ck_assert_int_eq(txn_recover(&w.opts, &had_work, &w.err), 0);
    ck_assert(had_work);
    assert_as_before(&w);
    assert_states(&w, "rolled-back");
}
END_TEST

START_TEST(what_waits_is_left_alone_until_its_time)
{
    WORLD;
    PLAN = full_plan(&w);
    unsigned id;
    bool had_work;
    w.opts.confirm_seconds = 600;
    w.opts.only_expired = true;
    apply(&w, plan);
    ck_assert_int_eq(txn_recover(&w.opts, &had_work, &w.err), 0);
    ck_assert(!had_work);
    apply_fails(&w, plan, ERR_REFUSED, "generation 0001 waits to be confirmed (");
    ck_assert_int_eq(txn_confirm(&w.opts, &id, &w.err), 0);
    ck_assert_uint_eq(id, 1);
    assert_states(&w, "committed");
    ck_assert_int_eq(txn_confirm(&w.opts, &id, &w.err), -1);
    assert_failed(&w, ERR_REFUSED, "nothing waits to be confirmed");
    ck_assert_int_eq(txn_rollback(NULL, &w.opts, &id, &w.err), 0);
    assert_as_before(&w);
}
END_TEST

START_TEST(without_anybody_who_waits_it_goes_back_at_once)
{
    WORLD;
    PLAN = small_plan(&w);
    w.opts.confirm_seconds = 600;
    w.opts.await = on_await;
    w.opts.verify = NULL;
    w.verify_rc = -1;
    apply_fails(&w, plan, ERR_ROLLED_BACK, "nobody can wait; everything is back");
    assert_as_before(&w);
}
END_TEST

START_TEST(old_generations_go_but_not_the_last_good_one)
{
    WORLD;
    PLAN = small_plan(&w);
    unsigned id;
    for (int i = 0; i < 3; i++) {
        apply(&w, plan);
        ck_assert_int_eq(txn_rollback(NULL, &w.opts, &id, &w.err), 0);
    }
    assert_states(&w, "rolled-back rolled-back rolled-back");
    w.opts.keep = 2;
    ck_assert_uint_eq(apply(&w, plan), 4);
    assert_states(&w, "rolled-back committed");
    w.opts.keep = 1;
    w.verify_rc = -1;
    CLEANUP(plan_freep) struct plan *next = plan_new(w.root, "modern");
    add(next, "/etc/a/main.cf", "two\n", "three\n");
    apply_fails(&w, next, ERR_ROLLED_BACK, "port 443 says no");
    assert_states(&w, "rolled-back committed rolled-back");
}
END_TEST

/* --- damaged records --------------------------------------------------------------------- */

START_TEST(what_the_old_file_was_is_proven)
{
    WORLD;
    PLAN = small_plan(&w);
    apply(&w, plan);
    tree_write(w.state, "/gen/0001/before/0", "forged\n", 0600);
    unsigned id;
    ck_assert_int_eq(txn_rollback(NULL, &w.opts, &id, &w.err), 0);
    assert_as_before(&w);
}
END_TEST

START_TEST(damaged_records_are_told)
{
    WORLD;
    PLAN = small_plan(&w);
    apply(&w, plan);
    forget_old(&w, 0);
    tree_write(w.state, "/gen/0001/images", "forged\n", 0600);
    rollback_fails(&w, NULL, ERR_INPUT, "is not what was recorded of '/etc/a/main.cf'");
    tree_write(w.state, "/gen/0001/images", "o", 0600);
    rollback_fails(&w, NULL, ERR_INPUT, "is not what was recorded of '/etc/a/main.cf'");
    assert_content(&w, "/etc/a/main.cf", "two\n");
    CLEANUP(mem_freep) char *first = file_join(w.state, "/gen/0001");
    CLEANUP(mem_freep) char *second = file_join(w.state, "/gen/0002");
    ck_assert_int_eq(rename(first, second), 0);
    rollback_fails(&w, NULL, ERR_INPUT,
                   "generation 0002: the record is that of generation");
    ck_assert_int_eq(rename(second, first), 0);
    tree_write(w.state, "/gen/0001/manifest", "{\"version\": 9}", 0600);
    rollback_fails(&w, NULL, ERR_INPUT,
                   "generation 0001: 'manifest' is damaged: nothing");
    assert_states(&w, "damaged");
    tree_write(w.state, "/gen/0001/state", "{\"state\": \"odd\"}", 0600);
    rollback_fails(&w, NULL, ERR_INPUT, "generation 0001: '0001/state' is damaged");
}
END_TEST

/* --- services: the root is "/", the files are ours --------------------------------------- */

struct host {
    struct world w;
    char *path, *marker;
    struct plan *plan;
};

/* Activating copies the configuration to the marker: what the service has noticed. */
static void host_make(struct host *h)
{
    world_make(&h->w);
    h->w.opts.root = "/";
    h->path = file_join(h->w.root, "/etc/a/main.cf");
    h->marker = file_join(h->w.root, "/noticed");
    h->plan = plan_new("/", "strict");
    add(h->plan, h->path, "one\n", "two\n");
    struct plan_service *s = plan_add_service(h->plan, "svc");
    s->running = true;
    s->check = json_pack("[[s, s, s]]", "/bin/grep", "-q", "/dev/null");
    json_array_set_new(json_array_get(s->check, 0), 2, json_string("two"));
    json_array_append_new(json_array_get(s->check, 0), json_string(h->path));
    s->activate = json_pack("[[s, s, s]]", "/bin/cp", h->path, h->marker);
}

static void host_end(struct host *h)
{
    plan_free(h->plan);
    free(h->path);
    free(h->marker);
    world_end(&h->w);
}

#define HOST                                                                             \
    CLEANUP(host_end) struct host h;                                                     \
    host_make(&h)

START_TEST(services_take_notice)
{
    HOST;
    apply(&h.w, h.plan);
    assert_content(&h.w, "/noticed", "two\n");
    ck_assert_int_eq(h.w.verified, 1);
    unsigned id;
    ck_assert_int_eq(txn_rollback(NULL, &h.w.opts, &id, &h.w.err), 0);
    assert_content(&h.w, "/noticed", "one\n");
    assert_content(&h.w, "/etc/a/main.cf", "one\n");
}
END_TEST

START_TEST(services_that_do_not_run_are_left_alone)
{
    HOST;
    h.plan->services[0].running = false;
    apply(&h.w, h.plan);
    assert_content(&h.w, "/noticed", NULL);
    assert_content(&h.w, "/etc/a/main.cf", "two\n");
    unsigned id;
    ck_assert_int_eq(txn_rollback(NULL, &h.w.opts, &id, &h.w.err), 0);
    assert_content(&h.w, "/noticed", NULL);
}
END_TEST

START_TEST(a_failing_check_takes_back)
{
    HOST;
    json_array_set_new(json_array_get(h.plan->services[0].check, 0), 2,
                       json_string("three"));
    apply_fails(&h.w, h.plan, ERR_ROLLED_BACK, "svc: check: grep -q three");
    assert_content(&h.w, "/noticed", NULL);
    assert_content(&h.w, "/etc/a/main.cf", "one\n");
}
END_TEST

START_TEST(a_failing_activation_activates_the_old)
{
    HOST;
    json_array_append_new(h.plan->services[0].activate,
                          json_pack("[s, s, s, s]", "/bin/grep", "-q", "one", h.path));
    apply_fails(&h.w, h.plan, ERR_ROLLED_BACK, "svc: activate: grep -q one");
    assert_content(&h.w, "/noticed", "one\n");
    assert_content(&h.w, "/etc/a/main.cf", "one\n");
}
END_TEST

START_TEST(a_failing_verification_activates_the_old)
{
    HOST;
    h.w.verify_rc = -1;
    apply_fails(&h.w, h.plan, ERR_ROLLED_BACK, "port 443 says no");
    assert_content(&h.w, "/noticed", "one\n");
}
END_TEST

START_TEST(what_cannot_be_taken_back_stays_pending)
{
    HOST;
    json_array_append_new(h.plan->services[0].activate, json_pack("[s]", "/bin/false"));
    apply_fails(&h.w, h.plan, ERR_INCOMPLETE,
                "taking it back failed, too: svc: activate again");
    assert_content(&h.w, "/etc/a/main.cf", "one\n");
    assert_states(&h.w, "pending");
    bool had_work = false;
    ck_assert_int_eq(txn_recover(&h.w.opts, &had_work, &h.w.err), -1);
    assert_failed(&h.w, ERR_INCOMPLETE,
                  "take back generation 0001, which was interrupted");
    ck_assert(had_work);
}
END_TEST

START_TEST(a_kill_while_activating_activates_the_old)
{
    HOST;
    for (int step = 1;; step++) {
        int status = run_child(&h.w, h.plan, step);
        if (WIFEXITED(status))
            break;
        bool had_work;
        ck_assert_int_eq(txn_recover(&h.w.opts, &had_work, &h.w.err), 0);
        assert_content(&h.w, "/etc/a/main.cf", "one\n");
        CLEANUP(mem_freep) char *noticed = tree_read(h.w.root, "/noticed");
        if (noticed)
            ck_assert_str_eq(noticed, "one\n");
    }
    assert_content(&h.w, "/noticed", "two\n");
}
END_TEST

START_TEST(malformed_commands_are_told)
{
    HOST;
    json_array_append_new(h.plan->services[0].check, json_pack("[i]", 1));
    apply_fails(&h.w, h.plan, ERR_ROLLED_BACK, "argument 0 is not a text");
    json_array_set_new(h.plan->services[0].check, 1, json_array());
    apply_fails(&h.w, h.plan, ERR_ROLLED_BACK, "an argument vector is empty");
}
END_TEST

UNIT_MAIN("txn", apply_makes_every_kind_of_change, rollback_restores_everything,
          an_empty_plan_does_nothing, history_tells_what_was_done,
          what_changed_since_the_plan_is_refused, what_appeared_or_vanished_is_refused,
          unsafe_places_are_refused, senseless_plans_are_refused,
          entries_need_a_running_host, a_rehearsal_that_fails_stops_it,
          the_state_directory_must_be_ours, one_at_a_time,
          a_failing_verification_takes_everything_back, a_full_disk_changes_nothing,
          a_signal_while_staging_changes_nothing,
          a_signal_while_replacing_takes_everything_back, a_race_is_lost_gracefully,
          a_kill_at_any_step_is_recovered, the_next_apply_recovers_first,
          recovery_keeps_what_was_edited_since, rollback_refuses_hand_edits,
          rollback_needs_a_generation, rollback_goes_from_the_last_to_the_first,
          a_full_disk_leaves_a_rollback_undone, what_the_old_file_was_is_proven,
          damaged_records_are_told, what_is_not_confirmed_goes_back,
          what_waits_is_left_alone_until_its_time,
          without_anybody_who_waits_it_goes_back_at_once,
          old_generations_go_but_not_the_last_good_one, services_take_notice,
          services_that_do_not_run_are_left_alone, a_failing_check_takes_back,
          a_failing_activation_activates_the_old,
          a_failing_verification_activates_the_old,
          what_cannot_be_taken_back_stays_pending,
          a_kill_while_activating_activates_the_old, malformed_commands_are_told)
