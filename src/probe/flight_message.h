/* The handshake messages of a server's first flight; see flight.h. */
#ifndef PROBE_FLIGHT_MESSAGE_H
#define PROBE_FLIGHT_MESSAGE_H

#include "probe/flight.h"

/* Judges one whole message, its header (type, length) not included; sets f->state when it ends the
 * flight. Ref: RFC 8446 4, RFC 5246 7.4 */
void flight_message(struct flight *f, uint8_t type, struct bytes body);

/* Judges a whole SSLv2 message. */
void flight_ssl2(struct flight *f, struct bytes body);

/* Ends the flight as FLIGHT_BROKEN. `what` says what is wrong; the begin of `seen` is shown. */
void flight_broken(struct flight *f, const char *what, struct bytes seen);

#endif
