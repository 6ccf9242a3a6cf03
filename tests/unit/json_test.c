/* Do JSON errors say where? */
#include "base/json.h"
#include "unit/unit.h"

#include <string.h>

static const char text[] =
    "{\n  \"a\": [1, {\"b/c\": \"x\\\"}\"}, 3],\n  \"\\u00e9\": {\"k~\": true}\n}\n";

static struct json_doc parsed(void)
{
    struct err err = ERR_INIT;
    struct json_doc doc = JSON_DOC_INIT;
    ck_assert_msg(json_doc_parse("f", bytes_str(text), &doc, &err) == 0, "%s", err.text);
    return doc;
}

static void at(const struct json_doc *doc, const char *pointer, size_t line,
               size_t column)
{
    struct json_place p = json_doc_place(doc, pointer);
    ck_assert_msg(p.line == line && p.column == column, "%s: %zu:%zu", pointer, p.line,
                  p.column);
}

START_TEST(finds_places)
{
    CLEANUP(json_doc_release) struct json_doc doc = parsed();
    at(&doc, "", 1, 1);
    at(&doc, "/a", 2, 8);
    at(&doc, "/a/0", 2, 9);
    at(&doc, "/a/1/b~1c", 2, 20);
    at(&doc, "/a/2", 2, 29);
    at(&doc, "/\xc3\xa9/k~0", 3, 20);
    at(&doc, "/nothing", 0, 0);
    struct json_place p = json_doc_key_place(&doc, "/a/1/b~1c");
    ck_assert_uint_eq(p.column, 13);
}
END_TEST

START_TEST(tells_errors_with_place_and_pointer)
{
    CLEANUP(json_doc_release) struct json_doc doc = parsed();
    struct err err = ERR_INIT;
    ck_assert_int_eq(json_doc_error(&doc, "/a/2", &err, "no %s", "good"), -1);
    ck_assert_str_eq(err.text, "f:2:29: /a/2: no good");
    ck_assert_int_eq(err.kind, ERR_INPUT);
    (void)json_doc_error(&doc, "/a/9", &err, "missing");
    ck_assert_str_eq(err.text, "f:2:8: /a/9: missing");
    (void)json_doc_key_error(&doc, "/a", &err, "unknown");
    ck_assert_str_eq(err.text, "f:2:3: /a: unknown");
}
END_TEST

static void refused(const char *json, const char *expected)
{
    struct err err = ERR_INIT;
    struct json_doc doc = JSON_DOC_INIT;
    ck_assert_int_eq(json_doc_parse("f", bytes_str(json), &doc, &err), -1);
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert_msg(strstr(err.text, expected) == err.text, "'%s'", err.text);
    ck_assert_ptr_null(doc.root);
}

START_TEST(refuses_bad_documents)
{
    refused("{\"a\": 1,\n \"a\": 2}", "f:2:");
    refused("{\"a\": \"\\u0000\"}", "f:1:");
    refused("{\"a\": 1} x", "f:1:");
    refused("", "f:1:");
    CLEANUP(buf_release) struct buf deep = BUF_INIT;
    for (int i = 0; i < 40; i++)
        buf_addc(&deep, '[');
    refused(buf_str(&deep), "f:1:33: nested deeper than 32");
}
END_TEST

START_TEST(walks_pointers)
{
    CLEANUP(json_doc_release) struct json_doc doc = parsed();
    ck_assert_str_eq(json_string_value(json_doc_at(doc.root, "/a/1/b~1c")), "x\"}");
    ck_assert_ptr_null(json_doc_at(doc.root, "/a/b/c"));
    CLEANUP(mem_freep) char *p = json_doc_pointer("/x", "a/b~");
    ck_assert_str_eq(p, "/x/a~1b~0");
}
END_TEST

UNIT_MAIN("json", finds_places, tells_errors_with_place_and_pointer,
          refuses_bad_documents, walks_pointers)
