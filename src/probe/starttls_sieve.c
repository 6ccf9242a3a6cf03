/*
 * ManageSieve (RFC 5804): the server lists its capabilities unasked, a line for each, and ends with
 * OK, or with BYE. A string is quoted, or a literal: its length in braces at the end of the line, and
 * then so many bytes, which may be lines themselves.
 */
#include <string.h>

#include "probe/starttls_line.h"

/* The number in the "{12}" or "{12+}" that ends a line (RFC 5804 4); -1: there is none. */
static long literal_length(struct bytes line)
{
    struct bytes text = bytes_trim(line);
    long n = 0, unit = 1;
    if (text.len == 0 || text.data[--text.len] != '}')
        return -1;
    if (text.len && text.data[text.len - 1] == '+')
        text.len--;
    size_t digits = 0;
    for (; text.len && digits < 6; digits++, unit *= 10) {
        char c = text.data[text.len - 1];
        if (c < '0' || c > '9')
            break;
        n += (c - '0') * unit;
        text.len--;
    }
    return digits && text.len && text.data[text.len - 1] == '{' ? n : -1;
}

/* The next line with all the literals in it; false: not all of it is there. */
static bool next_line(struct bytes in, struct starttls_scan *scan, struct bytes *ret)
{
    long literal;
    do {
        struct starttls_scan ahead = *scan;
        struct bytes line;
        if (!line_scan(in, &ahead, &line))
            return false;
        literal = literal_length(line);
        if (literal > (long)(in.len - ahead.at))
            return false;
        scan->at = ahead.at + (literal > 0 ? (size_t)literal : 0);
    } while (literal >= 0);
    *ret = (struct bytes){.data = in.data + scan->begun, .len = scan->at - scan->begun};
    scan->begun = scan->at;
    return true;
}

static bool is_capability(struct bytes line)
{
    return line.data[0] == '"' || line.data[0] == '{';
}

/* "OK", "NO" or "BYE" at the beginning of a line, before a space, its end, or a "(CODE)". */
static bool has_status(struct bytes line, const char *status)
{
    size_t n = strlen(status);
    struct bytes word = {.data = line.data, .len = n};
    return line.len > n && line_word_is(word, status) && strchr(" \t\r\n(", line.data[n]);
}

static size_t frame_sieve(const struct starttls_step *step, struct bytes in,
                          struct starttls_scan *scan)
{
    struct bytes line;
    (void)step;
    while (next_line(in, scan, &line)) {
        if (has_status(line, "OK") || has_status(line, "NO") || has_status(line, "BYE"))
            return scan->at;
        if (!is_capability(line))
            return STARTTLS_NO_REPLY;
    }
    return 0;
}

/* Is the string that a line begins with this one? */
static bool names(struct bytes line, const char *capability)
{
    size_t n = strlen(capability);
    const char *quoted = line.data + 1, *end = memchr(line.data, '\n', line.len);
    if (line.data[0] == '{') {
        struct bytes literal = {.data = end + 1, .len = n};
        struct bytes head = {.data = line.data, .len = (size_t)(end + 1 - line.data)};
        return literal_length(head) == (long)n && line_word_is(literal, capability);
    }
    return line.len > n + 1 &&
           line_word_is((struct bytes){.data = quoted, .len = n}, capability) &&
           quoted[n] == '"';
}

static bool is_later(struct bytes line)
{
    line.data += 2;
    line.len -= 2;
    return bytes_starts(bytes_trim(line), "(TRYLATER");
}

static enum starttls_state judge_sieve(const struct starttls_step *step,
                                       struct bytes reply, bool *unlisted)
{
    struct starttls_scan scan = {.at = 0};
    struct bytes line = {.data = "", .len = 0};
    bool offered = false;
    (void)unlisted;
    while (next_line(reply, &scan, &line))
        offered =
            offered || (step->offer && is_capability(line) && names(line, step->offer));
    if (has_status(line, "OK"))
        return line_consent(step, offered);
    if (has_status(line, "BYE") || is_later(line))
        return STARTTLS_TURNED_AWAY;
    return step->otherwise;
}

static const struct starttls_step steps[] = {
    {.frame = frame_sieve,
     .judge = judge_sieve,
     .offer = "STARTTLS",
     .say = STARTTLS_SAY("STARTTLS\r\n"),
     .otherwise = STARTTLS_TURNED_AWAY},
    {.frame = frame_sieve, .judge = judge_sieve, .otherwise = STARTTLS_REFUSED},
};

const struct starttls_dialogue starttls_sieve = {.protocol = "sieve", .steps = steps};
