/*
 * The protocols that answer with three digits: SMTP (RFC 5321 4.2, RFC 3207). 421 is said by a
 * server that closes, at any time (3.8); one that does not greet has not been asked about TLS.
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

static size_t frame_reply(const struct starttls_step *step, struct bytes in)
{
    (void)step;
    struct bytes rest = in, line = {.data = "", .len = 0};
    while (bytes_next_line(&rest, &line) && line_is_whole(line)) {
        if (!is_reply_line(line) || memcmp(line.data, in.data, 3) != 0)
            return STARTTLS_NO_REPLY;
        if (line.data[3] != '-')
            return in.len - rest.len;
    }
    return 0;
}

static bool is_no(struct bytes reply)
{
    return reply.data[0] == '4' || reply.data[0] == '5';
}

/* --- SMTP ------------------------------------------------------------------------------------ */

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

static const struct starttls_step smtp_steps[] = {
    {.frame = frame_reply,
     .judge = judge_smtp,
     .yes = "220",
     .say = "EHLO [127.0.0.1]\r\n",
     .otherwise = STARTTLS_TURNED_AWAY},
    {.frame = frame_reply,
     .judge = judge_smtp,
     .yes = "250",
     .offer = "STARTTLS",
     .say = "STARTTLS\r\n",
     .otherwise = STARTTLS_NOT_OFFERED},
    {.frame = frame_reply,
     .judge = judge_smtp,
     .yes = "220",
     .otherwise = STARTTLS_REFUSED},
};

const struct starttls_dialogue starttls_smtp = {.protocol = "smtp", .steps = smtp_steps};
