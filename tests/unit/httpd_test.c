/* What httpd documents tell of themselves: directives, arguments, sections without an end. */
#include "format/httpd.h"
#include "unit/unit.h"

#include <string.h>

/* --- arguments ------------------------------------------------------------------------------- */

/* Holds that `raw` has the arguments `expected`, each followed by "|". */
static void reads_as(struct bytes raw, const char *expected)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    CLEANUP(buf_release) struct buf got = BUF_INIT;
    httpd_args(raw, &args);
    for (size_t i = 0; i < args.count; i++)
        buf_addf(&got, "%s|", args.items[i]);
    ck_assert_str_eq(buf_str(&got), expected);
}

START_TEST(white_space_separates)
{
    reads_as(BYTES(""), "");
    reads_as(BYTES(" \t "), "");
    reads_as(BYTES("a"), "a|");
    reads_as(BYTES(" a\tb \f\v c\r"), "a|b|c|");
}
END_TEST

START_TEST(quotes_hold_together)
{
    reads_as(BYTES("\"a b\" 'c \"d'"), "a b|c \"d|");
    reads_as(BYTES("\"\" ''"), "||");
    reads_as(BYTES("\"a\"b 'c'd"), "a|b|c|d|");
    reads_as(BYTES("a\"b c\"d"), "a\"b|c\"d|");
    reads_as(BYTES("a \"b c"), "a|b c|");
    reads_as(BYTES("\""), "|");
}
END_TEST

START_TEST(backslash_protects)
{
    reads_as(BYTES("\"a\\\"b\" 'c\\'d'"), "a\"b|c'd|");
    reads_as(BYTES("\"a\\'b\" \"c\\d\""), "a\\'b|c\\d|");
    reads_as(BYTES("\"a\\\\\" b"), "a\\|b|");
    reads_as(BYTES("a\\\\b c\\d e\\"), "a\\b|c\\d|e\\|");
    reads_as(BYTES("\"a\\"), "a\\|");
    reads_as(BYTES("a\\ b"), "a\\|b|");
}
END_TEST

START_TEST(continued_lines_are_one)
{
    reads_as(BYTES("a \\\n b"), "a|b|");
    reads_as(BYTES("a\\\nb"), "ab|");
    reads_as(BYTES("a\\\r\nb \\\r\nc"), "ab|c|");
    reads_as(BYTES("\"a\\\n\\\"b\\\\\nc\""), "a\"b\\c|");
    reads_as(BYTES("\\\n\\\n"), "");
}
END_TEST

/* --- directives ------------------------------------------------------------------------------ */

static const char site[] = "Listen 443\n"                          /* 1 */
                           "<IfModule x>\n"                        /* 2 */
                           "<VirtualHost *:443>\n"                 /* 3 */
                           "  # SSLEngine off\n"                   /* 4 */
                           "  SSLProtocol -all \\\n    +TLS \n"    /* 5, 6 */
                           "  <IfDefine y>\n    sslengine on\n"    /* 7, 8 */
                           "    <Location />\n      A 1\n"         /* 9, 10 */
                           "    </Location>\n  </IfDefine>\n"      /* 11, 12 */
                           "  <Directory /srv>\n    B 1\n"         /* 13, 14 */
                           "  </Directory>\n  Last\n"              /* 15, 16 */
                           "</VirtualHost>\nInner 2\n"             /* 17, 18 */
                           "</IfModule>\n\"Quoted\" x\nListen 80"; /* 19, 20, 21 */

/* Appends "LINE NAME=ARGUMENTS[?]" for each directive of the scope. */
static void list(const struct doc *doc, const struct scope *scope, struct buf *out)
{
    CLEANUP(mem_freep) struct httpd_directive *all = NULL;
    size_t count = httpd_directives(doc, scope, &all);
    for (size_t i = 0; i < count; i++) {
        buf_addf(out, "%zu ", all[i].line);
        buf_addb(out, all[i].name);
        buf_addc(out, '=');
        buf_addb(out, all[i].args);
        buf_adds(out, all[i].conditional ? "?;" : ";");
    }
}

START_TEST(of_the_file)
{
    CLEANUP(buf_release) struct buf got = BUF_INIT;
    const struct format *f = format_find("httpd");
    struct doc *doc = f->parse(bytes_str(site));
    list(doc, NULL, &got);
    ck_assert_str_eq(buf_str(&got), "1 Listen=443;18 Inner=2?;21 Listen=80;");
    f->release(doc);
}
END_TEST

START_TEST(of_a_section)
{
    CLEANUP(buf_release) struct buf got = BUF_INIT;
    CLEANUP(mem_freep) struct scope *scopes = NULL;
    const struct format *f = format_find("httpd");
    struct doc *doc = f->parse(bytes_str(site));
    ck_assert_uint_eq(f->scopes(doc, "virtualhost", &scopes), 1);
    ck_assert_uint_eq(scopes[0].line, 3);
    list(doc, &scopes[0], &got);
    ck_assert_str_eq(buf_str(&got),
                     "5 SSLProtocol=-all \\\n    +TLS;8 sslengine=on?;16 Last=;");
    f->release(doc);
}
END_TEST

START_TEST(spans_are_whole_lines)
{
    CLEANUP(mem_freep) struct httpd_directive *all = NULL;
    const struct format *f = format_find("httpd");
    const char text[] = "A 1\n  B \\\r\n 2 \r\nC";
    struct doc *doc = f->parse(bytes_str(text));
    ck_assert_uint_eq(httpd_directives(doc, NULL, &all), 3);
    ck_assert_uint_eq(all[0].begin, 0);
    ck_assert_uint_eq(all[0].end, 4);
    ck_assert_uint_eq(all[1].begin, 4);
    ck_assert_uint_eq(all[1].end, strlen(text) - 1);
    ck_assert_uint_eq(all[2].end, strlen(text));
    ck_assert_uint_eq(all[2].line, 4);
    f->release(doc);
}
END_TEST

START_TEST(of_nothing)
{
    CLEANUP(mem_freep) struct httpd_directive *all = NULL;
    const struct format *f = format_find("httpd");
    struct doc *doc = f->parse(BYTES(""));
    ck_assert_uint_eq(httpd_directives(doc, NULL, &all), 0);
    f->release(doc);
}
END_TEST

/* --- sections without an end ----------------------------------------------------------------- */

/* The line of the first section without an end; 0 when there is none. */
static size_t unclosed(const char *text)
{
    const struct format *f = format_find("httpd");
    struct doc *doc = f->parse(bytes_str(text));
    size_t line = 0;
    bool is = httpd_unclosed(doc, &line);
    f->release(doc);
    ck_assert_int_eq(is, line != 0);
    return line;
}

START_TEST(sections_end)
{
    ck_assert_uint_eq(unclosed(""), 0);
    ck_assert_uint_eq(unclosed(site), 0);
    ck_assert_uint_eq(unclosed("<A>\n<b>\n</B>\n</a> # c"), 0);
    ck_assert_uint_eq(unclosed("</A>\n"), 0);
    ck_assert_uint_eq(unclosed("# <A>\n# \\\n<A>\n"), 0);
}
END_TEST

START_TEST(sections_do_not_end)
{
    ck_assert_uint_eq(unclosed("A 1\n<A>\n"), 2);
    ck_assert_uint_eq(unclosed("<A>\n</A>\nA \\\n\n<B>\n<C>\n</C>\n"), 5);
    ck_assert_uint_eq(unclosed("<A>\n<B>\n</A>\n"), 1);
    ck_assert_uint_eq(unclosed("<A>\n</A \n"), 1);
    ck_assert_uint_eq(unclosed("<VirtualHost *:80>\n</VirtualHost *:80>\n"), 1);
    ck_assert_uint_eq(unclosed("<A>\n# \\\n</A>\n"), 1);
}
END_TEST

UNIT_MAIN("httpd", white_space_separates, quotes_hold_together, backslash_protects,
          continued_lines_are_one, of_the_file, of_a_section, spans_are_whole_lines,
          of_nothing, sections_end, sections_do_not_end)
