/* Suites that the policy's table lacks because no library of this host has them. */
#ifndef PROBE_OFFER_SUITES_H
#define PROBE_OFFER_SUITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct offer_suite {
    uint16_t id;
    const char *name; /* IANA's, where it has one */
    bool tls13;
};

/* The whole table, sorted by number. */
const struct offer_suite *offer_suite_table(size_t *ret_count);

#endif
