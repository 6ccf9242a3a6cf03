/*
 * Fuzzes the reader of first flights. The first byte says in which pieces the rest arrives: whatever
 * the bytes, the pieces make no difference, an end stays, and limits are kept.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/flight.h"

#define FUZZ_ASSERT(condition)                                                           \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                     \
        }                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_in_pieces(struct flight *f, struct bytes in, size_t piece)
{
    while (in.len) {
        size_t n = in.len < piece ? in.len : piece;
        enum flight_state before = f->state;
        enum flight_state after =
            flight_feed(f, (struct bytes){.data = in.data, .len = n});
        FUZZ_ASSERT(before == FLIGHT_READING || before == after);
        in.data += n;
        in.len -= n;
    }
}

static void is_sound(const struct flight *f)
{
    struct bytes one;
    FUZZ_ASSERT((f->state == FLIGHT_BROKEN) == (f->why[0] != '\0'));
    FUZZ_ASSERT(strlen(f->why) < sizeof f->why && !strchr(f->why, '\n'));
    FUZZ_ASSERT(f->message.len <= FLIGHT_LIMIT && f->chain.len <= FLIGHT_LIMIT);
    FUZZ_ASSERT(f->state == FLIGHT_READING || (f->in.cap == 0 && f->message.cap == 0));
    FUZZ_ASSERT((f->state != FLIGHT_COMPLETE && f->state != FLIGHT_RETRY) || f->hello);
    FUZZ_ASSERT(strlen(f->alpn) < sizeof f->alpn);
    for (size_t i = 0; flight_certificate(f, i, &one); i++)
        FUZZ_ASSERT(one.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(flight_release) struct flight whole = FLIGHT_INIT, pieces = FLIGHT_INIT;
    if (size < 1)
        return 0;
    struct bytes in = {.data = (const char *)data + 1, .len = size - 1};
    read_in_pieces(&whole, in, SIZE_MAX);
    read_in_pieces(&pieces, in, data[0] + 1u);
    is_sound(&whole);
    is_sound(&pieces);
    FUZZ_ASSERT(whole.state == pieces.state);
    FUZZ_ASSERT(whole.version == pieces.version && whole.suite == pieces.suite);
    FUZZ_ASSERT(whole.group == pieces.group && whole.dh_bits == pieces.dh_bits);
    FUZZ_ASSERT(whole.scheme == pieces.scheme && whole.flags == pieces.flags);
    FUZZ_ASSERT(whole.alert == pieces.alert && whole.warning == pieces.warning);
    FUZZ_ASSERT(bytes_eq(bytes_buf(&whole.chain), bytes_buf(&pieces.chain)));
    return 0;
}
