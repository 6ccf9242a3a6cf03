/*
 * Mailboxes: IMAP (RFC 9051 2.2.2, 6.2.1, 7.1.5) and POP3 (RFC 1939 3, RFC 2449 5, RFC 2595 4).
 * IMAP literals are not followed: no reply to these commands has one.
 */
#include "probe/starttls_line.h"

static bool is_one_of(struct bytes word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (line_word_is(word, list[i]))
            return true;
    return false;
}

/* --- IMAP ------------------------------------------------------------------------------------ */

/* "* BYE": the connection ends, whatever was asked. */
static bool is_bye(struct bytes line)
{
    return line_word_is(line_word(&line), "*") && line_word_is(line_word(&line), "BYE");
}

/* "* OK", "* PREAUTH" (it is too late for STARTTLS), "* BYE" */
static enum starttls_state judge_imap_greeting(const struct starttls_step *step,
                                               struct bytes reply, bool *unlisted)
{
    (void)unlisted;
    if (is_bye(reply))
        return STARTTLS_TURNED_AWAY;
    if (!line_word_is(line_word(&reply), "*"))
        return STARTTLS_BROKEN;
    struct bytes status = line_word(&reply);
    if (line_word_is(status, step->yes))
        return line_consent(step, false);
    return line_word_is(status, "PREAUTH") ? STARTTLS_NOT_OFFERED : STARTTLS_BROKEN;
}

/* News ("* ...") up to the line that begins with our tag, or to the news that this is the end. */
static size_t frame_tagged(const struct starttls_step *step, struct bytes in,
                           struct starttls_scan *scan)
{
    struct bytes line;
    while (line_scan(in, scan, &line)) {
        if (bytes_starts(line, step->tag) || is_bye(line))
            return scan->at;
        if (!bytes_starts(line, "* "))
            return STARTTLS_NO_REPLY;
    }
    return 0;
}

static bool imap_offers(struct bytes line, const char *capability)
{
    struct bytes word;
    line_word(&line);
    if (!line_word_is(line_word(&line), "CAPABILITY"))
        return false;
    while ((word = line_word(&line)).len)
        if (line_word_is(word, capability))
            return true;
    return false;
}

/* RFC 5530 3. Where TLS itself was asked for, what is unavailable is TLS. */
static bool imap_is_busy(const struct starttls_step *step, struct bytes code)
{
    static const char *const codes[] = {"[LIMIT]", "[INUSE]", "[UNAVAILABLE]"};
    return is_one_of(code, codes, step->offer ? 3 : 2);
}

static enum starttls_state judge_tagged(const struct starttls_step *step,
                                        struct bytes reply, bool *unlisted)
{
    struct bytes line = {.data = "", .len = 0};
    bool offered = false;
    (void)unlisted;
    while (bytes_next_line(&reply, &line))
        offered = offered || (step->offer && imap_offers(line, step->offer));
    if (is_bye(line))
        return STARTTLS_TURNED_AWAY;
    line_word(&line);
    struct bytes status = line_word(&line);
    if (line_word_is(status, step->yes))
        return line_consent(step, offered);
    if (!line_word_is(status, "NO") && !line_word_is(status, "BAD"))
        return STARTTLS_BROKEN;
    return imap_is_busy(step, line_word(&line)) ? STARTTLS_TURNED_AWAY : step->otherwise;
}

static const struct starttls_step imap_steps[] = {
    {.frame = line_frame,
     .judge = judge_imap_greeting,
     .yes = "OK",
     .say = STARTTLS_SAY("a1 CAPABILITY\r\n")},
    {.frame = frame_tagged,
     .judge = judge_tagged,
     .tag = "a1 ",
     .yes = "OK",
     .offer = "STARTTLS",
     .say = STARTTLS_SAY("a2 STARTTLS\r\n"),
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
static size_t frame_capa(const struct starttls_step *step, struct bytes in,
                         struct starttls_scan *scan)
{
    struct bytes line;
    while (line_scan(in, scan, &line))
        if (!bytes_starts(in, step->yes) || bytes_is(bytes_trim(line), "."))
            return scan->at;
    return 0;
}

static bool pop3_offers(struct bytes reply, const char *capability)
{
    struct bytes line;
    while (bytes_next_line(&reply, &line))
        if (line_word_is(line_word(&line), capability))
            return true;
    return false;
}

/* RFC 2449 8.1.1, 8.1.2; RFC 3206 4 */
static bool pop3_is_busy(struct bytes code)
{
    static const char *const codes[] = {"[IN-USE]", "[LOGIN-DELAY]", "[SYS/TEMP]"};
    return is_one_of(code, codes, ARRAY_LEN(codes));
}

/* A server may have no CAPA (RFC 2449 is younger than STLS) and do STLS all the same. */
static enum starttls_state judge_pop3(const struct starttls_step *step,
                                      struct bytes reply, bool *unlisted)
{
    struct bytes rest = reply, line = {.data = "", .len = 0};
    bytes_next_line(&rest, &line);
    struct bytes status = line_word(&line);
    if (bytes_is(status, step->yes))
        return line_consent(step, step->offer && pop3_offers(reply, step->offer));
    if (!bytes_is(status, "-ERR"))
        return STARTTLS_BROKEN;
    if (pop3_is_busy(line_word(&line)))
        return STARTTLS_TURNED_AWAY;
    *unlisted = *unlisted || step->offer;
    return step->otherwise;
}

static const struct starttls_step pop3_steps[] = {
    {.frame = line_frame,
     .judge = judge_pop3,
     .yes = "+OK",
     .say = STARTTLS_SAY("CAPA\r\n"),
     .otherwise = STARTTLS_TURNED_AWAY},
    {.frame = frame_capa,
     .judge = judge_pop3,
     .yes = "+OK",
     .offer = "STLS",
     .say = STARTTLS_SAY("STLS\r\n"),
     .otherwise = STARTTLS_TALKING},
    {.frame = line_frame,
     .judge = judge_pop3,
     .yes = "+OK",
     .otherwise = STARTTLS_REFUSED},
};

const struct starttls_dialogue starttls_pop3 = {.protocol = "pop3", .steps = pop3_steps};
