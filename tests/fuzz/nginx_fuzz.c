/* Fuzzes nginx documents; see format_fuzz.h for what is asked. */
#include <stdint.h>

#include "fuzz/format_fuzz.h"

static const struct format_fuzz what = {
    .format = "nginx",
    .scope = "server",
    .fragment = "# why\n"
                "new \"a b\";\n"
                "pair /1;\n"
                "pair /2;\n"
                "#gone;\n"
                "command Groups x;\n"
                "#command;\n"
                "add_header H \"v\" always;\n"
                "#add_header G;\n"
                "if ($a = \"b\") {\n"
                "    return 301 https://$host;\n"
                "}\n",
    .rules = "{\"key_args\": {\"command\": 1, \"add_header\": 1}}",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_format(&what, data, size);
}
