/*
 * What libssl makes of its strings. It has no call that says so, and swallows misspelt suites; but
 * what it offers in a ClientHello is what it means, after its security level has had its say. So one
 * is written into memory for the whole range of versions, and one for each version by itself: a
 * version in which nothing can be offered is not really on.
 *
 * Functions are looked up by name, so that the same code asks 1.0.2 and 3.5.
 * Ref: RFC 8446 4.1.2; SSL_CTX_ctrl(3)
 */
#include "dialect/openssl_tell.h"

#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

enum { /* of SSL_CTX_ctrl() and SSL_ctrl(): they never changed */
       CTRL_OPTIONS = 32,
       CTRL_SET_GROUPS_LIST = 92,
       CTRL_SET_SIGALGS_LIST = 98,
       CTRL_SET_MIN = 123,
       CTRL_SET_MAX = 124,
       CTRL_GET_MIN = 130,
       CTRL_GET_MAX = 131,
};

struct libssl {
    int (*init)(uint64_t, const void *); /* 1.1.0 and later */
    int (*init_old)(void);
    const char *(*version)(int);
    const void *(*method)(void);
    void *(*ctx_new)(const void *method);
    void (*ctx_free)(void *ctx);
    long (*ctx_ctrl)(void *ctx, int what, long number, void *pointer);
    int (*set_list)(void *ctx, const char *list);
    int (*set_suites13)(void *ctx, const char *list); /* 1.1.1 and later */
    void *(*new)(void *ctx);
    void (*free)(void *ssl);
    long (*ctrl)(void *ssl, int what, long number, void *pointer);
    void (*set_bio)(void *ssl, void *in, void *out);
    int (*connect)(void *ssl);
    const void *(*bio_mem)(void);
    void *(*bio_new)(const void *method);
    int (*bio_read)(void *bio, void *data, int size);
    bool has_range; /* versions are set as a range: 1.1.0 and later */
};

/* dlsym() gives functions as void *: POSIX says that they fit. */
static bool load(void *handle, struct libssl *s)
{
    const struct {
        void **slot;
        const char *name, *older; /* "": it may be missing */
    } wanted[] = {
        {(void **)&s->init, "OPENSSL_init_ssl", ""},
        {(void **)&s->init_old, "SSL_library_init", ""},
        {(void **)&s->version, "OpenSSL_version", "SSLeay_version"},
        {(void **)&s->method, "TLS_method", "SSLv23_method"},
        {(void **)&s->ctx_new, "SSL_CTX_new", NULL},
        {(void **)&s->ctx_free, "SSL_CTX_free", NULL},
        {(void **)&s->ctx_ctrl, "SSL_CTX_ctrl", NULL},
        {(void **)&s->set_list, "SSL_CTX_set_cipher_list", NULL},
        {(void **)&s->set_suites13, "SSL_CTX_set_ciphersuites", ""},
        {(void **)&s->new, "SSL_new", NULL},
        {(void **)&s->free, "SSL_free", NULL},
        {(void **)&s->ctrl, "SSL_ctrl", NULL},
        {(void **)&s->set_bio, "SSL_set_bio", NULL},
        {(void **)&s->connect, "SSL_connect", NULL},
        {(void **)&s->bio_mem, "BIO_s_mem", NULL},
        {(void **)&s->bio_new, "BIO_new", NULL},
        {(void **)&s->bio_read, "BIO_read", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        void *symbol = dlsym(handle, wanted[i].name);
        if (!symbol && wanted[i].older && *wanted[i].older)
            symbol = dlsym(handle, wanted[i].older);
        if (!symbol && !(wanted[i].older && !*wanted[i].older))
            return false;
        *wanted[i].slot = symbol;
    }
    s->has_range = s->init != NULL;
    return s->init || s->init_old;
}

/* "OpenSSL 3.0.19 27 Jan 2026": the second word. */
static void tell_version(const struct libssl *s, FILE *out)
{
    const char *text = s->version(0), *space = text ? strchr(text, ' ') : NULL;
    if (space)
        fprintf(out, "version %.*s\n", (int)strcspn(space + 1, " "), space + 1);
}

/* --- setting --------------------------------------------------------------------------------- */

static int wire_of(const char *name)
{
    const struct protocol_info *p = name ? protocol_by_name(name) : NULL;
    return p ? p->wire : 0;
}

/* A string for SSL_CTX_ctrl(), which takes void * and changes nothing. */
static void *argument(const char *text)
{
    return (void *)(uintptr_t)text;
}

/* NULL, or which of the lists is refused. */
static const char *configure(const struct libssl *s, void *ctx, const struct native *n)
{
    bool suites = s->set_list(ctx, n->cipher_list ? n->cipher_list : "ALL") != 0;
    if (!suites && n->cipher_list)
        return n->cipher_list;
    if (n->ciphersuites && !s->set_suites13)
        return n->ciphersuites;
    if (s->set_suites13 && !s->set_suites13(ctx, n->ciphersuites ? n->ciphersuites : ""))
        return n->ciphersuites ? n->ciphersuites : "";
    if (n->groups && s->ctx_ctrl(ctx, CTRL_SET_GROUPS_LIST, 0, argument(n->groups)) <= 0)
        return n->groups;
    if (n->signature_algorithms && s->ctx_ctrl(ctx, CTRL_SET_SIGALGS_LIST, 0,
                                               argument(n->signature_algorithms)) <= 0)
        return n->signature_algorithms;
    return NULL;
}

/* The range that the strings ask for, else what the library's own configuration says. */
static void take_range(const struct libssl *s, void *ctx, const struct native *n,
                       int *min, int *max)
{
    *min = wire_of(n->min_protocol);
    *max = wire_of(n->max_protocol);
    if (!*min && s->has_range)
        *min = (int)s->ctx_ctrl(ctx, CTRL_GET_MIN, 0, NULL);
    if (!*max && s->has_range)
        *max = (int)s->ctx_ctrl(ctx, CTRL_GET_MAX, 0, NULL);
    *min = *min > 0 ? *min : protocol_info(PROTOCOL_SSL3)->wire;
    *max = *max > 0 ? *max : protocol_info(PROTOCOL_TLS1_3)->wire;
}

/* Before 1.1.0 versions are switched off one by one. */
static long off_bits(int min, int max)
{
    static const struct {
        int wire;
        unsigned long bit;
    } bits[] = {{0x0300, 0x02000000UL},
                {0x0301, 0x04000000UL},
                {0x0302, 0x10000000UL},
                {0x0303, 0x08000000UL}};
    unsigned long off = 0x01000000UL; /* SSLv2 */
    for (size_t i = 0; i < ARRAY_LEN(bits); i++)
        if (bits[i].wire < min || bits[i].wire > max)
            off |= bits[i].bit;
    return (long)off;
}

/* The first record that the library writes; 0: it writes none. */
static size_t hello(const struct libssl *s, void *ctx, int min, int max,
                    unsigned char *data, size_t size)
{
    void *ssl = s->new (ctx), *in = s->bio_new(s->bio_mem()),
         *out = s->bio_new(s->bio_mem());
    if (!ssl || !in || !out)
        return 0;
    s->set_bio(ssl, in, out);
    if (s->has_range) {
        s->ctrl(ssl, CTRL_SET_MIN, min, NULL);
        s->ctrl(ssl, CTRL_SET_MAX, max, NULL);
    } else {
        s->ctrl(ssl, CTRL_OPTIONS, off_bits(min, max), NULL);
    }
    s->connect(ssl);
    int n = s->bio_read(out, data, (int)size);
    s->free(ssl);
    return n > 0 && data[0] == 22 ? (size_t)n : 0; /* a handshake, no alert */
}

/* --- reading a ClientHello ------------------------------------------------------------------- */

struct reader {
    const unsigned char *at, *end;
};

static unsigned number(struct reader *r, size_t bytes)
{
    unsigned value = 0;
    if ((size_t)(r->end - r->at) < bytes) {
        r->at = r->end;
        return 0;
    }
    while (bytes--)
        value = value << 8 | *r->at++;
    return value;
}

/* The vector whose length stands in front of it. */
static struct reader vector(struct reader *r, size_t length_bytes)
{
    size_t n = number(r, length_bytes), left = (size_t)(r->end - r->at);
    struct reader part = {r->at, r->at + (n < left ? n : left)};
    r->at = part.end;
    return part;
}

struct offer {
    struct reader suites, groups, sigschemes;
    bool has_groups, has_sigschemes;
};

static void read_extensions(struct reader all, struct offer *o)
{
    while (all.at < all.end) {
        unsigned type = number(&all, 2);
        struct reader body = vector(&all, 2);
        if (type == 10) {
            o->groups = vector(&body, 2);
            o->has_groups = true;
        } else if (type == 13) {
            o->sigschemes = vector(&body, 2);
            o->has_sigschemes = true;
        }
    }
}

static struct offer read_offer(const unsigned char *data, size_t size)
{
    struct offer o = {.has_groups = false};
    struct reader r = {data, data + size};
    number(&r, 3 + 2); /* record: type, version, length */
    number(&r, 1 + 3); /* handshake: type, length */
    number(&r, 2);     /* legacy version */
    if (r.end - r.at < 32)
        return o;
    r.at += 32; /* random */
    vector(&r, 1);
    o.suites = vector(&r, 2);
    vector(&r, 1);
    read_extensions(vector(&r, 2), &o);
    return o;
}

/* --- telling --------------------------------------------------------------------------------- */

#define HELLO_SIZE 16384

static bool is_signal(unsigned id)
{
    const struct suite *s = suite_by_id((uint16_t)id);
    return s ? suite_has(s, SUITE_SIGNAL) : id == 0x00ff || id == 0x5600;
}

static void tell_numbers(struct reader list, const char *what, FILE *out)
{
    while (list.at < list.end)
        fprintf(out, "%s 0x%04X\n", what, number(&list, 2));
}

struct telling {
    FILE *out;
    const char *what;
};

static void tell_word(void *ctx, const char *word)
{
    const struct telling *t = ctx;
    fprintf(t->out, "%s %s\n", t->what, word);
}

/* Versions that know no such extension still heed the list: then the words are what was said. */
static void tell_list(bool offered, struct reader list, const char *words,
                      const char *what, FILE *out)
{
    struct telling telling = {out, what};
    if (offered)
        tell_numbers(list, what, out);
    else
        list_each(words, tell_word, &telling);
}

static void tell_offer(const struct offer *o, const struct native *n, FILE *out)
{
    for (struct reader list = o->suites; list.at < list.end;) {
        unsigned id = number(&list, 2);
        if (!is_signal(id))
            fprintf(out, "suite %04X\n", id);
    }
    tell_list(o->has_groups, o->groups, n->groups, "group", out);
    tell_list(o->has_sigschemes, o->sigschemes, n->signature_algorithms, "sign", out);
}

static void tell_one(const struct libssl *s, const struct native *n, FILE *out)
{
    static const int versions[] = {0x0300, 0x0301, 0x0302, 0x0303, 0x0304};
    unsigned char data[HELLO_SIZE];
    int min, max;
    void *ctx = s->ctx_new(s->method());
    const char *refused = ctx ? configure(s, ctx, n) : "";
    if (refused) {
        fprintf(out, "refused %.*s\n", (int)strcspn(refused, "\n"), refused);
    } else {
        take_range(s, ctx, n, &min, &max);
        for (size_t i = 0; i < ARRAY_LEN(versions); i++)
            if (versions[i] >= min && versions[i] <= max &&
                hello(s, ctx, versions[i], versions[i], data, sizeof data))
                fprintf(out, "protocol %s\n",
                        protocol_by_wire((uint16_t)versions[i])->name);
        size_t size = hello(s, ctx, min, max, data, sizeof data);
        struct offer o = read_offer(data, size);
        tell_offer(&o, n, out);
    }
    fprintf(out, "end -\n");
    s->ctx_free(ctx);
}

bool openssl_tell(void *handle, const struct native *questions, size_t count, FILE *out)
{
    struct libssl s = {.init = NULL};
    if (!load(handle, &s))
        return false;
    if (s.init)
        s.init(0, NULL);
    else
        s.init_old();
    tell_version(&s, out);
    for (size_t i = 0; i < count; i++)
        tell_one(&s, &questions[i], out);
    return true;
}
