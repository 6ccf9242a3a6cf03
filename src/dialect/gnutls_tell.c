/*
 * What GnuTLS makes of a priority string: it expands one itself. The few functions needed are
 * looked up by name, so that tlsharden does not depend on GnuTLS.
 */
#include "dialect/gnutls_tell.h"

#include <dlfcn.h>
#include <string.h>

struct gnutls {
    const char *(*version)(const char *required);
    int (*priority_init)(void **cache, const char *priorities, const char **err_pos);
    void (*priority_deinit)(void *cache);
    int (*get_suite)(void *cache, unsigned index, unsigned *ret);
    const char *(*suite_info)(size_t index, unsigned char *id, int *kx, int *cipher,
                              int *mac, int *min);
    int (*group_list)(void *cache, const unsigned **list);
    int (*sign_list)(void *cache, const unsigned **list);
    int (*protocol_list)(void *cache, const unsigned **list);
    const char *(*group_name)(int group);
    const char *(*sign_name)(int sign);
    const char *(*protocol_name)(int version);
};

/* dlsym() gives functions as void *: POSIX says that they fit. */
static bool load(void *handle, struct gnutls *g)
{
    const struct {
        void **slot;
        const char *name;
    } wanted[] = {
        {(void **)&g->version, "gnutls_check_version"},
        {(void **)&g->priority_init, "gnutls_priority_init"},
        {(void **)&g->priority_deinit, "gnutls_priority_deinit"},
        {(void **)&g->get_suite, "gnutls_priority_get_cipher_suite_index"},
        {(void **)&g->suite_info, "gnutls_cipher_suite_info"},
        {(void **)&g->group_list, "gnutls_priority_group_list"},
        {(void **)&g->sign_list, "gnutls_priority_sign_list"},
        {(void **)&g->protocol_list, "gnutls_priority_protocol_list"},
        {(void **)&g->group_name, "gnutls_group_get_name"},
        {(void **)&g->sign_name, "gnutls_sign_get_name"},
        {(void **)&g->protocol_name, "gnutls_protocol_get_name"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        *wanted[i].slot = dlsym(handle, wanted[i].name);
        if (!*wanted[i].slot)
            return false;
    }
    return true;
}

/* get_suite() numbers the whole product; numbers that name no suite are skipped until it says that
 * there are no more. */
static void tell_suites(FILE *out, const struct gnutls *g, void *cache)
{
    enum { NO_MORE = -56 /* GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE */ };
    for (unsigned i = 0; i < 65536; i++) {
        unsigned index = 0;
        int rc = g->get_suite(cache, i, &index);
        if (rc == NO_MORE)
            return;
        unsigned char id[2];
        if (rc == 0 && g->suite_info(index, id, NULL, NULL, NULL, NULL))
            fprintf(out, "suite %02X%02X\n", id[0], id[1]);
    }
}

static void tell_names(FILE *out, const char *what, int count, const unsigned *list,
                       const char *(*name)(int))
{
    for (int i = 0; i < count; i++) {
        const char *text = name((int)list[i]);
        if (text)
            fprintf(out, "%s %s\n", what, text);
    }
}

static void tell_one(const struct gnutls *g, const char *priority, FILE *out)
{
    void *cache = NULL;
    const char *bad = NULL;
    const unsigned *list = NULL;
    if (g->priority_init(&cache, priority, &bad) != 0) {
        const char *what = bad && *bad ? bad : priority ? priority : "";
        fprintf(out, "refused %.*s\nend -\n", (int)strcspn(what, "\n"), what);
        return;
    }
    int n = g->protocol_list(cache, &list);
    tell_names(out, "protocol", n, list, g->protocol_name);
    tell_suites(out, g, cache);
    n = g->group_list(cache, &list);
    tell_names(out, "group", n, list, g->group_name);
    n = g->sign_list(cache, &list);
    tell_names(out, "sign", n, list, g->sign_name);
    fprintf(out, "end -\n");
    g->priority_deinit(cache);
}

bool gnutls_tell(void *handle, const struct native *questions, size_t count, FILE *out)
{
    struct gnutls g = {.version = NULL};
    if (!load(handle, &g))
        return false;
    fprintf(out, "version %s\n", g.version(NULL));
    for (size_t i = 0; i < count; i++)
        tell_one(&g, questions[i].priority, out);
    return true;
}
