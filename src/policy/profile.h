/*
 * Profiles: JSON files that say what is wanted (DESIGN 4; profiles/profile.schema.json is the
 * same in another language).
 *
 *     CLEANUP(profile_releasep) struct profile *profile = profile_load("strict", dir, err);
 *     CLEANUP(policy_release) struct policy policy = POLICY_INIT;
 *     if (!profile || profile_policy(profile, "postfix.inbound", &policy, err) < 0)
 *         return -1;
 *
 * Everything is checked when a profile is loaded, scopes included: an unknown key, a wrong type, a
 * number out of range, a name that no registry knows, a duplicate, a control character is
 * ERR_INPUT with file:line:column and JSON pointer.
 */
#ifndef POLICY_PROFILE_H
#define POLICY_PROFILE_H

#include <jansson.h>

#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"
#include "policy/policy.h"

struct profile {
    char *path;        /* owned; the file it came from */
    char *name;        /* owned */
    char *title;       /* owned */
    char *description; /* owned; "" when it has none */
    json_t *effective; /* owned reference; see profile_effective() */
    struct json_doc
        *layers; /* owned; the files it is made of: what is extended stands first */
    size_t layer_count;
};

/* Loads a profile and what it extends. `which` is a file when it has a slash or ends in ".json",
 * else the name of a profile in `dir` (the data directory's profiles/; NULL when there is none).
 * A parent's name is looked up beside the file that extends it, then in `dir`; a parent's file is
 * relative to that file. NULL on error:
 * ERR_INPUT (unknown name: the nearest one is suggested; loops; contents), ERR_SYSTEM. Owned by
 * the caller (profile_free). */
struct profile *profile_load(const char *which, const char *dir,
                             struct err *err) MUST_CHECK;

void profile_free(struct profile *p);
void profile_releasep(struct profile **p); /* for CLEANUP */

/* The whole profile with inheritance resolved, list edits carried out and defaults filled in:
 * itself a profile that loads, without "extends". Scopes hold full lists. What describes a file
 * ("title", "description", "version", "references") is not inherited. Borrowed. */
json_t *profile_effective(const struct profile *p);

struct profile_origin {
    const char
        *path; /* borrowed from the profile; NULL: no file says it, it is the default */
    size_t line;
};

/* Which file and line set a value. `pointer` is that of the whole profile ("/tls/protocols",
 * "/http/hsts/max_age"), also for a scope (NULL: none), which need not be mentioned in the profile;
 * `item` is the element of a list, or NULL. What nothing sets has the path NULL. */
struct profile_origin profile_origin(const struct profile *p, const char *scope,
                                     const char *pointer, const char *item);

/* What is asked in a scope: "service", "service.role" or "service/vhost"; NULL or "" is the
 * profile itself. More specific overlays win ("postfix" first, then "postfix.inbound"); a scope
 * that the profile doesn't mention is no error. `ret` is untouched on failure. */
int profile_policy(const struct profile *p, const char *scope, struct policy *ret,
                   struct err *err) MUST_CHECK;

/* Whether the profile has that very scope. */
bool profile_has_scope(const struct profile *p, const char *scope);

/* The scope of a listener: that of the virtual host `name` where the profile has one, else of the role; `role` and
 * `name` may be NULL. Owned by the caller (free). */
char *profile_scope(const struct profile *p, const char *service, const char *role,
                    const char *name);

/* Adds the names of the profiles in `dir` to `ret`, sorted. */
int profile_names(const char *dir, struct strv *ret, struct err *err) MUST_CHECK;

#endif
