/*
 * A fibre for each target that is under way. A new one begins where its host has a place free: the
 * first in the list, so that no target waits for ever. Names are resolved side by side; what a name
 * waits for stops no other target. Which names are one host is known only then: a target whose
 * address has no place free waits for one in its fibre.
 */
#include "cli/campaign.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/apart.h"
#include "base/fiber.h"
#include "base/file.h"
#include "cli/campaign_resume.h"
#include "cli/progress.h"
#include "probe/chain.h"
#include "probe/target.h"

#define RESOLVE_MS     30000
#define LISTEN_MS      3000
#define TURN_MS        50
#define PARALLEL       64
#define PARALLEL_LIMIT 500
#define RATE_LIMIT     100000
#define PER_HOST       4
#define TARGETS_LIMIT  ((size_t)16 << 20)

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

void campaign_release(struct campaign *c)
{
    for (size_t i = 0; i < c->count; i++) {
        endpoint_release(&c->items[i].endpoint);
        free(c->items[i].key);
    }
    free(c->items);
    free(c->name);
    anchors_free(&c->anchors);
    fd_close(&c->resume_fd);
    *c = (struct campaign)CAMPAIGN_INIT;
}

/* --- targets --------------------------------------------------------------------------------- */

static void take(struct campaign *c, struct endpoint e)
{
    MEM_GROW(c->items, c->count, c->cap);
    c->items[c->count++] = (struct campaign_target){
        .endpoint = e,
        .key = mem_printf("%s:%u/%s/%s/%s", e.address, e.port, e.service ? e.service : "",
                          e.role ? e.role : "", e.name ? e.name : "")};
}

void campaign_add(struct campaign *c, const struct endpoint *e)
{
    take(c, (struct endpoint){.service = mem_strdup(e->service),
                              .role = mem_strdup(e->role),
                              .address = mem_strdup(e->address),
                              .port = e->port,
                              .starttls = mem_strdup(e->starttls),
                              .name = mem_strdup(e->name),
                              .required = e->required,
                              .fewer_versions = e->fewer_versions});
}

static int add_target(struct campaign *c, const char *text, struct err *err)
{
    struct endpoint e;
    if (target_parse(text, &e, err) < 0)
        return -1;
    if (c->name) {
        free(e.name);
        e.name = mem_strdup(c->name);
    }
    take(c, e);
    return 0;
}

/* A pipe will do, too. */
static int read_targets(const char *path, struct buf *ret, struct err *err)
{
    bool standard = strcmp(path, "-") == 0;
    CLEANUP(fd_close)
    int own = standard ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int fd = standard ? STDIN_FILENO : own;
    if (fd < 0)
        return err_sys(err, errno, "--targets '%s'", path);
    for (;;) {
        buf_reserve(ret, 65536);
        ssize_t n = read(fd, ret->data + ret->len, 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, errno, "--targets '%s'", path);
        ret->len += (size_t)n;
        ret->data[ret->len] = '\0';
        if (n == 0)
            return 0;
        if (ret->len > TARGETS_LIMIT)
            return err_set(err, ERR_INPUT, "--targets '%s': more than %zu bytes", path,
                           TARGETS_LIMIT);
    }
}

/* One a line; what follows a "#" is a comment. */
static int add_line(struct campaign *c, struct bytes line, struct err *err)
{
    if (memchr(line.data, '\0', line.len))
        return err_set(err, ERR_INPUT, "there is a NUL in the line: this is no text");
    const char *comment = memchr(line.data, '#', line.len);
    if (comment)
        line.len = (size_t)(comment - line.data);
    CLEANUP(mem_freep) char *text = bytes_dup(bytes_trim(line));
    return *text ? add_target(c, text, err) : 0;
}

static int add_file(struct campaign *c, const char *path, struct err *err)
{
    CLEANUP(buf_release) struct buf content = BUF_INIT;
    if (read_targets(path, &content, err) < 0)
        return -1;
    struct bytes rest = bytes_buf(&content), line;
    if (bytes_starts(rest, BYTE_ORDER_MARK))
        rest = (struct bytes){.data = rest.data + strlen(BYTE_ORDER_MARK),
                              .len = rest.len - strlen(BYTE_ORDER_MARK)};
    for (size_t number = 1; bytes_next_line(&rest, &line); number++) {
        struct err own = ERR_INIT;
        if (add_line(c, line, &own) < 0)
            return err_at(err, path, number, 0, "%s", own.text);
    }
    return 0;
}

/* --- options --------------------------------------------------------------------------------- */

/* An option's number; `ret` as it is without the option. */
static int take_number(const struct cli *cli, const char *option, long least, long most,
                       long *ret, struct err *err)
{
    const char *text = cli_value(cli, option);
    char *end = NULL;
    if (!text)
        return 0;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (errno || !*text || *end || n < least || n > most)
        return err_set(err, ERR_USAGE, "--%s: '%s' is no number from %ld to %ld", option,
                       text, least, most);
    *ret = n;
    return 0;
}

static int take_numbers(struct campaign *c, struct err *err)
{
    long rate = 0;
    c->parallel = PARALLEL;
    if (take_number(c->cli, "parallel", 1, PARALLEL_LIMIT, &c->parallel, err) < 0 ||
        take_number(c->cli, "rate", 0, RATE_LIMIT, &rate, err) < 0)
        return -1;
    c->pace.per_second = (unsigned)rate;
    return 0;
}

static int take_name(struct campaign *c, struct err *err)
{
    const char *name = cli_value(c->cli, "name");
    if (name && !(c->name = target_name(name, err)))
        return err_context(err, "--name");
    return 0;
}

/* Options of the frame that say which of this host's own endpoints are meant. */
static int check_own(const struct campaign *c, struct err *err)
{
    const char *option = c->cli->services.count ? "service"
                         : c->cli->site         ? "site"
                                                : NULL;
    if (!option || c->count == 0)
        return 0;
    return err_set(
        err, ERR_USAGE,
        "%s: --%s is about this host's own endpoints and means nothing to targets",
        c->cli->command->name, option);
}

static int collect(struct campaign *c, int argc, char **argv, struct err *err)
{
    const struct strv *files = cli_values(c->cli, "targets");
    for (int i = 0; i < argc; i++)
        if (add_target(c, argv[i], err) < 0)
            return err_context(err, "%s", c->cli->command->name);
    c->streams = files->count > 0;
    for (size_t i = 0; i < files->count; i++)
        if (add_file(c, files->items[i], err) < 0)
            return -1;
    if (c->streams && c->count == 0)
        return err_set(err, ERR_INPUT, "%s: there is no target in it%s", files->items[0],
                       files->count > 1 ? ", nor in the others" : "");
    return 0;
}

int campaign_begin(const struct cli *cli, int argc, char **argv, struct campaign *ret,
                   struct err *err)
{
    CLEANUP(campaign_release) struct campaign c = CAMPAIGN_INIT;
    c.cli = cli;
    if (take_name(&c, err) < 0 || take_numbers(&c, err) < 0 ||
        collect(&c, argc, argv, err) < 0 || check_own(&c, err) < 0 ||
        !(c.anchors = anchors_load(cli_value(cli, "ca"), err)))
        return -1;
    *ret = c;
    c = (struct campaign)CAMPAIGN_INIT;
    return 0;
}

void campaign_print_line(json_t *json)
{
    json_dumpf(json, stdout, JSON_COMPACT | JSON_SORT_KEYS);
    putchar('\n');
    json_decref(json);
}

/* --- hosts ----------------------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
    const struct campaign_target *one = *(struct campaign_target *const *)a,
                                 *other = *(struct campaign_target *const *)b;
    return strcasecmp(one->endpoint.address, other->endpoint.address);
}

/* Numbers the hosts from 0; returns how many there are. */
static size_t number_hosts(struct campaign *c)
{
    struct campaign_target **sorted CLEANUP(mem_freep) =
        mem_alloc((c->count + 1) * sizeof *sorted);
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        sorted[i] = &c->items[i];
    qsort(sorted, c->count, sizeof *sorted, by_address);
    for (size_t i = 0; i < c->count; i++) {
        n += i > 0 && by_address(&sorted[i - 1], &sorted[i]) != 0;
        sorted[i]->host = n;
    }
    return n + 1;
}

/* --- the work -------------------------------------------------------------------------------- */

struct course {
    struct campaign *c;
    const struct campaign_work *work;
    unsigned *busy[2];                /* by host: patient ones, and others */
    struct campaign_target **running; /* and those that have ended unnoticed */
    size_t running_count;
    size_t first; /* not started: none before */
    size_t shown; /* handed back in order so far */
    size_t ended;
    int signals;    /* a signalfd of those that interrupt; -1: none does */
    size_t waiting; /* fibres that wait for one */
    size_t turns;   /* that were waited for */
    bool over;      /* no more are begun */
};

struct job {
    struct course *course;
    struct campaign_target *target;
};

static unsigned limit_of(const struct campaign_target *t)
{
    return target_is_patient(&t->endpoint) ? 1 : PER_HOST;
}

/* Of the same kind, at the same address: asked, or waiting for longer. */
static unsigned asked_beside(const struct course *k, const struct campaign_target *t)
{
    unsigned n = 0;
    for (size_t i = 0; i < k->running_count; i++) {
        const struct campaign_target *other = k->running[i];
        bool before = other->asked || (other->turn && other->turn < t->turn);
        n += before && !other->done && limit_of(other) == limit_of(t) &&
             strcmp(other->endpoint.address, t->endpoint.address) == 0;
    }
    return n;
}

/* False: nothing new is to be begun. */
static bool await_turn(struct course *k, struct campaign_target *t)
{
    t->turn = ++k->turns;
    while (asked_beside(k, t) >= limit_of(t)) {
        fiber_sleep(TURN_MS);
        if (k->over)
            return false;
    }
    return true;
}

static void work_on(void *arg)
{
    struct job *job = arg;
    struct campaign_target *t = job->target;
    const struct campaign_work *work = job->course->work;
    struct err err = ERR_INIT;
    bool found = target_resolve(&t->endpoint, RESOLVE_MS, LISTEN_MS, &err) == 0;
    t->asked = !found || await_turn(job->course, t);
    if (t->asked)
        t->result = work->run(work->ctx, &t->endpoint, found ? NULL : err.text);
    t->done = true;
    free(job);
}

static unsigned *busy_with(const struct course *k, const struct campaign_target *t)
{
    return &k->busy[target_is_patient(&t->endpoint) ? 0 : 1][t->host];
}

static bool has_place(const struct course *k, const struct campaign_target *t)
{
    return *busy_with(k, t) < limit_of(t);
}

static struct campaign_target *next_target(struct course *k)
{
    while (k->first < k->c->count && k->c->items[k->first].started)
        k->first++;
    for (size_t i = k->first; i < k->c->count; i++) {
        struct campaign_target *t = &k->c->items[i];
        if (!t->started && has_place(k, t))
            return t;
    }
    return NULL;
}

static void show_progress(const struct course *k, const struct campaign_target *last)
{
    const struct campaign *c = k->c;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    target_describe(&last->endpoint, &text);
    if (c->count == 1)
        progress(c->cli, "%s %s", c->cli->command->name, buf_str(&text));
    else
        progress(c->cli, "%s %zu of %zu: %s", c->cli->command->name, k->ended, c->count,
                 buf_str(&text));
}

static void start(struct course *k, struct fibers *all)
{
    while (!k->over && k->running_count < (size_t)k->c->parallel) {
        struct campaign_target *t = next_target(k);
        if (!t)
            return;
        struct job *job = mem_alloc(sizeof *job);
        *job = (struct job){.course = k, .target = t};
        t->started = true;
        ++*busy_with(k, t);
        k->running[k->running_count++] = t;
        show_progress(k, t);
        fibers_start(all, work_on, job);
    }
}

/* An error of standard output stays: what was printed before it is all that was. */
static bool is_written(void)
{
    return fflush(stdout) == 0 && !ferror(stdout);
}

/* After a failure nothing new is begun. */
static int hand_back(struct course *k, struct campaign_target *t, struct err *err)
{
    int failed = 0;
    progress_done(k->c->cli);
    t->status = k->work->done(k->work->ctx, &t->endpoint, t->result);
    t->handed_back = true;
    t->result = NULL;
    if (k->work->at_end)
        return 0;
    if (!is_written())
        k->over = true;
    else
        failed = campaign_note(k->c, t, err);
    k->over = k->over || failed;
    return failed;
}

static bool has_result(const struct campaign_target *t)
{
    return t->done && t->asked;
}

/* Those that have ended since: their places are free. */
static int collect_ended(struct course *k, struct err *err)
{
    size_t kept = 0;
    int failed = 0;
    for (size_t i = 0; i < k->running_count; i++) {
        struct campaign_target *t = k->running[i];
        if (!t->done) {
            k->running[kept++] = t;
            continue;
        }
        k->ended++;
        --*busy_with(k, t);
        if (k->c->streams && t->asked && hand_back(k, t, err) < 0)
            failed = -1;
    }
    k->running_count = kept;
    for (; !k->c->streams && k->shown < k->c->count && has_result(&k->c->items[k->shown]);
         k->shown++)
        if (hand_back(k, &k->c->items[k->shown], err) < 0)
            failed = -1;
    return failed;
}

/* --- signals --------------------------------------------------------------------------------- */

/* But for those that are ignored, as under nohup. */
static sigset_t interrupting(void)
{
    static const int signals[] = {SIGINT, SIGTERM};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        struct sigaction now;
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(&set, signals[i]);
    }
    return set;
}

/* A fibre. The next such signal ends the process. */
static void await_signal(void *arg)
{
    struct course *k = arg;
    sigset_t set = interrupting();
    struct signalfd_siginfo ignored;
    struct pollfd p = {.fd = k->signals, .events = POLLIN};
    while (read(k->signals, &ignored, sizeof ignored) < 0)
        fiber_poll(&p, -1);
    k->over = true;
    k->waiting = 0;
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    progress_done(k->c->cli);
    cli_warn("interrupted: what is under way is ended; once more stops it, and prints "
             "nothing");
}

static void heed_signals(struct course *k, struct fibers *all)
{
    sigset_t set = interrupting();
    k->signals = k->work->at_end ? signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
    if (k->signals < 0)
        return;
    sigprocmask(SIG_BLOCK, &set, NULL);
    k->waiting = 1;
    fibers_start(all, await_signal, k);
}

/* A signal that came after the last target is done with; those to come end the process. */
static void heed_no_more(struct course *k)
{
    sigset_t set = interrupting();
    struct signalfd_siginfo ignored;
    while (k->waiting && read(k->signals, &ignored, sizeof ignored) > 0)
        continue;
    if (k->waiting)
        sigprocmask(SIG_UNBLOCK, &set, NULL);
    fd_close(&k->signals);
}

/* Those that came behind one that was not begun, too. */
static int hand_back_rest(struct course *k, struct err *err)
{
    int failed = 0;
    for (size_t i = 0; i < k->c->count; i++) {
        struct campaign_target *t = &k->c->items[i];
        k->c->left += !has_result(t);
        if (has_result(t) && !t->handed_back && hand_back(k, t, err) < 0)
            failed = -1;
    }
    return failed;
}

static int run_all(struct course *k, struct err *err)
{
    CLEANUP(fibers_freep) struct fibers *all = fibers_new();
    int failed = 0;
    heed_signals(k, all);
    start(k, all);
    while (k->running_count) {
        if (fibers_count(all) > k->waiting)
            fibers_run(all);
        if (collect_ended(k, err) < 0)
            failed = -1;
        start(k, all);
    }
    if (hand_back_rest(k, err) < 0)
        failed = -1;
    heed_no_more(k);
    return failed;
}

/* Each target may have some: a connection, or the resolver's, and what that is waited for with. */
static void permit_descriptors(long targets)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)targets * 4 + 64;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* where it does not do, targets say so */
}

int campaign_run(struct campaign *c, const struct campaign_work *work, struct err *err)
{
    /* Everything that takes root has been read by now. */
    if (apart_become(err) < 0)
        return -1;
    permit_descriptors(c->parallel);
    size_t hosts = number_hosts(c);
    struct course k = {.c = c, .work = work};
    unsigned *busy CLEANUP(mem_freep) = mem_alloc(2 * hosts * sizeof *busy);
    struct campaign_target **running CLEANUP(mem_freep) =
        mem_alloc((c->count + 1) * sizeof *running);
    k.busy[0] = busy;
    k.busy[1] = busy + hosts;
    k.running = running;
    int failed = run_all(&k, err);
    progress_done(c->cli);
    return failed;
}

int campaign_end(struct campaign *c, struct err *err)
{
    if (!is_written())
        return 0;
    for (size_t i = 0; i < c->count; i++)
        if (c->items[i].handed_back && campaign_note(c, &c->items[i], err) < 0)
            return -1;
    return 0;
}
