/*
 * The child reads the files before it loads the library, since it may not be able to afterwards; the bytes of a
 * private key are never ours.
 */
#include "dialect/loading.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "dialect/child.h"
#include "dialect/engine.h"

#define ANSWER ((size_t)4096)

static const struct {
    const char *word;
    enum loading_part part;
} parts[] = {
    {"chain", LOADING_CHAIN},
    {"key", LOADING_KEY},
    {"pair", LOADING_PAIR},
    {"ca", LOADING_CA},
};

void loading_verdict_release(struct loading_verdict *v)
{
    free(v->why);
    *v = (struct loading_verdict)LOADING_VERDICT_INIT;
}

/* --- in the child ---------------------------------------------------------------------------- */

struct errand {
    const struct loading *files;
    const struct engine *engine;
    struct buf chain, key, ca;
    bool unread;
};

static void read_one(struct errand *e, const char *path, struct buf *ret)
{
    struct err err = ERR_INIT; /* has a finding of its own */
    if (path && file_read(path, LOADING_LIMIT, ret, NULL, &err) < 0)
        e->unread = true;
}

static void read_files(void *ctx)
{
    struct errand *e = ctx;
    read_one(e, e->files->chain, &e->chain);
    read_one(e, e->files->key, &e->key);
    read_one(e, e->files->ca, &e->ca);
}

static bool load(void *handle, void *ctx, FILE *out)
{
    const struct errand *e = ctx;
    if (e->unread) {
        fprintf(out, "unread -\n");
        return true;
    }
    const struct loading_files files = {
        .chain = bytes_buf(&e->chain),
        .key = bytes_buf(e->files->key ? &e->key : &e->chain),
        .ca = bytes_buf(&e->ca),
        .any_order = e->files->any_order,
    };
    return e->engine->load(handle, &files, out);
}

/* --- in the parent --------------------------------------------------------------------------- */

/* "refused key WHY", which may be a sentence. */
static int read_refusal(struct bytes line, struct loading_verdict *ret)
{
    line = bytes_trim(line);
    line.len -= line.data[line.len - 1] == '.';
    CLEANUP(mem_freep) char *text = bytes_dup(line);
    const char *rest = text + strlen("refused ");
    size_t n = strcspn(rest, " ");
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (strlen(parts[i].word) == n && strncmp(parts[i].word, rest, n) == 0) {
            ret->refused = parts[i].part;
            ret->why = mem_strdup(rest + n + (rest[n] == ' '));
            return 0;
        }
    return -1;
}

static bool begins(struct bytes line, const char *word)
{
    size_t n = strlen(word);
    return line.len >= n && memcmp(line.data, word, n) == 0;
}

static int read_answer(const struct library *library, const struct buf *text,
                       struct loading_verdict *ret, struct err *err)
{
    struct bytes rest = bytes_buf(text);
    for (struct bytes line; bytes_next_line(&rest, &line);) {
        if (begins(line, "taken "))
            return 0;
        if (begins(line, "unread "))
            return 1;
        if (begins(line, "refused ") && read_refusal(line, ret) == 0)
            return 0;
    }
    return err_set(err, ERR_SYSTEM,
                   "'%s' ended while it loaded a certificate and its key", library->path);
}

int loading_try(const struct library *library, const struct loading *l,
                struct loading_verdict *ret, struct err *err)
{
    struct errand e = {.files = l, .engine = engine_of(library->kind)};
    const struct child_job job = {
        .user = l->reader, .prepare = read_files, .run = load, .ctx = &e};
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (!library->path || !e.engine->load)
        return 1;
    if (child_run(library, &job, ANSWER, &text, err) < 0)
        return -1;
    return read_answer(library, &text, ret, err);
}
