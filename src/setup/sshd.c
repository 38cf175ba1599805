/*
 * sshd asks for codes: a file in sshd_config.d. For members alone, because
 * where only keys are let in, a question for a password opens guessing for all
 * accounts; for everybody where passwords are on for everybody, so that what
 * sshd offers does not tell who is a member.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "setup/prepare.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/run.h"
#include "common/text.h"
#include "doctor/check.h"
#include "doctor/places.h"
#include "setup/put.h"

#define NAME "sshd"
#define KIND "reloaded"
#define MAIN "/etc/ssh/sshd_config"
#define FOLDER "/etc/ssh/sshd_config.d"
#define FILE_NAME "10-cognito.conf"
#define PATH FOLDER "/" FILE_NAME
#define RUN_FOLDER "/run/sshd"
#define PID_FILE "/run/sshd.pid"
#define SYSTEMCTL "/usr/bin/systemctl"
#define PATIENCE_MS 10000
#define ASKS "KbdInteractiveAuthentication yes\n"
#define BEGINNING "# Written by pam-cognito setup: sshd may ask for codes.\n"

static const char for_members[] = BEGINNING "Match Group " PREPARE_GROUP
                                            "\n    " ASKS;
static const char for_everybody[] = BEGINNING ASKS;

/* What sshd -T says, without anybody in particular. */
struct sshd_answer {
    bool asked;    /* false: its folder in /run is missing */
    bool password; /* may everybody type one? */
    bool keyboard; /* may everybody be asked? */
    bool keys;     /* does it read those that accounts writes? */
    char keys_line[CHECK_KEYS_LINE_SIZE]; /* with which it would */
};

static bool
says(const struct secret *output, const char *line)
{
    const char *text = output->data;

    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\n");

        if (length == strlen(line) && strncasecmp(text, line, length) == 0)
            return true;
        text += length;
        text += *text == '\n';
    }
    return false;
}

/* False, with what it says, when its settings are broken as they are. */
static bool
ask_sshd(struct prepare *prepare, struct sshd_answer *answer_out)
{
    char path[64], test[] = "-T";
    char *const words[] = {path, test, NULL};
    struct secret output = {0};
    struct stat st;
    bool done;

    *answer_out = (struct sshd_answer){0};
    /* Without it sshd answers nothing; it is there while sshd runs. */
    if (stat(RUN_FOLDER, &st) < 0)
        return true;
    (void) snprintf(path, sizeof(path), "%s", places.sshd);
    done = run_program(words, PATIENCE_MS, &output);
    if (done) {
        answer_out->asked = true;
        answer_out->password = says(&output, "passwordauthentication yes");
        answer_out->keyboard = says(&output,
                                    "kbdinteractiveauthentication yes");
        answer_out->keys = check_reads_keys(
            output.data == NULL ? "" : output.data, answer_out->keys_line);
    } else {
        const char *said = output.data == NULL ? "" : output.data;
        char line[TEXT_LINE_MAX];

        text_clean_bytes(said, strcspn(said, "\r\n"), line, sizeof(line));
        (void) prepare_say(prepare, STEP_FAILED,
                           "its configuration is broken as it is: %s", line);
    }
    secret_free(&output);
    return done;
}

static bool
begins_with(const char *line, const char *word)
{
    size_t size = strlen(word);

    return strncasecmp(line, word, size) == 0
           && (isblank((unsigned char) line[size]) != 0 || line[size] == '=');
}

/* Does a line begin with that word and name that (NULL: anything)? */
static bool
has_line(const char *text, const char *word, const char *what)
{
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\n");
        const char *start = text + strspn(text, " \t");
        const char *at = what == NULL ? start : strstr(start, what);

        if (begins_with(start, word) && at != NULL && at < text + length)
            return true;
        text += length;
        text += *text == '\n';
    }
    return false;
}

/* Does it include more than our folder? */
static bool
has_other_include(const char *text)
{
    static const char word[] = "Include", usual[] = FOLDER "/*.conf\n";

    while (text != NULL && *text != '\0') {
        const char *start = text + strspn(text, " \t");

        if (begins_with(start, word)) {
            start += strlen(word);
            start += strspn(start, " \t=");
            if (strncmp(start, usual, strlen(usual)) != 0)
                return true;
        }
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return false;
}

static bool
file_has_line(const char *path, const char *word, const char *what)
{
    char error[PREPARE_TEXT_MAX];
    struct secret text = {0};
    bool found = put_read(path, false, &text, error, sizeof(error))
                 && has_line(text.data, word, what);

    secret_free(&text);
    return found;
}

/*
 * Can there be somebody in that file for whom sshd's settings are others than
 * it says? What cannot be read, or leads to further files, may name him.
 */
static bool
may_except(const char *path)
{
    char error[PREPARE_TEXT_MAX];
    struct secret text = {0};
    bool may = !put_read(path, false, &text, error, sizeof(error))
               || has_line(text.data, "Match", NULL)
               || has_other_include(text.data);

    secret_free(&text);
    return may;
}

static bool
has_exceptions(void)
{
    DIR *folder = opendir(FOLDER);
    const struct dirent *entry;
    bool found = may_except(MAIN) || (folder == NULL && errno != ENOENT);
    char path[512];

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        (void) snprintf(path, sizeof(path), FOLDER "/%s", entry->d_name);
        found = found
                || (entry->d_name[0] != '.'
                    && strcmp(entry->d_name, FILE_NAME) != 0
                    && may_except(path));
    }
    if (folder != NULL)
        (void) closedir(folder);
    return found;
}

/* The unit that is sshd's here, or NULL. */
static const char *
unit_of_sshd(void)
{
    static const char *const names[] = {"ssh.service", "sshd.service"};
    char path[256];

    if (access(places.systemd, F_OK) < 0)
        return NULL;
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
        for (size_t i = 0; i < PLACES_UNITS; i++) {
            (void) snprintf(path, sizeof(path), "%s/%s", places.units[i],
                            names[n]);
            if (access(path, F_OK) == 0)
                return names[n];
        }
    return NULL;
}

/* Without systemd: the process that its file names, if that is sshd; or 0. */
static pid_t
running_sshd(void)
{
    char error[PREPARE_TEXT_MAX], link[64], real[PATH_MAX], wanted[PATH_MAX];
    struct secret text = {0};
    long number = 0;

    if (put_read(PID_FILE, false, &text, error, sizeof(error))
        && text.data != NULL)
        number = strtol(text.data, NULL, 10);
    secret_free(&text);
    (void) snprintf(link, sizeof(link), "/proc/%ld/exe", number);
    if (number <= 1 || realpath(link, real) == NULL
        || realpath(places.sshd, wanted) == NULL || strcmp(real, wanted) != 0)
        return 0;
    return (pid_t) number;
}

static void
say_commands(struct prepare *prepare)
{
    const char *unit = unit_of_sshd();
    struct stat st;

    if (stat(RUN_FOLDER, &st) < 0)
        prepare_command(prepare, "/usr/bin/install -d -m 0755 " RUN_FOLDER);
    if (unit != NULL)
        prepare_command(prepare,
                        "%s -t && " SYSTEMCTL " try-reload-or-restart %s",
                        places.sshd, unit);
    else if (running_sshd() != 0)
        prepare_command(prepare, "%s -t && kill -HUP $(cat " PID_FILE ")",
                        places.sshd);
    else
        prepare_command(prepare, "%s -t", places.sshd);
}

/* Tests the settings; false with what it says. */
static bool
test(struct prepare *prepare)
{
    char path[64], word[] = "-t";
    char *const words[] = {path, word, NULL};

    (void) snprintf(path, sizeof(path), "%s", places.sshd);
    if (mkdir(RUN_FOLDER, 0755) < 0 && errno != EEXIST) {
        (void) prepare_say(prepare, STEP_FAILED, RUN_FOLDER ": %s",
                           strerror(errno));
        return false;
    }
    return prepare_run(prepare, words);
}

static bool
reload(struct prepare *prepare)
{
    char path[] = SYSTEMCTL, verb[] = "try-reload-or-restart", unit[64];
    char *const words[] = {path, verb, unit, NULL};
    const char *name = unit_of_sshd();
    pid_t pid;

    if (name != NULL) {
        (void) snprintf(unit, sizeof(unit), "%s", name);
        return prepare_run(prepare, words);
    }
    pid = running_sshd();
    if (pid == 0 || kill(pid, SIGHUP) == 0)
        return true;
    (void) prepare_say(prepare, STEP_FAILED, "sshd is not reloaded: %s",
                       strerror(errno));
    return false;
}

/* The file as it should be; what there is may be either of both. */
static void
choose(const struct prepare *prepare, const struct sshd_answer *answer,
       struct secret *wanted_out)
{
    char error[PREPARE_TEXT_MAX];
    const char *text = answer->password && !has_exceptions() ? for_everybody
                                                             : for_members;

    /* Where sshd could not be asked, it stays as it was chosen once. */
    if (!answer->asked && secret_set_text(wanted_out, for_everybody)
        && put_look(&prepare->ledger, PATH, false, wanted_out, error,
                    sizeof(error))
               == PUT_SAME)
        return;
    (void) secret_set_text(wanted_out, text);
}

static enum step_state
look_at_file(struct prepare *prepare, const struct sshd_answer *answer,
             const struct secret *wanted)
{
    char error[PREPARE_TEXT_MAX];

    switch (put_look(&prepare->ledger, PATH, false, wanted, error,
                     sizeof(error))) {
    case PUT_SAME:
        if (!ledger_has_path(&prepare->ledger, PATH)
            || ledger_has(&prepare->ledger, KIND, NAME))
            return prepare_say(prepare, STEP_THERE,
                               PATH " is as it should be");
        say_commands(prepare);
        return prepare_say(prepare, STEP_DUE, "have " PATH " read");
    case PUT_FOREIGN:
        return prepare_say(prepare, STEP_FAILED,
                           PATH " holds something else, which setup did not "
                                "write: move it away");
    case PUT_BAD:
        return prepare_say(prepare, STEP_FAILED, "%s", error);
    case PUT_ABSENT:
        if (answer->keyboard)
            return prepare_say(prepare, STEP_THERE,
                               "KbdInteractiveAuthentication is on");
        break;
    case PUT_OURS:
        break;
    }
    if (access(FOLDER, F_OK) < 0 || !file_has_line(MAIN, "Include", FOLDER)) {
        prepare_command(prepare, "#   Match Group " PREPARE_GROUP
                                 "\n#       KbdInteractiveAuthentication yes");
        return prepare_say(prepare, STEP_HAND,
                           MAIN " does not include " FOLDER
                                ": put this at its end, and reload sshd");
    }
    if (!put_may_write(PATH, error, sizeof(error)))
        return prepare_say(prepare, STEP_FAILED, "%s", error);
    prepare_command_file(prepare, "0644", PATH, wanted->data);
    say_commands(prepare);
    return prepare_say(
        prepare, STEP_DUE, "let it ask for codes: %s",
        strcmp(wanted->data, for_everybody) == 0
            ? "everybody, because passwords are on for everybody"
            : "members of " PREPARE_GROUP " alone");
}

static enum step_state
look(struct prepare *prepare)
{
    struct secret wanted = {0};
    struct sshd_answer answer;
    enum step_state state;

    if (access(places.sshd, X_OK) < 0)
        return prepare_say(prepare, STEP_SKIPPED, "there is no %s",
                           places.sshd);
    if (!ask_sshd(prepare, &answer))
        return STEP_FAILED;
    choose(prepare, &answer, &wanted);
    if (wanted.data == NULL)
        state = prepare_say(prepare, STEP_FAILED, "out of memory");
    else
        state = look_at_file(prepare, &answer, &wanted);
    secret_free(&wanted);
    return state;
}

static bool
put(struct prepare *prepare)
{
    struct secret wanted = {0};
    char error[PREPARE_TEXT_MAX] = "";
    struct sshd_answer answer;
    bool done = ask_sshd(prepare, &answer);

    if (!done)
        return false;
    choose(prepare, &answer, &wanted);
    done = wanted.data != NULL
           && (put_look(&prepare->ledger, PATH, false, &wanted, error,
                        sizeof(error))
                   == PUT_SAME
               || put_write(&prepare->ledger, PATH, 0644, &wanted, error,
                            sizeof(error)));
    secret_free(&wanted);
    if (!done)
        (void) prepare_say(prepare, STEP_FAILED, "%s", error);
    return done;
}

static enum step_state
make(struct prepare *prepare)
{
    char error[PREPARE_TEXT_MAX];

    if (!put(prepare))
        return STEP_FAILED;
    /* Who restarts sshd later must not find it broken. */
    if (!test(prepare)) {
        (void) put_remove(PATH, error, sizeof(error));
        return STEP_FAILED;
    }
    if (!reload(prepare))
        return STEP_FAILED;
    if (ledger_add(&prepare->ledger, KIND, NAME))
        return STEP_THERE;
    return prepare_say(prepare, STEP_FAILED, LEDGER_PATH ": %s",
                       strerror(errno));
}

static enum step_state
look_back(struct prepare *prepare)
{
    char error[PREPARE_TEXT_MAX];
    enum put_state state;

    if (!ledger_has_path(&prepare->ledger, PATH))
        return prepare_say(prepare, STEP_SKIPPED,
                           "setup wrote nothing in " FOLDER);
    state = put_look(&prepare->ledger, PATH, false, NULL, error,
                     sizeof(error));
    if (state == PUT_ABSENT)
        return prepare_say(prepare, STEP_THERE, PATH " is not there");
    if (state != PUT_OURS)
        return prepare_say(prepare, STEP_SKIPPED,
                           PATH " was changed since setup wrote it: it "
                                "stays");
    prepare_command(prepare, "/usr/bin/rm -f " PATH);
    say_commands(prepare);
    return prepare_say(prepare, STEP_DUE, "remove " PATH);
}

static enum step_state
take_back(struct prepare *prepare)
{
    char error[PREPARE_TEXT_MAX];

    if (!put_remove(PATH, error, sizeof(error)))
        return prepare_say(prepare, STEP_FAILED, "%s", error);
    if (access(places.sshd, X_OK) < 0)
        return STEP_THERE;
    return test(prepare) && reload(prepare) ? STEP_THERE : STEP_FAILED;
}

const struct step prepare_sshd = {NAME, look, make, look_back, take_back};

/* For some people perhaps: check asks about one. */
static bool
has_keys_line(void)
{
    static const char word[] = "AuthorizedKeysFile";
    DIR *folder = opendir(FOLDER);
    const struct dirent *entry;
    bool found = file_has_line(MAIN, word, KEYS_FOLDER);
    char path[512];

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        (void) snprintf(path, sizeof(path), FOLDER "/%s", entry->d_name);
        found = found
                || (entry->d_name[0] != '.'
                    && file_has_line(path, word, KEYS_FOLDER));
    }
    if (folder != NULL)
        (void) closedir(folder);
    return found;
}

/* By hand: who gets in without the pool being asked is not setup's to say. */
static enum step_state
look_for_keys(struct prepare *prepare)
{
    struct sshd_answer answer;

    if (access(places.sshd, X_OK) < 0 || !check_has_keys())
        return STEP_SKIPPED;
    if (!ask_sshd(prepare, &answer))
        return STEP_SKIPPED;
    if (answer.keys || has_keys_line())
        return prepare_say(prepare, STEP_THERE,
                           "sshd reads those in " KEYS_FOLDER);
    if (!answer.asked)
        (void) check_reads_keys("", answer.keys_line);
    prepare_command(prepare, "#   %s", answer.keys_line);
    return prepare_say(prepare, STEP_HAND,
                       "sshd does not read those of ssh_key_attribute: put "
                       "this at the top of " MAIN ", and reload sshd");
}

static enum step_state
leave_keys(struct prepare *prepare)
{
    (void) prepare;
    return STEP_SKIPPED;
}

const struct step prepare_keys = {"SSH keys", look_for_keys, NULL, leave_keys,
                                  NULL};
