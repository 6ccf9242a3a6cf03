/*
 * Is an edit lost that somebody makes at any moment of a change?
 *
 * Before each call that changes state an editor comes along: one that renames a new file over the old, as
 * sed -i and vi do; one that writes into the old one; and one that has had it open since before. Its
 * text must be somewhere afterwards: live, or kept among the records and the message names it.
 */
#include "fault/bed.h"
#include "fault/left_out.h"

#define EDIT "by somebody else\n"

/* Calls after the last look at the old file: what is written then through a descriptor that somebody still
 * holds goes to the old file among the records. */
#define AFTER_THE_COMMIT 6
#define WITH_ALL_BESIDE  25 /* they are moved there, then */

struct race {
    struct bed bed; /* first: it is the context of its work */
    int open_fd;    /* of the editor that had the file open */
};

static const char *const edited = "/etc/a/main.cf";

static void by_rename(void *ctx)
{
    const struct bed *b = ctx;
    tree_write(b->dir, "/etc/a/sedXXXX", EDIT, 0640);
    CLEANUP(mem_freep) char *from = file_join(b->dir, "/etc/a/sedXXXX");
    CLEANUP(mem_freep) char *to = file_join(b->dir, edited);
    ck_assert_int_eq(rename(from, to), 0);
}

static void in_place(void *ctx)
{
    const struct bed *b = ctx;
    CLEANUP(mem_freep) char *path = file_join(b->dir, edited);
    CLEANUP(fd_close) int fd = open(path, O_WRONLY | O_TRUNC);
    ck_assert_int_eq(write(fd, EDIT, strlen(EDIT)), (ssize_t)strlen(EDIT));
}

static void through_open_fd(void *ctx)
{
    const struct race *r = ctx;
    ck_assert_int_eq(ftruncate(r->open_fd, 0), 0);
    ck_assert_int_eq(pwrite(r->open_fd, EDIT, strlen(EDIT), 0), (ssize_t)strlen(EDIT));
}

/* --- where is it now? -------------------------------------------------------------------- */

static bool found_edit;

static int look(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    (void)ftw;
    if (flag == FTW_F && S_ISREG(st->st_mode) &&
        file_read(path, FILE_LIMIT, &text, NULL, &err) == 0 &&
        strcmp(buf_str(&text), EDIT) == 0)
        found_edit = true;
    return 0;
}

/* Live, or where the records keep it; not in some file that nobody will look for. */
static bool is_kept(const struct bed *b)
{
    CLEANUP(mem_freep) char *live = tree_read(b->dir, edited);
    CLEANUP(mem_freep) char *kept = file_join(b->state, "/gen/0001/kept");
    found_edit = live && strcmp(live, EDIT) == 0;
    if (!found_edit)
        nftw(kept, look, 16, FTW_PHYS);
    if (!found_edit) { /* the file was open: it is the old inode, which the records have */
        CLEANUP(mem_freep) char *old = file_join(b->state, "/gen/0001/before");
        nftw(old, look, 16, FTW_PHYS);
    }
    return found_edit;
}

static bool has_litter(const struct bed *b)
{
    CLEANUP(buf_release) struct buf now = BUF_INIT;
    bed_describe(b, false, &now);
    return strstr(buf_str(&now), ".tlsharden.") != NULL;
}

/* --- races ------------------------------------------------------------------------------- */

struct outcome {
    long points, conflicts, done;
    long lost;   /* nowhere */
    long silent; /* reported as done, and the edit is not live */
};

static void prepare(struct race *race, int (*work)(void *))
{
    struct bed *b = &race->bed;
    bed_fill(b);
    if (work == bed_rollback)
        bed_do(b, bed_apply);
    CLEANUP(mem_freep) char *path = file_join(b->dir, edited);
    fd_close(&race->open_fd);
    race->open_fd = open(path, O_WRONLY | O_CLOEXEC);
}

static bool race_at(struct race *race, long at, int (*work)(void *),
                    void (*editor)(void *), struct outcome *o)
{
    struct bed *b = &race->bed;
    prepare(race, work);
    struct trace_result r = trace_run(&(struct trace){
        .work = work, .ctx = race, .at = at, .strike = STRIKE_HOOK, .hook = editor});
    if (!r.struck)
        return false;
    ck_assert(WIFEXITED(r.status));
    int status = WEXITSTATUS(r.status);
    CLEANUP(mem_freep) char *text = bed_message(b);
    o->points++;
    o->done += status == 0;
    o->conflicts += status == 5;
    if (left_out == GUARD_NONE && status != 0 && status != 5 && status != 6)
        bed_fail(b, "%s %ld: exit status %d: %s", r.name, at, status, text);
    if (status == 5 && !strstr(text, edited))
        bed_fail(b, "%s %ld: the message does not name it: %s", r.name, at, text);
    CLEANUP(mem_freep) char *live = tree_read(b->dir, edited);
    o->silent += status == 0 && !(live && strcmp(live, EDIT) == 0);
    o->lost += !is_kept(b);
    if (o->lost && left_out == GUARD_NONE)
        bed_fail(b, "%s %ld, exit status %d: the edit is lost: %s", r.name, at, status,
                 text);
    if (has_litter(b))
        bed_fail(b, "%s %ld: litter", r.name, at);
    return true;
}

static struct outcome race_among(int more, int (*work)(void *), void (*editor)(void *))
{
    struct race race = {.open_fd = -1};
    struct outcome o = {.points = 0};
    bed_make_more(&race.bed, bed_tree(), false, more);
    for (long at = 1; race_at(&race, at, work, editor, &o); at++)
        continue;
    fd_close(&race.open_fd);
    bed_end(&race.bed);
    return o;
}

static struct outcome race(int (*work)(void *), void (*editor)(void *))
{
    return race_among(0, work, editor);
}

/* `silent`: how often nobody can know. */
static void judge(const char *what, struct outcome o, long silent)
{
    ck_assert_int_gt(o.conflicts, 0);
    ck_assert_int_le(o.silent, silent);
    bed_count("%s, at %ld points: %ld conflicts told, %ld done; no edit lost", what,
              o.points, o.conflicts, o.done);
}

static void race_everywhere(const char *what, int (*work)(void *), void (*editor)(void *),
                            long silent)
{
    judge(what, race(work, editor), silent);
}

START_TEST(an_editor_that_renames)
{
    race_everywhere("edited by rename during apply", bed_apply, by_rename, 0);
}
END_TEST

START_TEST(an_editor_that_writes_in_place)
{
    race_everywhere("edited in place during apply", bed_apply, in_place, 0);
}
END_TEST

START_TEST(an_editor_that_had_it_open)
{
    race_everywhere("written through an open file during apply", bed_apply,
                    through_open_fd, AFTER_THE_COMMIT);
}
END_TEST

START_TEST(editors_with_all_beside)
{
    left_out_too = GUARD_ASIDE;
    race_everywhere("all beside: edited by rename during apply", bed_apply, by_rename, 0);
    race_everywhere("all beside: written through an open file during apply", bed_apply,
                    through_open_fd, WITH_ALL_BESIDE);
}
END_TEST

/* Of many files the times are looked at, not the content. */
#define MANY 24

START_TEST(an_editor_that_had_one_of_many_open)
{
    judge("written through an open file, one of many, during apply",
          race_among(MANY, bed_apply, through_open_fd), AFTER_THE_COMMIT);
}
END_TEST

START_TEST(an_editor_that_renames_during_rollback)
{
    race_everywhere("edited by rename during rollback", bed_rollback, by_rename, 0);
}
END_TEST

/* --- negative controls ------------------------------------------------------------------- */

START_TEST(each_look_is_missed)
{
    left_out = GUARD_LATE_EDIT;
    struct outcome o = race(bed_apply, through_open_fd);
    ck_assert_int_gt(o.silent, AFTER_THE_COMMIT);
    bed_count("without the look for late edits: %ld edits unnoticed", o.silent);
    o = race_among(MANY, bed_apply, through_open_fd);
    ck_assert_int_gt(o.silent, AFTER_THE_COMMIT);
    bed_count("without it, of many files: %ld edits unnoticed", o.silent);
    left_out_too = GUARD_DISPLACED;
    o = race(bed_apply, by_rename);
    ck_assert_int_gt(o.silent, 0);
    bed_count("without the look at what came out, either: %ld edits unnoticed", o.silent);
}
END_TEST

UNIT_MAIN("race", an_editor_that_renames, an_editor_that_writes_in_place,
          an_editor_that_had_it_open, an_editor_that_had_one_of_many_open,
          editors_with_all_beside, an_editor_that_renames_during_rollback,
          each_look_is_missed)
