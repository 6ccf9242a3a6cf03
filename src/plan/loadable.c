/*
 * Certificates are judged with OpenSSL (probe/certificate.c); a service that uses another library may refuse what
 * OpenSSL takes, so that library is asked, too.
 */
#include "plan/loadable.h"

#include <string.h>

#include "dialect/loading.h"

struct words {
    const char *what, *remedy;
};

static struct words words_of(enum loading_part part)
{
    static const struct words all[] = {
        [LOADING_CHAIN] = {"the certificate",
                           "write it anew as plain PEM: openssl x509 -in "
                           "FILE -out NEW, for each certificate in it"},
        [LOADING_KEY] = {"the private key",
                         "write it anew (openssl pkey -in FILE -ec_param_enc named_curve "
                         "-ec_conv_form uncompressed -out NEW, mode 0600), or have a "
                         "certificate issued for a key of a usual kind: RSA, secp256r1, "
                         "secp384r1"},
        [LOADING_PAIR] = {"the private key together with its certificate",
                          "have a certificate issued for a key of a usual kind: RSA, "
                          "secp256r1, secp384r1"},
        [LOADING_CA] = {"the CA certificates",
                        "write each of them anew as plain PEM: openssl x509 -in FILE "
                        "-out NEW"},
    };
    return all[part];
}

static const char *file_of(const struct wanted_certificate *c, enum loading_part part)
{
    if (part == LOADING_CA)
        return c->ca;
    return part == LOADING_CHAIN || !c->key ? c->chain : c->key;
}

int loadable_check(struct plan *plan, const struct wanted *w,
                   const struct wanted_certificate *c, const struct user *reader,
                   struct err *err)
{
    const struct library *library = &w->detected.library;
    const struct loading l = {.chain = c->chain,
                              .key = c->key,
                              .ca = c->ca && *c->ca ? c->ca : NULL,
                              .reader = reader,
                              .any_order = c->any_order};
    CLEANUP(loading_verdict_release) struct loading_verdict v = LOADING_VERDICT_INIT;
    int rc = w->host->live ? loading_try(library, &l, &v, err) : 1;
    if (rc < 0)
        return err_context(err, "%s: %s", w->service->name, c->chain);
    if (rc == 1 || v.refused == LOADING_NOTHING)
        return 0;
    const struct words words = words_of(v.refused);
    plan_note(plan, PLAN_ERROR, w->service->name, file_of(c, v.refused), words.remedy,
              "%s %s, which this service uses, does not take %s: %s%s%s%s",
              dialect_name(library->kind), library->version, words.what, v.why,
              c->where ? " (" : "", c->where ? c->where : "", c->where ? ")" : "");
    return 0;
}
