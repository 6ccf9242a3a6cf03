/*
 * Tables of what names give away, the worst first: the first entry that fits decides. Not judged:
 * what needs a secret shared beforehand, whose strength is the secret's.
 */
#include "policy/weakness.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct sign {
    const char *part; /* of a name */
    struct weakness weakness;
};

static const struct weakness none = {WEAKNESS_NONE, "", ""};

static struct weakness look_up(const struct sign *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(name, table[i].part))
            return table[i].weakness;
    return none;
}

struct weakness weakness_of_protocol(enum protocol p)
{
    switch (p) {
    case PROTOCOL_SSL2:
        return (struct weakness){WEAKNESS_CRITICAL, "broken, and breaks others (DROWN)",
                                 "RFC 6176"};
    case PROTOCOL_SSL3:
        return (struct weakness){WEAKNESS_HIGH, "broken (POODLE)", "RFC 7568"};
    case PROTOCOL_TLS1:
    case PROTOCOL_TLS1_1:
        return (struct weakness){WEAKNESS_MEDIUM, "deprecated: needs SHA-1 and MD5",
                                 "RFC 8996"};
    case PROTOCOL_TLS1_2:
    case PROTOCOL_TLS1_3:
        break;
    }
    return none;
}

struct weakness weakness_of_suite(const char *name)
{
    static const struct sign table[] = {
        {"NULL_WITH_NULL", {WEAKNESS_CRITICAL, "does not encrypt", "RFC 9325 4.1"}},
        {"_WITH_NULL_", {WEAKNESS_CRITICAL, "does not encrypt", "RFC 9325 4.1"}},
        {"_SHA256_SHA256", {WEAKNESS_CRITICAL, "does not encrypt", "RFC 9150"}},
        {"_SHA384_SHA384", {WEAKNESS_CRITICAL, "does not encrypt", "RFC 9150"}},
        {"_anon_", {WEAKNESS_CRITICAL, "does not authenticate", "RFC 9325 4.1"}},
        {"_EXPORT", {WEAKNESS_CRITICAL, "export grade (FREAK, Logjam)", "RFC 9325 4.1"}},
        {"_RC2_", {WEAKNESS_HIGH, "RC2", "RFC 9325 4.1"}},
        {"_RC4_", {WEAKNESS_HIGH, "RC4", "RFC 7465"}},
        {"_DES_", {WEAKNESS_HIGH, "DES: 56 bits", "RFC 5469"}},
        {"_DES40_", {WEAKNESS_CRITICAL, "DES: 40 bits", "RFC 5469"}},
        {"_MD5", {WEAKNESS_HIGH, "MD5", "RFC 6151"}},
        {"_3DES_", {WEAKNESS_MEDIUM, "blocks of 64 bits (Sweet32)", "RFC 9325 4.1"}},
        {"_IDEA_", {WEAKNESS_MEDIUM, "blocks of 64 bits (Sweet32)", "RFC 5469"}},
        {"_28147_", {WEAKNESS_MEDIUM, "blocks of 64 bits (Sweet32)", "RFC 9325 4.1"}},
        {"TLS_RSA_", {WEAKNESS_MEDIUM, "no forward secrecy", "RFC 9325 4.1"}},
        {"TLS_DH_", {WEAKNESS_MEDIUM, "no forward secrecy", "RFC 9325 4.1"}},
        {"TLS_ECDH_", {WEAKNESS_MEDIUM, "no forward secrecy", "RFC 9325 4.1"}},
        {"_DSS_", {WEAKNESS_MEDIUM, "DSA keys", "RFC 9325 4.1"}},
        {"TLS_KRB5_", {WEAKNESS_MEDIUM, "no forward secrecy", "RFC 9325 4.1"}},
        {"_CBC_", {WEAKNESS_LOW, "CBC (padding attacks)", "RFC 9325 4.2"}},
        {"_CCM_8", {WEAKNESS_LOW, "authentication tag of 64 bits", "RFC 9325 4.2"}},
    };
    return look_up(table, ARRAY_LEN(table), name);
}

/* The number in an elliptic curve's name is its size, and half of it its strength. */
struct weakness weakness_of_group(const char *name)
{
    bool sized = strncmp(name, "secp", 4) == 0 || strncmp(name, "sect", 4) == 0;
    long bits = sized ? strtol(name + 4, NULL, 10) : 0;
    if (bits > 0 && bits < 224)
        return (struct weakness){bits < 192 ? WEAKNESS_HIGH : WEAKNESS_MEDIUM,
                                 "a curve of less than 224 bits", "RFC 8422 5.1.1"};
    return none;
}

struct weakness weakness_of_scheme(const char *name)
{
    static const struct sign table[] = {
        {"md5", {WEAKNESS_HIGH, "MD5 (SLOTH)", "RFC 9155"}},
        {"sha1", {WEAKNESS_MEDIUM, "SHA-1", "RFC 9155"}},
        {"_sha224", {WEAKNESS_LOW, "SHA-224", "RFC 8446 4.2.3"}},
    };
    if (strncmp(name, "dsa_", 4) == 0)
        return (struct weakness){WEAKNESS_MEDIUM, "DSA keys", "RFC 8446 4.2.3"};
    return look_up(table, ARRAY_LEN(table), name);
}

struct weakness weakness_of_modulus(unsigned bits)
{
    if (bits < 1024)
        return (struct weakness){WEAKNESS_CRITICAL, "less than 1024 bits",
                                 "RFC 9325 4.1"};
    if (bits < 2048)
        return (struct weakness){WEAKNESS_HIGH, "less than 2048 bits", "RFC 9325 4.1"};
    return none;
}
