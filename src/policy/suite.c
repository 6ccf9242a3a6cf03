/* Looking suites up. Names are few enough to be compared one by one: nothing asks in a hot loop. */
#include "policy/suite.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

const struct suite *suite_by_id(uint16_t id)
{
    size_t low = 0, high;
    const struct suite *table = suite_table(&high);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (table[mid].id == id)
            return &table[mid];
        if (table[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

static bool is(const char *a, const char *b)
{
    return a && strcmp(a, b) == 0;
}

const struct suite *suite_by_name(const char *name)
{
    size_t count;
    const struct suite *table = suite_table(&count);
    for (size_t i = 0; i < count; i++)
        if (is(table[i].name, name))
            return &table[i];
    return NULL;
}

/* "0xC02F", "0xC0,0x2F" or "C02F" as a number; -1 for anything else. */
static long parse_id(const char *s)
{
    char digits[5] = "";
    size_t n = 0;
    while (*s) {
        if (strncasecmp(s, "0x", 2) == 0)
            s += 2;
        else if (*s == ',' || *s == ' ')
            s++;
        else if (strchr("0123456789abcdefABCDEF", *s) && n < 4)
            digits[n++] = *s++;
        else
            return -1;
    }
    return n == 4 ? strtol(digits, NULL, 16) : -1;
}

const struct suite *suite_by_any(const char *name)
{
    size_t count;
    const struct suite *table = suite_table(&count);
    for (size_t i = 0; i < count; i++)
        if (is(table[i].name, name) || is(table[i].openssl, name) ||
            is(table[i].gnutls, name))
            return &table[i];
    long id = parse_id(name);
    return id < 0 ? NULL : suite_by_id((uint16_t)id);
}

const char *suite_refused(const struct suite *s)
{
    if (suite_has(s, SUITE_SIGNAL))
        return "is a signal, not a suite";
    if (suite_has(s, SUITE_NULL))
        return "does not encrypt";
    if (suite_has(s, SUITE_ANONYMOUS))
        return "does not authenticate the server";
    if (suite_has(s, SUITE_EXPORT))
        return "was weakened for export";
    if (suite_has(s, SUITE_SHARED_SECRET))
        return "needs a secret shared beforehand";
    return NULL;
}

const char *suite_kx_name(enum suite_kx kx)
{
    static const char *const names[] = {
        "any",     "NULL",    "RSA",       "DH",  "DHE",  "ECDH", "ECDHE", "PSK",
        "RSA-PSK", "DHE-PSK", "ECDHE-PSK", "SRP", "KRB5", "GOST", "ECCPWD"};
    return names[kx];
}

const char *suite_auth_name(enum suite_auth auth)
{
    static const char *const names[] = {"any", "none", "RSA",  "DSS",  "ECDSA",
                                        "PSK", "SRP",  "KRB5", "GOST", "ECCPWD"};
    return names[auth];
}

const char *suite_cipher_name(enum suite_cipher cipher)
{
    static const char *const names[] = {
        [CIPHER_NULL] = "NULL",
        [CIPHER_RC2_40] = "RC2-40",
        [CIPHER_RC4_40] = "RC4-40",
        [CIPHER_RC4_128] = "RC4-128",
        [CIPHER_DES_40] = "DES-40",
        [CIPHER_DES] = "DES",
        [CIPHER_3DES] = "3DES",
        [CIPHER_IDEA] = "IDEA",
        [CIPHER_SEED] = "SEED",
        [CIPHER_AES_128_CBC] = "AES-128-CBC",
        [CIPHER_AES_256_CBC] = "AES-256-CBC",
        [CIPHER_AES_128_GCM] = "AES-128-GCM",
        [CIPHER_AES_256_GCM] = "AES-256-GCM",
        [CIPHER_AES_128_CCM] = "AES-128-CCM",
        [CIPHER_AES_256_CCM] = "AES-256-CCM",
        [CIPHER_AES_128_CCM_8] = "AES-128-CCM-8",
        [CIPHER_AES_256_CCM_8] = "AES-256-CCM-8",
        [CIPHER_CAMELLIA_128_CBC] = "CAMELLIA-128-CBC",
        [CIPHER_CAMELLIA_256_CBC] = "CAMELLIA-256-CBC",
        [CIPHER_CAMELLIA_128_GCM] = "CAMELLIA-128-GCM",
        [CIPHER_CAMELLIA_256_GCM] = "CAMELLIA-256-GCM",
        [CIPHER_ARIA_128_CBC] = "ARIA-128-CBC",
        [CIPHER_ARIA_256_CBC] = "ARIA-256-CBC",
        [CIPHER_ARIA_128_GCM] = "ARIA-128-GCM",
        [CIPHER_ARIA_256_GCM] = "ARIA-256-GCM",
        [CIPHER_CHACHA20_POLY1305] = "CHACHA20-POLY1305",
        [CIPHER_AEGIS] = "AEGIS",
        [CIPHER_SM4] = "SM4",
        [CIPHER_GOST] = "GOST",
    };
    return names[cipher];
}

const char *suite_mac_name(enum suite_mac mac)
{
    static const char *const names[] = {"AEAD",   "NULL",   "MD5", "SHA1",
                                        "SHA256", "SHA384", "GOST"};
    return names[mac];
}
