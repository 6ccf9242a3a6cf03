/* Reading master.cf; see postfix_master_text.h. */
#include "format/postfix_master_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool master_separates(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

size_t master_token_end(struct bytes b, size_t at, bool braces)
{
    size_t depth = 0;
    for (; at < b.len; at++) {
        if (b.data[at] == '{' && braces)
            depth++;
        else if (b.data[at] == '}' && depth)
            depth--;
        else if (depth == 0 && master_separates(b.data[at]))
            break;
    }
    return at;
}

void master_strip_braces(struct master_token *t)
{
    struct bytes b = t->arg;
    size_t depth = 0, at = 0;
    t->braced = b.len && b.data[0] == '{';
    for (; at < b.len; at++) {
        if (b.data[at] == '{')
            depth++;
        else if (b.data[at] == '}' && depth == 0)
            t->broken = true;
        else if (b.data[at] == '}' && --depth == 0 && t->braced)
            break;
    }
    t->broken = t->broken || depth > 0 || (t->braced && at + 1 < b.len);
    if (t->braced)
        t->arg = text_trim(text_span(b, 1, at));
}

static void read_tokens(struct master_text *m, const struct logical *l)
{
    struct bytes b = bytes_buf(&m->text.joined);
    b.len = l->end;
    size_t at = l->begin;
    for (size_t n = 0;; n++) {
        while (at < b.len && master_separates(b.data[at]))
            at++;
        if (at == b.len)
            return;
        struct master_token t = {.begin = at,
                                 .end = master_token_end(b, at, n >= MASTER_COLUMNS)};
        t.arg = text_span(b, t.begin, t.end);
        if (n >= MASTER_COLUMNS)
            master_strip_braces(&t);
        MEM_GROW(m->tokens, m->token_count, m->token_cap);
        m->tokens[m->token_count++] = t;
        at = t.end;
    }
}

static const char no_space[] = "'\\v' and '\\f' are no white space for Postfix here";
static const char no_override[] = "an option is not of the form '-o name=value'";
static const char no_match[] = "braces don't match";
static const char no_comment[] = "'#' behind other text begins no comment for Postfix";

/* Options of Postfix's daemons that take a value. Ref: master_server(3), getopt(3) */
static bool takes_value(char letter)
{
    return letter && strchr("imnost", letter);
}

static void add_option(struct master_text *m, struct master_service *s,
                       struct master_option o, struct bytes text)
{
    if (m->tokens[o.first].braced || !postfix_split(text, &o.name, &o.value)) {
        s->misread = no_override;
        return;
    }
    MEM_GROW(m->options, m->option_count, m->option_cap);
    m->options[m->option_count++] = o;
    s->option_count++;
}

/* Reads the cluster of options that token `at` is; the token behind it and its value, or `at`
 * again when its value is missing. */
static size_t read_cluster(struct master_text *m, struct master_service *s, size_t at)
{
    struct bytes arg = m->tokens[at].arg;
    size_t end = s->token + s->token_count, letter = 1;
    for (; letter < arg.len && !takes_value(arg.data[letter]); letter++)
        if (!isalpha((unsigned char)arg.data[letter]))
            s->misread = no_override;
    if (letter == arg.len)
        return at + 1;
    bool apart = letter + 1 == arg.len;
    if (apart && at + 1 == end)
        return at;
    struct bytes value =
        apart ? m->tokens[at + 1].arg : text_span(arg, letter + 1, arg.len);
    struct master_option o = {.first = at, .last = at + apart, .lead = letter + 1};
    if (arg.data[letter] == 'o')
        add_option(m, s, o, value);
    return at + 1 + apart;
}

static void read_options(struct master_text *m, struct master_service *s)
{
    size_t at = s->token + MASTER_COLUMNS, end = s->token + s->token_count;
    s->option = m->option_count;
    while (at < end) {
        struct bytes arg = m->tokens[at].arg;
        if (arg.len < 2 || arg.data[0] != '-' || bytes_is(arg, "--"))
            break;
        size_t next = read_cluster(m, s, at);
        if (next == at)
            break;
        at = next;
    }
    s->add_after = at - 1;
}

/* White space and comments where Postfix sees arguments, and the other way round. */
static void read_oddities(const struct master_text *m, struct master_service *s)
{
    for (size_t i = s->token; i < s->token + s->token_count; i++) {
        const struct master_token *t = &m->tokens[i];
        struct bytes raw = postfix_text_span(&m->text, t->begin, t->end);
        if (t->broken)
            s->misread = no_match;
        else if (raw.data[0] == '#')
            s->misread = no_comment;
        else if (memchr(raw.data, '\v', raw.len) || memchr(raw.data, '\f', raw.len))
            s->misread = no_space;
    }
}

void master_text_read(struct master_text *m, struct bytes text)
{
    postfix_text_read(&m->text, text);
    for (size_t i = 0; i < m->text.count; i++) {
        struct master_service s = {.logical = i, .token = m->token_count};
        read_tokens(m, &m->text.items[i]);
        s.token_count = m->token_count - s.token;
        if (s.token_count < MASTER_COLUMNS)
            continue;
        read_options(m, &s);
        read_oddities(m, &s);
        MEM_GROW(m->items, m->count, m->cap);
        m->items[m->count++] = s;
    }
}

void master_text_release(struct master_text *m)
{
    postfix_text_release(&m->text);
    free(m->tokens);
    free(m->options);
    free(m->items);
    *m = (struct master_text)MASTER_TEXT_INIT;
}

struct bytes master_column(const struct master_text *m, const struct master_service *s,
                           enum master_column c)
{
    return m->tokens[s->token + (size_t)c].arg;
}

size_t master_line(const struct master_text *m, const struct master_service *s)
{
    return m->text.items[s->logical].first + 1;
}
