/*
 * What a library said, as lines of text: WORD, a space, the rest.
 *
 *     version 3.0.19               first; the library's own word
 *     protocol TLSv1.2             or GnuTLS's "TLS1.2"
 *     suite C02B                   hex; in the library's order
 *     group X25519                 any name, or 0x001D
 *     sign 0x0804                  any name or number
 *     refused X25519:BOGUS         the question can't be answered: the library refuses this
 *     end -                        of one question
 */
#ifndef DIALECT_ANSWER_H
#define DIALECT_ANSWER_H

#include "dialect/dialect.h"

/* Reads the answers to `count` questions; `text` is changed. What was refused is told in
 * ret[i].refused. ERR_SYSTEM when an answer is missing: the library ended the process. */
int answer_read(const struct library *library, char *text, struct resolution *ret,
                size_t count, struct err *err) MUST_CHECK;

#endif
