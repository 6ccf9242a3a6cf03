/*
 * Is a record that was cut short, or in which a byte is another, told from a whole one at every byte?
 *
 * Nothing may be guessed from it: rollback and recover refuse, say which generation it is, and the tree stays
 * as it is to the last bit. Images are the exception: what is not needed need not be whole.
 */
#include "fault/bed.h"

struct damage {
    struct bed *bed;
    char *path;
    struct buf whole; /* what the file holds */
    struct buf tree;  /* the host before anybody tried */
    int (*work)(void *);
    long tried;
};

static void put(const struct damage *d, const char *data, size_t len)
{
    struct err err = ERR_INIT;
    CLEANUP(fd_close) int fd = open(d->path, O_WRONLY | O_TRUNC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(file_write_all(fd, data, len, d->path, &err), 0);
}

static void try_it(struct damage *d, const char *data, size_t len, const char *what,
                   size_t at)
{
    struct bed *b = d->bed;
    put(d, data, len);
    b->err = (struct err)ERR_INIT;
    int (*work)(void *) = d->work;
    int status = work(b); /* in this process: nothing is struck */
    CLEANUP(mem_freep) char *drained = bed_message(b);
    CLEANUP(buf_release) struct buf now = BUF_INIT;
    bed_describe(b, true, &now);
    if (status != 3 || !strstr(b->err.text, "0001"))
        bed_fail(b, "%s %s at byte %zu: exit status %d, '%s'", d->path, what, at, status,
                 b->err.text);
    if (strcmp(buf_str(&now), buf_str(&d->tree)) != 0)
        bed_fail(b, "%s %s at byte %zu: something was changed", d->path, what, at);
    d->tried++;
}

static void try_everywhere(struct damage *d)
{
    struct err err = ERR_INIT;
    ck_assert_int_eq(file_read(d->path, FILE_LIMIT, &d->whole, NULL, &err), 0);
    CLEANUP(mem_freep) char *copy = mem_strndup(d->whole.data, d->whole.len);
    for (size_t i = 0; i < d->whole.len; i++) {
        try_it(d, d->whole.data, i, "cut", i);
        copy[i] = (char)(copy[i] ^ (1 << (i % 8)));
        try_it(d, copy, d->whole.len, "flipped", i);
        copy[i] = d->whole.data[i];
    }
    put(d, d->whole.data, d->whole.len);
    bed_do(d->bed, d->work);
    ck_assert(bed_is_old(d->bed));
}

static void damage(struct bed *b, const char *name, int (*work)(void *))
{
    struct damage d = {.bed = b, .work = work, .path = file_join(b->state, name)};
    bed_describe(b, true, &d.tree);
    try_everywhere(&d);
    bed_count("%s: %ld damages, each told", name, d.tried);
    buf_release(&d.tree);
    buf_release(&d.whole);
    free(d.path);
}

START_TEST(a_damaged_manifest)
{
    BED(false);
    bed_do(&b, bed_apply);
    damage(&b, "/gen/0001/manifest", bed_rollback);
}
END_TEST

START_TEST(a_damaged_state)
{
    BED(false);
    bed_do(&b, bed_apply);
    damage(&b, "/gen/0001/state", bed_rollback);
}
END_TEST

/* In the middle of an apply: all files have been exchanged, nothing is committed. */
static void stop_before_commit(struct bed *b)
{
    struct trace_result r = bed_strike(b, bed_apply, STRIKE_NONE, 0, 0);
    for (long at = r.calls; at > 0; at--) {
        bed_fill(b);
        bed_strike(b, bed_apply, STRIKE_KILL, 0, at);
        CLEANUP(mem_freep) char *state = tree_read(b->state, "/gen/0001/state");
        if (state && strstr(state, "\"pending\""))
            return;
    }
    ck_abort_msg("no such point");
}

START_TEST(a_damaged_manifest_of_an_interrupted_change)
{
    BED(false);
    stop_before_commit(&b);
    damage(&b, "/gen/0001/manifest", bed_recover);
}
END_TEST

START_TEST(a_damaged_state_of_an_interrupted_change)
{
    BED(false);
    stop_before_commit(&b);
    damage(&b, "/gen/0001/state", bed_recover);
}
END_TEST

/* The old files are gone from the generation, so that the images are needed. */
START_TEST(damaged_images)
{
    BED(false);
    bed_do(&b, bed_apply);
    struct err err = ERR_INIT;
    CLEANUP(mem_freep) char *path = file_join(b.state, "/gen/0001/images");
    CLEANUP(buf_release) struct buf whole = BUF_INIT;
    ck_assert_int_eq(file_read(path, FILE_LIMIT, &whole, NULL, &err), 0);
    for (size_t i = 0; i < whole.len; i++) {
        CLEANUP(mem_freep) char *copy = mem_strndup(whole.data, whole.len);
        CLEANUP(plan_freep) struct plan *shown = NULL;
        struct damage d = {.path = path};
        put(&d, whole.data, i);
        ck_assert_ptr_null(txn_show("1", &b.opts, &err));
        copy[i] ^= 1;
        put(&d, copy, whole.len);
        ck_assert_ptr_null(txn_show("1", &b.opts, &err));
        ck_assert_int_eq(err.kind, ERR_INPUT);
        put(&d, whole.data, whole.len);
        shown = txn_show("1", &b.opts, &err);
        ck_assert_ptr_nonnull(shown);
    }
    bed_count("images: %zu damages, each told", 2 * whole.len);
}
END_TEST

UNIT_MAIN("damage", a_damaged_manifest, a_damaged_state,
          a_damaged_manifest_of_an_interrupted_change,
          a_damaged_state_of_an_interrupted_change, damaged_images)
