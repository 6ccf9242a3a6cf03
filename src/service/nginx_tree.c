/*
 * One walk from the main file on, block by block.
 *
 * Not handled: variables in paths, which is told; blocks "mail" and "stream", which is told where
 * they have a certificate; what a location says of TLS to servers behind it (proxy_ssl_*).
 */
#include "service/nginx_tree.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "service/vhosts.h"

#define DEPTH_LIMIT 32
#define READ_LIMIT  ((size_t)1 << 20)

static void server_release(struct nginx_server *s)
{
    strv_release(&s->names);
    strv_release(&s->listens);
    strv_release(&s->chains);
    strv_release(&s->keys);
    free(s->ca);
    free(s->hsts);
    free(s->bare_part);
    free(s->parts);
}

void nginx_tree_release(struct nginx_tree *t)
{
    json_decref(t->overriding);
    strv_release(&t->editable);
    json_decref(t->said);
    json_decref(t->judged);
    json_decref(t->secure);
    for (size_t i = 0; i < t->server_count; i++)
        server_release(&t->servers[i]);
    free(t->servers);
    strv_release(&t->chains);
    strv_release(&t->keys);
    strv_release(&t->headers);
    free(t->ca);
    free(t->hsts);
    free(t->dh);
}

const char *nginx_tree_text(const struct nginx_tree *t, const char *key)
{
    const char *text = json_string_value(json_object_get(t->spec, key));
    return text ? text : "";
}

const char *nginx_tree_word(const struct nginx_tree *t, const char *role)
{
    const char *word =
        json_string_value(json_object_get(json_object_get(t->spec, "directives"), role));
    return word ? word : "";
}

bool nginx_tree_editable(const struct nginx_tree *t, const struct document *file)
{
    for (size_t i = 0; i < t->editable.count; i++)
        if (strncmp(file->path, t->editable.items[i], strlen(t->editable.items[i])) == 0)
            return true;
    return false;
}

unsigned nginx_port(const char *address)
{
    const char *colon = strrchr(address, ':');
    unsigned long port = colon ? strtoul(colon + 1, NULL, 10) : 0;
    return port <= 65535 ? (unsigned)port : 0;
}

bool nginx_server_secure(const struct nginx_tree *t, const struct nginx_server *s,
                         const char *address)
{
    if (s->engine)
        return true;
    for (size_t i = 0; i < s->listens.count; i++)
        if ((!address || strcmp(address, s->listens.items[i]) == 0) &&
            json_object_get(t->secure, s->listens.items[i]))
            return true;
    return false;
}

/* --- directives ------------------------------------------------------------------------------ */

enum level { TOP, HTTP, SERVER };

/* What is being read, and for whom. */
struct reading {
    struct document *file;
    enum level level;
    struct nginx_server *server; /* NULL above the servers */
    bool included;               /* the server includes the file */
    unsigned depth;
};

static bool named(const struct nginx_directive *d, const char *name)
{
    return bytes_is(d->name, name);
}

static bool is_role(const struct nginx_tree *t, const struct nginx_directive *d,
                    const char *role)
{
    const char *word = nginx_tree_word(t, role);
    return *word && named(d, word);
}

static char *first_arg(const struct nginx_directive *d)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    nginx_args(d->args, &args);
    return args.count ? mem_strdup(args.items[0]) : NULL;
}

static bool is_on(const struct nginx_directive *d)
{
    CLEANUP(mem_freep) char *arg = first_arg(d);
    return arg && strcasecmp(arg, "on") == 0;
}

static void lower_case(char *text)
{
    for (char *c = text; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
}

/* Owned; NULL when there is none. */
static char *path_of(const struct nginx_tree *t, const struct nginx_directive *d)
{
    CLEANUP(mem_freep) char *arg = first_arg(d);
    if (!arg || *arg == '/')
        return TAKE_PTR(arg);
    return file_join(nginx_tree_text(t, "server_root"), arg);
}

static void add_path(const struct nginx_tree *t, const struct nginx_directive *d,
                     struct strv *to)
{
    char *path = path_of(t, d);
    if (path)
        strv_take(to, path);
}

static void set_path(const struct nginx_tree *t, const struct nginx_directive *d,
                     char **to)
{
    free(*to);
    *to = path_of(t, d);
}

/* --- the policy ------------------------------------------------------------------------------ */

static struct saying saying_of(const struct nginx_tree *t,
                               const struct nginx_directive *d)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    CLEANUP(buf_release) struct buf all = BUF_INIT;
    nginx_args(d->args, &args);
    for (size_t i = 0; i < args.count; i++)
        buf_addf(&all, "%s%s", i ? " " : "", args.items[i]);
    if (is_role(t, d, "command") && args.count == 2)
        return saying_of_command(args.items[0], args.items[1]);
    unsigned part = is_role(t, d, "protocols") ? PART_PROTOCOLS
                    : is_role(t, d, "suites")  ? PART_SUITES
                    : is_role(t, d, "groups")  ? PART_GROUPS
                                               : PART_OTHER;
    bool whole = part != PART_OTHER && args.count && strcmp(args.items[0], "auto") != 0;
    return (struct saying){.part = part,
                           .text = whole ? mem_strdup(buf_str(&all)) : NULL};
}

/* Is it one of those that the policy sets? */
static bool is_policy(const struct nginx_tree *t, const struct nginx_directive *d)
{
    CLEANUP(mem_freep) char *name = bytes_dup(d->name);
    CLEANUP(mem_freep) char *arg = is_role(t, d, "command") ? first_arg(d) : NULL;
    CLEANUP(mem_freep)
    char *key = arg ? mem_printf("%s %s", name, arg) : mem_strdup(name);
    lower_case(key);
    return json_object_get(t->overriding, key) != NULL;
}

static void note_outer(struct nginx_tree *t, const struct reading *r,
                       const struct nginx_directive *d)
{
    struct saying s = saying_of(t, d);
    const char *name = saying_name(s.part);
    const char *before = name ? json_string_value(json_object_get(t->said, name)) : NULL;
    bool add = before && s.part == PART_PROTOCOLS; /* said twice, they add up */
    CLEANUP(mem_freep)
    char *text =
        mem_printf("%s%s%s", add ? before : "", add ? " " : "", s.text ? s.text : "");
    if (s.text && name)
        json_object_set_new(t->said, name, json_string(text));
    free(s.text);
    if (r->file !=
        t->file) /* said in both, it would add up, or keep nginx from starting */
        r->file->marks |= NGINX_OVERRIDES | NGINX_OUTER | SAID_ANY_LOOSER;
}

static void note_override(struct nginx_tree *t, const struct reading *r,
                          const struct nginx_directive *d)
{
    if (!is_policy(t, d)) {
        if (r->server && is_role(t, d, "command"))
            r->server->has_commands = true;
        return;
    }
    if (!r->server) {
        note_outer(t, r, d);
        return;
    }
    struct saying s = saying_of(t, d);
    unsigned mark = saying_mark(t->w, &s, true, t->judged);
    free(s.text);
    if (mark ==
        SAID_STRICTER(PART_PROTOCOLS)) { /* they would count for all on its address */
        r->server->fewer_versions = true;
        mark = SAID_LOOSER(PART_PROTOCOLS);
    }
    mark |= NGINX_OVERRIDES;
    *(r->included ? &r->file->marks : &r->server->marks) |= mark;
    if (r->included && mark & SAID_ANY_LOOSER && !nginx_tree_editable(t, r->file))
        r->server->foreign = r->file->named;
}

/* --- fields ---------------------------------------------------------------------------------- */

/* NAME VALUE [always]: the value, if it is the field in question; owned. */
static char *hsts_of(const struct nginx_tree *t, const struct nginx_directive *d)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    nginx_args(d->args, &args);
    return args.count >= 2 &&
                   strcasecmp(args.items[0], nginx_tree_word(t, "header_name")) == 0
               ? mem_strdup(args.items[1])
               : NULL;
}

static void note_header(struct nginx_tree *t, const struct reading *r,
                        const struct nginx_directive *d)
{
    char *hsts = hsts_of(t, d);
    if (r->server)
        r->server->has_headers = true;
    else if (!hsts)
        strv_take(&t->headers, bytes_dup(d->args));
    if (!hsts)
        return;
    char **to = r->server ? &r->server->hsts : &t->hsts;
    free(*to);
    *to = hsts;
    if (!r->server || r->included)
        r->file->marks |= NGINX_HSTS;
}

/* --- redirects ------------------------------------------------------------------------------- */

/* return [CODE] URL; rewrite PATTERN URL [FLAG] */
static bool is_redirect(const struct nginx_directive *d)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    if (!named(d, "return") && !named(d, "rewrite"))
        return false;
    nginx_args(d->args, &args);
    for (size_t i = 0; i < args.count && i < 2; i++)
        if (strncasecmp(args.items[i], "https://", 8) == 0)
            return true;
    return false;
}

static bool any_redirect(const struct doc *doc, const struct scope *scope)
{
    struct nginx_directive *list CLEANUP(mem_freep) = NULL;
    size_t count = nginx_directives(doc, scope, &list);
    for (size_t i = 0; i < count; i++)
        if (is_redirect(&list[i]))
            return true;
    return false;
}

/* In its "if" blocks, and in what serves every path. */
static bool blocks_redirect(const struct doc *doc, const struct scope *scope)
{
    struct scope *blocks CLEANUP(mem_freep) = NULL;
    size_t count = nginx_blocks(doc, scope, NULL, false, &blocks);
    for (size_t i = 0; i < count; i++) {
        bool whole =
            bytes_is(blocks[i].kind, "if") ||
            (bytes_is(blocks[i].kind, "location") &&
             (bytes_is(blocks[i].args, "/") || bytes_is(blocks[i].args, "^~ /")));
        if (whole && any_redirect(doc, &blocks[i]))
            return true;
    }
    return false;
}

/* --- servers --------------------------------------------------------------------------------- */

/* "443" -> "*:443", "[::1]" -> "[::1]:80"; NULL for a socket in the file system. Owned. */
static char *address_of(const char *arg)
{
    static const char any[] = "0.0.0.0";
    if (strncasecmp(arg, "unix:", 5) == 0)
        return NULL;
    if (!arg[strspn(arg, "0123456789")])
        return mem_printf("*:%s", arg);
    const char *colon = strrchr(arg, ':'), *bracket = strrchr(arg, ']');
    bool port = colon && !(bracket && bracket > colon);
    size_t n = strlen(any);
    char *address = strncmp(arg, any, n) == 0
                        ? mem_printf("*%s%s", arg + n, port ? "" : ":80")
                        : mem_printf("%s%s", arg, port ? "" : ":80");
    lower_case(address);
    return address;
}

static void take_listen(struct nginx_tree *t, struct nginx_server *s,
                        const struct nginx_directive *d)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    nginx_args(d->args, &args);
    char *address =
        args.count && !strv_has(&args, "quic") ? address_of(args.items[0]) : NULL;
    if (!address)
        return;
    if (strv_has(&args, "ssl"))
        json_object_set_new(t->secure, address, json_true());
    strv_take(&s->listens, address);
}

static void take_names(struct nginx_server *s, const struct nginx_directive *d)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    nginx_args(d->args, &args);
    for (size_t i = 0; i < args.count; i++) {
        lower_case(args.items[i]);
        if (vhosts_is_host(args.items[i]) && strcmp(args.items[i], "_") != 0)
            strv_add(&s->names, args.items[i]);
    }
}

static void take_server(struct nginx_tree *t, struct nginx_server *s,
                        const struct nginx_directive *d)
{
    if (is_role(t, d, "listen"))
        take_listen(t, s, d);
    else if (is_role(t, d, "name"))
        take_names(s, d);
    else if (is_role(t, d, "engine"))
        s->engine = is_on(d);
    else if (is_role(t, d, "reject"))
        s->rejects = is_on(d);
    s->redirects = s->redirects || is_redirect(d);
}

/* True when both kinds of place may say it. */
static bool take_certificate(struct nginx_tree *t, const struct reading *r,
                             const struct nginx_directive *d)
{
    struct nginx_server *s = r->server;
    if (is_role(t, d, "certificate")) {
        add_path(t, d, s ? &s->chains : &t->chains);
        if (s && r->included)
            s->pair_file = r->file->named;
    } else if (is_role(t, d, "key")) {
        add_path(t, d, s ? &s->keys : &t->keys);
    } else if (is_role(t, d, "ca")) {
        set_path(t, d, s ? &s->ca : &t->ca);
    } else {
        return false;
    }
    return true;
}

static void take_outer(struct nginx_tree *t, const struct nginx_directive *d)
{
    if (is_role(t, d, "dh"))
        set_path(t, d, &t->dh);
    else if (is_role(t, d, "cache"))
        t->cache = true;
    else if (is_role(t, d, "timeout"))
        t->timeout = true;
}

static int follow(struct nginx_tree *t, const struct reading *r,
                  const struct nginx_directive *d, struct err *err);

static int read_directive(struct nginx_tree *t, const struct reading *r,
                          const struct nginx_directive *d, struct err *err)
{
    if (named(d, "include"))
        return follow(t, r, d, err);
    if (r->level == TOP)
        return 0;
    note_override(t, r, d);
    if (is_role(t, d, "header"))
        note_header(t, r, d);
    else if (take_certificate(t, r, d))
        return 0;
    else if (r->server)
        take_server(t, r->server, d);
    else
        take_outer(t, d);
    return 0;
}

static int read_directives(struct nginx_tree *t, const struct reading *r,
                           const struct scope *scope, struct err *err)
{
    struct nginx_directive *list CLEANUP(mem_freep) = NULL;
    size_t count = nginx_directives(r->file->doc, scope, &list);
    for (size_t i = 0; i < count; i++)
        if (read_directive(t, r, &list[i], err) < 0)
            return -1;
    return 0;
}

/* --- files ----------------------------------------------------------------------------------- */

static int check_limits(struct nginx_tree *t, const char *path, unsigned depth,
                        struct err *err)
{
    if (depth > DEPTH_LIMIT)
        return err_set(err, ERR_INPUT, "%s: files include one another %d deep", path,
                       DEPTH_LIMIT);
    if (++t->reads > READ_LIMIT)
        return err_set(err, ERR_INPUT, "%s: more than %zu files are included", path,
                       READ_LIMIT);
    return 0;
}

/* Opens an included file, to be closed again; *ret is NULL when there is none: nginx would say so itself. */
static int open_file(struct nginx_tree *t, const char *path, unsigned depth,
                     struct document **ret, struct err *err)
{
    struct document *file = NULL;
    size_t line = 0;
    *ret = NULL;
    if (check_limits(t, path, depth, err) < 0)
        return -1;
    int rc = documents_add_file(&t->w->documents, t->w->host, "included", path, "nginx",
                                &file, err);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    const struct document *main =
        documents_find(&t->w->documents, nginx_tree_text(t, "main"));
    file->brief = file != main;
    const char *broken = nginx_broken(document_open(file), &line);
    if (broken) {
        document_close(file);
        return err_at(err, path, line, 0, "%s", broken);
    }
    *ret = file;
    return 0;
}

/* What an include stands for, in the order of the server. */
static int list_files(struct nginx_tree *t, const struct reading *r,
                      const struct nginx_directive *d, struct strv *ret, struct err *err)
{
    CLEANUP(mem_freep) char *pattern = path_of(t, d);
    if (!pattern)
        return 0;
    if (!strchr(pattern, '$'))
        return path_glob(&t->w->host->root, pattern, ret, err);
    CLEANUP(mem_freep) char *place = mem_printf("%s:%zu", r->file->named, d->line);
    wanted_note(
        t->w, WANTED_WARNING, place, NULL,
        "includes '%s': what that variable stands for is not known, and those files "
        "are not looked at",
        pattern);
    return 0;
}

/* --- parts ----------------------------------------------------------------------------------- */

/* What a block within a server sends. */
struct sent {
    bool any, hsts;
};

static int read_sent(struct nginx_tree *t, const struct reading *r,
                     const struct scope *scope, struct sent *ret, struct err *err);

static int follow_sent(struct nginx_tree *t, const struct reading *r,
                       const struct nginx_directive *d, struct sent *ret, struct err *err)
{
    CLEANUP(strv_release) struct strv paths = STRV_INIT;
    if (list_files(t, r, d, &paths, err) < 0)
        return -1;
    for (size_t i = 0; i < paths.count; i++) {
        struct reading inner = {.level = SERVER, .depth = r->depth + 1};
        if (open_file(t, paths.items[i], inner.depth, &inner.file, err) < 0)
            return -1;
        int rc = inner.file ? read_sent(t, &inner, NULL, ret, err) : 0;
        if (inner.file)
            document_close(inner.file);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int read_sent(struct nginx_tree *t, const struct reading *r,
                     const struct scope *scope, struct sent *ret, struct err *err)
{
    struct nginx_directive *list CLEANUP(mem_freep) = NULL;
    size_t count = nginx_directives(r->file->doc, scope, &list);
    for (size_t i = 0; i < count; i++) {
        if (named(&list[i], "include") && follow_sent(t, r, &list[i], ret, err) < 0)
            return -1;
        if (!is_role(t, &list[i], "header"))
            continue;
        CLEANUP(mem_freep) char *hsts = hsts_of(t, &list[i]);
        ret->any = true;
        ret->hsts = ret->hsts || hsts;
    }
    return 0;
}

static void add_part(const struct reading *r, const struct scope *part,
                     const struct sent *sent)
{
    struct nginx_server *s = r->server;
    if (r->included) {
        if (!s->bare_part && !sent->hsts)
            s->bare_part = mem_printf("%s:%zu", r->file->named, part->line);
        return;
    }
    MEM_GROW(s->parts, s->part_count, s->part_cap);
    s->parts[s->part_count] = *part;
    s->parts[s->part_count++].kind = BYTES(""); /* the file need not stay parsed */
}

/* Blocks within a server, at any depth, that send fields of their own, and so none of the server's. */
static int read_parts(struct nginx_tree *t, const struct reading *r,
                      const struct scope *scope, struct err *err)
{
    struct scope *blocks CLEANUP(mem_freep) = NULL;
    size_t count = nginx_blocks(r->file->doc, scope, NULL, true, &blocks);
    for (size_t i = 0; i < count; i++) {
        struct sent sent = {.any = false};
        if (read_sent(t, r, &blocks[i], &sent, err) < 0)
            return -1;
        if (sent.any)
            add_part(r, &blocks[i], &sent);
    }
    return 0;
}

/* --- blocks ---------------------------------------------------------------------------------- */

static int read_server(struct nginx_tree *t, const struct reading *r,
                       const struct scope *scope, struct err *err)
{
    struct nginx_server s = {.file = r->file, .scope = *scope};
    struct reading inner = {
        .file = r->file, .level = SERVER, .server = &s, .depth = r->depth};
    s.scope.kind = BYTES("server"); /* the file need not stay parsed */
    s.redirects = blocks_redirect(r->file->doc, scope);
    int rc = read_directives(t, &inner, scope, err);
    if (rc == 0)
        rc = read_parts(t, &inner, scope, err);
    if (!s.listens.count)
        strv_add(&s.listens, "*:80");
    MEM_GROW(t->servers, t->server_count, t->server_cap);
    t->servers[t->server_count++] = s;
    return rc;
}

static int read_http(struct nginx_tree *t, const struct reading *r,
                     const struct scope *scope, struct err *err)
{
    struct scope *servers CLEANUP(mem_freep) = NULL;
    if (read_directives(t, r, scope, err) < 0)
        return -1;
    if (!scope && r->file->marks & NGINX_READ)
        return 0;
    r->file->marks |= NGINX_READ;
    size_t count = nginx_blocks(r->file->doc, scope, "server", false, &servers);
    for (size_t i = 0; i < count; i++)
        if (read_server(t, r, &servers[i], err) < 0)
            return -1;
    return 0;
}

/* Other protocols have servers with TLS, too. */
static void tell_of_others(const struct nginx_tree *t, const struct reading *r,
                           const struct scope *block)
{
    struct nginx_directive *list CLEANUP(mem_freep) = NULL;
    struct scope *inner CLEANUP(mem_freep) = NULL;
    size_t count = nginx_blocks(r->file->doc, block, NULL, true, &inner);
    bool any = false;
    for (size_t i = 0; i <= count && !any; i++) {
        size_t said = nginx_directives(r->file->doc, i ? &inner[i - 1] : block, &list);
        for (size_t k = 0; k < said; k++)
            any = any || is_role(t, &list[k], "certificate");
        mem_freep(&list);
    }
    CLEANUP(mem_freep) char *place = mem_printf("%s:%zu", r->file->named, block->line);
    if (any)
        wanted_note(t->w, WANTED_WARNING, place, NULL,
                    "block '%.*s' speaks TLS: it is not looked at", (int)block->kind.len,
                    block->kind.data);
}

static int read_top(struct nginx_tree *t, const struct reading *r, struct err *err)
{
    struct scope *blocks CLEANUP(mem_freep) = NULL;
    size_t count = nginx_blocks(r->file->doc, NULL, NULL, false, &blocks);
    if (read_directives(t, r, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct reading inner = {.file = r->file, .level = HTTP, .depth = r->depth};
        if (!bytes_is(blocks[i].kind, "http")) {
            tell_of_others(t, r, &blocks[i]);
            continue;
        }
        t->file = r->file;
        t->scope = blocks[i];
        t->scope.kind = BYTES("http");
        if (read_http(t, &inner, &blocks[i], err) < 0)
            return -1;
    }
    return 0;
}

static int read_included(struct nginx_tree *t, const struct reading *r, struct err *err)
{
    if (r->level == TOP)
        return read_top(t, r, err);
    if (r->level == HTTP)
        return read_http(t, r, NULL, err);
    r->server->redirects = r->server->redirects || blocks_redirect(r->file->doc, NULL);
    return read_directives(t, r, NULL, err) < 0 ? -1 : read_parts(t, r, NULL, err);
}

static int follow(struct nginx_tree *t, const struct reading *r,
                  const struct nginx_directive *d, struct err *err)
{
    CLEANUP(strv_release) struct strv paths = STRV_INIT;
    if (list_files(t, r, d, &paths, err) < 0)
        return -1;
    for (size_t i = 0; i < paths.count; i++) {
        struct reading inner = *r;
        inner.included = r->server != NULL;
        inner.depth++;
        if (open_file(t, paths.items[i], inner.depth, &inner.file, err) < 0)
            return -1;
        int rc = inner.file ? read_included(t, &inner, err) : 0;
        if (inner.file)
            document_close(inner.file);
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* --- all of it ------------------------------------------------------------------------------- */

/* The template that takes overrides out ("#name ...") tells which names these are, and which commands. */
static int read_overriding(struct nginx_tree *t, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (wanted_render(t->w, nginx_tree_text(t, "overrides"), t->w->context,
                      format_find("nginx"), &text, err) < 0)
        return -1;
    struct bytes rest = bytes_buf(&text);
    for (struct bytes line; bytes_next_line(&rest, &line);) {
        line = bytes_trim(line);
        if (line.len < 2 || line.data[0] != '#' || line.data[1] == ' ')
            continue;
        CLEANUP(mem_freep) char *name = mem_strndup(line.data + 1, line.len - 1);
        lower_case(name);
        json_object_set_new(t->overriding, name, json_true());
    }
    return 0;
}

static void read_spec(struct nginx_tree *t)
{
    json_t *list = json_object_get(t->spec, "editable"), *v;
    size_t i;
    json_array_foreach(list, i, v)
    {
        const char *dir = json_string_value(v);
        CLEANUP(mem_freep) char *real = path_resolve(&t->w->host->root, dir);
        strv_take(&t->editable, mem_printf("%s/", real ? real : dir));
    }
}

int nginx_tree_read(struct wanted *w, const json_t *spec, struct nginx_tree *ret,
                    struct err *err)
{
    *ret = (struct nginx_tree){.w = w,
                               .spec = spec,
                               .overriding = json_object(),
                               .said = json_object(),
                               .judged = json_object(),
                               .secure = json_object()};
    struct document *main = documents_find(&w->documents, nginx_tree_text(ret, "main"));
    size_t line = 0;
    if (!main)
        return err_set(err, ERR_SYSTEM, "there is no main file");
    const char *broken = nginx_broken(main->doc, &line);
    if (broken)
        return err_at(err, main->named, line, 0, "%s", broken);
    read_spec(ret);
    struct reading r = {.file = main, .level = TOP};
    return read_overriding(ret, err) < 0 ? -1 : read_top(ret, &r, err);
}
