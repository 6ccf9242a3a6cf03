/* Files of Diffie-Hellman parameters, which servers read for suites that use them. */
#ifndef PROBE_DH_H
#define PROBE_DH_H

#include "base/path.h"

/* What is wrong with the parameters in a PEM file (missing, not readable, in a form that servers refuse,
 * fewer bits than `min_bits`); owned by the caller (free), NULL when they are fine. */
char *dh_problem(const struct path_root *root, const char *path, unsigned min_bits);

#endif
