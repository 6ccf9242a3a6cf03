/*
 * Signatures of TLS 1.3. The pairs of RSASSA-PKCS1-v1_5 are offered in any case: they may sign
 * certificates there, never the handshake, and a server whose chain is signed so may look for them.
 */
#include "probe/signatures.h"

#include <stdio.h>

#include "base/deadline.h"
#include "policy/sigscheme.h"
#include "probe/offer.h"
#include "probe/share.h"

#define TRIES 3

static bool signs_tls13(uint16_t id)
{
    const struct sigscheme *known = sigscheme_by_id(id);
    return known && known->tls13;
}

void signatures_all(struct ids *ret)
{
    struct ids all;
    offer_schemes(&all);
    *ret = (struct ids)IDS_INIT;
    for (size_t i = 0; i < all.count; i++)
        if (signs_tls13(all.items[i]))
            ids_add(ret, all.items[i]);
}

/* Those, and what only certificates are signed with. */
static void with_older(const struct ids *schemes, struct ids *ret)
{
    struct ids all;
    offer_schemes(&all);
    *ret = *schemes;
    for (size_t i = 0; i < all.count; i++)
        if (!signs_tls13(all.items[i]))
            ids_add(ret, all.items[i]);
}

bool signatures_question(const struct ids *groups, const struct ids *schemes,
                         struct question *ret)
{
    question_all(PROTOCOL_TLS1_3, ret);
    with_older(schemes, &ret->schemes);
    ret->share = share_group(groups);
    ret->groups = (struct ids)IDS_INIT;
    return ids_add(&ret->groups, ret->share) && ret->share;
}

void signatures_handshake(struct scanner *s, const struct ids *schemes,
                          struct handshake_result *ret)
{
    struct ids offered;
    with_older(schemes, &offered);
    struct handshake_request ask = {.min = 0x0304,
                                    .max = 0x0304,
                                    .schemes = &offered,
                                    .anchors = s->options.anchors,
                                    .deadline_ms = s->options.deadline_ms};
    bool dropped = false;
    handshake_release(ret);
    for (int i = 0; i < TRIES; i++) {
        struct err err = ERR_INIT;
        dropped =
            dropped || ret->cause == HANDSHAKE_CLOSED || ret->cause == HANDSHAKE_RESET;
        handshake_release(ret);
        if (deadline_left(s->deadline) == 0)
            err_set(&err, ERR_SYSTEM, "no time left");
        else
            scanner_pace(s);
        if (err.kind || handshake(s->endpoint, &ask, ret, &err) < 0) {
            ret->why = mem_strdup(err.text);
            return;
        }
        if (ret->verdict != HANDSHAKE_INCONCLUSIVE) {
            s->drops = s->drops || dropped;
            return;
        }
    }
}
