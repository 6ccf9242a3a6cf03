/* Fuzzes postfix-main documents; see format_fuzz.h for what is asked. */
#include <stdint.h>

#include "fuzz/format_fuzz.h"

static const struct format_fuzz what = {
    .format = "postfix-main",
    .fragment = "# why\n"
                "a = new value\n"
                "b = x\n"
                "b = y\n"
                "c =\n"
                "#d = gone\n"
                "e = ${x?{a}:{b}}, two\n",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_format(&what, data, size);
}
