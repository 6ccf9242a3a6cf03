/* Is the site read, and everything refused that a configuration file could not carry? */
#include "service/site.h"
#include "unit/tree.h"

#define STANDARD "/etc/tlsharden/site.json"

/* Loads a site from text beneath a root of its own. */
static int load(const char *json, struct site *site, struct err *err)
{
    CLEANUP(tree_remove) char *root = tree_make();
    CLEANUP(path_root_close) struct path_root at = {.fd = -1};
    CLEANUP(service_list_release) struct service_list services = SERVICE_LIST_INIT;
    ck_assert_msg(service_list_load(".", &services, err) == 0, "%s", err->text);
    ck_assert_int_eq(path_root_open(root, &at, err), 0);
    if (json)
        tree_write(root, STANDARD, json, 0644);
    return site_load(NULL, &at, STANDARD, &services, site, err);
}

static void refused(const char *json, const char *expected)
{
    struct err err = ERR_INIT;
    CLEANUP(site_release) struct site site = SITE_INIT;
    ck_assert_msg(load(json, &site, &err) == -1, "%s", json);
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert_ptr_null(site.json);
    ck_assert_msg(strncmp(err.text, STANDARD ":", strlen(STANDARD) + 1) == 0, "%s",
                  err.text);
    ck_assert_msg(strcmp(err.text + strlen(STANDARD) + 1, expected) == 0,
                  "\n got %s\nwant %s", err.text, expected);
}

START_TEST(no_file_is_an_empty_site)
{
    struct err err = ERR_INIT;
    CLEANUP(site_release) struct site site = SITE_INIT;
    ck_assert_int_eq(load(NULL, &site, &err), 0);
    ck_assert_uint_eq(site.hostnames.count, 0);
    ck_assert_ptr_null(site_of(&site, "apache"));
    ck_assert_ptr_null(site_certificate(&site, "apache", "chain"));
}
END_TEST

START_TEST(a_named_file_has_to_be_there)
{
    struct err err = ERR_INIT;
    struct site site = SITE_INIT;
    const struct service_list none = SERVICE_LIST_INIT;
    ck_assert_int_eq(site_load("/nonexistent", NULL, STANDARD, &none, &site, &err), -1);
    ck_assert_int_eq(err.kind, ERR_SYSTEM);
}
END_TEST

START_TEST(a_services_certificate_comes_first)
{
    struct err err = ERR_INIT;
    CLEANUP(site_release) struct site site = SITE_INIT;
    ck_assert_msg(
        load("{\"hostnames\":[\"mail.example.org\",\"a\",\"1.2.example\"],"
             "\"certificate\":{\"chain\":\"/a/c.pem\",\"key\":\"/a/k.pem\","
             "\"ca\":\"/a/ca.pem\"},\"services\":{\"courier\":{\"certificate\":"
             "{\"combined\":\"/a/@b_c+d:e=f~g-h/i.pem\"}},\"apache\":{\"vhosts\":"
             "[{\"name\":\"x.example.org\",\"document_root\":\"/srv\","
             "\"aliases\":[\"y.example.org\"],\"certificate\":{\"chain\":\"/v\","
             "\"key\":\"/w\"}}]}}}",
             &site, &err) == 0,
        "%s", err.text);
    ck_assert_uint_eq(site.hostnames.count, 3);
    ck_assert_str_eq(site.hostnames.items[0], "mail.example.org");
    ck_assert_str_eq(site_certificate(&site, "postfix", "chain"), "/a/c.pem");
    ck_assert_str_eq(site_certificate(&site, "apache", "ca"), "/a/ca.pem");
    ck_assert_str_eq(site_certificate(&site, "courier", "combined"),
                     "/a/@b_c+d:e=f~g-h/i.pem");
    ck_assert_ptr_null(site_certificate(&site, "courier", "chain"));
    ck_assert_ptr_nonnull(json_object_get(site_of(&site, "apache"), "vhosts"));
}
END_TEST

START_TEST(shapes)
{
    refused("[]", "1:1: must be an object");
    refused("{\"hostname\":[]}",
            "1:2: /hostname: unknown key; did you mean 'hostnames'?");
    refused("{\"x\":1}", "1:2: /x: unknown key");
    refused("{\"hostnames\":\"a\"}", "1:14: /hostnames: must be an array");
    refused("{\"hostnames\":[\n1]}", "2:1: /hostnames/0: must be a host name");
    refused("{\"certificate\":[]}", "1:16: /certificate: must be an object");
    refused(
        "{\"certificate\":{\"chain\":\"/a\"}}",
        "1:16: /certificate: 'chain' and 'key' belong together: name both, or one file "
        "with both as 'combined'");
    refused("{\"certificate\":{\"key\":7,\"chain\":\"/a\"}}",
            "1:23: /certificate/key: must be an absolute path");
    refused("{\"services\":true}", "1:13: /services: must be an object");
    refused("{\"services\":{\"apach\":{}}}",
            "1:14: /services/apach: unknown key; did you mean 'apache'?");
    refused("{\"services\":{\"apache\":[]}}",
            "1:23: /services/apache: must be an object");
    refused("{\"services\":{\"apache\":{\"vhost\":[]}}}",
            "1:24: /services/apache/vhost: unknown key; did you mean 'vhosts'?");
    refused("{\"services\":{\"postfix\":{\"vhosts\":[]}}}",
            "1:25: /services/postfix/vhosts: unknown key");
    refused("{\"services\":{\"apache\":{\"vhosts\":{}}}}",
            "1:33: /services/apache/vhosts: must be an array");
    refused("{\"services\":{\"apache\":{\"vhosts\":[{\"name\":\"a\"}]}}}",
            "1:34: /services/apache/vhosts/0: needs 'name' and 'document_root'");
    refused("{\"services\":{\"apache\":{\"vhosts\":[{\"name\":\"a\",\"document_root\":\"/"
            "x\"},"
            "{\"name\":\"A\",\"document_root\":\"/x\"}]}}}",
            "1:68: /services/apache/vhosts/1: 'a' is listed twice");
    refused("{\"services\":{\"apache\":{\"vhosts\":[{\"listen\":1}]}}}",
            "1:35: /services/apache/vhosts/0/listen: unknown key");
}
END_TEST

START_TEST(texts)
{
    refused("{\"certificate\":{\"ca\":\"a.pem\"}}",
            "1:22: /certificate/ca: must be an absolute path");
    refused(
        "{\"certificate\":{\"ca\":\"/a b\"}}",
        "1:22: /certificate/ca: a path may hold letters, digits and ._/@+:=~- only: not "
        "every configuration file can carry more (0x20)");
    refused("{\"hostnames\":[\"*.example.org\"]}",
            "1:15: /hostnames/0: must be a host name");
    static const char *const bad[] = {"",     ".",   "a.",  ".a",  "a..b", "-a",   "a-",
                                      "a-.b", "a_b", "a b", "a/b", "a:1",  "[::1]"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CLEANUP(mem_freep) char *json = mem_printf("{\"hostnames\":[\"%s\"]}", bad[i]);
        refused(json, "1:15: /hostnames/0: must be a host name");
    }
}
END_TEST

/* --- hostile values in every field ----------------------------------------------------------- */

/* %s is the value; the second is the pointer to it. */
static const char *const fields[][2] = {
    {"{\"hostnames\":[%s]}", "/hostnames/0"},
    {"{\"certificate\":{\"key\":\"/k\",\"chain\":%s}}", "/certificate/chain"},
    {"{\"certificate\":{\"chain\":\"/c\",\"key\":%s}}", "/certificate/key"},
    {"{\"certificate\":{\"ca\":%s}}", "/certificate/ca"},
    {"{\"certificate\":{\"combined\":%s}}", "/certificate/combined"},
    {"{\"services\":{\"courier\":{\"certificate\":{\"combined\":%s}}}}",
     "/services/courier/certificate/combined"},
    {"{\"services\":{\"apache\":{\"vhosts\":[{\"document_root\":\"/d\",\"name\":%s}]}}}",
     "/services/apache/vhosts/0/name"},
    {"{\"services\":{\"apache\":{\"vhosts\":[{\"name\":\"a\",\"document_root\":%s}]}}}",
     "/services/apache/vhosts/0/document_root"},
    {"{\"services\":{\"apache\":{\"vhosts\":[{\"name\":\"a\",\"document_root\":\"/d\","
     "\"aliases\":[%s]}]}}}",
     "/services/apache/vhosts/0/aliases/0"},
    {"{\"services\":{\"apache\":{\"vhosts\":[{\"name\":\"a\",\"document_root\":\"/d\","
     "\"certificate\":{\"ca\":%s}}]}}}",
     "/services/apache/vhosts/0/certificate/ca"},
};

static const char *const hostile[] = {"\"/a\\nSSLEngine off\"",
                                      "\"/a\\r\"",
                                      "\"/a\\tb\"",
                                      "\"/a\\\"b\"",
                                      "\"/a'b\"",
                                      "\"/$(id)\"",
                                      "\"/`id`\"",
                                      "\"/a;b\"",
                                      "\"/${HOME}\"",
                                      "\"/a\\\\\"",
                                      "\"/\\u0001\"",
                                      "\"/\\u007f\"",
                                      "\"/\\u00e4\"",
                                      "\"/\\u2028\"",
                                      "\"/a b\"",
                                      "\"/a#b\"",
                                      "\"/a%b\"",
                                      "\"/a*\"",
                                      "\"/<x>\"",
                                      "\"/a|b\"",
                                      "\"a\\nb\"",
                                      "\"\"",
                                      "\"a..b/..\"",
                                      "1",
                                      "1.5",
                                      "true",
                                      "null",
                                      "{}",
                                      "[]",
                                      "[\"/a\"]"};

static void refused_at(const char *pattern, const char *pointer, const char *value)
{
    struct err err = ERR_INIT;
    CLEANUP(site_release) struct site site = SITE_INIT;
    const char *mark = strstr(pattern, "%s");
    CLEANUP(mem_freep)
    char *json = mem_printf("%.*s%s%s", (int)(mark - pattern), pattern, value, mark + 2);
    CLEANUP(mem_freep)
    char *place = mem_printf(STANDARD ":1:%d: %s: ", (int)(mark - pattern) + 1, pointer);
    ck_assert_msg(load(json, &site, &err) == -1, "taken: %s", json);
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert_msg(strncmp(err.text, place, strlen(place)) == 0, "%s: %s", json, err.text);
    for (const char *c = err.text; *c; c++)
        ck_assert_msg((unsigned char)*c >= ' ', "%s: a control character is told", json);
}

START_TEST(hostile_values)
{
    for (size_t f = 0; f < ARRAY_LEN(fields); f++)
        for (size_t h = 0; h < ARRAY_LEN(hostile); h++)
            refused_at(fields[f][0], fields[f][1], hostile[h]);
}
END_TEST

START_TEST(values_that_are_too_long)
{
    char name[300], path[1100];
    memset(name, 'a', sizeof name);
    for (size_t i = 50; i < sizeof name; i += 50)
        name[i] = '.';
    memset(path, 'a', sizeof path);
    path[0] = '/';
    CLEANUP(mem_freep) char *long_name = mem_printf("\"%.*s\"", 254, name);
    CLEANUP(mem_freep) char *long_label = mem_printf("\"%.*s\"", 64, path + 1);
    CLEANUP(mem_freep) char *long_path = mem_printf("\"%.*s\"", 1025, path);
    refused_at(fields[0][0], fields[0][1], long_name);
    refused_at(fields[0][0], fields[0][1], long_label);
    refused_at(fields[3][0], fields[3][1], long_path);
}
END_TEST

START_TEST(nul_is_no_end)
{
    struct err err = ERR_INIT;
    for (size_t f = 0; f < ARRAY_LEN(fields); f++) {
        CLEANUP(site_release) struct site site = SITE_INIT;
        const char *mark = strstr(fields[f][0], "%s");
        CLEANUP(mem_freep)
        char *json = mem_printf("%.*s\"/a\\u0000b\"%s", (int)(mark - fields[f][0]),
                                fields[f][0], mark + 2);
        ck_assert_int_eq(load(json, &site, &err), -1);
        ck_assert_int_eq(err.kind, ERR_INPUT);
        ck_assert_msg(strncmp(err.text, STANDARD ":1:", strlen(STANDARD) + 3) == 0, "%s",
                      err.text);
    }
}
END_TEST

UNIT_MAIN("site", no_file_is_an_empty_site, a_named_file_has_to_be_there,
          a_services_certificate_comes_first, shapes, texts, hostile_values,
          values_that_are_too_long, nul_is_no_end)
