/* unified: is a diff the smallest one, and does it turn one text into the other? */
#include "report/unified.h"

#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

static char *diff(const char *before, const char *after)
{
    struct buf out = BUF_INIT;
    unified_hunks(bytes_str(before), bytes_str(after), &out);
    return out.data ? buf_take(&out) : mem_strdup("");
}

static void is_diff(const char *before, const char *after, const char *wanted)
{
    CLEANUP(mem_freep) char *got = diff(before, after);
    ck_assert_str_eq(got, wanted);
}

START_TEST(shows_changes_with_their_context)
{
    is_diff("a\nb\n", "a\nb\n", "");
    is_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nX\n6\n7\n8\n9\n",
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+X\n 6\n 7\n 8\n");
    is_diff("a\n", "a\nb\n", "@@ -1 +1,2 @@\n a\n+b\n");
    is_diff("a\nb\n", "b\n", "@@ -1,2 +1 @@\n-a\n b\n");
}
END_TEST

START_TEST(knows_empty_files_and_missing_line_ends)
{
    is_diff("", "a\n", "@@ -0,0 +1 @@\n+a\n");
    is_diff("a\n", "", "@@ -1 +0,0 @@\n-a\n");
    is_diff("a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
    is_diff("x\na", "y\na",
            "@@ -1,2 +1,2 @@\n-x\n+y\n a\n\\ No newline at end of file\n");
}
END_TEST

START_TEST(joins_hunks_that_touch)
{
    is_diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
            "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
    is_diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
            "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}
END_TEST

/* Carries a diff out, and insists on each line that it says is there. */
static void patch(struct bytes before, struct bytes hunks, struct buf *out)
{
    struct bytes line, old;
    size_t at = 1, next = 0;
    while (bytes_next_line(&hunks, &line)) {
        if (line.data[0] == '@') {
            char *end = NULL;
            size_t begin = strtoul(line.data + 4, &end, 10);
            bool empty = end[0] == ',' && end[1] == '0';
            for (next = begin + empty; at < next && bytes_next_line(&before, &old); at++)
                buf_addb(out, old);
            continue;
        }
        struct bytes rest = {.data = line.data + 1, .len = line.len - 1};
        if (line.data[0] != '+') {
            ck_assert(bytes_next_line(&before, &old));
            ck_assert(bytes_eq(old, rest));
            at++;
        }
        if (line.data[0] != '-')
            buf_addb(out, rest);
    }
    while (bytes_next_line(&before, &old))
        buf_addb(out, old);
}

START_TEST(turns_one_text_into_the_other)
{
    unsigned seed = 1;
    for (int round = 0; round < 400; round++) {
        CLEANUP(buf_release) struct buf a = BUF_INIT;
        CLEANUP(buf_release) struct buf b = BUF_INIT;
        CLEANUP(buf_release) struct buf hunks = BUF_INIT;
        CLEANUP(buf_release) struct buf back = BUF_INIT;
        for (int i = round % 60; i > 0; i--) {
            seed = seed * 1103515245u + 12345u;
            unsigned r = seed >> 16;
            if (r % 7)
                buf_addf(&a, "%u\n", r % 5);
            if (r % 6)
                buf_addf(&b, "%u\n", r % 11 ? r % 5 : 9);
        }
        unified_hunks(bytes_buf(&a), bytes_buf(&b), &hunks);
        patch(bytes_buf(&a), bytes_buf(&hunks), &back);
        ck_assert(bytes_eq(bytes_buf(&back), bytes_buf(&b)));
    }
}
END_TEST

START_TEST(gives_up_aligning_what_has_little_in_common)
{
    CLEANUP(buf_release) struct buf a = BUF_INIT;
    CLEANUP(buf_release) struct buf b = BUF_INIT;
    CLEANUP(buf_release) struct buf hunks = BUF_INIT;
    CLEANUP(buf_release) struct buf back = BUF_INIT;
    for (unsigned i = 0; i < 3000; i++) {
        buf_addf(&a, "a%u\n", i);
        buf_addf(&b, "b%u\n", i);
    }
    unified_hunks(bytes_buf(&a), bytes_buf(&b), &hunks);
    patch(bytes_buf(&a), bytes_buf(&hunks), &back);
    ck_assert(bytes_eq(bytes_buf(&back), bytes_buf(&b)));
}
END_TEST

START_TEST(quotes_names_that_need_it)
{
    struct {
        const char *path, *wanted;
    } names[] = {{"etc/x", "a/etc/x"},
                 {"etc/a b", "\"a/etc/a b\""},
                 {"a\"\n\\", "\"a/a\\042\\012\\134\""},
                 {"\xc3\xa4", "\"a/\\303\\244\""}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(buf_release) struct buf out = BUF_INIT;
        unified_name("a/", names[i].path, &out);
        ck_assert_str_eq(buf_str(&out), names[i].wanted);
    }
}
END_TEST

UNIT_MAIN("unified", shows_changes_with_their_context,
          knows_empty_files_and_missing_line_ends, joins_hunks_that_touch,
          turns_one_text_into_the_other, gives_up_aligning_what_has_little_in_common,
          quotes_names_that_need_it)
