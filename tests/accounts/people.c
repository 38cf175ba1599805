/*
 * Asks a pool as `pam-cognito accounts` does, and prints what came of it as
 * one object: status, message, source, and people or a fact.
 *   people ENDPOINT CA-FILE POOL WHAT [ARGUMENT...]
 * WHAT: list [GROUP...], closed, immutable ATTRIBUTE, writes ATTRIBUTE,
 * credentials. More by the environment: FILE, PROFILE, CHOSEN, RATE, TOTAL_MS,
 * PROXY, UID_ATTRIBUTE, KEY_ATTRIBUTE. LOOK_FOR is a text, each byte of it
 * plus one, that must not be in memory at the end: "left" says whether it is.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accounts/directory.h"
#include "cognito/json.h"
#include "cognito/wiping.h"

static const char *const statuses[] = {"UNKNOWN",
                                       "UNCONFIRMED",
                                       "CONFIRMED",
                                       "ARCHIVED",
                                       "COMPROMISED",
                                       "RESET_REQUIRED",
                                       "FORCE_CHANGE_PASSWORD",
                                       "EXTERNAL_PROVIDER"};
static const char *const facts[] = {"unknown", "no", "yes"};

static struct json *answer;

static const char *
variable(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value == NULL ? otherwise : value;
}

static bool
read_ca(const char *path, struct secret *ca)
{
    static char text[65536];
    FILE *file = fopen(path, "r");
    size_t length = file == NULL ? 0 : fread(text, 1, sizeof(text), file);

    return file != NULL && fclose(file) == 0 && length > 0
           && secret_set(ca, text, length);
}

static void
on_progress(void *context, size_t people, unsigned int wait_ms)
{
    (void) context;
    (void) fprintf(stderr, "%zu %u\n", people, wait_ms);
}

static void
add(struct json *object, const char *name, const char *text)
{
    if (text != NULL)
        (void) json_add_text(object, name, text);
}

/* Under the name of a number: names of users may be the same, or odd. */
static void
add_person(struct json *people, size_t index, const struct person *person)
{
    char name[32];
    struct json *object;

    (void) snprintf(name, sizeof(name), "%zu", index);
    object = json_add_object(people, name);
    add(object, "username", person->username);
    add(object, "sub", person->sub);
    add(object, "email", person->email);
    add(object, "name", person->name);
    add(object, "uid", person->uid);
    add(object, "ssh_key", person->ssh_key);
    add(object, "malformed", person->malformed);
    add(object, "status", statuses[person->status]);
    (void) json_add_integer(object, "groups", (int64_t) person->groups);
    (void) json_add_boolean(object, "enabled", person->enabled);
    (void) json_add_boolean(object, "email_verified", person->email_verified);
}

static enum status
list(struct directory *directory, char *const *groups, int count)
{
    struct people people = {0};
    enum status status = directory_list(directory,
                                        (const char *const *) groups,
                                        (size_t) count, &people);
    struct json *object = json_add_object(answer, "people");

    for (size_t i = 0; i < people.count; i++)
        add_person(object, i, &people.people[i]);
    directory_forget(&people);
    return status;
}

static enum status
ask(struct directory *directory, const char *what, char *const *words,
    int count)
{
    char client[128] = "";
    enum directory_fact fact = DIRECTORY_UNKNOWN;

    if (strcmp(what, "list") == 0)
        return list(directory, words, count);
    if (strcmp(what, "closed") == 0)
        fact = directory_is_closed(directory);
    else if (strcmp(what, "immutable") == 0 && count == 1)
        fact = directory_is_immutable(directory, words[0]);
    else if (strcmp(what, "writes") == 0 && count == 1)
        fact = directory_clients_write(directory, words[0], client,
                                       sizeof(client));
    add(answer, "fact", facts[fact]);
    add(answer, "client", client);
    return STATUS_OK;
}

static enum status
work(int argc, char **argv, const struct pool *pool, const struct secret *ca,
     struct credentials *credentials)
{
    const struct credentials_options where = {
        .file = variable("FILE", "/nonexistent/credentials"),
        .profile = variable("PROFILE", "default"),
        .is_chosen = getenv("CHOSEN") != NULL,
        .trust = {.owner = geteuid()},
    };
    const struct directory_options options = {
        .pool = pool,
        .ca = ca,
        .proxy = getenv("PROXY"),
        .connect_ms = 3000,
        .total_ms = (unsigned int) atoi(variable("TOTAL_MS", "30000")),
        .rate = (unsigned int) atoi(variable("RATE", "100")),
        .credentials = credentials,
        .uid_attribute = getenv("UID_ATTRIBUTE"),
        .ssh_key_attribute = getenv("KEY_ATTRIBUTE"),
        .progress = on_progress,
    };
    struct directory *directory = NULL;
    char message[DIRECTORY_MESSAGE_MAX] = "";
    enum status status = credentials_find(&where, credentials, message);

    add(answer, "source", credentials->from);
    add(answer, "warning", credentials->warning);
    if (status == STATUS_OK && strcmp(argv[4], "credentials") == 0) {
        /* For tests, whose keys are nobody's secret. */
        add(answer, "id", credentials->id.data);
        add(answer, "key", credentials->key.data);
        add(answer, "token", credentials->token.data);
        (void) json_add_integer(answer, "expires", credentials->expires);
    } else if (status == STATUS_OK) {
        status = directory_open(&options, &directory, message);
        if (status == STATUS_OK) {
            status = ask(directory, argv[4], argv + 5, argc - 5);
            (void) snprintf(message, sizeof(message), "%s",
                            directory_message(directory));
        }
        directory_close(directory);
    }
    add(answer, "message", message);
    return status;
}

static bool
is_there(const unsigned char *memory, size_t length, const char *shifted)
{
    size_t wanted = strlen(shifted), same;

    for (size_t i = 0; i + wanted <= length; i++) {
        for (same = 0; same < wanted; same++)
            if (memory[i + same] + 1 != (unsigned char) shifted[same])
                break;
        if (same == wanted)
            return true;
    }
    return false;
}

/* In anything of this process that can be written to. */
static bool
is_left(const char *shifted)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512], mode[8] = "";
    unsigned long from, to;
    bool found = maps == NULL;

    while (!found && fgets(line, sizeof(line), maps) != NULL)
        if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3
            && strncmp(mode, "rw", 2) == 0)
            found = is_there((const unsigned char *) from, to - from, shifted);
    if (maps != NULL)
        (void) fclose(maps);
    return found;
}

int
main(int argc, char **argv)
{
    struct pool_options options = {0};
    struct pool pool = {0};
    struct secret ca = {0}, text = {0};
    struct credentials credentials = {0};
    char error[256];

    wiping_install();
    answer = json_new();
    if (argc < 5 || answer == NULL || !read_ca(argv[2], &ca))
        return EXIT_FAILURE;
    options.endpoint = argv[1];
    options.id = argv[3];
    if (pool_derive(&options, &pool, error, sizeof(error)) != STATUS_OK)
        return EXIT_FAILURE;
    add(answer, "status",
        status_word(work(argc, argv, &pool, &ca, &credentials)));
    credentials_free(&credentials);
    if (getenv("LOOK_FOR") != NULL)
        (void) json_add_boolean(answer, "left", is_left(getenv("LOOK_FOR")));
    if (json_print(answer, &text))
        (void) puts(text.data);
    secret_free(&text);
    secret_free(&ca);
    json_free(answer);
    return EXIT_SUCCESS;
}
