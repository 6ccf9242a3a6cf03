/*
 * Fuzzes certificate_check: the bytes are chain, key and CA file at once, in a tree of its own. Whatever
 * they are: every finding is complete and on one line, and looking things up agrees with the check on
 * whether there is a certificate.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "probe/certificate.h"

#define FUZZ_ASSERT(condition)                                                           \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                     \
        }                                                                                \
    } while (0)

static char root[64];

static void clean_up(void)
{
    char path[80];
    snprintf(path, sizeof path, "%s/pem", root);
    unlink(path);
    rmdir(root);
}

/* The tree is in memory where there is such a place. */
static void make_root(void)
{
    snprintf(root, sizeof root, "%s/tlsharden-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    FUZZ_ASSERT(mkdtemp(root));
    atexit(clean_up);
}

static void put(const uint8_t *data, size_t size)
{
    struct err err = ERR_INIT;
    char path[80];
    snprintf(path, sizeof path, "%s/pem", root);
    CLEANUP(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_ASSERT(fd >= 0 && file_write_all(fd, data, size, path, &err) == 0);
}

static bool one_line(const char *text)
{
    if (!text || !*text)
        return false;
    for (; *text; text++)
        if ((unsigned char)*text < ' ')
            return false;
    return true;
}

static void check(const struct certificate_files *files)
{
    char name[] = "x";
    const struct user reader = {.name = name, .uid = 1, .gid = 1};
    CLEANUP(certificate_report_release)
    struct certificate_report report = CERTIFICATE_REPORT_INIT;
    CLEANUP(strv_release) struct strv names = STRV_INIT, curves = STRV_INIT;
    strv_add(&names, "www.example.org");
    strv_add(&names, "192.0.2.1");
    strv_add(&curves, "secp384r1");
    const struct certificate_rules rules = {.rsa_min_bits = 4096,
                                            .curves = &curves,
                                            .names = &names,
                                            .expiry_warn_days = 30,
                                            .max_lifetime_days = 30,
                                            .reader = &reader,
                                            .now = 1800000000};
    certificate_check(files, &rules, &report);
    for (size_t i = 0; i < report.count; i++)
        FUZZ_ASSERT(report.items[i].id && report.items[i].file &&
                    one_line(report.items[i].what) && one_line(report.items[i].remedy));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = ERR_INIT;
    CLEANUP(mem_freep) char *type = NULL;
    bool responder = false;
    if (!*root)
        make_root();
    put(data, size);
    struct certificate_files files = {.root = root, .chain = "/pem", .key_first = true};
    check(&files);
    files = (struct certificate_files){
        .root = root, .chain = "/pem", .key = "//pem", .ca = "/pem", .any_order = true};
    check(&files);
    int has = certificate_has_responder(root, "/pem", &responder, &err);
    int kind = certificate_key_type(root, "/pem", &type, NULL, &err);
    FUZZ_ASSERT(kind < 0 || (has == 0 && type));
    return 0;
}
