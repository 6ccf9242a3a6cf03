/* Fuzzes postfix-master documents; see format_fuzz.h for what is asked. */
#include <stdint.h>

#include "fuzz/format_fuzz.h"

static const struct format_fuzz what = {
    .format = "postfix-master",
    .fragment = "submission inet n - y - - smtpd\n"
                "  -o a=new\n"
                "  -o { b = x, y }\n"
                "#  -o c=\n"
                "  -o d=\n"
                "#smtps inet n - - - - smtpd\n"
                "smtp inet n - - - - smtpd\n"
                "  -o a=$x\n",
    .rules = "{\"same_names\": [[\"submission\", \"587\"], [\"submissions\", \"smtps\", "
             "\"465\"]], \"only_existing\": [\"smtp/inet\"]}",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_format(&what, data, size);
}
