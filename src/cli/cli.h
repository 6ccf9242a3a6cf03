/*
 * The command line: one table of commands, one parser, one place that prints errors.
 *
 * A command is one file cmd_NAME.c with one function and one const struct command; it is listed
 * in cli.c. It prints results to stdout and messages to stderr, and returns an exit status, or -1
 * with `err` set, which the frame prints as "tlsharden: TEXT" and turns into an exit status.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"

enum cli_format { CLI_TEXT, CLI_JSON, CLI_JUNIT };

/* The options that every command takes, and the values of the command's own. */
struct cli {
    const char *profile; /* --profile NAME|FILE; "strict" unless given */
    bool profile_given;
    const char *site; /* --site FILE, or NULL: /etc/tlsharden/site.json where it exists */
    struct strv services; /* --service A,B; empty: every one that is installed */
    const char *root;     /* --root DIR, or "/" */
    const char *datadir;  /* where profiles/ and templates/ are */
    enum cli_format format;
    bool color;    /* decided: --color, NO_COLOR, is stdout a terminal */
    bool terminal; /* stderr is one: progress may be shown, questions asked */
    bool shown;    /* stdout is one, be it through a pager */
    bool paged;    /* no --no-pager */
    struct pager *pager;
    bool quiet, verbose;
    const struct command *command;
    struct strv *values; /* owned; of each of the command's own options, in their order */
    char *found_datadir; /* owned storage behind datadir */
    struct strv early;   /* owned; options of a command that stood before its name */
};

struct cli_option {
    const char *name; /* long name */
    const char *arg;  /* what its argument is called, or NULL for a flag */
    const char *help; /* one line */
};

struct command {
    const char *name;
    const char *summary;              /* one line, for --help */
    const char *usage;                /* what follows the name, e.g. "[NAME|ID...]" */
    const char *examples;             /* whole lines, for COMMAND --help; or NULL */
    const struct cli_option *options; /* its own; ends with a NULL name; or NULL */
    bool junit;                       /* its results can be printed as JUnit's XML */
    int (*run)(const struct cli *cli, int argc, char **argv, struct err *err);
};

extern const struct command command_apply, command_ciphers, command_confirm, command_diff,
    command_explain, command_history, command_profile, command_recover, command_rehearse,
    command_render, command_rollback, command_scan, command_services, command_verify;

/* The value of one of the command's own options, the last where it was given several times: NULL
 * when not given, "" for a given flag. */
const char *cli_value(const struct cli *cli, const char *name);

/* All its values, in their order. Borrowed. */
const struct strv *cli_values(const struct cli *cli, const char *name);

/* Prints JSON as this program prints it: indented, sorted, a newline at the end. */
void cli_print_json(const json_t *json);

/* "tlsharden: ..." on stderr in any case: why the exit status is not 0. */
void cli_warn(const char *fmt, ...) PRINTF(1, 2);

/* "tlsharden: ..." on stderr unless --quiet; for what the reader should know but need not act on. */
void cli_say(const struct cli *cli, const char *fmt, ...) PRINTF(2, 3);

#endif
