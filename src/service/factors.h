/*
 * Security strength factors: "ssf=128 tls=1 simple_bind=64", what a directory asks of connections.
 */
#ifndef SERVICE_FACTORS_H
#define SERVICE_FACTORS_H

#include <jansson.h>

/* `values`: texts of several factors, or arrays of one each; may be NULL. A new array of texts:
 * "FACTOR=value", and behind it all other factors as they are. *ret_present (may be NULL): the
 * factor's value now, the last one counts; -1 when it is not named. */
json_t *factors_set(const json_t *values, const char *factor, long value,
                    long *ret_present);

#endif
