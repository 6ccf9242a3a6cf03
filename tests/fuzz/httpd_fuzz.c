/* Fuzzes httpd documents; see format_fuzz.h for what is asked. */
#include <stdint.h>

#include "fuzz/format_fuzz.h"

static const struct format_fuzz what = {
    .format = "httpd",
    .scope = "VirtualHost",
    .fragment = "# why\n"
                "A new\n"
                "Pair /1\n"
                "Pair /2\n"
                "Suite \"a b\"\n"
                "#Suite X\n"
                "#Gone\n"
                "Cmd Groups x\n"
                "#Cmd\n"
                "Header always set H \"v\"\n"
                "#Header set G\n"
                "<IfModule m>\n"
                "    Listen 1\n"
                "</IfModule>\n"
                "<Location \"/\">\n"
                "    A in\n"
                "</Location>\n",
    .rules = "{\"key_args\": {\"Cmd\": 1, \"Listen\": 1}, \"key_words\": {\"Suite\": "
             "[\"X\"]}, "
             "\"header_like\": [\"Header\"]}",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_format(&what, data, size);
}
