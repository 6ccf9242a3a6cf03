/* Does base/buf keep bytes as promised? */
#include "base/buf.h"
#include "unit/unit.h"

#include <string.h>

START_TEST(holds_any_bytes)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT;
    buf_add(&b, "a\0b", 3);
    buf_addf(&b, "%d", 42);
    ck_assert_uint_eq(b.len, 5);
    ck_assert_mem_eq(b.data, "a\0b42", 6);
}
END_TEST

START_TEST(grows_across_its_first_size)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT;
    for (int i = 0; i < 1000; i++)
        buf_addc(&b, (char)('a' + i % 26));
    ck_assert_uint_eq(b.len, 1000);
    ck_assert_int_eq(b.data[999], 'a' + 999 % 26);
    ck_assert_int_eq(b.data[1000], '\0');
}
END_TEST

START_TEST(lines_keep_their_ends)
{
    struct bytes rest = BYTES("one\r\n\nlast"), line;
    ck_assert(bytes_next_line(&rest, &line));
    ck_assert(bytes_is(line, "one\r\n"));
    ck_assert(bytes_next_line(&rest, &line));
    ck_assert(bytes_is(line, "\n"));
    ck_assert(bytes_next_line(&rest, &line));
    ck_assert(bytes_is(line, "last"));
    ck_assert(!bytes_next_line(&rest, &line));
}
END_TEST

UNIT_MAIN("buf", holds_any_bytes, grows_across_its_first_size, lines_keep_their_ends)
