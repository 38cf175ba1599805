/*
 * Whole words of the files that grant rights, comments left out. That takes
 * some words for names that are none, and misses no name: a person who is
 * refused wrongly is said with the file, one who is let in would be root.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/reserved.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accounts/pieces.h"

#define INCLUDES_MAX 32 /* sudo's own limit is 128 */
#define PATH_SIZE 4096
#define BLANKS " \t\r\n"
#define UID_MARK '#'
#define LIST "the list of names that packages trust"
#define FORM "its form, which is that of packages' own accounts"

enum syntax {
    SUDOERS,  /* # begins a comment, but for #include and #1001 */
    HASH,     /* # begins a comment */
    POLKIT,   /* // begins a comment, also one after code */
    SYSUSERS, /* the second and the third word are names */
};

static const struct source {
    const char *pattern;
    enum syntax syntax;
} sources[] = {
    {"/etc/sudoers", SUDOERS},
    {"/etc/sudoers-rs", SUDOERS},
    {"/etc/sudoers.d/*", SUDOERS},
    {"/etc/doas.conf", HASH},
    {"/usr/local/etc/doas.conf", HASH},
    {"/etc/security/group.conf", HASH},
    {"/etc/polkit-1/rules.d/*", POLKIT},
    {"/run/polkit-1/rules.d/*", POLKIT},
    {"/usr/local/share/polkit-1/rules.d/*", POLKIT},
    {"/usr/share/polkit-1/rules.d/*", POLKIT},
    {"/etc/polkit-1/localauthority.conf.d/*", HASH},
    {"/etc/polkit-1/localauthority/*/*", HASH},
    {"/var/lib/polkit-1/localauthority/*/*", HASH},
    {"/etc/sysusers.d/*", SYSUSERS},
    {"/run/sysusers.d/*", SYSUSERS},
    {"/usr/local/lib/sysusers.d/*", SYSUSERS},
    {"/usr/lib/sysusers.d/*", SYSUSERS},
};

/*
 * Groups that sudoers, polkit or a daemon of some distribution trusts, and
 * accounts that own more than a home: also where the package comes later.
 * And those whose mail says that a domain is theirs.
 */
static const char *const listed[] = {
    "root",
    "toor",
    "admin",
    "administrator",
    "sudo",
    "wheel",
    "adm",
    "staff",
    "operator",
    "daemon",
    "bin",
    "sys",
    "kmem",
    "mem",
    "disk",
    "shadow",
    "tty",
    "tape",
    "lp",
    "lpadmin",
    "lpoperator",
    "sys-admin",
    "google-sudoers",
    "docker",
    "dockerroot",
    "podman",
    "containerd",
    "lxc",
    "lxd",
    "lxd-admin",
    "incus",
    "incus-admin",
    "libvirt",
    "libvirtd",
    "libvirt-qemu",
    "qemu",
    "kvm",
    "vboxusers",
    "vboxsf",
    "wireshark",
    "pcap",
    "netdev",
    "network",
    "plugdev",
    "power",
    "storage",
    "systemd-journal",
    "utmp",
    "utempter",
    "input",
    "uinput",
    "video",
    "render",
    "audio",
    "sgx",
    "dialout",
    "cdrom",
    "floppy",
    "backup",
    "src",
    "crontab",
    "sambashare",
    "nixbld",
    "nix-users",
    "rootless",
    "snap",
    "snap_daemon",
    "ec2-user",
    "ubuntu",
    "debian",
    "fedora",
    "centos",
    "rocky",
    "almalinux",
    "opc",
    "azureuser",
    "core",
    "vagrant",
    "pi",
    "postgres",
    "mysql",
    "mongodb",
    "redis",
    "www-data",
    "apache",
    "nginx",
    "http",
    "httpd",
    "git",
    "gitlab",
    "jenkins",
    "ansible",
    "puppet",
    "salt",
    "ssm-user",
    "sshd",
    "_ssh",
    "ssh_keys",
    "polkitd",
    "messagebus",
    "dbus",
    "nobody",
    "nogroup",
    "nfsnobody",
    "users",
    "games",
    "man",
    "mail",
    "news",
    "uucp",
    "proxy",
    "list",
    "irc",
    "gnats",
    "sync",
    "shutdown",
    "halt",
    "ftp",
    "sssd",
    "tss",
    "avahi",
    "avahi-autoipd",
    "colord",
    "geoclue",
    "pulse",
    "rtkit",
    "saned",
    "gdm",
    "lightdm",
    "sddm",
    "dnsmasq",
    "dhcpd",
    "dhcpcd",
    "chrony",
    "ntp",
    "ntpsec",
    "unbound",
    "bind",
    "named",
    "nsd",
    "pdns",
    "rpc",
    "rpcuser",
    "statd",
    "uuidd",
    "usbmux",
    "tcpdump",
    "syslog",
    "postfix",
    "postdrop",
    "exim",
    "dovecot",
    "dovenull",
    "vmail",
    "cyrus",
    "mailman",
    "opendkim",
    "amavis",
    "clamav",
    "spamd",
    "squid",
    "haproxy",
    "varnish",
    "caddy",
    "traefik",
    "memcached",
    "memcache",
    "rabbitmq",
    "elasticsearch",
    "kibana",
    "logstash",
    "grafana",
    "prometheus",
    "influxdb",
    "telegraf",
    "zabbix",
    "nagios",
    "icinga",
    "nrpe",
    "munin",
    "collectd",
    "tomcat",
    "jetty",
    "solr",
    "cassandra",
    "couchdb",
    "kafka",
    "zookeeper",
    "hadoop",
    "consul",
    "vault",
    "nomad",
    "etcd",
    "kube",
    "minio",
    "ceph",
    "ldap",
    "openldap",
    "radiusd",
    "freerad",
    "openvpn",
    "nm-openvpn",
    "strongswan",
    "stunnel",
    "munge",
    "slurm",
    "oracle",
    "oinstall",
    "dba",
    "gitea",
    "gitlab-runner",
    "buildkite-agent",
    "gitlab-www",
    "puppetdb",
    "foreman",
    "nexus",
    "cwagent",
    "ssm",
    "ec2-instance-connect",
    "landscape",
    "pollinate",
    "fwupd-refresh",
    "cockpit-ws",
    "setroubleshoot",
    "abrt",
    "pcp",
    "sapadm",
    "postmaster",
    "hostmaster",
    "webmaster",
    "abuse",
    "security",
    "noc",
    "mailer-daemon",
    "cognito",
    "_pam_cognito",
    "pam_cognito",
};

struct word {
    const char *text;
    const char *source; /* of sources, or LIST */
};

struct reserved {
    struct word *words;
    size_t count, room;
    struct pieces memory; /* of the words, and of the paths they are from */
    const char *root;
    char *error;
    size_t error_size;
};

static bool
fail(struct reserved *reserved, const char *path, const char *why)
{
    (void) snprintf(reserved->error, reserved->error_size,
                    "%s: %s: whom it gives rights is not known", path, why);
    return false;
}

static bool
add_word(struct reserved *reserved, const char *text, size_t length,
         const char *source)
{
    struct word *words;

    if (reserved->count == reserved->room) {
        reserved->room = reserved->room * 2 + 256;
        words = reallocarray(reserved->words, reserved->room, sizeof(*words));
        if (words == NULL)
            return fail(reserved, source, strerror(errno));
        reserved->words = words;
    }
    words = &reserved->words[reserved->count];
    words->source = source;
    words->text = pieces_copy(&reserved->memory, text, length);
    if (words->text == NULL)
        return fail(reserved, source, strerror(errno));
    reserved->count++;
    return true;
}

static bool
is_name_character(char c)
{
    return isalnum((unsigned char) c) != 0 || (c & 0x80) != 0 || c == '_'
           || c == '-' || c == '.';
}

/* Adds every word of the line; a number that a # stands before is a uid. */
static bool
add_words(struct reserved *reserved, const char *line, const char *source)
{
    const char *at = line, *start, *end;

    while (*at != '\0') {
        if (!is_name_character(*at)) {
            at++;
            continue;
        }
        start = at > line && at[-1] == UID_MARK ? at - 1 : at;
        while (is_name_character(*at))
            at++;
        /* The end of a sentence is none of a name. */
        for (end = at; end > start && end[-1] == '.'; end--)
            ;
        if (end > start
            && !add_word(reserved, start, (size_t) (end - start), source))
            return false;
    }
    return true;
}

static bool
begins_comment(enum syntax syntax, const char *line, const char *at)
{
    if (syntax == POLKIT)
        return at[0] == '/' && at[1] == '/';
    /* One that stands in a word, or is escaped, may be a part of it. */
    return *at == UID_MARK && (at == line || isspace((unsigned char) at[-1]))
           && (syntax != SUDOERS || !isdigit((unsigned char) at[1]));
}

/* Ends the line where a comment begins, which it does not within quotes. */
static void
cut_comment(enum syntax syntax, char *line)
{
    char quote = '\0';

    for (char *at = line; *at != '\0'; at++) {
        if (quote == '\0' && begins_comment(syntax, line, at)) {
            *at = '\0';
            return;
        }
        if (*at == quote)
            quote = '\0';
        else if (quote == '\0' && (*at == '"' || *at == '\''))
            quote = *at;
    }
}

static bool read_path(struct reserved *reserved, const char *path,
                      enum syntax syntax, unsigned int depth);
static bool read_pattern(struct reserved *reserved, const char *pattern,
                         enum syntax syntax, unsigned int depth);

/* Cuts the line's next word off; "" at its end. */
static char *
next_word(char **line)
{
    char *word = *line + strspn(*line, BLANKS);
    size_t length = strcspn(word, BLANKS);

    *line = word + length + (word[length] != '\0');
    word[length] = '\0';
    return word;
}

/* "@include /path", "#includedir /path": what sudo reads as well. */
static bool
is_include(const char *word)
{
    return (word[0] == '@' || word[0] == UID_MARK)
           && (strcmp(word + 1, "include") == 0
               || strcmp(word + 1, "includedir") == 0);
}

static bool
follow_include(struct reserved *reserved, const char *path, char *line,
               unsigned int depth)
{
    bool whole_folder = strcmp(next_word(&line) + 1, "includedir") == 0;
    const char *named = next_word(&line);
    char pattern[PATH_SIZE];

    if (depth == INCLUDES_MAX)
        return fail(reserved, path, "it includes too deeply");
    /* %h, quotes and escapes are sudo's to understand. */
    if (named[0] == '\0' || strpbrk(named, "%\"\\*?[") != NULL
        || *next_word(&line) != '\0')
        return fail(reserved, path, "what it includes cannot be followed");
    (void) snprintf(pattern, sizeof(pattern), "%s%s%s",
                    named[0] == '/' ? "" : "/etc/", named,
                    whole_folder ? "/*" : "");
    return read_pattern(reserved, pattern, SUDOERS, depth + 1);
}

/* "u NAME ...", "m NAME GROUP". */
static bool
add_sysusers(struct reserved *reserved, char *line, const char *path)
{
    bool names_group = next_word(&line)[0] == 'm';

    return add_words(reserved, next_word(&line), path)
           && (!names_group || add_words(reserved, next_word(&line), path));
}

static bool
read_line(struct reserved *reserved, const char *path, enum syntax syntax,
          char *line, unsigned int depth)
{
    char first[sizeof("@includedir")];

    (void) snprintf(first, sizeof(first), "%s", line + strspn(line, BLANKS));
    first[strcspn(first, BLANKS)] = '\0';
    if (syntax == SUDOERS && is_include(first))
        return follow_include(reserved, path, line, depth);
    cut_comment(syntax, line);
    return syntax == SYSUSERS ? add_sysusers(reserved, line, path)
                              : add_words(reserved, line, path);
}

static bool
read_file(struct reserved *reserved, int fd, const char *path,
          enum syntax syntax, unsigned int depth)
{
    FILE *file = fdopen(fd, "re");
    char *line = NULL;
    size_t size = 0;
    bool done = true;
    ssize_t length;

    if (file == NULL) {
        (void) close(fd);
        return fail(reserved, path, strerror(errno));
    }
    while (done && (length = getline(&line, &size, file)) >= 0)
        done = strlen(line) == (size_t) length
                   ? read_line(reserved, path, syntax, line, depth)
                   : fail(reserved, path, "it holds a NUL");
    if (done && ferror(file) != 0)
        done = fail(reserved, path, strerror(errno));
    free(line);
    (void) fclose(file);
    return done;
}

static bool
read_path(struct reserved *reserved, const char *path, enum syntax syntax,
          unsigned int depth)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const char *kept;
    struct stat st;

    if (fd < 0)
        return errno == ENOENT || fail(reserved, path, strerror(errno));
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        (void) close(fd);
        return true; /* no file that any of them reads */
    }
    kept = pieces_copy(&reserved->memory, path, strlen(path));
    if (kept == NULL) {
        (void) close(fd);
        return fail(reserved, path, strerror(errno));
    }
    return read_file(reserved, fd, kept, syntax, depth);
}

/* For glob: a folder that is not there is no fault. */
static int
is_fault(const char *path, int number)
{
    (void) path;
    return number != ENOENT;
}

static bool
read_pattern(struct reserved *reserved, const char *pattern,
             enum syntax syntax, unsigned int depth)
{
    char whole[2 * PATH_SIZE];
    bool done = true;
    glob_t found;
    int code;

    (void) snprintf(whole, sizeof(whole), "%s%s", reserved->root, pattern);
    code = glob(whole, 0, is_fault, &found);
    if (code == GLOB_NOMATCH)
        return true;
    if (code != 0)
        return fail(reserved, whole, "it cannot be listed");
    for (size_t i = 0; done && i < found.gl_pathc; i++)
        done = read_path(reserved, found.gl_pathv[i], syntax, depth);
    globfree(&found);
    return done;
}

static int
compare(const void *left, const void *right)
{
    return strcmp(((const struct word *) left)->text,
                  ((const struct word *) right)->text);
}

struct reserved *
reserved_read(const char *root, char *error_out, size_t error_size)
{
    struct reserved *reserved = calloc(1, sizeof(*reserved));
    bool done = true;

    if (reserved == NULL) {
        (void) snprintf(error_out, error_size, "%s", strerror(errno));
        return NULL;
    }
    *reserved = (struct reserved){.root = root,
                                  .error = error_out,
                                  .error_size = error_size};
    for (size_t i = 0; done && i < sizeof(listed) / sizeof(listed[0]); i++)
        done = add_word(reserved, listed[i], strlen(listed[i]), LIST);
    for (size_t i = 0; done && i < sizeof(sources) / sizeof(sources[0]); i++)
        done = read_pattern(reserved, sources[i].pattern, sources[i].syntax,
                            0);
    if (!done) {
        reserved_free(reserved);
        return NULL;
    }
    qsort(reserved->words, reserved->count, sizeof(*reserved->words), compare);
    return reserved;
}

void
reserved_free(struct reserved *reserved)
{
    if (reserved == NULL)
        return;
    pieces_free(&reserved->memory);
    free(reserved->words);
    free(reserved);
}

static const char *
find_word(const struct reserved *reserved, const char *text)
{
    struct word key = {.text = text};
    const struct word *found = bsearch(&key, reserved->words, reserved->count,
                                       sizeof(*reserved->words), compare);

    return found == NULL ? NULL : found->source;
}

const char *
reserved_name(const struct reserved *reserved, const char *name)
{
    const char *source = find_word(reserved, name);

    if (source == NULL
        && (name[0] == '_' || strncmp(name, "systemd-", 8) == 0))
        return FORM;
    return source;
}

const char *
reserved_uid(const struct reserved *reserved, uid_t uid)
{
    char text[16];

    (void) snprintf(text, sizeof(text), "%c%u", UID_MARK, (unsigned int) uid);
    return find_word(reserved, text);
}
