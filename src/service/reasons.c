/* One pass over each template: a comment is remembered, and every setting below it is given it. */
#include "service/reasons.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/strv.h"

#define TEMPLATE_LIMIT ((size_t)1 << 20)

void reasons_release(struct reasons *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->items[i].directive);
        free(r->items[i].literal);
        free(r->items[i].why);
        free(r->items[i].reference);
        free(r->items[i].template);
    }
    free(r->items);
    *r = (struct reasons)REASONS_INIT;
}

/* --- lines ----------------------------------------------------------------------------------- */

static struct bytes after(struct bytes b, size_t n)
{
    return (struct bytes){.data = b.data + n, .len = b.len - n};
}

/* The line from its first word on: without "#", "-o" and the space around them. */
static struct bytes statement(struct bytes line)
{
    line = bytes_trim(line);
    if (bytes_starts(line, "#"))
        line = bytes_trim(after(line, 1));
    if (bytes_starts(line, "-o "))
        line = bytes_trim(after(line, 3));
    return line;
}

/* A comment in words: what it says is no setting. */
static bool is_prose(struct bytes line)
{
    line = bytes_trim(line);
    return bytes_starts(line, "# ") && !bytes_starts(line, "#  -o ");
}

struct bytes reasons_directive(struct bytes line)
{
    static const char ends[] = " \t=:{";
    struct bytes b = statement(line);
    size_t n = 0;
    if (is_prose(line) || !b.len || strchr("<[{", b.data[0]) || bytes_starts(b, "dn:"))
        return (struct bytes){.data = line.data, .len = 0};
    while (n < b.len && !strchr(ends, b.data[n]))
        n++;
    return (struct bytes){.data = b.data, .len = n};
}

/* --- templates ------------------------------------------------------------------------------- */

struct reading {
    struct reasons *all;
    const char *template;
    char *why, *reference; /* owned; of the comment read last */
};

/* "{{! why | reference }}" */
static void read_comment(struct reading *r, struct bytes line)
{
    struct bytes text =
        bytes_trim((struct bytes){.data = line.data + 3, .len = line.len - 5});
    const char *bar = text.len ? memrchr(text.data, '|', text.len) : NULL;
    size_t n = bar ? (size_t)(bar - text.data) : text.len;
    struct bytes why = bytes_trim((struct bytes){.data = text.data, .len = n});
    struct bytes reference = bytes_trim(after(text, bar ? n + 1 : n));
    free(r->why);
    free(r->reference);
    r->why = bytes_dup(why);
    r->reference = bytes_dup(reference);
}

static void read_setting(struct reading *r, struct bytes line, size_t number)
{
    struct bytes word = reasons_directive(line), all = statement(line);
    const char *tag = all.len ? memmem(all.data, all.len, "{{", 2) : NULL;
    struct bytes literal = {.data = all.data,
                            .len = tag ? (size_t)(tag - all.data) : all.len};
    if (!word.len)
        return;
    MEM_GROW(r->all->items, r->all->count, r->all->cap);
    r->all->items[r->all->count++] =
        (struct reason){.directive = bytes_dup(word),
                        .literal = bytes_dup(bytes_trim(literal)),
                        .why = mem_strdup(r->why ? r->why : ""),
                        .reference = mem_strdup(r->reference ? r->reference : ""),
                        .template = mem_strdup(r->template),
                        .line = number,
                        .varies = tag != NULL,
                        .removes = bytes_starts(bytes_trim(line), "#")};
}

static void read_text(struct reading *r, struct bytes text)
{
    size_t number = 0;
    for (struct bytes line; bytes_next_line(&text, &line);) {
        struct bytes trimmed = bytes_trim(line);
        number++;
        bool ends =
            trimmed.len > 4 && memcmp(trimmed.data + trimmed.len - 2, "}}", 2) == 0;
        if (bytes_starts(trimmed, "{{!") && ends)
            read_comment(r, trimmed);
        else
            read_setting(r, line, number);
    }
}

static int read_template(const struct service *service, const char *name,
                         struct reasons *all, struct err *err)
{
    CLEANUP(mem_freep) char *path = file_join(service->dir, name);
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (file_read(path, TEMPLATE_LIMIT, &text, NULL, err) < 0)
        return -1;
    struct reading r = {.all = all, .template = name};
    read_text(&r, bytes_buf(&text));
    free(r.why);
    free(r.reference);
    return 0;
}

static void close_dir(DIR **d)
{
    if (*d)
        closedir(*d);
}

/* Every file beside service.json; editors' and folders' names begin or end otherwise. */
static int template_names(const struct service *service, struct strv *ret,
                          struct err *err)
{
    CLEANUP(close_dir) DIR *dir = opendir(service->dir);
    if (!dir)
        return err_sys(err, errno, "read '%s'", service->dir);
    for (const struct dirent *e; (e = readdir(dir));) {
        size_t n = strlen(e->d_name);
        bool file = e->d_type == DT_REG || e->d_type == DT_LNK || e->d_type == DT_UNKNOWN;
        if (file && e->d_name[0] != '.' && e->d_name[n - 1] != '~' &&
            strcmp(e->d_name, "service.json") != 0)
            strv_add(ret, e->d_name);
    }
    strv_sort(ret);
    return 0;
}

int reasons_load(const struct service *service, struct reasons *ret, struct err *err)
{
    CLEANUP(strv_release) struct strv names = STRV_INIT;
    struct reasons all = REASONS_INIT;
    int rc = template_names(service, &names, err);
    for (size_t i = 0; rc == 0 && i < names.count; i++)
        rc = read_template(service, names.items[i], &all, err);
    if (rc < 0) {
        reasons_release(&all);
        return -1;
    }
    *ret = all;
    return 0;
}

/* --- looking up ------------------------------------------------------------------------------ */

static bool begins(struct bytes line, const char *with)
{
    size_t n = strlen(with);
    return line.len >= n &&
           bytes_eq_nocase((struct bytes){.data = line.data, .len = n}, bytes_str(with));
}

/* The more of the line a template fixes, the better it fits; one that only shares the first word fits least. */
static size_t fit(const struct reason *r, struct bytes line, bool removed)
{
    if (!bytes_eq_nocase(reasons_directive(line), bytes_str(r->directive)))
        return 0;
    size_t n = begins(statement(line), r->literal) ? strlen(r->literal) : 0;
    return 2 * n + 1 + (r->removes == removed);
}

const struct reason *reasons_of(const struct reasons *r, struct bytes line, bool removed)
{
    const struct reason *best = NULL;
    size_t most = 0;
    for (size_t i = 0; i < r->count; i++) {
        size_t n = fit(&r->items[i], line, removed);
        if (r->items[i].removes && !removed)
            continue;
        if (n > most) {
            most = n;
            best = &r->items[i];
        }
    }
    return best;
}
