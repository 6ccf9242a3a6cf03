/* SHA-256, as text: what tells two contents apart in records. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/buf.h"

#define DIGEST_SIZE 65 /* 64 lower case hexadecimal digits and a NUL */

/* Ref: FIPS 180-4. Ends the process with exit status 70 when libcrypto has no SHA-256. */
void digest_sha256(struct bytes data, char ret[static DIGEST_SIZE]);

#endif
