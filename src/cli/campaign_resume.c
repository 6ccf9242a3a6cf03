/*
 * A head that says what the run is about, then a line for each target that has a verdict: the
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

#include "base/file.h"

#define LIMIT ((size_t)64 << 20)

static char *head_of(const struct campaign *c)
{
    const char *exact = cli_value(c->cli, "exact") ? " exactly" : "";
    return mem_printf("# tlsharden %s, profile %s%s\n", c->cli->command->name,
                      c->cli->profile, exact);
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
        c->worst_before = c->worst_before > status ? c->worst_before : status;
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
        endpoint_release(&t->endpoint);
        free(t->key);
        c->skipped++;
    }
    c->count = kept;
}

static int read_lines(struct campaign *c, const char *path, struct bytes rest,
                      struct err *err)
{
    CLEANUP(mem_freep) char *head = head_of(c);
    struct campaign_target **sorted CLEANUP(mem_freep) =
        mem_alloc((c->count + 1) * sizeof *sorted);
    struct bytes line;
    if (!bytes_next_line(&rest, &line) || !bytes_is(line, head))
        return err_at(
            err, path, 1, 0,
            "begun by another command, or with another profile: take a new file");
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

int campaign_resume(struct campaign *c, const char *path, struct err *err)
{
    CLEANUP(buf_release) struct buf content = BUF_INIT;
    CLEANUP(mem_freep) char *head = head_of(c);
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
        read_lines(c, path, bytes_buf(&content), err) < 0)
        return -1;
    /* A line that was cut off must not run into the next. */
    return content.data[content.len - 1] == '\n'
               ? 0
               : file_write_all(c->resume_fd, "\n", 1, path, err);
}

int campaign_note(struct campaign *c, const struct campaign_target *t, int status,
                  struct err *err)
{
    if (c->resume_fd < 0 || status > 1)
        return 0;
    CLEANUP(mem_freep) char *line = mem_printf("%s %d.\n", t->key, status);
    return file_write_all(c->resume_fd, line, strlen(line), "the file of --resume", err);
}
