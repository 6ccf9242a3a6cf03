/*
 * Reads a file that sh sources.
 *
 * A tokenizer on top of explicit stacks (no recursion), one pass. Where shells differ, or where
 * following them would need their whole grammar, reading ends with a reason: a wrong guess about
 * where a quote closes is worse than none.
 *
 * Not handled: what ".", "eval" and functions do when they run.
 */
#include "format/shell_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/strv.h"
#include "format/lines.h"

#define NESTING 64

/* One word, just read. */
struct word {
    size_t begin, end;
    size_t line;
    size_t name_len;    /* of NAME in NAME=...; 0 when it is no such word */
    size_t decoded;     /* in values */
    bool computed;      /* expansions, substitutions */
    bool globs;         /* unquoted * ? [ */
    bool split;         /* a line continues within it */
    struct buf context; /* what is open within it, innermost last */
};

/* A command whose arguments are names of variables. */
struct namer {
    const char *name;
    enum assignment_kind kind;
    bool read_only;
    bool bare;     /* names without "=" count as well */
    bool only_one; /* the first argument only */
};

/* A simple command, as far as it was read. */
struct command {
    bool past_prefix; /* a command name was seen */
    bool redirected, negated;
    const struct namer *namer; /* its arguments are names of variables */
    bool is_case;              /* waits for "in" */
    bool after_logic;          /* behind && || | or & */
    size_t assignments;        /* index of its first */
    size_t words;
};

struct reader {
    struct shell_text *t;
    size_t at, line;
    struct buf open; /* compound commands: ( { i(f) c(ase) d(o) */
    struct strv
        heredocs; /* delimiters that wait for the next line, first byte '-' or ' ' */
    struct command command;
    size_t commands; /* in this statement */
    bool target;     /* the next word is a redirection's */
    char heredoc;    /* the next word is a delimiter: '-' or ' ' */
    bool compound;   /* this statement holds a compound command */
    bool mere;       /* its last command does nothing but assign one name */
};

static void fail(struct reader *r, size_t line, const char *why)
{
    if (!r->t->bad) {
        r->t->bad = why;
        r->t->bad_line = line;
    }
}

static char peek(const struct reader *r, size_t ahead)
{
    size_t at = r->at + ahead;
    return at < r->t->text.len ? r->t->text.data[at] : '\0';
}

static bool at_end(const struct reader *r)
{
    return r->at >= r->t->text.len;
}

/* Passes one byte, counting lines. */
static char pass(struct reader *r)
{
    char c = r->t->text.data[r->at++];
    if (c == '\n')
        r->line++;
    return c;
}

/* --- words ----------------------------------------------------------------------------------- */

static char top(const struct buf *stack)
{
    return stack->len ? stack->data[stack->len - 1] : '\0';
}

static void pop(struct buf *stack)
{
    if (stack->len)
        stack->data[--stack->len] = '\0';
}

/* Something opens within a word. The limit keeps looking through the stack cheap. */
static void push(struct reader *r, struct word *w, char c)
{
    if (w->context.len == NESTING)
        fail(r, r->line, "quotes and expansions are nested too deeply");
    buf_addc(&w->context, c);
}

static void keep(struct reader *r, const struct word *w, char c)
{
    if (w->name_len && !w->computed)
        buf_addc(&r->t->values, c);
}

static void pass_single_quotes(struct reader *r, struct word *w)
{
    size_t line = r->line;
    pass(r);
    while (!at_end(r) && peek(r, 0) != '\'')
        keep(r, w, pass(r));
    if (at_end(r))
        fail(r, line, "a single quote is not closed");
    else
        pass(r);
}

static void pass_backquotes(struct reader *r, struct word *w)
{
    size_t line = r->line;
    w->computed = true;
    pass(r);
    while (!at_end(r) && peek(r, 0) != '`') {
        if (pass(r) == '\\' && !at_end(r))
            pass(r);
    }
    if (at_end(r))
        fail(r, line, "a backquote is not closed");
    else
        pass(r);
}

/* A backslash: what it keeps depends on whether it stands in double quotes. */
static void pass_backslash(struct reader *r, struct word *w)
{
    size_t line = r->line;
    pass(r);
    if (at_end(r)) {
        fail(r, line, "the last line ends in a backslash");
        return;
    }
    char c = pass(r);
    if (c == '\n') {
        w->split = true;
        return;
    }
    if (top(&w->context) == '"' && !strchr("$`\"\\", c))
        keep(r, w, '\\');
    keep(r, w, c);
}

static void pass_dollar(struct reader *r, struct word *w)
{
    w->computed = true;
    pass(r);
    char c = peek(r, 0);
    if (c == '(' || c == '{') {
        push(r, w, c);
        pass(r);
    } else if (c == '\'' && top(&w->context) != '"') {
        fail(r, r->line, "\"$'\" means different things to different shells");
    }
}

static void pass_comment(struct reader *r)
{
    while (!at_end(r) && peek(r, 0) != '\n')
        pass(r);
}

static bool ends_word(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || strchr(";&|<>()", c);
}

/* A tilde where sh would put a home directory: first in a value, or behind a colon. */
static bool is_tilde(const struct reader *r, const struct word *w)
{
    char before = r->at > w->begin ? r->t->text.data[r->at - 1] : '=';
    return peek(r, 0) == '~' && (before == '=' || before == ':');
}

/* One step within "$( ... )". */
static void step_in_parentheses(struct reader *r, struct word *w)
{
    char c = peek(r, 0);
    if (c == '(')
        push(r, w, '(');
    else if (c == ')')
        pop(&w->context);
    else if (c == '<' && peek(r, 1) == '<')
        fail(r, r->line, "a here-document within a substitution");
    if (c == '#' && r->at && text_is_space(r->t->text.data[r->at - 1]))
        pass_comment(r);
    else
        pass(r);
}

/* One step within "${ ... }". */
static void step_in_braces(struct reader *r, struct word *w)
{
    char c = peek(r, 0);
    if (c == '}')
        pop(&w->context);
    pass(r);
}

/* Quotes within "${ }" within double quotes: no two shells agree. */
static bool is_unclear_quote(const struct word *w, char c)
{
    return (c == '\'' || c == '"') && top(&w->context) == '{' &&
           memchr(w->context.data, '"', w->context.len);
}

/* One step of a word: a byte, or something quoted. */
static void step(struct reader *r, struct word *w)
{
    char c = peek(r, 0), in = top(&w->context);
    if (is_unclear_quote(w, c))
        fail(r, r->line, "quotes within a quoted expansion");
    else if (c == '\\')
        pass_backslash(r, w);
    else if (c == '`')
        pass_backquotes(r, w);
    else if (c == '$')
        pass_dollar(r, w);
    else if (c == '\'' && in != '"')
        pass_single_quotes(r, w);
    else if (c == '"') {
        if (in == '"')
            pop(&w->context);
        else
            push(r, w, '"');
        pass(r);
    } else if (in == '(')
        step_in_parentheses(r, w);
    else if (in == '{')
        step_in_braces(r, w);
    else {
        w->globs = w->globs || (in == '\0' && strchr("*?[", c));
        w->computed = w->computed || (in == '\0' && is_tilde(r, w));
        keep(r, w, pass(r));
    }
}

static void word_release(struct word *w)
{
    buf_release(&w->context);
}

static void read_word(struct reader *r, struct word *w)
{
    struct bytes rest = text_span(r->t->text, r->at, r->t->text.len);
    size_t n = shell_name_len(rest);
    w->begin = r->at;
    w->line = r->line;
    w->decoded = r->t->values.len;
    if (n && n < rest.len && rest.data[n] == '=') {
        w->name_len = n;
        r->at += n + 1;
    }
    while (!at_end(r) && !r->t->bad && (w->context.len || !ends_word(peek(r, 0))))
        step(r, w);
    if (w->context.len)
        fail(r, w->line,
             strchr(w->context.data, '"') ? "a double quote is not closed"
                                          : "an expansion is not closed");
    w->end = r->at;
}

/* --- assignments ----------------------------------------------------------------------------- */

static struct bytes word_text(const struct reader *r, const struct word *w)
{
    return text_span(r->t->text, w->begin, w->end);
}

static struct assignment *add_assignment(struct reader *r, const struct word *w,
                                         enum assignment_kind kind, size_t name_len)
{
    struct shell_text *t = r->t;
    MEM_GROW(t->assignments, t->assignment_count, t->assignment_cap);
    struct assignment *a = &t->assignments[t->assignment_count++];
    *a = (struct assignment){
        .kind = kind,
        .name = text_span(t->text, w->begin, w->begin + name_len),
        .value_begin = w->name_len ? w->begin + w->name_len + 1 : w->end,
        .value_end = w->end,
        .decoded = w->decoded,
        .decoded_len = t->values.len - w->decoded,
        .statement = t->count,
        .line = w->line,
        .by_command = r->command.past_prefix,
    };
    return a;
}

static const struct namer namers[] = {
    {"builtin", ASSIGNS_UNKNOWN, false, false, false},
    {"command", ASSIGNS_UNKNOWN, false, false, false},
    {"declare", ASSIGNS_UNKNOWN, false, true, false},
    {"export", ASSIGNS, false, false, false},
    {"for", ASSIGNS_UNKNOWN, false, true, true},
    {"getopts", ASSIGNS_UNKNOWN, false, true, false},
    {"local", ASSIGNS_UNKNOWN, false, true, false},
    {"read", ASSIGNS_UNKNOWN, false, true, false},
    {"readonly", ASSIGNS, true, true, false},
    {"typeset", ASSIGNS_UNKNOWN, false, true, false},
    {"unset", ASSIGNS_AWAY, false, true, false},
};

static void begin_arguments(struct reader *r, struct bytes name)
{
    r->command.past_prefix = true;
    for (size_t i = 0; i < ARRAY_LEN(namers); i++)
        if (bytes_is(name, namers[i].name))
            r->command.namer = &namers[i];
}

static void read_argument(struct reader *r, const struct word *w)
{
    const struct namer *namer = r->command.namer;
    struct bytes text = word_text(r, w);
    enum assignment_kind kind = ASSIGNS_UNKNOWN;
    if (!namer)
        return;
    if (namer->only_one)
        r->command.namer = NULL;
    if (w->name_len) {
        if (namer->kind == ASSIGNS && !w->computed && !w->globs)
            kind = ASSIGNS;
        add_assignment(r, w, kind, w->name_len)->read_only = namer->read_only;
    } else if (namer->bare && text.len && shell_name_len(text) == text.len) {
        if (namer->kind == ASSIGNS_AWAY)
            kind = ASSIGNS_AWAY;
        add_assignment(r, w, kind, text.len)->read_only = namer->read_only;
    }
}

/* --- commands -------------------------------------------------------------------------------- */

static void begin_command(struct reader *r, bool after_logic)
{
    r->command = (struct command){.after_logic = after_logic,
                                  .assignments = r->t->assignment_count};
}

/* Takes back what was taken for known where the command is conditional or no mere assignment. */
static void end_command(struct reader *r, bool before_logic)
{
    struct command *c = &r->command;
    const struct namer *namer = c->namer;
    bool plain = !c->after_logic && !before_logic && !c->redirected && !c->negated &&
                 r->open.len == 0;
    for (size_t i = c->assignments; i < r->t->assignment_count; i++) {
        struct assignment *a = &r->t->assignments[i];
        bool foreign = c->past_prefix && !a->by_command; /* NAME=value command */
        if (!plain || foreign)
            a->kind = ASSIGNS_UNKNOWN;
    }
    if (c->words == 0)
        return;
    r->commands++;
    r->mere = plain && (c->past_prefix ? namer && namer->kind == ASSIGNS && c->words == 2
                                       : c->words == 1);
}

static void open_compound(struct reader *r, char kind)
{
    buf_addc(&r->open, kind);
    r->compound = true;
}

static void close_compound(struct reader *r, char kind)
{
    if (top(&r->open) != kind)
        fail(r, r->line, "a compound command ends that has not begun");
    pop(&r->open);
}

static const struct {
    const char *word;
    char opens, closes;
    bool takes_words; /* what follows are words, not a command */
} keywords[] = {
    {"if", 'i', 0, false},    {"then", 0, 0, false}, {"elif", 0, 0, false},
    {"else", 0, 0, false},    {"fi", 0, 'i', true},  {"case", 'c', 0, true},
    {"esac", 0, 'c', true},   {"for", 'd', 0, true}, {"while", 'd', 0, false},
    {"until", 'd', 0, false}, {"do", 0, 0, false},   {"done", 0, 'd', true},
    {"{", '{', 0, false},     {"}", 0, '{', true},
};

/* True when the word, first of its command, is one of the grammar's own. */
static bool take_keyword(struct reader *r, struct bytes text)
{
    struct command *c = &r->command;
    if (bytes_is(text, "!")) {
        c->negated = true;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
        if (!bytes_is(text, keywords[i].word))
            continue;
        if (keywords[i].closes)
            close_compound(r, keywords[i].closes);
        if (keywords[i].opens)
            open_compound(r, keywords[i].opens);
        if (keywords[i].takes_words)
            begin_arguments(r, text);
        c->is_case = keywords[i].opens == 'c';
        return true;
    }
    return false;
}

static void take_word(struct reader *r, const struct word *w)
{
    struct command *c = &r->command;
    struct bytes text = word_text(r, w);
    if (w->split && !w->name_len && (!c->past_prefix || c->namer))
        fail(r, w->line, "a name goes on in the next line");
    if (c->words == 0 && !c->past_prefix && take_keyword(r, text))
        return;
    c->words++;
    if (c->is_case && bytes_is(text, "in"))
        begin_command(r, false); /* patterns follow */
    else if (c->past_prefix)
        read_argument(r, w);
    else if (w->name_len)
        add_assignment(r, w, w->computed ? ASSIGNS_UNKNOWN : ASSIGNS, w->name_len);
    else
        begin_arguments(r, text);
}

/* The delimiter of a here-document, without its quotes. */
static void take_delimiter(struct reader *r, const struct word *w)
{
    CLEANUP(buf_release) struct buf delimiter = BUF_INIT;
    struct bytes text = word_text(r, w);
    buf_addc(&delimiter, r->heredoc);
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("'\"\\", text.data[i]))
            buf_addc(&delimiter, text.data[i]);
    strv_add(&r->heredocs, buf_str(&delimiter));
    r->heredoc = '\0';
}

static void read_any_word(struct reader *r)
{
    CLEANUP(word_release) struct word w = {.begin = r->at};
    read_word(r, &w);
    if (r->t->bad)
        return;
    if (r->heredoc)
        take_delimiter(r, &w);
    else if (!r->target)
        take_word(r, &w);
    r->target = false;
}

/* --- operators ------------------------------------------------------------------------------- */

static void read_redirection(struct reader *r)
{
    r->command.redirected = r->target = true;
    char first = pass(r);
    if (first == '<' && peek(r, 0) == '<') {
        pass(r);
        r->heredoc = peek(r, 0) == '-' ? '-' : ' ';
        if (r->heredoc == '-')
            pass(r);
    } else if (peek(r, 0) && strchr("<>&|", peek(r, 0))) {
        pass(r);
    }
}

static void read_parenthesis(struct reader *r)
{
    char c = pass(r);
    if (c == '(') {
        end_command(r, true);
        open_compound(r, '(');
        begin_command(r, false);
        return;
    }
    end_command(r, false);
    begin_command(r, false);
    if (top(&r->open) == '(') {
        pop(&r->open);
        r->commands++;
    } else if (top(&r->open) != 'c') { /* the end of a pattern */
        fail(r, r->line, "a parenthesis closes that was not opened");
    }
}

static void read_operator(struct reader *r)
{
    char c = peek(r, 0);
    if (c == '<' || c == '>') {
        read_redirection(r);
    } else if (c == '(' || c == ')') {
        read_parenthesis(r);
    } else {
        pass(r);
        bool twice = peek(r, 0) == c;
        if (twice)
            pass(r);
        end_command(r, c != ';');
        begin_command(r, c == '|' || (c == '&' && twice));
    }
}

/* --- statements ------------------------------------------------------------------------------ */

static void read_heredoc(struct reader *r, const char *delimiter)
{
    struct bytes rest = text_span(r->t->text, r->at, r->t->text.len), line;
    size_t first = r->line;
    while (bytes_next_line(&rest, &line)) {
        r->at += line.len;
        if (line.data[line.len - 1] == '\n') {
            r->line++;
            line.len--;
        }
        while (delimiter[0] == '-' && line.len && line.data[0] == '\t')
            line.data++, line.len--;
        if (bytes_is(line, delimiter + 1))
            return;
    }
    fail(r, first, "a here-document does not end");
}

static void read_heredocs(struct reader *r)
{
    for (size_t i = 0; i < r->heredocs.count; i++)
        read_heredoc(r, r->heredocs.items[i]);
    strv_release(&r->heredocs);
}

/* Passes blanks and line continuations between words. */
static void pass_blanks(struct reader *r)
{
    for (;;) {
        if (peek(r, 0) == ' ' || peek(r, 0) == '\t')
            pass(r);
        else if (peek(r, 0) == '\\' && peek(r, 1) == '\n')
            pass(r), pass(r);
        else
            return;
    }
}

/* The end of a line; true when the statement ends with it. */
static bool end_line(struct reader *r)
{
    pass(r);
    end_command(r, false);
    bool logic = r->command.after_logic && r->command.words == 0;
    begin_command(r, logic);
    if (r->target)
        fail(r, r->line - 1, "a redirection without a target");
    read_heredocs(r);
    return r->open.len == 0 && !logic;
}

static void check_ended(struct reader *r, size_t line)
{
    if (r->open.len)
        fail(r, line, "a compound command is not ended");
    if (r->heredocs.count || r->heredoc)
        fail(r, line, "a here-document does not end");
    if (r->target || (r->command.after_logic && r->command.words == 0))
        fail(r, line, "the last line is not complete");
}

/* Commands up to the end of a line at which nothing is open. */
static void read_commands(struct reader *r, struct statement *s)
{
    s->kind = STATEMENT_COMMANDS;
    r->commands = 0;
    r->compound = r->mere = false;
    begin_command(r, false);
    s->comment = 0;
    while (!r->t->bad) {
        pass_blanks(r);
        if (at_end(r)) {
            end_command(r, false);
            break; /* the last line has no end */
        }
        char c = peek(r, 0);
        if (c == '\n') {
            if (end_line(r))
                break;
            s->comment = 0;
        } else if (c == '#') {
            s->comment = r->at;
            pass_comment(r);
        } else if (ends_word(c)) {
            read_operator(r);
        } else {
            read_any_word(r);
        }
    }
    if (at_end(r))
        check_ended(r, s->line);
}

/* One line that is blank or a comment. */
static bool read_idle_line(struct reader *r, struct statement *s)
{
    struct bytes rest = text_span(r->t->text, r->at, r->t->text.len), line;
    size_t blanks = 0;
    bytes_next_line(&rest, &line);
    while (blanks < line.len && (line.data[blanks] == ' ' || line.data[blanks] == '\t'))
        blanks++;
    char c = blanks < line.len ? line.data[blanks] : '\n';
    if (c != '\n' && c != '#')
        return false;
    s->kind = c == '#' ? STATEMENT_COMMENT : STATEMENT_BLANK;
    r->at += line.len;
    r->line++;
    return true;
}

static void read_statement(struct reader *r)
{
    struct shell_text *t = r->t;
    struct statement s = {.begin = r->at, .line = r->line};
    size_t first = t->assignment_count;
    if (!read_idle_line(r, &s))
        read_commands(r, &s);
    if (t->bad) {
        s.kind = STATEMENT_UNREADABLE;
        t->assignment_count = first;
        r->at = t->text.len;
    } else if (t->assignment_count == first + 1) {
        t->assignments[first].alone = r->mere && r->commands == 1 && !r->compound;
    }
    s.end = r->at;
    if (!s.comment)
        s.comment = s.end;
    MEM_GROW(t->statements, t->count, t->cap);
    t->statements[t->count++] = s;
}

/* sh skips NULs, other programs end there. */
static void check_nul(struct reader *r)
{
    struct bytes text = r->t->text;
    const char *nul = text.len ? memchr(text.data, '\0', text.len) : NULL;
    size_t line = 1;
    for (const char *p = text.data; nul && p < nul; p++)
        line += *p == '\n';
    if (nul)
        fail(r, line, "a NUL");
}

void shell_text_read(struct shell_text *t, struct bytes text)
{
    struct reader r = {.t = t, .line = 1};
    t->text = text.data ? text : BYTES("");
    check_nul(&r);
    while (!at_end(&r))
        read_statement(&r);
    buf_release(&r.open);
    strv_release(&r.heredocs);
}

void shell_text_release(struct shell_text *t)
{
    free(t->statements);
    free(t->assignments);
    buf_release(&t->values);
    *t = (struct shell_text)SHELL_TEXT_INIT;
}

struct bytes shell_text_value(const struct shell_text *t, const struct assignment *a)
{
    return text_span(bytes_buf(&t->values), a->decoded, a->decoded + a->decoded_len);
}

size_t shell_name_len(struct bytes b)
{
    size_t n = 0;
    while (n < b.len && (isalpha((unsigned char)b.data[n]) || b.data[n] == '_' ||
                         (n && isdigit((unsigned char)b.data[n]))))
        n++;
    return n;
}

void shell_quote(struct bytes value, struct buf *out)
{
    bool bare = value.len > 0;
    for (size_t i = 0; i < value.len; i++)
        bare = bare && (isalnum((unsigned char)value.data[i]) ||
                        (value.data[i] && strchr("_./:@%+,=-", value.data[i])));
    if (bare) {
        buf_addb(out, value);
        return;
    }
    buf_addc(out, '\'');
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '\'')
            buf_adds(out, "'\\''");
        else
            buf_addc(out, value.data[i]);
    }
    buf_addc(out, '\'');
}
