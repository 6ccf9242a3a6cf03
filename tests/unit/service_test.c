/*
 * Services as data: one that is made up, in a data directory of its own, so that every key of
 * service.json is seen at work; and how bad descriptions are refused.
 */
#include "plan/build.h"
#include "unit/tree.h"

#define CONF "/etc/demo/demo.conf"

/* Single quotes stand for double ones. */
static const char description[] =
    "{'title': 'Demo', 'packages': ['demo'], 'binary': '/usr/sbin/demo',"
    " 'features': {'new': {'service': '>=2'}, 'newer': {'service': '>=3'}},"
    " 'site': {'loud': 'flag'},"
    " 'documents': {'conf': {'path': '" CONF "', 'format': 'shell'},"
    "               'parts': {'glob': '/etc/demo/part.*', 'format': 'shell',"
    "                         'optional': true}},"
    " 'facts': {'mode': {'path': 'present.conf.variables.MODE'},"
    "           'slow': {'path': 'present.conf.variables.MODE', 'in': ['slow', 'lazy']},"
    "           'extra': {'exists': ['/etc/demo/none', '/etc/demo/extra']},"
    "           'both': {'all': ['facts.slow', 'facts.extra']}},"
    " 'certificate': {'chain': ['present.conf.variables.CERT'], 'combined': true},"
    " 'edits': [{'document': 'conf', 'template': 'conf'},"
    "           {'document': 'parts', 'template': 'part', 'when': ['has.new']},"
    "           {'document': 'conf', 'template': 'never', 'when': ['has.newer']},"
    "           {'document': 'conf', 'template': 'never', 'unless_document': 'conf'},"
    "           {'create': '/etc/demo/own', 'format': 'shell', 'template': 'own',"
    "            'when': ['facts.both']},"
    "           {'link': '/etc/demo/on', 'target': 'own', 'when': ['site.loud']},"
    "           {'unlink': '/etc/demo/off'}],"
    " 'refuse': [{'when': ['facts.refused'], 'what': 'no'},"
    "            {'when': ['site.loud', '!facts.mode'], 'what': 'no mode',"
    "             'remedy': 'set MODE'}],"
    " 'check': [['/usr/sbin/demo', 'check']],"
    " 'activate': [{'argv': ['/bin/a'], 'when': ['host.systemd']},"
    "              {'argv': ['/bin/b', 'x'], 'when': ['!host.systemd']}],"
    " 'trial': {'argv': ['/usr/sbin/demo']}}";

/* A tree that holds a host, and its data directory beside it. */
struct demo {
    char *root, *data;
};

static void quoted(const char *root, const char *path, const char *text)
{
    CLEANUP(mem_freep) char *json = mem_strdup(text);
    for (char *c = json; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    tree_write(root, path, json, 0644);
}

static void demo_release(struct demo *d)
{
    tree_remove(&d->root);
    tree_remove(&d->data);
}

static struct demo demo_make(void)
{
    struct demo d = {.root = tree_make(), .data = tree_make()};
    tree_write(d.root, "/var/lib/dpkg/status",
               "Package: demo\nStatus: install ok installed\nVersion: 2.5-1\n"
               "Depends: libssl3\n\nPackage: libssl3\nStatus: install ok installed\n"
               "Version: 3.0.11-1\n\n",
               0644);
    tree_write(d.root, CONF, "MODE=Slow\nCERT=/etc/demo/cert.pem\nCIPHERS=old\n", 0640);
    quoted(d.data, "/templates/demo/service.json", description);
    tree_write(d.data, "/templates/demo/conf",
               "CIPHERS={{openssl.ciphers}}\n{{#site.loud}}\nLOUD=1\n{{/site.loud}}\n",
               0644);
    tree_write(d.data, "/templates/demo/part", "#MODE=\n", 0644);
    tree_write(d.data, "/templates/demo/own",
               "# {{profile.name}}\nMODE={{facts.mode}}\nCERT={{certificate.chain}}\n",
               0644);
    return d;
}

#define DEMO(d) CLEANUP(demo_release) struct demo d = demo_make()

static void free_profile(struct profile **p)
{
    profile_releasep(p);
}

/* The plan for what `only` names (NULL: everything). */
static struct plan *build(const struct demo *d, const char *only, struct err *err)
{
    CLEANUP(host_release) struct host host = HOST_INIT;
    CLEANUP(service_list_release) struct service_list list = SERVICE_LIST_INIT;
    CLEANUP(site_release) struct site site = SITE_INIT;
    CLEANUP(strv_release) struct strv names = STRV_INIT;
    CLEANUP(free_profile) struct profile *p = profile_load("strict", "profiles", err);
    struct plan *plan = NULL;
    if (only)
        strv_add(&names, only);
    const struct plan_request request = {
        .host = &host, .services = &list, .only = &names, .profile = p, .site = &site};
    if (!p || host_open(d->root, &host, err) < 0 ||
        service_list_load(d->data, &list, err) < 0 ||
        site_load(NULL, &host.root, "/etc/site.json", &list, &site, err) < 0 ||
        plan_build(&request, &plan, err) < 0)
        return NULL;
    return plan;
}

static struct plan *built(const struct demo *d)
{
    struct err err = ERR_INIT;
    struct plan *plan = build(d, "demo", &err);
    ck_assert_msg(plan != NULL, "%s", err.text);
    return plan;
}

static const struct plan_file *file_of(const struct plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->file_count; i++)
        if (strcmp(plan->files[i].path, path) == 0)
            return &plan->files[i];
    return NULL;
}

static const char *after(const struct plan *plan, const char *path)
{
    const struct plan_file *f = file_of(plan, path);
    ck_assert_msg(f != NULL, "%s is not in the plan", path);
    return buf_str(&f->after);
}

static bool has_note(const struct plan *plan, enum plan_severity severity,
                     const char *text)
{
    for (size_t i = 0; i < plan->note_count; i++)
        if (plan->notes[i].severity == severity && strstr(plan->notes[i].what, text))
            return true;
    return false;
}

/* --- what a description does ----------------------------------------------------------------- */

#define STRICT                                                                           \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                         \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                         \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

START_TEST(documents_are_edited)
{
    DEMO(d);
    tree_write(d.root, "/etc/demo/part.b", "MODE=x\nA=1\n", 0644);
    tree_write(d.root, "/etc/demo/part.a", "A=1\n", 0644);
    CLEANUP(plan_freep) struct plan *plan = built(&d);
    ck_assert_str_eq(after(plan, CONF),
                     "MODE=Slow\nCERT=/etc/demo/cert.pem\nCIPHERS=" STRICT "\n");
    ck_assert_str_eq(after(plan, "/etc/demo/part.b"), "A=1\n");
    ck_assert_uint_eq(plan->file_count, 2);
    const struct plan_file *f = file_of(plan, CONF);
    ck_assert(f && f->present_before && f->present_after && f->mode == 0640);
}
END_TEST

START_TEST(facts_and_files_of_our_own)
{
    DEMO(d);
    tree_write(d.root, "/etc/demo/extra", "", 0644);
    CLEANUP(plan_freep) struct plan *plan = built(&d);
    ck_assert_str_eq(after(plan, "/etc/demo/own"),
                     "# strict\nMODE=Slow\nCERT=/etc/demo/cert.pem\n");
    const struct plan_file *f = file_of(plan, "/etc/demo/own");
    ck_assert(f && !f->present_before && f->mode == 0644);
    tree_write(d.root, "/etc/demo/own", "something else\n", 0600);
    CLEANUP(plan_freep) struct plan *again = built(&d);
    f = file_of(again, "/etc/demo/own");
    ck_assert(f && f->present_before && f->mode == 0600 &&
              bytes_is(bytes_buf(&f->before), "something else\n"));
}
END_TEST

START_TEST(links)
{
    DEMO(d);
    CLEANUP(mem_freep) char *off = file_join(d.root, "/etc/demo/off");
    CLEANUP(mem_freep) char *on = file_join(d.root, "/etc/demo/on");
    tree_write(d.root, "/etc/site.json", "{\"services\":{\"demo\":{\"loud\":true}}}",
               0644);
    ck_assert_int_eq(symlink("x", off), 0);
    CLEANUP(plan_freep) struct plan *plan = built(&d);
    const struct plan_file *gone = file_of(plan, "/etc/demo/off");
    ck_assert(gone && gone->kind == PLAN_SYMLINK && !gone->present_after);
    ck_assert_str_eq(buf_str(&gone->before), "x");
    ck_assert_str_eq(after(plan, "/etc/demo/on"), "own");
    ck_assert_ptr_nonnull(strstr(after(plan, CONF), "LOUD=1\n"));
    ck_assert_int_eq(symlink("elsewhere", on), 0);
    CLEANUP(plan_freep) struct plan *again = built(&d);
    ck_assert_ptr_null(file_of(again, "/etc/demo/on"));
}
END_TEST

START_TEST(refusals)
{
    DEMO(d);
    tree_write(d.root, "/etc/site.json", "{\"services\":{\"demo\":{\"loud\":true}}}",
               0644);
    tree_write(d.root, CONF, "CERT=/etc/demo/cert.pem\n", 0640);
    CLEANUP(plan_freep) struct plan *plan = built(&d);
    ck_assert(has_note(plan, PLAN_ERROR, "no mode"));
    ck_assert_uint_eq(plan->file_count, 0);
    tree_write(d.root, "/etc/site.json", "{}", 0644);
    tree_write(d.root, CONF, "MODE=x\n", 0640);
    CLEANUP(plan_freep) struct plan *bare = built(&d);
    ck_assert(has_note(bare, PLAN_ERROR, "has no certificate"));
    ck_assert(!has_note(bare, PLAN_ERROR, "no mode"));
}
END_TEST

START_TEST(how_a_service_takes_notice)
{
    DEMO(d);
    CLEANUP(plan_freep) struct plan *plan = built(&d);
    ck_assert_uint_eq(plan->service_count, 1);
    const struct plan_service *s = &plan->services[0];
    ck_assert_str_eq(s->title, "Demo");
    ck_assert_str_eq(s->version, "2.5");
    ck_assert_str_eq(s->library, "openssl 3.0.11");
    ck_assert(!s->running && plan->endpoint_count == 0);
    json_t *expected CLEANUP(json_decrefp) = json_pack("[[ss]]", "/bin/b", "x");
    ck_assert(json_equal(s->activate, expected));
    ck_assert_uint_eq(json_array_size(s->check), 1);
    ck_assert_ptr_nonnull(json_object_get(s->trial, "argv"));
    ck_assert_ptr_nonnull(json_object_get(s->grants, "demo"));
}
END_TEST

/* Else taking back what was changed before it started would go unnoticed by it. */
START_TEST(who_has_started_since_can_be_told)
{
    CLEANUP(service_list_release) struct service_list list = SERVICE_LIST_INIT;
    struct err err = ERR_INIT;
    ck_assert_int_eq(service_list_load(".", &list, &err), 0);
    for (size_t i = 0; i < list.count; i++) {
        const json_t *spec = list.items[i].spec;
        ck_assert_msg(json_array_size(json_object_get(spec, "late")) > 0, "%s: no 'late'",
                      list.items[i].name);
        ck_assert_msg(json_array_size(json_object_get(spec, "daemons")) > 0,
                      "%s: no 'daemons'", list.items[i].name);
    }
}
END_TEST

START_TEST(names_of_services)
{
    DEMO(d);
    struct err err = ERR_INIT;
    ck_assert_ptr_null(build(&d, "dmo", &err));
    ck_assert_str_eq(err.text, "unknown service 'dmo'; did you mean 'demo'?");
    tree_write(d.root, "/var/lib/dpkg/status", "", 0644);
    ck_assert_ptr_null(build(&d, "demo", &err));
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "service 'demo' is not installed in "));
    CLEANUP(plan_freep) struct plan *plan = build(&d, NULL, &err);
    ck_assert_ptr_nonnull(plan);
    ck_assert(has_note(plan, PLAN_INFO, "not installed: skipped"));
    ck_assert(has_note(plan, PLAN_WARNING, "none of the services"));
}
END_TEST

/* --- bad ones -------------------------------------------------------------------------------- */

static void fails(const struct demo *d, enum err_kind kind, const char *expected)
{
    struct err err = ERR_INIT;
    CLEANUP(plan_freep) struct plan *plan = build(d, "demo", &err);
    ck_assert_ptr_null(plan);
    ck_assert_msg(err.kind == kind && strstr(err.text, expected), "%d: %s", err.kind,
                  err.text);
}

START_TEST(bad_descriptions)
{
    DEMO(d);
    tree_write(d.data, "/templates/demo/service.json", "{\"title\": }", 0644);
    fails(&d, ERR_INPUT, "/templates/demo/service.json:1:");
    tree_write(d.data, "/templates/demo/service.json", "[]", 0644);
    fails(&d, ERR_INPUT, "/templates/demo/service.json:1:1: must be an object");
    quoted(d.data, "/templates/demo/service.json",
           "{'packages': ['demo'], 'hook': 'none'}");
    fails(&d, ERR_INPUT, "demo: no hook 'none'");
    quoted(d.data, "/templates/demo/service.json",
           "{'packages': ['demo'], 'documents': {'x': {'path': '/etc/none', 'format': "
           "'shell'}}}");
    fails(&d, ERR_SYSTEM, "demo: there is no '/etc/none'");
}
END_TEST

START_TEST(bad_templates)
{
    DEMO(d);
    tree_write(d.data, "/templates/demo/conf", "A={{no.such.name}}\n", 0644);
    fails(&d, ERR_INPUT, "/templates/demo/conf:1:3: no such name: 'no.such.name'");
    tree_write(d.data, "/templates/demo/conf", "A={{#open}}\n", 0644);
    fails(&d, ERR_INPUT, "/templates/demo/conf:1:");
    tree_write(d.data, "/templates/demo/conf", "not an assignment\n", 0644);
    fails(&d, ERR_INPUT, "demo: " CONF ": fragment:1");
    tree_write(d.data, "/templates/demo/conf", "MODE={{facts.mode}}\n", 0644);
    tree_write(d.root, CONF, "MODE='a\nb'\nCERT=/c\n", 0644);
    fails(&d, ERR_INPUT, "facts.mode");
}
END_TEST

START_TEST(no_services_at_all)
{
    struct err err = ERR_INIT;
    CLEANUP(tree_remove) char *empty = tree_make();
    struct service_list list = SERVICE_LIST_INIT;
    ck_assert_int_eq(service_list_load(empty, &list, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "there is no service in "));
    ck_assert_int_eq(service_list_load("/nonexistent", &list, &err), -1);
    ck_assert_int_eq(err.kind, ERR_SYSTEM);
    ck_assert_uint_eq(list.count, 0);
}
END_TEST

UNIT_MAIN("service", documents_are_edited, facts_and_files_of_our_own, links, refusals,
          how_a_service_takes_notice, who_has_started_since_can_be_told,
          names_of_services, bad_descriptions, bad_templates, no_services_at_all)
