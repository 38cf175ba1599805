/*
 * Reads the helper's settings and the files that they name, judges them
 * together, and opens the app client. Asks nobody and sends nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "client/setup.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/claim.h"
#include "cognito/json.h"
#include "common/text.h"

#define PAM_FILE_MAX 16384 /* bytes of a PAM file that are looked at */
#define SHOWN_PATH_MAX 60  /* bytes of a path in a message, or of its end */
#define SYSTEM_CA_MAX (4 * 1024 * 1024) /* bytes of the system's anchors */
#define PROXY_EXPECTED                                                        \
    "expected http://host:port or https://host:port; / ? # @ in a user name " \
    "or password are %2F %3F %23 %40"
/* What curl takes in no name of a host. */
#define NOT_IN_HOST " \r\n\t/:#?!@{}[]\\$'\"^`*<>=;,+&()%"

static enum status
fail(struct setup *setup, const char *key, const char *problem)
{
    config_fault(setup->config, key, NULL, problem);
    return STATUS_CONFIG;
}

/* A trusted file, whole. */
static enum status
read_file(struct setup *setup, const char *key, const char *path,
          const struct file_trust *trust, struct secret *out)
{
    size_t max = trust->size_max == 0 ? FILE_SIZE_MAX
                                      : (size_t) trust->size_max;
    char error[256];
    char *buffer;
    size_t length = 0;
    ssize_t count = -1;
    int fd;

    if (file_open(path, trust, &fd, error, sizeof(error)) != FILE_OK)
        return fail(setup, key, error);
    buffer = malloc(max + 1);
    while (buffer != NULL && length <= max) {
        count = read(fd, buffer + length, max + 1 - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        length += (size_t) count;
    }
    (void) close(fd);
    if (buffer == NULL)
        return STATUS_MEMORY;
    if (count != 0 || length > max) {
        secret_wipe(buffer, length);
        free(buffer);
        return fail(setup, key, "cannot be read, or is too large");
    }
    if (!secret_set(out, buffer, length))
        count = -1;
    secret_wipe(buffer, length);
    free(buffer);
    return count == 0 ? STATUS_OK : STATUS_MEMORY;
}

/* Does a file that others may read hold the word? */
static bool
is_exposed(int folder, const char *name, const char *word)
{
    struct stat st;
    char text[PAM_FILE_MAX + 1];
    ssize_t length;
    bool found;
    int fd;

    fd = folder < 0 ? -1
                    : openat(folder, name,
                             O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return false;
    length = fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)
                     || (st.st_mode & (S_IRWXG | S_IRWXO)) == 0
                 ? 0
                 : read(fd, text, PAM_FILE_MAX);
    (void) close(fd);
    if (length <= 0)
        return false;
    text[length] = '\0';
    found = strstr(text, word) != NULL;
    secret_wipe(text, (size_t) length);
    return found;
}

/*
 * A secret among the module arguments is readable to whoever may read the
 * file that they stand in. Which one that is, the service's own or one that
 * it includes, PAM does not tell: no file of PAM's may hold one in the open.
 */
static enum status
check_pam_files(struct setup *setup)
{
    static const char *const folders[] = {"/etc/pam.d", "/usr/lib/pam.d"};
    const struct dirent *entry;
    char shown[SHOWN_PATH_MAX + 1];
    DIR *folder;

    if (!config_is_argument(setup->config, KEY_CLIENT_SECRET))
        return STATUS_OK;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        folder = opendir(folders[i]);
        while (folder != NULL && (entry = readdir(folder)) != NULL) {
            if (!is_exposed(dirfd(folder), entry->d_name, "client_secret="))
                continue;
            (void) snprintf(setup->message, sizeof(setup->message),
                            "as a module argument it is readable to others "
                            "in %s/%s: chmod 0600, or use client_secret_file",
                            folders[i],
                            text_path(entry->d_name, shown, sizeof(shown)));
            (void) closedir(folder);
            return fail(setup, "client_secret", setup->message);
        }
        if (folder != NULL)
            (void) closedir(folder);
    }
    return STATUS_OK;
}

static enum status
read_secret(struct setup *setup, const struct file_trust *trust)
{
    const char *text = config_text(setup->config, KEY_CLIENT_SECRET);
    const char *path = config_text(setup->config, KEY_CLIENT_SECRET_FILE);
    struct file_trust strict = *trust;
    struct secret *secret = &setup->client_secret;
    enum status status;

    if (text != NULL && path != NULL)
        return fail(setup, "client_secret_file",
                    "given beside client_secret, expected one of them");
    status = trust->owner == 0 ? check_pam_files(setup) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    if (text != NULL)
        return secret_set_text(secret, text) ? STATUS_OK : STATUS_MEMORY;
    if (path == NULL)
        return STATUS_OK;
    strict.private = true;
    status = read_file(setup, "client_secret_file", path, &strict, secret);
    if (status != STATUS_OK)
        return status;
    /* Editors end a file with a newline; it is no part of the secret. */
    if (secret->length > 0 && secret->data[secret->length - 1] == '\n')
        secret->data[--secret->length] = '\0';
    if (secret->length > 0 && secret->data[secret->length - 1] == '\r')
        secret->data[--secret->length] = '\0';
    if (secret->length == 0
        || strcspn(secret->data, " \t\r\n") != secret->length)
        return fail(setup, "client_secret_file",
                    "expected one line with the secret and nothing else");
    return STATUS_OK;
}

/* The settings whose words the vocabulary has. */
static void
judge_words(struct config *config)
{
    const char *factor = config_text(config, KEY_PREFERRED_FACTOR);
    char words[VOCABULARY_LIST_MAX];

    if (vocabulary_flow_named(config_text(config, KEY_AUTH_FLOW))
        == AUTH_FLOW_COUNT) {
        vocabulary_list(VOCABULARY_FLOWS, ", ", " or ", words);
        config_refuse_value(config, KEY_AUTH_FLOW, words);
    }
    if (factor != NULL
        && vocabulary_challenge(vocabulary_factor(factor))->setting == NULL) {
        vocabulary_list(VOCABULARY_FACTORS, ", ", " or ", words);
        config_refuse_value(config, KEY_PREFERRED_FACTOR, words);
    }
}

static enum status
read_pool(struct setup *setup)
{
    struct config *config = setup->config;
    const struct pool_options options = {
        .id = config_text(config, KEY_USER_POOL_ID),
        .region = config_text(config, KEY_REGION),
        .endpoint = config_text(config, KEY_ENDPOINT),
        .issuer = config_text(config, KEY_ISSUER),
        .fips = config_flag(config, KEY_FIPS),
        .dualstack = config_flag(config, KEY_DUALSTACK),
    };
    enum status status;

    if (options.id == NULL)
        return fail(setup, "user_pool_id",
                    "missing, expected the pool's ID, such as "
                    "eu-west-1_AbCdEfGhI");
    if (!config_is_set(config, KEY_CLIENT_ID))
        return fail(setup, "client_id",
                    "missing, expected the app client's ID");
    if (strlen(config_text(config, KEY_CLIENT_ID)) > 128)
        return fail(setup, "client_id", "longer than 128 characters");
    status = pool_derive(&options, &setup->pool, setup->message,
                         sizeof(setup->message));
    if (status != STATUS_OK)
        return fail(setup, "user pool", setup->message);
    (void) snprintf(setup->warning, sizeof(setup->warning), "%s",
                    setup->pool.warning);
    return STATUS_OK;
}

/*
 * Where user name and password end must be plain to curl, which else quotes
 * all of them in words that are logged. A control character, which it does
 * not decode, makes it go without the proxy.
 */
static bool
is_user_info(const char *text, size_t length)
{
    static const char hex[] = "0123456789ABCDEFabcdef";

    if (strcspn(text, "/?#") < length || memchr(text, '@', length) != NULL)
        return false;
    for (size_t i = 0; i + 2 < length; i++)
        if (text[i] == '%' && (text[i + 1] == '0' || text[i + 1] == '1')
            && strchr(hex, text[i + 2]) != NULL)
            return false;
    return true;
}

/* A name or an address; one of IPv6 in brackets, perhaps with its zone. */
static bool
is_host(const char *text, size_t length)
{
    char address[INET6_ADDRSTRLEN] = "";
    unsigned char binary[sizeof(struct in6_addr)];
    size_t count;

    if (length < 2 || text[0] != '[')
        return length > 0 && strcspn(text, NOT_IN_HOST) >= length;
    count = strcspn(text + 1, "%]");
    if (count >= sizeof(address) || text[length - 1] != ']'
        || strcspn(text + 1, "[]") != length - 2)
        return false;
    memcpy(address, text + 1, count);
    return inet_pton(AF_INET6, address, binary) == 1;
}

/* http://host:port or https://host:port; the port is needed to confine. */
static enum status
read_proxy(struct setup *setup)
{
    const char *proxy = config_text(setup->config, KEY_PROXY);
    const char *host, *colon, *at;
    unsigned long port = 0;
    char *end = NULL;

    if (proxy == NULL)
        return STATUS_OK;
    host = strncmp(proxy, "http://", 7) == 0    ? proxy + 7
           : strncmp(proxy, "https://", 8) == 0 ? proxy + 8
                                                : NULL;
    colon = host == NULL ? NULL : strrchr(host, ':');
    if (colon != NULL && colon > host && colon[1] >= '0' && colon[1] <= '9')
        port = strtoul(colon + 1, &end, 10);
    if (port < 1 || port > 65535 || *end != '\0')
        return fail(setup, "proxy", PROXY_EXPECTED);
    at = memrchr(host, '@', (size_t) (colon - host));
    if (at != NULL && !is_user_info(host, (size_t) (at - host)))
        return fail(setup, "proxy", PROXY_EXPECTED);
    host = at == NULL ? host : at + 1;
    if (!is_host(host, (size_t) (colon - host)))
        return fail(setup, "proxy", PROXY_EXPECTED);
    setup->proxy_port = (unsigned int) port;
    return STATUS_OK;
}

/*
 * The distribution's. They are judged as any file that decides who gets in;
 * one that has them in a folder only has no such file.
 */
static enum status
read_system_anchors(struct setup *setup, const struct file_trust *trust)
{
    struct file_trust large = *trust;
    char bundle[HTTP_PATH_MAX];

    setup->system_trust = *trust;
    large.size_max = SYSTEM_CA_MAX;
    http_anchors(bundle, setup->system_folder);
    if (bundle[0] == '\0'
        || (setup->system_folder[0] != '\0' && access(bundle, F_OK) < 0
            && errno == ENOENT))
        return STATUS_OK;
    return read_file(setup, "ca_file", bundle, &large, &setup->system_ca);
}

static enum status
read_trust_anchors(struct setup *setup, const struct file_trust *trust)
{
    const char *path = config_text(setup->config, KEY_CA_FILE);

    if (path == NULL)
        path = setup->pool.amazon_roots ? AMAZON_ROOTS : "system";
    if (strcmp(path, "system") == 0)
        return read_system_anchors(setup, trust);
    return read_file(setup, "ca_file", path, trust, &setup->ca);
}

static enum status
read_keys(struct setup *setup, const struct file_trust *trust)
{
    const char *path = config_text(setup->config, KEY_JWKS_FILE);
    struct secret text = {0};
    enum status status;

    if (path == NULL)
        return STATUS_OK;
    status = read_file(setup, "jwks_file", path, trust, &text);
    if (status == STATUS_OK) {
        status = jwt_keys_parse(text.data, text.length, &setup->keys);
        if (status == STATUS_UNREADABLE)
            status = fail(setup, "jwks_file",
                          "expected the pool's jwks.json with RSA keys");
    }
    secret_free(&text);
    return status;
}

static enum status
read_map(struct setup *setup, const struct file_trust *trust)
{
    const char *path = config_text(setup->config, KEY_MAP_FILE);
    struct secret text = {0};
    char error[96], shown[SHOWN_PATH_MAX + 1];
    enum status status;

    if (path == NULL)
        return STATUS_OK;
    status = read_file(setup, "map_file", path, trust, &text);
    if (status == STATUS_OK) {
        status = map_parse(text.data, text.length, &setup->map, error,
                           sizeof(error));
        if (status == STATUS_CONFIG) {
            (void) snprintf(setup->message, sizeof(setup->message), "%s %s",
                            text_path(path, shown, sizeof(shown)), error);
            status = fail(setup, "map_file", setup->message);
        }
    }
    secret_free(&text);
    return status;
}

static enum status
read_all(struct setup *setup, const struct file_trust *trust)
{
    enum status status = config_status(setup->config);

    if (status == STATUS_OK)
        status = read_pool(setup);
    if (status == STATUS_OK
        && claim_check(setup->config, setup->message, sizeof(setup->message))
               != STATUS_OK)
        status = fail(setup, "account_claim", setup->message);
    if (status == STATUS_OK)
        status = read_secret(setup, trust);
    if (status == STATUS_OK)
        status = read_proxy(setup);
    if (status == STATUS_OK)
        status = read_trust_anchors(setup, trust);
    if (status == STATUS_OK)
        status = read_keys(setup, trust);
    if (status == STATUS_OK)
        status = read_map(setup, trust);
    return status;
}

enum status
setup_read(struct setup *setup, size_t count, const char *const *arguments,
           const char *service, const struct file_trust *trust)
{
    enum status status;

    setup->config = config_load(CONFIG_HELPER, count, arguments, service,
                                trust);
    if (setup->config == NULL)
        return STATUS_MEMORY;
    judge_words(setup->config);
    status = read_all(setup, trust);
    if (status == STATUS_CONFIG)
        (void) snprintf(setup->message, sizeof(setup->message), "%s",
                        config_message(setup->config));
    return status;
}

/*
 * The person's own address instead of this machine's: honoured for clients
 * with a secret only, and only when it is an address.
 */
static void
set_ip_address(struct setup *setup, const char *rhost)
{
    unsigned char address[sizeof(struct in6_addr)];

    if (config_flag(setup->config, KEY_THREAT_PROTECTION)
        && setup->client_secret.length > 0
        && (inet_pton(AF_INET, rhost, address) == 1
            || inet_pton(AF_INET6, rhost, address) == 1))
        (void) snprintf(setup->ip_address, sizeof(setup->ip_address), "%s",
                        rhost);
}

static bool
add_metadata(struct json *metadata, const char *key, const char *value)
{
    char clean[TEXT_LINE_MAX + 1];

    text_clean(value, clean, sizeof(clean));
    return clean[0] == '\0' || json_add_text(metadata, key, clean);
}

/* ClientMetadata for the pool's triggers: every one of them can read it. */
static enum status
set_metadata(struct setup *setup, const struct setup_origin *origin)
{
    char host[256];

    if (!config_flag(setup->config, KEY_CLIENT_METADATA))
        return STATUS_OK;
    if (gethostname(host, sizeof(host)) < 0)
        host[0] = '\0';
    host[sizeof(host) - 1] = '\0';
    setup->metadata = json_new();
    if (setup->metadata == NULL
        || !add_metadata(setup->metadata, "service", origin->service)
        || !add_metadata(setup->metadata, "host", host)
        || !add_metadata(setup->metadata, "tty", origin->tty)
        || !add_metadata(setup->metadata, "rhost", origin->rhost))
        return STATUS_MEMORY;
    return STATUS_OK;
}

/* For people, who know the machine by the first label. */
static void
set_host(struct setup *setup)
{
    if (gethostname(setup->host, sizeof(setup->host) - 1) < 0)
        setup->host[0] = '\0';
    setup->host[strcspn(setup->host, ".")] = '\0';
}

const struct secret *
setup_anchors(const struct setup *setup, const char **folder_out)
{
    const char *folder = setup->system_folder;

    *folder_out = folder[0] == '\0' ? NULL : folder;
    return setup->ca.data != NULL ? &setup->ca : &setup->system_ca;
}

enum status
setup_open(struct setup *setup, const struct setup_origin *origin,
           struct cognito *cognito_out)
{
    const char *folder;
    const struct secret *ca = setup_anchors(setup, &folder);
    enum status status;
    const struct http_options options = {
        .endpoint = setup->pool.endpoint,
        .ca_pem = ca->data,
        .ca_pem_length = ca->length,
        .ca_folder = folder,
        .ca_trust = setup->system_trust,
        .proxy = config_text(setup->config, KEY_PROXY),
        .user_agent = "pam_cognito/" PACKAGE_VERSION,
        .connect_ms = config_number(setup->config, KEY_CONNECT_TIMEOUT) * 1000,
        .keep_chain = setup->keep_chain,
    };

    memset(cognito_out, 0, sizeof(*cognito_out));
    set_ip_address(setup, origin->rhost);
    set_host(setup);
    status = set_metadata(setup, origin);
    if (status != STATUS_OK)
        return status;
    *cognito_out = (struct cognito){
        .pool = &setup->pool,
        .client_id = config_text(setup->config, KEY_CLIENT_ID),
        .client_secret = &setup->client_secret,
        .keys = setup->keys,
        .keys_pinned = setup->keys != NULL,
        .ip_address = setup->ip_address[0] == '\0' ? NULL : setup->ip_address,
        .metadata = setup->metadata,
    };
    setup->keys = NULL;
    status = http_open(&options, &cognito_out->http);
    /* There is a copy now, and it is large. */
    secret_free(&setup->system_ca);
    return status;
}

void
setup_free(struct setup *setup)
{
    config_free(setup->config);
    secret_free(&setup->client_secret);
    secret_free(&setup->ca);
    secret_free(&setup->system_ca);
    jwt_keys_free(setup->keys);
    map_free(setup->map);
    json_free(setup->metadata);
    setup->map = NULL;
    setup->metadata = NULL;
    setup->config = NULL;
    setup->keys = NULL;
}
