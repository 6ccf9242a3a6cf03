/* Lines may end in a bare line feed; words are parted by spaces and tabs. */
#include "probe/starttls_line.h"

struct bytes line_word(struct bytes *rest)
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

bool line_word_is(struct bytes word, const char *text)
{
    return bytes_eq_nocase(word, bytes_str(text));
}

bool line_scan(struct bytes in, struct starttls_scan *scan, struct bytes *ret)
{
    struct bytes rest = {.data = in.data + scan->at, .len = in.len - scan->at}, line;
    if (!bytes_next_line(&rest, &line) || line.data[line.len - 1] != '\n')
        return false;
    scan->at += line.len;
    *ret = line;
    return true;
}

size_t line_frame(const struct starttls_step *step, struct bytes in,
                  struct starttls_scan *scan)
{
    (void)step;
    struct bytes line;
    return line_scan(in, scan, &line) ? line.len : 0;
}

enum starttls_state line_consent(const struct starttls_step *step, bool offered)
{
    if (step->offer && !offered)
        return STARTTLS_NOT_OFFERED;
    return step->say.len ? STARTTLS_TALKING : STARTTLS_READY;
}
