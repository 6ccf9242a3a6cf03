/*
 * Postfix master.cf: service entries of eight columns and arguments, over logical lines.
 * Ref: master(5)
 *
 *   facts    {"services": [{"name", "type", "private", "unpriv", "chroot", "wakeup", "maxproc",
 *            "command", "args": [...], "options": {name: value}, "line"}]}: entries in order,
 *            duplicates included, commented ones not; "args" without their braces; "options" are
 *            the overrides "-o name=value" in force (the last of a name wins)
 *   merge    an entry of the fragment stands for every entry of the same type, name and command,
 *            whatever address its name begins with. Columns stay; each override is changed where
 *            it last occurs (earlier ones go) or added behind the entry's last option. Without
 *            such an entry, the fragment's is appended as it is written; not so where an entry of
 *            that type and name runs another command: that one is left alone.
 *            "#  -o name=" removes an override, "#name type ..." (eight columns) removes entries.
 *   rules    "same_names": [["submission", "587"], ...]   names for the same port
 *            "only_existing": ["submission/inet", ...]    entries never to be appended (or true)
 *   escape   for "-o name={{value}}": what would need braces is refused
 *
 * Not handled: entries with fewer than eight columns are opaque; entries that Postfix doesn't read
 * as they look ("-o" without "=", letters that are none, an argument "#...") are refused where they
 * are meant.
 */
#include <stdlib.h>
#include <string.h>

#include "format/formats.h"
#include "format/postfix_master_merge.h"

struct doc {
    struct master_text text;
};

static struct doc *parse(struct bytes text)
{
    struct doc *doc = mem_alloc(sizeof *doc);
    master_text_read(&doc->text, text);
    return doc;
}

static void release(struct doc *doc)
{
    if (!doc)
        return;
    master_text_release(&doc->text);
    free(doc);
}

static void freep(struct doc **doc)
{
    release(*doc);
}

static void emit(const struct doc *doc, struct buf *out)
{
    lines_emit(&doc->text.text.lines, out);
}

static json_t *service_facts(const struct master_text *m, const struct master_service *s)
{
    static const char *const titles[MASTER_COLUMNS] = {
        "name", "type", "private", "unpriv", "chroot", "wakeup", "maxproc", "command"};
    json_t *json = json_object(), *args = json_array(), *options = json_object();
    for (size_t i = 0; i < MASTER_COLUMNS; i++)
        json_object_set_new(json, titles[i],
                            text_json(master_column(m, s, (enum master_column)i)));
    for (size_t i = MASTER_COLUMNS; i < s->token_count; i++)
        json_array_append_new(args, text_json(m->tokens[s->token + i].arg));
    for (size_t i = 0; i < s->option_count; i++) {
        const struct master_option *o = &m->options[s->option + i];
        text_json_set(options, o->name, text_json(o->value));
    }
    json_object_set_new(json, "args", args);
    json_object_set_new(json, "options", options);
    json_object_set_new(json, "line", json_integer((json_int_t)master_line(m, s)));
    return json;
}

static json_t *facts(const struct doc *doc, const struct scope *scope)
{
    const struct master_text *m = &doc->text;
    (void)scope;
    json_t *services = json_array();
    for (size_t i = 0; i < m->count; i++)
        json_array_append_new(services, service_facts(m, &m->items[i]));
    return json_pack("{so}", "services", services);
}

static int merge(const struct doc *doc, const struct scope *scope, struct bytes fragment,
                 const json_t *rules, struct edits *edits, struct err *err)
{
    CLEANUP(freep) struct doc *wanted = parse(fragment);
    (void)scope;
    return master_merge(&doc->text, &wanted->text, rules, edits, err);
}

static int escape(struct bytes value, struct buf *out, struct err *err)
{
    if (escape_check(value, err) < 0)
        return -1;
    for (size_t i = 0; i < value.len; i++)
        if (strchr(" {}", value.data[i]))
            return err_set(err, ERR_INPUT,
                           "the value holds a space or a brace, which an "
                           "option of master.cf cannot carry");
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == '$')
            buf_addc(out, '$');
        buf_addc(out, value.data[i]);
    }
    return 0;
}

const struct format format_postfix_master = {
    .name = "postfix-master",
    .comment = "#",
    .parse = parse,
    .release = release,
    .emit = emit,
    .facts = facts,
    .merge = merge,
    .escape = escape,
};
