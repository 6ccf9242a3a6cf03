/*
 * Service by service: what is wanted (service_want) is held against what is there, and differences
 * become files, links and entries of the plan. Certificates are checked here, since every service
 * has them and none may be changed while one is broken.
 */
#include "plan/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/directory.h"
#include "format/ldif.h"
#include "plan/loadable.h"
#include "plan/rehearsable.h"
#include "plan/shadow.h"
#include "plan/usable.h"
#include "probe/certificate.h"
#include "probe/dh.h"
#include "service/lookup.h"
#include "service/render.h"

#define DH_BITS 2048 /* to advise where the profile has no rule */

/* --- files ----------------------------------------------------------------------------------- */

static void after_of(struct document *d, struct buf *after)
{
    if (d->ours) {
        buf_addb(after, bytes_buf(&d->own));
        return;
    }
    edits_apply(bytes_buf(&d->text), &d->edits, after);
    ldif_seal(after); /* does nothing to files without slapd's seal */
}

/* A path whose directory has its links resolved, as transactions want it. */
static char *in_real_directory(const struct host *host, const char *path)
{
    const char *slash = strrchr(path, '/');
    CLEANUP(mem_freep) char *dir = mem_strndup(path, (size_t)(slash - path));
    CLEANUP(mem_freep) char *real = path_resolve(&host->root, *dir ? dir : "/");
    return real ? mem_printf("%s%s", strcmp(real, "/") == 0 ? "" : real, slash)
                : mem_strdup(path);
}

static void add_document(struct plan *plan, const struct wanted *w, struct document *d)
{
    if (d->uri || (!d->ours && d->edits.count == 0))
        return;
    CLEANUP(buf_release) struct buf after = BUF_INIT;
    after_of(d, &after);
    if (d->present && bytes_eq(bytes_buf(&d->text), bytes_buf(&after)))
        return;
    CLEANUP(mem_freep)
    char *path = d->present ? mem_strdup(d->path) : in_real_directory(w->host, d->path);
    struct plan_file *f = plan_add_file(plan, w->service->name, path);
    f->kind = PLAN_FILE;
    f->present_before = d->present;
    f->present_after = true;
    f->mode = d->present ? d->st.st_mode & 07777 : 0644;
    f->uid = d->present ? d->st.st_uid : 0;
    f->gid = d->present ? d->st.st_gid : 0;
    f->before = d->text; /* what was parsed is not needed any more */
    d->text = (struct buf)BUF_INIT;
    f->after = after;
    after = (struct buf)BUF_INIT;
}

static void add_link(struct plan *plan, const struct wanted *w,
                     const struct wanted_link *l)
{
    CLEANUP(mem_freep) char *path = in_real_directory(w->host, l->path);
    CLEANUP(mem_freep) char *present = path_readlink(&w->host->root, path);
    bool taken = present || path_exists(&w->host->root, path);
    if (l->target ? taken : !present)
        return;
    struct plan_file *f = plan_add_file(plan, w->service->name, path);
    f->kind = PLAN_SYMLINK;
    f->present_before = present != NULL;
    f->present_after = l->target != NULL;
    f->mode = 0777;
    if (present)
        buf_adds(&f->before, present);
    if (l->target)
        buf_adds(&f->after, l->target);
}

/* --- directory entries ----------------------------------------------------------------------- */

static char *lower_case(const char *name)
{
    char *out = mem_strdup(name);
    for (char *c = out; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    return out;
}

/* What the entry holds of the attributes that are wanted. */
static json_t *present_values(const struct document *d)
{
    json_t *facts CLEANUP(json_decrefp) = d->format->facts(d->doc, NULL);
    const json_t *attributes = lookup(facts, "entries.0.attributes");
    json_t *out = json_object(), *v;
    const char *name;
    json_object_foreach(d->wanted, name, v)
    {
        CLEANUP(mem_freep) char *key = lower_case(name);
        json_t *values = json_object_get(attributes, key);
        json_object_set_new(out, name, values ? json_incref(values) : json_array());
    }
    return out;
}

static int add_entry(struct plan *plan, const struct wanted *w, const struct document *d,
                     struct err *err)
{
    if (!d->uri || !d->wanted)
        return 0;
    json_t *before CLEANUP(json_decrefp) = present_values(d);
    if (directory_same(before, d->wanted))
        return 0;
    const json_t *live = json_object_get(d->spec, "live");
    json_t *neutral CLEANUP(json_decrefp) =
        lookup_select(w->context, json_object_get(live, "neutral"));
    struct plan_entry *e = plan_add_entry(plan, w->service->name, d->uri, d->dn);
    json_object_update(e->before, before);
    json_object_update(e->after, d->wanted);
    if (!neutral && d->neutral)
        neutral = json_object();
    if (d->neutral)
        json_object_update(neutral, d->neutral);
    e->neutral = json_incref(neutral);
    e->sync_dir = mem_strdup(json_string_value(json_object_get(live, "sync")));
    return shadow_entry(w->host, d, e, err);
}

/* --- certificates ---------------------------------------------------------------------------- */

static void set_rules(struct certificate_rules *rules, const struct policy *policy,
                      struct strv *curves)
{
    rules->rsa_min_bits = (int)policy->certificate.rsa_min_bits;
    for (size_t i = 0; i < policy->certificate.curve_count; i++)
        strv_add(curves, policy->certificate.curves[i]->name);
    rules->curves = curves;
    rules->expiry_warn_days = (int)policy->certificate.expiry_warn_days;
    rules->max_lifetime_days = (int)policy->certificate.max_lifetime_days;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_files(const struct wanted_certificate *a,
                       const struct wanted_certificate *b)
{
    return same_text(a->chain, b->chain) && same_text(a->key, b->key) &&
           same_text(a->ca, b->ca) && same_text(a->reader, b->reader);
}

/* A name that a present virtual host has and its certificate lacks is no reason to leave the host
 * as weak as it is; a name that the site promises is. */
static enum plan_severity severity_of(const struct certificate_finding *f, bool by_site)
{
    bool name = strncmp(f->id, "certificate/name", 16) == 0;
    return f->severity == CERTIFICATE_ERROR && (!name || by_site) ? PLAN_ERROR
                                                                  : PLAN_WARNING;
}

static int check_group(struct plan *plan, const struct wanted *w,
                       const struct wanted_certificate *c, const struct strv *names,
                       const struct policy *policy, struct err *err)
{
    CLEANUP(certificate_report_release)
    struct certificate_report report = CERTIFICATE_REPORT_INIT;
    CLEANUP(strv_release) struct strv curves = STRV_INIT;
    CLEANUP(user_release) struct user reader = {.name = NULL};
    struct certificate_files files = {.root = w->host->root.name,
                                      .chain = c->chain,
                                      .key = c->key,
                                      .ca = c->ca,
                                      .key_first = c->key_first,
                                      .any_order = c->any_order};
    struct certificate_rules rules = {.names = names};
    set_rules(&rules, policy, &curves);
    if (c->reader && w->host->live) {
        if (user_find(c->reader, &reader, err) < 0)
            return err_context(err, "%s", w->service->name);
        rules.reader = &reader;
    }
    certificate_check(&files, &rules, &report);
    for (size_t i = 0; i < report.count; i++) {
        const struct certificate_finding *f = &report.items[i];
        plan_note(plan, severity_of(f, c->where == NULL), w->service->name, f->file,
                  f->remedy, "%s%s%s%s", f->what, c->where ? " (" : "",
                  c->where ? c->where : "", c->where ? ")" : "");
    }
    return certificate_errors(&report) ? 0
                                       : loadable_check(plan, w, c, rules.reader, err);
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* Equal ones stay in the order in which they were found. */
static int by_files(const void *a, const void *b)
{
    const struct wanted_certificate *const *x = a, *const *y = b;
    int c = compare_text((*x)->chain, (*y)->chain);
    c = c ? c : compare_text((*x)->key, (*y)->key);
    c = c ? c : compare_text((*x)->ca, (*y)->ca);
    c = c ? c : compare_text((*x)->reader, (*y)->reader);
    return c ? c : (*x > *y) - (*x < *y);
}

/* Each pair of files is judged once, for all the names that it serves. */
static int check_certificates(struct plan *plan, const struct wanted *w, struct err *err)
{
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    if (profile_policy(w->profile, w->service->name, &policy, err) < 0)
        return -1;
    size_t count = w->certificate_count;
    const struct wanted_certificate **list CLEANUP(mem_freep) =
        mem_alloc((count + 1) * sizeof *list);
    for (size_t i = 0; i < count; i++)
        list[i] = &w->certificates[i];
    qsort(list, count, sizeof *list, by_files);
    for (size_t i = 0, next; i < count; i = next) {
        CLEANUP(strv_release) struct strv names = STRV_INIT;
        for (next = i; next < count && same_files(list[i], list[next]); next++)
            if (list[next]->name)
                strv_add(&names, list[next]->name);
        const struct strv *promised = list[i]->where ? &names : &w->site->hostnames;
        if (check_group(plan, w, list[i], promised, &policy, err) < 0)
            return -1;
    }
    return 0;
}

static bool has_dhe(const struct policy *p)
{
    for (size_t i = 0; i < p->suite_count; i++)
        if (p->suites[i].suite->kx == KX_DHE)
            return true;
    return false;
}

/* service.json's "dh": paths of values that name files. Where no suite uses them, they are no reason
 * to stop. */
static int check_dh(struct plan *plan, const struct wanted *w, struct err *err)
{
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    const json_t *paths = json_object_get(w->service->spec, "dh");
    if (profile_policy(w->profile, w->service->name, &policy, err) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(paths); i++) {
        const char *at = json_string_value(json_array_get(paths, i));
        const char *file = at ? lookup_text(w->context, at) : NULL;
        CLEANUP(mem_freep)
        char *problem = file && *file == '/'
                            ? dh_problem(&w->host->root, file, policy.dh_min_bits)
                            : NULL;
        CLEANUP(mem_freep)
        char *remedy =
            mem_printf("make new ones: openssl dhparam -out '%s' %u", file ? file : "",
                       policy.dh_min_bits ? policy.dh_min_bits : DH_BITS);
        if (problem)
            plan_note(plan, has_dhe(&policy) ? PLAN_ERROR : PLAN_WARNING,
                      w->service->name, file, remedy, "%s", problem);
    }
    return 0;
}

/* --- one service ----------------------------------------------------------------------------- */

/* service.json's [{"argv": [...], "when": [...]}] -> [[argv...], ...] of those that apply. */
static json_t *activation(const struct wanted *w, const char *key)
{
    json_t *steps CLEANUP(json_decrefp) =
        lookup_select(w->context, json_object_get(w->service->spec, key));
    json_t *out = json_array(), *step;
    size_t i;
    json_array_foreach(steps, i, step)
        json_array_append(out, json_object_get(step, "argv"));
    return out;
}

static void describe(struct plan *plan, const struct wanted *w)
{
    struct plan_service *s = plan_add_service(plan, w->service->name);
    s->title = mem_strdup(service_text(w->service, "title"));
    s->version = mem_strdup(w->detected.version);
    s->library = mem_printf("%s %s", dialect_name(w->detected.library.kind),
                            w->detected.library_version);
    s->running = w->running;
    s->check = json_incref(json_object_get(w->service->spec, "check"));
    s->activate = activation(w, "activate");
    s->daemons = json_incref(json_object_get(w->service->spec, "daemons"));
    s->late = activation(w, "late");
    s->locks = json_incref(json_object_get(w->service->spec, "locks"));
    s->trial = rehearsable_trial(w);
    s->outage =
        w->running
            ? mem_strdup(json_string_value(json_object_get(w->service->spec, "outage")))
            : NULL;
    s->grants = json_incref(w->grants);
}

static char *copy(const char *s)
{
    return s ? mem_strdup(s) : NULL;
}

static void add_endpoints(struct plan *plan, const struct wanted *w)
{
    for (size_t i = 0; i < w->endpoint_count; i++) {
        const struct endpoint *from = &w->endpoints[i];
        struct endpoint *to = plan_add_endpoint(plan, from->service);
        to->role = copy(from->role);
        to->address = copy(from->address);
        to->port = from->port;
        to->starttls = copy(from->starttls);
        to->name = copy(from->name);
        to->required = from->required;
        to->fewer_versions = from->fewer_versions;
    }
}

static void add_notes(struct plan *plan, const struct wanted *w)
{
    static const enum plan_severity severities[] = {PLAN_INFO, PLAN_WARNING, PLAN_ERROR};
    for (size_t i = 0; i < w->note_count; i++) {
        const struct wanted_note *n = &w->notes[i];
        plan_note(plan, severities[n->severity], w->service->name, n->file, n->remedy,
                  "%s", n->what);
    }
}

static int add_changes(struct plan *plan, const struct wanted *w, struct err *err)
{
    for (size_t i = 0; i < w->documents.count; i++) {
        struct document *d = w->documents.items[i];
        add_document(plan, w, d);
        if (add_entry(plan, w, d, err) < 0)
            return err_context(err, "%s", w->service->name);
        document_forget(d); /* thousands of files are not held twice */
    }
    for (size_t i = 0; i < w->link_count; i++)
        add_link(plan, w, &w->links[i]);
    return 0;
}

static int add_service(struct plan *plan, const struct plan_request *r,
                       const struct service *service, struct detected *detected,
                       struct err *err)
{
    CLEANUP(wanted_release) struct wanted w = WANTED_INIT;
    if (service_want(service, r->host, r->site, r->profile, r->exact, detected, &w, err) <
        0)
        return -1;
    describe(plan, &w);
    add_notes(plan, &w);
    add_endpoints(plan, &w);
    if (check_certificates(plan, &w, err) < 0 || check_dh(plan, &w, err) < 0)
        return -1;
    usable_check(plan, &w);
    return add_changes(plan, &w, err);
}

int plan_render(const struct service *service, const struct site *site,
                const struct profile *profile, struct detected *detected,
                struct plan **ret, struct err *err)
{
    CLEANUP(mem_freep) char *stock = mem_printf("%s/stock", service->dir);
    CLEANUP(host_release) struct host host = HOST_INIT;
    CLEANUP(wanted_release) struct wanted w = WANTED_INIT;
    CLEANUP(plan_freep) struct plan *plan = plan_new(stock, profile->name);
    if (host_open(stock, &host, err) < 0 ||
        service_want(service, &host, site, profile, false, detected, &w, err) < 0)
        return -1;
    describe(plan, &w);
    add_notes(plan, &w);
    if (add_changes(plan, &w, err) < 0)
        return -1;
    *ret = TAKE_PTR(plan);
    return 0;
}

/* --- all of them ----------------------------------------------------------------------------- */

static int check_names(const struct plan_request *r, struct err *err)
{
    for (size_t i = 0; i < r->only->count; i++)
        if (!service_list_need(r->services, r->only->items[i], err))
            return -1;
    return 0;
}

static int build_service(struct plan *plan, const struct plan_request *r,
                         const struct service *service, size_t *ret_found,
                         struct err *err)
{
    bool is_named = strv_has(r->only, service->name);
    if (r->only->count && !is_named)
        return 0;
    if (r->progress)
        r->progress(r->ctx, service->name);
    CLEANUP(detected_release) struct detected detected = DETECTED_INIT;
    int rc = service_detect(service, r->host, &detected, err);
    if (rc < 0)
        return -1;
    if (rc == 1 && is_named)
        return err_set(err, ERR_INPUT, "service '%s' is not installed%s%s", service->name,
                       r->host->live ? "" : " in ",
                       r->host->live ? "" : r->host->root.name);
    if (rc == 1) {
        plan_note(plan, PLAN_INFO, service->name, NULL, NULL, "not installed: skipped");
        return 0;
    }
    ++*ret_found;
    return add_service(plan, r, service, &detected, err);
}

int plan_build(const struct plan_request *request, struct plan **ret, struct err *err)
{
    CLEANUP(plan_freep)
    struct plan *plan = plan_new(request->host->root.name, request->profile->name);
    size_t found = 0;
    if (check_names(request, err) < 0)
        return -1;
    for (size_t i = 0; i < request->services->count; i++)
        if (build_service(plan, request, &request->services->items[i], &found, err) < 0)
            return -1;
    if (!found)
        plan_note(plan, PLAN_WARNING, NULL, NULL, NULL,
                  "none of the services that tlsharden knows is installed here");
    *ret = TAKE_PTR(plan);
    return 0;
}
