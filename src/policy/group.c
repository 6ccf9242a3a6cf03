/* Key exchange groups. */
#include "policy/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* clang-format off */
static const struct tls_group groups[] = {
    {0x0013, "secp192r1", "prime192v1", "P-192", "SECP192R1", "1.0.2", "3.0", GROUP_EC, 96, 49, false},
    {0x0015, "secp224r1", "secp224r1", "P-224", "SECP224R1", "1.0.2", "3.0", GROUP_EC, 112, 57, false},
    {0x0017, "secp256r1", "prime256v1", "P-256", "SECP256R1", "1.0.2", "3.0", GROUP_EC, 128, 65, true},
    {0x0018, "secp384r1", "secp384r1", "P-384", "SECP384R1", "1.0.2", "3.0", GROUP_EC, 192, 97, true},
    {0x0019, "secp521r1", "secp521r1", "P-521", "SECP521R1", "1.0.2", "3.0", GROUP_EC, 256, 133, true},
    {0x001a, "brainpoolP256r1", "brainpoolP256r1", NULL, NULL, "1.0.2", NULL, GROUP_EC, 128, 65, false},
    {0x001b, "brainpoolP384r1", "brainpoolP384r1", NULL, NULL, "1.0.2", NULL, GROUP_EC, 192, 97, false},
    {0x001c, "brainpoolP512r1", "brainpoolP512r1", NULL, NULL, "1.0.2", NULL, GROUP_EC, 256, 129, false},
    {0x001d, "x25519", "X25519", NULL, "X25519", "1.1.0", "3.5.10", GROUP_EC, 128, 32, true},
    {0x001e, "x448", "X448", NULL, "X448", "1.1.1", "3.6.12", GROUP_EC, 224, 56, true},
    {0x001f, "brainpoolP256r1tls13", "brainpoolP256r1tls13", NULL, NULL, "3.2", NULL, GROUP_EC, 128, 65, true},
    {0x0020, "brainpoolP384r1tls13", "brainpoolP384r1tls13", NULL, NULL, "3.2", NULL, GROUP_EC, 192, 97, true},
    {0x0021, "brainpoolP512r1tls13", "brainpoolP512r1tls13", NULL, NULL, "3.2", NULL, GROUP_EC, 256, 129, true},
    {0x0100, "ffdhe2048", "ffdhe2048", NULL, "FFDHE2048", "3.0", "3.6", GROUP_FFDHE, 112, 256, true},
    {0x0101, "ffdhe3072", "ffdhe3072", NULL, "FFDHE3072", "3.0", "3.6", GROUP_FFDHE, 128, 384, true},
    {0x0102, "ffdhe4096", "ffdhe4096", NULL, "FFDHE4096", "3.0", "3.6", GROUP_FFDHE, 152, 512, true},
    {0x0103, "ffdhe6144", "ffdhe6144", NULL, "FFDHE6144", "3.0", "3.6", GROUP_FFDHE, 176, 768, true},
    {0x0104, "ffdhe8192", "ffdhe8192", NULL, "FFDHE8192", "3.0", "3.6", GROUP_FFDHE, 200, 1024, true},
    {0x0200, "MLKEM512", "MLKEM512", NULL, NULL, "3.5", NULL, GROUP_KEM, 128, 800, true},
    {0x0201, "MLKEM768", "MLKEM768", NULL, NULL, "3.5", NULL, GROUP_KEM, 192, 1184, true},
    {0x0202, "MLKEM1024", "MLKEM1024", NULL, NULL, "3.5", NULL, GROUP_KEM, 256, 1568, true},
    {0x11eb, "SecP256r1MLKEM768", "SecP256r1MLKEM768", NULL, "SECP256R1-MLKEM768", "3.5", "3.8.9", GROUP_HYBRID, 128, 1249, true},
    {0x11ec, "X25519MLKEM768", "X25519MLKEM768", NULL, "X25519-MLKEM768", "3.5", "3.8.9", GROUP_HYBRID, 128, 1216, true},
    {0x11ed, "SecP384r1MLKEM1024", "SecP384r1MLKEM1024", NULL, "SECP384R1-MLKEM1024", "3.5", "3.8.9", GROUP_HYBRID, 192, 1665, true},
};
/* clang-format on */

const struct tls_group *group_table(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(groups);
    return groups;
}

const struct tls_group *group_by_id(uint16_t id)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        if (groups[i].id == id)
            return &groups[i];
    return NULL;
}

static bool is(const char *a, const char *b)
{
    return a && strcmp(a, b) == 0;
}

const struct tls_group *group_by_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        if (is(groups[i].name, name))
            return &groups[i];
    return NULL;
}

const struct tls_group *group_by_any(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        if (is(groups[i].name, name) || is(groups[i].openssl, name) ||
            is(groups[i].openssl_alt, name) || is(groups[i].gnutls, name))
            return &groups[i];
    if (strncmp(name, "0x", 2) == 0 && strlen(name) <= 6)
        return group_by_id((uint16_t)strtoul(name, NULL, 16));
    return NULL;
}
