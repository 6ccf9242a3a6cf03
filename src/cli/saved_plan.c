/* What verification asks for comes from the profile, so that it has to be the same one: it is named in the
 * plan, loaded again, and compared. */
#include "cli/saved_plan.h"

#include <string.h>

#include "base/file.h"
#include "plan/saved.h"

/* Names that are files must be found from anywhere. */
static char *absolute(const struct profile *profile, const char *which)
{
    char *real = strchr(which, '/') || strstr(which, ".json")
                     ? realpath(profile->path, NULL)
                     : NULL;
    return real ? real : mem_strdup(which);
}

int saved_plan_write(const struct cli *cli, const struct planning *p, const char *path,
                     struct err *err)
{
    CLEANUP(mem_freep) char *which = absolute(p->profile, cli->profile);
    json_t *origin CLEANUP(json_decrefp) = json_pack(
        "{s:s, s:O}", "which", which, "effective", profile_effective(p->profile));
    if (!origin)
        return err_set(err, ERR_INPUT, "the profile's name is not UTF-8");
    return saved_write(path, p->plan, origin, err);
}

static int load(const struct cli *cli, const char *path, struct planning *p,
                struct err *err)
{
    CLEANUP(mem_freep) char *dir = file_join(cli->datadir, "profiles");
    json_t *origin CLEANUP(json_decrefp) = NULL;
    p->plan = saved_read(path, cli->root, &origin, err);
    if (!p->plan)
        return -1;
    const char *which = json_string_value(json_object_get(origin, "which"));
    if (!which)
        return err_set(err, ERR_INPUT, "'%s': it names no profile", path);
    p->profile = profile_load(which, dir, err);
    if (!p->profile)
        return -1;
    return json_equal(profile_effective(p->profile), json_object_get(origin, "effective"))
               ? 0
               : err_set(
                     err, ERR_REFUSED,
                     "the profile '%s' has changed since the plan was saved: plan again",
                     which);
}

int saved_plan_read(const struct cli *cli, const char *path, struct planning *ret,
                    struct err *err)
{
    struct planning p = PLANNING_INIT;
    if (load(cli, path, &p, err) < 0) {
        planning_release(&p);
        return -1;
    }
    *ret = p;
    return 0;
}
