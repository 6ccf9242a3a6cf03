/*
 * Finds the command, parses the options before and after it, runs it, and turns its error into
 * a message and an exit status. Options of the frame and of the command are one getopt table, so
 * both work in any order and --help lists both.
 */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/ansible_module.h"
#include "cli/datadir.h"
#include "cli/pager.h"
#include "base/suggest.h"
#include "base/visible.h"

static const struct command *const commands[] = {
    &command_apply,    &command_ciphers, &command_confirm,  &command_diff,
    &command_explain,  &command_history, &command_profile,  &command_recover,
    &command_rehearse, &command_render,  &command_rollback, &command_scan,
    &command_services, &command_verify,
};

static const struct cli_option globals[] = {
    {"profile", "NAME|FILE", "the policy: a shipped profile or a file (default: strict)"},
    {"site", "FILE", "names and certificates (default: /etc/tlsharden/site.json)"},
    {"service", "A,B", "only these services; one that is missing is an error"},
    {"root", "DIR", "work on the tree beneath DIR; no daemon, no network"},
    {"datadir", "DIR", "where profiles and templates are"},
    {"format", "text|json", "how results are printed; verify knows junit, too"},
    {"color", "auto|always|never", "colours in text"},
    {"no-pager", NULL, "print to the terminal what would go through a pager"},
    {"quiet", NULL, "-q: only results and errors"},
    {"verbose", NULL, "-v: say more"},
    {"help", NULL, "-h: this help"},
    {"version", NULL, "-V: the version"},
};

#define HELP_COLUMN  27
#define GLOBAL_BASE  1000
#define COMMAND_BASE 2000

static size_t own_options(const struct command *command)
{
    size_t n = 0;
    while (command && command->options && command->options[n].name)
        n++;
    return n;
}

static void add_option(struct option *table, size_t *n, const struct cli_option *o,
                       int code)
{
    table[(*n)++] =
        (struct option){o->name, o->arg ? required_argument : no_argument, NULL, code};
}

/* The frame's options and the command's; while the command is not known yet, every command's. */
static struct option *option_table(const struct command *command)
{
    size_t own = own_options(command), n = 0;
    for (size_t i = 0; !command && i < ARRAY_LEN(commands); i++)
        own += own_options(commands[i]);
    struct option *table = mem_alloc((ARRAY_LEN(globals) + own + 1) * sizeof *table);
    for (size_t i = 0; command && i < own; i++)
        add_option(table, &n, &command->options[i], COMMAND_BASE + (int)i);
    for (size_t k = 0; !command && k < ARRAY_LEN(commands); k++)
        for (size_t i = 0; i < own_options(commands[k]); i++)
            add_option(table, &n, &commands[k]->options[i], COMMAND_BASE);
    for (size_t i = 0; i < ARRAY_LEN(globals); i++)
        add_option(table, &n, &globals[i], GLOBAL_BASE + (int)i);
    return table;
}

static void print_options(const struct cli_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", options[i].name,
                 options[i].arg ? " " : "", options[i].arg ? options[i].arg : "");
        /* Completions read this: two blanks or a new line before the text. */
        if (strlen(left) > HELP_COLUMN - 2)
            printf("  %s\n  %*s%s\n", left, HELP_COLUMN, "", options[i].help);
        else
            printf("  %-*s%s\n", HELP_COLUMN, left, options[i].help);
    }
}

static void print_help(const struct command *command)
{
    if (command) {
        printf("usage: tlsharden %s [OPTIONS]%s%s\n\n%s\n", command->name,
               *command->usage ? " " : "", command->usage, command->summary);
        if (own_options(command)) {
            printf("\nOptions:\n");
            print_options(command->options, own_options(command));
        }
    } else {
        printf("usage: tlsharden [OPTIONS] COMMAND [OPTIONS]\n\n"
               "Harden the TLS of this host's servers: previewed as a diff, proven by "
               "handshake,\n"
               "reversible.\n\nCommands:\n");
        for (size_t i = 0; i < ARRAY_LEN(commands); i++)
            printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    }
    printf("\nOptions of every command:\n");
    print_options(globals, ARRAY_LEN(globals));
    if (command && command->examples)
        printf("\nExamples:\n%s", command->examples);
    if (!command)
        printf(
            "\nExit status: 0 fine, 1 differs or does not conform, 2 usage, 3 bad "
            "input,\n"
            "4 could not finish and nothing changed, 5 refused as unsafe or in "
            "conflict,\n"
            "6 failed and rolled back, 7 rollback incomplete (run recover), 70 a bug.\n"
            "\n`tlsharden COMMAND --help` says more; so does tlsharden(1).\n");
}

static int add_services(struct strv *services, const char *list, struct err *err)
{
    CLEANUP(mem_freep) char *copy = mem_strdup(list);
    char *state = NULL;
    for (char *name = strtok_r(copy, ",", &state); name;
         name = strtok_r(NULL, ",", &state))
        if (!strv_has(services, name))
            strv_add(services, name);
    if (services->count == 0)
        return err_set(err, ERR_USAGE, "--service: no service named in '%s'", list);
    return 0;
}

static int set_format(struct cli *cli, const char *arg, struct err *err)
{
    if (strcmp(arg, "text") == 0)
        cli->format = CLI_TEXT;
    else if (strcmp(arg, "json") == 0)
        cli->format = CLI_JSON;
    else if (strcmp(arg, "junit") == 0)
        cli->format = CLI_JUNIT;
    else
        return err_set(err, ERR_USAGE, "--format: '%s' is none of text, json, junit",
                       arg);
    return 0;
}

static int set_color(struct cli *cli, const char *arg, struct err *err)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (strcmp(arg, "always") == 0)
        cli->color = true;
    else if (strcmp(arg, "never") == 0)
        cli->color = false;
    else if (strcmp(arg, "auto") == 0)
        cli->color = isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
                     !(term && strcmp(term, "dumb") == 0);
    else
        return err_set(err, ERR_USAGE, "--color: '%s' is none of auto, always, never",
                       arg);
    return 0;
}

static int set_root(struct cli *cli, const char *arg, struct err *err)
{
    struct stat st;
    if (stat(arg, &st) < 0)
        return err_sys(err, errno, "--root '%s'", arg);
    if (!S_ISDIR(st.st_mode))
        return err_set(err, ERR_USAGE, "--root '%s': not a directory", arg);
    cli->root = arg;
    return 0;
}

/* One global option; returns 1 when the program has done its work (help, version). */
static int take_global(struct cli *cli, const char *name, const char *arg,
                       struct err *err)
{
    if (strcmp(name, "profile") == 0) {
        cli->profile = arg;
        cli->profile_given = true;
    } else if (strcmp(name, "site") == 0) {
        cli->site = arg;
    } else if (strcmp(name, "service") == 0) {
        return add_services(&cli->services, arg, err);
    } else if (strcmp(name, "root") == 0) {
        return set_root(cli, arg, err);
    } else if (strcmp(name, "datadir") == 0) {
        cli->datadir = arg;
    } else if (strcmp(name, "format") == 0) {
        return set_format(cli, arg, err);
    } else if (strcmp(name, "color") == 0) {
        return set_color(cli, arg, err);
    } else if (strcmp(name, "no-pager") == 0) {
        cli->paged = false;
    } else if (strcmp(name, "quiet") == 0) {
        cli->quiet = true;
    } else if (strcmp(name, "verbose") == 0) {
        cli->verbose = true;
    } else if (strcmp(name, "help") == 0) {
        print_help(cli->command);
        return 1;
    } else if (strcmp(name, "version") == 0) {
        printf("tlsharden %s\n", TLSHARDEN_VERSION);
        return 1;
    }
    return 0;
}

static const char *short_name(int c)
{
    switch (c) {
    case 'q':
        return "quiet";
    case 'v':
        return "verbose";
    case 'h':
        return "help";
    case 'V':
        return "version";
    default:
        return NULL;
    }
}

/* The option that was probably meant, or NULL. Borrowed from the tables above. */
static const char *near_option(const struct cli *cli, const char *word)
{
    struct option *table CLEANUP(mem_freep) = option_table(cli->command);
    CLEANUP(strv_release) struct strv names = STRV_INIT;
    CLEANUP(mem_freep) char *name = mem_strdup(word + strspn(word, "-"));
    name[strcspn(name, "=")] = '\0';
    for (size_t i = 0; table[i].name; i++)
        strv_add(&names, table[i].name);
    const char *near = suggest(name, (const char *const *)names.items, names.count);
    for (size_t i = 0; near && table[i].name; i++)
        if (strcmp(table[i].name, near) == 0)
            return table[i].name;
    return NULL;
}

static int bad_option(const struct cli *cli, int c, char **argv, struct err *err)
{
    const char *help = cli->command ? cli->command->name : "";
    const char *word = argv[optind - 1];
    if (c == ':')
        return err_set(err, ERR_USAGE,
                       "%s: it needs an argument; see tlsharden %s%s--help", word, help,
                       *help ? " " : "");
    const char *near = strncmp(word, "--", 2) == 0 ? near_option(cli, word) : NULL;
    if (near)
        return err_set(err, ERR_USAGE, "unknown option %s; did you mean --%s?", word,
                       near);
    return err_set(err, ERR_USAGE, "unknown option %s; see tlsharden %s%s--help", word,
                   help, *help ? " " : "");
}

/* An option of a command that is not known yet: it is read again when it is. */
static int postpone(struct cli *cli, const char *name)
{
    strv_take(&cli->early,
              optarg ? mem_printf("--%s=%s", name, optarg) : mem_printf("--%s", name));
    return 0;
}

/* One parsed option; returns 0, 1 (the program has done its work) or -1. */
static int take_option(struct cli *cli, int c, const char *long_name, char **argv,
                       struct err *err)
{
    if (c >= COMMAND_BASE && !cli->command)
        return postpone(cli, long_name);
    if (c >= COMMAND_BASE) {
        strv_add(&cli->values[c - COMMAND_BASE], optarg ? optarg : "");
        return 0;
    }
    size_t global = c >= GLOBAL_BASE ? (size_t)(c - GLOBAL_BASE) : ARRAY_LEN(globals);
    const char *name = global < ARRAY_LEN(globals) ? globals[global].name : short_name(c);
    return name ? take_global(cli, name, optarg, err) : bad_option(cli, c, argv, err);
}

/* Parses argv[1..]; returns 0, 1 (done) or -1. `shorts` decides whether to stop at the first
 * word that is no option ("+") or to look further. */
static int parse(struct cli *cli, int argc, char **argv, const char *shorts,
                 struct err *err)
{
    struct option *table CLEANUP(mem_freep) = option_table(cli->command);
    int rc = 0, at = 0;
    opterr = 0;
    optind = 0;
    for (int c; rc == 0 && (c = getopt_long(argc, argv, shorts, table, &at)) != -1;)
        rc = take_option(cli, c, table[at].name, argv, err);
    return rc;
}

static const struct command *find_command(const char *name, struct err *err)
{
    const char *names[ARRAY_LEN(commands)];
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        names[i] = commands[i]->name;
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    const char *near = suggest(name, names, ARRAY_LEN(names));
    if (near)
        err_set(err, ERR_USAGE, "unknown command '%s'; did you mean '%s'?", name, near);
    else
        err_set(err, ERR_USAGE, "unknown command '%s'; see tlsharden --help", name);
    return NULL;
}

static int run_command(struct cli *cli, int argc, char **argv, struct err *err)
{
    cli->values = mem_alloc((own_options(cli->command) + 1) * sizeof *cli->values);
    int rc = parse(cli, argc, argv, ":qvhV", err);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (cli->format == CLI_JUNIT && !cli->command->junit)
        return err_set(err, ERR_USAGE, "--format junit: %s prints text or json",
                       cli->command->name);
    if (!cli->datadir && !(cli->datadir = cli->found_datadir = datadir_find()))
        return err_set(err, ERR_SYSTEM,
                       "the profiles and templates are not in %s; "
                       "name their directory with --datadir",
                       TLSHARDEN_DATA);
    return cli->command->run(cli, argc - optind, argv + optind, err);
}

static int run(struct cli *cli, int argc, char **argv, struct err *err)
{
    if (set_color(cli, "auto", err) < 0)
        return -1;
    int rc = parse(cli, argc, argv, "+:qvhV", err);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (optind >= argc) {
        print_help(NULL);
        return err_set(err, ERR_USAGE, "no command given");
    }
    const char *name = argv[optind];
    if (strcmp(name, "help") == 0) {
        if (optind + 1 < argc && !(cli->command = find_command(argv[optind + 1], err)))
            return -1;
        print_help(cli->command);
        return 0;
    }
    if (!(cli->command = find_command(name, err)))
        return -1;
    CLEANUP(strv_release) struct strv words = STRV_INIT;
    strv_add(&words, name);
    for (size_t i = 0; i < cli->early.count; i++)
        strv_add(&words, cli->early.items[i]);
    for (int i = optind + 1; i < argc; i++)
        strv_add(&words, argv[i]);
    return run_command(cli, (int)words.count, words.items, err);
}

/* Prints the error; returns the exit status. */
static int tell(const struct cli *cli, int status, const struct err *err)
{
    if (status >= 0)
        return status;
    CLEANUP(mem_freep) char *text = visible(bytes_str(err->text));
    if (cli->format == CLI_JSON && err->kind != ERR_USAGE) {
        json_t *json CLEANUP(json_decrefp) = json_pack(
            "{s:s, s:i}", "error", text, "exit_status", err_exit_status(err->kind));
        if (json)
            cli_print_json(json);
        fflush(stdout);
    }
    fprintf(stderr, "tlsharden: %s\n", text);
    return err_exit_status(err->kind);
}

static int finish(const struct cli *cli, int status, const struct err *err)
{
    status = tell(cli, status, err);
    if (pager_finish(cli))
        return status;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (errno != EPIPE)
            fprintf(stderr, "tlsharden: write results: %s\n", strerror(errno));
        return status > 0 ? status : 4;
    }
    return status;
}

static void release_values(struct cli *cli)
{
    for (size_t i = 0; cli->values && i < own_options(cli->command); i++)
        strv_release(&cli->values[i]);
    free(cli->values);
}

int main(int argc, char **argv)
{
    CLEANUP(json_doc_release) struct json_doc task = JSON_DOC_INIT;
    struct err err = ERR_INIT;
    if (argc == 2 && ansible_module_load(argv[1], &task))
        return ansible_module_run(&task);
    struct pager pager = {.pid = 0};
    struct cli cli = {.profile = "strict",
                      .root = "/",
                      .terminal = isatty(STDERR_FILENO),
                      .shown = isatty(STDOUT_FILENO),
                      .paged = true,
                      .pager = &pager};
    int status = finish(&cli, run(&cli, argc, argv, &err), &err);
    strv_release(&cli.services);
    strv_release(&cli.early);
    release_values(&cli);
    free(cli.found_datadir);
    return status;
}

const struct strv *cli_values(const struct cli *cli, const char *name)
{
    static const struct strv none = STRV_INIT;
    for (size_t i = 0; i < own_options(cli->command); i++)
        if (strcmp(cli->command->options[i].name, name) == 0)
            return &cli->values[i];
    return &none;
}

const char *cli_value(const struct cli *cli, const char *name)
{
    const struct strv *all = cli_values(cli, name);
    return all->count ? all->items[all->count - 1] : NULL;
}

void cli_print_json(const json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    putchar('\n');
}

static void PRINTF(1, 0) say(const char *fmt, va_list ap)
{
    char *text = NULL;
    if (vasprintf(&text, fmt, ap) < 0)
        return;
    CLEANUP(mem_freep) char *shown = visible(bytes_str(text));
    fprintf(stderr, "tlsharden: %s\n", shown);
    free(text);
}

void cli_warn(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
}

void cli_say(const struct cli *cli, const char *fmt, ...)
{
    va_list ap;
    if (cli->quiet)
        return;
    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
}
