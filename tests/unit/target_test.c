/* Targets as people write them, and what each becomes; what is said of those that are none; and names that take long. */
#include "unit/unit.h"

#include <dirent.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/fiber.h"
#include "probe/target.h"

static void becomes(const char *text, const char *service, const char *address,
                    unsigned port, const char *starttls, const char *name)
{
    struct endpoint e = {.service = NULL};
    struct err err = ERR_INIT;
    ck_assert_msg(target_parse(text, &e, &err) == 0, "%s: %s", text, err.text);
    ck_assert_str_eq(e.service, service);
    ck_assert_str_eq(e.address, address);
    ck_assert_uint_eq(e.port, port);
    ck_assert_pstr_eq(e.starttls, starttls);
    ck_assert_pstr_eq(e.name, name);
    endpoint_release(&e);
}

START_TEST(ports_and_protocols_complete_each_other)
{
    becomes("www.example.org", "https", "www.example.org", 443, NULL, "www.example.org");
    becomes("192.0.2.1:8443", "https", "192.0.2.1", 8443, NULL, NULL);
    becomes("192.0.2.1:25", "smtp", "192.0.2.1", 25, "smtp", NULL);
    becomes("192.0.2.1:587", "submission", "192.0.2.1", 587, "smtp", NULL);
    becomes("192.0.2.1:465", "smtps", "192.0.2.1", 465, NULL, NULL);
    becomes("a.example:143", "imap", "a.example", 143, "imap", "a.example");
    becomes("a.example:993", "imaps", "a.example", 993, NULL, "a.example");
    becomes("a.example:110", "pop3", "a.example", 110, "pop3", "a.example");
    becomes("a.example:995", "pop3s", "a.example", 995, NULL, "a.example");
    becomes("a.example:389", "ldap", "a.example", 389, "ldap", "a.example");
    becomes("a.example:636", "ldaps", "a.example", 636, NULL, "a.example");
    becomes("a.example:24", "lmtp", "a.example", 24, "lmtp", "a.example");
    becomes("a.example:21", "ftp", "a.example", 21, "ftp", "a.example");
    becomes("a.example/sieve", "sieve", "a.example", 4190, "sieve", "a.example");
    becomes("a.example:5222", "xmpp-client", "a.example", 5222, "xmpp-client",
            "a.example");
    becomes("a.example/xmpp", "xmpp", "a.example", 5222, "xmpp-client", "a.example");
    becomes("a.example:5269", "xmpp-server", "a.example", 5269, "xmpp-server",
            "a.example");
    becomes("a.example/postgres", "postgres", "a.example", 5432, "postgres", "a.example");
    becomes("a.example:3306", "mysql", "a.example", 3306, "mysql", "a.example");
    becomes("a.example/imap", "imap", "a.example", 143, "imap", "a.example");
    becomes("a.example:10025/smtp", "smtp", "a.example", 10025, "smtp", "a.example");
    becomes("a.example:12345", "tls", "a.example", 12345, NULL, "a.example");
    becomes("[::1]:443", "https", "::1", 443, NULL, NULL);
    becomes("www.example.org.:443", "https", "www.example.org", 443, NULL,
            "www.example.org");
    becomes("[2001:db8::1]/imaps", "imaps", "2001:db8::1", 993, NULL, NULL);
    becomes("[2001:DB8:0:0::1]/imaps", "imaps", "2001:db8::1", 993, NULL, NULL);
}
END_TEST

START_TEST(what_is_no_target_is_told)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "there is no host"},
        {":443", "there is no host"},
        {"a.example:", "a port is a number"},
        {"a.example:0", "a port is a number"},
        {"a.example:65536", "a port is a number"},
        {"a.example:99999999999999999999", "a port is a number"},
        {"a.example:44x", "a port is a number"},
        {"a.example:443/", "unknown protocol ''"},
        {"a.example/htps",
         "unknown protocol 'htps' (did you mean 'https'?); a target is"},
        {"a.example/tls", "there is no port"},
        {"::1", "stands in brackets"},
        {"::1:443", "stands in brackets"},
        {"[::1", "'[' without its ']'"},
        {"[::1]x", "behind the ']'"},
        {"[a.example]:443", "neither an address nor a host name"},
        {"a b:443", "no blank"},
        {"localhost:9030 localhost:9001", "one target has no blank, comma"},
        {"localhost:9030,localhost:9001", "one target has no blank, comma"},
        {"a..example:443", "neither an address nor a host name"},
        {"a.example..:443", "neither an address nor a host name"},
        {".:443", "neither an address nor a host name"},
        {"-a:443", "neither an address nor a host name"},
        {"a\nb:443", "'a\\nb:443'"},
        {"https://a.example/", "this is a URL"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct endpoint e = {.port = 7};
        struct err err = ERR_INIT;
        ck_assert_int_eq(target_parse(cases[i].text, &e, &err), -1);
        ck_assert_int_eq(err.kind, ERR_USAGE);
        ck_assert_msg(strstr(err.text, cases[i].says) != NULL, "%s: %s", cases[i].text,
                      err.text);
        ck_assert_uint_eq(e.port, 7);
    }
}
END_TEST

static void asks_for(const char *text, const char *name)
{
    struct err err = ERR_INIT;
    CLEANUP(mem_freep) char *got = target_name(text, &err);
    ck_assert_pstr_eq(got, name);
    ck_assert_int_eq(err.kind, name ? ERR_NONE : ERR_USAGE);
}

START_TEST(names_to_ask_for)
{
    char longest[256];
    asks_for("www.example.org", "www.example.org");
    asks_for("www.example.org.", "www.example.org");
    asks_for("192.0.2.1", "192.0.2.1");
    asks_for("2001:db8::1", "2001:db8::1");
    memset(longest, 'a', sizeof longest);
    longest[253] = '\0';
    asks_for(longest, longest);
    memcpy(longest + 253, "a", 2);
    asks_for(longest, NULL);
    asks_for("", NULL);
    asks_for(".", NULL);
    asks_for("www.example.org..", NULL);
    asks_for("a/b", NULL);
    asks_for("a\nb", NULL);
    asks_for("*.example.org", NULL);
}
END_TEST

START_TEST(addresses_resolve_to_themselves)
{
    struct endpoint e = {.service = NULL};
    struct err err = ERR_INIT;
    ck_assert_int_eq(target_parse("[::1]:1", &e, &err), 0);
    ck_assert_int_eq(target_resolve(&e, 30000, 100, &err), 0);
    ck_assert_str_eq(e.address, "::1");
    endpoint_release(&e);
    ck_assert_int_eq(target_parse("nosuch.invalid:1", &e, &err), 0);
    ck_assert_int_eq(target_resolve(&e, 30000, 100, &err), -1);
    ck_assert_int_eq(err.kind, ERR_SYSTEM);
    endpoint_release(&e);
}
END_TEST

START_TEST(kinds_are_told_apart)
{
    static const struct {
        const char *text;
        bool http, patient;
        const char *words;
    } cases[] = {
        {"a.example:443", true, false, "a.example (192.0.2.1):443 https"},
        {"a.example:25", false, true, "a.example (192.0.2.1):25 smtp"},
        {"a.example:993", false, true, "a.example (192.0.2.1):993 imaps"},
        {"a.example:636", false, false, "a.example (192.0.2.1):636 ldaps"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(buf_release) struct buf words = BUF_INIT;
        struct endpoint e = {.service = NULL};
        struct err err = ERR_INIT;
        ck_assert_int_eq(target_parse(cases[i].text, &e, &err), 0);
        ck_assert(target_is_http(&e) == cases[i].http);
        ck_assert(target_is_patient(&e) == cases[i].patient);
        free(e.address);
        e.address = mem_strdup("192.0.2.1");
        target_describe(&e, &words);
        ck_assert_str_eq(buf_str(&words), cases[i].words);
        endpoint_release(&e);
    }
}
END_TEST

/* --- names that take long -------------------------------------------------------------------- */

#define SLOW ".slow.example"
#define MANY 100 /* more than any pool of threads is likely to have */

static atomic_int asked;    /* so many have begun */
static atomic_bool in_vain; /* one was not let end in time */
static int answers[2];      /* a pipe: a byte for each that may end */

/* Stands before libc's: a name that ends in SLOW is 127.0.0.1 as soon as the test permits, which takes no network and
 * no privileges to arrange. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    typedef int function(const char *, const char *, const struct addrinfo *,
                         struct addrinfo **);
    function *real = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    size_t n = name ? strlen(name) : 0, m = strlen(SLOW);
    if (n < m || strcmp(name + n - m, SLOW) != 0)
        return real(name, service, hints, list);
    struct pollfd wait = {.fd = answers[0], .events = POLLIN};
    char byte;
    atomic_fetch_add(&asked, 1);
    if (poll(&wait, 1, atomic_load(&in_vain) ? 0 : 10000) != 1 ||
        read(answers[0], &byte, 1) != 1) {
        atomic_store(&in_vain, true);
        return EAI_AGAIN;
    }
    return real("127.0.0.1", service, hints, list);
}

struct resolved {
    struct endpoint endpoint;
    struct err err;
    int resolve_ms, result;
};

static void resolve_one(void *arg)
{
    struct resolved *r = arg;
    ck_assert_int_eq(target_parse("a" SLOW ":1", &r->endpoint, &r->err), 0);
    r->result = target_resolve(&r->endpoint, r->resolve_ms, 100, &r->err);
}

static void permit(int count)
{
    while (count--)
        ck_assert_int_eq(write(answers[1], "", 1), 1);
}

/* Once all have been asked for, which is not seen by one that is not let run. */
static void permit_all(void *arg)
{
    int64_t end = deadline_in(20000);
    while (atomic_load(&asked) < MANY && deadline_left(end))
        fiber_sleep(1);
    *(bool *)arg = atomic_load(&asked) == MANY;
    permit(MANY);
}

START_TEST(others_run_while_a_name_is_resolved)
{
    CLEANUP(fibers_freep) struct fibers *all = fibers_new();
    static struct resolved names[MANY];
    bool together = false;
    ck_assert_int_eq(pipe(answers), 0);
    for (int i = 0; i < MANY; i++) {
        names[i].resolve_ms = 30000;
        fibers_start(all, resolve_one, &names[i]);
    }
    fibers_start(all, permit_all, &together);
    while (fibers_count(all))
        fibers_run(all);
    ck_assert(together);
    for (int i = 0; i < MANY; i++) {
        ck_assert_msg(names[i].result == 0, "%s", names[i].err.text);
        ck_assert_str_eq(names[i].endpoint.address, "127.0.0.1");
        endpoint_release(&names[i].endpoint);
    }
}
END_TEST

static int count_threads(void)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/task");
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void assert_given_up(struct resolved *r)
{
    ck_assert_int_eq(r->result, -1);
    ck_assert_int_eq(r->err.kind, ERR_SYSTEM);
    ck_assert_str_eq(r->err.text, "'a" SLOW "': given up: the system's resolver has not "
                                  "answered within 0.05 s");
    ck_assert_str_eq(r->endpoint.address, "a" SLOW);
    endpoint_release(&r->endpoint);
}

/* In a fibre and outside; what they have left behind goes when the answer comes: a leak is the sanitizer's to find. */
START_TEST(names_are_given_up)
{
    CLEANUP(fibers_freep) struct fibers *all = fibers_new();
    struct resolved inside = {.resolve_ms = 50}, outside = {.resolve_ms = 50};
    int64_t end = deadline_in(20000);
    int threads = count_threads();
    ck_assert_int_eq(pipe(answers), 0);
    fibers_start(all, resolve_one, &inside);
    while (fibers_count(all))
        fibers_run(all);
    assert_given_up(&inside);
    resolve_one(&outside);
    assert_given_up(&outside);
    int left = count_threads(); /* a sanitizer may have one of its own by now */
    ck_assert_int_ge(left, threads + 2);
    permit(2);
    while (count_threads() > left - 2 && deadline_left(end))
        fiber_sleep(1);
    ck_assert_int_eq(count_threads(), left - 2);
}
END_TEST

/* As nobody, whom RLIMIT_NPROC binds. 0: it is said why the name was not asked for. */
static int resolve_without_threads(void)
{
    struct resolved r = {.resolve_ms = 50};
    struct rlimit none = {0, 0};
    if ((geteuid() == 0 && setuid(65534) < 0) || setrlimit(RLIMIT_NPROC, &none) < 0)
        return 2;
    resolve_one(&r);
    endpoint_release(&r.endpoint);
    return r.result == 0 || strcmp(r.err.text, "'a" SLOW "': cannot ask the resolver: "
                                               "Resource temporarily unavailable") != 0;
}

/* And where no more descriptors are to be had. */
static int resolve_without_descriptors(void)
{
    struct resolved r = {.resolve_ms = 50};
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_NOFILE, &none) < 0)
        return 2;
    resolve_one(&r);
    endpoint_release(&r.endpoint);
    return r.result == 0 || strcmp(r.err.text, "'a" SLOW "': cannot ask the resolver: "
                                               "Too many open files") != 0;
}

static int status_of(int (*run)(void))
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(run());
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

START_TEST(what_asking_takes_is_told)
{
    ck_assert_int_eq(status_of(resolve_without_threads), 0);
    ck_assert_int_eq(status_of(resolve_without_descriptors), 0);
}
END_TEST

UNIT_MAIN("target", ports_and_protocols_complete_each_other, what_is_no_target_is_told,
          names_to_ask_for, addresses_resolve_to_themselves, kinds_are_told_apart,
          others_run_while_a_name_is_resolved, names_are_given_up,
          what_asking_takes_is_told)
