/* Protocol versions as servers' settings name them. */
#ifndef SERVICE_VERSIONS_H
#define SERVICE_VERSIONS_H

/* Bits of enum protocol that a setting allows; 0: it cannot be told. Words are separated by white space, commas or
 * colons:
 *     ">=TLSv1.2, <=TLSv1.3"    a range
 *     "!SSLv2, !SSLv3"          all but these
 *     "TLSv1.2 TLSv1.3"         these
 *     "TLSv1.2++"               this one and every newer one
 *     "3.3"                     this one and every newer one, by its number on the wire
 * Ref: postconf(5) smtpd_tls_protocols; couriertls(1) TLS_PROTOCOL; slapd-config(5) olcTLSProtocolMin */
unsigned versions_read(const char *text);

#endif
