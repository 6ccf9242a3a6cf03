/* One ioctl, and one route for each family: "local 0.0.0.0/0 dev lo". A kernel without IPv6 does without. */
#include "rehearse/loopback.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

/* 1 with the reason. */
static int impossible(struct err *err, const char *what)
{
    err_sys(err, errno, "%s", what);
    return 1;
}

static int bring_up(struct err *err)
{
    CLEANUP(fd_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo"};
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return impossible(err, "find the loopback interface");
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP | IFF_RUNNING);
    if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        return impossible(err, "bring the loopback interface up");
    return 0;
}

struct route {
    struct nlmsghdr header;
    struct rtmsg route;
    struct rtattr out;
    int interface;
};

/* The kernel's answer to the request that was sent; errno is set when it is no. */
static int answer(int fd)
{
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[256];
    } reply;
    ssize_t n = recv(fd, &reply, sizeof reply, 0);
    if (n < (ssize_t)(sizeof reply.header + sizeof reply.error.error) ||
        reply.header.nlmsg_type != NLMSG_ERROR) {
        errno = n < 0 ? errno : EPROTO;
        return -1;
    }
    errno = -reply.error.error;
    return errno == 0 || errno == EEXIST ? 0 : -1;
}

static int add_route(int fd, unsigned char family)
{
    struct route r = {
        .header = {.nlmsg_len = sizeof r,
                   .nlmsg_type = RTM_NEWROUTE,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK},
        .route = {.rtm_family = family,
                  .rtm_table = RT_TABLE_LOCAL,
                  .rtm_protocol = RTPROT_BOOT,
                  .rtm_scope = RT_SCOPE_HOST,
                  .rtm_type = RTN_LOCAL},
        .out = {.rta_len = RTA_LENGTH(sizeof r.interface), .rta_type = RTA_OIF},
        .interface = (int)if_nametoindex("lo"),
    };
    return send(fd, &r, sizeof r, 0) == (ssize_t)sizeof r ? answer(fd) : -1;
}

/* IPv6 looks at interfaces, not at routes, when a socket is bound. Ref: ip-sysctl, ip_nonlocal_bind */
static void let_bind(const char *path)
{
    CLEANUP(fd_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0)
        (void)!write(fd, "1", 1);
}

int loopback_open(struct err *err)
{
    int rc = bring_up(err);
    if (rc != 0)
        return rc;
    CLEANUP(fd_close) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || add_route(fd, AF_INET) < 0)
        return impossible(err, "make loopback stand for every address");
    if (add_route(fd, AF_INET6) == 0)
        let_bind("/proc/sys/net/ipv6/ip_nonlocal_bind");
    return 0;
}
