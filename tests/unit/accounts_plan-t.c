/*
 * Plans: each rule in a world of its own, what is done and what is refused
 * written by hand; then worlds by chance, where an account of what must hold
 * is kept independently of the plan.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts_world.h"
#include "tap.h"

#define TOLD 4096

struct row {
    const char *what;
    const char *world;
    const char *told;
};

static void
check(const struct row *row,
      enum status (*plan_it)(const struct world *, struct plan *))
{
    struct world world;
    struct plan plan;
    char told[TOLD];

    world_make(&world, row->world);
    ok(plan_it(&world, &plan) == STATUS_OK, "%s: a plan", row->what);
    world_tell(&plan, told, sizeof(told));
    is_text(told, row->told, row->what);
    plan_free(&plan);
    world_free(&world);
}

static enum status
sync(const struct world *world, struct plan *plan)
{
    const struct plan_input input = world_input(world);

    return plan_sync(&input, plan);
}

#define LINUX "group cognito 990\n"
#define ALICE "person alice s1 linux\n"
#define MADE_ALICE "entry alice s1 1000 present\naccount alice 1000 990\n"

static const struct row people[] = {
    {"somebody new", LINUX ALICE, "make alice s1 1000 /home/alice <>\n"},
    {"nobody, nothing", LINUX, ""},
    {"in no pool group of ours", LINUX "person alice s1 others\n", ""},
    {"in one of two groups", LINUX "set pool_groups=a,linux\n" ALICE,
     "make alice s1 1000 /home/alice <>\n"},
    {"everybody", LINUX "set pool_groups=*\nperson alice s1\n",
     "make alice s1 1000 /home/alice <>\n"},
    {"disabled, and never made", LINUX "person alice s1 linux off\n", ""},
    {"not confirmed", LINUX "person alice s1 linux UNCONFIRMED\n",
     "usual status (alice): is not confirmed in the pool, or another "
     "provider's\n"},
    {"another provider's", LINUX "person alice s1 linux EXTERNAL_PROVIDER\n",
     "usual status (alice): is not confirmed in the pool, or another "
     "provider's\n"},
    {"a status that is not known", LINUX "person alice s1 linux NEWSTATUS\n",
     "usual status (alice): is not confirmed in the pool, or another "
     "provider's\n"},
    {"a temporary password, a reset one",
     LINUX "person alice s1 linux FORCE_CHANGE_PASSWORD\n"
           "person bob s2 linux RESET_REQUIRED\n",
     "make alice s1 1000 /home/alice <>\nmake bob s2 1001 /home/bob <>\n"},
    {"made by name, not by the order of the listing",
     LINUX "person carol s3 linux\nperson alice s1 linux\n",
     "make alice s1 1000 /home/alice <>\n"
     "make carol s3 1001 /home/carol <>\n"},
    {"the same sub twice", LINUX ALICE "person bob s1 linux\n",
     "refused twice (alice): the listing has two such people\n"
     "refused twice (bob): the listing has two such people\n"},
    {"what the listing could not read", LINUX "person alice s1 linux bad\n",
     "refused listing (alice): its name is no text\n"},
    {"no sub", LINUX "person alice s1 linux nosub\n",
     "refused listing (alice): the pool told no sub of this person\n"},
    {"a group is made for the first",
     "person alice s1 linux\nperson bob s2 linux\n",
     "make-group   0 cognito\nmake alice s1 1000 /home/alice <>\n"
     "make bob s2 1001 /home/bob <>\n"},
    {"and for nobody it is not", "person alice s1 others\n", ""},
    {"nor for those who are refused", "person root s1 linux\n",
     "refused name (root): that would be root here\n"},
    {"nor for those who are not confirmed",
     "person alice s1 linux UNCONFIRMED\n",
     "usual status (alice): is not confirmed in the pool, or another "
     "provider's\n"},
    {"another group, shell and home",
     "group people 1500\nset local_group=people\nset home=/srv/%u\n" ALICE,
     "make alice s1 1000 /srv/alice <>\n"},
    {"local_group with rights", "group sudo 27\nset local_group=sudo\n" ALICE,
     "refused privileged-group (): local_group gives rights over this "
     "machine: nobody is put into it without allow_privileged_groups=yes\n"},
    {"local_group with rights, allowed",
     "group sudo 27\nset local_group=sudo\n"
     "set allow_privileged_groups=yes\n" ALICE,
     "make alice s1 1000 /home/alice <>\n"},
};

static const struct row addresses[] = {
    {"an address",
     LINUX "conf account_claim=email\nconf username_format=%u@x.org\n"
           "person u-1 s1 linux email=alice@x.org verified\n",
     "make alice s1 1000 /home/alice <>\n"},
    {"an address that is not verified",
     LINUX "conf account_claim=email\nconf username_format=%u@x.org\n"
           "person u-1 s1 linux email=alice@x.org\n",
     "refused address (u-1): no verified address: have it verified, or "
     "confirm it in the pool\n"},
    {"two with one address",
     LINUX "conf account_claim=email\nconf username_format=%u@x.org\n"
           "person u-1 s1 linux email=alice@x.org verified\n"
           "person u-2 s2 linux email=Alice@X.org verified\n"
           "person u-3 s3 linux email=bob@x.org verified\n",
     "make bob s3 1000 /home/bob <>\n"
     "refused address (u-1): two people of the pool have this address\n"
     "refused address (u-2): two people of the pool have this address\n"},
    {"the other one is disabled, or of no group of ours",
     LINUX "conf account_claim=email\nconf username_format=%u@x.org\n"
           "person u-1 s1 linux email=alice@x.org verified\n"
           "person u-2 s2 linux off email=alice@x.org verified\n"
           "person u-3 s3 linux email=bob@x.org verified\n"
           "person u-4 s4 others email=bob@x.org verified\n",
     "refused address (u-1): two people of the pool have this address\n"
     "refused address (u-3): two people of the pool have this address\n"},
    {"the other one has not verified it",
     LINUX "conf account_claim=email\nconf username_format=%u@x.org\n"
           "person u-1 s1 linux email=alice@x.org verified\n"
           "person u-2 s2 linux email=alice@x.org\n",
     "make alice s1 1000 /home/alice <>\n"
     "refused address (u-2): no verified address: have it verified, or "
     "confirm it in the pool\n"},
    {"addresses mean nothing where user names count",
     LINUX "person alice s1 linux email=a@x.org verified\n"
           "person bob s2 linux email=a@x.org verified\n",
     "make alice s1 1000 /home/alice <>\nmake bob s2 1001 /home/bob <>\n"},
    {"one whose address is refused stays as made",
     LINUX "conf account_claim=email\nconf username_format=%u@x.org\n"
           "entry alice s1 1000 present\naccount alice 1000 990\n"
           "person u-1 s1 linux email=alice@x.org\n",
     "refused address (u-1): no verified address: have it verified, or "
     "confirm it in the pool\n"},
    {"unless another has the address now",
     LINUX "conf account_claim=email\nconf username_format=%u@x.org\n"
           "entry alice s1 1000 present\naccount alice 1000 990\n"
           "person u-1 s1 linux email=alice@x.org\n"
           "person u-2 s2 linux email=alice@x.org verified\n",
     "lock alice s1 1000\n"
     "refused address (u-1): no verified address: have it verified, or "
     "confirm it in the pool\n"
     "refused another-person (alice): alice is the account of somebody else "
     "who had that name in the pool: `forget alice` makes a new one\n"},
};

static const struct row names[] = {
    {"exists, and was not made here", LINUX ALICE "account alice 1000 100\n",
     "refused exists (alice): the account is there, and was not made here: "
     "`adopt alice` takes it over\n"},
    {"exists elsewhere", LINUX ALICE "elsewhere alice\n",
     "refused exists (alice): another name service has an account of that "
     "name\n"},
    {"no name service says", LINUX ALICE "silent alice\n",
     "refused unknown (alice): a name service did not answer about that "
     "name\n"},
    {"a group of that name", LINUX "group alice 3000\n" ALICE,
     "refused group (alice): there is a group of that name: what trusts it "
     "would trust its namesake\n"},
    {"a member before it exists", LINUX "group docker 3000 alice\n" ALICE,
     "refused group (alice): the group docker has a member of that name\n"},
    {"a member of a mapped group before it exists",
     LINUX "group devs 3000 alice\nset map_groups=Devs:devs\n" ALICE,
     "make alice s1 1000 /home/alice <>\nleave alice s1 1000 devs\n"},
    {"named in sudoers", LINUX "reserved alice\n" ALICE,
     "refused reserved (alice): that name has rights here, by "
     "/etc/sudoers\n"},
    {"subordinate ids are left of that name",
     LINUX "range 100000 165535 alice\n" ALICE "person bob s2 linux\n",
     "make bob s2 1000 /home/bob <>\n"
     "refused reserved (alice): a former account of that name has subordinate "
     "ids still: take its lines out of /etc/subuid and /etc/subgid\n"},
    {"a home that is there", LINUX "home /home/alice 1000\n" ALICE,
     "refused home (alice): /home/alice is there already, somebody else's: "
     "move it away\n"},
    {"an empty folder of root's", LINUX "home /home/alice empty\n" ALICE,
     "refused home (alice): /home/alice is there already, somebody else's: "
     "move it away\n"},
    {"a home of root's", LINUX "home /home/alice 0\n" ALICE,
     "refused home (alice): /home/alice is there already, somebody else's: "
     "move it away\n"},
    {"a name that is none here", LINUX "person Al!ce s1 linux\n",
     "refused name (Al!ce): the name here is not one that username_class of "
     "pam_cognito.conf allows\n"},
    {"except_users", LINUX "conf except_users=alice\n" ALICE,
     "refused name (alice): the name here is one of except_users: it is "
     "never the pool's\n"},
    {"another person",
     LINUX "entry alice s0 1000 present\naccount alice 1000 990\n" ALICE,
     "lock alice s0 1000\n"
     "refused another-person (alice): alice is the account of somebody else "
     "who had that name in the pool: `forget alice` makes a new one\n"},
    {"another person, after forget",
     LINUX "entry alice s0 1000 forgotten\n" ALICE,
     "make alice s1 1001 /home/alice <>\n"},
    {"renamed", LINUX "map ally=alice\n" MADE_ALICE ALICE,
     "lock alice s1 1000\n"
     "refused renamed (ally): this person is alice here, and the name of an "
     "account never changes: `forget alice` makes another one\n"},
    {"renamed, after forget: the uid is the person's",
     LINUX "map ally=alice\nentry alice s1 1003 forgotten\n" ALICE,
     "make ally s1 1003 /home/ally <>\n"},
};

static const struct row uids[] = {
    {"above every account",
     LINUX "account x 1500 100\naccount nobody 65534 65534\n" ALICE,
     "make alice s1 1501 /home/alice <>\n"},
    {"above everything that was ever given",
     LINUX "entry bob s2 1700 forgotten\naccount x 1500 100\n" ALICE,
     "make alice s1 1701 /home/alice <>\n"},
    {"not below minimum_uid", LINUX "minimum 5000\n" ALICE,
     "make alice s1 5000 /home/alice <>\n"},
    {"not in a range of sub-ids",
     LINUX "range 1000 1009\nrange 1010 1010\n" ALICE "person bob s2 linux\n",
     "make alice s1 1011 /home/alice <>\nmake bob s2 1012 /home/bob <>\n"},
    {"not one that subordinate ids are left of, nor one that is like it",
     LINUX "range 100000 165535 1000\nrange 200000 265535 01001\n"
           "range 300000 365535 1002a\n" ALICE,
     "make alice s1 1002 /home/alice <>\n"},
    {"not one that sudoers names", LINUX "uid-reserved 1000\n" ALICE,
     "make alice s1 1001 /home/alice <>\n"},
    {"not one that another service has", LINUX "uid-elsewhere 1000\n" ALICE,
     "make alice s1 1001 /home/alice <>\n"},
    {"not one about which none answers", LINUX "uid-silent 1000\n" ALICE,
     "refused unknown (alice): a name service did not answer about uid "
     "1000\n"},
    {"the last one, and none after it",
     LINUX "account x 59998 100\n" ALICE "person bob s2 linux\n",
     "make alice s1 59999 /home/alice <>\n"
     "refused uid (bob): no uid is left up to 59999, above the highest that "
     "was ever given: set uid_attribute\n"},
    {"a high one of the pool's is no start",
     LINUX "entry bob s2 70000 forgotten\naccount x 70001 100\n" ALICE,
     "make alice s1 1000 /home/alice <>\n"},
    {"from the pool",
     LINUX "set uid_attribute=custom:uid\nperson alice s1 linux uid=2345\n",
     "make alice s1 2345 /home/alice <>\n"},
    {"the pool has none",
     LINUX "set uid_attribute=custom:uid\n" ALICE
           "person bob s2 linux uid=07\nperson carol s3 linux uid=1e3\n"
           "person dave s4 linux uid=-1\nperson erin s5 linux uid=4294967295\n"
           "person finn s6 linux uid=4294967297\n",
     "refused uid (alice): custom:uid holds no uid\n"
     "refused uid (bob): custom:uid holds no uid\n"
     "refused uid (carol): custom:uid holds no uid\n"
     "refused uid (dave): custom:uid holds no uid\n"
     "refused uid (erin): custom:uid holds no uid\n"
     "refused uid (finn): custom:uid holds no uid\n"},
    {"bad ones",
     LINUX "set uid_attribute=custom:uid\nrange 100000 165535\n"
           "uid-reserved 3003\naccount x 3004 100\nentry y sy 3005 forgotten\n"
           "uid-elsewhere 3006\nminimum 1500\nrange 200000 265535 3008\n"
           "person a1 s1 linux uid=0\nperson a2 s2 linux uid=999\n"
           "person a3 s3 linux uid=60000\nperson a4 s4 linux uid=65535\n"
           "person a5 s5 linux uid=524288\nperson a6 s6 linux uid=100000\n"
           "person a7 s7 linux uid=165535\nperson a8 s8 linux uid=3003\n"
           "person a9 s9 linux uid=3004\nperson b1 t1 linux uid=3005\n"
           "person b2 t2 linux uid=3006\nperson b3 t3 linux uid=1499\n"
           "person b4 t4 linux uid=3007\nperson b5 t5 linux uid=3007\n"
           "person b6 t6 linux uid=4294967294\n"
           "person b7 t7 linux uid=3008\n",
     "refused uid (a1): custom:uid holds no uid\n"
     "refused uid (a2): a uid below 1000 is a system account's\n"
     "refused uid (a3): the uid is one that systemd or containers use\n"
     "refused uid (a4): the uid is one that systemd or containers use\n"
     "refused uid (a5): the uid is one that systemd or containers use\n"
     "refused uid (a6): the uid is in a range of /etc/subuid or /etc/subgid: "
     "it is somebody's who may become it\n"
     "refused uid (a7): the uid is in a range of /etc/subuid or /etc/subgid: "
     "it is somebody's who may become it\n"
     "refused uid (a8): /etc/sudoers trusts that uid\n"
     "refused uid (a9): the uid 3004 is x's here\n"
     "refused uid (b1): the uid 3005 was given to y, and is never given "
     "again\n"
     "refused uid (b2): another name service has uid 3006\n"
     "refused uid (b3): the uid is below minimum_uid of pam_cognito.conf: "
     "nobody would sign in with it\n"
     "refused uid (b4): two people of the pool have uid 3007\n"
     "refused uid (b5): two people of the pool have uid 3007\n"
     "refused uid (b6): the uid is one that systemd or containers use\n"
     "refused uid (b7): a former account of that uid has subordinate ids "
     "still: take its lines out of /etc/subuid and /etc/subgid\n"},
    {"good ones",
     LINUX "set uid_attribute=custom:uid\nrange 100000 165535\n"
           "person a1 s1 linux uid=1000\nperson a2 s2 linux uid=59999\n"
           "person a3 s3 linux uid=65536\nperson a4 s4 linux uid=524287\n"
           "person a5 s5 linux uid=99999\nperson a6 s6 linux uid=165536\n",
     "make a1 s1 1000 /home/a1 <>\nmake a2 s2 59999 /home/a2 <>\n"
     "make a3 s3 65536 /home/a3 <>\nmake a4 s4 524287 /home/a4 <>\n"
     "make a5 s5 99999 /home/a5 <>\nmake a6 s6 165536 /home/a6 <>\n"},
    {"somebody may write it",
     LINUX "set uid_attribute=custom:uid\ndoubt-uid\n"
           "person alice s1 linux uid=2345\n",
     "refused attribute (alice): web-app may write it\n"},
    {"without the setting it means nothing",
     LINUX "doubt-uid\nperson alice s1 linux uid=2345\n",
     "make alice s1 1000 /home/alice <>\n"},
    {"never changed",
     LINUX "set uid_attribute=custom:uid\n" MADE_ALICE
           "person alice s1 linux uid=2345 name=Alice\n",
     "refused uid-changed (alice): the pool has another uid for this person "
     "now: a uid is never changed here; put the former one back, or forget "
     "the account\n"},
    {"an account without it stays",
     LINUX "set uid_attribute=custom:uid\n" MADE_ALICE ALICE, ""},
    {"a change that does not count stays unseen",
     LINUX "set uid_attribute=custom:uid\ndoubt-uid\n" MADE_ALICE
           "person alice s1 linux uid=2345\n",
     ""},
    {"a uid that was another's in the end",
     LINUX "entry alice s1 1000 forgotten\naccount bob 1000 100\n" ALICE,
     "refused uid (alice): the uid 1000 is bob's here\n"},
    {"the pool's is another than the one given once",
     LINUX "set uid_attribute=custom:uid\nentry alice s1 1000 forgotten\n"
           "person alice s1 linux uid=2345\n",
     "refused uid-changed (alice): the pool has another uid for this person "
     "now than the 1000 that was given here\n"},
};

static const struct row states[] = {
    {"as it should be", LINUX MADE_ALICE ALICE, ""},
    {"crashed before useradd", LINUX "entry alice s1 1004 making\n" ALICE,
     "make alice s1 1004 /home/alice <>\n"},
    {"crashed before useradd, and the uid is another's by now",
     LINUX "entry alice s1 1004 making\naccount games 1004 100\n" ALICE,
     "make alice s1 1005 /home/alice <>\n"},
    {"the same, and there is a home of that uid",
     LINUX "entry alice s1 1004 making\naccount games 1004 100\n"
           "home /home/alice 1004\n" ALICE,
     "refused home (alice): /home/alice is there already, somebody else's: "
     "move it away\n"},
    {"crashed with a home",
     LINUX "entry alice s1 1004 making\nhome /home/alice 1004\n" ALICE,
     "make alice s1 1004 /home/alice <>\n"},
    {"crashed before the home was the person's",
     LINUX "entry alice s1 1004 making\nhome /home/alice empty\n" ALICE,
     "make alice s1 1004 /home/alice <>\n"},
    {"crashed, and the home is another's",
     LINUX "entry alice s1 1004 making\nhome /home/alice 1005\n" ALICE,
     "refused home (alice): /home/alice is there already, somebody else's: "
     "move it away\n"},
    {"crashed after useradd",
     LINUX "entry alice s1 1004 making\naccount alice 1004 990\n"
           "home /home/alice 1004\n"
           "person alice s1 linux name=Alice\n",
     "take-over alice s1 1004 /home/alice <Alice> there\n"},
    {"crashed, and an account of another uid",
     LINUX "entry alice s1 1004 making\naccount alice 1005 990\n" ALICE,
     "refused uid-differs (alice): the account has uid 1005, the one that "
     "was made had 1004: another account; remove or rename it, or `forget "
     "alice`\n"},
    {"crashed after useradd, then gone",
     LINUX "entry alice s1 1004 making\naccount alice 1004 990\n",
     "lock alice s1 1004\n"},
    {"crashed before useradd, then gone", LINUX "entry alice s1 1004 making\n",
     ""},
    {"crashed, then another name",
     LINUX "map ally=alice\nentry alice s1 1004 making\n" ALICE,
     "refused renamed (ally): this person is alice here, and the name of an "
     "account never changes: `forget alice` makes another one\n"},
    {"another uid than was made",
     LINUX "entry alice s1 1000 present\naccount alice 1001 990\n" ALICE,
     "refused uid-differs (alice): the account has uid 1001, the one that "
     "was made had 1000: another account; remove or rename it, or `forget "
     "alice`\n"},
    {"another uid than was made, and gone",
     LINUX "entry alice s1 1000 present\naccount alice 1001 990\n"
           "keys alice k\n",
     "keys alice s1 1000 <>\n"
     "refused uid-differs (alice): the account has uid 1001, the one that "
     "was made had 1000: another account; remove or rename it, or `forget "
     "alice`\n"},
    {"removed by hand", LINUX "entry alice s1 1000 present\n" ALICE,
     "refused removed (alice): the account was removed by hand: `forget "
     "alice`, and it is made again if the pool has the person\n"},
    {"removed by hand, and gone",
     LINUX "entry alice s1 1000 present\nkeys alice k\n",
     "keys alice s1 1000 <>\n"},
    {"forgotten, and back", LINUX "entry alice s1 1000 forgotten\n" ALICE,
     "make alice s1 1000 /home/alice <>\n"},
    {"forgotten, and an account of that name",
     LINUX "entry alice s1 1000 forgotten\naccount alice 1000 100\n" ALICE,
     "refused exists (alice): the account is there, and was not made here: "
     "`adopt alice` takes it over\n"},
    {"forgotten, and gone",
     LINUX "entry alice s1 1000 forgotten\n"
           "account alice 1000 990\n",
     ""},
    {"an adopted one joins the group",
     LINUX "entry alice s1 1000 present\naccount alice 1000 1000\n"
           "group alice 1000\n" ALICE,
     "join alice s1 1000 cognito\n"},
    {"and is a member then",
     "group cognito 990 alice\nentry alice s1 1000 present\n"
     "account alice 1000 1000\ngroup alice 1000\n" ALICE,
     ""},
};

#define TWO                                                                   \
    LINUX "entry alice s1 1000 present\naccount alice 1000 990\n"             \
          "entry bob s2 1001 present\naccount bob 1001 990\n"

static const struct row gone[] = {
    {"left the group", LINUX MADE_ALICE "person alice s1 others\n",
     "lock alice s1 1000\n"},
    {"disabled", LINUX MADE_ALICE "person alice s1 linux off\n",
     "lock alice s1 1000\n"},
    {"deleted", LINUX MADE_ALICE, "lock alice s1 1000\n"},
    {"disabled, whatever else is wrong",
     LINUX "set uid_attribute=custom:uid\n" MADE_ALICE
           "person alice s1 linux off UNCONFIRMED bad uid=2345\n",
     "lock alice s1 1000\n"},
    {"compromised, or archived",
     TWO "person alice s1 linux COMPROMISED\n"
         "person bob s2 linux ARCHIVED\n"
         "set max_removals=100\n",
     "lock alice s1 1000\nlock bob s2 1001\n"},
    {"a listing that cannot be read of somebody locks nobody",
     LINUX MADE_ALICE "person alice s1 linux bad\n",
     "refused listing (alice): its name is no text\n"},
    {"nor one without a sub, whom it might be",
     TWO "person alice s1 linux nosub bad\n"
         "person bob s2 linux off\n",
     "lock bob s2 1001\n"
     "refused listing (alice): its name is no text\n"
     "refused listing (alice): is not in the listing, or is the one in it of "
     "whom the pool told no sub: not locked before that is known\n"},
    {"locked, and that is that",
     LINUX "entry alice s1 1000 locked\naccount alice 1000 990 expired\n", ""},
    {"opened by hand",
     LINUX "entry alice s1 1000 locked\naccount alice 1000 990\n",
     "lock alice s1 1000\n"},
    {"killed before the state had it",
     LINUX "entry alice s1 1000 present\naccount alice 1000 990 expired\n",
     "lock alice s1 1000\n"},
    {"out of the mapped groups, keys first",
     LINUX "set map_groups=Devs:devs,Ops:ops\nset pool_groups=linux\n"
           "group devs 3000 alice,bob\ngroup ops 3001 alice\n"
           "group games 3002 alice\nkeys alice k\n" MADE_ALICE
           "person alice s1 linux,Devs,Ops off keys=k\n",
     "keys alice s1 1000 <>\nleave alice s1 1000 devs\n"
     "leave alice s1 1000 ops\nlock alice s1 1000\n"},
    {"keys that came back",
     LINUX "entry alice s1 1000 locked\naccount alice 1000 990 expired\n"
           "keys alice k\n",
     "keys alice s1 1000 <>\n"},
    {"keys of those who are gone are emptied in doubt, too",
     LINUX
     "set ssh_key_attribute=custom:k\ndoubt-keys\nkeys alice k\n" MADE_ALICE,
     "keys alice s1 1000 <>\nlock alice s1 1000\n"
     "refused attribute (): web-app may write it\n"},
    {"back again",
     LINUX "set map_groups=Devs:devs\ngroup devs 3000\n"
           "set ssh_key_attribute=custom:k\n"
           "entry alice s1 1000 locked\naccount alice 1000 990 expired\n"
           "person alice s1 linux,Devs keys=k\n",
     "unlock alice s1 1000\njoin alice s1 1000 devs\n"
     "keys alice s1 1000 <k>\n"},
    {"back again, killed in the middle",
     LINUX "entry alice s1 1000 locked\naccount alice 1000 990\n" ALICE,
     "unlock alice s1 1000\n"},
    {"back, but not confirmed",
     LINUX "entry alice s1 1000 locked\naccount alice 1000 990 expired\n"
           "person alice s1 linux UNCONFIRMED\n",
     "refused status (alice): is not confirmed in the pool, or another "
     "provider's\n"},
    {"locked by hand is not ours to open",
     LINUX
     "entry alice s1 1000 present\naccount alice 1000 990 expired\n" ALICE,
     ""},
    {"one of two: rounded up", TWO ALICE, "lock bob s2 1001\n"},
    {"two of two", TWO,
     "held lock alice s1 1000\nheld lock bob s2 1001\n"
     "refused max-removals (): 2 of 2 accounts would be locked, and "
     "max_removals=20 lets 1 go at once: nothing is done without --force\n"},
    {"two of two, and nobody is made either", TWO "person carol s3 linux\n",
     "held lock alice s1 1000\nheld lock bob s2 1001\n"
     "held make carol s3 1002 /home/carol <>\n"
     "refused max-removals (): 2 of 2 accounts would be locked, and "
     "max_removals=20 lets 1 go at once: nothing is done without --force\n"},
    {"two of two, as asked", TWO "force\n",
     "lock alice s1 1000\nlock bob s2 1001\n"},
    {"two of two, as set", TWO "set max_removals=51\n",
     "lock alice s1 1000\nlock bob s2 1001\n"},
    {"none may go", LINUX MADE_ALICE "set max_removals=0\n",
     "held lock alice s1 1000\n"
     "refused max-removals (): 1 of 1 accounts would be locked, and "
     "max_removals=0 lets 0 go at once: nothing is done without --force\n"},
    {"those who are locked already do not count",
     TWO ALICE "set max_removals=50\n"
               "entry x sx 1009 locked\naccount x 1009 990\n",
     "lock bob s2 1001\nlock x sx 1009\n"},
};

static const struct row rest[] = {
    {"into the mapped groups",
     LINUX "set map_groups=Devs:devs,Ops:devs,Ops:ops,A:b\n"
           "group devs 3000\ngroup ops 3001\ngroup b 3002\n"
           "person alice s1 linux,Ops\n" MADE_ALICE,
     "join alice s1 1000 devs\njoin alice s1 1000 ops\n"},
    {"out of one, into another",
     LINUX "set map_groups=Devs:devs,Ops:ops\ngroup devs 3000 alice\n"
           "group ops 3001\ngroup games 3002 alice\n"
           "person alice s1 linux,Ops\n" MADE_ALICE,
     "leave alice s1 1000 devs\njoin alice s1 1000 ops\n"},
    {"one whose own group it is stays in it",
     LINUX "set map_groups=Devs:devs\ngroup devs 3000\n"
           "entry alice s1 1000 present\naccount alice 1000 3000\n" ALICE,
     "join alice s1 1000 cognito\n"},
    {"the new ones, too",
     LINUX "set map_groups=Devs:devs\ngroup devs 3000\n"
           "set ssh_key_attribute=custom:k\n"
           "person alice s1 linux,Devs name=Alice_A keys=key_one\n",
     "make alice s1 1000 /home/alice <Alice A>\njoin alice s1 1000 devs\n"
     "keys alice s1 1000 <key one>\n"},
    {"a group that is not there",
     LINUX "set map_groups=Devs:devs\nperson alice s1 linux,Devs\n" MADE_ALICE,
     "refused no-group (): map_groups: there is no group devs here: groupadd "
     "devs\n"},
    {"a group with rights, by its name and by its gid",
     LINUX "set map_groups=Devs:docker,Devs:games,Devs:sudo\n"
           "group docker 3000\ngroup games 60\ngroup sudo 27 alice\n"
           "person alice s1 linux,Devs\n" MADE_ALICE,
     "refused privileged-group (): the group docker gives rights over this "
     "machine: allow_privileged_groups=yes, if that is meant\n"
     "refused privileged-group (): the group games has a gid below 1000, a "
     "system group's: allow_privileged_groups=yes, if that is meant\n"
     "refused privileged-group (): the group sudo gives rights over this "
     "machine: allow_privileged_groups=yes, if that is meant\n"},
    {"a group with rights, allowed",
     LINUX "set map_groups=Devs:docker\nset allow_privileged_groups=yes\n"
           "group docker 3000\nperson alice s1 linux,Devs\n" MADE_ALICE,
     "join alice s1 1000 docker\n"},
    {"a full name",
     LINUX "entry alice s1 1000 present\n"
           "account alice 1000 990 gecos=Old,room_5,1\n"
           "person alice s1 linux name=Alice_Liddell\n",
     "full-name alice s1 1000 <Alice Liddell,room 5,1>\n"},
    {"a full name that is right",
     LINUX "entry alice s1 1000 present\n"
           "account alice 1000 990 gecos=Alice,room\n"
           "person alice s1 linux name=Alice\n",
     ""},
    {"no full name in the pool",
     LINUX "entry alice s1 1000 present\n"
           "account alice 1000 990 gecos=Alice\n" ALICE,
     ""},
    {"keys: new ones, others, none",
     LINUX "set ssh_key_attribute=custom:k\nkeys bob k\nkeys carol k\n"
           "keys dave k\n"
           "entry alice s1 1000 present\naccount alice 1000 990\n"
           "entry bob s2 1001 present\naccount bob 1001 990\n"
           "entry carol s3 1002 present\naccount carol 1002 990\n"
           "entry dave s4 1003 present\naccount dave 1003 990\n"
           "person alice s1 linux keys=k\nperson bob s2 linux keys=l\n"
           "person carol s3 linux\nperson dave s4 linux keys=k\n",
     "keys alice s1 1000 <k>\nkeys bob s2 1001 <l>\nkeys carol s3 1002 <>\n"},
    {"keys that nobody wants any more",
     LINUX "keys alice k\n" MADE_ALICE "person alice s1 linux keys=k\n",
     "keys alice s1 1000 <>\n"},
    {"keys in doubt stay",
     LINUX
     "set ssh_key_attribute=custom:k\ndoubt-keys\nkeys alice k\n" MADE_ALICE
     "person alice s1 linux keys=l\nperson bob s2 linux keys=m\n",
     "make bob s2 1001 /home/bob <>\n"
     "refused attribute (): web-app may write it\n"},
    {"keys of an account that the state does not know",
     LINUX "set ssh_key_attribute=custom:k\nkeys alice k\n"
           "account alice 1000 990\nperson alice s1 linux keys=k\n",
     "keys alice  1000 <>\n"
     "refused exists (alice): the account is there, and was not made "
     "here: `adopt alice` takes it over\n"},
    {"a key that waits for a name",
     LINUX "set ssh_key_attribute=custom:k\nkeys alice old\n"
           "person alice s1 linux keys=new\n",
     "keys alice s1 1000 <>\nmake alice s1 1000 /home/alice <>\n"
     "keys alice s1 1000 <new>\n"},
    {"a key that waits for a name, and is the right one",
     LINUX "set ssh_key_attribute=custom:k\nkeys alice k\n"
           "person alice s1 linux keys=k\n",
     "keys alice s1 1000 <>\nmake alice s1 1000 /home/alice <>\n"
     "keys alice s1 1000 <k>\n"},
    {"what takes away comes first",
     TWO "set map_groups=Devs:devs\ngroup devs 3000\n"
         "person alice s1 linux,Devs\nperson aaron s0 linux\n",
     "lock bob s2 1001\njoin alice s1 1000 devs\n"
     "make aaron s0 1002 /home/aaron <>\n"},
};

/* ---- By hand ---- */

static enum status
adopt_alice(const struct world *world, struct plan *plan)
{
    const struct plan_input input = world_input(world);

    return plan_adopt(&input, "alice", plan);
}

static enum status
forget_alice(const struct world *world, struct plan *plan)
{
    struct plan_input input = world_input(world);

    input.people = NULL;
    input.count = 0;
    return plan_forget(&input, "alice", plan);
}

#define LOCAL_ALICE "account alice 1000 1000\ngroup alice 1000\n"

static const struct row adopted[] = {
    {"adopt", LINUX ALICE LOCAL_ALICE "group games 60 alice\n",
     "adopt alice s1 1000 there\n"},
    {"adopt: with subordinate ids of its own",
     LINUX ALICE LOCAL_ALICE "range 100000 165535 alice\n"
                             "range 200000 265535 1000\n",
     "adopt alice s1 1000 there\n"},
    {"adopt: no account", LINUX ALICE,
     "refused absent (alice): there is no such account in /etc/passwd\n"},
    {"adopt: in the state", LINUX ALICE MADE_ALICE,
     "refused known (alice): is in the state already: the next sync sees to "
     "it\n"},
    {"adopt: nobody's", LINUX LOCAL_ALICE "person alice s1 linux off\n",
     "refused nobody (alice): nobody of those who are to exist here has that "
     "name, see `list`\n"},
    {"adopt: not confirmed",
     LINUX LOCAL_ALICE "person alice s1 linux UNCONFIRMED\n",
     "refused status (alice): is not confirmed in the pool, or another "
     "provider's\n"},
    {"adopt: is somebody here",
     LINUX LOCAL_ALICE ALICE "entry ally s1 1001 locked\n",
     "refused renamed (alice): this person is ally here: `forget ally` "
     "first\n"},
    {"adopt: named in sudoers", LINUX LOCAL_ALICE ALICE "reserved alice\n",
     "refused reserved (alice): that name has rights here, by "
     "/etc/sudoers\n"},
    {"adopt: a member of sudo",
     LINUX LOCAL_ALICE ALICE "group sudo 27 bob,alice\n",
     "refused rights (alice): the account is in the group sudo, and with "
     "that the pool would have rights over this machine: take it out, or "
     "allow_privileged_groups=yes\n"},
    {"adopt: a member of sudo, allowed",
     LINUX LOCAL_ALICE ALICE "group sudo 27 alice\n"
                             "set allow_privileged_groups=yes\n",
     "adopt alice s1 1000 there\n"},
    {"adopt: root's uid", LINUX ALICE "account alice 0 0\n",
     "refused uid (alice): a uid below 1000 is a system account's\n"},
    {"adopt: two accounts of one uid",
     LINUX LOCAL_ALICE ALICE "account bob 1000 1000\n",
     "refused uid (alice): another account has the same uid\n"},
    {"adopt: a uid that was somebody's",
     LINUX LOCAL_ALICE ALICE "entry bob s2 1000 forgotten\n",
     "refused uid (alice): the uid was given to bob once\n"},
    {"adopt: had another uid",
     LINUX LOCAL_ALICE ALICE "entry alice s1 1007 forgotten\n",
     "refused uid (alice): this person had uid 1007 here, and a uid never "
     "changes\n"},
    {"adopt: the same person is back",
     LINUX LOCAL_ALICE ALICE "entry alice s1 1000 forgotten\n",
     "adopt alice s1 1000 there\n"},
    {"adopt: the pool says otherwise",
     LINUX LOCAL_ALICE "set uid_attribute=custom:uid\n"
                       "person alice s1 linux uid=2000\n",
     "refused uid (alice): the pool says uid 2000\n"},
};

static const struct row forgotten[] = {
    {"forget", LINUX MADE_ALICE "home /home/alice 1000\n",
     "forget alice s1 1000 /home/alice </home/alice.gone-1000> there\n"},
    {"forget: no such entry", LINUX LOCAL_ALICE,
     "refused absent (alice): was neither made nor adopted here\n"},
    {"forget: done already", LINUX "entry alice s1 1000 forgotten\n",
     "refused absent (alice): was neither made nor adopted here\n"},
    {"forget: no account", LINUX "entry alice s1 1000 locked\n",
     "forget alice s1 1000\n"},
    {"forget: another's account is not touched",
     LINUX "entry alice s1 1000 present\naccount alice 1001 990\n"
           "home /home/alice 1001\n",
     "forget alice s1 1000\n"},
    {"forget: a home that is not its own stays",
     LINUX MADE_ALICE "home /home/alice 0\n", "forget alice s1 1000 there\n"},
    {"forget: an empty folder of root's stays",
     LINUX MADE_ALICE "home /home/alice empty\n",
     "forget alice s1 1000 there\n"},
    {"forget: a home with another's in it stays",
     LINUX MADE_ALICE "home /home/alice 1000\n"
                      "account bob 1001 990 home=/home/alice/bob\n",
     "forget alice s1 1000 there\n"},
    {"forget: another's home beside it does not matter",
     LINUX MADE_ALICE "home /home/alice 1000\n"
                      "account al 1001 990 home=/home/alice2\n",
     "forget alice s1 1000 /home/alice </home/alice.gone-1000> there\n"},
    {"forget: / stays",
     LINUX "entry alice s1 1000 present\naccount alice 1000 990 home=/\n"
           "home / 1000\n",
     "forget alice s1 1000 there\n"},
};

static void
test_full_names(void)
{
    static const struct {
        const char *from;
        const char *to;
    } full[] = {
        {"Alice Liddell", "Alice Liddell"},
        {"Zo\xc3\xab", "Zo\xc3\xab"},
        {"  a \t b  ", "a ? b"},
        {"a:0:0::/root:/bin/sh", "a 0 0 /root /bin/sh"},
        {"a,b", "a b"},
        {"a umask=0", "a umask 0"},
        {"a\nroot::0:0", "a?root 0 0"},
        {"a\xff\x62", "a?b"},
        {"\xe2\x80\xae txt", "? txt"},
        {":,=", ""},
        {"", ""},
    };
    char out[PLAN_FULL_NAME_SIZE], longer[400];

    for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++) {
        plan_full_name(full[i].from, out);
        is_text(out, full[i].to, full[i].to);
    }
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    plan_full_name(longer, out);
    is_number((int64_t) strlen(out), 100, "100 bytes of a longer one");
    ok(strcmp(out + 97, "...") == 0, "which says that it was cut");
}

/* The list of those who should exist. */
static void
test_wanted(void)
{
    struct world world;
    struct plan plan;

    world_make(&world,
               LINUX "person dave s4 linux name=D\nperson alice s1 linux\n"
                     "person bob s2 linux off\nperson root s9 linux\n"
                     "entry alice s1 1000 present\n"
                     "account alice 1000 990 gecos=A home=/x/alice\n"
                     "entry bob s2 1001 present\naccount bob 1001 990\n"
                     "entry carol s3 1002 locked\n"
                     "account carol 1002 990 expired\n"
                     "person carol s3 linux\n");
    ok(sync(&world, &plan) == STATUS_OK, "a plan");
    if (is_number((int64_t) plan.wanted_count, 3, "three should exist")) {
        is_text(plan.wanted[0].name, "alice", "one who is there");
        is_text(plan.wanted[0].gecos, "A", "as she is");
        is_text(plan.wanted[0].home, "/x/alice", "where she is");
        is_text(plan.wanted[1].name, "carol", "one who is back");
        is_text(plan.wanted[2].name, "dave", "one who is made");
        is_text(plan.wanted[2].sub, "s4", "by sub");
        is_number(plan.wanted[2].uid, 1003, "with a uid");
        is_text(plan.wanted[2].gecos, "D", "a name");
        is_text(plan.wanted[2].home, "/home/dave", "and a home");
    }
    plan_free(&plan);
    world_free(&world);
}

#define CHECK(rows, plan_it)                                                  \
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)               \
    check(&rows[i], plan_it)

static void
test_chance(void)
{
    const char *text = getenv("ROUNDS");
    unsigned int rounds = text == NULL
                              ? 3000
                              : (unsigned int) strtoul(text, NULL, 10);
    const char *complaint;
    size_t done;

    complaint = world_by_chance(rounds, &done);
    ok(complaint == NULL, "%u worlds by chance: %s", rounds,
       complaint == NULL ? "all of it holds" : complaint);
    ok(done > rounds, "%zu actions were carried out", done);
}

int
main(void)
{
    CHECK(people, sync);
    CHECK(addresses, sync);
    CHECK(names, sync);
    CHECK(uids, sync);
    CHECK(states, sync);
    CHECK(gone, sync);
    CHECK(rest, sync);
    CHECK(adopted, adopt_alice);
    CHECK(forgotten, forget_alice);
    test_full_names();
    test_wanted();
    test_chance();
    return done_testing();
}
