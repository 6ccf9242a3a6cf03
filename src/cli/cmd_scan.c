/* tlsharden scan: everything that endpoints accept. What could not be found out is said, and makes
 * the exit status 4. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "cli/campaign.h"
#include "policy/profile.h"
#include "probe/target.h"
#include "report/scan_report.h"

struct scanning {
    const struct cli *cli;
    const struct policy *policy; /* NULL: no profile was given */
    const char *profile;
    json_t *rules; /* borrowed; the profile; NULL: none was given */
    X509_STORE *anchors;
    struct pace *pace;
    json_t *all; /* reports, with --format json, unless they are printed as they come */
    bool incomplete; /* of any */
};

static void *scan_one(void *ctx, const struct endpoint *e, const char *why)
{
    const struct scanning *s = ctx;
    struct scan_options options = {
        .anchors = s->anchors, .pace = s->pace, .alpn = !e->starttls};
    struct scan *found = mem_alloc(sizeof *found);
    struct err err = ERR_INIT;
    *found = (struct scan)SCAN_INIT;
    if (why)
        strv_add(&found->inconclusive, why);
    else if (scan(e, &options, found, &err) < 0)
        strv_add(&found->inconclusive, err.text);
    return found;
}

static void show_text(const struct scanning *s, const struct scan_report *report)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    scan_report_text(report, s->cli->color, &text);
    fwrite(buf_str(&text), 1, text.len, stdout);
}

static int show(void *ctx, const struct endpoint *e, void *result)
{
    struct scanning *s = ctx;
    struct scan *found = result;
    struct scan_report report = {
        .endpoint = e, .scan = found, .policy = s->policy, .profile = s->profile};
    bool incomplete = found->inconclusive.count > 0;
    s->incomplete = s->incomplete || incomplete;
    if (s->all)
        json_array_append_new(s->all, scan_report_json(&report));
    else if (s->cli->format == CLI_JSON)
        campaign_print_line(scan_report_json(&report));
    else
        show_text(s, &report);
    scan_release(found);
    free(found);
    return incomplete ? err_exit_status(ERR_SYSTEM) : 0;
}

static int scan_all(struct scanning *s, struct campaign *targets, struct err *err)
{
    bool collect = s->cli->format == CLI_JSON && !targets->streams;
    json_t *all CLEANUP(json_decrefp) = collect ? json_array() : NULL;
    s->all = all;
    s->anchors = targets->anchors;
    s->pace = &targets->pace;
    struct campaign_work work = {
        .ctx = s, .run = scan_one, .done = show, .at_end = collect};
    if (campaign_resume(targets, json_pack("{s:O?}", "profile", s->rules), err) < 0 ||
        campaign_run(targets, &work, err) < 0)
        return -1;
    if (all)
        cli_print_json(all);
    if (campaign_end(targets, err) < 0)
        return -1;
    if (!s->incomplete && !targets->left)
        return 0;
    cli_say(s->cli, "incomplete: not everything could be found out");
    return err_exit_status(ERR_SYSTEM);
}

static int run(const struct cli *cli, int argc, char **argv, struct err *err)
{
    CLEANUP(campaign_release) struct campaign targets = CAMPAIGN_INIT;
    CLEANUP(profile_releasep) struct profile *profile = NULL;
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    struct scanning s = {.cli = cli};
    if (campaign_begin(cli, argc, argv, &targets, err) < 0)
        return -1;
    if (targets.count == 0)
        return err_set(err, ERR_USAGE,
                       "scan: what? Name targets, as in mail.example.org:25");
    if (cli->profile_given) {
        CLEANUP(mem_freep) char *dir = file_join(cli->datadir, "profiles");
        if (!(profile = profile_load(cli->profile, dir, err)) ||
            profile_policy(profile, NULL, &policy, err) < 0)
            return -1;
        s.policy = &policy;
        s.profile = profile->name;
        s.rules = profile_effective(profile);
    }
    return scan_all(&s, &targets, err);
}

static const struct cli_option options[] = {
    CAMPAIGN_OPTIONS,
    {NULL},
};

const struct command command_scan = {
    .name = "scan",
    .summary = "show everything that endpoints accept, and what of it is weak",
    .usage = "[HOST[:PORT][/PROTOCOL]...]",
    .examples = "  tlsharden scan www.example.org:443\n"
                "  tlsharden scan mail.example.org:25/smtp [::1]:993 --format json\n"
                "  tlsharden scan --profile strict localhost:8443\n"
                "  tlsharden scan --targets hosts.txt --format json --resume done.txt\n",
    .options = options,
    .run = run,
};
