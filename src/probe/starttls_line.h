/* What dialogues in lines have in common: words, whole lines, and what a server's yes leads to. */
#ifndef PROBE_STARTTLS_LINE_H
#define PROBE_STARTTLS_LINE_H

#include "probe/starttls_dialogue.h"

/* The first word of `rest`, which moves behind it; empty at the end. Borrowed. */
struct bytes line_word(struct bytes *rest);

/* Is it this one, in letters of either case? */
bool line_word_is(struct bytes word, const char *text);

/* The frame of a reply of one line. */
size_t line_frame(const struct starttls_step *step, struct bytes in,
                  struct starttls_scan *scan);

/* The next whole line of `in` behind what has been scanned; false: there is none yet. */
bool line_scan(struct bytes in, struct starttls_scan *scan, struct bytes *ret);

/* What consent leads to: NOT_OFFERED where an offer is needed and was not made. */
enum starttls_state line_consent(const struct starttls_step *step, bool offered);

#endif
