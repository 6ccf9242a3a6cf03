/* The line is rewritten in place and cut at the terminal's width, so that it never scrolls. */
#include "cli/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/visible.h"

static size_t columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col
                                                                            : 80;
}

void progress(const struct cli *cli, const char *fmt, ...)
{
    if (cli->quiet || (!cli->terminal && !cli->verbose))
        return;
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    if (cli->verbose) {
        CLEANUP(mem_freep) char *shown = visible(bytes_str(text));
        fprintf(stderr, "tlsharden: %s\n", shown);
    } else {
        CLEANUP(mem_freep) char *shown = visible_cut(bytes_str(text), columns() - 20);
        fprintf(stderr, "\r\033[Ktlsharden: %s", shown);
    }
    free(text);
}

void progress_done(const struct cli *cli)
{
    if (cli->terminal && !cli->quiet && !cli->verbose)
        fputs("\r\033[K", stderr);
}
