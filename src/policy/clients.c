/* A table of facts; the versions are those in which a protocol is on without settings. */
#include "policy/clients.h"

const char *clients_oldest(enum protocol lowest)
{
    switch (lowest) {
    case PROTOCOL_SSL2:
    case PROTOCOL_SSL3:
        return "";
    case PROTOCOL_TLS1:
        return "Firefox 1, Android 2.3, Chrome 1, IE 8 on Windows XP, Java 6, OpenSSL "
               "0.9.8, "
               "Safari 1";
    case PROTOCOL_TLS1_1:
    case PROTOCOL_TLS1_2:
        return "Firefox 31.3, Android 4.4.2, Chrome 49, IE 11, Java 8u161, OpenSSL "
               "1.0.1, "
               "Safari 9";
    case PROTOCOL_TLS1_3:
        return "Firefox 63, Android 10, Chrome 70, Edge 75, Java 11, OpenSSL 1.1.1, "
               "Safari 12.1";
    }
    return "";
}
