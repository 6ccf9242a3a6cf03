/* SHA-256 by libcrypto's EVP. */
#include "base/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

void digest_sha256(struct bytes data, char ret[static DIGEST_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    const char *from = data.data ? data.data : "";
    if (EVP_Digest(from, data.len, sum, &len, EVP_sha256(), NULL) != 1 ||
        2 * len + 1 != DIGEST_SIZE)
        abort(); /* a libcrypto without SHA-256 is none */
    for (unsigned i = 0; i < len; i++) {
        ret[(size_t)2 * i] = hex[sum[i] >> 4];
        ret[(size_t)2 * i + 1] = hex[sum[i] & 15];
    }
    ret[(size_t)2 * len] = '\0';
}
