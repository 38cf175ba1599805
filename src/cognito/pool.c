/*
 * Partitions, regions and host names of cognito-idp. The rules are those of
 * Amazon's endpoint rule set; a region that no rule knows is taken for one of
 * the partition aws, as Amazon's own clients do.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/pool.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define HOST_MAX 253  /* RFC 1035 */
#define REGION_MAX 24 /* characters; those of AWS have up to 16 */
#define PORT_HTTPS 443

struct partition {
    const char *prefix;         /* of its regions, after which a word */
    const char *suffix;         /* of its hosts */
    const char *dualstack;      /* the same for dual-stack */
    const char *fips_dualstack; /* the same for both; some regions differ */
    bool amazon_roots;
};

#define AWS "amazonaws.com", "amazonaws.com", "api.aws", true

/* Longer prefixes first: "us-gov-" is not a region of "us-". */
static const struct partition partitions[] = {
    {"us-gov-", "amazonaws.com", "api.aws", "api.aws", true},
    {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov", "api.aws.ic.gov", false},
    {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud", "api.aws.scloud", false},
    {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "api.aws.hci.ic.gov",
     false},
    {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk",
     "api.cloud-aws.adc-e.uk", false},
    {"eusc-de-", "amazonaws.eu", "api.amazonwebservices.eu",
     "api.amazonwebservices.eu", false},
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn",
     "api.amazonwebservices.com.cn", false},
    {"us-", AWS},
    {"eu-", AWS},
    {"ap-", AWS},
    {"sa-", AWS},
    {"ca-", AWS},
    {"me-", AWS},
    {"af-", AWS},
    {"il-", AWS},
    {"mx-", AWS},
};

/* Where a region that is not in the table is looked for. */
static const struct partition fallback = {"", AWS};

/* Regions for which Amazon publishes a host name for FIPS. */
static const char *const fips_regions[] = {
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "us-gov-west-1",
};

/* Of these, those whose FIPS host serves both IP versions. */
#define FIPS_DUALSTACK 4

struct derivation {
    const struct pool_options *options;
    struct pool *pool;
    const struct partition *partition;
    char *error;
    size_t error_size;
};

__attribute__((format(printf, 2, 3))) static enum status
refuse(struct derivation *derivation, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(derivation->error, derivation->error_size, format,
                     arguments);
    va_end(arguments);
    return STATUS_CONFIG;
}

/* Only the first warning is kept. */
__attribute__((format(printf, 2, 3))) static void
warn(struct derivation *derivation, const char *format, ...)
{
    struct pool *pool = derivation->pool;
    va_list arguments;

    if (pool->warning[0] != '\0')
        return;
    va_start(arguments, format);
    (void) vsnprintf(pool->warning, sizeof pool->warning, format, arguments);
    va_end(arguments);
}

/* Is text a word of letters and digits, a dash and a number? */
static bool
ends_a_region(const char *text)
{
    size_t word = strspn(text, LOWER DIGITS);
    size_t number;

    if (word == 0 || text[word] != '-')
        return false;
    number = strspn(text + word + 1, DIGITS);
    return number > 0 && text[word + 1 + number] == '\0';
}

static const struct partition *
find_partition(const char *region)
{
    size_t count = sizeof partitions / sizeof partitions[0];

    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(partitions[i].prefix);

        if (strncmp(region, partitions[i].prefix, length) == 0
            && ends_a_region(region + length))
            return &partitions[i];
    }
    return NULL;
}

/* Could it be a region that is younger than the table? */
static bool
looks_like_region(const char *region)
{
    size_t dash = strcspn(region, "-");

    return dash > 0 && dash == strspn(region, LOWER) && region[dash] == '-'
           && (ends_a_region(region + dash + 1)
               || find_partition(region) != NULL);
}

static enum status
take_id(struct derivation *derivation)
{
    struct pool *pool = derivation->pool;
    const char *id = derivation->options->id;
    const char *dash;

    if (id == NULL || id[0] == '\0')
        return refuse(derivation, "user_pool_id is missing; expected the ID "
                                  "that AWS shows, like us-east-1_AbCdEfGhI");
    if (strlen(id) > POOL_ID_MAX)
        return refuse(derivation, "user_pool_id is longer than %d characters",
                      POOL_ID_MAX);
    if (id[strspn(id, LOWER UPPER DIGITS "_-")] != '\0')
        return refuse(derivation, "user_pool_id holds a character other than "
                                  "letters, digits, '_' and '-'");
    dash = strchr(id, '_');
    if (dash == NULL || dash == id || dash[1] == '\0')
        return refuse(derivation,
                      "user_pool_id is not of the form REGION_NAME, like "
                      "us-east-1_AbCdEfGhI");
    (void) snprintf(pool->id, sizeof pool->id, "%s", id);
    (void) snprintf(pool->region, sizeof pool->region, "%.*s",
                    (int) (dash - id), id);
    (void) snprintf(pool->name, sizeof pool->name, "%s", dash + 1);
    (void) snprintf(pool->keys_path, sizeof pool->keys_path,
                    "/%s/.well-known/jwks.json", id);
    if (pool->name[strspn(pool->name, LOWER UPPER DIGITS)] != '\0')
        warn(derivation, "user_pool_id does not look like one of AWS");
    return STATUS_OK;
}

static enum status
take_region(struct derivation *derivation)
{
    struct pool *pool = derivation->pool;
    const char *region = derivation->options->region;

    if (region != NULL) {
        size_t length = strlen(region);

        if (length == 0 || length > REGION_MAX
            || region[strspn(region, LOWER DIGITS "-")] != '\0')
            return refuse(derivation, "region is not a name like us-east-1");
        if (looks_like_region(pool->region)
            && strcmp(region, pool->region) != 0)
            warn(derivation, "region is not the one in user_pool_id: right "
                             "for a replica of the pool only");
        (void) snprintf(pool->region, sizeof pool->region, "%s", region);
    }
    derivation->partition = find_partition(pool->region);
    if (derivation->partition != NULL)
        return STATUS_OK;
    derivation->partition = &fallback;
    if (looks_like_region(pool->region)) {
        warn(derivation,
             "the region is not known; taken for one of the partition aws");
        return STATUS_OK;
    }
    if (derivation->options->endpoint == NULL)
        return refuse(derivation,
                      "%s is no region of AWS; expected one like us-east-1, "
                      "or set endpoint",
                      region != NULL ? "region"
                                     : "user_pool_id: the part before '_'");
    if (derivation->options->issuer == NULL)
        warn(derivation,
             "the region is none of AWS; set issuer to what the pool's "
             "tokens name");
    return STATUS_OK;
}

static bool
is_listed(const char *region, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(region, fips_regions[i]) == 0)
            return true;
    return false;
}

static void
compose_host(struct derivation *derivation)
{
    const struct pool_options *options = derivation->options;
    struct pool *pool = derivation->pool;
    const struct partition *partition = derivation->partition;
    size_t count = sizeof fips_regions / sizeof fips_regions[0];
    const char *suffix = partition->suffix;

    if (options->dualstack && !options->fips)
        suffix = partition->dualstack;
    else if (options->dualstack && !is_listed(pool->region, FIPS_DUALSTACK))
        suffix = partition->fips_dualstack;
    if (options->fips && !is_listed(pool->region, count))
        warn(derivation, "fips: AWS lists no FIPS host for the region");
    (void) snprintf(pool->host, sizeof pool->host, "cognito-idp%s.%s.%s",
                    options->fips ? "-fips" : "", pool->region, suffix);
    (void) snprintf(pool->endpoint, sizeof pool->endpoint,
                    "https://cognito-idp%s.%s.%s",
                    options->fips ? "-fips" : "", pool->region, suffix);
    pool->port = PORT_HTTPS;
    pool->amazon_roots = partition->amazon_roots;
}

/* Reads host, or [address], from text. Returns what follows, or NULL. */
static const char *
take_host(struct pool *pool, const char *text)
{
    bool bracketed = text[0] == '[';
    const char *start = bracketed ? text + 1 : text;
    size_t length = strspn(start, bracketed ? "0123456789abcdefABCDEF:."
                                            : LOWER UPPER DIGITS ".-");

    if (length == 0 || length > HOST_MAX || start[0] == '-'
        || (!bracketed && start[0] == '.'))
        return NULL;
    (void) snprintf(pool->host, sizeof pool->host, "%.*s", (int) length,
                    start);
    start += length;
    if (!bracketed)
        return start;
    return start[0] == ']' ? start + 1 : NULL;
}

/* Reads :port, if any. Returns what follows, or NULL. */
static const char *
take_port(struct pool *pool, const char *text)
{
    size_t length;

    pool->port = PORT_HTTPS;
    if (text[0] != ':')
        return text;
    text++;
    length = strspn(text, DIGITS);
    if (length == 0 || length > 5 || text[0] == '0')
        return NULL;
    pool->port = 0;
    for (size_t i = 0; i < length; i++)
        pool->port = pool->port * 10 + (unsigned int) (text[i] - '0');
    return pool->port <= 65535 ? text + length : NULL;
}

static bool
ends_in(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);

    return length >= end_length
           && strcmp(text + length - end_length, end) == 0;
}

static enum status
take_endpoint(struct derivation *derivation)
{
    const struct pool_options *options = derivation->options;
    struct pool *pool = derivation->pool;
    const char *endpoint = options->endpoint;
    const char *rest;

    if (options->fips || options->dualstack)
        return refuse(derivation, "endpoint cannot be combined with %s",
                      options->fips ? "fips" : "dualstack");
    if (strncmp(endpoint, "https://", 8) != 0)
        return refuse(derivation, "endpoint does not begin with https://");
    rest = take_host(pool, endpoint + 8);
    if (rest != NULL)
        rest = take_port(pool, rest);
    if (rest == NULL || (rest[0] != '\0' && strcmp(rest, "/") != 0))
        return refuse(derivation,
                      "endpoint is not of the form https://host[:port]");
    (void) snprintf(pool->endpoint, sizeof pool->endpoint, "%.*s",
                    (int) (rest - endpoint), endpoint);
    /* Another host than Amazon's has a certificate of somebody else. */
    pool->amazon_roots = derivation->partition->amazon_roots
                         && ends_in(pool->host, ".amazonaws.com");
    return STATUS_OK;
}

/*
 * The region that a host of Amazon's names behind "cognito-idp", also one of a
 * VPC endpoint's; false where there is none.
 */
static bool
region_of_host(const char *host, char *region_out, size_t size)
{
    static const char service[] = "cognito-idp";
    const char *label = strstr(host, service);
    size_t length;

    if (label == NULL || (label > host && label[-1] != '.'))
        return false;
    label += sizeof service - 1;
    if (strncmp(label, "-fips", 5) == 0)
        label += 5;
    length = label[0] == '.' ? strcspn(label + 1, ".") : 0;
    if (length == 0 || length >= size)
        return false;
    (void) snprintf(region_out, size, "%.*s", (int) length, label + 1);
    return looks_like_region(region_out);
}

static void
compose_issuers(struct derivation *derivation)
{
    struct pool *pool = derivation->pool;
    const struct partition *partition = derivation->partition;
    char region[POOL_ID_MAX + 1];

    if (derivation->options->region != NULL
        || !region_of_host(pool->host, region, sizeof region))
        (void) snprintf(region, sizeof region, "%s", pool->region);
    else if (find_partition(region) != NULL)
        partition = find_partition(region);
    (void) snprintf(pool->issuer, sizeof pool->issuer,
                    "https://cognito-idp.%s.%s/%s", region, partition->suffix,
                    pool->id);
    (void) snprintf(region, sizeof region, "%.*s",
                    (int) strcspn(pool->id, "_"), pool->id);
    if (!looks_like_region(region))
        return;
    partition = find_partition(region);
    if (partition == NULL)
        partition = &fallback;
    (void) snprintf(pool->updated_issuer, sizeof pool->updated_issuer,
                    "https://issuer-cognito-idp.%s.%s/%s", region,
                    partition->suffix, pool->id);
}

static enum status
take_issuer(struct derivation *derivation)
{
    struct pool *pool = derivation->pool;
    const char *issuer = derivation->options->issuer;
    size_t length;

    if (issuer == NULL) {
        compose_issuers(derivation);
        return STATUS_OK;
    }
    length = strlen(issuer);
    if (strncmp(issuer, "https://", 8) != 0
        && strncmp(issuer, "http://", 7) != 0)
        return refuse(derivation, "issuer is no URL");
    if (length >= sizeof pool->issuer)
        return refuse(derivation, "issuer is longer than %zu characters",
                      sizeof pool->issuer - 1);
    if (issuer[length - 1] == '/')
        return refuse(derivation, "issuer ends in a slash");
    (void) snprintf(pool->issuer, sizeof pool->issuer, "%s", issuer);
    return STATUS_OK;
}

enum status
pool_derive(const struct pool_options *options, struct pool *pool_out,
            char *error_out, size_t error_size)
{
    struct derivation derivation = {
        .options = options,
        .pool = pool_out,
        .error = error_out,
        .error_size = error_size,
    };
    enum status status;

    memset(pool_out, 0, sizeof *pool_out);
    status = take_id(&derivation);
    if (status == STATUS_OK)
        status = take_region(&derivation);
    if (status != STATUS_OK)
        return status;
    if (options->endpoint != NULL)
        status = take_endpoint(&derivation);
    else
        compose_host(&derivation);
    if (status == STATUS_OK)
        status = take_issuer(&derivation);
    return status;
}
