/*
 * Does the engine's plain mode do what the public Mustache specification says? Every case of its
 * six files, and of more.json, which has the cases that later editions of it added.
 */
#include "base/file.h"
#include "template/mustache.h"
#include "unit/unit.h"

#include <string.h>

#define SPEC_DIR "tests/unit/mustache-spec/"

static int partial(void *ctx, const char *name, struct buf *out, struct err *err)
{
    (void)err;
    const char *text = json_string_value(json_object_get(ctx, name));
    if (!text)
        return 1;
    buf_adds(out, text);
    return 0;
}

static void run_case(const char *file, const json_t *test)
{
    const char *name = json_string_value(json_object_get(test, "name"));
    const char *template = json_string_value(json_object_get(test, "template"));
    const char *expected = json_string_value(json_object_get(test, "expected"));
    ck_assert_msg(name && template && expected, "%s: not a case", file);
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct mustache_opts opts = {.partial = partial,
                                 .ctx = json_object_get(test, "partials")};
    CLEANUP(mustache_freep)
    struct mustache *t = mustache_parse(bytes_str(template), name, &err);
    ck_assert_msg(t != NULL, "%s: %s: %s", file, name, err.text);
    ck_assert_msg(mustache_render(t, json_object_get(test, "data"), &opts, &out, &err) ==
                      0,
                  "%s: %s: %s", file, name, err.text);
    ck_assert_msg(strcmp(buf_str(&out), expected) == 0, "%s: %s:\n got '%s'\nwant '%s'",
                  file, name, buf_str(&out), expected);
}

static void run_file(const char *file, size_t least)
{
    json_error_t error;
    json_t *root CLEANUP(json_decrefp) = json_load_file(file, 0, &error);
    ck_assert_msg(root != NULL, "%s: %s", file, error.text);
    const json_t *tests = json_object_get(root, "tests");
    ck_assert_uint_ge(json_array_size(tests), least);
    size_t i;
    json_t *test;
    json_array_foreach(tests, i, test) run_case(file, test);
}

START_TEST(interpolation)
{
    run_file(SPEC_DIR "interpolation.json", 30);
}
END_TEST

START_TEST(sections)
{
    run_file(SPEC_DIR "sections.json", 25);
}
END_TEST

START_TEST(inverted)
{
    run_file(SPEC_DIR "inverted.json", 21);
}
END_TEST

START_TEST(comments)
{
    run_file(SPEC_DIR "comments.json", 11);
}
END_TEST

START_TEST(partials)
{
    run_file(SPEC_DIR "partials.json", 10);
}
END_TEST

START_TEST(delimiters)
{
    run_file(SPEC_DIR "delimiters.json", 13);
}
END_TEST

START_TEST(later_editions)
{
    run_file(SPEC_DIR "more.json", 12);
}
END_TEST

UNIT_MAIN("mustache-spec", interpolation, sections, inverted, comments, partials,
          delimiters, later_editions)
