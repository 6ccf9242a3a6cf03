/* Are the libraries of a program read from it, and garbage refused? */
#include "base/elf.h"
#include "base/file.h"
#include "unit/unit.h"

#include <string.h>
#include <unistd.h>

START_TEST(reads_what_a_program_needs)
{
    struct err err = ERR_INIT;
    CLEANUP(strv_release) struct strv needed = STRV_INIT;
    ck_assert_msg(elf_needed("/proc/self/exe", &needed, &err) == 0, "%s", err.text);
    ck_assert(strv_has(&needed, "libc.so.6"));
    char *soname = NULL;
    ck_assert_int_eq(elf_soname("/proc/self/exe", &soname, &err), 0);
    ck_assert_ptr_null(soname);
}
END_TEST

/* Cut and scribbled copies of this very program. */
START_TEST(refuses_garbage)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf image = BUF_INIT;
    ck_assert_int_eq(file_read("/proc/self/exe", FILE_LIMIT, &image, NULL, &err), 0);
    const size_t sizes[] = {0, 3, 16, 63, 64, 100, 1000, image.len / 2};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char path[] = "/tmp/elf-XXXXXX";
        int fd = mkstemp(path);
        ck_assert_int_eq(file_write_all(fd, image.data, sizes[i], path, &err), 0);
        close(fd);
        CLEANUP(strv_release) struct strv needed = STRV_INIT;
        int rc = elf_needed(path, &needed, &err);
        unlink(path);
        if (rc < 0) {
            ck_assert_int_eq(err.kind, ERR_INPUT);
            ck_assert_ptr_nonnull(strstr(err.text, "not an ELF program or library"));
        }
        ck_assert(rc == -1 || needed.count == 0);
    }
    CLEANUP(strv_release) struct strv needed = STRV_INIT;
    ck_assert_int_eq(elf_needed("/nonexistent", &needed, &err), -1);
    ck_assert_int_eq(err.kind, ERR_SYSTEM);
}
END_TEST

UNIT_MAIN("elf", reads_what_a_program_needs, refuses_garbage)
