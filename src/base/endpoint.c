/* Endpoints own their strings. */
#include "base/endpoint.h"

#include <stdlib.h>

void endpoint_release(struct endpoint *e)
{
    free(e->service);
    free(e->role);
    free(e->address);
    free(e->starttls);
    free(e->name);
    *e = (struct endpoint){.service = NULL};
}
