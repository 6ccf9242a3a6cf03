/* Reaching an endpoint over TCP. */
#ifndef PROBE_DIAL_H
#define PROBE_DIAL_H

#include <stdbool.h>

#include "base/endpoint.h"
#include "base/err.h"
#include "probe/wire.h"

/* Connects to the endpoint's address and port; the deadline, an absolute one of deadline_in(),
 * goes with the wire. `ret` is owned by the caller (wire_release). ERR_SYSTEM: refused, timed
 * out, unreachable; ERR_INPUT: the address is not numeric or the port is none. */
int dial(const struct endpoint *endpoint, int64_t deadline, struct wire *ret,
         struct err *err) MUST_CHECK;

/* Does anybody accept a TCP connection there within `deadline_ms`? */
bool endpoint_listens(const struct endpoint *endpoint, int deadline_ms);

#endif
