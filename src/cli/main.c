/*
 * pam-cognito(1): the command line, taken apart by two tables.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "accounts/accounts.h"
#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/explain.h"
#include "cli/login.h"
#include "cli/mfa.h"
#include "cli/secret_hash_cmd.h"
#include "cognito/vocabulary.h"
#include "cognito/wiping.h"
#include "common/config.h"
#include "doctor/check.h"
#include "setup/prepare.h"

enum {
    OPT_CONFIG = 256,
    OPT_SET,
    OPT_SERVICE,
    OPT_JSON,
    OPT_DEBUG,
    OPT_HELP,
    OPT_VERSION,
    OPT_EXPLAIN,
    OPT_STDIN,
    OPT_TOKENS,
    OPT_SHOW_TOKENS,
    OPT_EMAIL,
    OPT_PHONE,
    OPT_ATTRIBUTE,
    OPT_OFFLINE,
    OPT_REPORT,
    OPT_VERBOSE,
    OPT_PLAIN,
    OPT_PROBLEM,
    OPT_YES,
    OPT_UNDO,
    OPT_USER_POOL_ID,
    OPT_CLIENT_ID,
    OPT_SECRET_STDIN,
    OPT_SECRET_FILE,
    OPT_NO_SECRET,
    OPT_DRY_RUN,
    OPT_FORCE,
    OPT_TERMINATE,
    OPT_FORMAT,
    OPT_NO_QR,
    OPT_QR,
    OPT_ISSUER
};

/*
 * What the tables below say about an option; of: the subcommands that have it,
 * with blanks between them, or NULL for all.
 */
static const struct option_row {
    int id;
    const char *of;
    const char *argument;
    const char *name;
    const char *help;
} options[] = {
    {OPT_CONFIG, NULL, "FILE", "config", "the configuration file"},
    {OPT_SET, NULL, "KEY=VALUE", "set",
     "a setting, like a module argument; repeatable"},
    {OPT_SERVICE, NULL, "NAME", "service",
     "with the settings that PAM service has (check: sshd)"},
    {OPT_JSON, NULL, NULL, "json", "one JSON object a line, for scripts"},
    {OPT_DEBUG, NULL, NULL, "debug", "more lines on standard error"},
    {OPT_HELP, NULL, NULL, "help", "this help"},
    {OPT_VERSION, NULL, NULL, "version", "the version"},
    {OPT_EXPLAIN, "secret-hash", NULL, "explain", "what went into the hash"},
    {OPT_STDIN, "secret-hash", NULL, "stdin",
     "read the client secret from standard input"},
    {OPT_TOKENS, "login", NULL, "tokens", "show what the tokens say"},
    {OPT_SHOW_TOKENS, "login", NULL, "show-tokens",
     "print the tokens, which are keys, unrevoked"},
    {OPT_EMAIL, "sign-up", "ADDRESS", "email", "e-mail address"},
    {OPT_PHONE, "sign-up", "NUMBER", "phone", "telephone number, +15550100"},
    {OPT_ATTRIBUTE, "sign-up", "NAME=VALUE", "attribute",
     "any other attribute; may be repeated"},
    {OPT_OFFLINE, "check setup", NULL, "offline", "send nothing"},
    {OPT_REPORT, "check", "FILE", "report",
     "also write a new file for a bug report"},
    {OPT_VERBOSE, "check", NULL, "verbose", "all that was found, in full"},
    {OPT_PLAIN, "check", NULL, "plain", "a sentence a line, no columns"},
    {OPT_PROBLEM, "check", "N", "problem", "what to do about number N"},
    {OPT_YES, "setup", NULL, "yes", "do it; without this it is only shown"},
    {OPT_UNDO, "setup", NULL, "undo", "take back what setup has made"},
    {OPT_USER_POOL_ID, "setup", "ID", "user-pool-id", "the user pool"},
    {OPT_CLIENT_ID, "setup", "ID", "client-id", "its app client"},
    {OPT_SECRET_STDIN, "setup", NULL, "secret-stdin",
     "read the client secret from standard input"},
    {OPT_SECRET_FILE, "setup", "FILE", "secret-file",
     "copy the client secret from a file of mode 0600"},
    {OPT_NO_SECRET, "setup", NULL, "no-secret",
     "the app client has no secret"},
    {OPT_DRY_RUN, "accounts", NULL, "dry-run", "show what would be done"},
    {OPT_FORCE, "accounts", NULL, "force",
     "lock accounts, also more than max_removals allows"},
    {OPT_TERMINATE, "accounts", NULL, "terminate",
     "end the sessions of those whose accounts are locked"},
    {OPT_FORMAT, "accounts", "passwd|userdb|json", "format",
     "how list prints who should exist"},
    {OPT_NO_QR, "login mfa", NULL, "no-qr",
     "an authenticator app's key without the drawing"},
    {OPT_QR, "login mfa", "utf8|ansi", "qr",
     "draw it so; ansi needs 82 columns, 45 lines"},
    {OPT_ISSUER, "login mfa", "NAME", "issuer",
     "what the app calls this place"},
};
#define METHODS "METHODS" /* see print_operands */
#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

static const struct subcommand {
    const char *name;
    const char *operands;
    int most; /* operands; -1: any number */
    enum cli_exit (*run)(struct cli *cli);
    const char *help;
} subcommands[] = {
    {"check", "[USER]", 1, check,
     "Says what is wrong with a set-up, and what to do."},
    {"setup", "", 0, prepare, "Prepares this machine, and undoes that again."},
    {"accounts", "list|sync | adopt NAME | forget NAME", 2, accounts,
     "Makes and locks local accounts for the pool."},
    {"login", "[USER]", 1, login,
     "Signs in, and shows each step and its result."},
    {"secret-hash", "[USER]", 1, secret_hash_cmd,
     "Prints the SECRET_HASH of a user name."},
    {"sign-up", "[USER]", 1, accounts_sign_up,
     "Makes an account in a pool that allows that."},
    {"confirm", "[USER]", 1, accounts_confirm,
     "Confirms a new account by the code sent."},
    {"resend-code", "[USER]", 1, accounts_resend_code,
     "Has that code sent again."},
    {"forgot-password", "[USER]", 1, accounts_forgot_password,
     "Has a code sent for setting a new password."},
    {"confirm-forgot-password", "[USER]", 1, accounts_confirm_forgot_password,
     "Sets a new password by that code."},
    {"change-password", "[USER]", 1, accounts_change_password,
     "Signs in and changes the password."},
    {"mfa", "enroll|status [USER] | prefer " METHODS " [USER]", 3, mfa,
     "Sets up an app for codes, shows or chooses MFA."},
    {"explain", "[CODE|TEXT]", -1, explain,
     "Says what a reason, error or log line means."},
};
#define SUBCOMMAND_COUNT (sizeof(subcommands) / sizeof(subcommands[0]))

const char *
cli_operand(const struct cli *cli, int index)
{
    return index < cli->operand_count ? cli->operands[index] : NULL;
}

bool
cli_is_set(const struct cli *cli, const char *argument)
{
    size_t length = strcspn(argument, "=");

    if (cli->config != NULL && length == strlen("config")
        && strncmp(argument, "config", length) == 0)
        return true;
    for (size_t i = 0; i < cli->setting_count; i++)
        if (strcspn(cli->settings[i], "=") == length
            && strncmp(cli->settings[i], argument, length) == 0)
            return true;
    return false;
}

size_t
cli_add_settings(const struct cli *cli, const char **arguments, size_t count)
{
    for (size_t i = 0; i < cli->setting_count; i++)
        arguments[count++] = cli->settings[i];
    if (cli->config != NULL)
        arguments[count++] = cli->config;
    return count;
}

static const char *
name_of_subcommand(size_t index)
{
    return index < SUBCOMMAND_COUNT ? subcommands[index].name : NULL;
}

static const char *
name_of_option(size_t index)
{
    return index < OPTION_COUNT ? options[index].name : NULL;
}

static const struct subcommand *
find_subcommand(const char *name)
{
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++)
        if (strcmp(subcommands[i].name, name) == 0)
            return &subcommands[i];
    return NULL;
}

static bool
belongs(const struct option_row *row, const char *subcommand)
{
    size_t length = strlen(subcommand);
    const char *at = row->of;

    while (at != NULL && (at = strstr(at, subcommand)) != NULL) {
        if ((at == row->of || at[-1] == ' ')
            && (at[length] == '\0' || at[length] == ' '))
            return true;
        at += length;
    }
    return false;
}

static const struct option_row *
find_option(int id)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (options[i].id == id)
            return &options[i];
    return NULL;
}

static void
print_options(const char *of)
{
    char left[64];

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &options[i];

        if (of == NULL ? row->of != NULL : !belongs(row, of))
            continue;
        (void) snprintf(left, sizeof(left), "--%s%s%s", row->name,
                        row->argument == NULL ? "" : " ",
                        row->argument == NULL ? "" : row->argument);
        (void) printf("  %-24s %s\n", left, row->help);
    }
}

/* With the vocabulary's words in the place of METHODS. */
static void
print_operands(const char *operands)
{
    const char *at = strstr(operands, METHODS);
    char methods[VOCABULARY_LIST_MAX];

    vocabulary_list(VOCABULARY_METHODS, "|", "|", methods);
    if (at == NULL)
        (void) printf("%s\n", operands);
    else
        (void) printf("%.*s%s%s\n", (int) (at - operands), operands, methods,
                      at + strlen(METHODS));
}

static void
print_help(const struct subcommand *subcommand)
{
    if (subcommand != NULL) {
        (void) printf("Usage: pam-cognito %s [OPTION]...%s", subcommand->name,
                      subcommand->operands[0] == '\0' ? "" : " ");
        print_operands(subcommand->operands);
        (void) printf("%s\n\nOptions:\n", subcommand->help);
        print_options(subcommand->name);
        print_options(NULL);
        (void) puts("\nThe whole story: man pam-cognito");
        return;
    }
    (void) puts("Usage: pam-cognito [OPTION]... SUBCOMMAND [OPTION]... "
                "[ARGUMENT]...\nThe users of an Amazon Cognito user pool, as "
                "pam_cognito sees them.\n\nSubcommands:");
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++)
        (void) printf("  %-24s %s\n", subcommands[i].name,
                      subcommands[i].help);
    (void) puts("\nOptions:");
    print_options(NULL);
    (void) puts("\nPasswords and codes are asked for, or read from standard "
                "input when it is no\nterminal, one a line. pam-cognito "
                "SUBCOMMAND --help says more.\n\nExamples:\n"
                "  pam-cognito check alice            why does alice not get "
                "in?\n"
                "  pam-cognito login alice            try it, step by step\n"
                "  pam-cognito explain locked_out     a word of the log");
}

/* "config=" and an absolute path. */
static bool
take_config(struct cli *cli, const char *path)
{
    char folder[PATH_MAX] = "";
    size_t size;

    if (path[0] != '/'
        && (getcwd(folder, sizeof(folder)) == NULL || folder[0] != '/'))
        return false;
    size = strlen("config=") + strlen(folder) + 1 + strlen(path) + 1;
    free(cli->config);
    cli->config = malloc(size);
    if (cli->config == NULL)
        return false;
    (void) snprintf(cli->config, size, "config=%s%s%s", folder,
                    path[0] == '/' ? "" : "/", path);
    return true;
}

static bool
take_setting(struct cli *cli, char *setting)
{
    static const char secret[] = "client_secret";
    size_t length = strcspn(setting, "=");

    if (length == sizeof(secret) - 1
        && strncmp(setting, secret, length) == 0) {
        output_error("--set client_secret: everybody can read a command "
                     "line; use client_secret_file");
        return false;
    }
    if (length == strlen("config") && strncmp(setting, "config", length) == 0
        && setting[length] == '=')
        return take_config(cli, setting + length + 1);
    if (cli->setting_count == CLI_SETTINGS_MAX) {
        output_error("--set: too many settings");
        return false;
    }
    cli->settings[cli->setting_count++] = setting;
    return true;
}

static bool
take_attribute(struct cli *cli, const char *name, char *value)
{
    char *equals = value;

    if (cli->attribute_count == CLI_ATTRIBUTES_MAX) {
        output_error("too many attributes");
        return false;
    }
    if (name == NULL) {
        equals = strchr(value, '=');
        if (equals == NULL || equals == value) {
            output_error("--attribute: expected NAME=VALUE");
            return false;
        }
        *equals++ = '\0';
        name = value;
    }
    cli->attributes[cli->attribute_count++] = (struct cognito_field){name,
                                                                     equals};
    return true;
}

static bool
take_drawing(struct cli *cli, const char *word)
{
    bool utf8 = strcmp(word, "utf8") == 0;

    cli->drawing = utf8 ? DRAWING_UTF8 : DRAWING_ANSI;
    if (utf8 || strcmp(word, "ansi") == 0)
        return true;
    output_error("--qr: expected utf8 or ansi");
    return false;
}

struct line {
    bool help;
    bool version;
    bool json;
    int given[64]; /* options, to be compared with the subcommand */
    size_t given_count;
};

static bool
take_option(struct cli *cli, struct line *line, int id)
{
    switch (id) {
    case OPT_CONFIG:
        return take_config(cli, optarg);
    case OPT_SET:
        return take_setting(cli, optarg);
    case OPT_SERVICE:
        /* As libpam does, whatever the program calls itself. */
        for (char *at = optarg; *at != '\0'; at++)
            *at = (char) tolower((unsigned char) *at);
        cli->service = optarg;
        if (optarg[0] != '\0' && strchr(optarg, '/') == NULL
            && optarg[0] != '.')
            return true;
        output_error("--service: expected the name of a PAM service");
        return false;
    case OPT_JSON:
        return line->json = true;
    case OPT_DEBUG:
        return cli->debug = true;
    case 'h':
    case OPT_HELP:
        return line->help = true;
    case 'V':
    case OPT_VERSION:
        return line->version = true;
    case OPT_EXPLAIN:
        return cli->explain = true;
    case OPT_STDIN:
        return cli->from_input = true;
    case OPT_TOKENS:
        return cli->tokens = true;
    case OPT_SHOW_TOKENS:
        return cli->show_tokens = true;
    case OPT_EMAIL:
        return take_attribute(cli, "email", optarg);
    case OPT_PHONE:
        return take_attribute(cli, "phone_number", optarg);
    case OPT_ATTRIBUTE:
        return take_attribute(cli, NULL, optarg);
    case OPT_OFFLINE:
        return cli->offline = true;
    case OPT_REPORT:
        cli->report = optarg;
        return true;
    case OPT_VERBOSE:
        return cli->verbose = true;
    case OPT_PLAIN:
        return cli->one_a_line = true;
    case OPT_PROBLEM:
        cli->problem = (unsigned int) strtoul(optarg, NULL, 10);
        if (cli->problem > 0 && strspn(optarg, "0123456789") == strlen(optarg))
            return true;
        output_error("--problem: expected the number of one");
        return false;
    case OPT_YES:
        return cli->yes = true;
    case OPT_UNDO:
        return cli->undo = true;
    case OPT_USER_POOL_ID:
        cli->user_pool_id = optarg;
        return true;
    case OPT_CLIENT_ID:
        cli->client_id = optarg;
        return true;
    case OPT_SECRET_STDIN:
        return cli->secret_stdin = true;
    case OPT_SECRET_FILE:
        cli->secret_file = optarg;
        return true;
    case OPT_NO_SECRET:
        return cli->no_secret = true;
    case OPT_DRY_RUN:
        return cli->dry_run = true;
    case OPT_FORCE:
        return cli->force = true;
    case OPT_TERMINATE:
        return cli->terminate = true;
    case OPT_FORMAT:
        cli->format = optarg;
        return true;
    case OPT_NO_QR:
        cli->drawing = DRAWING_NONE;
        return true;
    case OPT_QR:
        return take_drawing(cli, optarg);
    case OPT_ISSUER:
        (void) snprintf(cli->issuer, sizeof(cli->issuer), "issuer_name=%s",
                        optarg);
        return take_setting(cli, cli->issuer);
    default:
        return false; /* getopt has said what is wrong */
    }
}

static bool
take_options(struct cli *cli, struct line *line, int argc, char **argv)
{
    struct option table[OPTION_COUNT + 1] = {{0}};
    int id;

    for (size_t i = 0; i < OPTION_COUNT; i++)
        table[i] = (struct option){options[i].name,
                                   options[i].argument == NULL
                                       ? no_argument
                                       : required_argument,
                                   NULL, options[i].id};
    while ((id = getopt_long(argc, argv, "hV", table, NULL)) != -1) {
        /* getopt has said which word it does not know. */
        if (id == '?' && optopt == 0
            && strncmp(argv[optind - 1], "--", 2) == 0)
            (void) output_meant("--", argv[optind - 1] + 2, name_of_option);
        if (!take_option(cli, line, id))
            return false;
        if (line->given_count < sizeof(line->given) / sizeof(line->given[0]))
            line->given[line->given_count++] = id;
    }
    return true;
}

/* Do the options belong to the subcommand, and are there enough words? */
static bool
fits(const struct cli *cli, const struct line *line,
     const struct subcommand *subcommand)
{
    for (size_t i = 0; i < line->given_count; i++) {
        const struct option_row *row = find_option(line->given[i]);

        if (row != NULL && row->of != NULL
            && !belongs(row, subcommand->name)) {
            int first = (int) strcspn(row->of, " ");

            output_error("--%s belongs to %.*s%s%s, not to %s", row->name,
                         first, row->of, row->of[first] == ' ' ? " and" : "",
                         row->of + first, subcommand->name);
            return false;
        }
    }
    if (subcommand->most >= 0 && cli->operand_count > subcommand->most) {
        output_error("%s: too many arguments", subcommand->name);
        return false;
    }
    return true;
}

/* Where to read on after a fault in an option: getopt got no further. */
static const struct subcommand *
find_named(int argc, char **argv)
{
    const struct subcommand *found = NULL;

    for (int i = 1; found == NULL && i < argc; i++)
        found = find_subcommand(argv[i]);
    return found;
}

static enum cli_exit
usage(const struct subcommand *subcommand)
{
    (void) fprintf(stderr, "Try: pam-cognito %s%s--help\n",
                   subcommand == NULL ? "" : subcommand->name,
                   subcommand == NULL ? "" : " ");
    return CLI_USAGE;
}

/* What somebody types who does not know the program yet. */
static enum cli_exit
refuse_subcommand(int argc, char **argv)
{
    const char *word = argv[optind];

    output_error("no such subcommand: %s", word);
    if (optind + 1 < argc && find_subcommand(argv[optind + 1]) != NULL)
        output_error("did you mean %s %s?", argv[optind + 1], word);
    else if (!output_meant("", word, name_of_subcommand))
        (void) mfa_meant(word);
    return usage(NULL);
}

static enum cli_exit
dispatch(struct cli *cli, int argc, char **argv)
{
    const struct subcommand *subcommand = NULL;
    struct line line = {0};
    bool taken = take_options(cli, &line, argc, argv);

    output_init(&cli->output, line.json);
    if (!taken)
        return usage(find_named(argc, argv));
    if (optind < argc && strcmp(argv[optind], "help") == 0) {
        line.help = true;
        optind++;
    }
    if (optind < argc)
        subcommand = find_subcommand(argv[optind]);
    if (line.version) {
        (void) puts("pam-cognito " PACKAGE_VERSION);
        return CLI_DONE;
    }
    if (optind == argc || (line.help && subcommand != NULL)) {
        print_help(subcommand);
        return line.help ? CLI_DONE : CLI_USAGE;
    }
    if (subcommand == NULL)
        return refuse_subcommand(argc, argv);
    cli->name = subcommand->name;
    cli->operands = argv + optind + 1;
    cli->operand_count = argc - optind - 1;
    if (!fits(cli, &line, subcommand))
        return usage(subcommand);
    return subcommand->run(cli);
}

/*
 * Passwords pass through here: no core dumps, and nothing from the
 * environment that makes the TLS library write keys or load code, or sends
 * requests elsewhere.
 */
static void
protect(void)
{
    static const char *const hostile[] = {"SSLKEYLOGFILE",
                                          "OPENSSL_CONF",
                                          "OPENSSL_MODULES",
                                          "OPENSSL_ENGINES",
                                          "OPENSSL_CONF_INCLUDE",
                                          "SSL_CERT_FILE",
                                          "SSL_CERT_DIR",
                                          "CURL_CA_BUNDLE",
                                          "CURL_HOME",
                                          "HOSTALIASES",
                                          "LOCALDOMAIN",
                                          "RES_OPTIONS",
                                          "http_proxy",
                                          "https_proxy",
                                          "HTTPS_PROXY",
                                          "all_proxy",
                                          "ALL_PROXY",
                                          "no_proxy",
                                          "NO_PROXY"};
    const struct rlimit none = {0, 0};

    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        (void) unsetenv(hostile[i]);
    /* Both cannot fail for a process's own sake; a failure changes nothing. */
    (void) setrlimit(RLIMIT_CORE, &none);
    (void) prctl(PR_SET_DUMPABLE, 0);
}

int
main(int argc, char **argv)
{
    struct cli cli = {.service = ""};
    static char name[] = "pam-cognito";
    enum cli_exit code;

    protect();
    wiping_install();
    /* getopt speaks of it. */
    if (argc > 0)
        argv[0] = name;
    code = dispatch(&cli, argc, argv);
    if (!output_finish() && code == CLI_DONE)
        code = CLI_FAILED;
    free(cli.config);
    return (int) code;
}
