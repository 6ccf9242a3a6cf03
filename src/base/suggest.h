/* The name that was probably meant. */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

/* The candidate nearest to `word` by edit distance without regard to case, or NULL when none is
 * near enough to be worth proposing. Borrowed from `candidates`. */
const char *suggest(const char *word, const char *const *candidates, size_t count);

#endif
