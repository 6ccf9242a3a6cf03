/*
 * Security strength factors: "ssf=128 tls=1 simple_bind=64", what a directory asks of connections.
 */
#ifndef SERVICE_FACTORS_H
#define SERVICE_FACTORS_H

#include <jansson.h>

/* `values`: texts of several factors, or arrays of one each; the last of a name counts; may be
 * NULL. A new array of texts in which `factor` is at least `least` and all others are as they
 * were; NULL when it is that strong already. */
json_t *factors_raise(const json_t *values, const char *factor, long least);

#endif
