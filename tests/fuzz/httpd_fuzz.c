/* Fuzzes Apache httpd documents; see format_fuzz.h for what is asked. */
#include <stdint.h>

#include "fuzz/format_fuzz.h"

static const struct format_fuzz what = {
    .format = "httpd",
    .scope = "VirtualHost",
    .fragment = "# why\n"
                "#SSLProtocol\n"
                "#SSLCipherSuite\n"
                "SSLCipherSuite TLSv1.3 TLS_AES_256_GCM_SHA384\n"
                "#SSLOpenSSLConfCmd Curves\n"
                "SSLEngine on\n"
                "SSLCertificateFile \"/a b\"\n"
                "SSLCertificateFile /c\n"
                "Header always set Strict-Transport-Security \"max-age=1\"\n"
                "<IfModule ssl_module>\n"
                "  Listen 443\n"
                "</IfModule>\n",
    .rules = "{\"key_args\": {\"SSLOpenSSLConfCmd\": 1, \"Include\": 1, \"Listen\": 1},"
             " \"key_words\": {\"SSLCipherSuite\": [\"TLSv1.3\"]},"
             " \"header_like\": [\"Header\"]}",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_format(&what, data, size);
}
