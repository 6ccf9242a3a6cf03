/*
 * Does the program itself, on the sample host with its four services, survive SIGKILL at every call?
 *
 * The plan is saved once; apply --plan is killed at each call that changes state, then `recover` runs, both
 * as people run them. The host needs not be made anew: what comes back is the same to the inode, or the
 * saved plan would be stale. The same for rollback and confirm.
 */
#include "fault/bed.h"

struct program {
    struct bed bed; /* first: only dir, state, old, new and message are used */
    char *top, *plan, *program;
    const char *arguments[8]; /* of the command to trace */
};

static int run_program(void *ctx)
{
    const struct program *p = ctx;
    const char *argv[16] = {p->program, "--quiet", "--root", p->bed.dir};
    size_t n = 4;
    for (size_t i = 0; p->arguments[i]; i++)
        argv[n++] = p->arguments[i];
    int null = open("/dev/null", O_WRONLY);
    dup2(null, 1);
    dup2(p->bed.message[1], 2);
    execv(p->program, (char **)(uintptr_t)argv);
    return 127;
}

static void set(struct program *p, const char *const *arguments)
{
    size_t n = 0;
    for (; arguments[n]; n++)
        p->arguments[n] = arguments[n];
    p->arguments[n] = NULL;
}

static struct trace_result strike(struct program *p, const char *const *arguments,
                                  long at)
{
    set(p, arguments);
    return bed_strike(&p->bed, run_program, at ? STRIKE_KILL : STRIKE_NONE, 0, at);
}

static void must(struct program *p, const char *const *arguments, int wanted)
{
    struct trace_result r = strike(p, arguments, 0);
    CLEANUP(mem_freep) char *said = bed_message(&p->bed);
    ck_assert_msg(WIFEXITED(r.status) && WEXITSTATUS(r.status) == wanted,
                  "%s: status %x: %s", arguments[0], (unsigned)r.status, said);
}

static void make_sample(const struct program *p)
{
    CLEANUP(mem_freep) char *make = file_join(p->top, "/tests/sample/make");
    ck_assert_int_eq(rmdir(p->bed.dir), 0);
    pid_t pid = fork();
    if (pid == 0) {
        execl(make, make, p->bed.dir, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(status == 0, "tests/sample/make failed");
}

static const char *const recover[] = {"recover", NULL};
static const char *const rollback[] = {"rollback", NULL};
static const char *const confirm[] = {"confirm", NULL};

static void program_make(struct program *p)
{
    *p = (struct program){.bed = {.dir = bed_tree()}};
    p->bed.state = file_join(p->bed.dir, "/var/lib/tlsharden");
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, p->bed.message),
                     0);
    p->top = realpath(".", NULL);
    p->program = file_join(p->top, "/build/tlsharden");
    const char *given = getenv("TLSHARDEN");
    if (given) {
        free(p->program);
        p->program = realpath(given, NULL);
    }
    ck_assert_msg(p->program && access(p->program, X_OK) == 0,
                  "there is no build/tlsharden");
    make_sample(p);
    p->plan = mem_printf("%s.json", p->bed.dir);
    bed_describe(&p->bed, true, &p->bed.old);
    must(p, (const char *const[]){"diff", "--out", p->plan, NULL}, 1);
    must(p, (const char *const[]){"apply", "--yes", "--plan", p->plan, NULL}, 0);
    bed_describe(&p->bed, false, &p->bed.new);
    must(p, rollback, 0);
    ck_assert(bed_is_old(&p->bed));
}

static void program_end(struct program *p)
{
    unlink(p->plan);
    free(p->plan);
    free(p->top);
    free(p->program);
    bed_end(&p->bed);
}

#define PROGRAM                                                                          \
    CLEANUP(program_end) struct program p;                                               \
    program_make(&p)

/* True: all new. */
static bool settle(struct program *p, const char *where, long at)
{
    must(p, recover, 0);
    if (bed_is_old(&p->bed))
        return false;
    if (!bed_is_new(&p->bed) || !bed_is_clean(&p->bed))
        bed_fail(&p->bed, "%s, call %ld: half", where, at);
    return true;
}

START_TEST(the_program_killed_anywhere)
{
    PROGRAM;
    const char *const apply[] = {"apply", "--yes", "--keep", "2", "--plan", p.plan, NULL};
    long points = 0, news = 0;
    for (;; points++) {
        struct trace_result r = strike(&p, apply, points + 1);
        if (!r.struck)
            break;
        ck_assert(trace_killed(&r));
        if (settle(&p, r.name, points + 1)) {
            news++;
            must(&p, rollback, 0);
        }
    }
    ck_assert(bed_is_new(&p.bed));
    ck_assert_int_gt(points, 100);
    bed_count(
        "tlsharden apply killed at %ld points, recovered by tlsharden recover: %ld all "
        "old, %ld all new",
        points, points - news, news);
    must(&p, rollback, 0);
}
END_TEST

START_TEST(rollback_by_the_program_killed_anywhere)
{
    PROGRAM;
    const char *const apply[] = {"apply", "--yes", "--keep", "2", "--plan", p.plan, NULL};
    long points = 0;
    must(&p, apply, 0);
    for (;; points++) {
        struct trace_result r = strike(&p, rollback, points + 1);
        if (!r.struck)
            break;
        if (!settle(&p, r.name, points + 1))
            must(&p, apply, 0);
    }
    ck_assert(bed_is_old(&p.bed));
    bed_count("tlsharden rollback killed at %ld points", points);
}
END_TEST

/* Killed before the record is written it still waits; afterwards it is final. */
START_TEST(confirm_by_the_program_killed_anywhere)
{
    PROGRAM;
    const char *const apply[] = {"apply",  "--yes", "--confirm", "3600",
                                 "--plan", p.plan,  NULL};
    const char *const expired[] = {"recover", "--expired", NULL};
    long points = 0, finals = 0;
    for (;; points++) {
        must(&p, apply, 0);
        struct trace_result r = strike(&p, confirm, points + 1);
        must(&p, expired, 0);
        if (!bed_is_new(&p.bed) && !r.struck)
            bed_fail(&p.bed, "%s, call %ld: not as applied", r.name, points + 1);
        bool is_final = settle(&p, r.name, points + 1);
        finals += is_final;
        if (is_final)
            must(&p, rollback, 0);
        ck_assert(bed_is_old(&p.bed));
        if (!r.struck)
            break;
    }
    ck_assert_int_gt(points, finals);
    ck_assert_int_gt(finals, 1);
    bed_count("tlsharden confirm killed at %ld points: waits, or is final", points);
}
END_TEST

/* True: it waited, and was confirmed. */
static bool confirmed(struct program *p, const char *where, long at)
{
    struct trace_result r = strike(p, confirm, 0);
    CLEANUP(mem_freep) char *said = bed_message(&p->bed);
    int status = WIFEXITED(r.status) ? WEXITSTATUS(r.status) : -1;
    if (status == 5 && bed_is_old(&p->bed))
        return false;
    if (status != 0 || !bed_is_new(&p->bed))
        bed_fail(&p->bed, "%s, call %ld: confirm ends with %d: %s", where, at, status,
                 said);
    must(p, rollback, 0);
    return true;
}

/* Until the record says that it waits it goes back by itself; from then on it is somebody's word. */
START_TEST(an_apply_that_waits_killed_anywhere)
{
    PROGRAM;
    const char *const apply[] = {"apply", "--yes",  "--confirm", "3600", "--keep",
                                 "2",     "--plan", p.plan,      NULL};
    const char *const expired[] = {"recover", "--expired", NULL};
    long points = 0, waits = 0;
    for (bool struck = true; struck; points += struck) {
        for (int by_word = 0; by_word < 2; by_word++) {
            struct trace_result r = strike(&p, apply, points + 1);
            struck = r.struck;
            must(&p, expired, 0);
            bool waited = by_word && confirmed(&p, r.name, points + 1);
            if (by_word && !waited && (waits || !struck))
                bed_fail(&p.bed, "%s, call %ld: back too early", r.name, points + 1);
            waits += waited;
            must(&p, recover, 0);
            if (!bed_is_old(&p.bed) || !bed_is_clean(&p.bed))
                bed_fail(&p.bed, "%s, call %ld: half", r.name, points + 1);
        }
    }
    ck_assert_int_gt(points, 80);
    bed_count(
        "tlsharden apply --confirm killed at %ld points: taken back, or (%ld) waits "
        "and can be confirmed or taken back",
        points, waits);
}
END_TEST

/* Once something is back nobody can confirm it any more: that would make half a change final. */
START_TEST(a_way_back_killed_anywhere_is_not_confirmed)
{
    PROGRAM;
    const char *const apply[] = {"apply", "--yes",  "--confirm", "3600", "--keep",
                                 "2",     "--plan", p.plan,      NULL};
    long points = 0, finals = 0;
    for (bool struck = true; struck; points += struck) {
        must(&p, apply, 0);
        struck = strike(&p, recover, points + 1).struck;
        struct trace_result r = strike(&p, confirm, 0);
        CLEANUP(mem_freep) char *said = bed_message(&p.bed);
        bool is_final = WIFEXITED(r.status) && WEXITSTATUS(r.status) == 0;
        if (is_final && !bed_is_new(&p.bed))
            bed_fail(&p.bed, "recover, call %ld: half of it was confirmed: %s",
                     points + 1, said);
        must(&p, is_final ? rollback : recover, 0);
        if (!bed_is_old(&p.bed) || !bed_is_clean(&p.bed))
            bed_fail(&p.bed, "recover, call %ld: half", points + 1);
        finals += is_final;
    }
    ck_assert_int_gt(finals, 0);
    ck_assert_int_gt(points, finals);
    bed_count("tlsharden recover of what waits killed at %ld points: then it could be "
              "confirmed as a whole (%ld), or not at all",
              points, finals);
}
END_TEST

UNIT_MAIN("program", the_program_killed_anywhere, rollback_by_the_program_killed_anywhere,
          confirm_by_the_program_killed_anywhere, an_apply_that_waits_killed_anywhere,
          a_way_back_killed_anywhere_is_not_confirmed)
