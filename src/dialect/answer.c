/* Answers of a library, line by line. They come from a process that ran foreign code: nothing in
 * them is trusted but as a name to look up. */
#include "dialect/answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "dialect/engine.h"

static void take_protocol(struct resolved *r, const char *name)
{
    for (int v = PROTOCOL_SSL3; v <= PROTOCOL_TLS1_3; v++) {
        const struct protocol_info *p = protocol_info((enum protocol)v);
        if (strcmp(p->name, name) == 0 || (p->gnutls && strcmp(p->gnutls, name) == 0))
            r->protocols |= protocol_bit((enum protocol)v);
    }
}

/* What no table of ours has a name for is kept as the library calls it. */
static void take_unknown(struct resolved *r, const char *what, const char *name)
{
    char *text = visible(bytes_str(name));
    strv_take(&r->unknown, mem_printf("%s %s", what, text));
    free(text);
}

static void take_suite(struct resolved *r, const char *name)
{
    const struct suite *s = suite_by_id((uint16_t)strtoul(name, NULL, 16));
    if (s)
        resolved_add_suite(r, s);
    else
        take_unknown(r, "suite", name);
}

static void take_line(struct resolved *r, const char *what, const char *name)
{
    if (strcmp(what, "suite") == 0) {
        take_suite(r, name);
    } else if (strcmp(what, "protocol") == 0) {
        take_protocol(r, name);
    } else if (strcmp(what, "group") == 0) {
        const struct tls_group *g = group_by_any(name);
        if (g)
            resolved_add_group(r, g);
        else
            take_unknown(r, what, name);
    } else if (strcmp(what, "sign") == 0) {
        const struct sigscheme *s = sigscheme_by_any(name);
        if (s)
            resolved_add_sigscheme(r, s);
        else
            take_unknown(r, what, name);
    }
}

static void finish(const struct library *l, const char *version, struct resolution *r)
{
    resolved_settle(&r->resolved);
    r->resolved.by_library = true;
    r->resolved.source = mem_printf("lib%s %s", engine_of(l->kind)->object,
                                    version ? version : l->version);
}

int answer_read(const struct library *library, char *text, struct resolution *ret,
                size_t count, struct err *err)
{
    char *state = NULL, *version = NULL;
    size_t at = 0;
    for (char *line = strtok_r(text, "\n", &state); line && at < count;
         line = strtok_r(NULL, "\n", &state)) {
        char *name = strchr(line, ' ');
        if (!name)
            break;
        *name++ = '\0';
        if (strcmp(line, "version") == 0)
            version = name;
        else if (strcmp(line, "end") == 0)
            finish(library, version, &ret[at++]);
        else if (strcmp(line, "refused") == 0 && !ret[at].refused)
            ret[at].refused = visible(bytes_str(name));
        else
            take_line(&ret[at].resolved, line, name);
    }
    if (at < count)
        return err_set(err, ERR_SYSTEM, "'%s' ended the process that asked it",
                       library->path);
    return 0;
}
