/*
 * A head with a digest of all that verdicts depend on, then a line for each target that has a verdict: the
 * target, a space, the exit status it stands for, a full stop. A line without its stop was cut off
 * by a crash and counts for nothing.
 */
#include "cli/campaign_resume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"

#define LIMIT ((size_t)64 << 20)

#define HEAD "# tlsharden "

static int digest_file(const char *path, char ret[static DIGEST_SIZE], struct err *err)
{
    CLEANUP(buf_release) struct buf content = BUF_INIT;
    if (path && file_read(path, FILE_LIMIT, &content, NULL, err) < 0)
        return -1;
    digest_sha256(bytes_buf(&content), ret);
    return 0;
}

/* Owned by the caller (free); NULL on failure. */
static char *head_of(const struct campaign *c, json_t *rules, struct err *err)
{
    char anchors[DIGEST_SIZE], all[DIGEST_SIZE];
    if (digest_file(cli_value(c->cli, "ca"), anchors, err) < 0)
        return NULL;
    json_t *asked CLEANUP(json_decrefp) =
        json_pack("{s:s, s:s, s:s?, s:s, s:O}", "version", TLSHARDEN_VERSION, "command",
                  c->cli->command->name, "name", c->name, "ca", anchors, "rules", rules);
    CLEANUP(mem_freep)
    char *text = asked ? json_dumps(asked, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (!text) {
        err_set(err, ERR_BUG, "--resume: jansson cannot say what the verdicts depend on");
        return NULL;
    }
    digest_sha256(bytes_str(text), all);
    return mem_printf(HEAD "%s, rules %s\n", c->cli->command->name, all);
}

/* "TARGET STATUS." with its newline: the length of the target; 0: it is no such line. */
static size_t split_line(struct bytes line, int *ret_status)
{
    if (line.len < 5 || line.data[line.len - 1] != '\n' ||
        line.data[line.len - 2] != '.' || line.data[line.len - 4] != ' ' ||
        line.data[line.len - 3] < '0' || line.data[line.len - 3] > '1')
        return 0;
    *ret_status = line.data[line.len - 3] - '0';
    return line.len - 4;
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(struct campaign_target *const *)a)->key,
                  (*(struct campaign_target *const *)b)->key);
}

/* Targets that are named twice are done together. */
static void mark(struct campaign *c, struct campaign_target **sorted, const char *key,
                 int status)
{
    size_t low = 0, high = c->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(sorted[mid]->key, key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < c->count && strcmp(sorted[low]->key, key) == 0; low++) {
        sorted[low]->done = true;
        sorted[low]->status |= status;
    }
}

static void remove_done(struct campaign *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct campaign_target *t = &c->items[i];
        if (!t->done) {
            c->items[kept++] = *t;
            continue;
        }
        c->skipped++;
        c->skipped_bad += t->status == 1;
        endpoint_release(&t->endpoint);
        free(t->key);
    }
    c->count = kept;
}

static int check_head(struct bytes line, const char *head, const char *path,
                      struct err *err)
{
    if (bytes_is(line, head))
        return 0;
    if (line.len == 0 || line.data[line.len - 1] != '\n')
        return err_at(err, path, 1, 0,
                      "the first line was cut off, and nothing stands behind it: remove "
                      "the file");
    if (!bytes_starts(line, HEAD))
        return err_at(err, path, 1, 0, "this is no file of --resume: name another");
    return err_at(err, path, 1, 0,
                  "begun by another command or version, or by other rules (the profile, "
                  "--ca, --name and what else verdicts depend on): begin another file, "
                  "or remove it");
}

static int read_lines(struct campaign *c, const char *head, const char *path,
                      struct bytes rest, struct err *err)
{
    struct campaign_target **sorted CLEANUP(mem_freep) =
        mem_alloc((c->count + 1) * sizeof *sorted);
    struct bytes line;
    if (!bytes_next_line(&rest, &line) || check_head(line, head, path, err) < 0)
        return -1;
    for (size_t i = 0; i < c->count; i++)
        sorted[i] = &c->items[i];
    qsort(sorted, c->count, sizeof *sorted, by_key);
    while (bytes_next_line(&rest, &line)) {
        int status = 0;
        size_t n = split_line(line, &status);
        CLEANUP(mem_freep) char *key = mem_strndup(line.data, n);
        if (n)
            mark(c, sorted, key, status);
    }
    remove_done(c);
    return 0;
}

static int open_file(struct campaign *c, const char *head, const char *path,
                     struct err *err)
{
    CLEANUP(buf_release) struct buf content = BUF_INIT;
    struct stat st;
    c->resume_fd =
        open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
    if (c->resume_fd < 0 || fstat(c->resume_fd, &st) < 0)
        return err_sys(err, errno, "--resume '%s'", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_USAGE, "--resume '%s': not a file", path);
    if (st.st_size == 0)
        return file_write_all(c->resume_fd, head, strlen(head), path, err);
    if (file_read_fd(c->resume_fd, path, LIMIT, &content, NULL, err) < 0 ||
        read_lines(c, head, path, bytes_buf(&content), err) < 0)
        return -1;
    /* A line that was cut off must not run into the next. */
    return content.data[content.len - 1] == '\n'
               ? 0
               : file_write_all(c->resume_fd, "\n", 1, path, err);
}

static void tell_skipped(const struct campaign *c, const char *path)
{
    CLEANUP(buf_release) struct buf bad = BUF_INIT;
    if (c->skipped_bad)
        buf_addf(&bad, "; %zu with violations", c->skipped_bad);
    if (c->skipped)
        cli_say(c->cli, "%zu done before and skipped, says '%s'%s", c->skipped, path,
                buf_str(&bad));
}

int campaign_resume(struct campaign *c, json_t *rules, struct err *err)
{
    json_t *own CLEANUP(json_decrefp) = rules;
    const char *path = cli_value(c->cli, "resume");
    if (!path)
        return 0;
    CLEANUP(mem_freep) char *head = head_of(c, own, err);
    if (!head || open_file(c, head, path, err) < 0)
        return -1;
    tell_skipped(c, path);
    return 0;
}

int campaign_note(struct campaign *c, struct campaign_target *t, struct err *err)
{
    if (c->resume_fd < 0 || t->noted || t->status > 1)
        return 0;
    CLEANUP(mem_freep) char *line = mem_printf("%s %d.\n", t->key, t->status);
    t->noted = true;
    return file_write_all(c->resume_fd, line, strlen(line), "the file of --resume", err);
}
