/*
 * Names that carry rights: each file that grants them, in a folder of the
 * test's own, and what a comment or an include is in each.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/reserved.h"
#include "tap.h"

#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/reserved-t.XXXXXX";

/* Writes the file and the folders above it. */
static void
put(const char *path, const char *text)
{
    char whole[512];
    FILE *file;

    snprintf(whole, sizeof(whole), "%s%s", root, path);
    for (char *slash = strchr(whole + sizeof(root), '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(whole, 0755) < 0 && errno != EEXIST)
            abort();
        *slash = '/';
    }
    file = fopen(whole, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
}

static void
take(const char *path)
{
    char whole[512];

    snprintf(whole, sizeof(whole), "%s%s", root, path);
    if (remove(whole) < 0)
        abort();
}

/* Is the name taken, and by that file? source NULL: it is nobody's. */
static void
is_from(const struct reserved *reserved, const char *name, const char *source)
{
    char whole[512];
    const char *seen = reserved_name(reserved, name);

    snprintf(whole, sizeof(whole), "%s%s", root, source == NULL ? "" : source);
    is_text(seen, source == NULL ? NULL : whole, name);
}

static const char *
why_not(void)
{
    static char error[512];
    struct reserved *reserved;

    error[0] = '\0';
    reserved = reserved_read(root, error, sizeof(error));
    ok(reserved == NULL, "it cannot be said whom it trusts");
    reserved_free(reserved);
    return error[0] == '\0' ? error : error + strlen(root);
}

static struct reserved *
read_all(void)
{
    char error[512] = "";
    struct reserved *reserved = reserved_read(root, error, sizeof(error));

    if (!ok(reserved != NULL, "all of it can be read: %s", error))
        abort();
    return reserved;
}

static void
test_nothing(void)
{
    static const char *const always[] = {
        "root",       "admin",   "google-sudoers", "lpadmin",  "kvm",
        "incus",      "libvirt", "docker",         "wheel",    "_pam_cognito",
        "postmaster", "avahi",   "_chrony",        "systemd-x"};
    struct reserved *reserved = read_all();

    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        ok(reserved_name(reserved, always[i]) != NULL, "%s is on the list",
           always[i]);
    ok(reserved_name(reserved, "alice") == NULL, "alice is not");
    ok(reserved_name(reserved, "a_systemd-x") == NULL, "nor what ends so");
    ok(reserved_name(reserved, "") == NULL, "nor is nobody");
    reserved_free(reserved);
}

static void
test_sudo(void)
{
    struct reserved *reserved;

    put("/etc/sudoers", "# carol is on holiday\n"
                        "Defaults env_reset\n"
                        "%ops ALL=(ALL) ALL # and dave\n"
                        "#1005 ALL=(ALL) ALL\n"
                        "User_Alias CREW = alice.a, \\\n"
                        "    bob, !eve\n"
                        "gail ALL=/bin/a \\# b, \"c # d\", hank\n"
                        "ian ALL=/bin/a#b, jack\n"
                        "@includedir /etc/more.d\n"
                        "#include /etc/old\n"
                        "@include near\n");
    put("/etc/sudoers.d/one", "frank ALL=(henry : ivan) NOPASSWD: /bin/x\n");
    put("/etc/more.d/two", "judy ALL=ALL\n");
    put("/etc/old", "kate ALL=ALL\n");
    put("/etc/near", "liam ALL=ALL");
    put("/etc/sudoers-rs", "mike ALL=ALL\n");
    reserved = read_all();
    is_from(reserved, "ops", "/etc/sudoers");
    is_from(reserved, "alice.a", "/etc/sudoers");
    is_from(reserved, "bob", "/etc/sudoers");
    is_from(reserved, "eve", "/etc/sudoers");
    is_from(reserved, "hank", "/etc/sudoers");
    is_from(reserved, "jack", "/etc/sudoers");
    is_from(reserved, "frank", "/etc/sudoers.d/one");
    is_from(reserved, "ivan", "/etc/sudoers.d/one");
    is_from(reserved, "judy", "/etc/more.d/two");
    is_from(reserved, "kate", "/etc/old");
    is_from(reserved, "liam", "/etc/near");
    is_from(reserved, "mike", "/etc/sudoers-rs");
    is_from(reserved, "carol", NULL);
    is_from(reserved, "dave", NULL);
    is_from(reserved, "alice", NULL);
    is_from(reserved, "1005", NULL);
    ok(reserved_uid(reserved, 1005) != NULL, "uid 1005 has rights");
    ok(reserved_uid(reserved, 1006) == NULL, "uid 1006 has none");
    ok(reserved_uid(reserved, 100) == NULL, "nor has the beginning of one");
    reserved_free(reserved);
}

static void
test_includes(void)
{
    put("/etc/near", "@include near\n");
    is_text(why_not(),
            "/etc/near: it includes too deeply: whom it gives rights is not "
            "known",
            "an include of itself");
    put("/etc/near", "@include /etc/sudoers.%h\n");
    is_text(why_not(),
            "/etc/near: what it includes cannot be followed: whom it gives "
            "rights is not known",
            "one with the host's name");
    put("/etc/near", "@include /etc/nowhere/none\n");
    reserved_free(read_all());
    put("/etc/near", "");
}

static void
test_others(void)
{
    struct reserved *reserved;

    put("/etc/doas.conf", "permit nopass nora as root\n# oscar\n");
    put("/etc/security/group.conf", "xsh; tty* ;paul;Al0000-2400;floppy\n");
    put("/etc/polkit-1/rules.d/50.rules",
        "// quinn\npolkit.addRule(function(action, subject) {\n"
        "  if (subject.user == \"rita\" || subject.isInGroup('staff2')) // "
        "sam\n"
        "  return ['unix-user:tom'];\n"
        "  if (url == \"http://x\" && subject.user == 'tim') // ted\n");
    put("/usr/share/polkit-1/rules.d/10.rules", "\"una\"\n");
    put("/etc/polkit-1/localauthority/50-local.d/x.pkla",
        "Identity=unix-user:vera\n");
    put("/usr/lib/sysusers.d/a.conf",
        "u walt - \"runs xenia\" /\nu! yara -\nm zack abel\n# bert\n");
    reserved = read_all();
    is_from(reserved, "nora", "/etc/doas.conf");
    is_from(reserved, "oscar", NULL);
    is_from(reserved, "paul", "/etc/security/group.conf");
    is_from(reserved, "rita", "/etc/polkit-1/rules.d/50.rules");
    is_from(reserved, "staff2", "/etc/polkit-1/rules.d/50.rules");
    is_from(reserved, "tom", "/etc/polkit-1/rules.d/50.rules");
    is_from(reserved, "tim", "/etc/polkit-1/rules.d/50.rules");
    is_from(reserved, "ted", NULL);
    is_from(reserved, "quinn", NULL);
    is_from(reserved, "sam", NULL);
    is_from(reserved, "una", "/usr/share/polkit-1/rules.d/10.rules");
    is_from(reserved, "vera",
            "/etc/polkit-1/localauthority/50-local.d/x.pkla");
    is_from(reserved, "walt", "/usr/lib/sysusers.d/a.conf");
    is_from(reserved, "yara", "/usr/lib/sysusers.d/a.conf");
    is_from(reserved, "zack", "/usr/lib/sysusers.d/a.conf");
    is_from(reserved, "abel", "/usr/lib/sysusers.d/a.conf");
    is_from(reserved, "xenia", NULL);
    is_from(reserved, "bert", NULL);
    reserved_free(reserved);
}

/* What is there and cannot be read is no "nobody". */
static void
test_unreadable(void)
{
    char whole[512];

    snprintf(whole, sizeof(whole), "%s/etc/sudoers.d/loop", root);
    if (symlink("loop", whole) < 0)
        abort();
    is_text(why_not(),
            "/etc/sudoers.d/loop: Too many levels of symbolic links: whom it "
            "gives rights is not known",
            "a file that cannot be opened");
    take("/etc/sudoers.d/loop");
    snprintf(whole, sizeof(whole), "%s/run", root);
    if (symlink("run", whole) < 0)
        abort();
    is_text(why_not(),
            "/run/polkit-1/rules.d/*: it cannot be listed: whom it gives "
            "rights is not known",
            "a folder that cannot be listed");
    take("/run");
}

static int
take_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void) st;
    (void) kind;
    (void) where;
    return remove(path);
}

int
main(void)
{
    if (mkdtemp(root) == NULL)
        abort();
    test_nothing();
    test_sudo();
    test_includes();
    test_others();
    test_unreadable();
    nftw(root, take_one, 8, FTW_DEPTH | FTW_PHYS);
    return done_testing();
}
