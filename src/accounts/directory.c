/*
 * Pages until there are no more. A listing is all of it or none: whoever is
 * missing from one would lose an account.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accounts/asking.h"
#include "accounts/person.h"
#include "common/text.h"

#define PAGES_MAX 10000 /* of one listing: pages may be empty */
#define CLIENT_ID_MAX 128
#define CLIENTS_MAX 10000 /* of a pool, the service's own limit */

struct directory {
    struct directory_options options;
    struct asking asking;
    struct json *pool; /* what DescribeUserPool answered, or NULL */
};

enum status
directory_open(const struct directory_options *options,
               struct directory **directory_out,
               char message_out[DIRECTORY_MESSAGE_MAX])
{
    struct directory *directory = calloc(1, sizeof(*directory));
    enum status status = STATUS_MEMORY;

    *directory_out = NULL;
    (void) snprintf(message_out, DIRECTORY_MESSAGE_MAX, "out of memory");
    if (directory == NULL)
        return status;
    directory->options = *options;
    status = asking_open(&directory->asking, &directory->options);
    (void) snprintf(message_out, DIRECTORY_MESSAGE_MAX, "%s",
                    directory_message(directory));
    if (status == STATUS_OK)
        *directory_out = directory;
    else
        directory_close(directory);
    return status;
}

void
directory_close(struct directory *directory)
{
    if (directory == NULL)
        return;
    asking_close(&directory->asking);
    json_free(directory->pool);
    free(directory);
}

const char *
directory_message(const struct directory *directory)
{
    return directory->asking.message;
}

/* ---- Pages ---- */

/* What differs between the three listings. */
struct listing {
    const char *operation;
    const char *items;
    const char *token;
    const char *limit;
    const char *group; /* NULL: everybody, or no people at all */
    /* False when memory is out. */
    bool (*take)(void *context, const struct json *item);
    size_t (*count)(const void *context);
    void *context;
    size_t most;    /* that may come */
    bool is_people; /* whose progress is shown */
};

static struct json *
new_request(const struct directory *directory)
{
    struct json *request = json_new();

    if (json_add_text(request, "UserPoolId", directory->options.pool->id))
        return request;
    json_free(request);
    return NULL;
}

static struct json *
page_request(const struct directory *directory, const struct listing *listing,
             const char *token)
{
    struct json *request = new_request(directory);

    if (json_add_integer(request, listing->limit, DIRECTORY_PAGE)
        && (listing->group == NULL
            || json_add_text(request, "GroupName", listing->group))
        && (token == NULL || json_add_text(request, listing->token, token)))
        return request;
    json_free(request);
    return NULL;
}

static enum status
unreadable(struct directory *directory, const struct listing *listing,
           const char *why)
{
    return asking_fail(&directory->asking, STATUS_UNREADABLE,
                       "%s: %s; nothing of it is used", listing->operation,
                       why);
}

/* Takes a page's items, and its token into *token, NULL for the last page. */
static enum status
take_page(struct directory *directory, const struct listing *listing,
          const struct json *page, char **token)
{
    const struct json *items = json_array(page, listing->items);
    const char *next = json_text(page, listing->token);

    free(*token);
    *token = NULL;
    if (items == NULL)
        return unreadable(directory, listing, "a page without a list");
    if ((next == NULL && json_has(page, listing->token))
        || (next != NULL && next[0] == '\0'))
        return unreadable(directory, listing, "a page whose token is no text");
    for (size_t i = 0; i < json_length(items); i++) {
        if (listing->count(listing->context) >= listing->most)
            return unreadable(directory, listing, "there are too many");
        if (!listing->take(listing->context, json_item(items, i)))
            return STATUS_MEMORY;
    }
    if (next == NULL)
        return STATUS_OK;
    *token = strdup(next);
    return *token == NULL ? STATUS_MEMORY : STATUS_OK;
}

/*
 * Has the service led in a circle? Compares each token with one of before,
 * which is the latest whenever twice as many pages have come (Brent).
 */
struct circle {
    char *token;
    size_t seen;
    size_t until;
};

/* STATUS_UNREADABLE when it has, STATUS_MEMORY. */
static enum status
watch(struct circle *circle, const char *token)
{
    if (circle->token != NULL && strcmp(circle->token, token) == 0)
        return STATUS_UNREADABLE;
    if (++circle->seen < circle->until)
        return STATUS_OK;
    circle->until = circle->seen * 2;
    free(circle->token);
    circle->token = strdup(token);
    return circle->token == NULL ? STATUS_MEMORY : STATUS_OK;
}

static enum status
read_pages(struct directory *directory, const struct listing *listing)
{
    struct asking *asking = &directory->asking;
    struct circle circle = {0};
    char *token = NULL;
    size_t pages = 0;
    enum status status;

    do {
        struct cognito_answer answer = {0};

        status = asking_ask(asking, listing->operation,
                            page_request(directory, listing, token), &answer);
        if (status == STATUS_OK)
            status = take_page(directory, listing, answer.body, &token);
        cognito_answer_free(&answer);
        if (status == STATUS_OK && listing->is_people
            && directory->options.progress != NULL)
            directory->options.progress(directory->options.context,
                                        asking->people, 0);
        if (status == STATUS_OK && token != NULL) {
            status = watch(&circle, token);
            if (status == STATUS_UNREADABLE)
                (void) unreadable(directory, listing, "a page came twice");
        }
        if (status == STATUS_OK && ++pages >= PAGES_MAX && token != NULL)
            status = unreadable(directory, listing, "pages without end");
    } while (status == STATUS_OK && token != NULL);
    if (status == STATUS_MEMORY)
        (void) asking_fail(asking, status, "out of memory");
    free(circle.token);
    free(token);
    return status;
}

/* ---- People ---- */

struct gathering {
    struct directory *directory;
    struct person_list list;
    size_t before; /* people of the listings before */
    uint64_t groups;
};

static size_t
count_people(const void *context)
{
    const struct gathering *gathering = context;

    return gathering->list.people.count - gathering->before;
}

static bool
take_person(void *context, const struct json *item)
{
    struct gathering *gathering = context;
    struct asking *asking = &gathering->directory->asking;

    if (!person_add(&gathering->list, item, &gathering->directory->options,
                    gathering->groups))
        return false;
    asking->people = gathering->list.people.count;
    return true;
}

static enum status
gather(struct gathering *gathering, const char *group)
{
    struct directory *directory = gathering->directory;
    const struct listing listing = {
        .operation = group == NULL ? "ListUsers" : "ListUsersInGroup",
        .items = "Users",
        .token = group == NULL ? "PaginationToken" : "NextToken",
        .limit = "Limit",
        .group = group,
        .take = take_person,
        .count = count_people,
        .context = gathering,
        .most = DIRECTORY_PEOPLE_MAX,
        .is_people = true,
    };
    enum status status;

    gathering->before = gathering->list.people.count;
    status = read_pages(directory, &listing);
    if (status != STATUS_OK)
        return status;
    person_merge(&gathering->list);
    return gathering->list.people.count <= DIRECTORY_PEOPLE_MAX
               ? STATUS_OK
               : unreadable(directory, &listing, "there are too many");
}

enum status
directory_list(struct directory *directory, const char *const *groups,
               size_t count, struct people *people_out)
{
    struct gathering gathering = {.directory = directory};
    enum status status = STATUS_OK;

    directory->asking.people = 0;
    if (count > DIRECTORY_GROUPS_MAX)
        return asking_fail(&directory->asking, STATUS_CONFIG,
                           "more than %d groups", DIRECTORY_GROUPS_MAX);
    if (count == 0)
        status = gather(&gathering, NULL);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        gathering.groups = (uint64_t) 1 << i;
        status = gather(&gathering, groups[i]);
    }
    if (status == STATUS_OK && !person_check_subs(&gathering.list))
        status = asking_fail(&directory->asking, STATUS_MEMORY,
                             "out of memory");
    if (status == STATUS_OK)
        *people_out = gathering.list.people;
    else
        directory_forget(&gathering.list.people);
    return status;
}

/* ---- The pool ---- */

/* What DescribeUserPool says, asked once; NULL when it could not be. */
static const struct json *
describe(struct directory *directory)
{
    struct cognito_answer answer;
    const struct json *pool = NULL;

    if (directory->pool != NULL)
        return json_object(directory->pool, "UserPool");
    if (asking_ask(&directory->asking, "DescribeUserPool",
                   new_request(directory), &answer)
        == STATUS_OK) {
        pool = json_object(answer.body, "UserPool");
        if (pool == NULL)
            (void) asking_fail(&directory->asking, STATUS_UNREADABLE,
                               "DescribeUserPool: the answer has no UserPool");
    }
    if (pool != NULL) {
        directory->pool = answer.body;
        answer.body = NULL;
    }
    cognito_answer_free(&answer);
    return pool;
}

static enum directory_fact
fact_of(bool value)
{
    return value ? DIRECTORY_YES : DIRECTORY_NO;
}

enum directory_fact
directory_is_closed(struct directory *directory)
{
    const struct json *pool = describe(directory);
    bool closed;

    if (pool == NULL)
        return DIRECTORY_UNKNOWN;
    if (json_boolean(json_object(pool, "AdminCreateUserConfig"),
                     "AllowAdminCreateUserOnly", &closed))
        return fact_of(closed);
    (void) asking_fail(
        &directory->asking, STATUS_UNREADABLE,
        "DescribeUserPool: AllowAdminCreateUserOnly is missing");
    return DIRECTORY_UNKNOWN;
}

enum directory_fact
directory_is_immutable(struct directory *directory, const char *attribute)
{
    const struct json *pool = describe(directory);
    const struct json *schema = json_array(pool, "SchemaAttributes");
    char clean[TEXT_LINE_MAX + 1];
    bool mutable;

    if (pool == NULL)
        return DIRECTORY_UNKNOWN;
    text_clean(attribute, clean, sizeof(clean));
    for (size_t i = 0; i < json_length(schema); i++) {
        const struct json *item = json_item(schema, i);
        const char *name = json_text(item, "Name");

        if (name != NULL && strcmp(name, attribute) == 0
            && json_boolean(item, "Mutable", &mutable))
            return fact_of(!mutable);
    }
    (void) asking_fail(&directory->asking, STATUS_POOL_CONFIG,
                       "the user pool %s has no attribute %s",
                       directory->options.pool->id, clean);
    return DIRECTORY_UNKNOWN;
}

/* ---- App clients ---- */

struct client_id {
    char text[CLIENT_ID_MAX + 1];
};

struct clients {
    struct client_id *ids;
    size_t count;
    size_t capacity;
    bool odd; /* one has no ID */
};

static size_t
count_clients(const void *context)
{
    return ((const struct clients *) context)->count;
}

static bool
take_client(void *context, const struct json *item)
{
    struct clients *clients = context;
    const char *id = json_text(item, "ClientId");
    struct client_id *longer;

    if (id == NULL || strlen(id) > CLIENT_ID_MAX) {
        clients->odd = true;
        return true;
    }
    if (clients->count == clients->capacity) {
        clients->capacity = clients->capacity == 0 ? 16
                                                   : clients->capacity * 2;
        longer = reallocarray(clients->ids, clients->capacity,
                              sizeof(*clients->ids));
        if (longer == NULL)
            return false;
        clients->ids = longer;
    }
    (void) snprintf(clients->ids[clients->count++].text,
                    sizeof(clients->ids->text), "%s", id);
    return true;
}

/* May people of that client write it? */
static enum directory_fact
client_writes(struct directory *directory, const struct json *client,
              const char *attribute)
{
    const struct json *list = json_array(client, "WriteAttributes");
    const char *id = json_text(client, "ClientId");
    char name[TEXT_LINE_MAX + 1];

    if (json_length(list) == 0) {
        if (strchr(attribute, ':') == NULL)
            return DIRECTORY_YES;
        text_clean(id, name, sizeof(name));
        (void) asking_fail(&directory->asking, STATUS_POOL_CONFIG,
                           "the app client %s has no list of attributes that "
                           "it may write: give it one, without the attribute",
                           name);
        return DIRECTORY_UNKNOWN;
    }
    for (size_t i = 0; i < json_length(list); i++) {
        const char *item = json_item_text(list, i);

        if (item != NULL && strcmp(item, attribute) == 0)
            return DIRECTORY_YES;
    }
    return DIRECTORY_NO;
}

static enum directory_fact
ask_client(struct directory *directory, const char *id, const char *attribute,
           char *client_out, size_t size)
{
    struct asking *asking = &directory->asking;
    struct json *request = new_request(directory);
    struct cognito_answer answer;
    const struct json *client = NULL;
    enum directory_fact fact = DIRECTORY_UNKNOWN;
    const char *name;

    if (!json_add_text(request, "ClientId", id)) {
        json_free(request);
        request = NULL;
    }
    if (asking_ask(asking, "DescribeUserPoolClient", request, &answer)
        == STATUS_OK) {
        client = json_object(answer.body, "UserPoolClient");
        if (client == NULL)
            (void) asking_fail(asking, STATUS_UNREADABLE,
                               "DescribeUserPoolClient: the answer has no "
                               "UserPoolClient");
        else
            fact = client_writes(directory, client, attribute);
    }
    name = json_text(client, "ClientName");
    text_clean(name == NULL ? id : name, client_out, size);
    cognito_answer_free(&answer);
    return fact;
}

enum directory_fact
directory_clients_write(struct directory *directory, const char *attribute,
                        char *client_out, size_t size)
{
    struct clients clients = {0};
    const struct listing listing = {
        .operation = "ListUserPoolClients",
        .items = "UserPoolClients",
        .token = "NextToken",
        .limit = "MaxResults",
        .take = take_client,
        .count = count_clients,
        .context = &clients,
        .most = CLIENTS_MAX,
    };
    char why[DIRECTORY_MESSAGE_MAX] = "";
    enum directory_fact fact = DIRECTORY_UNKNOWN;
    enum status status = read_pages(directory, &listing);

    if (status == STATUS_OK && clients.odd)
        status = unreadable(directory, &listing, "a client without an ID");
    if (status == STATUS_OK)
        fact = DIRECTORY_NO;
    for (size_t i = 0;
         status == STATUS_OK && i < clients.count && fact != DIRECTORY_YES;
         i++)
        switch (ask_client(directory, clients.ids[i].text, attribute,
                           client_out, size)) {
        case DIRECTORY_YES:
            fact = DIRECTORY_YES;
            break;
        case DIRECTORY_UNKNOWN:
            fact = DIRECTORY_UNKNOWN;
            (void) snprintf(why, sizeof(why), "%s", directory->asking.message);
            break;
        case DIRECTORY_NO:
            break;
        }
    if (why[0] != '\0')
        (void) snprintf(directory->asking.message,
                        sizeof(directory->asking.message), "%s", why);
    if (fact != DIRECTORY_YES)
        client_out[0] = '\0';
    free(clients.ids);
    return fact;
}
