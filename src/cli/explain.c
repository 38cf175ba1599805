/*
 * Looking up what was pasted: a line of the log, a reason word, the name of an
 * error, the service's words, a PAM code. Everything comes from the tables
 * that the module and the helper use.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/explain.h"

#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/reasons.h"
#include "common/config.h"
#include "pam/code.h"
#include "pam/names.h"

#define TEXT_MAX 4096
#define WORD_MAX 96

static const char *
code_of(enum status status, enum pam_phase phase)
{
    return pam_code_name(pam_code(status, phase));
}

static void
print(const struct output *output, const char *title, enum status status,
      struct reason reason)
{
    const char *first = code_of(status, PHASE_AUTHENTICATE);
    const char *preliminary = code_of(status, PHASE_PRELIMINARY);
    const char *update = code_of(status, PHASE_UPDATE);
    const char *account = code_of(status, PHASE_ACCOUNT);
    const char *person = status_text(status);
    struct json *object = json_new();
    bool whole = json_add_text(object, "title", title)
                 && json_add_text(object, "reason", status_word(status))
                 && json_add_text(object, "meaning", reason.meaning)
                 && json_add_text(object, "authenticate", first)
                 && json_add_text(object, "acct_mgmt", account)
                 && json_add_text(object, "chauthtok_preliminary", preliminary)
                 && json_add_text(object, "chauthtok_update", update)
                 && json_add_text(object, "person", person)
                 && json_add_text(object, "fix", reason.fix);

    output_line(output, TONE_PLAIN, "%s", title);
    output_line(output, TONE_PLAIN, "  reason:  %s", status_word(status));
    output_line(output, TONE_PLAIN, "  means:   %s", reason.meaning);
    output_line(output, TONE_PLAIN,
                "  PAM:     %s; account phase: %s; changing a password: "
                "%s, then %s",
                first, account, preliminary, update);
    if (person[0] != '\0')
        output_line(output, TONE_PLAIN, "  person:  %s", person);
    if (reason.fix[0] != '\0')
        output_line(output, TONE_PLAIN, "  to do:   %s", reason.fix);
    output_object(output, object, whole);
}

/* What has a meaning, but no reason of ours. */
static void
say(const struct output *output, const char *title, const char *meaning)
{
    struct json *object = json_new();
    bool whole = json_add_text(object, "title", title)
                 && json_add_text(object, "meaning", meaning);

    output_line(output, TONE_PLAIN, "%s: %s", title, meaning);
    output_object(output, object, whole);
}

static void
print_row(const struct output *output, const struct error_row *row)
{
    char title[256];

    if (row->fragment == NULL)
        (void) snprintf(title, sizeof(title), "%s", row->code);
    else if (row->fragment[0] == '=')
        (void) snprintf(title, sizeof(title), "%s, \"%s\"", row->code,
                        row->fragment + 1);
    else
        (void) snprintf(title, sizeof(title), "%s, \"... %s ...\"", row->code,
                        row->fragment);
    print(output, title, row->status, (struct reason){row->meaning, row->fix});
}

static bool
explain_status(const struct output *output, const char *word)
{
    enum status status;

    if (!status_from_word(word, &status))
        return false;
    print(output, status_word(status), status, reason_of_status(status));
    return true;
}

/* "HTTP 503" and "503" as the table writes them; else the text itself. */
static const char *
http_name(const char *text)
{
    const char *digits = strncasecmp(text, "HTTP ", 5) == 0 ? text + 5 : text;

    if (strlen(digits) != 3 || strspn(digits, "0123456789") != 3)
        return text;
    if (strcmp(digits, "403") == 0)
        return "HTTP 403";
    if (strcmp(digits, "429") == 0)
        return "HTTP 429";
    if (digits[0] == '3')
        return "HTTP 3xx";
    return digits[0] == '4'   ? "HTTP 4xx"
           : digits[0] == '5' ? "HTTP 5xx"
                              : text;
}

/* Every row of an error's name, in any case. */
static bool
explain_error(const struct output *output, const char *name)
{
    const struct error_row *rows;
    bool found = false;
    size_t count;

    rows = error_rows(&count);
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(rows[i].code, name) == 0) {
            print_row(output, &rows[i]);
            found = true;
        }
    return found;
}

/*
 * Without the error's name: words of the service that nobody else says. One
 * word alone ("device") is anybody's, and so are those about a user who is not
 * there ("not found").
 */
static bool
is_telling(const struct error_row *row)
{
    return row->fragment != NULL && strchr(row->fragment, ' ') != NULL
           && strcmp(row->code, "UserNotFoundException") != 0;
}

/* Around the service's whole message stands what the log or a program says. */
static bool
stands_in(const char *text, const char *fragment)
{
    return fragment == NULL
           || strcasestr(text, fragment + (fragment[0] == '=')) != NULL;
}

/*
 * The row whose fragment stands in the text, behind the error's name if there
 * is one.
 */
static bool
explain_message(const struct output *output, const char *text,
                const char *error)
{
    const char *name = strcasestr(text, error);
    const char *said = name == NULL ? text : name + strlen(error);
    const struct error_row *rows;
    bool found = false;
    size_t count;

    rows = error_rows(&count);
    for (size_t i = 0; i < count && !found; i++)
        if ((error[0] == '\0' ? is_telling(&rows[i])
                              : strcasecmp(rows[i].code, error) == 0)
            && stands_in(said, rows[i].fragment)) {
            print_row(output, &rows[i]);
            found = true;
        }
    return found;
}

/* Codes that come of more than a reason, or never of the module. */
static const struct {
    int code;
    bool ours;
    const char *meaning;
} remarks[] = {
    {PAM_IGNORE, true,
     "no opinion, never from authenticate. The account phase: nothing stands "
     "against the user, or other modules must say. Changing a password: the "
     "user is not the user pool's. A session: always."},
    {PAM_USER_UNKNOWN, true,
     "authenticate: also for everybody who is not in scope (root, "
     "except_users, only_group, only_users, minimum_uid, no local account); "
     "with only_group or only_users no_such_user is PAM_AUTH_ERR."},
    {PAM_NEW_AUTHTOK_REQD, true,
     "the account phase, after a sign-in that found that the password must be "
     "changed (must_change_claim)."},
    {PAM_PERM_DENIED, true,
     "not_confirmed and disabled, too, with explain_status or after the "
     "password was proved. libpam's own answer where no module has an "
     "opinion."},
    {PAM_INCOMPLETE, true,
     "the host did not have the user's name yet and calls again."},
    {PAM_OPEN_ERR, false,
     "libpam could not load a module: see \"PAM unable to dlopen\" in the "
     "journal (journalctl -g 'PAM unable')."},
    {PAM_SYMBOL_ERR, false,
     "a module lacks what libpam called: see \"PAM unable to resolve "
     "symbol\" in the journal (journalctl -g 'PAM unable')."},
    {PAM_MODULE_UNKNOWN, false,
     "libpam could not load a module: see \"PAM unable to dlopen\" in the "
     "journal (journalctl -g 'PAM unable'). Is pam_cognito.so installed?"},
    {PAM_ABORT, false,
     "libpam gave up, for example because the service has no file in "
     "/etc/pam.d and there is no other."},
};

static const char *
remark(int code, bool ours)
{
    for (size_t i = 0; i < sizeof(remarks) / sizeof(remarks[0]); i++)
        if (remarks[i].code == code && remarks[i].ours == ours)
            return remarks[i].meaning;
    return NULL;
}

/*
 * Is the code what any of the module's operations returns for the reason? No
 * opinion is no answer.
 */
static bool
returns(enum status status, int code)
{
    return pam_code(status, PHASE_AUTHENTICATE) == code
           || pam_code(status, PHASE_PRELIMINARY) == code
           || pam_code(status, PHASE_UPDATE) == code
           || (code != PAM_IGNORE && pam_code(status, PHASE_ACCOUNT) == code);
}

static bool
is_ours(int code)
{
    for (unsigned int i = 0; i < STATUS_COUNT; i++)
        if (returns((enum status) i, code))
            return true;
    return remark(code, true) != NULL;
}

/* Which reasons give that PAM code. */
static void
explain_code(const struct output *output, int code)
{
    const char *name = pam_code_name(code);
    char never[512];

    if (!is_ours(code)) {
        const char *whose = remark(code, false);

        (void) snprintf(never, sizeof(never),
                        "pam_cognito never returns this: %s",
                        whose != NULL ? whose
                                      : "another module did, or the host.");
        say(output, name, never);
        return;
    }
    if (remark(code, true) != NULL)
        say(output, name, remark(code, true));
    for (unsigned int i = 0; i < STATUS_COUNT; i++)
        if (returns((enum status) i, code))
            print(output, status_word((enum status) i), (enum status) i,
                  reason_of_status((enum status) i));
}

static bool
explain_pam(const struct output *output, const char *name)
{
    int code;

    if (!pam_code_from_name(name, &code))
        return false;
    explain_code(output, code);
    return true;
}

/*
 * What hosts log of a code is libpam's text for it: "PAM: Error in service
 * module", "passwd: Authentication token manipulation error".
 */
static bool
explain_host_line(const struct output *output, const char *text)
{
    size_t longest = 0;
    int best = -1;

    for (int code = 1; code < PAM_CODE_COUNT; code++) {
        const char *words = pam_strerror(NULL, code);

        if (words != NULL && strlen(words) > longest
            && strcasestr(text, words) != NULL) {
            longest = strlen(words);
            best = code;
        }
    }
    if (best < 0)
        return false;
    if (is_ours(best))
        say(output, pam_code_name(best),
            "these reasons end so; the line of pam_cognito before it has the "
            "one (journalctl -g pam_cognito).");
    explain_code(output, best);
    return true;
}

/* Which reasons the account phase refuses for. */
static void
explain_account_phase(const struct output *output)
{
    say(output, "account phase refused",
        "the password may have been right; an account line of the stack "
        "refused. The line of pam_cognito just before it in the journal has "
        "the reason (journalctl -g pam_cognito). Without one another module "
        "refused, such as pam_nologin, pam_access or an account that expired: "
        "see pam-cognito check NAME. pam_cognito refuses there for these "
        "(pam-cognito explain REASON says more):");
    for (unsigned int i = 0; i < STATUS_COUNT; i++) {
        int code = pam_code((enum status) i, PHASE_ACCOUNT);

        if (code != PAM_SUCCESS && code != PAM_IGNORE)
            say(output, status_word((enum status) i),
                reason_of_status((enum status) i).meaning);
    }
    say(output, status_word(STATUS_CONFIG),
        "What allow_services says cannot be read there: it is malformed, or "
        "the configuration file is.");
}

/* What hosts say that is no text of libpam's. */
static bool
explain_host_words(const struct output *output, const char *text)
{
    /* sudo, login, ssh twice: every refusal ends so. */
    static const char *const any[] = {
        "Sorry, try again",
        "Login incorrect",
        "Permission denied (",
        "Permission denied, please try again",
    };

    if (strcasestr(text, "by PAM account configuration") != NULL) {
        explain_account_phase(output);
        return true;
    }
    for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
        if (strcasestr(text, any[i]) != NULL) {
            say(output, "refused",
                "every refusal ends so. The line of pam_cognito just before "
                "it in the journal of this machine has the reason (journalctl "
                "-g pam_cognito); without one the user pool was not asked: "
                "see pam-cognito check NAME.");
            return true;
        }
    return false;
}

/* The word that follows mark in the text, or "". */
static void
word_after(const char *text, const char *mark, char out[WORD_MAX])
{
    const char *at = strstr(text, mark);
    size_t length;

    out[0] = '\0';
    if (at == NULL)
        return;
    at += strlen(mark);
    length = strcspn(at, " \t:,;");
    (void) snprintf(out, WORD_MAX, "%.*s", (int) (length < 90 ? length : 90),
                    at);
}

/* "alice: refused: WORD service=sshd ... error=CODE http=400: message" */
static bool
explain_log_line(const struct output *output, const char *text)
{
    char word[WORD_MAX], error[WORD_MAX];

    word_after(text, ": refused: ", word);
    if (word[0] == '\0')
        word_after(text, ": accepted: ", word);
    /* The helper on the socket, in root's log. */
    if (word[0] == '\0' && strstr(text, " uid=") != NULL)
        word_after(text, "socket: ", word);
    if (word[0] == '\0' || !explain_status(output, word))
        return false;
    word_after(text, " error=", error);
    if (error[0] != '\0')
        (void) explain_message(output, text, error);
    return true;
}

/* Any word in the text that is a reason or an error's name. */
static bool
explain_words(const struct output *output, const char *text)
{
    char copy[TEXT_MAX], name[WORD_MAX];
    char *rest = NULL;

    (void) snprintf(copy, sizeof(copy), "%s", text);
    for (char *word = strtok_r(copy, " \t\"'(),;=", &rest); word != NULL;
         word = strtok_r(NULL, " \t\"'(),;=", &rest)) {
        error_code(word, name, sizeof(name));
        if (name[0] != '\0' && strstr(name, "Exception") != NULL
            && (explain_message(output, text, name)
                || explain_error(output, name)))
            return true;
        /* A word with _ is no English. */
        if (strchr(word, '_') != NULL
            && (explain_status(output, word) || explain_pam(output, word)))
            return true;
    }
    return false;
}

/* A setting has a page of its own. */
static bool
explain_setting(const struct output *output, const char *text)
{
    static const char *const places[] = {
        [CONFIG_ANYWHERE] = "on the PAM line or in the file",
        [CONFIG_ARGUMENT] = "on the PAM line only",
        [CONFIG_SECTION] = "in the section of a service only",
        [CONFIG_SERVICE] = "on the PAM line or in the section of a service",
    };
    char meaning[160];

    for (unsigned int key = 0; key < KEY_COUNT; key++) {
        const struct config_entry *entry = config_entry((enum config_key) key);

        if (strcmp(entry->name, text) != 0)
            continue;
        (void) snprintf(meaning, sizeof(meaning),
                        "a setting, %s; see pam_cognito.conf(5)",
                        places[entry->place]);
        say(output, entry->name, meaning);
        return true;
    }
    return false;
}

static bool
join(const struct cli *cli, char out[TEXT_MAX])
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < cli->operand_count; i++) {
        int length = snprintf(out + used, TEXT_MAX - used, "%s%s",
                              i == 0 ? "" : " ", cli->operands[i]);

        if (length < 0 || (size_t) length >= TEXT_MAX - used)
            return false;
        used += (size_t) length;
    }
    return used > 0;
}

enum cli_exit
explain(struct cli *cli)
{
    const struct output *output = &cli->output;
    char text[TEXT_MAX];

    if (!join(cli, text)) {
        output_error("explain: expected a reason word, the name of an error, "
                     "or a line of the log");
        return CLI_USAGE;
    }
    if (explain_log_line(output, text) || explain_status(output, text)
        || explain_error(output, http_name(text)) || explain_pam(output, text)
        || explain_host_words(output, text) || explain_words(output, text)
        || explain_host_line(output, text) || explain_message(output, text, "")
        || explain_setting(output, text))
        return CLI_DONE;
    output_error("explain: nothing is known about that");
    return CLI_REFUSED;
}
