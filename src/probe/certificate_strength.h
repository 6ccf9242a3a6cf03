/* What of a certificate is too weak for clients, whatever a profile says: one answer for files and for what servers
 * show. */
#ifndef PROBE_CERTIFICATE_STRENGTH_H
#define PROBE_CERTIFICATE_STRENGTH_H

#include <openssl/x509.h>
#include <stdbool.h>

/* The digest of the signature under it ("SHA1") if that is weaker than SHA-256; static; NULL: it is not, or
 * the kind of signature is unknown, so that nobody verifies it. Ref: RFC 9325 4.5, RFC 9155 */
const char *certificate_weak_digest(X509 *cert);

/* Size of its RSA key; 0: the key is none. */
int certificate_rsa_bits(X509 *cert);

/* Its key has a strength of less than 112 bits: RSA of less than 2048, a curve of less than 224.
 * Ref: NIST SP 800-57 Part 1 5.6.1, SSL_CTX_set_security_level(3) at level 2 */
bool certificate_has_weak_key(X509 *cert);

/* What is weak in a chain above its leaf, each by name, in words ("the intermediate certificate 'CN=X' is signed with
 * SHA1, ..."); owned by the caller (free); NULL: nothing. The last certificate is the trust anchor, whose signature
 * nobody verifies. */
char *certificate_chain_weakness(const STACK_OF(X509) * chain);

#endif
