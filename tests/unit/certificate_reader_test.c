/*
 * Who may read a certificate and its key: by modes and access lists in a tree; on the host itself, and as
 * root, by a child that becomes the user. What is expected is the same either way.
 */
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>

#include "unit/certificate_host.h"

/* Somebody else than who runs the tests, by numbers only. */
static struct user stranger(gid_t *group)
{
    static char name[] = "somebody";
    return (struct user){.name = name,
                         .uid = geteuid() + 4711,
                         .gid = *group,
                         .groups = group,
                         .group_count = 1};
}

static void set_mode(const struct host *h, const char *path, mode_t mode)
{
    CLEANUP(mem_freep) char *real = file_join(h->root, path);
    ck_assert_int_eq(chmod(real, mode), 0);
}

#define OPEN_HOST(h)                                                                     \
    HOST(h);                                                                             \
    set_mode(&(h), "/", 0711)

START_TEST(reader_by_modes)
{
    OPEN_HOST(h);
    gid_t other = getegid() + 4711, own = getegid();
    struct user user = stranger(&other);
    h.rules.reader = &user;
    EXPECT(&h, "E key-reader");
    set_mode(&h, KEY, 0604);
    EXPECT(&h, "W key-exposed");
    set_mode(&h, KEY, 0640);
    EXPECT(&h, "E key-reader");
    user = stranger(&own);
    EXPECT(&h, "");
    set_mode(&h, KEY, 0604); /* the group's bits are what counts for its members */
    EXPECT(&h, "W key-exposed, E key-reader");
    user.uid = geteuid();
    EXPECT(&h, "W key-exposed");
    user.uid = 0;
    set_mode(&h, KEY, 0);
    if (geteuid() == 0)
        EXPECT(&h, "");
    else
        EXPECT(&h, "E key-unreadable");
}
END_TEST

START_TEST(reader_is_stopped_by_directories)
{
    OPEN_HOST(h);
    gid_t other = getegid() + 4711;
    struct user user = stranger(&other);
    h.rules.reader = &user;
    set_mode(&h, KEY, 0604);
    set_mode(&h, "/etc/ssl", 0744);
    EXPECT(&h, "E chain-reader, W key-exposed, E key-reader");
    set_mode(&h, "/etc/ssl", 0711);
    EXPECT(&h, "W key-exposed");
}
END_TEST

/* A link through a closed directory into an open one: what certbot leaves behind. */
START_TEST(reader_is_stopped_on_the_way_of_links)
{
    OPEN_HOST(h);
    gid_t other = getegid() + 4711;
    struct user user = stranger(&other);
    CLEANUP(mem_freep) char *live = file_join(h.root, "/etc/live");
    ck_assert_int_eq(mkdir(live, 0700), 0);
    tree_link(h.root, "/etc/live/chain.pem", "../ssl/host/chain.pem");
    tree_link(h.root, "/etc/chain.pem", "/etc/live/./chain.pem");
    h.rules.reader = &user;
    h.files.chain = "/etc/chain.pem";
    set_mode(&h, KEY, 0640);
    user.gid = *user.groups = getegid();
    EXPECT(&h, "E chain-reader");
    CLEANUP(mem_freep) char *text = said(&h);
    ck_assert_ptr_nonnull(
        strstr(text, "by user somebody: directory /etc/live has mode 0700"));
    set_mode(&h, "/etc/live", 0710);
    EXPECT(&h, "");
}
END_TEST

static struct posix_acl_xattr_entry entry(unsigned tag, unsigned perm, unsigned id)
{
    return (struct posix_acl_xattr_entry){htole16((uint16_t)tag), htole16((uint16_t)perm),
                                          htole32(id)};
}

static void set_acl(const struct host *h, const char *path, unsigned user_perm,
                    unsigned mask)
{
    CLEANUP(mem_freep) char *real = file_join(h->root, path);
    const struct {
        struct posix_acl_xattr_header header;
        struct posix_acl_xattr_entry entries[5];
    } acl = {.header = {htole32(POSIX_ACL_XATTR_VERSION)},
             .entries = {entry(ACL_USER_OBJ, 6, (unsigned)ACL_UNDEFINED_ID),
                         entry(ACL_USER, user_perm, geteuid() + 4711),
                         entry(ACL_GROUP_OBJ, 4, (unsigned)ACL_UNDEFINED_ID),
                         entry(ACL_MASK, mask, (unsigned)ACL_UNDEFINED_ID),
                         entry(ACL_OTHER, 0, (unsigned)ACL_UNDEFINED_ID)}};
    ck_assert_int_eq(setxattr(real, "system.posix_acl_access", &acl, sizeof acl, 0), 0);
}

START_TEST(reader_by_access_lists)
{
    OPEN_HOST(h);
    gid_t other = getegid() + 4711, own = getegid();
    struct user user = stranger(&other);
    h.rules.reader = &user;
    set_acl(&h, KEY, 4, 4);
    EXPECT(&h, "");
    set_acl(&h, KEY, 4, 0);
    EXPECT(&h, "E key-reader");
    set_acl(&h, KEY, 0, 4);
    EXPECT(&h, "E key-reader");
    user = stranger(&own);
    EXPECT(&h, "E key-reader"); /* a user's own entry goes before its groups' */
    user.uid++;
    EXPECT(&h, "");
    set_acl(&h, KEY, 0, 2);
    EXPECT(&h, "E key-reader");
}
END_TEST

/* On the host itself: as root by a child that becomes the user, otherwise by modes. */
START_TEST(reader_on_the_host)
{
    ck_assert_int_eq(setenv("TMPDIR", "/tmp", 1), 0); /* a way there for everybody */
    HOST(h);
    gid_t other = getegid() + 4711;
    struct user user = stranger(&other);
    PUT(h.root, CA, &h.top);
    CLEANUP(mem_freep) char *chain = file_join(h.root, CHAIN);
    CLEANUP(mem_freep) char *key = file_join(h.root, KEY);
    CLEANUP(mem_freep) char *ca = file_join(h.root, CA);
    h.files = (struct certificate_files){.chain = chain, .key = key, .ca = ca};
    h.rules.reader = &user;
    EXPECT(&h, "E chain-reader, E key-reader"); /* the tree is closed to others */
    ck_assert_int_eq(chmod(h.root, 0711), 0);
    EXPECT(&h, "E key-reader");
    set_acl(&h, KEY, 4, 4);
    EXPECT(&h, "");
    set_mode(&h, KEY, 0604); /* the list's mask is empty: the mode alone counts */
    EXPECT(&h, "W key-exposed");
}
END_TEST

UNIT_MAIN("certificate_reader", reader_by_modes, reader_is_stopped_by_directories,
          reader_is_stopped_on_the_way_of_links, reader_by_access_lists,
          reader_on_the_host)
