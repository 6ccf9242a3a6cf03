/*
 * Is a rehearsal what it says: the candidate is seen inside, nothing of it outside?
 *
 * Namespaces need privileges. Without them each test asserts that this is what is answered, instead: no
 * verdict, and a reason.
 */
#include "rehearse/rehearse.h"

#include "unit/tree.h"
#include "unit/unit.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct stage {
    char *root, *config, *log;
    struct plan *plan;
    struct err err;
    struct buf before;
};

static void stage_make(struct stage *s)
{
    *s = (struct stage){.root = tree_make()};
    tree_write(s->root, "/etc/svc/main.cf", "old\n", 0640);
    tree_write(s->root, "/etc/svc/gone.cf", "gone\n", 0644);
    tree_write(s->root, "/log/sub/old.log", "yesterday\n", 0644);
    tree_describe(s->root, "", &s->before);
    s->config = file_join(s->root, "/etc/svc/main.cf");
    s->log = file_join(s->root, "/log");
    s->plan = plan_new("/", "strict");
    struct plan_file *f = plan_add_file(s->plan, "svc", s->config);
    f->present_before = f->present_after = true;
    buf_adds(&f->after, "new\n");
    CLEANUP(mem_freep) char *gone = file_join(s->root, "/etc/svc/gone.cf");
    plan_add_file(s->plan, "svc", gone)->present_before = true;
    CLEANUP(mem_freep) char *link = file_join(s->root, "/etc/svc/fresh/link");
    f = plan_add_file(s->plan, "svc", link);
    f->kind = PLAN_SYMLINK;
    f->present_after = true;
    buf_adds(&f->after, "../main.cf");
    plan_add_service(s->plan, "svc");
}

static void stage_end(struct stage *s)
{
    CLEANUP(buf_release) struct buf now = BUF_INIT;
    tree_describe(s->root, "", &now);
    ck_assert_str_eq(buf_str(&now), buf_str(&s->before)); /* whatever happened inside */
    buf_release(&now);
    buf_release(&s->before);
    plan_free(s->plan);
    free(s->config);
    free(s->log);
    tree_remove(&s->root);
}

#define STAGE                                                                            \
    CLEANUP(stage_end) struct stage s;                                                   \
    stage_make(&s)

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC)

/* Root may without CAP_SYS_ADMIN, in a user namespace. */
static bool may_unshare(void)
{
    return unshare(NAMESPACES) == 0 ||
           (geteuid() == 0 && unshare(NAMESPACES | CLONE_NEWUSER) == 0);
}

/* Whether this process could build namespaces and mount in them, found out by trying. */
static bool permitted(void)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(!may_unshare() || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
              mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status == 0;
}

/* Rehearses with a shell command; its arguments $1 and $2 are the configuration and the log directory. */
static int rehearse(struct stage *s, const char *script,
                    int (*verify)(void *, const char *, struct err *))
{
    CLEANUP(mem_freep) char *log = file_join(s->log, "svc.log");
    s->plan->services[0].trial = json_pack(
        "{s:[s, s, s, s, s, s], s:[s], s:s, s:i}", "argv", "/bin/sh", "-c", script, "sh",
        s->config, s->log, "private", s->log, "log", log, "seconds", 1);
    int rc = rehearse_service(s->plan, &s->plan->services[0], verify, s, &s->err);
    if (rc == 1)
        ck_assert_ptr_nonnull(strstr(s->err.text, "no rehearsal: "));
    ck_assert_int_eq(rc == 1, !permitted());
    return rc;
}

static void assert_text(const struct stage *s, const char *text)
{
    if (permitted() && !strstr(s->err.text, text))
        ck_abort_msg("'%s' lacks '%s'", s->err.text, text);
}

static int says_no(void *ctx, const char *service, struct err *err)
{
    (void)ctx;
    return err_set(err, ERR_SYSTEM, "%s does not answer", service);
}

static int says_yes(void *ctx, const char *service, struct err *err)
{
    (void)ctx;
    (void)service;
    (void)err;
    return 0;
}

/* --- what it sees ------------------------------------------------------------------------ */

static int sees_candidate(void *ctx, const char *service, struct err *err)
{
    struct stage *s = ctx;
    struct stat st;
    ck_assert_str_eq(service, "svc");
    CLEANUP(mem_freep) char *seen = tree_read("/", "/run/seen");
    if (!seen)
        return err_set(err, ERR_SYSTEM, "not yet");
    CLEANUP(mem_freep) char *through_link = tree_read(s->root, "/etc/svc/fresh/link");
    CLEANUP(mem_freep) char *gone = tree_read(s->root, "/etc/svc/gone.cf");
    bool fine = strcmp(seen, "new\n") == 0 && through_link &&
                strcmp(through_link, "new\n") == 0 && !gone &&
                stat(s->config, &st) == 0 && (st.st_mode & 07777) == 0640 &&
                getpid() == 1;
    return fine ? 0 : err_set(err, ERR_SYSTEM, "candidate is not what it should be");
}

START_TEST(the_candidate_is_seen_inside_only)
{
    STAGE;
    int rc = rehearse(
        &s, "cat \"$1\" >/run/seen.new; mv /run/seen.new /run/seen; exec sleep 60",
        sees_candidate);
    ck_assert_msg(rc == (permitted() ? 0 : 1), "%s", s.err.text);
    ck_assert(!file_exists("/run/seen"));
}
END_TEST

/* As in a container: CAP_SYS_ADMIN is gone for good, the other capabilities are there. */
static bool drop_privilege(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.effective = 0}};
    const uint32_t bit = 1u << CAP_SYS_ADMIN;
    if (syscall(SYS_capget, &head, data) < 0)
        return false;
    data[0].effective &= ~bit;
    data[0].permitted &= ~bit;
    data[0].inheritable &= ~bit;
    return prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN) == 0 &&
           syscall(SYS_capset, &head, data) == 0 && unshare(CLONE_NEWNS) < 0;
}

START_TEST(without_the_privilege_in_a_user_namespace)
{
    STAGE;
    if (geteuid() == 0)
        ck_assert(drop_privilege());
    int rc = rehearse(
        &s, "cat \"$1\" >/run/seen.new; mv /run/seen.new /run/seen; exec sleep 60",
        sees_candidate);
    ck_assert_msg(rc == (permitted() ? 0 : 1), "%s", s.err.text);
}
END_TEST

static int sees_empty_log(void *ctx, const char *service, struct err *err)
{
    struct stage *s = ctx;
    (void)service;
    CLEANUP(mem_freep) char *old = file_join(s->root, "/log/sub/old.log");
    CLEANUP(mem_freep) char *fresh = file_join(s->root, "/log/sub/fresh");
    if (!file_exists(fresh))
        return err_set(err, ERR_SYSTEM, "not yet");
    return file_exists(old) || access("/etc/tlsharden-test", F_OK) == 0 ? -1 : 0;
}

START_TEST(private_directories_are_empty_and_the_rest_is_readonly)
{
    STAGE;
    int rc = rehearse(
        &s, "echo x >/etc/tlsharden-test; echo x >\"$2/sub/fresh\"; exec sleep 60",
        sees_empty_log);
    ck_assert_msg(rc == (permitted() ? 0 : 1), "%s", s.err.text);
    ck_assert(!file_exists("/etc/tlsharden-test"));
}
END_TEST

static int sees_what_was_prepared(void *ctx, const char *service, struct err *err)
{
    struct stage *s = ctx;
    (void)service;
    CLEANUP(mem_freep) char *made = tree_read(s->root, "/etc/svc/made.cf");
    CLEANUP(mem_freep) char *appended = tree_read(s->root, "/etc/svc/main.cf");
    return made && strcmp(made, "x\n") == 0 && appended &&
                   strcmp(appended, "new\nmore\n") == 0
               ? 0
               : err_set(err, ERR_SYSTEM, "it was not prepared");
}

/* Commands see the candidate, change what is writable, and come before the daemon, in turn. */
START_TEST(commands_that_prepare_it)
{
    STAGE;
    CLEANUP(mem_freep) char *dir = file_join(s.root, "/etc/svc");
    CLEANUP(mem_freep)
    char *make = mem_printf("echo x >%s/made.new; echo more >>%s", dir, s.config);
    CLEANUP(mem_freep) char *move = mem_printf("mv %s/made.new %s/made.cf", dir, dir);
    CLEANUP(mem_freep) char *run = mem_printf("test -e %s/made.cf && sleep 60", dir);
    s.plan->services[0].trial =
        json_pack("{s:[s, s, s], s:[s], s:[[s, s, s], [s, s, s]], s:i}", "argv",
                  "/bin/sh", "-c", run, "writable", dir, "prepare", "/bin/sh", "-c", make,
                  "/bin/sh", "-c", move, "seconds", 1);
    int rc = rehearse_service(s.plan, &s.plan->services[0], sees_what_was_prepared, &s,
                              &s.err);
    ck_assert_msg(rc == (permitted() ? 0 : 1), "%s", s.err.text);
}
END_TEST

START_TEST(a_command_that_fails)
{
    STAGE;
    s.plan->services[0].trial =
        json_pack("{s:[s], s:[[s, s, s]]}", "argv", "/bin/true", "prepare", "/bin/sh",
                  "-c", "echo no such setting; exit 7");
    int rc = rehearse_service(s.plan, &s.plan->services[0], says_yes, &s, &s.err);
    ck_assert_int_eq(rc, permitted() ? -1 : 1);
    assert_text(&s, "it cannot be prepared (exit status 7); it said: no such setting");
}
END_TEST

/* Processes that have ended and nobody has waited for. */
static size_t zombies(void)
{
    size_t count = 0;
    DIR *d = opendir("/proc");
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        CLEANUP(mem_freep) char *path = mem_printf("/proc/%s/stat", e->d_name);
        char text[256] = "";
        CLEANUP(fd_close)
        int fd = e->d_name[0] > '0' && e->d_name[0] <= '9'
                     ? open(path, O_RDONLY | O_CLOEXEC)
                     : -1;
        if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
            continue;
        const char *state = strrchr(text, ')');
        count += state && strncmp(state, ") Z", 3) == 0;
    }
    if (d)
        closedir(d);
    return count;
}

/* Asked for the first time, it waits until there are some. */
static int sees_orphans_reaped(void *ctx, const char *service, struct err *err)
{
    static unsigned asked;
    (void)ctx;
    (void)service;
    for (int i = 0; asked == 0 && zombies() < 3 && i < 200; i++)
        usleep(10000);
    if (asked == 0)
        ck_assert_uint_ge(zombies(), 3);
    if (asked++ == 0)
        return err_set(err, ERR_SYSTEM, "not yet");
    return zombies() ? err_set(err, ERR_SYSTEM, "nobody waits for orphans") : 0;
}

/* Daemons that double-fork leave their children to process 1; some wait for these to vanish. */
START_TEST(orphans_are_reaped)
{
    STAGE;
    int rc = rehearse(&s, "for i in 1 2 3; do (sleep 0.1 &); done; exec sleep 60",
                      sees_orphans_reaped);
    ck_assert_msg(rc == (permitted() ? 0 : 1), "%s", s.err.text);
}
END_TEST

static int sees_a_fresh_log(void *ctx, const char *service, struct err *err)
{
    struct stage *s = ctx;
    (void)service;
    CLEANUP(mem_freep) char *log = tree_read(s->root, "/log/sub/old.log");
    CLEANUP(mem_freep) char *other = tree_read(s->root, "/log/sub/other");
    CLEANUP(mem_freep) char *first = tree_read(s->root, "/log/sub/first.log");
    return log && strcmp(log, "today\n") == 0 && other && first
               ? 0
               : err_set(err, ERR_SYSTEM, "the log is '%s'", log ? log : "not there");
}

/* A log in a directory that holds other things as well; one that is not there yet; one that cannot be made. */
START_TEST(a_log_that_begins_empty)
{
    STAGE;
    CLEANUP(mem_freep) char *log = file_join(s.log, "sub/old.log");
    CLEANUP(mem_freep) char *first = file_join(s.log, "sub/first.log");
    CLEANUP(mem_freep) char *nowhere = file_join(s.log, "none/x.log");
    CLEANUP(mem_freep)
    char *run = mem_printf("echo today >>%s; echo x >>%s; echo x >>%s; exec sleep 60",
                           log, first, nowhere);
    tree_write(s.root, "/log/sub/other", "stays\n", 0644);
    buf_clear(&s.before);
    tree_describe(s.root, "", &s.before);
    s.plan->services[0].trial =
        json_pack("{s:[s, s, s], s:[s, s, s, s], s:i}", "argv", "/bin/sh", "-c", run,
                  "fresh", log, first, nowhere, "/dev/null", "seconds", 1);
    int rc = rehearse_service(s.plan, &s.plan->services[0], sees_a_fresh_log, &s, &s.err);
    ck_assert_msg(rc == (permitted() ? 0 : 1), "%s", s.err.text);
}
END_TEST

static bool is_empty(const char *path)
{
    DIR *d = opendir(path);
    bool empty = true;
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        empty = empty && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0);
    if (d)
        closedir(d);
    return empty;
}

static int sees_nobodys_files(void *ctx, const char *service, struct err *err)
{
    static const char *const hidden[] = {"/root", "/home", "/var/mail"};
    (void)ctx;
    (void)service;
    for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
        CLEANUP(mem_freep) char *fresh = file_join(hidden[i], "tlsharden-test");
        if (!file_exists(hidden[i]))
            continue;
        if (!is_empty(hidden[i]))
            return err_set(err, ERR_SYSTEM, "'%s' is seen", hidden[i]);
        if (mkdir(fresh, 0700) == 0 || errno != EROFS)
            return err_set(err, ERR_SYSTEM, "'%s' can be written", hidden[i]);
    }
    DIR *spool = opendir("/var/spool");
    for (struct dirent *e = spool ? readdir(spool) : NULL; e; e = readdir(spool)) {
        CLEANUP(mem_freep) char *path = file_join("/var/spool", e->d_name);
        if (e->d_type == DT_DIR && e->d_name[0] != '.' && !is_empty(path))
            err_set(err, ERR_SYSTEM, "'%s' is seen", path);
    }
    if (spool)
        closedir(spool);
    return err->text[0] ? -1 : 0;
}

START_TEST(nobodys_files_are_seen)
{
    STAGE;
    CLEANUP(mem_freep) char *marked = mem_strdup("/root/tlsharden-XXXXXX");
    if (permitted())
        ck_assert_ptr_nonnull(mkdtemp(marked));
    int rc = rehearse(&s, "exec sleep 60", sees_nobodys_files);
    if (permitted())
        ck_assert_int_eq(rmdir(marked), 0);
    ck_assert_msg(rc == (permitted() ? 0 : 1), "%s", s.err.text);
}
END_TEST

static int sees_what_is_named(void *ctx, const char *service, struct err *err)
{
    const char *dir = ctx;
    (void)service;
    CLEANUP(mem_freep) char *key = tree_read(dir, "/keys/key.pem");
    CLEANUP(mem_freep) char *diary = tree_read(dir, "/keys/diary");
    CLEANUP(mem_freep) char *page = tree_read(dir, "/site/index.html");
    CLEANUP(mem_freep) char *path = file_join(dir, "/keys/key.pem");
    CLEANUP(mem_freep) char *keys = file_join(dir, "/keys");
    CLEANUP(mem_freep) char *absent = file_join(dir, "/logs");
    struct stat st;
    if (!key || strcmp(key, "secret\n") != 0 || stat(keys, &st) < 0 ||
        (st.st_mode & 07777) != 0750 || !page || !file_exists(absent))
        return err_set(err, ERR_SYSTEM, "what is named is not seen");
    if (diary)
        return err_set(err, ERR_SYSTEM, "what lies beside it is seen");
    if (open(path, O_WRONLY) >= 0 || errno != EROFS)
        return err_set(err, ERR_SYSTEM, "it can be written");
    return 0;
}

/* Beneath /root: a file, all of a directory, and one that has to be made. */
START_TEST(what_the_configuration_names_is_seen)
{
    STAGE;
    CLEANUP(mem_freep) char *dir = mem_strdup("/root/tlsharden-XXXXXX");
    if (!permitted())
        return;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    tree_write(dir, "/keys/key.pem", "secret\n", 0600);
    tree_write(dir, "/keys/diary", "dear diary\n", 0600);
    tree_write(dir, "/site/index.html", "hello\n", 0644);
    tree_write(dir, "/logs/old.log", "\n", 0644);
    CLEANUP(mem_freep) char *keys = file_join(dir, "/keys");
    CLEANUP(mem_freep) char *key = file_join(dir, "/keys/key.pem");
    CLEANUP(mem_freep) char *site = file_join(dir, "/site");
    CLEANUP(mem_freep) char *log = file_join(dir, "/logs/new.log");
    ck_assert_int_eq(chmod(keys, 0750), 0);
    s.plan->services[0].trial =
        json_pack("{s:[s, s, s], s:[s, s, s], s:i}", "argv", "/bin/sleep", "60", "0",
                  "visible", site, log, key, "seconds", 1);
    json_t *list = json_object_get(s.plan->services[0].trial, "visible");
    for (int i = 0; i < 2000; i++) { /* more than may be open */
        CLEANUP(mem_freep) char *page = mem_printf("/site/%d", i);
        CLEANUP(mem_freep) char *one = file_join(dir, page);
        tree_write(dir, page, "\n", 0644);
        json_array_insert_new(list, 0, json_string(one));
    }
    int rc =
        rehearse_service(s.plan, &s.plan->services[0], sees_what_is_named, dir, &s.err);
    tree_remove(&dir);
    dir = NULL;
    ck_assert_msg(rc == 0, "%s", s.err.text);
}
END_TEST

static int sees_loopback(void *ctx, const char *service, struct err *err)
{
    (void)ctx;
    (void)service;
    CLEANUP(fd_close) int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(443)};
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool bound = bind(fd, (struct sockaddr *)&any, sizeof any) == 0;
    struct ifreq request = {.ifr_name = "lo"};
    bool up = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP);
    return bound && up ? 0 : err_set(err, ERR_SYSTEM, "no such loopback");
}

/* A daemon is bound to an address of the host's, which this namespace has no interface for. */
static int reaches(int family, const struct sockaddr *address, socklen_t size)
{
    CLEANUP(fd_close) int server = socket(family, SOCK_STREAM, 0);
    CLEANUP(fd_close) int client = socket(family, SOCK_STREAM, 0);
    return server >= 0 && bind(server, address, size) == 0 && listen(server, 1) == 0 &&
                   connect(client, address, size) == 0
               ? 0
               : -1;
}

static int sees_every_address(void *ctx, const char *service, struct err *err)
{
    (void)ctx;
    (void)service;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(443)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
    inet_pton(AF_INET, "192.0.2.77", &v4.sin_addr);
    inet_pton(AF_INET6, "2001:db8::77", &v6.sin6_addr);
    bool has_v6 = access("/proc/net/if_inet6", F_OK) == 0;
    if (reaches(AF_INET, (struct sockaddr *)&v4, sizeof v4) < 0 ||
        (has_v6 && reaches(AF_INET6, (struct sockaddr *)&v6, sizeof v6) < 0))
        return err_set(err, ERR_SYSTEM, "no such address: %s", strerror(errno));
    return 0;
}

START_TEST(loopback_stands_for_every_address)
{
    STAGE;
    int rc = rehearse(&s, "exec sleep 60", sees_every_address);
    ck_assert_msg(rc == (permitted() ? 0 : 1), "%s", s.err.text);
}
END_TEST

START_TEST(loopback_is_up_and_every_port_is_free)
{
    STAGE;
    int rc = rehearse(&s, "exec sleep 60", sees_loopback);
    ck_assert_msg(rc == (permitted() ? 0 : 1), "%s", s.err.text);
}
END_TEST

/* --- refusals ---------------------------------------------------------------------------- */

START_TEST(a_daemon_that_does_not_start)
{
    STAGE;
    int rc = rehearse(&s, "echo \"bad option\" >&2; echo why >\"$2/svc.log\"; exit 3",
                      says_no);
    ck_assert_int_ne(rc, 0);
    assert_text(&s,
                "rehearse svc: it does not start (exit status 3); it said: bad option; "
                "its log says: why");
    ck_assert_int_eq(s.err.kind, permitted() ? ERR_REFUSED : ERR_SYSTEM);
}
END_TEST

START_TEST(a_daemon_that_is_killed)
{
    STAGE;
    ck_assert_int_ne(rehearse(&s, "kill -SEGV $$", says_no), 0);
    assert_text(&s, "it does not start (signal 11)");
}
END_TEST

START_TEST(a_daemon_that_ends_again)
{
    STAGE;
    ck_assert_int_ne(rehearse(&s, "sleep 0.1 & exit 0", says_no), 0);
    assert_text(&s, "it starts, and ends again");
}
END_TEST

START_TEST(a_daemon_that_never_answers)
{
    STAGE;
    ck_assert_int_ne(rehearse(&s, "(exec sleep 60) & exit 0", says_no), 0);
    assert_text(&s, "rehearse svc: svc does not answer");
}
END_TEST

START_TEST(a_program_that_is_not_there)
{
    STAGE;
    s.plan->services[0].trial = json_pack("{s:[s]}", "argv", "/no/such/daemon");
    int rc = rehearse_service(s.plan, &s.plan->services[0], says_no, &s, &s.err);
    ck_assert_int_eq(rc, permitted() ? -1 : 1);
    assert_text(&s, "start '/no/such/daemon': No such file or directory");
}
END_TEST

START_TEST(a_trial_that_makes_no_sense)
{
    STAGE;
    const char *const trials[][2] = {
        {"{}", "there is no 'argv'"},
        {"{\"argv\": [1]}", "'argv' is not a list of texts"},
        {"{\"argv\": [\"/bin/true\"], \"private\": [\"x\"]}",
         "'private' is not a list of absolute paths"},
        {"{\"argv\": [\"/bin/true\"], \"prepare\": [[1]]}",
         "'prepare' is not a list of texts"},
        {"{\"argv\": [\"/bin/true\"], \"writable\": [1]}",
         "'writable' is not a list of absolute paths"},
        {"{\"argv\": [\"/bin/true\"], \"visible\": [\"x\"]}",
         "'visible' is not a list of absolute paths"},
    };
    for (size_t i = 0; i < ARRAY_LEN(trials); i++) {
        json_decref(s.plan->services[0].trial);
        s.plan->services[0].trial = json_loads(trials[i][0], 0, NULL);
        int rc = rehearse_service(s.plan, &s.plan->services[0], says_yes, &s, &s.err);
        ck_assert_int_eq(rc, permitted() ? -1 : 1);
        ck_assert_int_eq(s.err.kind, permitted() ? ERR_INPUT : ERR_SYSTEM);
        assert_text(&s, trials[i][1]);
    }
}
END_TEST

START_TEST(nothing_to_try_is_no_verdict)
{
    STAGE;
    struct plan_service *service = &s.plan->services[0];
    ck_assert_int_eq(rehearse_service(s.plan, service, says_yes, &s, &s.err), 1);
    ck_assert_str_eq(
        s.err.text,
        "no rehearsal: nobody has said how to start this service for a trial");
    service->trial = json_pack("{s:[s]}", "argv", "/bin/true");
    free(s.plan->root);
    s.plan->root = mem_strdup(s.root);
    ck_assert_int_eq(rehearse_service(s.plan, service, says_yes, &s, &s.err), 1);
    ck_assert_str_eq(s.err.text, "no rehearsal: a tree has no daemons");
}
END_TEST

UNIT_MAIN("rehearse", the_candidate_is_seen_inside_only,
          without_the_privilege_in_a_user_namespace,
          private_directories_are_empty_and_the_rest_is_readonly, nobodys_files_are_seen,
          what_the_configuration_names_is_seen, commands_that_prepare_it,
          a_command_that_fails, a_log_that_begins_empty, orphans_are_reaped,
          loopback_is_up_and_every_port_is_free, loopback_stands_for_every_address,
          a_daemon_that_does_not_start, a_daemon_that_is_killed, a_daemon_that_ends_again,
          a_daemon_that_never_answers, a_program_that_is_not_there,
          a_trial_that_makes_no_sense, nothing_to_try_is_no_verdict)
