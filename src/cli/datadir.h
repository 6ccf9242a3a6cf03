/* Where profiles and templates are. */
#ifndef CLI_DATADIR_H
#define CLI_DATADIR_H

/* TLSHARDEN_DATADIR, else the source tree that a build/tlsharden stands in, else the installed
 * directory; NULL when there is none. Owned by the caller (free). */
char *datadir_find(void);

#endif
