/* Fuzzes keyword documents; see format_fuzz.h for what is asked. */
#include <stdint.h>

#include "fuzz/format_fuzz.h"

static const struct format_fuzz what = {
    .format = "keyword",
    .scope = "database",
    .fragment = "# why\n"
                "TLSCipherSuite NORMAL\n"
                "TLSCertificateFile \"/a b\"\n"
                "#TLSProtocolMin 3.3\n"
                "security ssf=1\n"
                "    tls=1\n",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_format(&what, data, size);
}
