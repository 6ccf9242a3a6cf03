/* The library reads what is there; nothing is guessed from names. */
#include "service/saying.h"

#include <stdlib.h>
#include <strings.h>

#include "service/versions.h"

bool saying_kept(unsigned marks, unsigned part)
{
    return marks & SAID_STRICTER(part) && !(marks & SAID_LOOSER(part));
}

json_t *saying_kept_json(unsigned marks)
{
    return json_pack("{s:b, s:b, s:b}", "protocols", saying_kept(marks, PART_PROTOCOLS),
                     "suites", saying_kept(marks, PART_SUITES), "suites13",
                     saying_kept(marks, PART_SUITES13));
}

struct saying saying_of_command(const char *command, const char *value)
{
    static const struct {
        const char *name;
        unsigned part;
    } commands[] = {{"Groups", PART_GROUPS},
                    {"Curves", PART_GROUPS},
                    {"SignatureAlgorithms", PART_SIGSCHEMES},
                    {"CipherString", PART_SUITES},
                    {"Ciphersuites", PART_SUITES13}};
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcasecmp(command, commands[i].name) == 0)
            return (struct saying){.part = commands[i].part, .text = mem_strdup(value)};
    return (struct saying){.part = PART_OTHER};
}

const char *saying_name(unsigned part)
{
    static const struct {
        unsigned part;
        const char *name;
    } names[] = {{PART_PROTOCOLS, "protocols"},
                 {PART_SUITES, "cipher_list"},
                 {PART_SUITES13, "ciphersuites"},
                 {PART_GROUPS, "groups"},
                 {PART_SIGSCHEMES, "signature_algorithms"}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].part == part)
            return names[i].name;
    return NULL;
}

/* Whether it allows a proper part of the policy, by the library's own reading. */
static bool is_stricter(const struct wanted *w, const struct saying *s)
{
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    struct err unknown = ERR_INIT;
    struct native strings = {.cipher_list = s->part == PART_SUITES ? s->text : NULL,
                             .ciphersuites = s->part == PART_SUITES13 ? s->text : NULL,
                             .groups = s->part == PART_GROUPS ? s->text : NULL,
                             .signature_algorithms =
                                 s->part == PART_SIGSCHEMES ? s->text : NULL};
    unsigned versions = s->part == PART_PROTOCOLS ? versions_read(s->text) : 0;
    if (profile_policy(w->profile, w->service->name, &policy, &unknown) < 0)
        return false;
    if (versions && !protocol_in(versions, protocol_highest(policy.protocols)))
        return false; /* without the newest version it is older, not stricter, and proof would fail */
    return dialect_narrow(&w->detected.library, &strings, versions, &policy) != 0;
}

static bool judge(const struct wanted *w, const struct saying *s, json_t *judged)
{
    CLEANUP(mem_freep) char *key = mem_printf("%u %s", s->part, s->text);
    json_t *known = json_object_get(judged, key);
    if (known)
        return json_is_true(known);
    bool stricter = is_stricter(w, s);
    json_object_set_new(judged, key, json_boolean(stricter));
    return stricter;
}

unsigned saying_mark(const struct wanted *w, const struct saying *s, bool may_stay,
                     json_t *judged)
{
    bool stricter = s->text && !w->exact && may_stay && judge(w, s, judged);
    return stricter ? SAID_STRICTER(s->part) : SAID_LOOSER(s->part);
}
