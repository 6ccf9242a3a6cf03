/*
 * /proc/net/tcp and tcp6: one line a socket, addresses in hexadecimal, each 32-bit word in the
 * machine's byte order. A kernel without IPv6 has no tcp6, which is no error.
 */
#include "base/listening.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define STATE_LISTEN 0x0A

void listening_release(struct listening *l)
{
    free(l->items);
    *l = (struct listening)LISTENING_INIT;
}

static bool read_address(const char *hex, int family, char *ret, size_t size)
{
    unsigned words[4] = {0};
    size_t count = family == AF_INET ? 1 : 4;
    bool any = true;
    for (size_t i = 0; i < count; i++) {
        char word[9] = {0};
        memcpy(word, hex + 8 * i, 8);
        words[i] = (unsigned)strtoul(word, NULL, 16);
        any = any && words[i] == 0;
    }
    if (any)
        return snprintf(ret, size, "%s", family == AF_INET ? "127.0.0.1" : "::1") > 0;
    return inet_ntop(family, words, ret, (socklen_t)size) != NULL;
}

/* "  0: 0100007F:0016 00000000:0000 0A ..." */
static void read_line(struct listening *l, const char *line, int family)
{
    size_t digits = family == AF_INET ? 8 : 32;
    const char *address = strchr(line, ':');
    if (!address || strlen(address) < 2 + digits + 5)
        return;
    address += 2;
    char *end = NULL;
    unsigned long port = strtoul(address + digits + 1, &end, 16);
    const char *state = end && *end == ' ' ? strchr(end + 1, ' ') : NULL;
    if (!state || port > 65535 || strtoul(state + 1, NULL, 16) != STATE_LISTEN)
        return;
    struct listening_socket found = {.port = (unsigned)port};
    if (!read_address(address, family, found.address, sizeof found.address))
        return;
    MEM_GROW(l->items, l->count, l->cap);
    l->items[l->count++] = found;
}

static int read_table(struct listening *l, const char *path, int family, struct err *err)
{
    CLEANUP(file_closep) FILE *file = fopen(path, "re");
    if (!file)
        return family == AF_INET6 && errno == ENOENT
                   ? 0
                   : err_sys(err, errno, "read '%s'", path);
    char line[512];
    for (bool header = true; fgets(line, sizeof line, file); header = false)
        if (!header)
            read_line(l, line, family);
    return 0;
}

int listening_read(struct listening *ret, struct err *err)
{
    struct listening l = LISTENING_INIT;
    if (read_table(&l, "/proc/self/net/tcp", AF_INET, err) < 0 ||
        read_table(&l, "/proc/self/net/tcp6", AF_INET6, err) < 0) {
        listening_release(&l);
        return -1;
    }
    *ret = l;
    return 0;
}

const char *listening_at(const struct listening *l, unsigned port)
{
    const char *found = NULL;
    for (size_t i = 0; i < l->count; i++) {
        if (l->items[i].port != port)
            continue;
        if (strcmp(l->items[i].address, "127.0.0.1") == 0)
            return l->items[i].address;
        if (!found || strcmp(l->items[i].address, "::1") == 0)
            found = l->items[i].address;
    }
    return found;
}
