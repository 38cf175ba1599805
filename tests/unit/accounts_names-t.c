/*
 * Names of people here: by hand, and by chance, where a login's own way
 * forward is the judge: what comes out leads back to the person, and where
 * any name does, one comes out.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/names.h"
#include "conversation.h"
#include "flows/sign_in.h"
#include "tap.h"

#define ARGUMENTS_MAX 4

struct made {
    struct config *module, *helper;
    struct map *map;
    struct names names;
};

static void
make(struct made *made, const char *const *arguments, size_t count,
     const char *map)
{
    char error[128] = "";

    made->module = config_new(CONFIG_MODULE);
    made->helper = config_new(CONFIG_HELPER);
    made->map = NULL;
    need(made->module != NULL && made->helper != NULL, "memory");
    config_arguments(made->module, count, arguments);
    config_arguments(made->helper, count, arguments);
    need(config_status(made->module) == STATUS_OK,
         config_message(made->module));
    need(config_status(made->helper) == STATUS_OK,
         config_message(made->helper));
    if (map != NULL)
        need(map_parse(map, strlen(map), &made->map, error, sizeof(error))
                 == STATUS_OK,
             error);
    made->names = (struct names){made->module, made->helper, made->map};
}

static void
forget(struct made *made)
{
    config_free(made->module);
    config_free(made->helper);
    map_free(made->map);
}

#define NO_WAY                                                                \
    "neither username_format nor map_file of pam_cognito.conf leads from a "  \
    "local name to this one: a line LOCAL = POOL in map_file does"
#define NO_FORMAT                                                             \
    "username_format of pam_cognito.conf makes no such name of one with at "  \
    "most 32 bytes: a line LOCAL = POOL in map_file does"
#define NO_CLASS                                                              \
    "the name here is not one that username_class of pam_cognito.conf allows"
#define NO_USERADD "the name here is not one that useradd takes everywhere"

static const struct {
    const char *arguments[ARGUMENTS_MAX];
    const char *map;
    const char *sent;
    const char *local; /* NULL: refused */
    const char *why;
} rows[] = {
    {{NULL}, NULL, "alice", "alice", NULL},
    {{NULL}, NULL, "a.b-c_9", "a.b-c_9", NULL},
    {{NULL}, NULL, "Alice", NULL, NO_CLASS},
    {{NULL}, NULL, "9lives", NULL, NO_CLASS},
    {{NULL}, NULL, "a:b", NULL, NO_CLASS},
    {{NULL}, NULL, "a b", NULL, NO_CLASS},
    {{NULL}, NULL, "a\nb", NULL, NO_CLASS},
    {{NULL}, NULL, "../x", NULL, NO_CLASS},
    {{NULL}, NULL, "..", NULL, NO_CLASS},
    {{NULL}, NULL, "-rf", NULL, NO_CLASS},
    {{NULL}, NULL, "zo\xc3\xab", NULL, NO_CLASS},
    {{NULL}, NULL, "root", NULL, "that would be root here"},
    {{NULL},
     NULL,
     "aaaaaaaaaabbbbbbbbbbccccccccccdd",
     "aaaaaaaaaabbbbbbbbbbccccccccccdd",
     NULL},
    {{NULL}, NULL, "aaaaaaaaaabbbbbbbbbbccccccccccddd", NULL, NO_FORMAT},
    {{"except_users=admin,carol"},
     NULL,
     "carol",
     NULL,
     "the name here is one of except_users: it is never the pool's"},
    {{NULL},
     NULL,
     "carol.gone-1004",
     NULL,
     "the name here is as homes are called that `forget` puts away"},
    {{NULL}, NULL, "carol.gone", "carol.gone", NULL},
    {{"username_class=^.*$"}, NULL, "Alice", "Alice", NULL},
    {{"username_class=^.*$"}, NULL, "al@x.org", NULL, NO_USERADD},
    {{"username_class=^.*$"}, NULL, "1234", NULL, NO_USERADD},
    {{"username_class=^.*$"}, NULL, "12a", "12a", NULL},
    {{"username_class=^.*$"}, NULL, "...", NULL, NO_USERADD},
    {{"username_class=^.*$"}, NULL, "~x", NULL, NO_USERADD},
    {{"username_class=^.*$"}, NULL, "a,b", NULL, NO_USERADD},
    {{"username_class=^.*$"}, NULL, "a$", NULL, NO_USERADD},
    {{"username_class=^.*$"}, NULL, ".", NULL, NO_CLASS},
    {{"username_format=%u@x.org"}, NULL, "alice@x.org", "alice", NULL},
    {{"username_format=%u@x.org"}, NULL, "alice@y.org", NULL, NO_WAY},
    {{"username_format=%u@x.org"}, NULL, "@x.org", NULL, NO_FORMAT},
    {{"username_format=%u@x.org"}, NULL, "alice", NULL, NO_FORMAT},
    {{"username_format=%u@x.org"},
     NULL,
     "root@x.org",
     NULL,
     "that would be root here"},
    {{"username_format=corp_%u"}, NULL, "corp_bob", "bob", NULL},
    {{"username_format=corp_%u"}, NULL, "cORp_bob", NULL, NO_WAY},
    {{"username_format=%u-%u"}, NULL, "ab-ab", "ab", NULL},
    {{"username_format=%u-%u"}, NULL, "ab-ac", NULL, NO_WAY},
    {{"username_format=%u-%u"}, NULL, "ab-abc", NULL, NO_FORMAT},
    {{"username_format=%%%u%%x"}, NULL, "%bob%x", "bob", NULL},
    {{"username_format=a%%%u"}, NULL, "a%bob", "bob", NULL},
    {{NULL}, "ally = Alice\n", "Alice", "ally", NULL},
    {{"username_format=%u@x.org"}, "ally = Alice\n", "Alice", "ally", NULL},
    {{"username_format=%u@x.org"}, "ally = Alice\n", "bob@x.org", "bob", NULL},
    /* The format leads there, but the name here is another's in the map. */
    {{NULL}, "alice = bob\n", "alice", NULL, NO_WAY},
    {{NULL}, "alice = bob\nbob = alice\n", "alice", "bob", NULL},
    {{NULL}, "root = alice\n", "alice", NULL, "that would be root here"},
    {{NULL}, "Ally = alice\n", "alice", NULL, NO_CLASS},
    {{NULL},
     "aaaaaaaaaabbbbbbbbbbccccccccccddd = alice\n",
     "alice",
     NULL,
     "the name here would be longer than 32 bytes"},
};

static void
test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char local[NAMES_LOCAL_SIZE];
        const char *why;
        struct made made;
        size_t count = 0;
        bool found;

        while (count < ARGUMENTS_MAX && rows[i].arguments[count] != NULL)
            count++;
        make(&made, rows[i].arguments, count, rows[i].map);
        found = names_local(&made.names, rows[i].sent, local, &why);
        ok(found == (rows[i].local != NULL), "%s: %s", rows[i].sent,
           found ? "has a name" : "has none");
        is_text(local, rows[i].local == NULL ? "" : rows[i].local,
                rows[i].sent);
        if (rows[i].why != NULL)
            is_text(why, rows[i].why, rows[i].why);
        forget(&made);
    }
}

static void
test_claims(void)
{
    static const struct {
        const char *claim;
        struct names_person person;
        const char *sent;
    } claims[] = {
        {"account_claim=cognito:username", {"u", "s", "e", true}, "u"},
        {"account_claim=cognito:username", {NULL, "s", "e", true}, NULL},
        {"account_claim=cognito:username", {"", "s", "e", true}, NULL},
        {"account_claim=sub", {"u", "s", "e", true}, "s"},
        {"account_claim=email", {"u", "s", "e", true}, "e"},
        {"account_claim=email", {"u", "s", "e", false}, NULL},
        {"account_claim=email", {"u", "s", NULL, true}, NULL},
    };
    char error[256] = "";
    const char *why, *argument = "account_claim=phone_number";
    struct made made;

    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        make(&made, &claims[i].claim, 1, NULL);
        ok(names_check(&made.names, error, sizeof(error)) == STATUS_OK, "%s",
           claims[i].claim);
        is_text(names_sent(&made.names, &claims[i].person, &why),
                claims[i].sent, claims[i].claim);
        ok(names_is_address(&made.names)
               == (strstr(claims[i].claim, "email") != NULL),
           "an address, or none");
        forget(&made);
    }
    make(&made, &argument, 1, NULL);
    ok(names_check(&made.names, error, sizeof(error)) == STATUS_CONFIG,
       "a telephone number");
    is_text(error,
            "account_claim=phone_number: whose name that is no listing of "
            "the pool can tell, expected cognito:username, email or sub",
            "is not told by a listing");
    forget(&made);
}

/* ---- By chance ---- */

static void
put_chance(char *out, size_t size, const char *letters, uint32_t most)
{
    uint32_t count = chance_below(most + 1);
    size_t used = 0;

    while (count-- > 0 && used + 1 < size)
        out[used++] = letters[chance_below((uint32_t) strlen(letters))];
    out[used] = '\0';
}

static bool
leads(const struct made *made, const char *local, const char *sent)
{
    char forward[512];

    return sign_in_pool_name(made->helper, made->map, local, forward,
                             sizeof(forward))
               == STATUS_OK
           && strcmp(forward, sent) == 0;
}

/* Few letters, so that names meet. */
#define LETTERS "ab."

static bool
chance_round(unsigned int round, unsigned int *found_out)
{
    char format[64] = "username_format=", map[256] = "", sent[32];
    char local[NAMES_LOCAL_SIZE], part[16], other[NAMES_LOCAL_SIZE];
    const char *why, *argument = format;
    struct made made;
    bool good, found;
    size_t used = strlen(format);

    chance_seed(round + 1);
    for (uint32_t i = 0, parts = 1 + chance_below(2); i < parts; i++) {
        put_chance(part, sizeof(part), LETTERS, 2);
        used += (size_t) snprintf(format + used, sizeof(format) - used,
                                  "%s%%u%s", part,
                                  chance_percent(20) ? "%%" : "");
    }
    used = 0;
    if (chance_percent(60)) {
        char pool[16];

        put_chance(part, sizeof(part), LETTERS, 3);
        put_chance(pool, sizeof(pool), LETTERS, 3);
        if (part[0] != '\0' && pool[0] != '\0')
            (void) snprintf(map, sizeof(map), "%s = %s\n", part, pool);
    }
    make(&made, &argument, 1, map);
    put_chance(sent, sizeof(sent), LETTERS "%", 6);
    put_chance(other, sizeof(other), LETTERS, 4);
    if (chance_percent(50) && other[0] != '\0')
        (void) sign_in_pool_name(made.helper, made.map, other, sent,
                                 sizeof(sent));
    found = sent[0] != '\0' && names_local(&made.names, sent, local, &why);
    good = !found || leads(&made, local, sent);
    /* Is there another name, or one although none was found? */
    for (unsigned int i = 0; good && i < 200; i++) {
        put_chance(other, sizeof(other), LETTERS, 4);
        if (other[0] < 'a' || !leads(&made, other, sent))
            continue;
        good = found && strcmp(other, local) == 0;
    }
    *found_out += found;
    if (!good)
        diag("round %u: %s, map %s, sent %s: %s, not %s", round, format, map,
             sent, found ? local : "none", other);
    forget(&made);
    return good;
}

static void
test_chance(void)
{
    unsigned int found = 0, round = 0;

    while (round < 4000 && chance_round(round, &found))
        round++;
    is_number(round, 4000, "formats, maps and names by chance");
    ok(found > 400, "%u of them had a name", found);
}

int
main(void)
{
    test_rows();
    test_claims();
    test_chance();
    return done_testing();
}
