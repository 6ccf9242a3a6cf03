/*
 * Fuzzes what a library's process says to the one that asked: it ran foreign code, and we may be root. Any
 * bytes are an answer to each question, or an error.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dialect/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct library library = {DIALECT_GNUTLS, "3.7.9", "/lib/libgnutls.so.30"};
    struct resolution answers[2];
    struct err err = ERR_INIT;
    char *text = mem_strndup((const char *)data, size);
    memset(answers, 0, sizeof answers);
    int rc = answer_read(&library, text, answers, 2, &err);
    if (rc == 0 && (!answers[0].resolved.source || !answers[1].resolved.source))
        abort();
    if (rc < 0 && err.kind != ERR_SYSTEM)
        abort();
    for (size_t i = 0; i < 2; i++)
        resolution_release(&answers[i]);
    free(text);
    return 0;
}
