/* What an ELF file says about itself and the libraries that it is linked with. */
#ifndef BASE_ELF_H
#define BASE_ELF_H

#include "base/err.h"
#include "base/strv.h"

/* Appends the DT_NEEDED names of the program or shared object at `path` to `ret`, in file order.
 * A static program adds none. ERR_SYSTEM: cannot be read; ERR_INPUT: not an ELF file, or a
 * damaged one. `ret` is untouched on failure. Ref: elf(5). */
int elf_needed(const char *path, struct strv *ret, struct err *err) MUST_CHECK;

/* Sets `*ret` to the DT_SONAME of the shared object, or NULL when it has none; owned by the
 * caller (free). Errors as above. */
int elf_soname(const char *path, char **ret, struct err *err) MUST_CHECK;

#endif
