/*
 * ELF by libelf, which is given a whole file in memory: a file that somebody swaps or cuts while
 * we look cannot surprise it, and every offset is its to check.
 */
#include "base/elf.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>

#include "base/file.h"

static void elf_endp(Elf **e)
{
    if (*e)
        elf_end(*e);
    *e = NULL;
}

static int damaged(const char *path, struct err *err)
{
    return err_at(err, path, 0, 0, "not an ELF program or library, or a damaged one");
}

/* Calls `take` for every string of the dynamic section with that tag. */
static int dynamic_strings(const char *path, GElf_Sxword tag, struct strv *ret,
                           struct err *err)
{
    CLEANUP(buf_release) struct buf image = BUF_INIT;
    if (file_read(path, FILE_LIMIT, &image, NULL, err) < 0)
        return -1;
    elf_version(EV_CURRENT);
    CLEANUP(elf_endp) Elf *elf = image.len ? elf_memory(image.data, image.len) : NULL;
    if (!elf || elf_kind(elf) != ELF_K_ELF)
        return damaged(path, err);
    CLEANUP(strv_release) struct strv found = STRV_INIT;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        GElf_Shdr head;
        if (!gelf_getshdr(section, &head))
            return damaged(path, err);
        if (head.sh_type != SHT_DYNAMIC || head.sh_entsize == 0)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        for (int i = 0; data && (GElf_Xword)i < head.sh_size / head.sh_entsize; i++) {
            GElf_Dyn entry;
            if (!gelf_getdyn(data, i, &entry) || entry.d_tag == DT_NULL)
                break;
            if (entry.d_tag != tag)
                continue;
            const char *name = elf_strptr(elf, head.sh_link, entry.d_un.d_val);
            if (!name)
                return damaged(path, err);
            strv_add(&found, name);
        }
    }
    for (size_t i = 0; i < found.count; i++)
        strv_add(ret, found.items[i]);
    return 0;
}

int elf_needed(const char *path, struct strv *ret, struct err *err)
{
    return dynamic_strings(path, DT_NEEDED, ret, err);
}

int elf_soname(const char *path, char **ret, struct err *err)
{
    CLEANUP(strv_release) struct strv names = STRV_INIT;
    if (dynamic_strings(path, DT_SONAME, &names, err) < 0)
        return -1;
    *ret = names.count ? mem_strdup(names.items[0]) : NULL;
    return 0;
}
