/*
 * Findings as JUnit's XML, which has no standard but is read everywhere: <testsuites>, one
 * <testsuite> per subject, one <testcase> per finding. Only the
 * attributes that all readers know are written, and every count that they check.
 */
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "report/finding.h"

#define XML(s) ((const xmlChar *)(s))

static void free_document(xmlDoc **doc)
{
    xmlFreeDoc(*doc);
}

/* Text that any XML 1.0 document may hold (2.2): visible text, but for U+FFFE and U+FFFF. */
static char *xml_text(const char *text)
{
    char *shown = visible(bytes_str(text));
    for (char *p = shown; (p = strstr(p, "\xef\xbf")) != NULL;) {
        if (p[2] == '\xbe' || p[2] == '\xbf')
            p[0] = p[1] = p[2] = '?';
        p += 3;
    }
    return shown;
}

static void set(xmlNode *node, const char *name, const char *value)
{
    CLEANUP(mem_freep) char *text = xml_text(value);
    xmlNewProp(node, XML(name), XML(text));
}

static void set_count(xmlNode *node, const char *name, size_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", n);
    xmlNewProp(node, XML(name), XML(text));
}

static void set_counts(xmlNode *node, size_t tests, size_t failures, size_t errors)
{
    set_count(node, "tests", tests);
    set_count(node, "failures", failures);
    set_count(node, "errors", errors);
}

static void add_line(struct buf *out, const char *label, const char *text)
{
    if (text && *text)
        buf_addf(out, "%s: %s\n", label, text);
}

static void add_outcome(xmlNode *parent, const struct finding *f)
{
    bool bad = f->verdict == FINDING_VIOLATION;
    CLEANUP(buf_release) struct buf raw = BUF_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    xmlNode *node = xmlNewChild(parent, NULL, XML(bad ? "failure" : "error"), NULL);
    set(node, "message", f->found ? f->found : f->rule->title);
    set(node, "type", bad ? finding_severity_name(f->severity) : "inconclusive");
    add_line(&raw, "expected", f->expected);
    add_line(&raw, bad ? "found" : "because", f->found);
    add_line(&raw, "remedy", !bad ? NULL : f->remedy ? f->remedy : f->rule->remedy);
    add_line(&raw, "see", f->rule->reference);
    struct bytes rest = bytes_buf(&raw);
    for (struct bytes line; bytes_next_line(&rest, &line);) {
        CLEANUP(mem_freep) char *one = bytes_dup(bytes_trim(line));
        CLEANUP(mem_freep) char *shown = xml_text(one);
        buf_addf(&text, "%s\n", shown);
    }
    xmlNodeAddContent(node, XML(buf_str(&text)));
}

static void add_case(xmlNode *suite, const struct finding *f)
{
    xmlNode *node = xmlNewChild(suite, NULL, XML("testcase"), NULL);
    CLEANUP(mem_freep)
    char *name = f->part ? mem_printf("%s: %s", f->rule->id, f->part) : NULL;
    set(node, "classname", f->subject);
    set(node, "name", name ? name : f->rule->id);
    if (f->verdict != FINDING_CONFORMS)
        add_outcome(node, f);
}

/* By subject; those of one in the order of the list, whose places the pointers are. */
static int by_subject(const void *a, const void *b)
{
    const struct finding *one = *(const struct finding *const *)a,
                         *other = *(const struct finding *const *)b;
    int by = strcmp(one->subject, other->subject);
    return by ? by : one < other ? -1 : one > other;
}

/* Writes the suite of the first of `sorted`; returns how many are in it. */
static size_t add_suite(xmlNode *root, const struct finding **sorted, size_t count)
{
    xmlNode *suite = xmlNewChild(root, NULL, XML("testsuite"), NULL);
    size_t n = 0, failures = 0, errors = 0;
    for (; n < count && strcmp(sorted[n]->subject, sorted[0]->subject) == 0; n++) {
        failures += sorted[n]->verdict == FINDING_VIOLATION;
        errors += sorted[n]->verdict == FINDING_INCONCLUSIVE;
        add_case(suite, sorted[n]);
    }
    set(suite, "name", sorted[0]->subject);
    set_counts(suite, n, failures, errors);
    return n;
}

static void add_suites(xmlNode *root, const struct findings *f)
{
    const struct finding **sorted CLEANUP(mem_freep) =
        mem_alloc((f->count + 1) * sizeof *sorted);
    for (size_t i = 0; i < f->count; i++)
        sorted[i] = &f->items[i];
    qsort(sorted, f->count, sizeof *sorted, by_subject);
    for (size_t i = 0; i < f->count;)
        i += add_suite(root, sorted + i, f->count - i);
}

static void add_property(xmlNode *properties, const char *name, size_t n)
{
    xmlNode *node = xmlNewChild(properties, NULL, XML("property"), NULL);
    set(node, "name", name);
    set_count(node, "value", n);
}

/* Properties belong to suites, so it is one without cases. */
static void add_others(xmlNode *root, const struct findings *f)
{
    if (f->resumed == 0 && f->left == 0)
        return;
    xmlNode *suite = xmlNewChild(root, NULL, XML("testsuite"), NULL);
    set(suite, "name", "not in this report");
    set_counts(suite, 0, 0, 0);
    xmlNode *properties = xmlNewChild(suite, NULL, XML("properties"), NULL);
    add_property(properties, "resumed", f->resumed);
    add_property(properties, "resumed_with_violations", f->resumed_bad);
    add_property(properties, "left", f->left);
}

int findings_junit(const struct findings *f, struct buf *out, struct err *err)
{
    CLEANUP(free_document) xmlDoc *doc = xmlNewDoc(XML("1.0"));
    xmlNode *root = xmlNewNode(NULL, XML("testsuites"));
    xmlChar *text = NULL;
    int size = 0;
    xmlDocSetRootElement(doc, root);
    set_counts(root, f->count, findings_count(f, FINDING_VIOLATION),
               findings_count(f, FINDING_INCONCLUSIVE));
    add_suites(root, f);
    add_others(root, f);
    xmlDocDumpFormatMemoryEnc(doc, &text, &size, "UTF-8", 1);
    if (!text)
        return err_set(err, ERR_SYSTEM, "libxml2 cannot write the report");
    buf_add(out, text, (size_t)size);
    xmlFree(text);
    return 0;
}
