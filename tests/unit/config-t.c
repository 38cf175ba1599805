/*
 * Settings: what each type of value takes, which of several givings wins, and
 * what a message says, without ever saying a secret.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static char folder[64] = "/tmp/config-t.XXXXXX";
static char path[128];

/* A fresh configuration from up to two arguments. */
static struct config *
from_arguments(enum config_owner owner, const char *first, const char *second)
{
    const char *arguments[] = {first, second};
    struct config *config = config_new(owner);

    need(config != NULL, "memory");
    config_arguments(config, second == NULL ? 1 : 2, arguments);
    return config;
}

/* A fresh configuration from a file's text, after arguments. */
static struct config *
from_text(enum config_owner owner, const char *argument, const char *text,
          size_t length, mode_t mode)
{
    const struct file_trust trust = {.owner = geteuid()};
    struct config *config = from_arguments(owner, argument, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    need(fd >= 0 && write(fd, text, length) == (ssize_t) length
             && fchmod(fd, mode) == 0,
         "a file");
    (void) close(fd);
    config_file(config, path, "sshd", &trust, true);
    return config;
}

static void
check_values(void)
{
    static const struct {
        enum config_owner owner;
        const char *argument;
        enum config_key key;
        const char *value; /* NULL: refused */
    } rows[] = {
        {CONFIG_MODULE, "prompt=Code for %u: ", KEY_PROMPT, "Code for %u: "},
        {CONFIG_MODULE, "prompt=", KEY_PROMPT, NULL},
        {CONFIG_MODULE, "prompt=a\tb", KEY_PROMPT, NULL},
        {CONFIG_MODULE, "prompt=a\177b", KEY_PROMPT, NULL},
        {CONFIG_MODULE, "prompt=\xff", KEY_PROMPT, NULL},
        {CONFIG_MODULE, "debug", KEY_DEBUG, "yes"},
        {CONFIG_MODULE, "debug=yes", KEY_DEBUG, "yes"},
        {CONFIG_MODULE, "debug=no", KEY_DEBUG, "no"},
        {CONFIG_MODULE, "debug=YES", KEY_DEBUG, NULL},
        {CONFIG_MODULE, "debug=", KEY_DEBUG, NULL},
        {CONFIG_MODULE, "timeout=1", KEY_TIMEOUT, "1"},
        {CONFIG_MODULE, "timeout=600", KEY_TIMEOUT, "600"},
        {CONFIG_MODULE, "timeout=601", KEY_TIMEOUT, NULL},
        {CONFIG_MODULE, "timeout=0", KEY_TIMEOUT, NULL},
        {CONFIG_MODULE, "timeout=", KEY_TIMEOUT, NULL},
        {CONFIG_MODULE, "timeout", KEY_TIMEOUT, NULL},
        {CONFIG_MODULE, "timeout=-1", KEY_TIMEOUT, NULL},
        {CONFIG_MODULE, "timeout=1s", KEY_TIMEOUT, NULL},
        {CONFIG_MODULE, "timeout=18446744073709551626", KEY_TIMEOUT, NULL},
        {CONFIG_MODULE, "minimum_uid=1", KEY_MINIMUM_UID, "1"},
        {CONFIG_MODULE, "minimum_uid=60000", KEY_MINIMUM_UID, "60000"},
        {CONFIG_MODULE, "minimum_uid=0", KEY_MINIMUM_UID, NULL},
        {CONFIG_MODULE, "minimum_uid=60001", KEY_MINIMUM_UID, NULL},
        {CONFIG_MODULE, "minimum_uid=0x10", KEY_MINIMUM_UID, NULL},
        {CONFIG_MODULE, "only_users=a,b", KEY_ONLY_USERS, "a,b"},
        {CONFIG_MODULE, "only_users=", KEY_ONLY_USERS, NULL},
        {CONFIG_MODULE, "only_users=,a", KEY_ONLY_USERS, NULL},
        {CONFIG_MODULE, "only_users=a,", KEY_ONLY_USERS, NULL},
        {CONFIG_MODULE, "only_users=a,,b", KEY_ONLY_USERS, NULL},
        {CONFIG_MODULE, "only_users=a, ,b", KEY_ONLY_USERS, NULL},
        {CONFIG_MODULE, "only_users= ,a", KEY_ONLY_USERS, NULL},
        {CONFIG_MODULE, "only_users=a, ", KEY_ONLY_USERS, NULL},
        {CONFIG_MODULE, "only_users=, ,", KEY_ONLY_USERS, NULL},
        {CONFIG_MODULE, "only_users=  ", KEY_ONLY_USERS, NULL},
        {CONFIG_MODULE, "only_users=a b", KEY_ONLY_USERS, "a b"},
        {CONFIG_MODULE, "only_users= a , b ", KEY_ONLY_USERS, " a , b "},
        {CONFIG_MODULE, "only_users=a\tb", KEY_ONLY_USERS, NULL},
        {CONFIG_MODULE, "helper=/usr/libexec/x", KEY_HELPER, "/usr/libexec/x"},
        {CONFIG_MODULE, "helper=x", KEY_HELPER, NULL},
        {CONFIG_MODULE, "local_account=optional", KEY_LOCAL_ACCOUNT,
         "optional"},
        {CONFIG_MODULE, "local_account=option", KEY_LOCAL_ACCOUNT, NULL},
        {CONFIG_MODULE, "local_account=", KEY_LOCAL_ACCOUNT, NULL},
        {CONFIG_MODULE, "local_account=required|optional", KEY_LOCAL_ACCOUNT,
         NULL},
        {CONFIG_MODULE, "start=auto", KEY_START, "auto"},
        {CONFIG_MODULE, "start=direct", KEY_START, "direct"},
        {CONFIG_MODULE, "start=socket", KEY_START, "socket"},
        {CONFIG_MODULE, "start=sockets", KEY_START, NULL},
        {CONFIG_MODULE, "start", KEY_START, NULL},
        {CONFIG_HELPER, "trusted_users=postgres", KEY_TRUSTED_USERS, NULL},
        {CONFIG_MODULE, "username_class=[a-z]+", KEY_USERNAME_CLASS, "[a-z]+"},
        {CONFIG_MODULE, "username_class=(", KEY_USERNAME_CLASS, NULL},
        {CONFIG_HELPER, "region=eu-west-1", KEY_REGION, "eu-west-1"},
        {CONFIG_HELPER, "region=eu west", KEY_REGION, NULL},
        {CONFIG_HELPER, "client_secret=", KEY_CLIENT_SECRET, ""},
        {CONFIG_HELPER, "client_secret=s", KEY_CLIENT_SECRET, "s"},
        {CONFIG_HELPER, "client_secret=a b", KEY_CLIENT_SECRET, NULL},
        {CONFIG_HELPER, "client_secret", KEY_CLIENT_SECRET, NULL},
        {CONFIG_HELPER, "ca_file=system", KEY_CA_FILE, "system"},
        {CONFIG_HELPER, "ca_file=/a b", KEY_CA_FILE, "/a b"},
        {CONFIG_HELPER, "ca_file=systems", KEY_CA_FILE, NULL},
        {CONFIG_HELPER, "username_format=%u@example.com", KEY_USERNAME_FORMAT,
         "%u@example.com"},
        {CONFIG_HELPER, "username_format=100%%%u", KEY_USERNAME_FORMAT,
         "100%%%u"},
        {CONFIG_HELPER, "username_format=alice", KEY_USERNAME_FORMAT, NULL},
        {CONFIG_HELPER, "username_format=%%u", KEY_USERNAME_FORMAT, NULL},
        {CONFIG_HELPER, "username_format=%u%s", KEY_USERNAME_FORMAT, NULL},
        {CONFIG_HELPER, "username_format=%u%", KEY_USERNAME_FORMAT, NULL},
        {CONFIG_HELPER, "username_format=%u x", KEY_USERNAME_FORMAT, NULL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config *config = from_arguments(rows[i].owner, rows[i].argument,
                                               NULL);
        const char *seen = config_text(config, rows[i].key);
        bool set = config_is_set(config, rows[i].key);

        ok(rows[i].value == NULL
               ? !set && config_status(config) == STATUS_CONFIG
               : set && strcmp(seen, rows[i].value) == 0
                     && config_status(config) == STATUS_OK,
           "%s is %s", rows[i].argument,
           rows[i].value == NULL ? "refused" : "taken");
        config_free(config);
    }
}

static void
check_long_values(void)
{
    static char argument[CONFIG_VALUE_MAX + 20] = "region=";
    static char prompt[300] = "prompt=";
    struct config *config;

    memset(argument + 7, 'x', CONFIG_VALUE_MAX - 1);
    config = from_arguments(CONFIG_HELPER, argument, NULL);
    ok(config_is_set(config, KEY_REGION), "the longest value");
    config_free(config);
    memset(argument + 7, 'x', CONFIG_VALUE_MAX);
    config = from_arguments(CONFIG_HELPER, argument, NULL);
    ok(!config_is_set(config, KEY_REGION)
           && strlen(config_message(config)) < 200,
       "a byte more is refused, with a short message");
    config_free(config);
    memset(prompt + 7, 'x', 200);
    config = from_arguments(CONFIG_MODULE, prompt, NULL);
    ok(config_is_set(config, KEY_PROMPT), "the longest prompt");
    config_free(config);
    prompt[207] = 'x';
    config = from_arguments(CONFIG_MODULE, prompt, NULL);
    ok(!config_is_set(config, KEY_PROMPT), "a byte more is refused");
    config_free(config);
    memset(argument, 'x', 100);
    config = from_arguments(CONFIG_MODULE, argument, NULL);
    is_number(config_status(config), STATUS_CONFIG, "a key without end");
    config_free(config);
}

static void
check_message(struct config *config, enum status status, const char *says,
              const char *what)
{
    if (!ok(config_status(config) == status
                && strstr(config_message(config), says) != NULL,
            "%s: %s", what, says))
        diag("said: %s", config_message(config));
    ok(strstr(config_message(config), "hush") == NULL, "and no secret");
    config_free(config);
}

static void
check_faults(void)
{
    check_message(from_arguments(CONFIG_HELPER, "client_secret=hu sh hush",
                                 NULL),
                  STATUS_CONFIG, "expected the app client's secret",
                  "a malformed secret");
    check_message(from_arguments(CONFIG_HELPER, "client_secret hush", NULL),
                  STATUS_CONFIG, "expected KEY = VALUE", "no = after the key");
    check_message(from_arguments(CONFIG_HELPER, "secret=hush", NULL),
                  STATUS_CONFIG, "secret (module argument): unknown key",
                  "no such key");
    check_message(from_arguments(CONFIG_HELPER, "only_grop=x", NULL),
                  STATUS_CONFIG,
                  "only_grop (module argument): unknown key, did you mean "
                  "only_group?",
                  "a letter is missing");
    check_message(from_arguments(CONFIG_HELPER, "fpis=yes", NULL),
                  STATUS_CONFIG,
                  "fpis (module argument): unknown key, did you mean fips?",
                  "two letters changed round");
    check_message(from_arguments(CONFIG_HELPER, "client_secret:hush", NULL),
                  STATUS_CONFIG,
                  "client_secret (module argument): expected "
                  "KEY = VALUE",
                  "another sign for =");
    check_message(from_arguments(CONFIG_HELPER, "x4hush", NULL), STATUS_CONFIG,
                  "a line or argument (module argument): "
                  "unknown key, expected one of",
                  "no letters of a key");
    check_message(from_arguments(CONFIG_MODULE, "timeout=1", "timeout=2"),
                  STATUS_CONFIG, "given twice, first at module argument",
                  "twice");
    check_message(from_arguments(CONFIG_MODULE, "timeout=x", "debug=x"),
                  STATUS_CONFIG, "found \"x\"", "two faults");
    check_message(from_arguments(CONFIG_MODULE, "nonsense", "timeout=x"),
                  STATUS_CONFIG, "nonsense", "the first one is told");
    check_message(from_arguments(CONFIG_MODULE, "client_secret=hush", NULL),
                  STATUS_OK, "", "the helper's keys mean nothing here");
}

static void
check_file_message(const char *text, enum status status, const char *says)
{
    struct config *config = from_text(CONFIG_HELPER, "region=eu-west-1", text,
                                      strlen(text), 0644);

    check_message(config, status, says, "a file");
}

static void
check_files(void)
{
    const struct file_trust trust = {.owner = geteuid()};
    const char text[] = "# a comment\n"
                        "\n"
                        "  client_id =\t\"  kept \" \r\n"
                        "timeout = 20\n"
                        "auth_flow = user_srp\n"
                        "[sudo]\n"
                        "client_metadata\n"
                        "auth_flow = custom\n"
                        "[ sshd ]\n"
                        "auth_flow = user_auth\n"
                        "ca_file = /file\n"
                        "issuer = \"\n";
    struct config *config = from_text(CONFIG_HELPER, "ca_file=/argument", text,
                                      strlen(text), 0644);

    is_text(config_text(config, KEY_AUTH_FLOW), "user_auth",
            "our section wins over the rest of the file");
    is_text(config_text(config, KEY_CA_FILE), "/argument",
            "an argument wins over both");
    is_text(config_where(config, KEY_CA_FILE), "module argument",
            "and is named as the place");
    ok(!config_flag(config, KEY_CLIENT_METADATA),
       "another service's section means nothing");
    ok(!config_is_set(config, KEY_TIMEOUT), "nor do the module's keys");
    is_number(config_number(config, KEY_CONNECT_TIMEOUT), 3, "a default");
    is_number(config_number(config, KEY_JWKS_FILE), 0, "no default");
    ok(!config_flag(config, KEY_JWKS_FILE), "neither as a flag");
    is_text(config_text(config, KEY_ISSUER), "\"", "one quote is no pair");
    is_number(config_status(config), STATUS_CONFIG, "blanks in a word");
    config_free(config);

    check_file_message("nonsense = 1\n", STATUS_CONFIG, "line 1): unknown");
    check_file_message("\n[\n", STATUS_CONFIG, "line 2): expected [name");
    check_file_message("[sshd\n", STATUS_CONFIG, "line 1): expected [name");
    check_file_message("[]\n", STATUS_CONFIG, "line 1): expected [name");
    check_file_message("[sshd\nregion = a b\n", STATUS_CONFIG,
                       "line 1): expected [name");
    check_file_message("config = /x\n", STATUS_CONFIG,
                       "only be given as a module argument");
    check_file_message("client_secret = hush\n", STATUS_CONFIG, "mode 0600");
    check_file_message("[sudo]\nclient_secret = hush\n", STATUS_CONFIG,
                       "mode 0600");
    check_file_message("client_id = a\nclient_id = b\n", STATUS_CONFIG,
                       "line 2): given twice");
    check_file_message("client_id = a\n[sshd]\nclient_id = b\n", STATUS_OK,
                       "");
    check_message(from_text(CONFIG_HELPER, "debug", "client_secret = hush\n",
                            21, 0600),
                  STATUS_OK, "", "a secret in a file of its owner's alone");
    check_message(from_text(CONFIG_MODULE, "debug", "client_secret = hush\n",
                            21, 0644),
                  STATUS_OK, "", "the module does not mind: the helper does");
    check_message(from_text(CONFIG_HELPER, "debug", "a\0b\n", 4, 0644),
                  STATUS_CONFIG, "cannot be read, or", "a NUL");
    check_message(from_text(CONFIG_HELPER, "debug", "", 0, 0666),
                  STATUS_CONFIG, "must not be writable", "an untrusted file");

    (void) unlink(path);
    config = config_new(CONFIG_HELPER);
    config_file(config, path, "sshd", &trust, false);
    is_number(config_status(config), STATUS_OK, "the file may be missing");
    config_file(config, path, "sshd", &trust, true);
    check_message(config, STATUS_CONFIG, "No such file", "unless it is named");
}

static void
check_lists(void)
{
    struct config *config
        = from_arguments(CONFIG_MODULE, "only_users=alice , bob,  c d", NULL);
    char item[CONFIG_VALUE_MAX];
    size_t position = 0;

    ok(config_list_next(config, KEY_ONLY_USERS, &position, item)
           && strcmp(item, "alice") == 0,
       "the first of a list");
    ok(config_list_next(config, KEY_ONLY_USERS, &position, item)
           && strcmp(item, "bob") == 0,
       "the second");
    ok(config_list_next(config, KEY_ONLY_USERS, &position, item)
           && strcmp(item, "c d") == 0,
       "the third, with a blank inside");
    ok(!config_list_next(config, KEY_ONLY_USERS, &position, item),
       "there is no more");
    position = 1000;
    ok(!config_list_next(config, KEY_ONLY_USERS, &position, item),
       "nor beyond the end");
    ok(config_list_has(config, KEY_ONLY_USERS, "bob"), "bob is in");
    ok(!config_list_has(config, KEY_ONLY_USERS, "bo"), "bo is not");
    ok(!config_list_has(config, KEY_ONLY_GROUP, "bob"),
       "nobody is in a list that is not given");
    config_free(config);
    config_free(NULL);
}

/* except_users counts whatever else is wrong, and only where it is sound. */
static void
check_exceptions(void)
{
    static const struct {
        const char *argument;
        const char *text;
        size_t length; /* 0: strlen */
        mode_t mode;
        bool excepted; /* alice */
    } rows[] = {
        {"except_users=alice", "", 0, 0600, true},
        {"except_users=bob,alice", "", 0, 0600, true},
        {"except_users=alice2", "", 0, 0600, false},
        {"except_users=", "", 0, 0600, false},
        {"except_users=alice,,bob", "", 0, 0600, false},
        {"except_users=alice, ,bob", "", 0, 0600, false},
        {"except_users", "", 0, 0600, false},
        {"except_user=alice", "", 0, 0600, false},
        {"except_users=alice", "except_users = bob\n", 0, 0600, true},
        {"except_users=bob", "except_users = alice\n", 0, 0600, true},
        {"except_users=,", "except_users = alice\n", 0, 0600, true},
        {"only_grop=x", "except_users = alice\n", 0, 0600, true},
        {"x", "except_users=alice", 0, 0600, true},
        {"x", "\texcept_users\t=\t alice , bob \r\n", 0, 0600, true},
        {"x", "except_users = \"alice\"\n", 0, 0600, true},
        {"x", "except_users = alice\nexcept_users = bob\n", 0, 0600, true},
        {"x", "except_users = bob\nexcept_users = alice\n", 0, 0600, true},
        {"x", "except_users =\nexcept_users = alice\n", 0, 0600, true},
        {"x", "nonsense\ntimeout = x\n= y\nexcept_users = alice\n", 0, 0600,
         true},
        {"x", "a\0b\nexcept_users = alice\n", 25, 0600, true},
        {"x", "\0\nexcept_users = alice\n", 23, 0600, true},
        {"x", "except_users = alice\na\0b", 24, 0600, true},
        {"x", "except_users = alice\0\n", 22, 0600, false},
        {"x", "client_secret = s\nexcept_users = alice\n", 0, 0644, true},
        {"x", "except_users = alice\n", 0, 0666, false},
        {"x", "[sshd]\nexcept_users = alice\n", 0, 0600, false},
        {"x", "[\nexcept_users = alice\n", 0, 0600, false},
        {"x", "[ss\0hd]\nexcept_users = alice\n", 30, 0600, false},
        {"x", " [\0\nexcept_users = alice\n", 25, 0600, false},
        {"x", "except_users = alice\n[\0", 23, 0600, true},
        {"x", "ss[\0hd]\nexcept_users = alice\n", 30, 0600, true},
        /* Headings behind what nobody sees. */
        {"x", "\0[ss]\nexcept_users = alice\n", 27, 0600, false},
        {"x", " \0\0 \t[\0]\nexcept_users = alice\n", 31, 0600, false},
        {"x", "\0a[\nexcept_users = alice\n", 25, 0600, true},
        {"x", "#\0[ss]\nexcept_users = alice\n", 28, 0600, true},
        {"x", "\xef\xbb\xbf[ss]\nexcept_users = alice\n", 0, 0600, false},
        {"x", "\r\v\x7f[ss]\nexcept_users = alice\n", 0, 0600, false},
        {"x", "\xef\xbb\xbf\nexcept_users = alice\n", 0, 0600, true},
        /* It is not known which file was meant. */
        {"config=conf", "except_users = alice\n", 0, 0600, false},
        {"config=", "except_users = alice\n", 0, 0600, false},
        {"config", "except_users = alice\n", 0, 0600, false},
        {"confg=/etc/x", "except_users = alice\n", 0, 0600, false},
        {"configs", "except_users = alice\n", 0, 0600, false},
        {"x", "except_users = alice\n[sshd]\n", 0, 0600, true},
        {"x", "# except_users = alice\n", 0, 0600, false},
        {"x", "except_users alice\n", 0, 0600, false},
        {"x", "except_users = alice,,\n", 0, 0600, false},
    };
    const struct file_trust trust = {.owner = geteuid()};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char config[160];
        const char *arguments[] = {rows[i].argument, config};
        size_t length = rows[i].length == 0 ? strlen(rows[i].text)
                                            : rows[i].length;

        config_free(from_text(CONFIG_MODULE, "debug", rows[i].text, length,
                              rows[i].mode));
        (void) snprintf(config, sizeof(config), "config=%s", path);
        (void) ok(config_is_excepted("alice", 2, arguments, &trust)
                      == rows[i].excepted,
                  "exceptions %zu: %s", i, rows[i].argument);
    }
}

/* Where the bracket of a heading stands in a line that is too long. */
static void
check_exception_behind_blanks(void)
{
    const struct file_trust trust = {.owner = geteuid()};
    char text[2 * CONFIG_VALUE_MAX], config[160];
    const char *arguments[] = {config};
    static const char fills[] = " \t\r"; /* and its NUL */

    (void) snprintf(config, sizeof(config), "config=%s", path);
    for (size_t count = CONFIG_VALUE_MAX - 3; count < CONFIG_VALUE_MAX + 3;
         count++)
        for (size_t fill = 0; fill < sizeof(fills); fill++) {
            memset(text, fills[fill], count);
            (void) snprintf(text + count, 64, "[a]\nexcept_users = alice\n");
            config_free(from_text(CONFIG_MODULE, "debug", text,
                                  count + strlen(text + count), 0600));
            (void) ok(!config_is_excepted("alice", 1, arguments, &trust),
                      "a heading behind %zu bytes of %#x", count,
                      (unsigned int) fills[fill]);
            text[count] = 'x';
            config_free(from_text(CONFIG_MODULE, "debug", text,
                                  count + strlen(text + count), 0600));
            (void) ok(config_is_excepted("alice", 1, arguments, &trust),
                      "no heading behind %zu bytes of %#x", count,
                      (unsigned int) fills[fill]);
        }
}

/* A line of any length before it is one of the mistakes. */
static void
check_exception_behind_a_long_line(bool is_heading)
{
    const struct file_trust trust = {.owner = geteuid()};
    char text[3 * CONFIG_VALUE_MAX], config[160];
    const char *arguments[] = {config};

    memset(text, 'x', sizeof(text));
    if (is_heading)
        text[0] = '[';
    (void) snprintf(text + 2 * CONFIG_VALUE_MAX, CONFIG_VALUE_MAX,
                    "\nexcept_users = alice\n");
    config_free(from_text(CONFIG_MODULE, "debug", text, strlen(text), 0600));
    (void) snprintf(config, sizeof(config), "config=%s", path);
    ok(config_is_excepted("alice", 1, arguments, &trust) == !is_heading,
       "behind a line that is too long");
    ok(!config_is_excepted("bob", 1, arguments, &trust), "nobody else is");
    (void) unlink(path);
    ok(!config_is_excepted("alice", 1, arguments, &trust),
       "a file that there is not excepts nobody");
    arguments[0] = "except_users=alice";
    ok(config_is_excepted("alice", 1, arguments, &trust),
       "the arguments need no file");
}

/* What allow_services means, where it is named or may be. */
static void
check_known(void)
{
    static const struct {
        const char *argument;
        const char *text;
        size_t length; /* 0: strlen */
        bool known;
    } rows[] = {
        {"debug", "", 0, true},
        {"debug", "allow_services = sshd\n", 0, true},
        {"debug", "allow_services = a\n[sshd]\nallow_services = b\n", 0, true},
        {"allow_services=a", "allow_services = b\n", 0, true},
        {"debug", "nonsense\ntimeout = x\n[x]\nallow_services = ,\n", 0, true},
        {"timeout=x", "[\ntimeout = 1\n[sshd]\nallow_services = a\n", 0, true},
        {"allow_services", "", 0, false},
        {"allow_services=", "", 0, false},
        {"allow_services=a,", "", 0, false},
        {"allow_services=a,", "allow_services = a\n", 0, false},
        {"allow_services=a", "allow_services =\n", 0, false},
        {"allow_service=a", "", 0, false},
        {"allow_services:a", "", 0, false},
        {"debug", "allow_services\n", 0, false},
        {"debug", "allow_services a\n", 0, false},
        {"debug", "Allow_Services = a\n", 0, false},
        {"debug", "allow_services = a\nallow_services = a\n", 0, false},
        {"debug", "allow_services = a\n[sshd]\nallow_services = ,\n", 0,
         false},
        {"debug", "[sshd\nallow_services = a\n", 0, false},
        {"debug", "[]\nallow_services = a\n", 0, false},
        {"debug", "\xef\xbb\xbf[a]\nallow_services = a\n", 0, false},
        {"debug", "\r[sshd]\nallow_services = a\n", 0, false},
        {"debug", "a\0b\n", 4, false},
        {"debug", "allow_services = sshd\n\0", 23, false},
        {"config=conf", "", 0, false},
        {"config", "", 0, false},
    };
    const struct file_trust trust = {.owner = geteuid()};
    struct config *config;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        config = from_text(CONFIG_MODULE, rows[i].argument, rows[i].text,
                           rows[i].length == 0 ? strlen(rows[i].text)
                                               : rows[i].length,
                           0600);
        (void) ok(config_is_known(config, KEY_ALLOW_SERVICES) == rows[i].known
                      && (rows[i].known
                          || config_status(config) == STATUS_CONFIG),
                  "known %zu: %s", i, rows[i].argument);
        config_free(config);
    }
    config = from_text(CONFIG_MODULE, "debug", "", 0, 0666);
    ok(!config_is_known(config, KEY_ALLOW_SERVICES), "an untrusted file");
    config_free(config);
    (void) unlink(path);
    config = config_new(CONFIG_MODULE);
    config_file(config, path, "sshd", &trust, false);
    ok(config_is_known(config, KEY_ALLOW_SERVICES), "there need be no file");
    config_file(config, path, "sshd", &trust, true);
    ok(!config_is_known(config, KEY_ALLOW_SERVICES), "but one that is named");
    config_free(config);
}

/* What an argument says is known, whatever the file holds. */
static void
check_arguments_known(void)
{
    static const struct {
        const char *argument;
        const char *text;
        bool given, known;
    } rows[] = {
        {"debug", "only_group = a\n", false, true},
        {"debug", "only_group = ,\n[x\nonly_group = a\n", false, true},
        {"only_group=a", "only_group = ,\n", true, true},
        {"only_group=a", "only_grup = b\n", true, true},
        {"only_group=a", "[sshd]\nonly_group = b\nonly_group = c\n", true,
         true},
        {"only_group=a", "[\nonly_group = b\n", true, true},
        {"only_group", "only_group = a\n", false, false},
        {"only_group=a,", "only_group = ,\n", false, false},
        {"only_grup=a", "", false, false},
        {"only_group:a", "only_group = ,\n", false, false},
    };
    struct config *config;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        config = from_text(CONFIG_MODULE, rows[i].argument, rows[i].text,
                           strlen(rows[i].text), 0600);
        (void) ok(config_is_argument(config, KEY_ONLY_GROUP) == rows[i].given
                      && config_argument_is_known(config, KEY_ONLY_GROUP)
                             == rows[i].known,
                  "argument known %zu: %s", i, rows[i].argument);
        config_free(config);
    }
    (void) unlink(path);
}

/* Whatever a row expects, its message says it. */
static void
check_expectations(void)
{
    for (unsigned int key = 0; key < KEY_COUNT; key++) {
        const struct config_entry *entry = config_entry((enum config_key) key);
        char section[80] = "[sshd]\n";
        char *argument = section + strlen(section);
        struct config *config;
        const char *message, *expected;

        /* The bare key is a fault, but of a flag. */
        (void) snprintf(argument, 64, "%s%s", entry->name,
                        entry->type == CONFIG_FLAG ? "=maybe" : "");
        config = entry->place == CONFIG_SECTION
                     ? from_text(entry->owner, "debug", section,
                                 strlen(section), 0600)
                     : from_arguments(entry->owner, argument, NULL);
        message = config_message(config);
        expected = strstr(message, ": expected ");
        (void) ok(config_status(config) == STATUS_CONFIG && expected != NULL
                      && strlen(expected) > strlen(": expected ") + 2
                      && strstr(expected, "another value") == NULL
                      && strstr(expected, "null") == NULL,
                  "%s", message);
        config_free(config);
    }
}

/* In a section it would seem to count. */
static void
check_exceptions_in_a_section(void)
{
    static const char text[] = "[sshd]\nexcept_users = alice\n";

    for (int owner = CONFIG_MODULE; owner <= CONFIG_HELPER; owner++) {
        struct config *config = from_text((enum config_owner) owner, "debug",
                                          text, sizeof(text) - 1, 0600);

        (void) ok(owner == CONFIG_HELPER
                      || config_status(config) == STATUS_CONFIG,
                  "in a section it is a mistake, owner %d", owner);
        config_free(config);
    }
    (void) unlink(path);
}

/* Which file it is, both owners must know, and judge alike. */
static void
check_load(void)
{
    static const char text[] = "debug = yes\nclient_id = top\n"
                               "[sudo]\nclient_id = sudo\n";
    const struct file_trust trust = {.owner = geteuid()};
    char named[sizeof(path) + 8];

    config_free(
        from_text(CONFIG_MODULE, "debug", text, sizeof(text) - 1, 0600));
    (void) snprintf(named, sizeof(named), "config=%s", path);
    for (int owner = CONFIG_MODULE; owner <= CONFIG_HELPER; owner++) {
        const char *arguments[] = {named, "client_id=argument", named};
        const char *relative = "config=conf";
        struct config *config = config_load((enum config_owner) owner, 1,
                                            arguments, "sudo", &trust);

        need(config != NULL, "memory");
        is_number(config_status(config), STATUS_OK, "the file is read");
        if (owner == CONFIG_MODULE)
            ok(config_flag(config, KEY_DEBUG), "the module's key");
        else
            is_text(config_text(config, KEY_CLIENT_ID), "sudo",
                    "the service's section");
        config_free(config);
        config = config_load((enum config_owner) owner, 2, arguments, "sudo",
                             &trust);
        need(config != NULL, "memory");
        if (owner == CONFIG_HELPER)
            is_text(config_text(config, KEY_CLIENT_ID), "argument",
                    "arguments win");
        config_free(config);
        check_message(config_load((enum config_owner) owner, 3, arguments,
                                  "sudo", &trust),
                      STATUS_CONFIG, "config (module argument): given twice",
                      "of two files none is read");
        check_message(config_load((enum config_owner) owner, 1, &relative,
                                  "sudo", &trust),
                      STATUS_CONFIG, "expected an absolute path",
                      "a file by half its name");
    }
    (void) unlink(path);
    check_message(
        config_load(CONFIG_HELPER, 1, (const char *[]){named}, "sudo", &trust),
        STATUS_CONFIG, "No such file", "a file that is named must be there");
}

/* What speaks for one service stands where one service is meant. */
static void
check_places(void)
{
    static const struct {
        enum config_owner owner;
        const char *argument;
        const char *text; /* of the file */
        bool right;
    } rows[] = {
        {CONFIG_HELPER, "debug", "[sshd]\ntrusted_users = http, 70\n", true},
        {CONFIG_HELPER, "debug", "[su]\ntrusted_users = www-data\n", true},
        {CONFIG_HELPER, "debug", "trusted_users = www-data\n[sshd]\n", false},
        {CONFIG_MODULE, "debug", "trusted_users = www-data\n[sshd]\n", false},
        {CONFIG_HELPER, "trusted_users=www-data", "[sshd]\n", false},
        {CONFIG_MODULE, "trusted_users=www-data", "[sshd]\n", false},
        {CONFIG_MODULE, "debug", "[sshd]\nlocal_account = optional\n", true},
        {CONFIG_MODULE, "local_account=optional", "[sshd]\n", true},
        {CONFIG_MODULE, "debug", "local_account = optional\n[sshd]\n", false},
        {CONFIG_MODULE, "debug", "local_account = required\n[sshd]\n", false},
        {CONFIG_MODULE, "debug", "start = socket\n", true},
        {CONFIG_MODULE, "debug", "[sshd]\nstart = direct\n", true},
        {CONFIG_MODULE, "start=auto", "[sshd]\n", true},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config *config = from_text(rows[i].owner, rows[i].argument,
                                          rows[i].text, strlen(rows[i].text),
                                          0644);

        ok((config_status(config) == STATUS_OK) == rows[i].right,
           "place %zu is %s: %s", i, rows[i].right ? "right" : "wrong",
           config_message(config));
        config_free(config);
        (void) unlink(path);
    }
}

static void
check_words_of_status(void)
{
    enum status status = STATUS_OK;
    unsigned int number = 0;

    for (; number < STATUS_COUNT; number++)
        if (!status_from_word(status_word((enum status) number), &status)
            || status != (enum status) number)
            break;
    is_number(number, STATUS_COUNT, "each status has a word of its own");
    ok(!status_from_word("nonsense", &status), "no other word has one");
    is_text(status_word((enum status) STATUS_COUNT),
            status_word(STATUS_INTERNAL),
            "what is no status is an internal error");
    is_text(status_text((enum status) - 1), status_text(STATUS_INTERNAL),
            "in text, too");
}

/* What trusted_users may name by its number. */
static void
check_uids(void)
{
    static const struct {
        const char *word;
        bool is;
        uid_t uid;
    } words[] = {
        {"0", true, 0},           {"33", true, 33},
        {"0033", true, 33},       {"4294967294", true, 4294967294u},
        {"4294967295", false, 0}, {"18446744073709551616", false, 0},
        {"", false, 0},           {"-1", false, 0},
        {"+1", false, 0},         {" 1", false, 0},
        {"33x", false, 0},        {"www-data", false, 0},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        uid_t uid = 12345;
        bool is = config_is_uid(words[i].word, &uid);

        ok(is == words[i].is && (!is || uid == words[i].uid),
           "\"%s\" is %s uid", words[i].word, words[i].is ? "a" : "no");
    }
}

int
main(void)
{
    (void) umask(022);
    need(mkdtemp(folder) != NULL, "a folder");
    (void) snprintf(path, sizeof(path), "%s/conf", folder);
    check_values();
    check_long_values();
    check_faults();
    check_expectations();
    check_files();
    check_lists();
    check_exceptions();
    check_exception_behind_blanks();
    check_exceptions_in_a_section();
    check_places();
    check_exception_behind_a_long_line(false);
    check_exception_behind_a_long_line(true);
    check_known();
    check_arguments_known();
    check_load();
    check_words_of_status();
    ok(rmdir(folder) == 0, "nothing was left behind");
    check_uids();
    return done_testing();
}
