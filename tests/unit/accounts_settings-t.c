/*
 * pam_cognito_accounts.conf: what each key takes, what a fault is called and
 * in which line, and that nothing is guessed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <sys/stat.h>
#include <unistd.h>

#include "accounts/settings.h"
#include "tap.h"

static char folder[64] = "/tmp/accounts_settings-t.XXXXXX";
static char path[128];

/* The file with that text, read. */
static struct settings *
read_text(const char *text, char error[SETTINGS_MESSAGE_SIZE])
{
    const struct file_trust trust = {.owner = geteuid()};
    FILE *file = fopen(path, "w");

    need(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0,
         "a file to read");
    error[0] = '\0';
    return settings_read(path, &trust, error, SETTINGS_MESSAGE_SIZE);
}

/* wanted: the message without the file's name. */
static void
refused(const char *text, const char *key, const char *where,
        const char *problem)
{
    char error[SETTINGS_MESSAGE_SIZE], wanted[SETTINGS_MESSAGE_SIZE];
    struct settings *settings = read_text(text, error);

    (void) snprintf(wanted, sizeof(wanted), "%s (%s%s): %s", key, path, where,
                    problem);
    ok(settings == NULL, "refused: %.60s", text);
    is_text(error, wanted, problem);
    settings_free(settings);
}

static void
test_defaults(void)
{
    static const char *const types[] = {"sk-ssh-ed25519@openssh.com",
                                        "sk-ecdsa-sha2-nistp256@openssh.com",
                                        "ssh-ed25519",
                                        "ecdsa-sha2-nistp256",
                                        "ecdsa-sha2-nistp384",
                                        "ecdsa-sha2-nistp521",
                                        NULL};
    char error[SETTINGS_MESSAGE_SIZE], home[32];
    struct settings *settings = read_text("pool_groups = linux\n", error);

    if (!ok(settings != NULL, "one key is enough (%s)", error))
        return;
    is_text(settings->pool_groups[0], "linux", "the group");
    ok(settings->pool_groups[1] == NULL, "and no other");
    ok(!settings->everybody, "not everybody");
    ok(!settings->allow_self_sign_up, "allow_self_sign_up");
    is_text(settings->local_group, "cognito", "local_group");
    is_text(settings->shell, "/bin/bash", "shell");
    is_text(settings->home, "/home/%u", "home");
    ok(settings->pairs == NULL && settings->pair_count == 0, "map_groups");
    ok(!settings->allow_privileged_groups, "allow_privileged_groups");
    is_text(settings->uid_attribute, NULL, "uid_attribute");
    ok(!settings->trust_attribute, "trust_attribute");
    ok(!settings->subids, "subids");
    is_text(settings->ssh_key_attribute, NULL, "ssh_key_attribute");
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        is_text(settings->ssh_key_types[i], types[i], "ssh_key_types");
    is_number(settings->max_removals, 20, "max_removals");
    is_number(settings->rate, 5, "rate");
    is_number(settings->timeout, 600, "timeout");
    is_text(settings->profile, NULL, "profile");
    is_text(settings->credentials_file, NULL, "credentials_file");
    ok(settings_home(settings, "alice", home, sizeof(home)), "a home");
    is_text(home, "/home/alice", "is there");
    ok(settings_home(settings, "alice", home, 12), "just fits");
    ok(!settings_home(settings, "alice", home, 11), "does not fit");
    settings_free(settings);
}

static void
test_all(void)
{
    char error[SETTINGS_MESSAGE_SIZE], home[32];
    struct settings *settings
        = read_text("# who\n\n"
                    "pool_groups = linux , Ops-Team,a:b\r\n"
                    "  allow_self_sign_up=yes\n"
                    "local_group = people\n"
                    "shell = /usr/bin/zsh\n"
                    "home = /srv/home/%u\n"
                    "map_groups = Devs:developers, a:b:printers\n"
                    "allow_privileged_groups = yes\n"
                    "uid_attribute = custom:uid\n"
                    "trust_attribute = yes\n"
                    "subids = yes\n"
                    "ssh_key_attribute = custom:sshkey\n"
                    "ssh_key_types = ssh-ed25519\n"
                    "max_removals = 0\n"
                    "rate = 30\n"
                    "timeout = 86400\n"
                    "profile = listing\n"
                    "credentials_file = /root/.aws/credentials",
                    error);

    if (!ok(settings != NULL, "every key (%s)", error))
        return;
    is_text(settings->pool_groups[0], "linux", "first group");
    is_text(settings->pool_groups[1], "Ops-Team", "second group");
    is_text(settings->pool_groups[2], "a:b", "third group");
    ok(settings->pool_groups[3] == NULL, "no fourth");
    ok(settings->allow_self_sign_up, "allow_self_sign_up");
    is_text(settings->local_group, "people", "local_group");
    is_text(settings->shell, "/usr/bin/zsh", "shell");
    ok(settings_home(settings, "bob", home, sizeof(home)), "a home");
    is_text(home, "/srv/home/bob", "elsewhere");
    if (is_number((int64_t) settings->pair_count, 2, "two pairs")) {
        is_text(settings->pairs[0].pool, "Devs", "pool");
        is_text(settings->pairs[0].local, "developers", "local");
        is_text(settings->pairs[1].pool, "a:b", "the last colon counts");
        is_text(settings->pairs[1].local, "printers", "local");
    }
    ok(settings->allow_privileged_groups, "allow_privileged_groups");
    is_text(settings->uid_attribute, "custom:uid", "uid_attribute");
    ok(settings->trust_attribute, "trust_attribute");
    ok(settings->subids, "subids");
    is_text(settings->ssh_key_attribute, "custom:sshkey", "key attribute");
    is_text(settings->ssh_key_types[0], "ssh-ed25519", "one type");
    ok(settings->ssh_key_types[1] == NULL, "and no other");
    is_number(settings->max_removals, 0, "max_removals");
    is_number(settings->rate, 30, "rate");
    is_number(settings->timeout, 86400, "timeout");
    is_text(settings->profile, "listing", "profile");
    is_text(settings->credentials_file, "/root/.aws/credentials",
            "credentials_file");
    settings_free(settings);
    settings = read_text("pool_groups=*\n", error);
    ok(settings != NULL && settings->everybody
           && settings->pool_groups[0] == NULL,
       "everybody");
    settings_free(settings);
}

#define GROUPS                                                                \
    "expected names of groups of the pool with commas between them, or *"
#define PAIRS                                                                 \
    "expected POOL:LOCAL with commas between them, POOL a group of the pool " \
    "and LOCAL a local one"
#define HOME "expected an absolute path that ends in /%u, such as /home/%u"
#define LIST "unknown key, expected one of pam_cognito_accounts.conf(5)"

static void
test_faults(void)
{
    static const struct {
        const char *line; /* the second */
        const char *key;
        const char *problem;
    } rows[] = {
        {"local_group cognito", "a line", "expected KEY = VALUE"},
        {"[sshd]", "a line", "expected KEY = VALUE"},
        {"= yes", "a line", LIST},
        {"shel = /bin/sh", "shel", "unknown key, did you mean shell?"},
        {"pool_group = a", "pool_group",
         "unknown key, did you mean pool_groups?"},
        {"colour = red", "colour", LIST},
        {"AKIAIOSFODNN7EXAMPLE = x", "a line", LIST},
        {"pool_groups = b", "pool_groups", "given twice, first in line 1"},
        {"local_group =", "local_group", "expected the name of a local group"},
        {"local_group = a b", "local_group",
         "expected the name of a local group"},
        {"local_group = a:b", "local_group",
         "expected the name of a local group"},
        {"local_group = -a", "local_group",
         "expected the name of a local group"},
        {"subids = true", "subids", "expected yes or no"},
        {"subids = Yes", "subids", "expected yes or no"},
        {"allow_self_sign_up =", "allow_self_sign_up", "expected yes or no"},
        {"shell = bash", "shell", "expected an absolute path"},
        {"shell = /bin/ba:sh", "shell", "expected an absolute path"},
        {"shell = /bin/sh -r", "shell", "expected an absolute path"},
        {"shell = /bin/../x", "shell", "expected an absolute path"},
        {"home = /home", "home", HOME},
        {"home = /%u/x", "home", HOME},
        {"home = /home/x%u", "home", HOME},
        {"home = home/%u", "home", HOME},
        {"home = /home/%h/%u", "home", HOME},
        {"home = /home/%u/%u", "home", HOME},
        {"map_groups = devs", "map_groups", PAIRS},
        {"map_groups = :devs", "map_groups", PAIRS},
        {"map_groups = devs:", "map_groups", PAIRS},
        {"map_groups = a:b,,c:d", "map_groups", PAIRS},
        {"map_groups = a:b,", "map_groups", PAIRS},
        {"map_groups = a:b c", "map_groups", PAIRS},
        {"map_groups = a:-b", "map_groups", PAIRS},
        {"map_groups = a:cognito", "map_groups",
         "everybody is in local_group, expected other local groups"},
        {"uid_attribute = a b", "uid_attribute",
         "expected the name of an attribute, such as custom:uid"},
        {"uid_attribute = custom:aaaaaaaaaaaaaaaaaaaaaaaaaa", "uid_attribute",
         "expected the name of an attribute, such as custom:uid"},
        {"max_removals = 101", "max_removals", "expected percent, 0 to 100"},
        {"max_removals = 20%", "max_removals", "expected percent, 0 to 100"},
        {"max_removals = -1", "max_removals", "expected percent, 0 to 100"},
        {"max_removals =", "max_removals", "expected percent, 0 to 100"},
        {"rate = 0", "rate", "expected requests a second, 1 to 30"},
        {"rate = 31", "rate", "expected requests a second, 1 to 30"},
        {"rate = 4294967297", "rate", "expected requests a second, 1 to 30"},
        {"timeout = 0", "timeout", "expected seconds, 1 to 86400"},
        {"timeout = 86401", "timeout", "expected seconds, 1 to 86400"},
        {"credentials_file = ~/.aws/credentials", "credentials_file",
         "expected an absolute path"},
        {"profile = a b", "profile",
         "expected the name of a profile of the credentials file"},
        {"ssh_key_types = ,", "ssh_key_types",
         "expected types of keys with commas between them, such as "
         "ssh-ed25519"},
    };
    char text[256];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void) snprintf(text, sizeof(text), "pool_groups = a\n%s\n",
                        rows[i].line);
        refused(text, rows[i].key, " line 2", rows[i].problem);
    }
    refused("pool_groups = \n", "pool_groups", " line 1", GROUPS);
    refused("pool_groups = a,,b\n", "pool_groups", " line 1", GROUPS);
    refused("pool_groups = a b\n", "pool_groups", " line 1", GROUPS);
    refused("pool_groups = a,*\n", "pool_groups", " line 1", GROUPS);
    refused("pool_groups = *,a\n", "pool_groups", " line 1", GROUPS);
    refused("pool_groups = al\xff\n", "pool_groups", " line 1", GROUPS);
    refused("# nothing\n", "pool_groups", "", "missing, " GROUPS);
    refused("pool_groups = a\n\nrate = 5 # five\n", "rate", " line 3",
            "expected requests a second, 1 to 30");
}

static void
test_trust(void)
{
    const struct file_trust trust = {.owner = geteuid()};
    char error[SETTINGS_MESSAGE_SIZE];
    struct settings *settings = read_text("pool_groups = a\n", error);

    ok(settings != NULL, "its owner's");
    settings_free(settings);
    need(chmod(path, 0666) == 0, "chmod");
    settings = settings_read(path, &trust, error, sizeof(error));
    ok(settings == NULL && strstr(error, "must not be writable") != NULL,
       "writable to others: %s", error);
    settings_free(settings);
    need(unlink(path) == 0, "unlink");
    settings = settings_read(path, &trust, error, sizeof(error));
    ok(settings == NULL && strstr(error, "No such file") != NULL,
       "there is none: %s", error);
    settings_free(settings);
    settings_free(NULL);
}

int
main(void)
{
    need(mkdtemp(folder) != NULL, "a folder");
    (void) snprintf(path, sizeof(path), "%s/conf", folder);
    test_defaults();
    test_all();
    test_faults();
    test_trust();
    (void) rmdir(folder);
    return done_testing();
}
