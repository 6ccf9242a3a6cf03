/*
 * The data directory is recognised by what it must hold: profiles/ and templates/. A program run
 * as root must not take its data from where somebody else may write, so the source tree is taken
 * only from the folder above the program's own, never from the working directory.
 */
#include "cli/datadir.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static char *usable(char *dir)
{
    CLEANUP(mem_freep) char *profiles = file_join(dir, "profiles");
    CLEANUP(mem_freep) char *templates = file_join(dir, "templates");
    if (file_exists(profiles) && file_exists(templates))
        return dir;
    free(dir);
    return NULL;
}

/* DIR of DIR/BUILD/tlsharden when DIR looks like the source tree. */
static char *source_tree(void)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0 || (size_t)n >= sizeof path - 1)
        return NULL;
    path[n] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(path, '/');
        if (!slash || slash == path)
            return NULL;
        *slash = '\0';
    }
    return usable(mem_strdup(path));
}

char *datadir_find(void)
{
    const char *given = getenv("TLSHARDEN_DATADIR");
    if (given && *given)
        return mem_strdup(given);
    char *dir = source_tree();
    return dir ? dir : usable(mem_strdup(TLSHARDEN_DATA));
}
