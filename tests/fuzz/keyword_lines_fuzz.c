/* Fuzzes keyword-lines documents; see format_fuzz.h for what is asked. */
#include <stdint.h>

#include "fuzz/format_fuzz.h"

static const struct format_fuzz what = {
    .format = "keyword-lines",
    .fragment = "# why\n"
                "TLS_CACERT /a b\n"
                "TLS_REQCERT demand\n"
                "#TLS_CRLCHECK none\n",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_format(&what, data, size);
}
