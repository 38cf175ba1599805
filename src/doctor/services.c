/*
 * Facts about PAM services for check: a table of known programs, and the
 * User= of systemd's units.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/services.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor/places.h"
#include "pam/lookup.h"

#define PATH_MAX_BYTES 512
#define LINE_MAX_BYTES 4096
#define PERSON "" /* in users: whoever logs in */
#define ROOT                                                                  \
    "root" /* whoever the unit's user is: through a setuid program,
                       or what asks PAM is another process */

static const struct row {
    const char *service;
    const char *users[3]; /* the first that may exist */
    bool one_question;
    bool no_login;
} rows[] = {
    /* Root, and a whole dialogue. */
    {"sshd", {ROOT}, false, false},
    {"sudo", {ROOT}, false, false},
    {"sudo-i", {ROOT}, false, false},
    {"doas", {ROOT}, false, false},
    {"su", {ROOT}, false, false},
    {"su-l", {ROOT}, false, false},
    {"runuser", {ROOT}, false, false},
    {"login", {ROOT}, false, false},
    {"remote", {ROOT}, false, false},
    {"passwd", {ROOT}, false, false},
    {"chpasswd", {ROOT}, false, false},
    {"cockpit", {ROOT}, false, false},
    {"ocserv", {ROOT}, false, true},
    {"gdm-password", {ROOT}, false, false},
    {"lightdm", {ROOT}, false, false},
    {"sddm", {ROOT}, false, false},
    {"polkit-1", {ROOT}, false, false},
    /* Screen lockers run as the person whose screen they lock. */
    {"i3lock", {PERSON}, true, false},
    {"swaylock", {PERSON}, true, false},
    {"gtklock", {PERSON}, false, false},
    {"hyprlock", {PERSON}, false, false},
    {"waylock", {PERSON}, true, false},
    {"vlock", {PERSON}, false, false},
    {"xlock", {PERSON}, false, false},
    {"physlock", {ROOT}, false, false},
    {"xscreensaver", {PERSON}, false, false},
    {"xsecurelock", {PERSON}, false, false},
    {"mate-screensaver", {PERSON}, false, false},
    {"cinnamon-screensaver", {PERSON}, false, false},
    {"xfce4-screensaver", {PERSON}, false, false},
    {"kde", {PERSON}, false, false},
    {"kscreensaver", {PERSON}, false, false},
    {"kscreenlocker", {PERSON}, false, false},
    {"gnome-screensaver", {PERSON}, false, false},
    {"vnc", {PERSON}, true, false},
    {"tigervnc", {PERSON}, true, false},
    {"x11vnc", {PERSON}, true, false},
    {"wayvnc", {PERSON}, true, false},
    /* Servers with a user of their own. */
    {"postgresql", {"postgres"}, true, true},
    {"pgbouncer", {"postgres", "pgbouncer"}, true, true},
    /* Through a setuid program, which its unit confines. */
    {"mysql", {ROOT}, false, true},
    {"mariadb", {ROOT}, false, true},
    {"nginx", {"www-data", "nginx", "http"}, true, true},
    {"apache", {"www-data", "apache", "http"}, true, true},
    {"apache2", {"www-data", "apache", "http"}, true, true},
    {"httpd", {"apache", "www-data", "http"}, true, true},
    {"freeradius", {"freerad", "radiusd"}, true, true},
    {"radiusd", {"freerad", "radiusd"}, true, true},
    {"squid", {"proxy", "squid"}, true, true},
    {"exim", {"Debian-exim", "exim"}, true, true},
    {"exim4", {"Debian-exim", "exim"}, true, true},
    /* Root, with one question. */
    {"dovecot", {ROOT}, true, true},
    {"imap", {ROOT}, true, true},
    {"pop3", {ROOT}, true, true},
    {"smtp", {ROOT}, true, true},
    {"cups", {ROOT}, true, true},
    {"openvpn", {ROOT}, true, true},
    {"vsftpd", {ROOT}, true, false},
    {"ftp", {ROOT}, true, false},
    {"proftpd", {ROOT}, true, false},
    {"xrdp-sesman", {ROOT}, true, false},
    {"xrdp", {ROOT}, true, false},
    {"saslauthd", {ROOT}, true, true},
};

/* Services that are not named as their unit is. */
static const struct {
    const char *service;
    const char *unit;
} units[] = {
    {"sshd", "ssh"},
    {"mysql", "mariadb"},
    {"polkit-1", "polkit-agent-helper"},
};

static const char *
unit_of(const char *service)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(units[i].service, service) == 0)
            return units[i].unit;
    return service;
}

/* Lockers that are set-uid root on some systems. */
static const struct {
    const char *service;
    const char *program;
} set_uid[] = {
    {"vlock", "/usr/sbin/vlock-main"},
    {"xlock", "/usr/bin/xlock"},
};

static bool
is_set_uid(const char *service)
{
    struct stat st;

    for (size_t i = 0; i < sizeof(set_uid) / sizeof(set_uid[0]); i++)
        if (strcmp(set_uid[i].service, service) == 0)
            return stat(set_uid[i].program, &st) == 0 && st.st_uid == 0
                   && (st.st_mode & S_ISUID) != 0;
    return false;
}

static const struct row *
find_row(const char *service)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].service, service) == 0)
            return &rows[i];
    return NULL;
}

/* What a unit says, its file and the drop-ins together. */
struct unit {
    bool found;
    char user[SERVICE_USER_MAX];
    bool dynamic, private_network, private_users;
    bool bounded, may_setuid, may_setgid; /* capabilities */
    bool narrowed, may_inet;              /* address families */
};

static bool
is_yes(const char *value)
{
    return strcmp(value, "yes") == 0 || strcmp(value, "true") == 0
           || strcmp(value, "on") == 0 || strcmp(value, "1") == 0;
}

/* Is it a word of the list? */
static bool
has_word(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
        if ((at == list || strchr(" \t~", at[-1]) != NULL)
            && strchr(" \t", at[length]) != NULL)
            return true;
    return false;
}

/* A list that allows, or behind "~" one that refuses; several add up. */
static void
take_list(const char *value, const char *word, bool first, bool *allowed)
{
    bool refuses = value[0] == '~';

    if (first)
        *allowed = refuses;
    if (has_word(value, word))
        *allowed = !refuses;
}

static void
take_setting(struct unit *unit, const char *name, const char *value)
{
    /* A specifier (%i) is known to systemd alone. */
    if (strcmp(name, "User") == 0 && strlen(value) < SERVICE_USER_MAX
        && strchr(value, '%') == NULL) {
        (void) snprintf(unit->user, SERVICE_USER_MAX, "%s", value);
    } else if (strcmp(name, "DynamicUser") == 0) {
        unit->dynamic = is_yes(value);
    } else if (strcmp(name, "PrivateNetwork") == 0) {
        unit->private_network = is_yes(value);
    } else if (strcmp(name, "PrivateUsers") == 0) {
        unit->private_users = is_yes(value) || strcmp(value, "self") == 0;
    } else if (strcmp(name, "CapabilityBoundingSet") == 0) {
        bool first = !unit->bounded || value[0] == '\0';

        take_list(value, "CAP_SETUID", first, &unit->may_setuid);
        take_list(value, "CAP_SETGID", first, &unit->may_setgid);
        unit->bounded = true;
    } else if (strcmp(name, "RestrictAddressFamilies") == 0) {
        take_list(value, "AF_INET", !unit->narrowed, &unit->may_inet);
        unit->narrowed = value[0] != '\0';
    }
}

/* The next line, with those that a backslash joins to it. */
static bool
next_line(FILE *file, char line[LINE_MAX_BYTES])
{
    size_t used = 0;

    memset(line, 0, LINE_MAX_BYTES);
    while (used + 1 < LINE_MAX_BYTES
           && fgets(line + used, (int) (LINE_MAX_BYTES - used), file)
                  != NULL) {
        used += strlen(line + used);
        while (used > 0 && isspace((unsigned char) line[used - 1]))
            line[--used] = '\0';
        if (used == 0 || line[used - 1] != '\\')
            return true;
        line[used - 1] = ' ';
    }
    return used > 0;
}

/* False when there is no such file. */
static bool
read_unit(const char *path, struct unit *unit)
{
    FILE *file = fopen(path, "re");
    char line[LINE_MAX_BYTES];
    bool inside = false;

    if (file == NULL)
        return false;
    while (next_line(file, line)) {
        char *name = line + strspn(line, " \t");
        char *equals = strchr(name, '=');

        if (name[0] == '[')
            inside = strcmp(name, "[Service]") == 0;
        if (!inside || equals == NULL)
            continue;
        *equals = '\0';
        name[strcspn(name, " \t")] = '\0';
        take_setting(unit, name, equals + 1 + strspn(equals + 1, " \t"));
    }
    (void) fclose(file);
    return true;
}

static void
read_drop_ins(const char *path, struct unit *unit)
{
    char name[PATH_MAX_BYTES + 300];
    struct dirent **names = NULL;
    int count;

    (void) snprintf(name, sizeof(name), "%.500s.d", path);
    count = scandir(name, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        (void) snprintf(name, sizeof(name), "%.500s.d/%.255s", path,
                        names[i]->d_name);
        if (strstr(names[i]->d_name, ".conf") != NULL)
            (void) read_unit(name, unit);
        free(names[i]);
    }
    free(names);
}

static void
take_unit(const struct unit *unit, const char *name, bool whose,
          struct service_facts *facts)
{
    facts->known = facts->known || unit->found;
    if (whose && (unit->user[0] != '\0' || unit->dynamic)) {
        (void) snprintf(facts->user, SERVICE_USER_MAX, "%s",
                        unit->user[0] != '\0' ? unit->user : name);
        facts->dynamic = unit->dynamic;
    }
    if (unit->bounded && !(unit->may_setuid && unit->may_setgid))
        facts->identity = "CapabilityBoundingSet=";
    else if (unit->private_users)
        facts->identity = "PrivateUsers=";
    if (unit->private_network)
        facts->network = "PrivateNetwork=";
    else if (unit->narrowed && !unit->may_inet)
        facts->network = "RestrictAddressFamilies=";
}

/* The administrator's file stands in the place of the package's; drop-ins add
 * to it. */
static void
read_units(const char *name, bool whose, struct service_facts *facts)
{
    static const char *const endings[] = {"@.service", ".service"};
    char path[PATH_MAX_BYTES];

    for (size_t e = 0; e < 2; e++) {
        struct unit unit = {0}, other;

        for (size_t f = 0; f < PLACES_UNITS; f++) {
            other = (struct unit){.found = true};
            (void) snprintf(path, sizeof(path), "%.200s/%.200s%s",
                            places.units[f], name, endings[e]);
            if (read_unit(path, &other))
                unit = other;
        }
        for (size_t f = 0; f < PLACES_UNITS; f++) {
            (void) snprintf(path, sizeof(path), "%.200s/%.200s%s",
                            places.units[f], name, endings[e]);
            read_drop_ins(path, &unit);
        }
        take_unit(&unit, name, whose, facts);
    }
}

/* Also where nobody can say. */
static bool
may_exist(const char *name)
{
    struct passwd account;
    char *memory = NULL;
    enum lookup found = lookup_account(name, &account, &memory);

    free(memory);
    return found != LOOKUP_NONE;
}

/* The first of the row's that may be here. */
static void
find_user(const struct row *row, struct service_facts *facts)
{
    for (size_t i = 0; i < 3 && row->users[i] != NULL; i++)
        if (may_exist(row->users[i])) {
            (void) snprintf(facts->user, SERVICE_USER_MAX, "%s",
                            row->users[i]);
            return;
        }
    facts->absent = true;
}

void
service_facts(const char *service, struct service_facts *facts_out)
{
    const struct row *row = find_row(service);
    bool root;

    memset(facts_out, 0, sizeof(*facts_out));
    if (row != NULL) {
        facts_out->one_question = row->one_question;
        facts_out->no_login = row->no_login;
        facts_out->known = true;
        facts_out->person = strcmp(row->users[0], PERSON) == 0
                            && !is_set_uid(service);
        if (facts_out->person)
            return;
    }
    root = row != NULL
           && (strcmp(row->users[0], ROOT) == 0
               || strcmp(row->users[0], PERSON) == 0);
    read_units(unit_of(service), !root, facts_out);
    if (row != NULL && !root && facts_out->user[0] == '\0')
        find_user(row, facts_out);
    if (facts_out->user[0] == '\0')
        (void) snprintf(facts_out->user, SERVICE_USER_MAX, "root");
}
