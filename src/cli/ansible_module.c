/*
 * What a task asks for becomes a command line of this very program, so that a module can do nothing that the
 * command cannot: `diff` tells what would change, and is all that check mode does; then comes the command. The
 * program that is installed on the host is used where there is one, since it fits the data there, and since
 * Ansible deletes its copy, which a waiter might need.
 *
 * Not handled: `apply --confirm`. A play that loses its connection is Ansible's to notice.
 */
#include "cli/ansible_module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/process.h"
#include "base/strv.h"
#include "base/suggest.h"
#include "cli/cli.h"
#include "cli/datadir.h"

#define DEADLINE_MS  1800000
#define OUTPUT_LIMIT ((size_t)64 << 20)

/* DOCUMENT: the path of a file of JSON, or what would be in it. */
enum kind { TEXT, FLAG, LIST, DOCUMENT };

enum { APPLY = 1, VERIFY = 2, ROLLBACK = 4 };

static const struct parameter {
    const char *name, *option; /* option NULL: not passed on as one */
    enum kind kind;
    unsigned commands;
} parameters[] = {
    {"command", NULL, TEXT, APPLY | VERIFY | ROLLBACK},
    {"datadir", "--datadir", TEXT, APPLY | VERIFY | ROLLBACK},
    {"exact", "--exact", FLAG, APPLY | VERIFY},
    {"fail_on", "--fail-on", TEXT, VERIFY},
    {"generation", NULL, TEXT, ROLLBACK},
    {"keep", "--keep", TEXT, APPLY},
    {"profile", "--profile", DOCUMENT, APPLY | VERIFY},
    {"rehearse", "--rehearse", TEXT, APPLY},
    {"root", "--root", TEXT, APPLY | VERIFY | ROLLBACK},
    {"services", "--service", LIST, APPLY | VERIFY},
    {"site", "--site", DOCUMENT, APPLY | VERIFY},
    {"targets", NULL, LIST, VERIFY},
};

struct module {
    json_t *asked; /* borrowed */
    unsigned command;
    bool check, diff; /* Ansible's modes */
    json_t *answer;   /* what Ansible is told */
    struct strv
        files; /* owned; documents that were given as such, for as long as we run */
};

/* --- reading the task ------------------------------------------------------------------------ */

/* As YAML and Ansible have it, also from key=value. */
static bool is_true(const json_t *v)
{
    static const char *const words[] = {"yes", "true", "on", "1", "y", "t"};
    const char *s = json_string_value(v);
    for (size_t i = 0; s && i < ARRAY_LEN(words); i++)
        if (strcasecmp(s, words[i]) == 0)
            return true;
    return json_is_true(v) || json_integer_value(v) == 1;
}

static bool is_given(const json_t *v)
{
    return v && !json_is_null(v);
}

/* A text, or a number that YAML has made of one. Owned (free); NULL for anything else. */
static char *text_of(const json_t *v)
{
    if (json_is_integer(v))
        return mem_printf("%lld", (long long)json_integer_value(v));
    return json_is_string(v) ? mem_strdup(json_string_value(v)) : NULL;
}

static const struct parameter *parameter_by_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++)
        if (strcmp(parameters[i].name, name) == 0)
            return &parameters[i];
    return NULL;
}

static int unknown_parameter(const char *name, struct err *err)
{
    const char *known[ARRAY_LEN(parameters)];
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++)
        known[i] = parameters[i].name;
    const char *near = suggest(name, known, ARRAY_LEN(known));
    if (near)
        return err_set(err, ERR_USAGE, "unknown parameter '%s'; did you mean '%s'?", name,
                       near);
    return err_set(err, ERR_USAGE, "unknown parameter '%s'", name);
}

static int check_parameters(const struct module *m, struct err *err)
{
    const char *name;
    json_t *v;
    json_object_foreach(m->asked, name, v)
    {
        const struct parameter *p = parameter_by_name(name);
        if (strncmp(name, "_ansible_", 9) == 0)
            continue;
        if (!p)
            return unknown_parameter(name, err);
        if (is_given(v) && !(p->commands & m->command))
            return err_set(err, ERR_USAGE, "'%s' means nothing to this command", name);
    }
    return 0;
}

static int read_command(struct module *m, struct err *err)
{
    const json_t *v = json_object_get(m->asked, "command");
    const char *word = is_given(v) ? json_string_value(v) : "apply";
    if (word && strcmp(word, "apply") == 0)
        m->command = APPLY;
    else if (word && strcmp(word, "verify") == 0)
        m->command = VERIFY;
    else if (word && strcmp(word, "rollback") == 0)
        m->command = ROLLBACK;
    else
        return err_set(err, ERR_USAGE, "command: '%s' is none of apply, verify, rollback",
                       word ? word : "(no text)");
    return 0;
}

/* --- the command line ------------------------------------------------------------------------ */

/* "a,b" of a list or a text. Owned (free); NULL when it is neither. */
static char *list_of(const json_t *v)
{
    if (!json_is_array(v))
        return text_of(v);
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    for (size_t i = 0; i < json_array_size(v); i++) {
        const char *item = json_string_value(json_array_get(v, i));
        if (!item)
            return NULL;
        buf_addf(&text, "%s%s", i ? "," : "", item);
    }
    return mem_strdup(buf_str(&text));
}

/* Writes a document where only its owner reads it; the name is kept in m->files. Borrowed; NULL with err. */
static const char *write_document(struct module *m, const json_t *v, struct err *err)
{
    char path[] = "/tmp/tlsharden-XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        (void)err_sys(err, errno, "make a file in /tmp");
        return NULL;
    }
    strv_add(&m->files, path);
    int rc = json_dumpfd(v, fd, JSON_INDENT(1));
    if (close(fd) < 0 || rc < 0) {
        (void)err_sys(err, errno, "write '%s'", path);
        return NULL;
    }
    return m->files.items[m->files.count - 1];
}

static void remove_documents(struct module *m)
{
    for (size_t i = 0; i < m->files.count; i++)
        unlink(m->files.items[i]);
    strv_release(&m->files);
}

/* What stands behind the option. Owned (free); NULL with err. */
static char *argument(struct module *m, const struct parameter *p, const json_t *v,
                      struct err *err)
{
    if (p->kind == DOCUMENT && json_is_object(v)) {
        const char *path = write_document(m, v, err);
        return path ? mem_strdup(path) : NULL;
    }
    char *text = p->kind == LIST ? list_of(v) : text_of(v);
    if (!text)
        (void)err_set(err, ERR_USAGE, "'%s' must be a %s", p->name,
                      p->kind == LIST ? "list of texts" : "text");
    return text;
}

static int add_parameter(struct module *m, const struct parameter *p, const json_t *v,
                         struct strv *argv, struct err *err)
{
    if (p->kind == FLAG) {
        if (is_true(v))
            strv_add(argv, p->option);
        return 0;
    }
    CLEANUP(mem_freep) char *text = argument(m, p, v, err);
    if (text && *text)
        strv_take(argv, mem_printf("%s=%s", p->option, text));
    return text ? 0 : -1;
}

/* The program that is installed here, wherever this one would have been; else this one, where there is data for
 * it. NULL: neither. */
static const char *program_path(const struct module *m)
{
    static const char *const installed[] = {TLSHARDEN_PROGRAM, "/usr/bin/tlsharden",
                                            "/usr/local/bin/tlsharden"};
    for (size_t i = 0; i < ARRAY_LEN(installed); i++)
        if (access(installed[i], X_OK) == 0)
            return installed[i];
    CLEANUP(mem_freep) char *data = datadir_find();
    return data || is_given(json_object_get(m->asked, "datadir")) ? "/proc/self/exe"
                                                                  : NULL;
}

/* Options that `command` takes, of those that the task gives. */
static int command_line(struct module *m, const char *name, unsigned command,
                        struct strv *argv, struct err *err)
{
    strv_add(argv, program_path(m));
    strv_add(argv, name);
    strv_add(argv, "--format=json");
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
        const struct parameter *p = &parameters[i];
        const json_t *v = json_object_get(m->asked, p->name);
        if (p->option && (p->commands & command) && is_given(v) &&
            add_parameter(m, p, v, argv, err) < 0)
            return -1;
    }
    return 0;
}

/* Arguments that are no options, behind "--". */
static int add_words(const struct module *m, const char *name, struct strv *argv,
                     struct err *err)
{
    const json_t *v = json_object_get(m->asked, name);
    if (!is_given(v))
        return 0;
    strv_add(argv, "--");
    for (size_t i = 0; i < json_array_size(v); i++) {
        char *word = text_of(json_array_get(v, i));
        if (!word)
            return err_set(err, ERR_USAGE, "'%s' must be a list of texts", name);
        strv_take(argv, word);
    }
    char *word = text_of(v);
    if (word)
        strv_take(argv, word);
    return 0;
}

/* --- running --------------------------------------------------------------------------------- */

/* Runs it; *ret_out is its JSON, a new reference, or NULL. Returns the exit status, or -1. */
static int run(const struct strv *argv, json_t **ret_out, struct err *err)
{
    const char *datadir = getenv("TLSHARDEN_DATADIR");
    CLEANUP(mem_freep)
    char *kept = datadir ? mem_printf("TLSHARDEN_DATADIR=%s", datadir) : NULL;
    char *const environment[] = {kept, NULL};
    const struct process_options options = {.environment = environment,
                                            .deadline_ms = DEADLINE_MS,
                                            .output_limit = OUTPUT_LIMIT};
    CLEANUP(process_release) struct process_result result = PROCESS_INIT;
    if (process_run(argv->items, &options, &result, err) < 0)
        return -1;
    if (result.end != PROCESS_EXITED)
        return process_failed(argv->items, &result, err);
    *ret_out = json_loadb(buf_str(&result.out), result.out.len, JSON_DECODE_ANY, NULL);
    if (!*ret_out && result.status != 0)
        *ret_out = json_pack("{s:s+}", "error", "",
                             result.errors.len ? buf_str(&result.errors) : "no message");
    return result.status;
}

static void set(struct module *m, const char *name, json_t *stolen)
{
    if (stolen)
        json_object_set_new(m->answer, name, stolen);
}

static void copy(struct module *m, const char *name, const json_t *from)
{
    set(m, name, json_incref(json_object_get(from, name)));
}

/* The texts of a plan's notes: errors, or what is not one, as Ansible's warnings. */
static json_t *notes(const json_t *plan, bool errors)
{
    json_t *list = json_array();
    const json_t *all = json_object_get(plan, "notes");
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *severity = NULL, *service = NULL, *file = NULL, *what = NULL;
        const char *remedy = NULL;
        if (json_unpack(json_array_get(all, i), "{s:s, s?s, s?s, s:s, s?s}", "severity",
                        &severity, "service", &service, "file", &file, "what", &what,
                        "remedy", &remedy) < 0 ||
            strcmp(severity, "info") == 0 || (strcmp(severity, "error") == 0) != errors)
            continue;
        CLEANUP(mem_freep)
        char *text = mem_printf("%s%s%s%s%s%s%s", service ? service : "",
                                service ? ": " : "", file ? file : "", file ? ": " : "",
                                what, remedy ? ": " : "", remedy ? remedy : "");
        json_array_append_new(list, json_string(text));
    }
    return list;
}

static int fail(struct module *m, int status, const char *text)
{
    set(m, "failed", json_true());
    set(m, "rc", json_integer(status));
    set(m, "msg", json_string(text));
    return status;
}

/* What a command that did not succeed has said. */
static int fail_as(struct module *m, int status, const json_t *said)
{
    const char *error = json_string_value(json_object_get(said, "error"));
    json_t *errors CLEANUP(json_decrefp) = notes(said, true);
    const char *note = json_string_value(json_array_get(errors, 0));
    if (note)
        set(m, "errors", json_incref(errors));
    return fail(m, status, note ? note : error ? error : "it failed without a word");
}

/* --- commands -------------------------------------------------------------------------------- */

/* The patch and the LDIF, as Ansible shows what is already a difference. */
static void show_difference(struct module *m, const json_t *plan)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    static const char *const lists[][2] = {{"files", "diff"}, {"entries", "ldif"}};
    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        const json_t *list = json_object_get(plan, lists[k][0]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *one = json_object_get(json_array_get(list, i), lists[k][1]);
            if (json_is_string(one))
                buf_adds(&text, json_string_value(one));
        }
    }
    if (text.len)
        set(m, "diff", json_pack("{s:s}", "prepared", buf_str(&text)));
}

/* Returns 0 nothing to change, 1 changes; more or -1: it failed. */
static int look(struct module *m, struct err *err)
{
    CLEANUP(strv_release) struct strv argv = STRV_INIT;
    json_t *plan CLEANUP(json_decrefp) = NULL;
    /* diff takes what apply and verify have in common; check_parameters() has seen to the rest. */
    if (command_line(m, "diff", VERIFY, &argv, err) < 0)
        return -1;
    int status = run(&argv, &plan, err);
    if (status < 0)
        return -1;
    json_t *warnings = notes(plan, false);
    if (json_array_size(warnings))
        set(m, "warnings", json_incref(warnings));
    json_decref(warnings);
    if (status > 1)
        return fail_as(m, status, plan);
    copy(m, "profile", plan);
    set(m, "changed", json_boolean(status == 1));
    if (m->diff)
        show_difference(m, plan);
    return status;
}

static int apply(struct module *m, struct err *err)
{
    int status = look(m, err);
    if (status != 1 || m->check)
        return status == 1 ? 0 : status;
    CLEANUP(strv_release) struct strv argv = STRV_INIT;
    json_t *said CLEANUP(json_decrefp) = NULL;
    if (command_line(m, "apply", APPLY, &argv, err) < 0)
        return -1;
    strv_add(&argv, "--yes");
    status = run(&argv, &said, err);
    if (status < 0)
        return -1;
    if (status != 0) {
        /* All is back, unless it says that not all is. */
        set(m, "changed", json_boolean(status == err_exit_status(ERR_INCOMPLETE)));
        return fail_as(m, status, said);
    }
    copy(m, "generation", said);
    copy(m, "endpoints_proven", said);
    copy(m, "rehearsal", said);
    return 0;
}

static int verify(struct module *m, struct err *err)
{
    CLEANUP(strv_release) struct strv argv = STRV_INIT;
    json_t *said CLEANUP(json_decrefp) = NULL;
    if (command_line(m, "verify", VERIFY, &argv, err) < 0 ||
        add_words(m, "targets", &argv, err) < 0)
        return -1;
    int status = run(&argv, &said, err);
    if (status < 0)
        return -1;
    copy(m, "profile", said);
    copy(m, "verdict", said);
    copy(m, "findings", said);
    const char *verdict = json_string_value(json_object_get(said, "verdict"));
    if (status != 0 && verdict)
        return fail(m, status, verdict);
    return status ? fail_as(m, status, said) : 0;
}

/* Check mode: whether there is something to take back. */
static int would_roll_back(struct module *m, struct err *err)
{
    CLEANUP(strv_release) struct strv argv = STRV_INIT;
    json_t *all CLEANUP(json_decrefp) = NULL;
    bool any = false;
    if (command_line(m, "history", ROLLBACK, &argv, err) < 0)
        return -1;
    int status = run(&argv, &all, err);
    if (status != 0)
        return status < 0 ? -1 : fail_as(m, status, all);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *state =
            json_string_value(json_object_get(json_array_get(all, i), "state"));
        any = any || (state && strcmp(state, "committed") == 0);
    }
    set(m, "changed", json_boolean(any));
    return 0;
}

static int rollback(struct module *m, struct err *err)
{
    if (m->check)
        return would_roll_back(m, err);
    CLEANUP(strv_release) struct strv argv = STRV_INIT;
    json_t *said CLEANUP(json_decrefp) = NULL;
    if (command_line(m, "rollback", ROLLBACK, &argv, err) < 0 ||
        add_words(m, "generation", &argv, err) < 0)
        return -1;
    int status = run(&argv, &said, err);
    if (status != 0)
        return status < 0 ? -1 : fail_as(m, status, said);
    copy(m, "generation", said);
    set(m, "changed", json_true());
    return 0;
}

/* A play that installs the package has not done so in check mode. */
static int not_installed(struct module *m, struct err *err)
{
    if (!m->check || m->command != APPLY)
        return err_set(err, ERR_SYSTEM, "the package tlsharden is not installed here");
    set(m, "changed", json_true());
    set(m, "warnings",
        json_pack("[s]", "the package tlsharden is not installed here: what it would "
                         "change can be shown once it is"));
    return 0;
}

static int carry_out(struct module *m, struct err *err)
{
    if (read_command(m, err) < 0 || check_parameters(m, err) < 0)
        return -1;
    if (!program_path(m))
        return not_installed(m, err);
    return m->command == APPLY    ? apply(m, err)
           : m->command == VERIFY ? verify(m, err)
                                  : rollback(m, err);
}

/* --- from outside ---------------------------------------------------------------------------- */

bool ansible_module_load(const char *path, struct json_doc *ret)
{
    CLEANUP(json_doc_release) struct json_doc doc = JSON_DOC_INIT;
    struct err ignored = ERR_INIT;
    if (!strchr(path, '/') || json_doc_load(path, &doc, &ignored) < 0 ||
        !json_object_get(doc.root, "_ansible_check_mode"))
        return false;
    *ret = doc;
    doc = (struct json_doc)JSON_DOC_INIT;
    return true;
}

int ansible_module_run(const struct json_doc *doc)
{
    struct err err = ERR_INIT;
    struct module m = {
        .asked = doc->root,
        .check = is_true(json_object_get(doc->root, "_ansible_check_mode")),
        .diff = is_true(json_object_get(doc->root, "_ansible_diff")) &&
                !is_true(json_object_get(doc->root, "_ansible_no_log")),
        .answer = json_pack("{s:b}", "changed", 0),
    };
    int status = carry_out(&m, &err);
    if (status < 0)
        status = fail(&m, err_exit_status(err.kind), err.text);
    remove_documents(&m);
    cli_print_json(m.answer);
    json_decref(m.answer);
    return status ? 1 : 0;
}
