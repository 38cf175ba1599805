/*
 * AWS credentials: which place is asked first, what is half of them, what a
 * shared credentials file may look like, and that no message holds a key.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/credentials.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

#define ID "AKIAEXAMPLE"
#define KEY "wJalr+Ex/AMPLE="
#define TOKEN "IQoJb3JpZ2luX2VjEXAMPLE=="

static char folder[] = "/tmp/credentials-t.XXXXXX";
static char path[sizeof(folder) + 16];
static struct credentials_options options;
static struct credentials found;
static char message[CREDENTIALS_MESSAGE_MAX];

static void
environment(const char *id, const char *key, const char *token)
{
    const char *const names[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                 "AWS_SESSION_TOKEN"};
    const char *const values[] = {id, key, token};

    for (size_t i = 0; i < 3; i++)
        if (values[i] == NULL)
            (void) unsetenv(names[i]);
        else
            (void) setenv(names[i], values[i], 1);
}

static void
file(const char *text, mode_t mode)
{
    FILE *stream;

    (void) unlink(path);
    if (text == NULL)
        return;
    stream = fopen(path, "w");
    need(stream != NULL && fputs(text, stream) >= 0 && fclose(stream) == 0
             && chmod(path, mode) == 0,
         "no file");
}

static void
finds(enum credentials_source source, const char *id, const char *key,
      const char *token, const char *what)
{
    enum status status = credentials_find(&options, &found, message);

    is_number(status, STATUS_OK, what);
    is_text(message, "", "without a message");
    is_number(found.source, source, "from there");
    is_text(found.id.data, id, "the ID");
    is_text(found.key.data, key, "the key");
    is_text(found.token.length == 0 ? NULL : found.token.data, token,
            "the token");
    is_number(found.expires, 0, "without an end");
}

/* The message ends in these words, wherever the folder is. */
static void
refuses(const char *words, const char *what)
{
    enum status status = credentials_find(&options, &found, message);
    size_t length = strlen(message), end = strlen(words);

    is_number(status, STATUS_CONFIG, what);
    if (!ok(length >= end && strcmp(message + length - end, words) == 0,
            "says so"))
        diag("%s", message);
    ok(strstr(message, KEY) == NULL && strstr(message, TOKEN) == NULL
           && strstr(message, ID) == NULL,
       "and nothing of them");
    ok(found.id.data == NULL && found.key.data == NULL
           && found.token.data == NULL && found.source == CREDENTIALS_NONE,
       "and keeps nothing");
}

static void
test_environment(void)
{
    file("[default]\naws_access_key_id=A\naws_secret_access_key=B\n", 0600);
    environment(ID, KEY, NULL);
    finds(CREDENTIALS_ENVIRONMENT, ID, KEY, NULL, "the environment is first");
    is_text(found.from, "the environment", "named");
    environment(ID, KEY, TOKEN);
    finds(CREDENTIALS_ENVIRONMENT, ID, KEY, TOKEN, "with a token");
    environment("", "", "");
    finds(CREDENTIALS_FILE, "A", "B", NULL, "empty is unset");
    environment(ID, NULL, NULL);
    refuses("the environment: AWS_ACCESS_KEY_ID is there and "
            "AWS_SECRET_ACCESS_KEY is not: give both, or neither",
            "an ID alone");
    environment(NULL, KEY, NULL);
    refuses("the environment: AWS_SECRET_ACCESS_KEY is there and "
            "AWS_ACCESS_KEY_ID is not: give both, or neither",
            "a key alone");
    environment(NULL, NULL, TOKEN);
    refuses("the environment: AWS_SESSION_TOKEN is there and "
            "AWS_ACCESS_KEY_ID is not: give both, or neither",
            "a token alone");
    environment("AKIA:EXAMPLE", KEY, NULL);
    refuses("the environment: AWS_ACCESS_KEY_ID is no access key ID",
            "an ID with a colon");
    environment(ID, KEY "\n", NULL);
    refuses("the environment: AWS_SECRET_ACCESS_KEY is no secret access key",
            "a key with a newline");
    environment(ID, KEY, TOKEN "\r\nX-Header: 1");
    refuses("the environment: AWS_SESSION_TOKEN is no session token",
            "a token with a header");
    environment(NULL, NULL, NULL);
}

static void
test_file(void)
{
    static const char text[] = "# mine\n"
                               "[other]\n"
                               "aws_access_key_id = WRONG\n"
                               "aws_secret_access_key = WRONG\n"
                               "[ default ]\n"
                               "; aws_access_key_id = WRONG\n"
                               "aws_access_key_id = " ID "\r\n"
                               "\taws_secret_access_key = WRONG\n"
                               "aws_secret_access_key\t=" KEY "\n"
                               "region = eu-west-1\n"
                               "[third]\n"
                               "aws_session_token = WRONG\n";

    file(text, 0600);
    finds(CREDENTIALS_FILE, ID, KEY, NULL, "a profile among others");
    file("[default]\naws_access_key_id=" ID "\naws_secret_access_key=" KEY
         "\naws_session_token=" TOKEN,
         0600);
    finds(CREDENTIALS_FILE, ID, KEY, TOKEN, "with a token, no newline");
    file("[default]\naws_access_key_id=" ID "\n", 0600);
    refuses("aws_access_key_id is there and aws_secret_access_key is not: "
            "give both, or neither",
            "half a key");
    file("[default]\naws_access_key_id=" ID "\naws_secret_access_key=\n",
         0600);
    refuses("aws_access_key_id is there and aws_secret_access_key is not: "
            "give both, or neither",
            "an empty key");
    file(text, 0640);
    refuses("Docker: mode: 0400)", "readable to the group");
    ok(strstr(message, "must have mode 0600") != NULL, "what it must be");
}

static void
test_profiles(void)
{
    static const char process[]
        = "[default]\ncredential_process = /bin/false\n"
          "[both]\ncredential_process = /bin/false\n"
          "aws_access_key_id = " ID "\naws_secret_access_key = " KEY "\n";

    file(process, 0600);
    refuses(" has credential_process, which is not followed here: give it "
            "aws_access_key_id and aws_secret_access_key",
            "a program to be run");
    options.profile = "both";
    finds(CREDENTIALS_FILE, ID, KEY, NULL, "keys beside it");
    ok(strstr(found.warning,
              " also has credential_process, which is not followed here")
           != NULL,
       "which is said");
    options.profile = "nobody's";
    options.is_chosen = true;
    refuses(": see profile and credentials_file", "a profile that is not");
    file(NULL, 0);
    refuses("No such file or directory in this folder", "a file that is not");
    options.profile = "default";
    options.is_chosen = false;
}

static void
test_renewal(void)
{
    file("[default]\naws_access_key_id=A\naws_secret_access_key=B\n", 0600);
    finds(CREDENTIALS_FILE, "A", "B", NULL, "old ones");
    file("[default]\naws_access_key_id=C\naws_secret_access_key=D\n", 0600);
    is_number(credentials_renew(&found, message), STATUS_OK, "are renewed");
    is_text(found.id.data, "C", "by what is there now");
    file("[default]\naws_access_key_id=E\n", 0600);
    is_number(credentials_renew(&found, message), STATUS_CONFIG,
              "not by half of them");
    is_text(found.id.data, "C", "which leaves what was there");

    found.expires = 1000060;
    ok(credentials_expire(&found, 1000000), "a minute before the end");
    ok(!credentials_expire(&found, 999999), "a second earlier");
    found.expires = 0;
    ok(!credentials_expire(&found, 999999), "no end");
    (void) secret_set_text(&found.token, TOKEN);
    ok(credentials_are_in(&found, "x D y"), "the key in a text");
    ok(credentials_are_in(&found, TOKEN), "the token in a text");
    ok(!credentials_are_in(&found, "x y"), "nothing in a text");
}

int
main(void)
{
    need(mkdtemp(folder) != NULL, "no folder");
    (void) snprintf(path, sizeof(path), "%s/credentials", folder);
    options.file = path;
    options.profile = "default";
    options.trust.owner = geteuid();
    environment(NULL, NULL, NULL);
    test_environment();
    test_file();
    test_profiles();
    test_renewal();
    credentials_free(&found);
    (void) unlink(path);
    (void) rmdir(folder);
    return done_testing();
}
