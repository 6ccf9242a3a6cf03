/* Is a certificate for a host, as RFC 9525 says? */
#include "probe/certificate_covers.h"
#include "probe/leaf.h"
#include "unit/certificate_host.h"
#include "unit/unit.h"

struct row {
    const char *subject, *names; /* NULL: no alternative names */
    const char *host;
    bool covered, loosely;
};

static const struct row rows[] = {
    {"x", "DNS:www.example.test", "www.example.test", true, true},
    {"x", "DNS:www.example.test", "WWW.Example.Test", true, true},
    {"x", "DNS:www.example.test", "www.example.test.", true, true},
    {"x", "DNS:www.example.test", "www.example.test..", false, false},
    {"x", "DNS:www.example.test", ".example.test", false, false},
    {"x", "DNS:www.example.test", ".", false, false},
    {"x", "DNS:www.example.test", "", false, false},
    {"x", "DNS:*.example.test", "www.example.test", true, true},
    {"x", "DNS:*.example.test", "www.example.test.", true, true},
    {"x", "DNS:*.example.test", "example.test", false, false},
    {"x", "DNS:*.example.test", "a.b.example.test", false, false},
    /* a wildcard is a whole label */
    {"x", "DNS:w*.example.test", "www.example.test", false, false},
    {"x", "DNS:*w.example.test", "www.example.test", false, false},
    {"x", "DNS:w*w.example.test", "www.example.test", false, false},
    {"x", "DNS:*", "localhost", false, false},
    /* the common name does not count */
    {"localhost", NULL, "localhost", false, true},
    {"localhost", NULL, "localhost.", false, true},
    {"www.example.test", "IP:192.0.2.1", "www.example.test", false, true},
    {"www.example.test", "email:a@example.test", "www.example.test", false, true},
    {"www.example.test", "DNS:other.example.test", "www.example.test", false, false},
    {"192.0.2.1", NULL, "192.0.2.1", false, false},
    {"x", "IP:192.0.2.1", "192.0.2.1", true, true},
    {"x", "IP:2001:db8::1", "2001:db8:0::1", true, true},
    {"x", "DNS:192.0.2.1", "192.0.2.1", false, false},
};

START_TEST(names_are_compared_as_the_rfc_says)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *r = &rows[i];
        CLEANUP(pair_release)
        struct pair p =
            make(&(struct maker){.subject = r->subject, .names = r->names}, NULL);
        ck_assert_msg(certificate_covers(p.cert, r->host) == r->covered, "row %zu", i);
        ck_assert_msg(certificate_covers_loosely(p.cert, r->host) == r->loosely,
                      "row %zu, loosely", i);
    }
}
END_TEST

/* What a server shows is held to the same. */
START_TEST(leaves_are_read_so)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *r = &rows[i];
        struct handshake_certificate seen;
        CLEANUP(pair_release)
        struct pair p =
            make(&(struct maker){.subject = r->subject, .names = r->names}, NULL);
        leaf_read(p.cert, r->host, &seen);
        ck_assert_msg(seen.name_matches == r->covered, "row %zu", i);
        bool named = r->names && strncmp(r->names, "email", 5) != 0;
        ck_assert_msg(seen.names_common == !named, "row %zu, common name", i);
        ck_assert_uint_eq(seen.names.count, 1);
        leaf_release(&seen);
    }
}
END_TEST

START_TEST(nobody_in_particular_is_covered)
{
    struct handshake_certificate seen;
    CLEANUP(pair_release) struct pair p = make(&(struct maker){.subject = "x"}, NULL);
    leaf_read(p.cert, NULL, &seen);
    ck_assert(seen.name_matches);
    leaf_release(&seen);
}
END_TEST

UNIT_MAIN("certificate_covers", names_are_compared_as_the_rfc_says, leaves_are_read_so,
          nobody_in_particular_is_covered)
