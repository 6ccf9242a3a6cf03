/*
 * A server of the test's own: forked, on 127.0.0.1 and a port of the kernel's choice, one connection at a
 * time, gone with the test. It speaks TLS through libssl, or misbehaves as it is told.
 *
 *     CLEANUP(server_stop) struct server s = server_start(&(struct server_rules){.min = TLS1_2_VERSION});
 *     handshake(&s.endpoint, ...)
 */
#ifndef UNIT_SERVER_H
#define UNIT_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/endpoint.h"
#include "unit/dialogues.h"
#include "unit/unit.h"

enum server_manner {
    SERVER_TLS,
    SERVER_CLOSES,  /* at once */
    SERVER_RESETS,  /* once something was heard */
    SERVER_SILENT,  /* hears and says nothing */
    SERVER_BABBLES, /* says what is no TLS */
    SERVER_SAYS,    /* says `text` once something was heard, and closes */
};

/* Whether a refused ClientHello is answered by an alert, or as GnuTLS servers do it. */
enum server_refusal { REFUSE_BY_ALERT, REFUSE_BY_CLOSING };

struct server_rules {
    enum server_manner manner;
    enum server_refusal refusal;
    int min, max;             /* TLS versions; 0: all */
    const char *ciphers;      /* NULL: all */
    const char *ciphersuites; /* NULL: libssl's */
    const char *key;          /* "RSA" (default), "EC" */
    const char *name;         /* in the certificate; NULL: mail.example.test */
    int age_days;             /* the certificate began that long ago and lasts 30 days */
    bool wants_certificate;
    bool no_ticket;
    bool staple;
    const char *starttls; /* the dialogue that a client is told to begin; NULL: none */
    const char *speaks;   /* the one that the server knows; NULL: "smtp" */
    struct bytes text;    /* of SERVER_SAYS; with TLS: said after the handshake */
    int delay_ms;         /* TLS begins only then */
    int dies_after; /* connections that are served; the rest are closed at once; 0: none */
};

struct server {
    struct endpoint endpoint;
    char *ca_file;         /* the certificate is its own CA */
    unsigned *connections; /* counted by the server, in shared memory */
    pid_t pid;
};

/* --- certificate ----------------------------------------------------------------------------- */

static inline X509 *server_certificate(const struct server_rules *r, EVP_PKEY *key)
{
    X509 *cert = X509_new();
    const char *name = r->name ? r->name : "mail.example.test";
    char alt[200];
    snprintf(alt, sizeof alt, "DNS:%s,DNS:*.wild.example.test,IP:127.0.0.1", name);
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -(long)r->age_days * 86400 - 3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), (30L - r->age_days) * 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_set_pubkey(cert, key);
    const struct {
        int nid;
        const char *value;
    } extensions[] = {{NID_subject_alt_name, alt},
                      {NID_basic_constraints, "critical,CA:TRUE"},
                      {NID_info_access, "OCSP;URI:http://ocsp.example.test/"}};
    for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
        X509_EXTENSION *e =
            X509V3_EXT_conf_nid(NULL, NULL, extensions[i].nid, extensions[i].value);
        ck_assert_ptr_nonnull(e);
        X509_add_ext(cert, e, -1);
        X509_EXTENSION_free(e);
    }
    ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
    return cert;
}

static inline char *server_write_ca(X509 *cert)
{
    const char *base = getenv("TMPDIR");
    char *path = mem_printf("%s/tlsharden-ca-XXXXXX", base ? base : "/tmp");
    int fd = mkstemp(path);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(PEM_write_X509(f, cert), 1);
    ck_assert_int_eq(fclose(f), 0);
    return path;
}

/* --- what it does ---------------------------------------------------------------------------- */

static inline int server_staple(SSL *ssl, void *arg)
{
    static const char response[] = "not a real response";
    unsigned char *copy = OPENSSL_memdup(response, sizeof response);
    (void)arg;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)sizeof response);
    return SSL_TLSEXT_ERR_OK;
}

static inline SSL_CTX *server_context(const struct server_rules *r, X509 *cert,
                                      EVP_PKEY *key)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, r->min ? r->min : TLS1_VERSION);
    SSL_CTX_set_max_proto_version(ctx, r->max);
    SSL_CTX_set_cipher_list(ctx, r->ciphers ? r->ciphers : "ALL:@SECLEVEL=0");
    if (r->ciphersuites)
        SSL_CTX_set_ciphersuites(ctx, r->ciphersuites);
    SSL_CTX_use_certificate(ctx, cert);
    SSL_CTX_use_PrivateKey(ctx, key);
    SSL_CTX_set_dh_auto(ctx, 1);
    if (r->wants_certificate)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    if (r->no_ticket) {
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(ctx, 0);
    }
    if (r->staple)
        SSL_CTX_set_tlsext_status_cb(ctx, server_staple);
    return ctx;
}

/* As GnuTLS servers do it: what libssl wants to say about a refusal is kept from the client. */
static inline void server_tls_quietly(SSL *ssl, int fd)
{
    char data[4096], *said = NULL;
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, in, out);
    for (;;) {
        int result = SSL_accept(ssl);
        if (result != 1 && SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ)
            return;
        long n = BIO_get_mem_data(out, &said);
        if (n > 0 && write(fd, said, (size_t)n) < 0)
            return;
        (void)BIO_reset(out);
        ssize_t got = read(fd, data, sizeof data);
        if (got <= 0)
            return;
        BIO_write(in, data, (int)got);
    }
}

static inline void server_tls(const struct server_rules *r, SSL *ssl, int fd)
{
    char data[512];
    SSL_set_fd(ssl, fd);
    usleep((useconds_t)r->delay_ms * 1000);
    if (SSL_accept(ssl) == 1) {
        if (r->text.len) {
            SSL_read(ssl, data, sizeof data);
            SSL_write(ssl, r->text.data, (int)r->text.len);
        }
        while (SSL_read(ssl, data, sizeof data) > 0)
            continue;
        return;
    }
    shutdown(fd, SHUT_WR); /* our alert must not be lost in a reset */
    while (read(fd, data, sizeof data) > 0)
        continue;
}

static inline void server_misbehave(const struct server_rules *r, int fd)
{
    char heard[2048];
    struct linger now = {.l_onoff = 1};
    if (r->manner == SERVER_CLOSES)
        return;
    if (read(fd, heard, sizeof heard) <= 0)
        return;
    if (r->manner == SERVER_RESETS)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    if (r->manner == SERVER_SILENT)
        while (read(fd, heard, sizeof heard) > 0)
            continue;
    if (r->manner == SERVER_BABBLES &&
        write(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28) < 0)
        return;
    if (r->manner == SERVER_SAYS && write(fd, r->text.data, r->text.len) < 0)
        return;
    if (r->manner != SERVER_RESETS) {
        shutdown(fd, SHUT_WR);
        while (read(fd, heard, sizeof heard) > 0)
            continue;
    }
}

static inline _Noreturn void server_loop(const struct server_rules *r, SSL_CTX *ctx,
                                         int listener, unsigned *connections)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        struct timeval wait = {.tv_sec = 20};
        if (fd < 0)
            _exit(1);
        ++*connections;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        bool dead = r->dies_after && *connections > (unsigned)r->dies_after;
        const char *speaks = r->speaks ? r->speaks : "smtp";
        if (!dead && (!r->starttls || server_dialogue(fd, speaks))) {
            SSL *ssl = SSL_new(ctx);
            if (r->manner != SERVER_TLS)
                server_misbehave(r, fd);
            else if (r->refusal == REFUSE_BY_CLOSING)
                server_tls_quietly(ssl, fd);
            else
                server_tls(r, ssl, fd);
            SSL_free(ssl);
        }
        close(fd);
    }
}

/* --- from outside ---------------------------------------------------------------------------- */

static inline int server_listen(unsigned *port)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&here, size), 0);
    ck_assert_int_eq(listen(fd, 16), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&here, &size), 0);
    *port = ntohs(here.sin_port);
    return fd;
}

static inline struct server server_start(const struct server_rules *r)
{
    struct server s = {.endpoint = {.service = mem_strdup("postfix"),
                                    .role = mem_strdup("submission"),
                                    .address = mem_strdup("127.0.0.1"),
                                    .starttls = mem_strdup(r->starttls)}};
    bool ec = r->key && strcmp(r->key, "EC") == 0;
    EVP_PKEY *key = ec ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
    ck_assert_ptr_nonnull(key);
    X509 *cert = server_certificate(r, key);
    SSL_CTX *ctx = server_context(r, cert, key);
    s.ca_file = server_write_ca(cert);
    s.connections = mmap(NULL, sizeof *s.connections, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(s.connections != MAP_FAILED);
    int listener = server_listen(&s.endpoint.port);
    s.pid = fork();
    ck_assert_int_ge(s.pid, 0);
    if (s.pid == 0)
        server_loop(r, ctx, listener, s.connections);
    close(listener);
    SSL_CTX_free(ctx);
    X509_free(cert);
    EVP_PKEY_free(key);
    return s;
}

static inline void server_stop(struct server *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    munmap(s->connections, sizeof *s->connections);
    unlink(s->ca_file);
    free(s->ca_file);
    endpoint_release(&s->endpoint);
}

#endif
