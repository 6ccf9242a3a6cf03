/*
 * Fuzzes profiles: any file is refused with its place, or is a profile whose every scope yields a policy
 * and which, flattened, is a profile again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy/difference.h"
#include "policy/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Loads bytes as a file; there is no directory, so that only what stands by itself loads. */
static struct profile *load(const void *data, size_t size, struct err *err)
{
    char path[64];
    int fd = memfd_create("profile", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct profile *p = profile_load(path, NULL, err);
    close(fd);
    return p;
}

static void check_loaded(const struct profile *p)
{
    struct err err = ERR_INIT;
    char *text = json_dumps(profile_effective(p), 0);
    CLEANUP(profile_releasep) struct profile *again = load(text, strlen(text), &err);
    free(text);
    if (!again || !json_equal(profile_effective(p), profile_effective(again)))
        abort();
    json_t *diff = difference(p, again, NULL, &err);
    if (!diff || !json_is_true(json_object_get(diff, "same")))
        abort();
    json_decref(diff);
    profile_origin(p, "postfix.inbound", "/tls/groups", "x25519");
    profile_origin(p, NULL, "/http/hsts/max_age", NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = ERR_INIT;
    CLEANUP(profile_releasep) struct profile *p = load(data, size, &err);
    if (p)
        check_loaded(p);
    else if (err.kind != ERR_INPUT || !err.text[0])
        abort();
    return 0;
}
