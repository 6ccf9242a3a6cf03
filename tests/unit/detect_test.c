/*
 * Is a service found by dpkg's word and by its own files, which TLS library has it, and which features?
 * The objects are copies of this program, which is linked with OpenSSL; scribbled ones need GnuTLS.
 */
#include "service/detect.h"
#include "service/version.h"
#include "unit/tree.h"

#define OBJECT "/usr/lib/example/tls.so"
#define INSTALLED(name, version)                                                         \
    "Package: " name "\nStatus: install ok installed\nVersion: " version "\n"
#define TREE(root) char *root CLEANUP(tree_remove) = tree_make()

static const char spec[] =
    "{\"packages\":[\"example\",\"example-bin\"],\"binary\":\"/usr/sbin/example\","
    "\"tls_objects\":[\"/usr/lib/example/none.so\",\"" OBJECT "\"],"
    "\"features\":{\"new\":{\"service\":\">=2.4.36\"},"
    "\"both\":{\"service\":\">=2\",\"openssl\":\">=1.1.1\"},"
    "\"other\":{\"gnutls\":\">=3\"},\"never\":{\"service\":\"oddly\"}}}";

/* Replaces every `from` of the image by `to`, which is as long. */
static void scribble(struct buf *image, const char *from, const char *to)
{
    size_t n = strlen(from), count = 0;
    ck_assert_uint_eq(n, strlen(to));
    for (char *at = image->data;
         (at = memmem(at, (size_t)(image->data + image->len - at), from, n)); at += n) {
        for (size_t i = 0; i < n; i++)
            at[i] = to[i];
        count++;
    }
    ck_assert_uint_gt(count, 0);
}

static void put_object(const char *root, const char *path, bool gnutls)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf image = BUF_INIT;
    CLEANUP(mem_freep) char *real = file_join(root, path);
    ck_assert_int_eq(file_read("/proc/self/exe", FILE_LIMIT, &image, NULL, &err), 0);
    CLEANUP(mem_freep) char *ssl = mem_printf("lib%s.so.3", "ssl");
    CLEANUP(mem_freep) char *crypto = mem_printf("lib%s.so.3", "crypto");
    if (gnutls) {
        scribble(&image, ssl, "libxxx.so.3");
        scribble(&image, crypto, "libgnutls.so.9");
    }
    tree_write(root, path, "", 0755);
    CLEANUP(fd_close) int fd = open(real, O_WRONLY);
    ck_assert_int_eq(file_write_all(fd, image.data, image.len, real, &err), 0);
}

/* "VERSION KIND LIBRARY-VERSION features", or what else came of it. */
static char *detect(const char *root)
{
    struct err err = ERR_INIT;
    CLEANUP(host_release) struct host host = HOST_INIT;
    CLEANUP(detected_release) struct detected d = DETECTED_INIT;
    json_t *json CLEANUP(json_decrefp) = json_loads(spec, 0, NULL);
    struct service service = {.name = mem_strdup("example"), .spec = json};
    ck_assert_int_eq(host_open(root, &host, &err), 0);
    ck_assert(!host.live && !host.systemd && host.listening.count == 0);
    int rc = service_detect(&service, &host, &d, &err);
    free(service.name);
    if (rc != 0)
        return rc == 1 ? mem_strdup("not installed") : mem_strdup(err.text);
    json_t *has CLEANUP(json_decrefp) = service_features(&service, &d), *v;
    struct buf out = BUF_INIT;
    const char *name;
    buf_addf(&out, "%s %s %s:", d.version, dialect_name(d.library.kind),
             d.library_version);
    json_object_foreach(has, name, v) if (json_is_true(v)) buf_addf(&out, " %s", name);
    ck_assert_str_eq(d.library.version, d.library_version);
    return buf_take(&out);
}

#define DETECTS(root, expected)                                                          \
    do {                                                                                 \
        CLEANUP(mem_freep) char *got_ = detect(root);                                    \
        ck_assert_msg(strcmp(got_, expected) == 0, "got '%s'", got_);                    \
    } while (0)

static void packages(const char *root, const char *text)
{
    tree_write(root, "/var/lib/dpkg/status", text, 0644);
}

START_TEST(the_object_decides)
{
    TREE(root);
    put_object(root, OBJECT, false);
    packages(root, INSTALLED("example-bin", "1:2.4.57+dfsg-2~deb12u1") "\n" INSTALLED(
                       "libssl3", "3.0.11-1~deb12u2") "\n");
    DETECTS(root, "2.4.57 openssl 3.0.11: new both openssl");
    put_object(root, OBJECT, true);
    packages(root, INSTALLED("example", "2.4.35-1") "\n" INSTALLED("libgnutls9",
                                                                   "3.7.9-2") "\n");
    DETECTS(root, "2.4.35 gnutls 3.7.9: other gnutls");
}
END_TEST

START_TEST(other_names_of_the_librarys_package)
{
    TREE(root);
    put_object(root, OBJECT, false);
    packages(root,
             INSTALLED("example", "2.4.36") "\n" INSTALLED("libssl3t64", "3.3.2-1") "\n");
    DETECTS(root, "2.4.36 openssl 3.3.2: new both openssl");
}
END_TEST

/* Without packages: the program is there, but nobody knows a version; then no feature holds. */
START_TEST(program_without_package)
{
    TREE(root);
    put_object(root, OBJECT, false);
    DETECTS(root, "not installed");
    tree_write(root, "/usr/sbin/example", "", 0755);
    DETECTS(root, " openssl : openssl");
}
END_TEST

START_TEST(dependencies_decide_where_no_object_does)
{
    TREE(root);
    packages(root, INSTALLED("example", "3.0-1") "Depends: libc6 (>= 2.36), notlibssl9, "
                                                 "libssl3 (>= 3.0.0), x\n\n" INSTALLED(
                                                     "libssl3", "3.0.11-1") "\n");
    DETECTS(root, "3.0 openssl 3.0.11: new both openssl");
    packages(root, INSTALLED("example", "3.0-1") "Depends: libgnutls30 (>= 3.7)\n\n");
    DETECTS(root, "3.0 gnutls : new gnutls");
}
END_TEST

START_TEST(what_cannot_be_told)
{
    TREE(root);
    packages(root, INSTALLED("example", "3.0-1") "Depends: libc6, mylibssl3\n\n");
    DETECTS(root, "example: cannot tell which TLS library it uses: none of its files is "
                  "linked with OpenSSL or GnuTLS");
    packages(root, "Package: example\nStatus: deinstall ok config-files\nVersion: 3.0\n\n"
                   "Package: example2\nStatus: install ok installed\nVersion: 1\n\n");
    DETECTS(root, "not installed");
    packages(root, INSTALLED("example", "3.0-1"));
    tree_write(root, OBJECT, "this is no ELF object", 0755);
    CLEANUP(mem_freep) char *got = detect(root);
    ck_assert_msg(strstr(got, "not an ELF program or library") != NULL, "%s", got);
}
END_TEST

START_TEST(upstream_versions)
{
    static const char *const pairs[][2] = {{"2.4.57-2", "2.4.57"},
                                           {"1:2.4.57+dfsg-2~deb12u1", "2.4.57"},
                                           {"5.0.13+1.0.16-3+b6", "5.0.13"},
                                           {"3.0", "3.0"},
                                           {"3.1~rc1", "3.1"},
                                           {"", ""}};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        CLEANUP(mem_freep) char *got = version_upstream(pairs[i][0]);
        ck_assert_str_eq(got, pairs[i][1]);
    }
}
END_TEST

START_TEST(conditions_on_versions)
{
    static const struct {
        const char *version, *condition;
        bool holds;
    } cases[] = {{"2.4.36", ">=2.4.36", true}, {"2.4.36", ">2.4.36", false},
                 {"2.4.100", ">2.4.36", true}, {"2.4", "<2.4.1", true},
                 {"2.4.36", "<=2.4.36", true}, {"2.4.36", "=2.4.36", true},
                 {"2.4.37", "=2.4.36", false}, {"3", ">= 2.4", true},
                 {"1.1.1", ">=1.1.1", true},   {"3.0.11", ">=1.1.1", true},
                 {"", ">=1", false},           {"1", "1", false},
                 {"1", ">=", false},           {"1", "", false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        ck_assert_msg(version_satisfies(cases[i].version, cases[i].condition) ==
                          cases[i].holds,
                      "%s %s", cases[i].version, cases[i].condition);
}
END_TEST

UNIT_MAIN("detect", the_object_decides, other_names_of_the_librarys_package,
          program_without_package, dependencies_decide_where_no_object_does,
          what_cannot_be_told, upstream_versions, conditions_on_versions)
