/*
 * Whose order it is. A server that picks what stood behind its next pick has an order of its own.
 * Picks in the order of the offer prove nothing; then the suites that were seen are offered once
 * more, behind the others and the other way round: a client's order shows something new, or the
 * last of them; a server's order shows the first again.
 */
#include "probe/scanner.h"

void order_watch(struct scan_version *found, const struct ids *offered)
{
    size_t n = found->suites.count;
    const uint16_t *seen = found->suites.items;
    if (found->order == SCAN_ORDER_UNKNOWN && n >= 2 &&
        ids_at(offered, seen[n - 2]) > ids_at(offered, seen[n - 1]))
        found->order = SCAN_ORDER_SERVER;
}

bool order_is_in_question(const struct scan_version *found)
{
    return found->order == SCAN_ORDER_UNKNOWN && found->suites.count >= 2;
}

void order_offer(const struct scan_version *found, struct ids *offer)
{
    for (size_t i = found->suites.count; i-- > 0;)
        ids_add(offer, found->suites.items[i]);
}

bool order_learn(struct scan_version *found, uint16_t picked)
{
    found->order =
        picked == found->suites.items[0] ? SCAN_ORDER_SERVER : SCAN_ORDER_CLIENT;
    return ids_has(&found->suites, picked);
}
