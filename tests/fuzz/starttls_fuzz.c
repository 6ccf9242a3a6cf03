/*
 * Fuzzes the STARTTLS dialogues. The first byte chooses the protocol, the second how the rest is cut; whatever
 * the bytes, a dialogue ends in a state that stays, never keeps more than it may, and says why in one line.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe/starttls.h"

#define FUZZ_ASSERT(condition)                                                           \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                     \
        }                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const protocols[] = {"smtp",        "imap",        "pop3",    "ldap",
                                        "lmtp",        "ftp",         "sieve",   "mysql",
                                        "xmpp-client", "xmpp-server", "postgres"};

static enum starttls_state talk(const char *protocol, struct bytes in, size_t piece,
                                struct buf *out)
{
    CLEANUP(starttls_release) struct starttls s = STARTTLS_INIT;
    struct err err = ERR_INIT;
    enum starttls_state state = STARTTLS_TALKING;
    FUZZ_ASSERT(starttls_begin(&s, protocol, NULL, out, &err) == 0);
    while (in.len && state == STARTTLS_TALKING) {
        size_t n = in.len < piece ? in.len : piece;
        state = starttls_feed(&s, (struct bytes){.data = in.data, .len = n}, out);
        in.data += n;
        in.len -= n;
    }
    FUZZ_ASSERT(state != STARTTLS_DROPPED);
    FUZZ_ASSERT(s.in.len <= STARTTLS_REPLY_LIMIT);
    FUZZ_ASSERT(starttls_feed(&s, BYTES(""), out) == state);
    FUZZ_ASSERT(!strchr(s.why, '\n') && strlen(s.why) < sizeof s.why);
    FUZZ_ASSERT((state != STARTTLS_READY && state != STARTTLS_TALKING) || !s.why[0]);
    return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *protocol = protocols[data[0] % ARRAY_LEN(protocols)];
    struct bytes in = {.data = (const char *)data + 2, .len = size - 2};
    size_t piece = data[1] % 32 + 1;
    CLEANUP(buf_release) struct buf once = BUF_INIT, cut = BUF_INIT;
    enum starttls_state whole = talk(protocol, in, SIZE_MAX, &once);
    enum starttls_state pieces = talk(protocol, in, piece, &cut);
    /* Only what is said out of turn depends on how it arrives. */
    FUZZ_ASSERT(whole == pieces || whole == STARTTLS_BROKEN);
    return 0;
}
