/* Are parameters that refer to each other expanded as their server does, and never without end? */
#include "service/parameters.h"
#include "unit/unit.h"

#include "base/mem.h"

static json_t *table(void)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "dir", "/etc/tls", "chain",
                     "$dir/chain.pem", "key", "${chain}.key", "old", "$(dir)/old", "self",
                     "$self", "dollar", "a$$b");
}

static void expands(const char *text, const char *wanted)
{
    json_t *t CLEANUP(json_decrefp) = table();
    CLEANUP(mem_freep) char *value = parameters_expand(t, text);
    ck_assert_str_eq(value, wanted);
}

START_TEST(references)
{
    expands("", "");
    expands("plain", "plain");
    expands("$dir", "/etc/tls");
    expands("${dir}x $(dir)", "/etc/tlsx /etc/tls");
    expands("$key", "/etc/tls/chain.pem.key");
    expands("$old", "/etc/tls/old");
    expands("$dollar", "a$b");
    expands("$dir.pem", "/etc/tls.pem");
}
END_TEST

/* What cannot be told stays as it is written. */
START_TEST(unknown)
{
    expands("$none", "$none");
    expands("$dir/$none", "$dir/$none");
    expands("${dir?{a}:{b}}", "${dir?{a}:{b}}");
    expands("${dir", "${dir");
    expands("$(dir}", "$(dir}");
    expands("$", "$");
    expands("a$", "a$");
    expands("$self", "$self");
}
END_TEST

/* 8^12 copies of a letter are asked for. */
START_TEST(bounded)
{
    json_t *t CLEANUP(json_decrefp) = json_pack("{s:s}", "a", "xxxxxxxx");
    for (int c = 'b'; c <= 'm'; c++) {
        const char name[] = {(char)c, '\0'}, of = (char)(c - 1);
        CLEANUP(mem_freep)
        char *value =
            mem_printf("$%c$%c$%c$%c$%c$%c$%c$%c", of, of, of, of, of, of, of, of);
        json_object_set_new(t, name, json_string(value));
    }
    CLEANUP(mem_freep) char *value = parameters_expand(t, "$m");
    ck_assert_str_eq(value, "$m");
}
END_TEST

START_TEST(whole_table)
{
    json_t *t CLEANUP(json_decrefp) = table();
    json_t *out CLEANUP(json_decrefp) = parameters_table(t);
    ck_assert_uint_eq(json_object_size(out), json_object_size(t));
    ck_assert_str_eq(json_string_value(json_object_get(out, "key")),
                     "/etc/tls/chain.pem.key");
    ck_assert_str_eq(json_string_value(json_object_get(t, "key")), "${chain}.key");
}
END_TEST

UNIT_MAIN("parameters", references, unknown, bounded, whole_table)
