/*
 * Facts about PAM services for check: a table of known programs, and the
 * User= of systemd's units.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/services.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pam/lookup.h"

#define PATH_MAX_BYTES 512
#define PERSON "" /* in users: whoever logs in */

static const struct row {
    const char *service;
    const char *users[3]; /* the first that may exist; none: root */
    bool one_question;
    bool no_login;
} rows[] = {
    /* Screen lockers run as the person whose screen they lock. */
    {"i3lock", {PERSON}, true, false},
    {"swaylock", {PERSON}, true, false},
    {"gtklock", {PERSON}, false, false},
    {"hyprlock", {PERSON}, false, false},
    {"waylock", {PERSON}, true, false},
    {"vlock", {PERSON}, false, false},
    {"xlock", {PERSON}, false, false},
    {"xscreensaver", {PERSON}, false, false},
    {"xsecurelock", {PERSON}, false, false},
    {"mate-screensaver", {PERSON}, false, false},
    {"cinnamon-screensaver", {PERSON}, false, false},
    {"xfce4-screensaver", {PERSON}, false, false},
    {"kde", {PERSON}, false, false},
    {"kscreensaver", {PERSON}, false, false},
    {"vnc", {PERSON}, true, false},
    {"tigervnc", {PERSON}, true, false},
    {"x11vnc", {PERSON}, true, false},
    /* Servers with a user of their own. */
    {"postgresql", {"postgres"}, true, true},
    /* Through a setuid program. */
    {"mysql", {NULL}, false, true},
    {"mariadb", {NULL}, false, true},
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
    {"dovecot", {NULL}, true, true},
    {"imap", {NULL}, true, true},
    {"pop3", {NULL}, true, true},
    {"smtp", {NULL}, true, true},
    {"cups", {NULL}, true, true},
    {"openvpn", {NULL}, true, true},
    {"vsftpd", {NULL}, true, false},
    {"ftp", {NULL}, true, false},
    {"proftpd", {NULL}, true, false},
    {"xrdp-sesman", {NULL}, true, false},
    {"xrdp", {NULL}, true, false},
    {"saslauthd", {NULL}, true, true},
};

static const struct row *
find_row(const char *service)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].service, service) == 0)
            return &rows[i];
    return NULL;
}

/* The last User= of a unit's file or drop-in, if it has one. */
static void
read_unit(const char *path, char user[SERVICE_USER_MAX])
{
    FILE *file = fopen(path, "re");
    char line[1024];
    bool inside = false;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        char *word = line + strspn(line, " \t");

        word[strcspn(word, " \t\r\n")] = '\0';
        if (word[0] == '[')
            inside = strcmp(word, "[Service]") == 0;
        /* A specifier (%i) is known to systemd alone. */
        if (inside && strncmp(word, "User=", 5) == 0
            && strlen(word + 5) < SERVICE_USER_MAX
            && strchr(word, '%') == NULL)
            (void) snprintf(user, SERVICE_USER_MAX, "%s", word + 5);
    }
    if (file != NULL)
        (void) fclose(file);
}

static void
read_drop_ins(const char *unit, char user[SERVICE_USER_MAX])
{
    char path[PATH_MAX_BYTES + 300];
    struct dirent **names = NULL;
    int count;

    (void) snprintf(path, sizeof(path), "%.500s.d", unit);
    count = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        (void) snprintf(path, sizeof(path), "%.500s.d/%.255s", unit,
                        names[i]->d_name);
        if (strstr(names[i]->d_name, ".conf") != NULL)
            read_unit(path, user);
        free(names[i]);
    }
    free(names);
}

/* The package's unit first: what the administrator wrote wins. */
static void
read_units(const char *service, struct service_facts *facts)
{
    static const char *const folders[]
        = {"/lib/systemd/system", "/usr/lib/systemd/system",
           "/usr/local/lib/systemd/system", "/run/systemd/system",
           "/etc/systemd/system"};
    static const char *const endings[] = {"@.service", ".service"};
    char unit[PATH_MAX_BYTES];

    for (int drop_ins = 0; drop_ins < 2; drop_ins++)
        for (size_t e = 0; e < 2; e++)
            for (size_t f = 0; f < sizeof(folders) / sizeof(folders[0]); f++) {
                (void) snprintf(unit, sizeof(unit), "%s/%.200s%s", folders[f],
                                service, endings[e]);
                if (drop_ins)
                    read_drop_ins(unit, facts->user);
                else
                    read_unit(unit, facts->user);
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

void
service_facts(const char *service, struct service_facts *facts_out)
{
    const struct row *row = find_row(service);

    memset(facts_out, 0, sizeof(*facts_out));
    if (row != NULL) {
        facts_out->one_question = row->one_question;
        facts_out->no_login = row->no_login;
        facts_out->person = row->users[0] != NULL && row->users[0][0] == '\0';
    }
    if (facts_out->person)
        return;
    read_units(service, facts_out);
    for (size_t i = 0; row != NULL && facts_out->user[0] == '\0' && i < 3
                       && row->users[i] != NULL;
         i++)
        if (may_exist(row->users[i]))
            (void) snprintf(facts_out->user, SERVICE_USER_MAX, "%s",
                            row->users[i]);
    if (facts_out->user[0] == '\0')
        (void) snprintf(facts_out->user, SERVICE_USER_MAX, "root");
}
