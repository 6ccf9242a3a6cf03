/* Every format there is; for format.c's table. Others use format_find(). */
#ifndef FORMAT_FORMATS_H
#define FORMAT_FORMATS_H

#include "format/format.h"

extern const struct format format_httpd;          /* httpd.c: Apache httpd */
extern const struct format format_keyword;        /* keyword.c: slapd.conf */
extern const struct format format_keyword_lines;  /* keyword.c: ldap.conf */
extern const struct format format_ldif;           /* ldif.c: LDIF content records */
extern const struct format format_nginx;          /* nginx.c: nginx */
extern const struct format format_postfix_main;   /* postfix_main.c: main.cf */
extern const struct format format_postfix_master; /* postfix_master.c: master.cf */
extern const struct format format_shell;          /* shell.c: shell assignments */

#endif
