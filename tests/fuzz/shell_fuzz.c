/* Fuzzes shell documents; see format_fuzz.h for what is asked. */
#include <stdint.h>

#include "fuzz/format_fuzz.h"

static const struct format_fuzz what = {
    .format = "shell",
    .fragment = "# why\n"
                "A=new\n"
                "B='a b'\n"
                "C=\n"
                "export_=x\n"
                "#D=gone\n"
                "E=\"x:y\"\n",
    .rules = "{\"sole\": [\"B\", \"E\"]}",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_format(&what, data, size);
}
