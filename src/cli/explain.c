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

#include "cli/entry.h"
#include "cli/reasons.h"
#include "common/config.h"
#include "common/text.h"
#include "pam/code.h"
#include "pam/names.h"

#define TEXT_MAX 4096
#define LIST_COLUMNS 77
#define GROUP_END STATUS_INTERNAL /* what is zero, unless it comes first */

/* A line of the log, as far as it says whom it is about. */
struct subject {
    struct entry_case about;
    char title[4 * ENTRY_NAME_MAX]; /* reason: alice at sshd from HOST */
};

/* subject: whose case it is, or NULL. */
static void
print_row(const struct output *output, const struct error_row *row,
          const struct subject *subject)
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
    entry_print(output, subject == NULL ? title : subject->title,
                subject == NULL ? NULL : title, row->status,
                (struct reason){row->meaning, row->fix},
                subject == NULL ? NULL : &subject->about);
}

static bool
explain_status(const struct output *output, const char *word)
{
    enum status status;

    if (!status_from_word(word, &status))
        return false;
    entry_print(output, status_word(status), NULL, status,
                reason_of_status(status), NULL);
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

static size_t
count_rows(const char *name)
{
    const struct error_row *rows;
    size_t count, found = 0;

    rows = error_rows(&count);
    for (size_t i = 0; i < count; i++)
        found += strcasecmp(rows[i].code, name) == 0;
    return found;
}

/* One of many: what the service says then, and the reason. */
static void
print_short(const struct output *output, const struct error_row *row)
{
    const char *said = row->fragment == NULL ? "anything else" : row->fragment;

    output_line(output, TONE_PLAIN, "  %-26s  %.49s", status_word(row->status),
                said + (said[0] == '='));
}

/*
 * Every row of an error's name, in any case: a line each for people where
 * there are many, for they want one screen.
 */
static bool
explain_error(const struct output *output, const char *name)
{
    size_t count, found = count_rows(name);
    bool many = found > 1 && !output->json;
    const struct error_row *rows = error_rows(&count);

    if (many)
        output_line(output, TONE_PLAIN,
                    "%s: the reason, by the words that stand beside it", name);
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(rows[i].code, name) == 0) {
            if (many)
                print_short(output, &rows[i]);
            else
                print_row(output, &rows[i], NULL);
        }
    if (many)
        output_line(output, TONE_PLAIN,
                    "pam-cognito explain REASON says more.");
    return found > 0;
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
                const char *error, const struct subject *subject)
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
            print_row(output, &rows[i], subject);
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
     "libpam gave up, for example because the PAM service has no file in "
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

/* The reasons that give that PAM code. */
static void
list(const struct output *output, int code)
{
    enum status statuses[STATUS_COUNT];
    size_t count = 0;

    for (unsigned int i = 0; i < STATUS_COUNT; i++)
        if (returns((enum status) i, code))
            statuses[count++] = (enum status) i;
    if (count > 0)
        entry_print_many(output, statuses, count);
}

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
        entry_say(output, name, never, "");
        return;
    }
    if (remark(code, true) != NULL)
        entry_say(output, name, remark(code, true), "");
    else if (!output->json)
        output_line(output, TONE_STRONG, "%s: what gives it:", name);
    list(output, code);
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
    if (!is_ours(best)) {
        explain_code(output, best);
        return true;
    }
    entry_say(output, pam_code_name(best),
              "these reasons end so; the line of pam_cognito before it has "
              "the one.",
              "journalctl -g pam_cognito");
    if (remark(best, true) != NULL)
        entry_say(output, pam_code_name(best), remark(best, true), "");
    list(output, best);
    return true;
}

/* The reasons that the account phase refuses for. */
static void
list_account_phase(const struct output *output)
{
    enum status statuses[STATUS_COUNT + 1];
    size_t count = 0;

    for (unsigned int i = 0; i < STATUS_COUNT; i++) {
        int code = pam_code((enum status) i, PHASE_ACCOUNT);

        if (code != PAM_SUCCESS && code != PAM_IGNORE)
            statuses[count++] = (enum status) i;
    }
    /* What allow_services says may be what cannot be read. */
    statuses[count++] = STATUS_CONFIG;
    entry_print_many(output, statuses, count);
}

/* Any refusal: what it usually is, the likely first. */
static const enum status usual[]
    = {STATUS_WRONG_PASSWORD, STATUS_LOCKED_OUT, STATUS_RESET_REQUIRED,
       STATUS_NOT_CONFIRMED,  STATUS_DISABLED,   STATUS_WRONG_CODE,
       STATUS_NO_DIALOGUE,    STATUS_GROUP,      STATUS_CONFIG,
       STATUS_SECRET_HASH,    STATUS_DNS,        STATUS_CONNECT};

/* What the programs say that people see, which is no reason of ours. */
static const struct seen {
    const char *words;
    const char *program;
    int code; /* see seen.def */
    const char *meaning;
} table[] = {
#define SEEN(words, program, code, meaning) {words, program, code, meaning},
#include "cli/seen.def"
#undef SEEN
};

static bool
explain_seen(const struct output *output, const char *text)
{
    const struct seen *seen = NULL;
    char look[96], title[96];

    for (size_t i = 0; seen == NULL && i < sizeof(table) / sizeof(table[0]);
         i++)
        if (strcasestr(text, table[i].words) != NULL)
            seen = &table[i];
    if (seen == NULL)
        return false;
    (void) snprintf(look, sizeof(look), "journalctl -t %s -g pam_cognito",
                    seen->program);
    (void) snprintf(title, sizeof(title), "\"%s\"", seen->words);
    entry_say(output, title, seen->meaning, look);
    entry_field(output, "",
                "its last line has the reason; without one the user pool was "
                "not asked: pam-cognito check NAME");
    if (seen->code == PAM_IGNORE)
        list_account_phase(output);
    else if (seen->code == PAM_SUCCESS)
        entry_print_many(output, usual, sizeof(usual) / sizeof(usual[0]));
    else
        list(output, seen->code);
    return true;
}

/* The word that follows mark in the text, or "". */
static void
word_after(const char *text, const char *mark, char out[ENTRY_NAME_MAX])
{
    const char *at = strstr(text, mark);
    size_t length;

    out[0] = '\0';
    if (at == NULL)
        return;
    at += strlen(mark);
    length = strcspn(at, " \t:,;");
    (void) snprintf(out, ENTRY_NAME_MAX, "%.*s",
                    (int) (length < 90 ? length : 90), at);
}

/* Before the reason, as src/module/result.c writes it, or root's helper. */
static const char *const marks[] = {
    ": refused: ",
    ": accepted: ",
    ": password change refused: ",
    ": password not changed: ",
    ": password changed: ",
    ": proved: ",
    ": still refused: ",
    ": still accepted: ",
};

/* The word behind the first mark there is; at_out is where that is. */
static void
find_reason(const char *text, const char **at_out, char out[ENTRY_NAME_MAX])
{
    out[0] = '\0';
    *at_out = NULL;
    for (size_t i = 0; *at_out == NULL && i < sizeof(marks) / sizeof(marks[0]);
         i++) {
        *at_out = strstr(text, marks[i]);
        word_after(text, marks[i], out);
    }
    /* The helper on the socket, in root's log. */
    if (*at_out == NULL && strstr(text, " uid=") != NULL)
        word_after(text, "socket: ", out);
}

/* Whom the line is about. A log may hold what somebody typed for a name. */
static void
describe_case(const char *text, const char *end, enum status status,
              struct subject *subject)
{
    struct entry_case *about = &subject->about;
    char word[ENTRY_NAME_MAX];
    const char *start = end;

    word_after(text, " service=", word);
    text_clean(word, about->service, sizeof(about->service));
    word_after(text, " rhost=", word);
    text_clean(word, about->host, sizeof(about->host));
    if (end != NULL) {
        while (start > text && start[-1] != ' ')
            start--;
        if (start != end && end - start < ENTRY_NAME_MAX)
            text_clean_bytes(start, (size_t) (end - start), about->user,
                             sizeof(about->user));
    }
    (void) snprintf(subject->title, sizeof(subject->title), "%s%s%s%s%s%s%s",
                    status_word(status),
                    about->user[0] == '\0' && about->service[0] == '\0' ? ""
                                                                        : ": ",
                    about->user, about->service[0] == '\0' ? "" : " at ",
                    about->service, about->host[0] == '\0' ? "" : " from ",
                    about->host);
}

/* "alice: refused: WORD service=sshd ... error=CODE http=400: message" */
static bool
explain_log_line(const struct output *output, const char *text)
{
    char word[ENTRY_NAME_MAX], error[ENTRY_NAME_MAX];
    struct subject subject = {0};
    enum status status;
    const char *at;

    find_reason(text, &at, word);
    if (word[0] == '\0' || !status_from_word(word, &status))
        return false;
    describe_case(text, at, status, &subject);
    word_after(text, " error=", error);
    if (error[0] == '\0' || !explain_message(output, text, error, &subject))
        entry_print(output, subject.title, NULL, status,
                    reason_of_status(status), &subject.about);
    return true;
}

/* Any word in the text that is a reason or an error's name. */
static bool
explain_words(const struct output *output, const char *text)
{
    char copy[TEXT_MAX], name[ENTRY_NAME_MAX];
    char *rest = NULL;

    (void) snprintf(copy, sizeof(copy), "%s", text);
    for (char *word = strtok_r(copy, " \t\"'(),;=", &rest); word != NULL;
         word = strtok_r(NULL, " \t\"'(),;=", &rest)) {
        error_code(word, name, sizeof(name));
        if (name[0] != '\0' && strstr(name, "Exception") != NULL
            && (explain_message(output, text, name, NULL)
                || explain_error(output, name)))
            return true;
        /* A word with _ is no English. */
        if (strchr(word, '_') != NULL
            && (explain_status(output, word) || explain_pam(output, word)))
            return true;
    }
    return false;
}

/* "a setting, ..." of that name, or "". */
static void
describe_setting(const char *name, char *out, size_t size)
{
    static const char *const places[] = {
        [CONFIG_ANYWHERE] = "on the PAM line or in the file",
        [CONFIG_ARGUMENT] = "on the PAM line only",
        [CONFIG_SECTION] = "in the section of a service only",
        [CONFIG_SERVICE] = "on the PAM line or in the section of a service",
    };

    out[0] = '\0';
    for (unsigned int key = 0; key < KEY_COUNT; key++) {
        const struct config_entry *entry = config_entry((enum config_key) key);

        if (strcmp(entry->name, name) == 0)
            (void) snprintf(out, size,
                            "a setting, %s; see "
                            "pam_cognito.conf(5)",
                            places[entry->place]);
    }
}

/* A setting has a page of its own. */
static bool
explain_setting(const struct output *output, const char *text)
{
    char meaning[160];

    describe_setting(text, meaning, sizeof(meaning));
    if (meaning[0] != '\0')
        entry_say(output, text, meaning, "");
    return meaning[0] != '\0';
}

/* "configuration: KEY (FILE line N): what was expected", which says all. */
static bool
explain_configuration(const struct output *output, const char *text)
{
    static const char mark[] = "configuration: ";
    const char *at = strstr(text, mark);
    char key[ENTRY_NAME_MAX], meaning[160], said[TEXT_LINE_MAX + 1];
    struct subject subject = {0};

    if (at == NULL)
        return false;
    word_after(at, mark, key);
    describe_setting(key, meaning, sizeof(meaning));
    text_clean(at + sizeof(mark) - 1, said, sizeof(said));
    (void) snprintf(subject.title, sizeof(subject.title),
                    "%s: nobody in "
                    "scope can log in until it is mended",
                    status_word(STATUS_CONFIG));
    entry_print(output, subject.title, said, STATUS_CONFIG,
                (struct reason){reason_of_status(STATUS_CONFIG).meaning,
                                "Correct it there: the next sign-in reads "
                                "it."},
                NULL);
    if (meaning[0] != '\0')
        entry_say(output, key, meaning, "");
    return true;
}

/* Where somebody begins to look who does not know the word. */
static const struct {
    const char *title;
    enum status statuses[16]; /* and GROUP_END behind */
} groups[] = {
    {"The person",
     {STATUS_WRONG_PASSWORD, STATUS_WRONG_CODE, STATUS_CODE_EXPIRED,
      STATUS_BAD_INPUT, STATUS_EMPTY_PASSWORD, STATUS_JUNK_PASSWORD,
      STATUS_PASSWORD_POLICY, STATUS_PASSWORD_HISTORY, STATUS_NO_NEW_PASSWORD,
      STATUS_CANCELLED, STATUS_SESSION, STATUS_CODE_LIMIT, STATUS_USER_EXISTS,
      STATUS_ALIAS_TAKEN}},
    {"The account",
     {STATUS_NO_USER, STATUS_NOT_CONFIRMED, STATUS_DISABLED,
      STATUS_RESET_REQUIRED, STATUS_TEMPORARY_EXPIRED, STATUS_LOCKED_OUT,
      STATUS_LIMIT, STATUS_CHALLENGE, STATUS_NO_METHOD, STATUS_IDENTITY,
      STATUS_GROUP, STATUS_MFA_MISSING, STATUS_NOT_RESETTABLE,
      STATUS_ACCOUNT}},
    {"The user pool",
     {STATUS_SECRET_HASH, STATUS_CLIENT_UNKNOWN, STATUS_FLOW_DISABLED,
      STATUS_POOL_CONFIG, STATUS_LAMBDA_REFUSED, STATUS_LAMBDA_BROKEN,
      STATUS_RISK, STATUS_TOKEN, STATUS_KEYS, STATUS_THROTTLED, STATUS_SERVER,
      STATUS_DELIVERY, STATUS_UNREADABLE, STATUS_PROTOCOL,
      STATUS_UNKNOWN_ERROR}},
    {"This machine",
     {STATUS_INTERNAL, STATUS_CONFIG, STATUS_HELPER, STATUS_PRIVILEGE,
      STATUS_SANDBOX, STATUS_CRYPTO, STATUS_SERVICE, STATUS_LOOKUP,
      STATUS_PEER, STATUS_PEER_LIMIT, STATUS_NO_DIALOGUE, STATUS_UNAVAILABLE,
      STATUS_MEMORY}},
    {"The network",
     {STATUS_DNS, STATUS_CONNECT, STATUS_TLS, STATUS_TIMEOUT, STATUS_TRANSPORT,
      STATUS_BLOCKED, STATUS_OUTAGE}},
};

/* All reason words, by where the cause lies. */
static void
list_reasons(const struct output *output)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        char words[512] = "";
        size_t column = 0;

        for (size_t j = 0;
             j < 16 && (j == 0 || groups[i].statuses[j] != GROUP_END); j++) {
            const char *word = status_word(groups[i].statuses[j]);
            size_t used = strlen(words);
            bool full = !output->json && column + strlen(word) > LIST_COLUMNS;

            (void) snprintf(words + used, sizeof(words) - used, "%s%s",
                            full     ? "\n  "
                            : j == 0 ? output->json ? "" : "\n  "
                                     : " ",
                            word);
            column = (full || j == 0 ? 2 : column + 1) + strlen(word);
        }
        if (output->json)
            entry_say(output, groups[i].title, words, "");
        else
            output_line(output, TONE_PLAIN, "%s:%s", groups[i].title, words);
    }
    output_line(output, TONE_PLAIN,
                "pam-cognito explain REASON says more; a line of the log will "
                "do, too.");
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

static const char *
name_of_reason(size_t index)
{
    return index < STATUS_COUNT ? status_word((enum status) index) : NULL;
}

enum cli_exit
explain(struct cli *cli)
{
    const struct output *output = &cli->output;
    char text[TEXT_MAX];

    if (cli->operand_count == 0) {
        list_reasons(output);
        return CLI_DONE;
    }
    if (!join(cli, text)) {
        output_error("explain: expected a reason word, the name of an error, "
                     "or a line of the log");
        return CLI_USAGE;
    }
    if (explain_log_line(output, text) || explain_configuration(output, text)
        || explain_status(output, text)
        || explain_error(output, http_name(text)) || explain_pam(output, text)
        || explain_seen(output, text) || explain_words(output, text)
        || explain_host_line(output, text)
        || explain_message(output, text, "", NULL)
        || explain_setting(output, text))
        return CLI_DONE;
    output_error("explain: nothing is known about that; without a word it "
                 "lists the reasons");
    (void) output_meant("", text, name_of_reason);
    return CLI_REFUSED;
}
