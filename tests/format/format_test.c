/*
 * Does every format do what its cases say?
 *
 * A case is a folder tests/format/<format>/{valid,invalid}/<case>/, where <format> is a name that
 * format_find() knows. Its files:
 *
 *   input       the document                                     (all but escape cases)
 *   fragment    what to merge into it
 *   rules.json  the rules for merge()                            (optional)
 *   scope       "KIND INDEX": merge into, or ask, that section   (optional; default: the document)
 *   output      valid: the document after the merge
 *   facts.json  valid: what facts() answers for the input        (optional)
 *   error       invalid: the message of merge() or escape()
 *   value       an escape case: the value; then `escaped` is what valid ones become
 *
 * One newline at the end of `error`, `value` and `escaped` is not part of them. Every valid case is
 * also held against what all formats promise: emit is the identity (for the input, its CRLF variant
 * and the output), edits don't overlap, and merging a second time yields no edits.
 */
#include "format/format.h"
#include "base/file.h"
#include "format/edits.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT "tests/format"

struct sample {
    char *name; /* "httpd/valid/empty" */
    const struct format *format;
};

static struct sample *samples;
static size_t sample_count, sample_cap;

/* --- reading a case -------------------------------------------------------------------------- */

static bool load(const struct sample *s, const char *file, struct buf *out)
{
    CLEANUP(mem_freep) char *path = mem_printf(ROOT "/%s/%s", s->name, file);
    struct err err = ERR_INIT;
    if (!file_exists(path))
        return false;
    if (file_read(path, FILE_LIMIT, out, NULL, &err) < 0)
        ck_abort_msg("%s", err.text);
    return true;
}

static void need(const struct sample *s, const char *file, struct buf *out)
{
    if (!load(s, file, out))
        ck_abort_msg("%s: no file '%s'", s->name, file);
}

/* Without the newline that editors put at the end of a file. */
static void need_line(const struct sample *s, const char *file, struct buf *out)
{
    need(s, file, out);
    if (out->len && out->data[out->len - 1] == '\n')
        out->data[--out->len] = '\0';
}

static bool has(const struct sample *s, const char *file)
{
    CLEANUP(mem_freep) char *path = mem_printf(ROOT "/%s/%s", s->name, file);
    return file_exists(path);
}

static json_t *load_json(const struct sample *s, const char *file)
{
    CLEANUP(mem_freep) char *path = mem_printf(ROOT "/%s/%s", s->name, file);
    if (!file_exists(path))
        return NULL;
    json_error_t e;
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
    if (!json)
        ck_abort_msg("%s:%d:%d: %s", path, e.line, e.column, e.text);
    return json;
}

/* The section that the case's `scope` names; NULL when it names none. */
static const struct scope *find_scope(const struct sample *s, const struct doc *doc,
                                      struct scope *ret)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (!load(s, "scope", &text))
        return NULL;
    ck_assert_msg(s->format->scopes, "%s: this format has no sections", s->name);
    const char *space = strchr(buf_str(&text), ' ');
    ck_assert_msg(space, "%s: scope is not 'KIND INDEX'", s->name);
    CLEANUP(mem_freep) char *kind = mem_strndup(text.data, (size_t)(space - text.data));
    char *end = NULL;
    size_t index = strtoul(space + 1, &end, 10);
    ck_assert_msg(end != space + 1, "%s: scope is not 'KIND INDEX'", s->name);
    CLEANUP(mem_freep) struct scope *all = NULL;
    size_t count = s->format->scopes(doc, kind, &all);
    ck_assert_msg(index < count, "%s: only %zu sections %s", s->name, count, kind);
    *ret = all[index];
    return ret;
}

/* --- what is asked --------------------------------------------------------------------------- */

/* Names the first difference, because whole files in a message help nobody. */
static void assert_same(const struct sample *s, const char *what, struct bytes got,
                        struct bytes want)
{
    if (bytes_eq(got, want))
        return;
    size_t at = 0, line = 1;
    for (; at < got.len && at < want.len && got.data[at] == want.data[at]; at++)
        line += got.data[at] == '\n';
    ck_abort_msg("%s: %s differs in line %zu (byte %zu); got:\n%.*s", s->name, what, line,
                 at, (int)got.len, got.data);
}

static void assert_identity(const struct sample *s, const char *what, struct bytes text)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct doc *doc = s->format->parse(text);
    s->format->emit(doc, &out);
    s->format->release(doc);
    assert_same(s, what, bytes_buf(&out), text);
}

/* Merges the case's fragment into `text`; the number of edits, or -1 with `err` set. */
static int merge(const struct sample *s, struct bytes text, struct buf *out,
                 struct err *err)
{
    CLEANUP(buf_release) struct buf fragment = BUF_INIT;
    CLEANUP(edits_release) struct edits edits = EDITS_INIT;
    struct scope scope;
    need(s, "fragment", &fragment);
    json_t *rules = load_json(s, "rules.json");
    struct doc *doc = s->format->parse(text);
    int status = s->format->merge(doc, find_scope(s, doc, &scope), bytes_buf(&fragment),
                                  rules, &edits, err);
    s->format->release(doc);
    json_decref(rules);
    ck_assert_msg(status == 0 || edits.count == 0, "%s: failed, but left edits", s->name);
    if (status < 0)
        return -1;
    edits_apply(text, &edits, out);
    ck_assert_msg(edits_are_sound(&edits, text.len), "%s: edits overlap", s->name);
    return (int)edits.count;
}

static void with_crlf(const struct buf *text, struct buf *out)
{
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] == '\n' && (i == 0 || text->data[i - 1] != '\r'))
            buf_addc(out, '\r');
        buf_addc(out, text->data[i]);
    }
}

START_TEST(keeps_every_byte)
{
    const struct sample *s = &samples[_i];
    CLEANUP(buf_release) struct buf input = BUF_INIT, crlf = BUF_INIT, output = BUF_INIT;
    need(s, "input", &input);
    assert_identity(s, "input", bytes_buf(&input));
    with_crlf(&input, &crlf);
    assert_identity(s, "input with CRLF", bytes_buf(&crlf));
    if (load(s, "output", &output))
        assert_identity(s, "output", bytes_buf(&output));
}
END_TEST

START_TEST(merges_to_output)
{
    const struct sample *s = &samples[_i];
    CLEANUP(buf_release) struct buf input = BUF_INIT, output = BUF_INIT, got = BUF_INIT;
    struct err err = ERR_INIT;
    need(s, "input", &input);
    need(s, "output", &output);
    if (merge(s, bytes_buf(&input), &got, &err) < 0)
        ck_abort_msg("%s: %s", s->name, err.text);
    assert_same(s, "output", bytes_buf(&got), bytes_buf(&output));
}
END_TEST

START_TEST(merges_once)
{
    const struct sample *s = &samples[_i];
    CLEANUP(buf_release) struct buf output = BUF_INIT, again = BUF_INIT;
    struct err err = ERR_INIT;
    need(s, "output", &output);
    int edits = merge(s, bytes_buf(&output), &again, &err);
    if (edits < 0)
        ck_abort_msg("%s: %s", s->name, err.text);
    assert_same(s, "second merge", bytes_buf(&again), bytes_buf(&output));
    ck_assert_msg(edits == 0, "%s: second merge has %d edits", s->name, edits);
}
END_TEST

START_TEST(tells_the_facts)
{
    const struct sample *s = &samples[_i];
    CLEANUP(buf_release) struct buf input = BUF_INIT;
    struct scope scope;
    need(s, "input", &input);
    json_t *want = load_json(s, "facts.json");
    struct doc *doc = s->format->parse(bytes_buf(&input));
    json_t *got = s->format->facts(doc, find_scope(s, doc, &scope));
    s->format->release(doc);
    if (!json_equal(got, want))
        ck_abort_msg("%s: facts differ; got:\n%s", s->name,
                     json_dumps(got, JSON_INDENT(1)));
    json_decref(got);
    json_decref(want);
}
END_TEST

START_TEST(refuses)
{
    const struct sample *s = &samples[_i];
    CLEANUP(buf_release) struct buf input = BUF_INIT, want = BUF_INIT, out = BUF_INIT;
    struct err err = ERR_INIT;
    need(s, "input", &input);
    need_line(s, "error", &want);
    assert_identity(s, "input", bytes_buf(&input));
    ck_assert_msg(merge(s, bytes_buf(&input), &out, &err) < 0, "%s: was not refused",
                  s->name);
    ck_assert_str_eq(err.text, buf_str(&want));
    ck_assert_int_eq(err.kind, ERR_INPUT);
}
END_TEST

START_TEST(escapes)
{
    const struct sample *s = &samples[_i];
    CLEANUP(buf_release) struct buf value = BUF_INIT, want = BUF_INIT, got = BUF_INIT;
    struct err err = ERR_INIT;
    need_line(s, "value", &value);
    need_line(s, "escaped", &want);
    if (s->format->escape(bytes_buf(&value), &got, &err) < 0)
        ck_abort_msg("%s: %s", s->name, err.text);
    assert_same(s, "escaped value", bytes_buf(&got), bytes_buf(&want));
}
END_TEST

START_TEST(refuses_value)
{
    const struct sample *s = &samples[_i];
    CLEANUP(buf_release) struct buf value = BUF_INIT, want = BUF_INIT, got = BUF_INIT;
    struct err err = ERR_INIT;
    need_line(s, "value", &value);
    need_line(s, "error", &want);
    ck_assert_msg(s->format->escape(bytes_buf(&value), &got, &err) < 0, "%s: not refused",
                  s->name);
    ck_assert_str_eq(err.text, buf_str(&want));
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert_uint_eq(got.len, 0);
}
END_TEST

/* --- finding the cases ----------------------------------------------------------------------- */

static int is_visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static void add_case(Suite *suite, const char *name, const struct format *format,
                     bool valid)
{
    MEM_GROW(samples, sample_count, sample_cap);
    int i = (int)sample_count++;
    const struct sample *s = &samples[i];
    samples[i] = (struct sample){.name = mem_strdup(name), .format = format};
    TCase *tcase = tcase_create(s->name);
    suite_add_tcase(suite, tcase);
    if (has(s, "value")) {
        tcase_add_loop_test(tcase, valid ? escapes : refuses_value, i, i + 1);
    } else if (!valid) {
        tcase_add_loop_test(tcase, refuses, i, i + 1);
    } else {
        tcase_add_loop_test(tcase, keeps_every_byte, i, i + 1);
        if (has(s, "facts.json"))
            tcase_add_loop_test(tcase, tells_the_facts, i, i + 1);
        if (!has(s, "fragment"))
            return;
        tcase_add_loop_test(tcase, merges_to_output, i, i + 1);
        tcase_add_loop_test(tcase, merges_once, i, i + 1);
    }
}

static void add_folder(Suite *suite, const struct format *format, const char *sort)
{
    CLEANUP(mem_freep) char *path = mem_printf(ROOT "/%s/%s", format->name, sort);
    struct dirent **list = NULL;
    int count = scandir(path, &list, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        CLEANUP(mem_freep)
        char *name = mem_printf("%s/%s/%s", format->name, sort, list[i]->d_name);
        add_case(suite, name, format, strcmp(sort, "valid") == 0);
        free(list[i]);
    }
    free(list);
}

static bool is_folder(const char *name)
{
    CLEANUP(mem_freep) char *path = mem_printf(ROOT "/%s/.", name);
    return file_exists(path);
}

static Suite *gather(void)
{
    Suite *suite = suite_create("format");
    struct dirent **list = NULL;
    int count = scandir(ROOT, &list, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        const struct format *format = format_find(list[i]->d_name);
        if (format) {
            add_folder(suite, format, "invalid");
            add_folder(suite, format, "valid");
        } else if (is_folder(list[i]->d_name)) {
            printf("Bail out! " ROOT "/%s: no such format\n", list[i]->d_name);
            exit(EXIT_FAILURE);
        }
        free(list[i]);
    }
    free(list);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(gather());
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    for (size_t i = 0; i < sample_count; i++)
        free(samples[i].name);
    free(samples);
    if (sample_count == 0)
        printf("not ok - no cases under " ROOT "; run this from the top of the tree\n");
    return failed || sample_count == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
