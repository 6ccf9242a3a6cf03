/* Laying one profile over another. */
#ifndef POLICY_OVERLAY_H
#define POLICY_OVERLAY_H

#include <jansson.h>

/* Lays `over` (already checked) over `under`, in place: sections are merged, lists are replaced by
 * an array or edited by {"prepend", "append", "remove"}, anything else is replaced. */
void overlay(json_t *under, const json_t *over);

#endif
