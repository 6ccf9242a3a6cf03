/* Findings: their order, what they come to, and each report of them. */
#include "unit/unit.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

#include "report/finding.h"

static const struct finding_rule versions = {
    .id = "tls/versions",
    .title = "no other version of TLS is accepted",
    .severity = FINDING_HIGH,
    .remedy = "turn the old versions off",
    .reference = "RFC 8996",
};
static const struct finding_rule suites = {
    .id = "tls/suites",
    .title = "no other suite is accepted",
    .severity = FINDING_LOW,
};

static struct finding *add(struct findings *all, const struct finding_rule *rule,
                           enum finding_verdict verdict, const char *subject,
                           const char *found)
{
    struct finding *f = findings_add(all, rule, verdict, subject);
    f->found = mem_strdup(found);
    return f;
}

static void fill(struct findings *all)
{
    add(all, &versions, FINDING_CONFORMS, "b:443", NULL);
    add(all, &suites, FINDING_INCONCLUSIVE, "b:443", "reset by the server");
    add(all, &suites, FINDING_VIOLATION, "a:443", "TLS_RSA_WITH_AES_128_CBC_SHA");
    struct finding *f = add(all, &versions, FINDING_VIOLATION, "b:443", "TLSv1");
    f->expected = mem_strdup("TLSv1.2, TLSv1.3");
    f = add(all, &suites, FINDING_VIOLATION, "c:443", "TLS_DH_anon_WITH_RC4_128_MD5");
    f->severity = FINDING_CRITICAL;
}

START_TEST(worst_comes_first)
{
    CLEANUP(findings_release) struct findings all = FINDINGS_INIT;
    static const char *const subjects[] = {"c:443", "b:443", "a:443", "b:443", "b:443"};
    fill(&all);
    findings_sort(&all);
    for (size_t i = 0; i < ARRAY_LEN(subjects); i++)
        ck_assert_str_eq(all.items[i].subject, subjects[i]);
    ck_assert_int_eq(all.items[3].verdict, FINDING_INCONCLUSIVE);
    ck_assert_int_eq(all.items[4].verdict, FINDING_CONFORMS);
}
END_TEST

START_TEST(inconclusive_never_passes)
{
    CLEANUP(findings_release) struct findings all = FINDINGS_INIT;
    ck_assert_int_eq(findings_status(&all, FINDING_INFO), 0);
    add(&all, &versions, FINDING_CONFORMS, "a", NULL);
    ck_assert_int_eq(findings_status(&all, FINDING_INFO), 0);
    add(&all, &suites, FINDING_INCONCLUSIVE, "a", "silence");
    ck_assert_int_eq(findings_status(&all, FINDING_INFO), 4);
    ck_assert_int_eq(findings_status(&all, FINDING_CRITICAL), 4);
    add(&all, &suites, FINDING_VIOLATION, "a", "x");
    ck_assert_int_eq(findings_status(&all, FINDING_LOW), 1);
    ck_assert_int_eq(findings_status(&all, FINDING_MEDIUM), 4);
}
END_TEST

START_TEST(many_are_joined_and_counted)
{
    CLEANUP(findings_release) struct findings all = FINDINGS_INIT;
    CLEANUP(findings_release) struct findings more = FINDINGS_INIT;
    fill(&all);
    fill(&more);
    findings_drop_conforming(&more);
    ck_assert_uint_eq(more.count, 4);
    ck_assert_uint_eq(findings_count(&more, FINDING_CONFORMS), 1);
    findings_join(&all, &more);
    ck_assert_uint_eq(more.count, 0);
    ck_assert_uint_eq(all.count, 9);
    ck_assert_uint_eq(findings_count(&all, FINDING_CONFORMS), 2);
    ck_assert_uint_eq(findings_count(&all, FINDING_VIOLATION), 6);
}
END_TEST

START_TEST(severities_have_names)
{
    enum finding_severity s = FINDING_INFO;
    for (int i = FINDING_INFO; i <= FINDING_CRITICAL; i++) {
        ck_assert(finding_severity_by_name(
            finding_severity_name((enum finding_severity)i), &s));
        ck_assert_int_eq(s, i);
    }
    ck_assert(!finding_severity_by_name("awful", &s));
}
END_TEST

START_TEST(text_keeps_to_its_columns)
{
    CLEANUP(findings_release) struct findings all = FINDINGS_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    CLEANUP(buf_release) struct buf many = BUF_INIT;
    for (int i = 0; i < 40; i++)
        buf_addf(&many, "%sword%d", i ? " " : "", i);
    fill(&all);
    add(&all, &suites, FINDING_VIOLATION, "d:443", buf_str(&many));
    findings_sort(&all);
    findings_text(&all, false, &out);
    struct bytes rest = bytes_buf(&out);
    for (struct bytes line; bytes_next_line(&rest, &line);)
        ck_assert_uint_le(line.len, 81);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "critical      c:443: no other suite"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "              found     TLSv1\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "because   reset by the server\n"));
    ck_assert_ptr_nonnull(
        strstr(buf_str(&out), "4 violations, 1 inconclusive, 1 conforms\n"));
    ck_assert_ptr_null(strchr(buf_str(&out), '\033'));
    all.resumed = 3;
    all.resumed_bad = 1;
    all.left = 2;
    findings_text(&all, false, &out);
    ck_assert_ptr_nonnull(strstr(buf_str(&out),
                                 ", 1 conforms; 3 done before (1 with violations); "
                                 "interrupted: 2 not done\n"));
    buf_clear(&out);
    findings_text(&all, true, &out);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "\033[1;31mcritical\033[0m"));
}
END_TEST

START_TEST(hostile_text_is_made_visible)
{
    CLEANUP(findings_release) struct findings all = FINDINGS_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    add(&all, &suites, FINDING_VIOLATION, "a", "\033[2J <&\"]]>\x01 \xff \xef\xbf\xbf");
    findings_text(&all, false, &out);
    ck_assert_ptr_null(strchr(buf_str(&out), '\033'));
    buf_clear(&out);
    ck_assert_int_eq(findings_junit(&all, &out, &err), 0);
    xmlDoc *doc = xmlReadMemory(out.data, (int)out.len, "report", NULL,
                                XML_PARSE_NONET | XML_PARSE_NOERROR);
    ck_assert_ptr_nonnull(doc);
    xmlFreeDoc(doc);
}
END_TEST

START_TEST(json_has_it_all)
{
    CLEANUP(findings_release) struct findings all = FINDINGS_INIT;
    fill(&all);
    findings_sort(&all);
    json_auto_t *it = findings_json(&all);
    const json_t *second = json_array_get(it, 1);
    static const char *const expected[][2] = {
        {"rule", "tls/versions"},
        {"verdict", "violation"},
        {"severity", "high"},
        {"subject", "b:443"},
        {"found", "TLSv1"},
        {"expected", "TLSv1.2, TLSv1.3"},
        {"remedy", "turn the old versions off"},
        {"reference", "RFC 8996"},
        {"title", "no other version of TLS is accepted"},
    };
    ck_assert_uint_eq(json_array_size(it), 5);
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        ck_assert_str_eq(json_string_value(json_object_get(second, expected[i][0])),
                         expected[i][1]);
}
END_TEST

static double count(xmlDoc *doc, const char *what)
{
    xmlXPathContext *context = xmlXPathNewContext(doc);
    xmlXPathObject *found = xmlXPathEval((const xmlChar *)what, context);
    ck_assert_ptr_nonnull(found);
    double n = xmlXPathCastToNumber(found);
    xmlXPathFreeObject(found);
    xmlXPathFreeContext(context);
    return n;
}

START_TEST(junit_tells_failures_from_errors)
{
    CLEANUP(findings_release) struct findings all = FINDINGS_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    static const struct {
        const char *what;
        double n;
    } expected[] = {
        {"count(/testsuites/testsuite)", 4},
        {"number(/testsuites/@tests)", 5},
        {"number(/testsuites/@failures)", 3},
        {"number(/testsuites/@errors)", 1},
        {"count(//testsuite[@name='b:443']/testcase)", 3},
        {"number(//testsuite[@name='b:443']/@errors)", 1},
        {"count(//testsuite[@name='b:443']/testcase[@name='tls/suites']/error)", 1},
        {"count(//failure[@type='critical'])", 1},
        {"count(//testcase[not(failure) and not(error)])", 1},
        {"count(//testsuite/properties)", 1},
        {"number(//property[@name='resumed']/@value)", 0},
        {"number(//property[@name='left']/@value)", 7},
    };
    fill(&all);
    all.left = 7;
    findings_sort(&all);
    ck_assert_int_eq(findings_junit(&all, &out, &err), 0);
    xmlDoc *doc = xmlReadMemory(out.data, (int)out.len, "report", NULL, XML_PARSE_NONET);
    ck_assert_ptr_nonnull(doc);
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        ck_assert_msg(count(doc, expected[i].what) == expected[i].n, "%s in %s",
                      expected[i].what, buf_str(&out));
    xmlFreeDoc(doc);
    xmlCleanupParser();
}
END_TEST

UNIT_MAIN("finding", worst_comes_first, inconclusive_never_passes,
          many_are_joined_and_counted, severities_have_names, text_keeps_to_its_columns,
          hostile_text_is_made_visible, json_has_it_all, junit_tells_failures_from_errors)
