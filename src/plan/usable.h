/* Can a server serve what it is granted, with the keys that it has? */
#ifndef PLAN_USABLE_H
#define PLAN_USABLE_H

#include "plan/plan.h"
#include "service/wanted.h"

/* Adds a note for each place whose certificates leave a granted version without a suite or a signature (an error
 * unless the profile can do without that version), and for each certificate that none of them would use. A
 * certificate that cannot be read is passed over: it has a note of its own. */
void usable_check(struct plan *plan, const struct wanted *w);

#endif
