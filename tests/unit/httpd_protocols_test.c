/* Is a list of protocol versions read as mod_ssl reads it? */
#include "service/httpd_protocols.h"
#include "format/httpd.h"
#include "policy/protocol.h"
#include "unit/unit.h"

#include <string.h>

static void leaves(const char *line, const char *expected)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    CLEANUP(buf_release) struct buf got = BUF_INIT;
    httpd_args(bytes_str(line), &args);
    unsigned set = httpd_protocols(&args);
    for (int v = PROTOCOL_SSL2; v <= PROTOCOL_TLS1_3; v++)
        if (protocol_in(set, (enum protocol)v))
            buf_addf(&got, "%s ", protocol_info((enum protocol)v)->name);
    ck_assert_msg(strcmp(buf_str(&got), expected) == 0, "'%s': got '%s'", line,
                  buf_str(&got));
}

START_TEST(signs_add_and_take_away)
{
    leaves("all -SSLv3", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3 ");
    leaves("all -TLSv1 -TLSv1.1", "TLSv1.2 TLSv1.3 ");
    leaves("-all +TLSv1.2 +TLSv1.3", "TLSv1.2 TLSv1.3 ");
    leaves("+TLSv1.2 -all", "");
    leaves("-all", "");
    leaves("", "");
}
END_TEST

START_TEST(a_bare_name_is_the_whole_list)
{
    leaves("TLSv1.2", "TLSv1.2 ");
    leaves("TLSv1.2 TLSv1.3", "TLSv1.3 ");
    leaves("+TLSv1 TLSv1.2 +TLSv1.3", "TLSv1.2 TLSv1.3 ");
}
END_TEST

START_TEST(case_and_quotes)
{
    leaves("\"-ALL\" \"+tlsv1.3\"", "TLSv1.3 ");
    leaves("TLSV1.2", "TLSv1.2 ");
    leaves("+TLSv1.4 +SSLv3", "SSLv3 ");
}
END_TEST

UNIT_MAIN("httpd_protocols", signs_add_and_take_away, a_bare_name_is_the_whole_list,
          case_and_quotes)
