/*
 * tlsharden verify: running endpoints against a profile. Those that are named are held against the
 * profile itself; without any, those of this host's services are, each against its scope of the
 * profile, with the versions that its library grants.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/campaign.h"
#include "cli/planning.h"
#include "cli/proof.h"
#include "probe/target.h"
#include "report/wire_findings.h"

struct verifying {
    const struct cli *cli;
    const struct profile *profile;
    const struct plan *plan; /* NULL: targets were named */
    X509_STORE *anchors;
    struct pace *pace;
    bool exact;
    enum finding_severity fail_on;
    bool many;    /* what conforms is only counted in text */
    bool streams; /* each endpoint is printed as it comes, as a line of JSON */
    bool failed, unsure;
    struct findings all; /* unless printed */
    unsigned connections;
};

struct verified {
    struct findings findings;
    unsigned connections;
    int64_t took_ms;
};

/* --- one endpoint ---------------------------------------------------------------------------- */

static int find_policy(const struct verifying *v, const struct endpoint *e,
                       struct policy *ret, unsigned *ret_versions, struct err *err)
{
    *ret_versions = 0;
    return v->plan ? proof_policy(v->profile, v->plan, e, ret, ret_versions, err)
                   : profile_policy(v->profile, NULL, ret, err);
}

static int hold(const struct verifying *v, const struct endpoint *e, struct verified *ret,
                struct err *err)
{
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    CLEANUP(conform_release) struct conform found = CONFORM_INIT;
    unsigned versions;
    if (find_policy(v, e, &policy, &versions, err) < 0)
        return -1;
    struct conform_rules rules = {.policy = &policy,
                                  .required = versions,
                                  .exact = v->exact,
                                  .http = target_is_http(e),
                                  .anchors = v->anchors,
                                  .pace = v->pace};
    if (conform(e, &rules, &found, err) < 0)
        return -1;
    wire_findings(e, &found, &ret->findings);
    ret->connections = found.connections;
    ret->took_ms = found.took_ms;
    return 0;
}

static void *verify_one(void *ctx, const struct endpoint *e, const char *why)
{
    struct verified *got = mem_alloc(sizeof *got);
    struct err err = ERR_INIT;
    if (why)
        wire_findings_none(e, why, &got->findings);
    else if (hold(ctx, e, got, &err) < 0)
        wire_findings_none(e, err.text, &got->findings);
    return got;
}

static const char *word_of(int status)
{
    return status == 0 ? "conforms" : status == 1 ? "violation" : "inconclusive";
}

static void print_line(const struct endpoint *e, const struct verified *got, int status)
{
    CLEANUP(buf_release) struct buf target = BUF_INIT;
    target_describe(e, &target);
    campaign_print_line(json_pack(
        "{s:s, s:s, s:i, s:f, s:o}", "target", buf_str(&target), "verdict",
        word_of(status), "connections", (int)got->connections, "seconds",
        (double)got->took_ms / 1000, "findings", findings_json(&got->findings)));
}

static int take(void *ctx, const struct endpoint *e, void *result)
{
    struct verifying *v = ctx;
    struct verified *got = result;
    int status = findings_status(&got->findings, v->fail_on);
    v->connections += got->connections;
    v->failed = v->failed || status == 1;
    v->unsure = v->unsure || status > 1;
    findings_sort(&got->findings);
    if (v->streams)
        print_line(e, got, status);
    if (v->many)
        findings_drop_conforming(&got->findings);
    if (!v->streams)
        findings_join(&v->all, &got->findings);
    findings_release(&got->findings);
    free(got);
    return status;
}

/* --- all of them ----------------------------------------------------------------------------- */

static int report(const struct verifying *v, int status, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (v->cli->format == CLI_JSON) {
        json_t *json CLEANUP(json_decrefp) =
            json_pack("{s:s, s:s, s:i, s:o}", "profile", v->profile->name, "verdict",
                      word_of(status), "connections", (int)v->connections, "findings",
                      findings_json(&v->all));
        if (v->all.resumed)
            json_object_update_new(
                json, json_pack("{s:i, s:i}", "resumed", (int)v->all.resumed,
                                "resumed_with_violations", (int)v->all.resumed_bad));
        if (v->all.left)
            json_object_set_new(json, "left", json_integer((json_int_t)v->all.left));
        cli_print_json(json);
        return status;
    }
    if (v->cli->format == CLI_JUNIT) {
        if (findings_junit(&v->all, &text, err) < 0)
            return -1;
    } else {
        findings_text(&v->all, v->cli->color, &text);
    }
    fwrite(buf_str(&text), 1, text.len, stdout);
    return status;
}

static json_t *rule_of(const struct verifying *v, const struct campaign_target *t)
{
    CLEANUP(policy_release) struct policy ignored = POLICY_INIT;
    struct err err = ERR_INIT;
    unsigned versions = 0;
    const struct endpoint *e = &t->endpoint;
    if (find_policy(v, e, &ignored, &versions, &err) < 0)
        return json_string(err.text);
    return json_pack("[s, b, b, i]", t->key, (int)e->required, (int)e->fewer_versions,
                     (int)versions);
}

/* All that verdicts depend on beside a target: profile, options, and what the plan knows of this host's endpoints. */
static json_t *rules_of(const struct verifying *v, const struct campaign *targets)
{
    json_t *planned = json_array();
    for (size_t i = 0; v->plan && i < targets->count; i++)
        json_array_append_new(planned, rule_of(v, &targets->items[i]));
    return json_pack("{s:O, s:b, s:s, s:o}", "profile", profile_effective(v->profile),
                     "exact", (int)v->exact, "fail_on", finding_severity_name(v->fail_on),
                     "planned", planned);
}

static int verdict_on_all(const struct verifying *v)
{
    if (v->failed || v->all.resumed_bad)
        return 1;
    return v->unsure || v->all.left ? err_exit_status(ERR_SYSTEM) : 0;
}

/* Endpoints are what this host's services have; targets without a name are addresses. */
static void tell_nameless(const struct verifying *v, const struct campaign *targets)
{
    size_t n = 0;
    for (size_t i = 0; i < targets->count; i++)
        n += targets->items[i].handed_back && !targets->items[i].endpoint.name;
    if (n && !v->plan)
        cli_say(v->cli,
                "%zu endpoint%s no name, only an address: which names the certificates "
                "have was not judged; --name says which one is wanted",
                n, n == 1 ? " has" : "s have");
}

static int verify_all(struct verifying *v, struct campaign *targets, struct err *err)
{
    struct campaign_work work = {.ctx = v, .run = verify_one, .done = take};
    if (campaign_resume(targets, rules_of(v, targets), err) < 0)
        return -1;
    v->anchors = targets->anchors;
    v->pace = &targets->pace;
    v->streams = targets->streams && v->cli->format == CLI_JSON;
    bool brief = v->plan && !v->cli->verbose && v->cli->format == CLI_TEXT;
    v->many = brief || (targets->streams && v->cli->format != CLI_JUNIT);
    work.at_end = !v->streams;
    int status = campaign_run(targets, &work, err);
    v->all.resumed = targets->skipped;
    v->all.resumed_bad = targets->skipped_bad;
    v->all.left = targets->left;
    if (status == 0) {
        tell_nameless(v, targets);
        status = verdict_on_all(v);
        findings_sort(&v->all);
        if (!v->streams)
            status = report(v, status, err);
        if (status >= 0 && campaign_end(targets, err) < 0)
            status = -1;
    }
    findings_release(&v->all);
    return status;
}

/* --- what is to be verified ------------------------------------------------------------------ */

static int verify_targets(const struct cli *cli, struct verifying *v,
                          struct campaign *targets, struct err *err)
{
    CLEANUP(mem_freep) char *dir = file_join(cli->datadir, "profiles");
    CLEANUP(profile_releasep)
    struct profile *profile = profile_load(cli->profile, dir, err);
    v->profile = profile;
    return profile ? verify_all(v, targets, err) : -1;
}

/* The endpoints of services that run here, as they are configured. */
static int verify_host(const struct cli *cli, struct verifying *v,
                       struct campaign *targets, struct err *err)
{
    CLEANUP(planning_release) struct planning p = PLANNING_INIT;
    if (strcmp(cli->root, "/") != 0)
        return err_set(err, ERR_USAGE,
                       "verify: beneath --root nothing runs; name targets instead");
    if (planning_make(cli, &p, err) < 0)
        return -1;
    bool broken = planning_notes(cli, p.plan) != 0;
    for (size_t i = 0; i < p.plan->endpoint_count; i++)
        campaign_add(targets, &p.plan->endpoints[i]);
    if (targets->count == 0)
        return err_set(
            err, ERR_SYSTEM,
            "verify: no service that runs here has an endpoint; name targets, as "
            "in mail.example.org:25");
    v->profile = p.profile;
    v->plan = p.plan;
    int status = verify_all(v, targets, err);
    if (status >= 0 && !plan_is_empty(p.plan))
        cli_say(cli,
                "the configuration differs from the profile as well: tlsharden diff");
    return status == 0 && broken ? err_exit_status(ERR_SYSTEM) : status;
}

static int take_fail_on(const struct cli *cli, enum finding_severity *ret,
                        struct err *err)
{
    const char *name = cli_value(cli, "fail-on");
    *ret = FINDING_LOW;
    if (!name || finding_severity_by_name(name, ret))
        return 0;
    return err_set(err, ERR_USAGE,
                   "--fail-on: '%s' is none of info, low, medium, high, critical", name);
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    CLEANUP(campaign_release) struct campaign targets = CAMPAIGN_INIT;
    struct verifying v = {.cli = cli, .exact = cli_value(cli, "exact") != NULL};
    if (take_fail_on(cli, &v.fail_on, err) < 0 ||
        campaign_begin(cli, argc, argv, &targets, err) < 0)
        return -1;
    return targets.count ? verify_targets(cli, &v, &targets, err)
                         : verify_host(cli, &v, &targets, err);
}

static const struct cli_option options[] = {
    {"exact", NULL, "everything that the profile asks for has to be there, too"},
    CAMPAIGN_OPTIONS,
    {"fail-on", "SEVERITY",
     "exit 1 from info, low (default), medium, high or critical on"},
    {NULL},
};

const struct command command_verify = {
    .name = "verify",
    .summary = "hold running endpoints against the profile, by handshake",
    .usage = "[HOST[:PORT][/PROTOCOL]...]",
    .examples =
        "  tlsharden verify --profile strict\n"
        "  tlsharden verify --profile modern --exact www.example.org:443\n"
        "  tlsharden verify mail.example.org:25 --fail-on medium --format junit\n",
    .options = options,
    .junit = true,
    .run = run,
};
