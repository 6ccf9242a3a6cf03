/* Whether a virtual host of that name exists is found out later, by those who read the server's configuration. */
#include "service/scopes.h"

#include <string.h>

#include "base/suggest.h"

/* "'SCOPE': WHAT; did you mean 'NEAR'?" */
static int refuse(const struct profile *p, const char *scope, const char *what,
                  const char *word, const char *const *known, size_t count,
                  struct err *err)
{
    const char *near = suggest(word, known, count);
    return near ? err_set(err, ERR_INPUT, "%s: scope '%s': %s '%s'; did you mean '%s'?",
                          p->path, scope, what, word, near)
                : err_set(err, ERR_INPUT, "%s: scope '%s': %s '%s'", p->path, scope, what,
                          word);
}

static int check_role(const struct profile *p, const struct service *s, const char *scope,
                      const char *role, struct err *err)
{
    const json_t *roles = json_object_get(s->spec, "roles");
    size_t count = json_array_size(roles);
    const char **known CLEANUP(mem_freep) = mem_alloc((count + 1) * sizeof *known);
    for (size_t i = 0; i < count; i++) {
        known[i] = json_string_value(json_array_get(roles, i));
        if (strcmp(known[i], role) == 0)
            return 0;
    }
    CLEANUP(mem_freep)
    char *what = mem_printf("%s has no %s", s->name, count ? "role" : "roles, and so no");
    return refuse(p, scope, what, role, known, count, err);
}

static int check(const struct service_list *services, const struct profile *p,
                 const char *scope, struct err *err)
{
    size_t n = strcspn(scope, "./");
    CLEANUP(mem_freep) char *name = mem_strndup(scope, n);
    const struct service *s = service_list_find(services, name);
    if (!s) {
        const char **known CLEANUP(mem_freep) =
            mem_alloc((services->count + 1) * sizeof *known);
        for (size_t i = 0; i < services->count; i++)
            known[i] = services->items[i].name;
        return refuse(p, scope, "there is no service", name, known, services->count, err);
    }
    if (scope[n] == '.')
        return check_role(p, s, scope, scope + n + 1, err);
    if (scope[n] == '/' && !json_object_get(s->spec, "sites"))
        return err_set(err, ERR_INPUT, "%s: scope '%s': %s has no virtual hosts", p->path,
                       scope, name);
    return 0;
}

int scopes_check(const struct service_list *services, const struct profile *profile,
                 struct err *err)
{
    const char *scope;
    json_t *body;
    json_object_foreach(json_object_get(profile_effective(profile), "scopes"), scope,
                        body)
    {
        if (check(services, profile, scope, err) < 0)
            return -1;
    }
    return 0;
}
