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

bool line_is_whole(struct bytes line)
{
    return line.len && line.data[line.len - 1] == '\n';
}

size_t line_frame(const struct starttls_step *step, struct bytes in)
{
    (void)step;
    struct bytes line = {.data = "", .len = 0};
    return bytes_next_line(&in, &line) && line_is_whole(line) ? line.len : 0;
}

enum starttls_state line_consent(const struct starttls_step *step, bool offered)
{
    if (step->offer && !offered)
        return STARTTLS_NOT_OFFERED;
    return step->say ? STARTTLS_TALKING : STARTTLS_READY;
}
