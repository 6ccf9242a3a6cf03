/*
 * The protocols that speak in lines: SMTP (RFC 5321 4.2.1, RFC 3207), IMAP (RFC 9051 2.2.2 and
 * 6.2.1), POP3 (RFC 1939 3, RFC 2449 5, RFC 2595 4). Lines may end in a bare line feed. IMAP
 * literals are not followed: no reply to these commands has one.
 */
#include <string.h>

#include "probe/starttls_dialogue.h"

/* The first word of `rest`, which moves behind it; empty at the end. */
static struct bytes take_word(struct bytes *rest)
{
    *rest = bytes_trim(*rest);
    size_t n = 0;
    while (n < rest->len && rest->data[n] != ' ' && rest->data[n] != '\t')
        n++;
    struct bytes word = {.data = rest->data, .len = n};
    rest->data += n;
    rest->len -= n;
    return word;
}

static bool word_is(struct bytes word, const char *text)
{
    return bytes_eq_nocase(word, bytes_str(text));
}

static bool ends_line(struct bytes line)
{
    return line.len && line.data[line.len - 1] == '\n';
}

/* What consent leads to. */
static enum starttls_state consent(const struct starttls_step *step, bool offered)
{
    if (step->offer && !offered)
        return STARTTLS_NOT_OFFERED;
    return step->say ? STARTTLS_TALKING : STARTTLS_READY;
}

static size_t frame_line(const struct starttls_step *step, struct bytes in)
{
    (void)step;
    struct bytes line = {.data = "", .len = 0};
    return bytes_next_line(&in, &line) && ends_line(line) ? line.len : 0;
}

/* --- SMTP ------------------------------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "250-text", "250 text" or "250" */
static bool is_smtp_line(struct bytes line)
{
    struct bytes text = bytes_trim(line);
    return text.len >= 3 && text.data == line.data && is_digit(text.data[0]) &&
           is_digit(text.data[1]) && is_digit(text.data[2]) &&
           (text.len == 3 || text.data[3] == ' ' || text.data[3] == '-');
}

static size_t frame_smtp(const struct starttls_step *step, struct bytes in)
{
    (void)step;
    struct bytes rest = in, line = {.data = "", .len = 0};
    while (bytes_next_line(&rest, &line) && ends_line(line)) {
        if (!is_smtp_line(line) || memcmp(line.data, in.data, 3) != 0)
            return STARTTLS_NO_REPLY;
        if (line.data[3] != '-')
            return in.len - rest.len;
    }
    return 0;
}

/* The first line of an answer to EHLO greets; each other begins with a keyword. */
static bool smtp_offers(struct bytes reply, const char *keyword)
{
    struct bytes line;
    for (bool greeting = true; bytes_next_line(&reply, &line); greeting = false) {
        struct bytes text = {.data = line.data + 4, .len = line.len - 4};
        if (!greeting && word_is(take_word(&text), keyword))
            return true;
    }
    return false;
}

static enum starttls_state judge_smtp(const struct starttls_step *step,
                                      struct bytes reply)
{
    if (bytes_starts(reply, step->yes))
        return consent(step, step->offer && smtp_offers(reply, step->offer));
    return reply.data[0] == '4' || reply.data[0] == '5' ? step->otherwise
                                                        : STARTTLS_BROKEN;
}

static const struct starttls_step smtp_steps[] = {
    {.frame = frame_smtp,
     .judge = judge_smtp,
     .yes = "220",
     .say = "EHLO [127.0.0.1]\r\n",
     .otherwise = STARTTLS_REFUSED},
    {.frame = frame_smtp,
     .judge = judge_smtp,
     .yes = "250",
     .offer = "STARTTLS",
     .say = "STARTTLS\r\n",
     .otherwise = STARTTLS_NOT_OFFERED},
    {.frame = frame_smtp,
     .judge = judge_smtp,
     .yes = "220",
     .otherwise = STARTTLS_REFUSED},
};

const struct starttls_dialogue starttls_smtp = {.protocol = "smtp", .steps = smtp_steps};

/* --- IMAP ------------------------------------------------------------------------------------ */

/* "* OK", "* PREAUTH" (it is too late for STARTTLS), "* BYE" */
static enum starttls_state judge_imap_greeting(const struct starttls_step *step,
                                               struct bytes reply)
{
    if (!word_is(take_word(&reply), "*"))
        return STARTTLS_BROKEN;
    struct bytes status = take_word(&reply);
    if (word_is(status, step->yes))
        return consent(step, false);
    if (word_is(status, "PREAUTH"))
        return STARTTLS_NOT_OFFERED;
    return word_is(status, "BYE") ? step->otherwise : STARTTLS_BROKEN;
}

/* News ("* ...") up to the line that begins with our tag. */
static size_t frame_tagged(const struct starttls_step *step, struct bytes in)
{
    struct bytes rest = in, line = {.data = "", .len = 0};
    while (bytes_next_line(&rest, &line) && ends_line(line)) {
        if (bytes_starts(line, step->tag))
            return in.len - rest.len;
        if (!bytes_starts(line, "* "))
            return STARTTLS_NO_REPLY;
    }
    return 0;
}

static bool imap_offers(struct bytes line, const char *capability)
{
    struct bytes word;
    take_word(&line);
    if (!word_is(take_word(&line), "CAPABILITY"))
        return false;
    while ((word = take_word(&line)).len)
        if (word_is(word, capability))
            return true;
    return false;
}

static enum starttls_state judge_tagged(const struct starttls_step *step,
                                        struct bytes reply)
{
    struct bytes line = {.data = "", .len = 0};
    bool offered = false;
    while (bytes_next_line(&reply, &line))
        offered = offered || (step->offer && imap_offers(line, step->offer));
    take_word(&line);
    struct bytes status = take_word(&line);
    if (word_is(status, step->yes))
        return consent(step, offered);
    return word_is(status, "NO") || word_is(status, "BAD") ? step->otherwise
                                                           : STARTTLS_BROKEN;
}

static const struct starttls_step imap_steps[] = {
    {.frame = frame_line,
     .judge = judge_imap_greeting,
     .yes = "OK",
     .say = "a1 CAPABILITY\r\n",
     .otherwise = STARTTLS_REFUSED},
    {.frame = frame_tagged,
     .judge = judge_tagged,
     .tag = "a1 ",
     .yes = "OK",
     .offer = "STARTTLS",
     .say = "a2 STARTTLS\r\n",
     .otherwise = STARTTLS_NOT_OFFERED},
    {.frame = frame_tagged,
     .judge = judge_tagged,
     .tag = "a2 ",
     .yes = "OK",
     .otherwise = STARTTLS_REFUSED},
};

const struct starttls_dialogue starttls_imap = {
    .protocol = "imap", .news = true, .steps = imap_steps};

/* --- POP3 ------------------------------------------------------------------------------------ */

/* "+OK" and lines up to ".", or one line of "-ERR". */
static size_t frame_capa(const struct starttls_step *step, struct bytes in)
{
    struct bytes rest = in, line = {.data = "", .len = 0};
    if (!bytes_starts(in, step->yes))
        return frame_line(step, in);
    while (bytes_next_line(&rest, &line) && ends_line(line))
        if (bytes_is(bytes_trim(line), "."))
            return in.len - rest.len;
    return 0;
}

static bool pop3_offers(struct bytes reply, const char *capability)
{
    struct bytes line;
    while (bytes_next_line(&reply, &line))
        if (word_is(take_word(&line), capability))
            return true;
    return false;
}

static enum starttls_state judge_pop3(const struct starttls_step *step,
                                      struct bytes reply)
{
    struct bytes rest = reply, status = {.data = "", .len = 0};
    if (bytes_next_line(&rest, &status))
        status = take_word(&status);
    if (bytes_is(status, step->yes))
        return consent(step, step->offer && pop3_offers(reply, step->offer));
    return bytes_is(status, "-ERR") ? step->otherwise : STARTTLS_BROKEN;
}

static const struct starttls_step pop3_steps[] = {
    {.frame = frame_line,
     .judge = judge_pop3,
     .yes = "+OK",
     .say = "CAPA\r\n",
     .otherwise = STARTTLS_REFUSED},
    {.frame = frame_capa,
     .judge = judge_pop3,
     .yes = "+OK",
     .offer = "STLS",
     .say = "STLS\r\n",
     .otherwise = STARTTLS_NOT_OFFERED},
    {.frame = frame_line,
     .judge = judge_pop3,
     .yes = "+OK",
     .otherwise = STARTTLS_REFUSED},
};

const struct starttls_dialogue starttls_pop3 = {.protocol = "pop3", .steps = pop3_steps};
