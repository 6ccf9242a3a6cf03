/* Does the strict mode refuse what it must, and say where? */
#include "template/mustache.h"
#include "unit/unit.h"

#include <string.h>

static int no_newline(struct bytes value, struct buf *out, struct err *err)
{
    if (memchr(value.data, '\n', value.len))
        return err_set(err, ERR_INPUT, "a line break can't be written there");
    buf_addf(out, "<%.*s>", (int)value.len, value.data);
    return 0;
}

static int self(void *ctx, const char *name, struct buf *out, struct err *err)
{
    (void)ctx, (void)err;
    buf_addf(out, "{{>%s}}", name);
    return 0;
}

/* Renders strictly; the result, or the error's text. */
static const char *strict(const char *template, const char *data)
{
    static char result[4096];
    struct err err = ERR_INIT;
    struct mustache_opts opts = {.strict = true, .escape = no_newline, .partial = self};
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    json_t *context CLEANUP(json_decrefp) = json_loads(data, 0, NULL);
    ck_assert_ptr_nonnull(context);
    CLEANUP(mustache_freep)
    struct mustache *t = mustache_parse(bytes_str(template), "t", &err);
    if (!t || mustache_render(t, context, &opts, &out, &err) < 0) {
        ck_assert_int_eq(err.kind, ERR_INPUT);
        ck_assert_uint_eq(out.len, 0);
        snprintf(result, sizeof result, "%s", err.text);
    } else {
        snprintf(result, sizeof result, "%s", buf_str(&out));
    }
    return result;
}

START_TEST(writes_values)
{
    ck_assert_str_eq(
        strict("{{a}} {{{a}}} {{n}} {{b}}", "{\"a\":\"x&\",\"n\":42,\"b\":true}"),
        "<x&> x& <42> <true>");
    ck_assert_str_eq(strict("{{#off}}a{{/off}}{{^off}}b{{/off}}", "{\"off\":null}"), "b");
}
END_TEST

START_TEST(refuses_missing_names)
{
    ck_assert_str_eq(strict("a\n  {{x.y}}", "{\"x\":{}}"), "t:2:3: no such name: 'x.y'");
    ck_assert_str_eq(strict("{{#x}}{{/x}}", "{}"), "t:1:1: no such name: 'x'");
    ck_assert_str_eq(strict("{{^x}}{{/x}}", "{}"), "t:1:1: no such name: 'x'");
}
END_TEST

START_TEST(refuses_what_has_no_text)
{
    ck_assert_str_eq(strict("{{x}}", "{\"x\":[1]}"), "t:1:1: has no value to write: 'x'");
    ck_assert_str_eq(strict("{{x}}", "{\"x\":null}"),
                     "t:1:1: has no value to write: 'x'");
}
END_TEST

START_TEST(tells_where_a_value_cannot_be_written)
{
    ck_assert_str_eq(strict("\n{{x}}", "{\"x\":\"a\\nb\"}"),
                     "t:2:1: 'x': a line break can't be written there");
}
END_TEST

START_TEST(refuses_wrong_templates)
{
    ck_assert_str_eq(strict("{{a", "{}"), "t:1:1: unclosed tag: no '}}' follows");
    ck_assert_str_eq(strict("{{{a}}", "{}"), "t:1:1: unclosed tag: no '}}}' follows");
    ck_assert_str_eq(strict("{{}}", "{}"), "t:1:1: a tag without a name");
    ck_assert_str_eq(strict("{{#a}}", "{}"), "t:1:1: 'a' is never closed");
    ck_assert_str_eq(strict("x{{/a}}", "{}"), "t:1:2: 'a' is closed but was not opened");
    ck_assert_str_eq(strict("{{#a}}\n{{/b}}", "{}"),
                     "t:2:1: 'b' is closed where 'a' of line 1 is open");
    ck_assert_str_eq(strict("{{=x=}}", "{}"), "t:1:1: bad delimiters 'x'");
}
END_TEST

START_TEST(ends_recursion)
{
    ck_assert_str_eq(strict("{{>p}}", "{}"), "p:1:1: partials nested too deeply: 'p'");
    CLEANUP(buf_release) struct buf deep = BUF_INIT;
    for (int i = 0; i < 100; i++)
        buf_adds(&deep, "{{#a}}");
    ck_assert_str_eq(strict(buf_str(&deep), "{}"),
                     "t:1:385: sections nested deeper than 64");
}
END_TEST

static void collect(void *ctx, struct bytes text, size_t line)
{
    buf_addf(ctx, "%zu:%.*s;", line, (int)text.len, text.data);
}

START_TEST(keeps_comments)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf seen = BUF_INIT;
    CLEANUP(mustache_freep)
    struct mustache *t =
        mustache_parse(BYTES("{{! why | RFC 1 }}\nx\n{{!y}}\n"), "t", &err);
    ck_assert_ptr_nonnull(t);
    mustache_comments(t, collect, &seen);
    ck_assert_str_eq(buf_str(&seen), "1:why | RFC 1;3:y;");
}
END_TEST

UNIT_MAIN("mustache", writes_values, refuses_missing_names, refuses_what_has_no_text,
          tells_where_a_value_cannot_be_written, refuses_wrong_templates, ends_recursion,
          keeps_comments)
