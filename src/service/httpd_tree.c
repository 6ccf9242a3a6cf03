/*
 * One walk from the main file on. What is said at server level behind the policy, and in files that
 * virtual hosts include, marks the file that says it; what a virtual host says itself is kept in it.
 *
 * Not handled: variables (Define) in paths, and macros, which is told; what stands in the false
 * branch of a condition is treated as if it were true; TLS directives for single directories.
 */
#include "service/httpd_tree.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "policy/protocol.h"
#include "dialect/dialect.h"
#include "service/httpd_protocols.h"
#include "service/versions.h"
#include "service/lookup.h"

#define DEPTH_LIMIT 32
#define READ_LIMIT                                                                       \
    ((size_t)1 << 20) /* files that include one another in vain grow without end */

static void vhost_release(struct httpd_vhost *v)
{
    free(v->name);
    strv_release(&v->aliases);
    strv_release(&v->addresses);
    strv_release(&v->chains);
    strv_release(&v->keys);
    free(v->ca);
    free(v->hsts);
}

void httpd_tree_release(struct httpd_tree *t)
{
    free(t->server_root);
    json_decref(t->overriding);
    json_decref(t->said);
    json_decref(t->judged);
    strv_release(&t->editable);
    for (size_t i = 0; i < t->vhost_count; i++)
        vhost_release(&t->vhosts[i]);
    free(t->vhosts);
    strv_release(&t->chains);
    strv_release(&t->keys);
    strv_release(&t->listens);
    free(t->ca);
    free(t->hsts);
}

const char *httpd_tree_text(const struct httpd_tree *t, const char *key)
{
    const char *text = json_string_value(json_object_get(t->spec, key));
    return text ? text : "";
}

bool httpd_tree_editable(const struct httpd_tree *t, const struct document *file)
{
    for (size_t i = 0; i < t->editable.count; i++)
        if (strncmp(file->path, t->editable.items[i], strlen(t->editable.items[i])) == 0)
            return true;
    return false;
}

bool httpd_vhost_secure(const struct httpd_tree *t, const struct httpd_vhost *v)
{
    return v->engine_said ? v->engine : t->engine;
}

unsigned httpd_port(const char *address)
{
    const char *colon = strrchr(address, ':'), *bracket = strrchr(address, ']');
    if (!colon || (bracket && bracket > colon) || colon[1] == '*')
        return 0;
    unsigned long port = strtoul(colon + 1, NULL, 10);
    return port <= 65535 ? (unsigned)port : 0;
}

/* --- directives ------------------------------------------------------------------------------ */

/* What is being read, and for whom. */
struct reading {
    struct document *file;
    struct httpd_vhost *v; /* NULL: the server itself */
    bool included;         /* `v` includes the file */
    unsigned depth;
};

static bool named(const struct httpd_directive *d, const char *name)
{
    return bytes_eq_nocase(d->name, bytes_str(name));
}

static const char *role_name(const struct httpd_tree *t, const char *role)
{
    return json_string_value(
        json_object_get(json_object_get(t->spec, "directives"), role));
}

/* Is it the directive that service.json calls `role`? */
static bool is_role(const struct httpd_tree *t, const struct httpd_directive *d,
                    const char *role)
{
    const char *name = role_name(t, role);
    return name && named(d, name);
}

static char *first_arg(const struct httpd_directive *d)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    httpd_args(d->args, &args);
    return args.count ? mem_strdup(args.items[0]) : NULL;
}

static void lower_case(char *text)
{
    for (char *c = text; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
}

static char *server_path(const struct httpd_tree *t, const char *path)
{
    return *path == '/' ? mem_strdup(path) : file_join(t->server_root, path);
}

static void add_path(const struct httpd_tree *t, const struct httpd_directive *d,
                     struct strv *to)
{
    CLEANUP(mem_freep) char *arg = first_arg(d);
    if (arg)
        strv_take(to, server_path(t, arg));
}

static void set_path(const struct httpd_tree *t, const struct httpd_directive *d,
                     char **to)
{
    CLEANUP(mem_freep) char *arg = first_arg(d);
    if (!arg)
        return;
    free(*to);
    *to = server_path(t, arg);
}

static bool is_on(const struct httpd_directive *d)
{
    CLEANUP(mem_freep) char *arg = first_arg(d);
    return arg && strcasecmp(arg, "off") != 0;
}

/* --- what overrides the policy --------------------------------------------------------------- */

/* NAME [SSL|TLSv1.3] LIST */
static struct saying saying_of_suites(const struct strv *args)
{
    bool tls13 = args->count == 2 && strcasecmp(args->items[0], "TLSv1.3") == 0;
    return (struct saying){.part = tls13 ? PART_SUITES13 : PART_SUITES,
                           .text = mem_strdup(args->items[args->count - 1])};
}

/* The versions by name, whatever signs they were written with. */
static struct saying saying_of_versions(const struct strv *args)
{
    unsigned set = httpd_protocols(args);
    CLEANUP(buf_release) struct buf list = BUF_INIT;
    for (int v = PROTOCOL_SSL2; v <= PROTOCOL_TLS1_3; v++)
        if (protocol_in(set, (enum protocol)v))
            buf_addf(&list, "%s%s", list.len ? " " : "",
                     protocol_info((enum protocol)v)->name);
    return (struct saying){.part = PART_PROTOCOLS, .text = mem_strdup(buf_str(&list))};
}

static struct saying saying_of(const struct httpd_tree *t,
                               const struct httpd_directive *d)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    httpd_args(d->args, &args);
    if (is_role(t, d, "protocol"))
        return saying_of_versions(&args);
    if (is_role(t, d, "suites") && (args.count == 1 || args.count == 2))
        return saying_of_suites(&args);
    return is_role(t, d, "command") && args.count == 2
               ? saying_of_command(args.items[0], args.items[1])
               : (struct saying){.part = PART_OTHER};
}

/* What is stricter than the policy need not go. */
static unsigned override_mark(struct httpd_tree *t, const struct httpd_directive *d)
{
    struct saying s = saying_of(t, d);
    unsigned mark = saying_mark(t->w, &s, !d->conditional, t->judged);
    free(s.text);
    return HTTPD_OVERRIDES | mark;
}

/* The last word of the server itself. */
static void note_said(struct httpd_tree *t, const struct httpd_directive *d)
{
    struct saying s = saying_of(t, d);
    if (s.text && saying_name(s.part))
        json_object_set_new(t->said, saying_name(s.part), json_string(s.text));
    free(s.text);
}

static void note_override(struct httpd_tree *t, const struct reading *r,
                          const struct httpd_directive *d)
{
    CLEANUP(mem_freep) char *name = bytes_dup(d->name);
    lower_case(name);
    if (!json_object_get(t->overriding, name))
        return;
    if (!r->v)
        note_said(t, d);
    if (!r->v && !t->policy_found)
        return;
    unsigned mark = override_mark(t, d);
    if (r->v && !r->included)
        r->v->marks |= mark;
    else
        r->file->marks |= mark;
    if (r->v && r->included)
        r->v->included |= mark;
    if (r->included && mark & SAID_ANY_LOOSER && !httpd_tree_editable(t, r->file)) {
        r->v->overridden = true;
        r->v->too_late = r->v->policy_again;
    }
}

/* Header [always|onsuccess] ACTION NAME VALUE ... */
static void note_header(struct httpd_tree *t, const struct reading *r,
                        const struct httpd_directive *d)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    httpd_args(d->args, &args);
    size_t at = args.count && (strcasecmp(args.items[0], "always") == 0 ||
                               strcasecmp(args.items[0], "onsuccess") == 0);
    const char *header = role_name(t, "header_name");
    if (!header || args.count < at + 3 || strcasecmp(args.items[at + 1], header) != 0)
        return;
    char **to = r->v ? &r->v->hsts : &t->hsts;
    free(*to);
    *to = mem_strdup(args.items[at + 2]);
    if (!r->v || r->included)
        r->file->marks |= HTTPD_HSTS;
}

/* --- redirects ------------------------------------------------------------------------------- */

/* Does a pattern stand for every path? */
static bool is_everything(const char *pattern)
{
    static const char *const all[] = {"/",      "^",       ".*",      "^.*",     "(.*)",
                                      "^(.*)",  "^.*$",    "^(.*)$",  "^/",      "^/.*",
                                      "^/(.*)", "^/?(.*)", "^/.*$",   "^/(.*)$", "^/?",
                                      "^/?.*",  "^/?.*$",  "^/?(.*)$"};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (strcmp(all[i], pattern) == 0)
            return true;
    return strncmp(pattern, "^/(?!", 5) == 0 || strncmp(pattern, "^/?(?!", 6) == 0;
}

/* Does it send clients from everywhere to https? */
static bool is_redirect(const struct httpd_directive *d)
{
    if (!named(d, "Redirect") && !named(d, "RedirectMatch") &&
        !named(d, "RedirectPermanent") && !named(d, "RewriteRule"))
        return false;
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    httpd_args(d->args, &args);
    for (size_t i = 1; i < args.count; i++)
        if (strncasecmp(args.items[i], "https://", 8) == 0)
            return is_everything(args.items[i - 1]);
    return false;
}

static bool is_mapping(const struct httpd_directive *d)
{
    return named(d, "ProxyPass") || named(d, "ProxyPassMatch") ||
           named(d, "RewriteRule") || named(d, "JkMount");
}

/* --- server and virtual host ----------------------------------------------------------------- */

/* True when both kinds of place may say it. */
static bool take_certificate(struct httpd_tree *t, const struct reading *r,
                             const struct httpd_directive *d)
{
    struct httpd_vhost *v = r->v;
    if (is_role(t, d, "certificate")) {
        add_path(t, d, v ? &v->chains : &t->chains);
        if (r->included)
            v->pair_file = r->file->named;
    } else if (is_role(t, d, "key")) {
        add_path(t, d, v ? &v->keys : &t->keys);
    } else if (is_role(t, d, "ca") || is_role(t, d, "chain")) {
        set_path(t, d, v ? &v->ca : &t->ca);
    } else {
        return false;
    }
    return true;
}

static void take_server(struct httpd_tree *t, const struct httpd_directive *d)
{
    if (is_role(t, d, "engine"))
        t->engine = is_on(d);
    else if (named(d, "Listen"))
        strv_take(&t->listens, first_arg(d));
    else if (named(d, "ServerRoot"))
        set_path(t, d, &t->server_root);
}

/* "https://www.Example.org:443" is "www.example.org". */
static char *host_name(const struct httpd_directive *d)
{
    CLEANUP(mem_freep) char *name = first_arg(d);
    if (!name)
        return NULL;
    const char *scheme = strstr(name, "://");
    char *host = mem_strdup(scheme ? scheme + 3 : name);
    char *colon = strrchr(host, ':');
    if (colon && !strchr(colon, ']'))
        *colon = '\0';
    lower_case(host);
    return host;
}

static void add_aliases(const struct httpd_directive *d, struct strv *to)
{
    size_t from = to->count;
    httpd_args(d->args, to);
    for (size_t i = from; i < to->count; i++)
        lower_case(to->items[i]);
}

static void take_vhost(struct httpd_tree *t, struct httpd_vhost *v,
                       const struct httpd_directive *d)
{
    if (is_role(t, d, "engine")) {
        v->engine = is_on(d);
        v->engine_said = true;
    } else if (named(d, "ServerName")) {
        free(v->name);
        v->name = host_name(d);
    } else if (named(d, "ServerAlias")) {
        add_aliases(d, &v->aliases);
    }
    v->redirects = v->redirects || is_redirect(d);
    v->mapped = v->mapped || is_mapping(d);
}

static int follow(struct httpd_tree *t, const struct reading *r,
                  const struct httpd_directive *d, struct err *err);

static int read_directive(struct httpd_tree *t, const struct reading *r,
                          const struct httpd_directive *d, struct err *err)
{
    if (named(d, "Include") || named(d, "IncludeOptional"))
        return follow(t, r, d, err);
    if (named(d, "Use") && !(r->file->marks & HTTPD_TOLD)) {
        r->file->marks |= HTTPD_TOLD;
        wanted_note(t->w, WANTED_WARNING, r->file->named, NULL,
                    "uses macros: what they make is not looked at");
    }
    note_override(t, r, d);
    if (is_role(t, d, "header"))
        note_header(t, r, d);
    else if (take_certificate(t, r, d))
        return 0;
    else if (r->v)
        take_vhost(t, r->v, d);
    else
        take_server(t, d);
    return 0;
}

static int read_directives(struct httpd_tree *t, const struct reading *r,
                           const struct scope *scope, struct err *err)
{
    struct httpd_directive *list CLEANUP(mem_freep) = NULL;
    size_t count = httpd_directives(r->file->doc, scope, &list);
    for (size_t i = 0; i < count; i++)
        if (read_directive(t, r, &list[i], err) < 0)
            return -1;
    return 0;
}

/* --- files ----------------------------------------------------------------------------------- */

static bool says_within(struct bytes text, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.len; i++)
        if (strncasecmp(text.data + i, word, n) == 0)
            return true;
    return false;
}

static int read_vhost(struct httpd_tree *t, struct document *file,
                      const struct scope *scope, unsigned depth, struct err *err)
{
    MEM_GROW(t->vhosts, t->vhost_count, t->vhost_cap);
    struct httpd_vhost *v = &t->vhosts[t->vhost_count++];
    *v = (struct httpd_vhost){.file = file, .scope = *scope};
    v->scope.kind = BYTES("VirtualHost"); /* the file need not stay parsed */
    httpd_args(scope->args, &v->addresses);
    struct bytes text = {file->text.data + scope->begin, scope->end - scope->begin};
    v->mapped = says_within(text, "ProxyPass"); /* in a section for a location, too */
    struct reading r = {.file = file, .v = v, .depth = depth};
    return read_directives(t, &r, scope, err);
}

static int read_file(struct httpd_tree *t, struct document *file, unsigned depth,
                     struct err *err)
{
    struct reading r = {.file = file, .depth = depth};
    if (read_directives(t, &r, NULL, err) < 0)
        return -1;
    if (file->marks & HTTPD_READ)
        return 0;
    file->marks |= HTTPD_READ;
    struct scope *scopes CLEANUP(mem_freep) = NULL;
    size_t count = file->format->scopes(file->doc, "VirtualHost", &scopes);
    for (size_t i = 0; i < count; i++)
        if (read_vhost(t, file, &scopes[i], depth, err) < 0)
            return -1;
    return 0;
}

static bool is_policy(const struct httpd_tree *t, const char *path)
{
    return strcmp(path, httpd_tree_text(t, "policy")) == 0 ||
           strcmp(path, httpd_tree_text(t, "policy_file")) == 0;
}

static int check_limits(struct httpd_tree *t, const char *path, unsigned depth,
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

/* What `pattern` stands for, in the order of the server; the policy need not be there yet. */
static int list_files(const struct httpd_tree *t, const char *pattern, struct strv *ret,
                      struct err *err)
{
    const char *policy = httpd_tree_text(t, "policy");
    if (path_glob(&t->w->host->root, pattern, ret, err) < 0)
        return -1;
    if (fnmatch(pattern, policy, FNM_PATHNAME | FNM_PERIOD) == 0 &&
        !strv_has(ret, policy)) {
        strv_add(ret, policy);
        strv_sort(ret);
    }
    return 0;
}

static int read_path(struct httpd_tree *t, const struct reading *r, const char *path,
                     struct err *err);

/* Of a directory everything counts, hidden files first. */
static int list_directory(const struct httpd_tree *t, const char *path, struct strv *ret,
                          struct err *err)
{
    CLEANUP(mem_freep) char *hidden = file_join(path, ".[!.]*");
    CLEANUP(mem_freep) char *plain = file_join(path, "*");
    return path_glob(&t->w->host->root, hidden, ret, err) < 0 ||
                   path_glob(&t->w->host->root, plain, ret, err) < 0
               ? -1
               : 0;
}

static int read_paths(struct httpd_tree *t, const struct reading *r,
                      const struct strv *paths, struct err *err)
{
    for (size_t i = 0; i < paths->count; i++)
        if (read_path(t, r, paths->items[i], err) < 0)
            return -1;
    return 0;
}

/* What cannot be read as a file may be a directory, which stands for all that is in it. */
static int read_directory(struct httpd_tree *t, const struct reading *r, const char *path,
                          const struct err *why, struct err *err)
{
    CLEANUP(strv_release) struct strv found = STRV_INIT;
    struct reading deeper = *r;
    deeper.depth++;
    if (list_directory(t, path, &found, err) < 0)
        return -1;
    if (found.count && !r->v)
        wanted_note(t->w, WANTED_WARNING, path, NULL,
                    "all files of this directory are included, hidden ones and editors' "
                    "copies, too; a pattern such as *.conf would not");
    if (found.count)
        return read_paths(t, &deeper, &found, err);
    CLEANUP(mem_freep) char *inside = file_join(path, ".");
    if (path_exists(&t->w->host->root, inside))
        return 0; /* an empty one */
    *err = *why;
    return -1; /* a plan made without a part of the configuration would be a guess */
}

static int read_included(struct httpd_tree *t, const struct reading *r,
                         struct document *file, struct err *err)
{
    if (!r->v)
        return read_file(t, file, r->depth + 1, err);
    struct reading inner = {
        .file = file, .v = r->v, .included = true, .depth = r->depth + 1};
    return read_directives(t, &inner, NULL, err);
}

static int read_path(struct httpd_tree *t, const struct reading *r, const char *path,
                     struct err *err)
{
    struct document *file = NULL;
    struct err local = ERR_INIT;
    size_t line = 0;
    if (is_policy(t, path)) {
        *(r->v ? &r->v->policy_again : &t->policy_found) = true;
        return 0;
    }
    if (check_limits(t, path, r->depth, err) < 0)
        return -1;
    int rc = documents_add_file(&t->w->documents, t->w->host, "included", path, "httpd",
                                &file, &local);
    if (rc < 0 && local.kind == ERR_SYSTEM)
        return read_directory(t, r, path, &local, err);
    if (rc < 0)
        *err = local;
    if (rc != 0)
        return rc < 0 ? -1
                      : 0; /* not there: the server would say so itself, or skip it */
    file->brief = true;
    if (httpd_unclosed(document_open(file), &line))
        rc = err_at(err, path, line, 0, "this section has no end");
    else
        rc = read_included(t, r, file, err);
    document_close(file);
    return rc;
}

static int read_pattern(struct httpd_tree *t, const struct reading *r,
                        const char *pattern, struct err *err)
{
    CLEANUP(strv_release) struct strv paths = STRV_INIT;
    return list_files(t, pattern, &paths, err) < 0 ? -1 : read_paths(t, r, &paths, err);
}

static int follow(struct httpd_tree *t, const struct reading *r,
                  const struct httpd_directive *d, struct err *err)
{
    CLEANUP(mem_freep) char *arg = first_arg(d);
    if (!arg)
        return 0;
    CLEANUP(mem_freep) char *pattern = server_path(t, arg);
    if (!strstr(arg, "${"))
        return read_pattern(t, r, pattern, err);
    CLEANUP(mem_freep) char *place = mem_printf("%s:%zu", r->file->named, d->line);
    wanted_note(
        t->w, WANTED_WARNING, place, NULL,
        "includes '%s': what that variable stands for is not known, and those files "
        "are not looked at",
        arg);
    return 0;
}

/* --- all of it ------------------------------------------------------------------------------- */

/* The template that takes overrides out ("#Name ...") tells which names these are. */
static int read_overriding(struct httpd_tree *t, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    t->overriding = json_object();
    if (wanted_render(t->w, httpd_tree_text(t, "overrides"), t->w->context,
                      format_find("httpd"), &text, err) < 0)
        return -1;
    struct bytes rest = bytes_buf(&text);
    for (struct bytes line; bytes_next_line(&rest, &line);) {
        if (line.len < 2 || line.data[0] != '#')
            continue;
        CLEANUP(mem_freep)
        char *name = mem_strndup(line.data + 1, strcspn(line.data + 1, " \n"));
        lower_case(name);
        json_object_set_new(t->overriding, name, json_true());
    }
    return 0;
}

static void read_spec(struct httpd_tree *t)
{
    json_t *list = json_object_get(t->spec, "editable"), *v;
    size_t i;
    json_array_foreach(list, i, v)
    {
        const char *dir = json_string_value(v);
        CLEANUP(mem_freep) char *real = path_resolve(&t->w->host->root, dir);
        strv_take(&t->editable, mem_printf("%s/", real ? real : dir));
    }
    t->server_root = mem_strdup(httpd_tree_text(t, "server_root"));
}

int httpd_tree_read(struct wanted *w, const json_t *spec, struct httpd_tree *ret,
                    struct err *err)
{
    *ret = (struct httpd_tree){
        .w = w, .spec = spec, .said = json_object(), .judged = json_object()};
    struct document *main = documents_find(&w->documents, httpd_tree_text(ret, "main"));
    size_t line = 0;
    if (!main)
        return err_set(err, ERR_SYSTEM, "there is no main file");
    if (httpd_unclosed(main->doc, &line))
        return err_at(err, main->named, line, 0, "this section has no end");
    read_spec(ret);
    return read_overriding(ret, err) < 0 ? -1 : read_file(ret, main, 0, err);
}
