/* Fuzzes ldif documents; see format_fuzz.h for what is asked. */
#include <stdint.h>

#include "fuzz/format_fuzz.h"

static const struct format_fuzz what = {
    .format = "ldif",
    .scope = "entry",
    .fragment = "olcTLSCipherSuite: NORMAL\n"
                "olcTLSCertificateFile: /x\n"
                "olcA: 1\n"
                "olcA:: /w==\n"
                "#olcB: x\n",
    .rules = "{\"before\": [\"structuralobjectclass\"]}",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_format(&what, data, size);
}
