/*
 * sshd's configuration in check, as `sshd -T` prints it: a keyword and its
 * value a line, lower case. Reads no sshd_config itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/run.h"
#include "common/text.h"
#include "doctor/places.h"

#define VALUE_MAX 256
#define PATIENCE_MS 5000
#define TYPING 20 /* seconds a person needs for one answer */

/* The first value of a keyword, or "". */
static void
find(const char *text, const char *keyword, char out[VALUE_MAX])
{
    size_t length = strlen(keyword);

    out[0] = '\0';
    for (const char *line = text; line != NULL && *line != '\0';
         line = strchr(line, '\n'), line += line != NULL) {
        size_t rest;

        if (strncasecmp(line, keyword, length) != 0 || line[length] != ' ')
            continue;
        rest = strcspn(line + length + 1, "\n");
        text_clean_bytes(line + length + 1, rest, out, VALUE_MAX);
        return;
    }
}

static bool
is(const char *text, const char *keyword, const char *value)
{
    char found[VALUE_MAX];

    find(text, keyword, found);
    return strcasecmp(found, value) == 0;
}

static void
take_first(void *context, const char *name)
{
    char *user = context;

    if (user[0] == '\0')
        (void) snprintf(user, VALUE_MAX, "%s", name);
}

/*
 * When no user was named: somebody of only_group, for sshd's settings may be
 * others for them. "" when it has no members, "nobody" without such a group.
 */
static void
choose_user(const struct check *check, char out[VALUE_MAX])
{
    out[0] = '\0';
    if (!check_each_member(check, take_first, out))
        (void) snprintf(out, VALUE_MAX, "nobody");
}

/* As the distribution calls it. */
const char *
check_sshd_unit(void)
{
    char path[512];

    for (size_t i = 0; i < PLACES_UNITS; i++) {
        (void) snprintf(path, sizeof(path), "%s/ssh.service", places.units[i]);
        if (access(path, F_OK) == 0)
            return "ssh";
    }
    return "sshd";
}

const char *
check_sshd_cure(struct check *check, const char *line)
{
    char path[512];

    (void) snprintf(path, sizeof(path), "%s/ssh/sshd_config.d", places.etc);
    return check_cure(check,
                      "in /etc/ssh/%s write\n%.400s\n"
                      "systemctl reload %s",
                      access(path, F_OK) == 0 ? "sshd_config.d/10-cognito.conf"
                                              : "sshd_config",
                      line, check_sshd_unit());
}

/* Can the module ask all it may have to ask? */
static bool
check_methods(struct check *check, const char *user, const char *text)
{
    bool append
        = check->setup.config != NULL
          && strcmp(config_text(check->setup.config, KEY_OTP), "append") == 0;
    bool password = is(text, "passwordauthentication", "yes");
    char methods[VALUE_MAX];

    if (!is(text, "usepam", "yes")) {
        check_add(check, CHECK_PROBLEM, FINDING_SSHD_USE_PAM,
                  check_sshd_cure(check, "UsePAM yes"),
                  "UsePAM is off: sshd asks PAM nothing");
        return false;
    }
    /* Before 8.7 under its older name. */
    if (!is(text, "kbdinteractiveauthentication", "yes")
        && !is(text, "challengeresponseauthentication", "yes")) {
        if (user[0] == '\0') {
            check_leave_out(check, FINDING_SSHD_NO_MEMBERS,
                            "whether sshd can ask the members of "
                            "only_group, which has none");
            return false;
        }
        check_add(check, append && password ? CHECK_WARNING : CHECK_PROBLEM,
                  FINDING_SSHD_KEYBOARD_INTERACTIVE,
                  check_sshd_cure(check, "KbdInteractiveAuthentication yes"),
                  password ? "KbdInteractiveAuthentication is off: with the "
                             "password method alone no code and no new "
                             "password can be asked for"
                           : "KbdInteractiveAuthentication and "
                             "PasswordAuthentication are off: nobody is "
                             "asked for a password");
        return false;
    }
    find(text, "authenticationmethods", methods);
    if (methods[0] != '\0' && strcmp(methods, "any") != 0
        && strstr(methods, "keyboard-interactive") == NULL
        && strstr(methods, "password") == NULL) {
        check_add(
            check, CHECK_PROBLEM, FINDING_SSHD_METHODS,
            check_sshd_cure(
                check,
                "AuthenticationMethods publickey,keyboard-interactive:pam"),
            "AuthenticationMethods %s never asks PAM", methods);
        return false;
    }
    return true;
}

/* Seconds of "120" or "2m"; 0 for no limit. */
static unsigned long
seconds_of(const char *text)
{
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 10);

    if (*end == 'm')
        return number * 60;
    return *end == 'h' ? number * 3600 : number;
}

static bool
check_grace(struct check *check, const char *text)
{
    unsigned int budget = config_number(check->module, KEY_TIMEOUT);
    char value[VALUE_MAX];
    unsigned long grace;

    find(text, "logingracetime", value);
    grace = seconds_of(value);
    if (value[0] == '\0' || grace == 0)
        return true;
    if (grace <= budget) {
        check_add(check, CHECK_PROBLEM, FINDING_SSHD_GRACE_TOO_SHORT,
                  check_sshd_cure(check, "LoginGraceTime 120"),
                  "LoginGraceTime (%lu s) is not above timeout (%u s): sshd "
                  "hangs up before the module may answer",
                  grace, budget);
        return false;
    }
    if (grace < 2 * (unsigned long) (budget + TYPING)) {
        check_add(check, CHECK_WARNING, FINDING_SSHD_GRACE_SHORT,
                  check_sshd_cure(check, "LoginGraceTime 120"),
                  "LoginGraceTime (%lu s) is short for a password and a "
                  "code, with up to %u s of network after each",
                  grace, budget);
        return false;
    }
    return true;
}

static bool
check_root(struct check *check, const char *text)
{
    if (!is(text, "permitrootlogin", "yes"))
        return true;
    check_add(check, CHECK_WARNING, FINDING_SSHD_ROOT_PASSWORD,
              check_sshd_cure(check, "PermitRootLogin prohibit-password"),
              "PermitRootLogin yes: root may log in with the local password, "
              "which the module never sees");
    return false;
}

/*
 * From 9.8 on sshd shuts an address out after failed logins: whoever shares
 * an address with people who mistype is shut out with them.
 */
static bool
check_penalties(struct check *check, const char *text)
{
    char value[VALUE_MAX], exempt[VALUE_MAX];

    find(text, "persourcepenalties", value);
    find(text, "persourcepenaltyexemptlist", exempt);
    if (value[0] == '\0' || strcmp(value, "no") == 0
        || strstr(value, "authfail:0 ") != NULL
        || strstr(value, "authfail:0.0") != NULL
        || (exempt[0] != '\0' && strcmp(exempt, "none") != 0))
        return true;
    check_add(check, CHECK_WARNING, FINDING_SSHD_PENALTIES,
              check_sshd_cure(
                  check, "PerSourcePenaltyExemptList 192.0.2.0/24\n(the "
                         "networks that people and administrators come from)"),
              "PerSourcePenalties is on: after a few failed logins sshd "
              "closes the door to the whole address, the local "
              "administrators behind it included");
    return false;
}

/* The first line of what went wrong. */
static void
add_failure(struct check *check, const struct secret *output)
{
    const char *said = output->data == NULL ? "" : output->data;
    char line[TEXT_LINE_MAX];

    /* Its host keys are for root to read, and so may its configuration be. */
    if (geteuid() != 0
        && (strstr(said, "no hostkeys available") != NULL
            || strstr(said, "Permission denied") != NULL)) {
        check_leave_out(check, FINDING_SSHD_ROOT_ONLY, "sshd -T");
        return;
    }
    /* systemd makes that folder while the service runs, and no longer. */
    if (strstr(said, "Missing privilege separation directory") != NULL) {
        check_add(check, CHECK_WARNING, FINDING_SSHD_NOT_RUNNING,
                  "start sshd, or install -d -m 0755 /run/sshd, and check "
                  "again",
                  "sshd is not running, and cannot be asked without its "
                  "folder in /run");
        return;
    }
    text_clean_bytes(said, strcspn(said, "\r\n"), line, sizeof(line));
    check_add(check, CHECK_PROBLEM, FINDING_SSHD_FAILS,
              "sshd -t says what is wrong with its configuration",
              "%s -T fails%s%s", places.sshd, line[0] == '\0' ? "" : ": ",
              line);
}

/* sshd's settings for a connection of this person to that port. */
static bool
ask_sshd(struct check *check, const char *user, unsigned int port,
         struct secret *output_out)
{
    static char test[] = "-T", match[] = "-C";
    char path[64], connection[512];
    char *words[] = {path, test, match, connection, NULL};

    (void) snprintf(path, sizeof(path), "%s", places.sshd);
    /* A Match for what is not told here is an error. */
    (void) snprintf(connection, sizeof(connection),
                    "user=%.200s,host=localhost,addr=127.0.0.1,"
                    "laddr=127.0.0.1,lport=%u,rdomain=",
                    user[0] == '\0' ? "nobody" : user, port);
    if (run_program(words, PATIENCE_MS, output_out))
        return true;
    add_failure(check, output_out);
    return false;
}

static void
judge_sshd(struct check *check, const char *user, const char *text)
{
    bool good = check_methods(check, user, text);

    if (check->module != NULL)
        good = check_grace(check, text) && good;
    good = check_root(check, text) && good;
    good = check_penalties(check, text) && good;
    good = check_sshd_lists(check, text) && good;
    /* Without members nobody has keys, and a Match may be about them. */
    good = (user[0] == '\0' || check_sshd_keys(check, text)) && good;
    if (good)
        check_add(check, CHECK_OK, FINDING_SSHD_ASKS, NULL,
                  "UsePAM and KbdInteractiveAuthentication are on, "
                  "LoginGraceTime suffices");
}

void
check_sshd(struct check *check)
{
    struct secret output = {0};
    char value[VALUE_MAX], user[VALUE_MAX];
    unsigned long port = 22;
    bool asked;

    if (strcmp(check->service, "sshd") != 0)
        return;
    if (access(places.sshd, X_OK) < 0) {
        check_add(check, CHECK_WARNING, FINDING_SSHD_MISSING,
                  check_cure(check,
                             "install OpenSSH, or name another service\n"
                             "pam-cognito check --service NAME"),
                  "there is no %s to ask", places.sshd);
        return;
    }
    if (check->user == NULL)
        choose_user(check, user);
    else
        (void) snprintf(user, sizeof(user), "%s", check->user);
    asked = ask_sshd(check, user, (unsigned int) port, &output);
    /* Where it listens on another port alone, a Match may be about that. */
    if (asked && output.data != NULL) {
        find(output.data, "port", value);
        port = strtoul(value, NULL, 10);
        if (port > 0 && port <= 65535 && port != 22)
            asked = ask_sshd(check, user, (unsigned int) port, &output);
    }
    if (asked)
        judge_sshd(check, user, output.data == NULL ? "" : output.data);
    secret_free(&output);
}
