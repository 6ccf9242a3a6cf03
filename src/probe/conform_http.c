/* What a web server says about TLS in HTTP: Strict-Transport-Security (RFC 6797), and the way from
 * clear text to it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/deadline.h"
#include "probe/conform_check.h"
#include "probe/hsts.h"
#include "probe/http.h"

#define TRIES 3

static int request(struct conform_check *c, const struct endpoint *e, bool tls,
                   struct http_response *ret, struct err *err)
{
    struct http_request what = {.method = "HEAD",
                                .path = "/",
                                .tls = tls,
                                .deadline_ms = c->s.options.deadline_ms};
    for (int i = 0; i < TRIES; i++) {
        if (deadline_left(c->s.deadline) == 0)
            return err_set(err, ERR_SYSTEM, "no time left");
        scanner_pace(&c->s);
        if (http_ask(e, &what, ret, err) == 0)
            return 0;
        if (err->kind != ERR_SYSTEM)
            break;
    }
    return -1;
}

/* --- HSTS ------------------------------------------------------------------------------------ */

/* What is wrong with the field, or missing in it; NULL: nothing. */
static char *hsts_problem(const json_t *wanted, const char *field)
{
    struct hsts found;
    const char *why = hsts_read(field, &found);
    if (why)
        return mem_printf("one that browsers ignore: %s", why);
    if (found.max_age < json_integer_value(json_object_get(wanted, "max_age")))
        return mem_printf("max-age is %lld", (long long)found.max_age);
    if (json_is_true(json_object_get(wanted, "include_subdomains")) && !found.subdomains)
        return mem_strdup("includeSubDomains is missing");
    if (json_is_true(json_object_get(wanted, "preload")) && !found.preload)
        return mem_strdup("preload is missing");
    return NULL;
}

static void judge_hsts(struct conform_check *c, const json_t *wanted)
{
    CLEANUP(http_release) struct http_response got = HTTP_INIT;
    struct err err = ERR_INIT;
    long long age = json_integer_value(json_object_get(wanted, "max_age"));
    struct conform_item *item = conform_add(
        c, CONFORM_HSTS, CONFORM_YES, "",
        mem_printf("Strict-Transport-Security: max-age=%lld%s%s", age,
                   json_is_true(json_object_get(wanted, "include_subdomains"))
                       ? "; includeSubDomains"
                       : "",
                   json_is_true(json_object_get(wanted, "preload")) ? "; preload" : ""));
    if (request(c, c->endpoint, true, &got, &err) < 0) {
        item->verdict = CONFORM_UNKNOWN;
        item->found = mem_strdup(err.text);
        return;
    }
    /* RFC 6797 8.1: the first field counts. */
    item->found = got.hsts.count ? hsts_problem(wanted, got.hsts.items[0])
                                 : mem_strdup("no such field");
    if (item->found)
        item->verdict = CONFORM_NO;
}

/* --- redirect -------------------------------------------------------------------------------- */

static void judge_redirect(struct conform_check *c)
{
    CLEANUP(http_release) struct http_response got = HTTP_INIT;
    struct err err = ERR_INIT;
    struct endpoint plain = *c->endpoint;
    plain.port = 80;
    struct conform_item *item = conform_add(c, CONFORM_REDIRECT, CONFORM_YES, "",
                                            mem_strdup("port 80 redirects to https"));
    if (request(c, &plain, false, &got, &err) < 0) {
        bool nobody = strstr(err.text, "Connection refused") != NULL;
        item->verdict = nobody ? CONFORM_YES : CONFORM_UNKNOWN;
        item->found = nobody ? NULL : mem_strdup(err.text);
        return;
    }
    bool leads = got.status >= 300 && got.status < 400 && got.location &&
                 strncasecmp(got.location, "https://", 8) == 0;
    if (leads)
        return;
    item->verdict = CONFORM_NO;
    item->found = mem_printf("status %d%s%s", got.status, got.location ? ", to " : "",
                             got.location ? got.location : "");
}

void conform_http(struct conform_check *c)
{
    const json_t *http = json_object_get(c->policy->effective, "http");
    const json_t *hsts = json_object_get(http, "hsts");
    if (json_is_object(hsts))
        judge_hsts(c, hsts);
    if (json_is_true(json_object_get(http, "redirect")) && c->endpoint->port == 443)
        judge_redirect(c);
}
