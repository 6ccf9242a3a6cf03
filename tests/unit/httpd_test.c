/* Does format/httpd tell directives and arguments as httpd reads them? */
#include "format/httpd.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

static const char text[] = "ServerName a\n"
                           "<IfModule ssl_module>\n"
                           "\tListen \\\n"
                           "\t\t443\n"
                           "</IfModule>\n"
                           "# comment \\\n"
                           "SSLEngine off\n"
                           "<VirtualHost *:443>\n"
                           "\t\"SSLEngine\" on\n"
                           "\t<Directory />\n"
                           "\t\tSSLCipherSuite NULL\n"
                           "\t</Directory>\n"
                           "\t<IfDefine X>\n"
                           "\t\tSSLProtocol all\n"
                           "\t</IfDefine>\n"
                           "</VirtualHost>\n"
                           "Last 1";

static struct doc *parse(const char *s)
{
    return format_find("httpd")->parse(bytes_str(s));
}

static void release(struct doc *doc)
{
    format_find("httpd")->release(doc);
}

static void check_directive(const struct httpd_directive *d, const char *name,
                            const char *args, size_t line, bool conditional)
{
    ck_assert_msg(bytes_is(d->name, name), "%.*s", (int)d->name.len, d->name.data);
    ck_assert_msg(bytes_is(d->args, args), "%.*s", (int)d->args.len, d->args.data);
    ck_assert_uint_eq(d->line, line);
    ck_assert_int_eq(d->conditional, conditional);
}

START_TEST(directives_of_the_file)
{
    struct doc *doc = parse(text);
    CLEANUP(mem_freep) struct httpd_directive *list = NULL;
    ck_assert_uint_eq(httpd_directives(doc, NULL, &list), 3);
    check_directive(&list[0], "ServerName", "a", 1, false);
    check_directive(&list[1], "Listen", "443", 3, true);
    check_directive(&list[2], "Last", "1", 17, false);
    ck_assert_uint_eq(list[0].begin, 0);
    ck_assert_uint_eq(list[0].end, strlen("ServerName a\n"));
    ck_assert_mem_eq(text + list[1].begin, "\tListen \\\n\t\t443\n", 16);
    ck_assert_uint_eq(list[1].end - list[1].begin, 16);
    ck_assert_uint_eq(list[2].end, strlen(text));
    release(doc);
}
END_TEST

START_TEST(directives_of_a_section)
{
    struct doc *doc = parse(text);
    CLEANUP(mem_freep) struct scope *vhosts = NULL;
    CLEANUP(mem_freep) struct httpd_directive *list = NULL;
    ck_assert_uint_eq(format_find("httpd")->scopes(doc, "virtualhost", &vhosts), 1);
    ck_assert_uint_eq(vhosts[0].line, 8);
    ck_assert(bytes_is(vhosts[0].args, "*:443"));
    ck_assert_mem_eq(text + vhosts[0].begin, "<VirtualHost", 12);
    ck_assert_mem_eq(text + vhosts[0].end, "Last", 4);
    ck_assert_uint_eq(httpd_directives(doc, &vhosts[0], &list), 2);
    check_directive(&list[0], "SSLEngine", "on", 9, false);
    check_directive(&list[1], "SSLProtocol", "all", 14, true);
    release(doc);
}
END_TEST

START_TEST(scopes_only_where_they_count)
{
    struct doc *doc =
        parse("<VirtualHost a>\n</VirtualHost>\n"
              "<IfModule x>\n<IfFile /y>\n<virtualhost b c>\n</virtualhost>\n"
              "</IfFile>\n</IfModule>\n"
              "<Macro m>\n<VirtualHost no>\n</VirtualHost>\n</Macro>\n"
              "<Location />\n<VirtualHost no>\n</VirtualHost>\n</Location>\n"
              "# <VirtualHost no>\n"
              "<VirtualHost d>\n");
    CLEANUP(mem_freep) struct scope *list = NULL;
    ck_assert_uint_eq(format_find("httpd")->scopes(doc, "VirtualHost", &list), 3);
    ck_assert(bytes_is(list[0].args, "a"));
    ck_assert(bytes_is(list[1].args, "b c"));
    ck_assert(bytes_is(list[1].kind, "virtualhost"));
    ck_assert_uint_eq(list[1].line, 5);
    ck_assert(bytes_is(list[2].args, "d"));
    release(doc);
}
END_TEST

START_TEST(no_directives)
{
    struct doc *doc = parse("# SSLEngine on\n\n\"\" x\n<Location />\nA 1\n</Location>\n");
    struct httpd_directive *list = NULL;
    ck_assert_uint_eq(httpd_directives(doc, NULL, &list), 0);
    free(list);
    release(doc);
}
END_TEST

/* The arguments, each in brackets. */
static void check_args(struct bytes raw, const char *want)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    CLEANUP(buf_release) struct buf got = BUF_INIT;
    httpd_args(raw, &args);
    for (size_t i = 0; i < args.count; i++)
        buf_addf(&got, "[%s]", args.items[i]);
    ck_assert_str_eq(buf_str(&got), want);
}

START_TEST(arguments)
{
    static const struct {
        const char *raw, *args;
    } cases[] = {
        {"", ""},
        {" \t ", ""},
        {"-all +TLSv1.2", "[-all][+TLSv1.2]"},
        {"a\tb\vc\fd\re", "[a][b][c][d][e]"},
        {"\"a b\" 'c d'", "[a b][c d]"},
        {"\"\" ''", "[][]"},
        {"\"a\"b", "[a][b]"},
        {"a\"b c\"", "[a\"b][c\"]"},
        {"\"it's\" 'say \"x\"'", "[it's][say \"x\"]"},
        {"\"a\\\"b\" 'c\\'d' \"e\\'f\"", "[a\"b][c'd][e\\'f]"},
        {"a\\\\b \"c\\\\\" d\\e", "[a\\b][c\\][d\\e]"},
        {"a\\\"b", "[a\\\"b]"},
        {"\"open to the end", "[open to the end]"},
        {"\"open\\", "[open\\]"},
        {"\"", "[]"},
        {"a \\", "[a][\\]"},
        {"a \\\n b", "[a][b]"},
        {"a\\\nb", "[ab]"},
        {"a\\\r\nb", "[ab]"},
        {"\"a \\\n b\"", "[a  b]"},
        {"a\\\\\nb", "[a\\b]"},
        {"a\\\\\n\nb", "[ab]"},
        {"a # b", "[a][#][b]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_args(bytes_str(cases[i].raw), cases[i].args);
    check_args((struct bytes){.data = NULL, .len = 0}, "");
}
END_TEST

START_TEST(arguments_are_added)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    strv_add(&args, "first");
    httpd_args(BYTES("second third"), &args);
    ck_assert_uint_eq(args.count, 3);
    ck_assert_str_eq(args.items[0], "first");
    ck_assert_str_eq(args.items[2], "third");
}
END_TEST

static void check_unclosed(const char *s, size_t want)
{
    struct doc *doc = parse(s);
    size_t line = 0;
    ck_assert_int_eq(httpd_unclosed(doc, &line), want != 0);
    ck_assert_uint_eq(line, want);
    release(doc);
}

START_TEST(unclosed_sections)
{
    check_unclosed("", 0);
    check_unclosed(text, 0);
    check_unclosed("A 1\n<VirtualHost a>\n</VirtualHost># c\n", 2);
    check_unclosed("A 1\n<VirtualHost a>\n</VirtualHost> # c\n", 0);
    check_unclosed("<IfModule a>\n</IfModule>\n<IfModule b>\n<IfModule c>\n", 3);
    check_unclosed("<A>\n<B>\n</A>\n</B>\n", 1);
    check_unclosed("</A>\n", 0);
    check_unclosed("A \\\nb\n<VirtualHost a>", 3);
    check_unclosed("<VirtualHost a>\n# \\\n</VirtualHost>\n", 1);
    check_unclosed("<Macro a>\n<VirtualHost b>\n</Macro>\n", 0);
    check_unclosed("<VirtualHost a> A 1 </VirtualHost>\n", 1);
}
END_TEST

UNIT_MAIN("httpd", directives_of_the_file, directives_of_a_section,
          scopes_only_where_they_count, no_directives, arguments, arguments_are_added,
          unclosed_sections)
