/* What one profile allows and another forbids. */
#ifndef POLICY_DIFFERENCE_H
#define POLICY_DIFFERENCE_H

#include "policy/profile.h"

/* The difference between two profiles in a scope (NULL: none), a new reference:
 * {"a": NAME, "b": NAME, "same": B,
 *  "lists": [{"kind": "suite", "only_a": [ITEM...], "only_b": [...], "order": B}, ...],
 *  "settings": [{"name": "certificate.rsa_min_bits", "a": V, "b": V}, ...],
 *  "scopes": [NAME, ...]     those whose contents differ
 *  "conflicts": [{"item": S, "a": LEVEL, "b": LEVEL, "a_source": S, "b_source": S}, ...]}
 * "order" tells that what both have stands in another order. A conflict is an item that one source
 * requires or advises and the other one forbids or advises against. ITEM is {"name", "optional"}.
 * NULL: a scope yields no policy; ERR_INPUT. */
json_t *difference(const struct profile *a, const struct profile *b, const char *scope,
                   struct err *err) MUST_CHECK;

#endif
