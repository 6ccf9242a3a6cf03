/* Is it SHA-256? The vectors of FIPS 180-4's examples. */
#include "base/digest.h"
#include "unit/unit.h"

START_TEST(vectors)
{
    char sum[DIGEST_SIZE];
    digest_sha256(BYTES("abc"), sum);
    ck_assert_str_eq(sum,
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_sha256(BYTES("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), sum);
    ck_assert_str_eq(sum,
                     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}
END_TEST

START_TEST(nothing_has_a_digest)
{
    char sum[DIGEST_SIZE];
    digest_sha256((struct bytes){.data = NULL, .len = 0}, sum);
    ck_assert_str_eq(sum,
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

UNIT_MAIN("digest", vectors, nothing_has_a_digest)
