/* Names in profiles: IANA's, and what to say when one isn't. */
#ifndef POLICY_NAMES_H
#define POLICY_NAMES_H

#include <stdbool.h>

#include "policy/keys.h"

/* Whether `name` can't stand in a list of that type; *ret_why (owned by the caller) then says why
 * and what to write instead. */
bool name_problem(enum key_type type, const char *name, char **ret_why);

#endif
