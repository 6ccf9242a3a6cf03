/*
 * libcrypto compares. What it lets pass unless told otherwise is forbidden by RFC 9525: common names
 * (4.1) and wildcards that are a part of a label (6.3).
 *
 * Not handled: names in Unicode, which have to come as A-labels (RFC 5890).
 */
#include "probe/certificate_covers.h"

#include <openssl/x509v3.h>

#include "base/hostname.h"

static bool covers(X509 *cert, const char *name, unsigned subject)
{
    size_t n = hostname_length(name);
    if (hostname_is_address(name))
        return X509_check_ip_asc(cert, name, 0) == 1;
    /* libcrypto takes a dot in front for any host beneath. */
    return n && name[0] != '.' &&
           X509_check_host(cert, name, n, subject | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                           NULL) == 1;
}

bool certificate_covers(X509 *cert, const char *name)
{
    return covers(cert, name, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
}

bool certificate_covers_loosely(X509 *cert, const char *name)
{
    return covers(cert, name, 0);
}
