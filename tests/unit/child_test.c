/*
 * Is a foreign library asked safely: that very file, without privileges, with an end? Libraries that
 * misbehave are compiled on the spot; copies of the real ones stand for "another file".
 */
#include "base/file.h"
#include "base/process.h"
#include "dialect/child.h"
#include "dialect/dialect.h"
#include "unit/unit.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct place {
    char dir[64];
};

static struct place place_make(void)
{
    struct place p = {"/tmp/tlsharden-child-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(p.dir));
    ck_assert_int_eq(chmod(p.dir, 0755), 0); /* nobody has to read it */
    return p;
}

static void place_remove(struct place *p)
{
    char *argv[] = {"/bin/rm", "-rf", p->dir, NULL};
    CLEANUP(process_release) struct process_result run = PROCESS_INIT;
    struct err err = ERR_INIT;
    ck_assert_int_eq(process_run(argv, NULL, &run, &err), 0);
}

/* Compiles a library from `body`; owned path. */
static char *compile(const struct place *p, const char *body)
{
    char *source = mem_printf("%s/evil.c", p->dir),
         *object = mem_printf("%s/libgnutls.so.30", p->dir);
    struct err err = ERR_INIT;
    FILE *f = fopen(source, "w");
    ck_assert_ptr_nonnull(f);
    fputs(body, f);
    fclose(f);
    char *argv[] = {"/usr/bin/cc", "-w", "-shared", "-fPIC", "-o", object, source, NULL};
    CLEANUP(process_release) struct process_result run = PROCESS_INIT;
    ck_assert_msg(process_run(argv, NULL, &run, &err) == 0, "%s", err.text);
    ck_assert(process_ok(&run));
    chmod(object, 0755);
    free(source);
    return object;
}

static int ask_path(enum dialect_kind kind, const char *path, struct native *n,
                    struct resolved *ret, struct err *err)
{
    struct library l;
    ck_assert_int_eq(dialect_local(kind, &l, err), 0);
    l.path = path;
    return dialect_resolve(&l, n, ret, err);
}

#define FAKE                                                                             \
    "#include <stdio.h>\n#include <unistd.h>\n#include <sys/types.h>\n"                  \
    "#include <sys/prctl.h>\n#include <fcntl.h>\n#include <stdlib.h>\n"                  \
    "const char *gnutls_check_version(const char *v) { return \"3.7.9\"; }\n"            \
    "void gnutls_priority_deinit(void *p) {}\n"                                          \
    "int gnutls_priority_get_cipher_suite_index(void *p, unsigned i, unsigned *r)"       \
    "{ return -56; }\n"                                                                  \
    "const char *gnutls_cipher_suite_info(size_t i, unsigned char *d, int *k, int *c,"   \
    " int *m, int *v) { return 0; }\n"                                                   \
    "int gnutls_priority_group_list(void *p, const unsigned **l) { return 0; }\n"        \
    "int gnutls_priority_sign_list(void *p, const unsigned **l) { return 0; }\n"         \
    "int gnutls_priority_protocol_list(void *p, const unsigned **l) { return 0; }\n"     \
    "const char *gnutls_group_get_name(int g) { return 0; }\n"                           \
    "const char *gnutls_sign_get_name(int g) { return 0; }\n"                            \
    "const char *gnutls_protocol_get_name(int g) { return 0; }\n"

/* What a library may still do is told through the one text that it hands back. */
START_TEST(the_child_has_no_privileges)
{
    struct place p = place_make();
    char *path = compile(
        &p, FAKE
        "static char text[200];\n"
        "int gnutls_priority_init(void **c, const char *s, const char **e) {\n"
        "  int fds = 0, fork_works = fork() >= 0;\n"
        "  for (int i = 4; i < 64; i++) fds += fcntl(i, F_GETFD) >= 0;\n"
        "  int fd = open(\"/tmp/tlsharden-child-wrote\", O_WRONLY | O_CREAT, 0600);\n"
        "  int wrote = fd >= 0 && write(fd, \"x\", 1) == 1;\n"
        "  unlink(\"/tmp/tlsharden-child-wrote\");\n"
        "  snprintf(text, sizeof text, \"root=%d groups=%d nnp=%d fork=%d fds=%d env=%d "
        "wrote=%d\",\n"
        "    getuid() == 0 || getgid() == 0, getgroups(0, 0) > 0,\n"
        "    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), fork_works, fds,\n"
        "    getenv(\"HOME\") != 0, wrote);\n"
        "  *e = text; return -1; }\n");
    char string[] = "NONE";
    struct native n = {.priority = string};
    struct resolved r = RESOLVED_INIT;
    struct err err = ERR_INIT;
    setenv("HOME", "/", 1);
    ck_assert_int_eq(ask_path(DIALECT_GNUTLS, path, &n, &r, &err), -1);
    const char *as_root = "root=0 groups=0 nnp=1 fork=0 fds=0 env=0 wrote=0";
    if (getuid() == 0) /* else the groups are our own, and limits do not bind others */
        ck_assert_msg(strstr(err.text, as_root) != NULL, "%s", err.text);
    ck_assert_msg(strstr(err.text, " nnp=1 ") && strstr(err.text, " fds=0 env=0 wrote=0"),
                  "%s", err.text);
    free(path);
    place_remove(&p);
}
END_TEST

static void fails_with(const char *body, const char *text)
{
    struct place p = place_make();
    char *path = compile(&p, body), string[] = "NONE";
    struct native n = {.priority = string};
    struct resolved r = RESOLVED_INIT;
    struct err err = ERR_INIT;
    ck_assert_int_eq(ask_path(DIALECT_GNUTLS, path, &n, &r, &err), -1);
    ck_assert_int_eq(err.kind, ERR_SYSTEM);
    ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
    free(path);
    place_remove(&p);
}

START_TEST(a_library_that_ends_the_process)
{
    fails_with(
        "#include <unistd.h>\n__attribute__((constructor)) void c(void) { _exit(0); }\n",
        "ended the process that asked it");
    fails_with(FAKE "int gnutls_priority_init(void **c, const char *s, const char **e) { "
                    "abort(); }\n",
               "ended the process that asked it");
    fails_with("int x;\n", "can't be loaded as GnuTLS");
}
END_TEST

START_TEST(a_library_that_never_answers)
{
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    fails_with("#include <unistd.h>\n__attribute__((constructor)) void c(void) { for "
               "(;;) pause(); }\n",
               "has not answered within 5 s");
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_int_le(after.tv_sec - before.tv_sec, CHILD_MS / 1000 + 2);
}
END_TEST

/* --- the real ones, elsewhere ---------------------------------------------------------------- */

/* Where the dynamic linker found it; owned. */
static char *path_of(const char *soname)
{
    void *handle = dlopen(soname, RTLD_NOW);
    struct link_map *map = NULL;
    ck_assert_msg(handle != NULL, "%s", soname);
    ck_assert_int_eq(dlinfo(handle, RTLD_DI_LINKMAP, &map), 0);
    return realpath(map->l_name, NULL);
}

static char *copy(const struct place *p, const char *soname)
{
    char *from = path_of(soname), *to = mem_printf("%s/%s", p->dir, soname);
    char *argv[] = {"/bin/cp", from, to, NULL};
    CLEANUP(process_release) struct process_result run = PROCESS_INIT;
    struct err err = ERR_INIT;
    ck_assert_msg(process_run(argv, NULL, &run, &err) == 0 && process_ok(&run), "%s",
                  err.text);
    chmod(to, 0755);
    free(from);
    return to;
}

static void same_answer(enum dialect_kind kind, const char *path, struct native *n)
{
    struct library l;
    struct err err = ERR_INIT;
    CLEANUP(resolved_release) struct resolved own = RESOLVED_INIT, other = RESOLVED_INIT;
    ck_assert_int_eq(dialect_local(kind, &l, &err), 0);
    ck_assert_msg(dialect_resolve(&l, n, &own, &err) == 0, "%s", err.text);
    ck_assert(!child_is_ours(path));
    ck_assert_msg(ask_path(kind, path, n, &other, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(own.protocols, other.protocols);
    ck_assert_uint_eq(own.suite_count, other.suite_count);
    for (size_t i = 0; i < own.suite_count; i++)
        ck_assert_ptr_eq(own.suites[i], other.suites[i]);
    ck_assert_uint_eq(own.group_count, other.group_count);
    ck_assert_uint_eq(own.sigscheme_count, other.sigscheme_count);
    ck_assert_str_eq(own.source, other.source);
    ck_assert(own.suite_count > 3 && other.by_library);
}

START_TEST(another_libssl_is_asked_itself)
{
    struct place p = place_make();
    char *crypto = copy(&p, "libcrypto.so.3"), *ssl = copy(&p, "libssl.so.3");
    char suites[] = "HIGH:!aNULL", suites13[] = "TLS_AES_256_GCM_SHA384",
         groups[] = "X448:P-256";
    char low[] = "TLSv1.2", high[] = "TLSv1.3",
         schemes[] = "ECDSA+SHA256:rsa_pss_rsae_sha256";
    struct native n = {.cipher_list = suites,
                       .ciphersuites = suites13,
                       .groups = groups,
                       .signature_algorithms = schemes,
                       .min_protocol = low,
                       .max_protocol = high};
    same_answer(DIALECT_OPENSSL, ssl, &n);
    free(crypto);
    free(ssl);
    place_remove(&p);
}
END_TEST

START_TEST(another_gnutls_is_asked_itself)
{
    struct place p = place_make();
    char *path = copy(&p, "libgnutls.so.30"), string[] = "NORMAL:-VERS-TLS1.0";
    struct native n = {.priority = string};
    same_answer(DIALECT_GNUTLS, path, &n);
    free(path);
    place_remove(&p);
}
END_TEST

START_TEST(what_has_no_name_here_is_told)
{
    char string[] = "NORMAL:+GROUP-GC256B";
    struct native n = {.priority = string};
    struct library l;
    struct err err = ERR_INIT;
    CLEANUP(resolved_release) struct resolved r = RESOLVED_INIT;
    ck_assert_int_eq(dialect_local(DIALECT_GNUTLS, &l, &err), 0);
    ck_assert_msg(dialect_resolve(&l, &n, &r, &err) == 0, "%s", err.text);
    ck_assert(strv_has(&r.unknown, "group GC256B"));
}
END_TEST

UNIT_MAIN("child", the_child_has_no_privileges, a_library_that_ends_the_process,
          a_library_that_never_answers, another_libssl_is_asked_itself,
          another_gnutls_is_asked_itself, what_has_no_name_here_is_told)
