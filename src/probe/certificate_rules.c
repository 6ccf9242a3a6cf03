/*
 * Rules for one certificate. What OpenSSL at its default security level, or GnuTLS, or browsers refuse
 * is an error; what the profile asks for as well, as far as it is about keys; what will bite later is
 * a warning.
 */
#include "probe/certificate_rules.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/day.h"
#include "base/visible.h"
#include "policy/group.h"
#include "probe/certificate_covers.h"
#include "probe/certificate_path.h"
#include "probe/certificate_report.h"
#include "probe/certificate_strength.h"

#define DAY         86400
#define NAME_LIMIT  200 /* bytes of a subject that are shown */
#define NAMES_SHOWN 8   /* host names that a finding lists */

char *certificate_name_text(const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (!bio)
        abort(); /* out of memory */
    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    long n = BIO_get_mem_data(bio, &text);
    char *shown = visible_cut((struct bytes){.data = text, .len = n > 0 ? (size_t)n : 0},
                              NAME_LIMIT);
    BIO_free(bio);
    return shown;
}

/* "the certificate", or "the intermediate certificate NAME". */
static char *which(X509 *cert, bool leaf)
{
    CLEANUP(mem_freep) char *name = certificate_name_text(X509_get_subject_name(cert));
    return leaf ? mem_strdup("the certificate")
                : mem_printf("the intermediate certificate '%s'", name);
}

static char *new_certificate(bool leaf)
{
    return mem_strdup(leaf ? "renew it, and name the new file or put it there"
                           : "ask the authority for its present intermediate "
                             "certificates and put them behind the leaf");
}

/* --- dates ----------------------------------------------------------------------------------- */

static void judge_end(const struct certificate_case *c, const char *name, bool leaf,
                      int64_t to)
{
    CLEANUP(mem_freep) char *date = day_text(to);
    int64_t warn = c->rules->expiry_warn_days;
    if (to < c->now)
        certificate_note(c->report, CERTIFICATE_ERROR, "certificate/expired", c->file,
                         new_certificate(leaf), "%s expired on %s", name, date);
    else if (warn && to - c->now < warn * DAY)
        certificate_note(c->report, CERTIFICATE_WARNING, "certificate/expires-soon",
                         c->file, new_certificate(leaf), "%s expires on %s, in %lld days",
                         name, date, (long long)((to - c->now) / DAY));
}

/* The longest that public authorities may issue for, by the day of issue.
 * Ref: CA/Browser Forum Baseline Requirements 6.3.2, ballots 193, SC31 and SC-081v3 */
static const struct {
    int64_t since; /* seconds since the epoch, the day's begin in UTC */
    int days;
    const char *date;
} forum_limits[] = {
    {1519862400, 825, "2018-03-01"}, {1598918400, 398, "2020-09-01"},
    {1773532800, 200, "2026-03-15"}, {1805068800, 100, "2027-03-15"},
    {1868227200, 47, "2029-03-15"},
};

/* A certificate that was logged (RFC 6962 3.3) is one of a public authority; private ones make their own rules. */
static void judge_forum(const struct certificate_case *c, X509 *cert, int64_t from,
                        int64_t to)
{
    int64_t most = 0;
    const char *since = "";
    for (size_t i = 0; i < ARRAY_LEN(forum_limits) && from >= forum_limits[i].since;
         i++) {
        most = forum_limits[i].days;
        since = forum_limits[i].date;
    }
    /* The last second counts: a day is 86,400 of them, and notAfter is one of these. */
    if (X509_get_ext_by_NID(cert, NID_ct_precert_scts, -1) < 0 || !most ||
        to - from + 1 <= most * DAY)
        return;
    certificate_note(
        c->report, CERTIFICATE_WARNING, "certificate/forum-lifetime", c->file,
        mem_printf("have it issued for at most %lld days, and renewed by a program",
                   (long long)most),
        "the certificate is valid for %lld days; browsers refuse more than %lld of "
        "public "
        "authorities' since %s",
        (long long)((to - from + 1) / DAY), (long long)most, since);
}

static void judge_dates(const struct certificate_case *c, X509 *cert, bool leaf)
{
    int64_t from, to, most = c->rules->max_lifetime_days;
    CLEANUP(mem_freep) char *name = which(cert, leaf);
    if (!certificate_time(X509_get0_notBefore(cert), &from) ||
        !certificate_time(X509_get0_notAfter(cert), &to)) {
        certificate_note(c->report, CERTIFICATE_ERROR, "certificate/dates", c->file,
                         new_certificate(leaf), "%s has malformed dates", name);
        return;
    }
    CLEANUP(mem_freep) char *begin = day_text(from);
    if (from > c->now)
        certificate_note(c->report, CERTIFICATE_ERROR, "certificate/not-yet-valid",
                         c->file,
                         mem_strdup("check this host's clock (date -u); if it is right, "
                                    "keep the previous certificate until then"),
                         "%s is not valid before %s", name, begin);
    judge_end(c, name, leaf, to);
    if (leaf)
        judge_forum(c, cert, from, to);
    if (leaf && most && to - from > most * DAY)
        certificate_note(
            c->report, CERTIFICATE_WARNING, "certificate/lifetime", c->file,
            mem_printf("have it issued for at most %lld days", (long long)most),
            "%s is valid for %lld days, the profile allows %lld", name,
            (long long)((to - from) / DAY), (long long)most);
}

/* --- key and signature ----------------------------------------------------------------------- */

static void judge_rsa(const struct certificate_case *c, X509 *cert, bool leaf)
{
    int bits = certificate_rsa_bits(cert);
    CLEANUP(mem_freep) char *name = which(cert, leaf);
    if (bits && bits < c->rules->rsa_min_bits)
        certificate_note(c->report, CERTIFICATE_ERROR, "certificate/rsa-bits", c->file,
                         leaf ? mem_printf("make a new key and have a certificate issued "
                                           "for it: openssl genrsa -out KEY %d",
                                           c->rules->rsa_min_bits)
                              : new_certificate(false),
                         "%s has an RSA key of %d bits, the profile asks for %d", name,
                         bits, c->rules->rsa_min_bits);
}

static void judge_curve(const struct certificate_case *c, const EVP_PKEY *key)
{
    char name[80];
    size_t len = 0;
    const struct strv *curves = c->rules->curves;
    bool named = EVP_PKEY_get_group_name(key, name, sizeof name, &len) == 1;
    const struct tls_group *group = named ? group_by_any(name) : NULL;
    if (!curves || !curves->count || (group && strv_has(curves, group->name)))
        return;
    CLEANUP(buf_release) struct buf list = BUF_INIT;
    for (size_t i = 0; i < curves->count; i++)
        buf_addf(&list, "%s%s", i ? ", " : "", curves->items[i]);
    certificate_note(c->report, CERTIFICATE_ERROR, "certificate/curve", c->file,
                     mem_printf("make a new key on one of %s and have a certificate "
                                "issued for it",
                                buf_str(&list)),
                     "the certificate's key is on the curve %s, the profile allows %s",
                     group   ? group->name
                     : named ? name
                             : "(without a name)",
                     buf_str(&list));
}

static void judge_key(const struct certificate_case *c, X509 *leaf)
{
    EVP_PKEY *key = X509_get0_pubkey(leaf);
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    if (key && EVP_PKEY_is_a(key, "EC"))
        judge_curve(c, key);
    else if (key && (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448")))
        certificate_note(c->report, CERTIFICATE_WARNING, "certificate/key-rare", c->file,
                         mem_strdup("add or use a certificate with an EC or RSA key"),
                         "the certificate has an %s key, which browsers refuse", type);
    else if (!key || !(EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")))
        certificate_note(c->report, CERTIFICATE_ERROR, "certificate/key-kind", c->file,
                         mem_strdup("have a certificate issued for an EC or RSA key"),
                         "the certificate has a key that TLS cannot use (%s)",
                         type ? type : "unknown");
}

static void judge_signature(const struct certificate_case *c, X509 *cert, bool leaf)
{
    const char *digest = certificate_weak_digest(cert);
    CLEANUP(mem_freep) char *name = which(cert, leaf);
    if (digest &&
        !certificate_is_root(cert)) /* nobody verifies the signature of a root */
        certificate_note(c->report, CERTIFICATE_ERROR, "certificate/signature", c->file,
                         leaf ? mem_strdup("have it issued anew, signed with SHA-256")
                              : new_certificate(false),
                         "%s is signed with %s, which clients and servers refuse", name,
                         digest);
}

/* Of one above the leaf, unless the rule for RSA keys, of so many bits, has told it. */
static void judge_strength(const struct certificate_case *c, X509 *cert, int told,
                           const char *remedy)
{
    int bits = certificate_rsa_bits(cert);
    CLEANUP(mem_freep) char *name = certificate_name_text(X509_get_subject_name(cert));
    if (certificate_has_weak_key(cert) && !(bits && bits < told))
        certificate_note(c->report, CERTIFICATE_ERROR, "certificate/weak-key", c->file,
                         mem_strdup(remedy),
                         "the authority's certificate '%s' has a key of %d bits, which "
                         "clients refuse",
                         name, EVP_PKEY_get_bits(X509_get0_pubkey(cert)));
}

/* --- usage ----------------------------------------------------------------------------------- */

static void judge_usage(const struct certificate_case *c, X509 *leaf)
{
    uint32_t flags = X509_get_extension_flags(leaf);
    if (flags & EXFLAG_CA && flags & EXFLAG_BCONS)
        certificate_note(c->report, CERTIFICATE_WARNING, "certificate/leaf-is-ca",
                         c->file,
                         mem_strdup("have one issued without CA:TRUE for the server"),
                         "the certificate is one of an authority (CA:TRUE), which some "
                         "clients refuse from a server");
    if (flags & EXFLAG_XKUSAGE && !(X509_get_extended_key_usage(leaf) & XKU_SSL_SERVER))
        certificate_note(c->report, CERTIFICATE_ERROR, "certificate/extended-key-usage",
                         c->file, mem_strdup("have it issued with serverAuth"),
                         "the certificate is not meant for servers: its extended key "
                         "usage lacks serverAuth");
    if (flags & EXFLAG_KUSAGE && !(X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE))
        certificate_note(c->report, CERTIFICATE_ERROR, "certificate/key-usage", c->file,
                         mem_strdup("have it issued with digitalSignature"),
                         "the certificate's key usage lacks digitalSignature, which "
                         "TLS 1.3 and forward secrecy need");
}

/* --- names ----------------------------------------------------------------------------------- */

/* "a, b and 3 more"; says nothing when there are none. */
static void list_names(const struct strv *names, struct buf *out)
{
    for (size_t i = 0; i < names->count && i < NAMES_SHOWN; i++) {
        buf_adds(out, i ? ", " : "");
        visible_add(out, bytes_str(names->items[i]));
    }
    if (names->count > NAMES_SHOWN)
        buf_addf(out, " and %zu more", names->count - NAMES_SHOWN);
}

static void names_freep(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

static void alternative_names(X509 *leaf, struct strv *ret)
{
    GENERAL_NAMES *all CLEANUP(names_freep) =
        X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        int type;
        const ASN1_STRING *value =
            GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all, i), &type);
        if (type == GEN_DNS)
            strv_take(ret, mem_strndup((const char *)ASN1_STRING_get0_data(value),
                                       (size_t)ASN1_STRING_length(value)));
    }
}

static void note_uncovered(const struct certificate_case *c, X509 *leaf,
                           const struct strv *names)
{
    CLEANUP(strv_release) struct strv own = STRV_INIT;
    CLEANUP(buf_release) struct buf missing = BUF_INIT, present = BUF_INIT;
    alternative_names(leaf, &own);
    list_names(names, &missing);
    list_names(&own, &present);
    certificate_note(c->report, CERTIFICATE_ERROR, "certificate/name", c->file,
                     mem_printf("have it issued for %s as well", buf_str(&missing)),
                     "the certificate does not name %s; it names %s", buf_str(&missing),
                     own.count ? buf_str(&present) : "no host at all");
}

static void judge_names(const struct certificate_case *c, X509 *leaf)
{
    const struct strv *names = c->rules->names;
    CLEANUP(strv_release) struct strv lacking = STRV_INIT, common = STRV_INIT;
    for (size_t i = 0; names && i < names->count; i++)
        if (!certificate_covers(leaf, names->items[i]))
            strv_add(certificate_covers_loosely(leaf, names->items[i]) ? &common
                                                                       : &lacking,
                     names->items[i]);
    if (lacking.count)
        note_uncovered(c, leaf, &lacking);
    CLEANUP(buf_release) struct buf list = BUF_INIT;
    list_names(&common, &list);
    if (common.count)
        certificate_note(c->report, CERTIFICATE_WARNING, "certificate/name-common-only",
                         c->file,
                         mem_printf("have it issued with %s as subject alternative name",
                                    buf_str(&list)),
                         "the certificate names %s in its subject only, where browsers "
                         "do not look",
                         buf_str(&list));
}

/* --- all of them ----------------------------------------------------------------------------- */

void certificate_judge_leaf(const struct certificate_case *c, X509 *leaf)
{
    judge_dates(c, leaf, true);
    judge_key(c, leaf);
    judge_rsa(c, leaf, true);
    judge_signature(c, leaf, true);
    judge_usage(c, leaf);
    judge_names(c, leaf);
}

void certificate_judge_intermediate(const struct certificate_case *c, X509 *cert)
{
    judge_dates(c, cert, false);
    judge_rsa(c, cert, false);
    CLEANUP(mem_freep) char *remedy = new_certificate(false);
    judge_strength(c, cert, c->rules->rsa_min_bits, remedy);
    judge_signature(c, cert, false);
}

void certificate_judge_root(const struct certificate_case *c, X509 *cert)
{
    judge_strength(c, cert, 0,
                   "have one issued beneath another root, or put a chain behind the leaf "
                   "that leads to one");
}
