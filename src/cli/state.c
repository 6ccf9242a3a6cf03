/* Looks only; txn keeps the records. */
#include "cli/state.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/progress.h"

#define STATE_DIR "/var/lib/tlsharden"

/* Where links may lead to, on a running host: not to /tmp, /run or somebody's home. */
static const char *const allowed[] = {"/etc", "/usr/local", "/opt", "/srv", "/var", NULL};

char *state_dir(const struct cli *cli)
{
    return file_join(cli->root, STATE_DIR);
}

bool state_is_host(const struct cli *cli)
{
    return strcmp(cli->root, "/") == 0;
}

static void say(void *ctx, const char *text)
{
    const struct cli *const *cli = ctx;
    progress(*cli, "%s", text);
}

struct txn_opts state_opts(const struct cli *const *cli, const char *dir)
{
    return (struct txn_opts){.root = (*cli)->root,
                             .state_dir = dir,
                             .allowed = state_is_host(*cli) ? allowed : NULL,
                             .progress = say,
                             .ctx = (void *)(uintptr_t)cli};
}

static void warn(const json_t *generation)
{
    const char *state = json_string_value(json_object_get(generation, "state"));
    const char *id = json_string_value(json_object_get(generation, "id"));
    long long left = json_integer_value(json_object_get(generation, "deadline")) -
                     (long long)time(NULL);
    if (!state || !id)
        return;
    if (strcmp(state, "pending") == 0 || strcmp(state, "rolling-back") == 0)
        fprintf(
            stderr,
            "tlsharden: warning: generation %s was interrupted, so that what is there "
            "may be half of it: run tlsharden recover\n",
            id);
    else if (strcmp(state, "unconfirmed") == 0)
        fprintf(stderr,
                "tlsharden: warning: generation %s goes back in %lld s unless you run "
                "tlsharden confirm\n",
                id, left > 0 ? left : 0);
    else if (strcmp(state, "damaged") == 0)
        fprintf(stderr, "tlsharden: warning: %s\n",
                json_string_value(json_object_get(generation, "cause")));
}

void state_warn(const struct cli *cli)
{
    CLEANUP(mem_freep) char *dir = state_dir(cli);
    struct txn_opts opts = state_opts(&cli, dir);
    struct err ignored = ERR_INIT;
    json_t *all CLEANUP(json_decrefp) = txn_history(&opts, &ignored);
    for (size_t i = 0; i < json_array_size(all); i++)
        warn(json_array_get(all, i));
}

int state_need_root(const struct cli *cli, struct err *err)
{
    if (geteuid() == 0 || !state_is_host(cli))
        return 0;
    return err_set(err, ERR_SYSTEM,
                   "%s: the host's configuration is root's: run it as root, or look at a "
                   "copy with --root",
                   cli->command->name);
}

int state_number(const struct cli *cli, const char *option, unsigned max, unsigned *ret,
                 struct err *err)
{
    const char *text = cli_value(cli, option);
    if (!text)
        return 0;
    size_t digits = strspn(text, "0123456789");
    unsigned long n = strtoul(text, NULL, 10);
    if (!digits || text[digits] || digits > 9 || n == 0 || n > max)
        return err_set(err, ERR_USAGE, "--%s: '%s' is not a number from 1 to %u", option,
                       text, max);
    *ret = (unsigned)n;
    return 0;
}

int state_tell(const struct cli *cli, unsigned generation, const char *result)
{
    char id[16];
    snprintf(id, sizeof id, "%04u", generation);
    if (cli->format == CLI_TEXT) {
        printf("generation %s is %s\n", id, result);
        return 0;
    }
    json_t *json CLEANUP(json_decrefp) =
        json_pack("{s:s, s:s}", "generation", id, "result", result);
    cli_print_json(json);
    return 0;
}
