/*
 * The protocols that answer with three digits: SMTP (RFC 5321 4.2, RFC 3207), LMTP (RFC 2033) and
 * FTP (RFC 959 4.2, RFC 2389, RFC 4217). 421 is said by a server that closes, at any time; one that
 * does not greet has not been asked about TLS.
 */
#include <string.h>

#include "probe/starttls_line.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "250-text", "250 text" or "250" */
static bool is_reply_line(struct bytes line)
{
    struct bytes text = bytes_trim(line);
    return text.len >= 3 && text.data == line.data && is_digit(text.data[0]) &&
           is_digit(text.data[1]) && is_digit(text.data[2]) &&
           (text.len == 3 || text.data[3] == ' ' || text.data[3] == '-');
}

static size_t frame_smtp(const struct starttls_step *step, struct bytes in,
                         struct starttls_scan *scan)
{
    struct bytes line;
    (void)step;
    while (line_scan(in, scan, &line)) {
        if (!is_reply_line(line) || memcmp(line.data, in.data, 3) != 0)
            return STARTTLS_NO_REPLY;
        if (line.data[3] != '-')
            return scan->at;
    }
    return 0;
}

static bool is_no(struct bytes reply)
{
    return reply.data[0] == '4' || reply.data[0] == '5';
}

/* --- SMTP, LMTP ------------------------------------------------------------------------------ */

/* The first line of an answer to EHLO greets; each other begins with a keyword. */
static bool smtp_offers(struct bytes reply, const char *keyword)
{
    struct bytes line;
    for (bool greeting = true; bytes_next_line(&reply, &line); greeting = false) {
        struct bytes text = {.data = line.data + 4, .len = line.len - 4};
        if (!greeting && line_word_is(line_word(&text), keyword))
            return true;
    }
    return false;
}

/* Who does not know EHLO does not offer; who knows it and says no does not want us. */
static bool knows_no_ehlo(struct bytes reply)
{
    return bytes_starts(reply, "500") || bytes_starts(reply, "502");
}

static enum starttls_state judge_smtp(const struct starttls_step *step,
                                      struct bytes reply, bool *unlisted)
{
    (void)unlisted;
    if (bytes_starts(reply, step->yes))
        return line_consent(step, step->offer && smtp_offers(reply, step->offer));
    if (!is_no(reply))
        return STARTTLS_BROKEN;
    if (bytes_starts(reply, "421") || (step->offer && !knows_no_ehlo(reply)))
        return STARTTLS_TURNED_AWAY;
    return step->otherwise;
}

#define GREETING(hello)                                                                  \
    {                                                                                    \
        .frame = frame_smtp, .judge = judge_smtp, .yes = "220",                          \
        .say = STARTTLS_SAY(hello " [127.0.0.1]\r\n"), .otherwise = STARTTLS_TURNED_AWAY \
    }
#define CAPABILITIES(unknown)                                                            \
    {                                                                                    \
        .frame = frame_smtp, .judge = judge_smtp, .yes = "250", .offer = "STARTTLS",     \
        .say = STARTTLS_SAY("STARTTLS\r\n"), .otherwise = (unknown)                      \
    }
#define CONSENT                                                                          \
    {                                                                                    \
        .frame = frame_smtp, .judge = judge_smtp, .yes = "220",                          \
        .otherwise = STARTTLS_REFUSED                                                    \
    }

static const struct starttls_step smtp_steps[] = {
    GREETING("EHLO"), CAPABILITIES(STARTTLS_NOT_OFFERED), CONSENT};

/* LHLO is all that LMTP has: who does not know it does not speak LMTP. */
static const struct starttls_step lmtp_steps[] = {GREETING("LHLO"),
                                                  CAPABILITIES(STARTTLS_BROKEN), CONSENT};

const struct starttls_dialogue starttls_smtp = {.protocol = "smtp", .steps = smtp_steps};
const struct starttls_dialogue starttls_lmtp = {.protocol = "lmtp", .steps = lmtp_steps};

/* --- FTP ------------------------------------------------------------------------------------- */

/* Between the first line and the last, which begins with the same digits and a space, there may be
 * anything. */
static size_t frame_ftp(const struct starttls_step *step, struct bytes in,
                        struct starttls_scan *scan)
{
    struct bytes line;
    (void)step;
    for (bool first = scan->at == 0; line_scan(in, scan, &line); first = false) {
        if (first && !is_reply_line(line))
            return STARTTLS_NO_REPLY;
        bool same = is_reply_line(line) && memcmp(line.data, in.data, 3) == 0;
        if (same && line.data[3] != '-')
            return scan->at;
    }
    return 0;
}

/* " AUTH TLS", or several in one line: " AUTH SSL;TLS;" (RFC 4217 6) */
static bool ftp_offers(struct bytes reply, const char *command)
{
    struct bytes line;
    while (bytes_next_line(&reply, &line)) {
        if (!line_word_is(line_word(&line), command))
            continue;
        line = bytes_trim(line);
        for (size_t i = 0; i + 3 <= line.len; i++)
            if (line_word_is((struct bytes){.data = line.data + i, .len = 3}, "TLS"))
                return true;
    }
    return false;
}

/* What is not listed is asked for all the same: servers may have no FEAT, or only for those who
 * have logged in. 120 is a greeting that says: not yet. */
static enum starttls_state judge_ftp(const struct starttls_step *step, struct bytes reply,
                                     bool *unlisted)
{
    bool yes = bytes_starts(reply, step->yes);
    if (bytes_starts(reply, "421") || bytes_starts(reply, "120"))
        return STARTTLS_TURNED_AWAY;
    if (!yes && !is_no(reply))
        return STARTTLS_BROKEN;
    if (step->offer)
        *unlisted = !yes || !ftp_offers(reply, step->offer);
    if (!yes)
        return step->otherwise;
    return step->say.len ? STARTTLS_TALKING : STARTTLS_READY;
}

static const struct starttls_step ftp_steps[] = {
    {.frame = frame_ftp,
     .judge = judge_ftp,
     .yes = "220",
     .say = STARTTLS_SAY("FEAT\r\n"),
     .otherwise = STARTTLS_TURNED_AWAY},
    {.frame = frame_ftp,
     .judge = judge_ftp,
     .yes = "211",
     .offer = "AUTH",
     .say = STARTTLS_SAY("AUTH TLS\r\n"),
     .otherwise = STARTTLS_TALKING},
    {.frame = frame_ftp, .judge = judge_ftp, .yes = "234", .otherwise = STARTTLS_REFUSED},
};

const struct starttls_dialogue starttls_ftp = {.protocol = "ftp", .steps = ftp_steps};
