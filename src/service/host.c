/* Reads the few facts that every service needs. */
#include "service/host.h"

#include "base/file.h"

void host_release(struct host *h)
{
    path_root_close(&h->root);
    dpkg_release(&h->dpkg);
    listening_release(&h->listening);
}

int host_open(const char *root, struct host *ret, struct err *err)
{
    struct host h = HOST_INIT;
    int rc = path_root_open(root, &h.root, err);
    if (rc == 0 && (rc = dpkg_read(&h.root, &h.dpkg, err)) == 0) {
        h.live = path_root_is_host(&h.root);
        h.systemd = h.live && file_exists("/run/systemd/system"); /* sd_booted(3) */
        if (h.live)
            rc = listening_read(&h.listening, err);
    }
    if (rc < 0)
        host_release(&h);
    else
        *ret = h;
    return rc;
}

const char *host_address(const struct host *h, const struct service *s, unsigned port,
                         const char **ret_stranger)
{
    CLEANUP(strv_release) struct strv own = STRV_INIT;
    json_t *list = json_object_get(s->spec, "daemons"), *v;
    size_t i;
    json_array_foreach(list, i, v) strv_add(&own, json_string_value(v));
    const char *stranger = listening_stranger(&h->listening, port, list ? &own : NULL);
    if (ret_stranger)
        *ret_stranger = stranger;
    return stranger ? NULL : listening_at(&h->listening, port);
}
