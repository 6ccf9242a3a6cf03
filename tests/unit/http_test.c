/* Is the head of an HTTP answer read as RFC 9112 says, and is one got from a server, in clear text or TLS? */
#include "probe/http.h"

#include "base/deadline.h"
#include "unit/server.h"
#include "unit/unit.h"

struct row {
    struct bytes head;
    int status; /* 0: not HTTP */
    const char *location;
    const char *hsts[3];
};

#define B(literal)                                                                       \
    {                                                                                    \
        .data = (literal), .len = sizeof(literal) - 1                                    \
    }

static const struct row rows[] = {
    {B("HTTP/1.1 200 OK\r\n\r\n"), 200, NULL, {NULL}},
    {B("HTTP/1.0 404 Not Found\n\n"), 404, NULL, {NULL}},
    {B("HTTP/1.1 204\r\n\r\n"), 204, NULL, {NULL}},
    {B("HTTP/1.1 204 \r\n\r\n"), 204, NULL, {NULL}},
    {B("HTTP/1.1 301 Moved\r\nlocation:https://a/\r\nLOCATION: https://b/\r\n\r\n"),
     301,
     "https://a/",
     {NULL}},
    {B("HTTP/1.1 301 Moved\r\nLocation: \t https://a/ \t\r\n\r\n"),
     301,
     "https://a/",
     {NULL}},
    {B("HTTP/1.1 302 x\r\nLocation: https://a/\xff\x80\r\n\r\n"),
     302,
     "https://a/\\xff\\x80",
     {NULL}},
    {B("HTTP/1.1 302 x\r\nLocation:\r\n\r\n"), 302, "", {NULL}},
    {B("HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1\r\nX: y\r\n"
       "strict-transport-security: max-age=2; preload\r\n\r\n"),
     200,
     NULL,
     {"max-age=1", "max-age=2; preload"}},
    {B("HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1;\r\n"
       "\t includeSubDomains\r\n\r\n"),
     200,
     NULL,
     {"max-age=1; includeSubDomains"}},
    {B("HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1;\tpreload\r\n\r\n"),
     200,
     NULL,
     {"max-age=1;\tpreload"}},
    {B("HTTP/1.1 200 OK\r\nX-Strict-Transport-Security: max-age=1\r\n\r\n"),
     200,
     NULL,
     {NULL}},
    {B("HTTP/1.1 103 Early\r\n\r\n"), 103, NULL, {NULL}},
    /* not HTTP */
    {B(""), 0, NULL, {NULL}},
    {B("HTTP/1.1 200 OK\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.1 200 OK\r\nX: y\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.1 200 OK\r\n\r\nbody"), 0, NULL, {NULL}},
    {B("HTTP/2 200\r\n\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.x 200 OK\r\n\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.1 20 OK\r\n\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.1 2000 OK\r\n\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.1 099 OK\r\n\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.1  200 OK\r\n\r\n"), 0, NULL, {NULL}},
    {B("SSH-2.0-OpenSSH\r\n\r\n"), 0, NULL, {NULL}},
    {B("\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.1 200 OK\r\nno field\r\n\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.1 200 OK\r\nLocation : x\r\n\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.1 200 OK\r\n: x\r\n\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.1 200 OK\r\n folded: x\r\n\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"), 0, NULL, {NULL}},
    {B("HTTP/1.1 200 OK\r\nLocation: a\x1b[2J\r\n\r\n"), 0, NULL, {NULL}},
};

static void check_row(const struct row *row)
{
    CLEANUP(http_release) struct http_response r = HTTP_INIT;
    struct err err = ERR_INIT;
    int status = http_parse(row->head, &r, &err);
    ck_assert_msg(status == (row->status ? 0 : -1), "'%s'", row->head.data);
    if (status < 0) {
        ck_assert_int_eq(err.kind, ERR_INPUT);
        ck_assert_ptr_nonnull(strstr(err.text, "not HTTP"));
        ck_assert_int_eq(r.status, 0);
        return;
    }
    size_t count = 0;
    ck_assert_int_eq(r.status, row->status);
    ck_assert_pstr_eq(r.location, row->location);
    for (; row->hsts[count]; count++)
        ck_assert_str_eq(r.hsts.items[count], row->hsts[count]);
    ck_assert_uint_eq(r.hsts.count, count);
}

START_TEST(heads_are_read)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        check_row(&rows[i]);
}
END_TEST

START_TEST(a_huge_head_is_refused)
{
    CLEANUP(buf_release) struct buf head = BUF_INIT;
    CLEANUP(http_release) struct http_response r = HTTP_INIT;
    struct err err = ERR_INIT;
    buf_adds(&head, "HTTP/1.1 200 OK\r\n");
    while (head.len < 65536)
        buf_adds(&head, "X: y\r\n");
    buf_adds(&head, "\r\n");
    ck_assert_int_eq(http_parse(bytes_buf(&head), &r, &err), -1);
}
END_TEST

/* --- asking ---------------------------------------------------------------------------------- */

struct answer {
    struct http_response response;
    struct err err;
    int status;
};

static void answer_release(struct answer *a)
{
    http_release(&a->response);
}

static struct answer ask(const struct server_rules *rules, struct http_request q)
{
    CLEANUP(server_stop) struct server s = server_start(rules);
    struct answer a = {.response = HTTP_INIT, .err = ERR_INIT};
    if (!q.method)
        q.method = "HEAD";
    if (!q.path)
        q.path = "/";
    if (!q.deadline_ms)
        q.deadline_ms = 5000;
    a.status = http_ask(&s.endpoint, &q, &a.response, &a.err);
    return a;
}

#define ASK(request, ...)                                                                \
    CLEANUP(answer_release)                                                              \
    struct answer a =                                                                    \
        ask(&(struct server_rules){__VA_ARGS__}, (struct http_request)request)
#define FAILS(text_)                                                                     \
    ck_assert_int_eq(a.status, -1);                                                      \
    ck_assert_int_eq(a.err.kind, ERR_SYSTEM);                                            \
    ck_assert_msg(strstr(a.err.text, text_) != NULL, "%s", a.err.text)

static const char redirect[] = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 301 Moved\r\n"
                               "Location: https://www.example.test/\r\n\r\nbody";

START_TEST(an_answer_in_clear_text)
{
    ASK({.method = "GET"}, .manner = SERVER_SAYS,
        .text = {.data = redirect, .len = sizeof redirect - 1});
    ck_assert_msg(a.status == 0, "%s", a.err.text);
    ck_assert_int_eq(a.response.status, 301);
    ck_assert_str_eq(a.response.location, "https://www.example.test/");
}
END_TEST

START_TEST(an_answer_in_tls)
{
    ASK({.tls = true},
        .text = BYTES("HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=9\r\n\r\n"));
    ck_assert_msg(a.status == 0, "%s", a.err.text);
    ck_assert_int_eq(a.response.status, 200);
    ck_assert_uint_eq(a.response.hsts.count, 1);
    ck_assert_str_eq(a.response.hsts.items[0], "max-age=9");
}
END_TEST

START_TEST(what_is_not_http)
{
    ASK({.tls = false}, .manner = SERVER_SAYS, .text = BYTES("220 mail ESMTP\r\n\r\n"));
    FAILS("not HTTP: '220 mail ESMTP\\r\\n");
}
END_TEST

START_TEST(a_head_that_breaks_off)
{
    ASK({.tls = false}, .manner = SERVER_SAYS, .text = BYTES("HTTP/1.1 200 OK\r\nX"));
    FAILS("closed by the server");
}
END_TEST

START_TEST(a_head_without_end)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    buf_adds(&text, "HTTP/1.1 200 OK\r\n");
    while (text.len < 100000)
        buf_adds(&text, "X: y\r\n");
    ASK({.tls = false}, .manner = SERVER_SAYS, .text = bytes_buf(&text));
    FAILS("has no end");
}
END_TEST

START_TEST(silence)
{
    int64_t late = deadline_in(3000);
    ASK({.deadline_ms = 200}, .manner = SERVER_SILENT);
    FAILS("timed out");
    ck_assert_int_gt(deadline_left(late), 0);
}
END_TEST

START_TEST(a_reset)
{
    ASK({.tls = false}, .manner = SERVER_RESETS);
    FAILS("reset by the server");
}
END_TEST

START_TEST(no_tls_there)
{
    ASK({.tls = true}, .manner = SERVER_BABBLES);
    FAILS("TLS handshake: ");
}
END_TEST

START_TEST(nobody_there)
{
    CLEANUP(endpoint_release)
    struct endpoint e = {.address = mem_strdup("127.0.0.1")};
    CLEANUP(http_release) struct http_response r = HTTP_INIT;
    struct err err = ERR_INIT;
    close(server_listen(&e.port));
    ck_assert_int_eq(
        http_ask(&e, &(struct http_request){.method = "GET", .path = "/"}, &r, &err), -1);
    ck_assert_int_eq(err.kind, ERR_SYSTEM);
}
END_TEST

START_TEST(what_cannot_be_sent)
{
    static const struct http_request bad[] = {
        {.method = "GET", .path = "/a b"},
        {.method = "GET", .path = "/a\r\nX: y"},
        {.method = "GET", .path = ""},
        {.method = "GET", .path = "a"},
        {.method = "GET", .path = "/\xc3\xa4"},
        {.method = "POST", .path = "/"},
        {.method = "GET", .path = "/", .host = "a\r\nX: y"},
        {.method = "GET", .path = "/", .host = ""},
    };
    struct endpoint e = {.address = "127.0.0.1", .port = 1};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct http_response r = HTTP_INIT;
        struct err err = ERR_INIT;
        ck_assert_int_eq(http_ask(&e, &bad[i], &r, &err), -1);
        ck_assert_int_eq(err.kind, ERR_INPUT);
        ck_assert_ptr_null(strchr(err.text, '\n'));
    }
}
END_TEST

/* A server that answers with the request it got, as the value of a field. */
static pid_t echo_once(int listener)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0)
        return pid;
    char heard[2048];
    int fd = accept(listener, NULL, NULL);
    ssize_t n = read(fd, heard, sizeof heard);
    for (ssize_t i = 0; i < n; i++)
        if (heard[i] == '\r' || heard[i] == '\n')
            heard[i] = '|';
    dprintf(fd, "HTTP/1.1 200 OK\r\nLocation: %.*s\r\n\r\n", n > 0 ? (int)n : 0, heard);
    _exit(0);
}

static void check_sent(const char *name, const char *host, const char *want)
{
    CLEANUP(endpoint_release)
    struct endpoint e = {.address = mem_strdup("127.0.0.1"), .name = mem_strdup(name)};
    CLEANUP(http_release) struct http_response r = HTTP_INIT;
    struct err err = ERR_INIT;
    struct http_request q = {
        .method = "HEAD", .path = "/x?y", .host = host, .deadline_ms = 5000};
    int listener = server_listen(&e.port);
    pid_t pid = echo_once(listener);
    ck_assert_msg(http_ask(&e, &q, &r, &err) == 0, "%s", err.text);
    CLEANUP(mem_freep)
    char *line = host ? mem_printf("HEAD /x?y HTTP/1.1||Host: %s||", want)
                      : mem_printf("HEAD /x?y HTTP/1.1||Host: %s:%u||", want, e.port);
    ck_assert_msg(strncmp(r.location, line, strlen(line)) == 0, "%s", r.location);
    ck_assert_ptr_nonnull(strstr(r.location, "||Connection: close||||"));
    close(listener);
    waitpid(pid, NULL, 0);
}

START_TEST(what_is_sent)
{
    check_sent(NULL, NULL, "127.0.0.1");
    check_sent("www.example.test", NULL, "www.example.test");
    check_sent("www.example.test", "other.example.test", "other.example.test");
}
END_TEST

UNIT_MAIN("http", heads_are_read, a_huge_head_is_refused, an_answer_in_clear_text,
          an_answer_in_tls, what_is_not_http, a_head_that_breaks_off, a_head_without_end,
          silence, a_reset, no_tls_there, nobody_there, what_cannot_be_sent, what_is_sent)
