/*
 * Servers that mean no good, before TLS and in its first flight: whatever they send, however they cut it
 * and however long they go on, a client is done with them when its deadline has passed, has kept little of
 * it, and believes nothing.
 */
#include "unit/server.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <time.h>

#include "base/deadline.h"
#include "probe/ask.h"
#include "probe/offer.h"

#define DEADLINE_MS 250
#define LATE_MS     1500 /* machines are busy */

/* Said once, and then again for ever. */
struct attack {
    const char *protocol; /* NULL: TLS from the first byte */
    struct bytes once, again;
};

#define B(literal)                                                                       \
    {                                                                                    \
        .data = (literal), .len = sizeof(literal) - 1                                    \
    }
#define STREAM "<stream:stream version='1.0'>"

static const struct attack attacks[] = {
    /* endless replies, one line at a time */
    {"smtp", B(""), B("220-more\r\n")},
    {"smtp", B(""), B("220-\n")},
    {"lmtp", B("220 hi\r\n"), B("250-more\r\n")},
    {"ftp", B("220-hi\r\n"), B("\n")},
    {"ftp", B("220 hi\r\n211-x\r\n"), B(" AUTH \r\n")},
    {"imap", B("* OK hi\r\n"), B("* OK more\r\n")},
    {"imap", B("* OK hi\r\n"), B("* \n")},
    {"pop3", B("+OK hi\r\n+OK list\r\n"), B("X\n")},
    {"sieve", B(""), B("\"A\"\r\n")},
    {"sieve", B("\"A\" "), B("{0}\r\n")},
    {"sieve", B("\"A\" {999999}\r\n"), B("OK\r\n")},
    /* one endless line */
    {"smtp", B(""), B("2")},
    {"ftp", B("220-"), B(" ")},
    {"imap", B("* OK "), B("x")},
    {"pop3", B("+OK "), B("x")},
    {"sieve", B("\""), B("x")},
    /* elements, flat and nested, endless tags, text, white space */
    {"xmpp-client", B(STREAM "<features>"), B("<a/>")},
    {"xmpp-client", B(STREAM), B("<a>")},
    {"xmpp-client", B(STREAM "<a b='"), B(">")},
    {"xmpp-client", B(STREAM "<a "), B("b=''")},
    {"xmpp-server", B("<?xml "), B("?><?xml ")},
    {"xmpp-server", B(STREAM "<features>"), B("text ")},
    {"xmpp-server", B(STREAM), B("\n")},
    /* lengths that never come to an end, sequences in sequences */
    {"ldap", B("\x30\x82\x7f\xff"), B("\x30")},
    {"ldap", B("\x30\x84\x00\x00\x7f\x00\x02\x01\x01\x78\x84\x00\x00\x7e\x00"),
     B("\x30\x80")},
    {"ldap", B(""), B("\x30\x84\x00\x00\x00\x7f")},
    {"mysql", B("\xfc\x7f\x00\x00\x0a"), B("8")},
    {"mysql", B("\xfc\x7f\x00\x00\xff"), B("\x00")},
    {"postgres", B("E\x00\x00\x7f\xff"), B("M")},
    {"postgres", B("Ex"), B("x")},
    /* TLS that never answers */
    {NULL, B(""), B("\x15\x03\x03\x00\x02\x01\x5a")},
    {NULL, B("\x16\x03\x03\x00\x05\x0b\x00\xff\xff\x00"), B("\x16\x03\x03\x00\x01\x00")},
    {NULL, B("\x16\x03\x03\x48\x00"), B("\x02")},
    {NULL, B("\xff\xff"), B("\x04")},
};

enum pace {
    FLOOD,   /* as fast as can be */
    TRICKLE, /* byte by byte, without a pause */
    DRIP,    /* a byte now and then */
    PACE_COUNT,
};

static bool said(int fd, struct bytes what, enum pace pace)
{
    while (what.len) {
        ssize_t n = send(fd, what.data, pace == FLOOD ? what.len : 1, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        what.data += n;
        what.len -= (size_t)n;
        if (pace == DRIP)
            usleep(3000);
    }
    return true;
}

static _Noreturn void attack(int listener, const struct attack *a, enum pace pace)
{
    int on = 1, fd = accept(listener, NULL, NULL);
    CLEANUP(buf_release) struct buf again = BUF_INIT;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    while (again.len < 4096)
        buf_addb(&again, a->again);
    bool go_on = said(fd, a->once, pace);
    while (go_on)
        go_on = said(fd, bytes_buf(&again), pace);
    _exit(0);
}

static void survive(const struct attack *a, enum pace pace)
{
    CLEANUP(answer_release) struct answer answer = ANSWER_INIT;
    struct ids suites, groups, schemes;
    struct hello h = {.min = PROTOCOL_TLS1_2,
                      .max = PROTOCOL_TLS1_2,
                      .suites = &suites,
                      .groups = &groups,
                      .schemes = &schemes};
    struct endpoint e = {.address = mem_strdup("127.0.0.1"),
                         .starttls = mem_strdup(a->protocol)};
    struct err err = ERR_INIT;
    offer_suites(PROTOCOL_TLS1_2, &suites);
    offer_groups(PROTOCOL_TLS1_2, &groups);
    offer_schemes(&schemes);
    int listener = server_listen(&e.port);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        attack(listener, a, pace);
    close(listener);
    int64_t late = deadline_in(DEADLINE_MS + LATE_MS);
    ck_assert_int_eq(ask(&e, &h, DEADLINE_MS, &answer, &err), 0);
    int left = deadline_left(late);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    const char *name = a->protocol ? a->protocol : "tls";
    ck_assert_msg(left > 0, "%s '%s' at pace %d: too late", name, a->once.data,
                  (int)pace);
    ck_assert_msg(answer.verdict == ASK_INCONCLUSIVE && !answer.no_starttls,
                  "%s '%s': %s", name, a->once.data, answer.why);
    ck_assert_uint_le(answer.flight.in.cap + answer.flight.message.cap, 1 << 19);
    ck_assert_msg(answer.why[0] && !strchr(answer.why, '\n'), "%s", answer.why);
    endpoint_release(&e);
}

START_TEST(floods_end)
{
    for (size_t i = 0; i < ARRAY_LEN(attacks); i++)
        survive(&attacks[i], FLOOD);
}
END_TEST

START_TEST(trickles_end)
{
    for (size_t i = 0; i < ARRAY_LEN(attacks); i++)
        survive(&attacks[i], TRICKLE);
}
END_TEST

START_TEST(drips_end)
{
    for (size_t i = 0; i < ARRAY_LEN(attacks); i++)
        survive(&attacks[i], DRIP);
}
END_TEST

/* A reply is looked at once, in however many pieces it comes: otherwise 32 KiB in as many pieces cost
 * half a gigabyte of looking. */
START_TEST(pieces_cost_no_time)
{
    for (size_t i = 0; i < ARRAY_LEN(attacks) && attacks[i].protocol; i++) {
        CLEANUP(starttls_release) struct starttls s = STARTTLS_INIT;
        CLEANUP(buf_release) struct buf out = BUF_INIT, all = BUF_INIT;
        struct err err = ERR_INIT;
        enum starttls_state state = STARTTLS_TALKING;
        const struct attack *a = &attacks[i];
        ck_assert_int_eq(starttls_begin(&s, a->protocol, NULL, &out, &err), 0);
        buf_addb(&all, a->once);
        while (all.len < 2 * STARTTLS_REPLY_LIMIT)
            buf_addb(&all, a->again);
        clock_t begun = clock();
        for (size_t n = 0; n < all.len && state == STARTTLS_TALKING; n++) {
            state =
                starttls_feed(&s, (struct bytes){.data = all.data + n, .len = 1}, &out);
            ck_assert_uint_le(s.in.cap, 4 * STARTTLS_REPLY_LIMIT);
        }
        double took = (double)(clock() - begun) / CLOCKS_PER_SEC;
        ck_assert_msg(took < 0.5, "%s '%s': %.2f s", a->protocol, a->once.data, took);
        /* an error of MySQL's may be as long as it likes */
        ck_assert_msg(state == STARTTLS_BROKEN || state == STARTTLS_TURNED_AWAY,
                      "%s '%s': %d, %s", a->protocol, a->once.data, (int)state, s.why);
    }
}
END_TEST

UNIT_MAIN("hostile", floods_end, trickles_end, drips_end, pieces_cost_no_time)
