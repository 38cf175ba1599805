/*
 * Where pools answer: every partition of Amazon's endpoint rules, by hand.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include "cognito/pool.h"

#include "tap.h"

static struct pool pool;
static char error[160];

static enum status
derive(struct pool_options options)
{
    memset(error, 0, sizeof error);
    return pool_derive(&options, &pool, error, sizeof error);
}

static void
test_hosts(void)
{
    static const struct {
        const char *id;
        bool fips;
        bool dualstack;
        const char *host;
        bool amazon_roots;
    } cases[] = {
        {"us-east-1_AbC", false, false, "cognito-idp.us-east-1.amazonaws.com",
         true},
        {"us-east-1_AbC", true, false,
         "cognito-idp-fips.us-east-1.amazonaws.com", true},
        {"us-east-1_AbC", false, true, "cognito-idp.us-east-1.amazonaws.com",
         true},
        {"us-east-1_AbC", true, true,
         "cognito-idp-fips.us-east-1.amazonaws.com", true},
        {"us-west-2_AbC", true, true,
         "cognito-idp-fips.us-west-2.amazonaws.com", true},
        {"eu-central-1_AbC", false, true,
         "cognito-idp.eu-central-1.amazonaws.com", true},
        {"eu-central-1_AbC", true, true,
         "cognito-idp-fips.eu-central-1.api.aws", true},
        {"ap-southeast-2_AbC", false, false,
         "cognito-idp.ap-southeast-2.amazonaws.com", true},
        {"il-central-1_AbC", false, false,
         "cognito-idp.il-central-1.amazonaws.com", true},
        {"us-gov-west-1_AbC", false, false,
         "cognito-idp.us-gov-west-1.amazonaws.com", true},
        {"us-gov-west-1_AbC", true, false,
         "cognito-idp-fips.us-gov-west-1.amazonaws.com", true},
        {"us-gov-west-1_AbC", false, true, "cognito-idp.us-gov-west-1.api.aws",
         true},
        {"us-gov-west-1_AbC", true, true,
         "cognito-idp-fips.us-gov-west-1.api.aws", true},
        {"cn-north-1_AbC", false, false,
         "cognito-idp.cn-north-1.amazonaws.com.cn", false},
        {"cn-north-1_AbC", false, true,
         "cognito-idp.cn-north-1.api.amazonwebservices.com.cn", false},
        {"eusc-de-east-1_AbC", false, false,
         "cognito-idp.eusc-de-east-1.amazonaws.eu", false},
        {"eusc-de-east-1_AbC", false, true,
         "cognito-idp.eusc-de-east-1.api.amazonwebservices.eu", false},
        {"us-iso-east-1_AbC", false, false,
         "cognito-idp.us-iso-east-1.c2s.ic.gov", false},
        {"us-isob-east-1_AbC", false, false,
         "cognito-idp.us-isob-east-1.sc2s.sgov.gov", false},
        {"eu-isoe-west-1_AbC", false, false,
         "cognito-idp.eu-isoe-west-1.cloud.adc-e.uk", false},
        {"us-isof-south-1_AbC", false, true,
         "cognito-idp.us-isof-south-1.api.aws.hci.ic.gov", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char url[600];

        snprintf(url, sizeof url, "https://%s", cases[i].host);
        is_number(derive(
                      (struct pool_options){.id = cases[i].id,
                                            .fips = cases[i].fips,
                                            .dualstack = cases[i].dualstack}),
                  STATUS_OK, cases[i].id);
        is_text(pool.host, cases[i].host, "host");
        is_text(pool.endpoint, url, "endpoint");
        ok(pool.port == 443 && pool.amazon_roots == cases[i].amazon_roots,
           "port 443, %s roots",
           cases[i].amazon_roots ? "Amazon's" : "system");
    }
}

static void
test_parts(void)
{
    is_number(derive((struct pool_options){.id = "eu-west-1_a1B2c3"}),
              STATUS_OK, "a pool");
    is_text(pool.id, "eu-west-1_a1B2c3", "ID");
    is_text(pool.region, "eu-west-1", "region");
    is_text(pool.name, "a1B2c3", "name");
    is_text(pool.keys_path, "/eu-west-1_a1B2c3/.well-known/jwks.json", "keys");
    is_text(pool.issuer,
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a1B2c3",
            "issuer");
    is_text(pool.warning, "", "no warning");
    is_number(derive((struct pool_options){.id = "us-west-2_ab_cd"}),
              STATUS_OK, "a second _ ");
    is_text(pool.name, "ab_cd", "belongs to the name");
    is_text(pool.warning, "user_pool_id does not look like one of AWS",
            "and earns a warning");
    (void) derive((struct pool_options){.id = "us-east-1_X", .fips = true});
    is_text(pool.issuer,
            "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_X",
            "tokens name the ordinary host also with fips");
    is_text(pool.warning, "", "a listed FIPS host");
    (void) derive((struct pool_options){.id = "eu-west-1_X", .fips = true});
    ok(strstr(pool.warning, "fips") != NULL, "an unlisted one is a warning");
    (void) derive((struct pool_options){.id = "cn-north-1_X"});
    is_text(pool.issuer,
            "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_X",
            "issuer in China");
}

static void
test_regions(void)
{
    is_number(derive((struct pool_options){.id = "local_12345678",
                                           .region = "eu-west-3"}),
              STATUS_OK, "region for an ID without one");
    is_text(pool.host, "cognito-idp.eu-west-3.amazonaws.com", "is used");
    is_text(pool.region, "eu-west-3", "and kept");
    is_text(pool.name, "12345678", "the name is that of the ID");
    is_text(pool.warning, "", "without a warning");
    (void) derive(
        (struct pool_options){.id = "us-east-1_X", .region = "us-west-1"});
    is_text(pool.host, "cognito-idp.us-west-1.amazonaws.com", "region wins");
    is_text(pool.warning,
            "region is not the one in user_pool_id: right for a replica of "
            "the pool only",
            "with a warning");
    is_number(derive((struct pool_options){.id = "qq-center-7_X"}), STATUS_OK,
              "a region younger than the table");
    is_text(pool.host, "cognito-idp.qq-center-7.amazonaws.com",
            "is taken for one of aws");
    is_text(pool.warning,
            "the region is not known; taken for one of the partition aws",
            "with a warning");
    is_number(derive((struct pool_options){.id = "us-gov-west_X"}),
              STATUS_CONFIG, "a region without its number");
}

static void
test_refused_ids(void)
{
    static const char *const ids[] = {
        NULL,
        "",
        "us-east-1",
        "_AbC",
        "us-east-1_",
        "us-east-1_Ab C",
        "us-east-1_Ab/C",
        "us-east-1_Ab\xc3\xa4",
        "us-east-1_Ab.evil",
        "us-east-1_45678901234567890123456789012345678901234567890",
        "local_12345678",
        "US-EAST-1_X",
        "useast1_X",
    };

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        is_number(derive((struct pool_options){.id = ids[i]}), STATUS_CONFIG,
                  ids[i] == NULL ? "no ID" : ids[i]);
        ok(strstr(error, "user_pool_id") != NULL, "names user_pool_id");
    }
    is_number(derive((struct pool_options){
                  .id = "us-east-1_4567890123456789012345678901234567890"
                        "12345678"}),
              STATUS_OK, "55 characters are allowed");
    for (int i = 0; i < 4; i++) {
        static const char *const regions[] = {"", "eu west 1", "a.evil.org",
                                              "local"};

        is_number(derive((struct pool_options){.id = "local_X",
                                               .region = regions[i]}),
                  STATUS_CONFIG, "a region that is none");
        ok(strncmp(error, "region", 6) == 0, "names region");
    }
}

static void
test_endpoints(void)
{
    static const struct {
        const char *endpoint;
        const char *kept;
        const char *host;
        unsigned int port;
    } good[] = {
        {"https://localhost:8443", "https://localhost:8443", "localhost",
         8443},
        {"https://pool.example.org", "https://pool.example.org",
         "pool.example.org", 443},
        {"https://pool.example.org/", "https://pool.example.org",
         "pool.example.org", 443},
        {"https://127.0.0.1:1", "https://127.0.0.1:1", "127.0.0.1", 1},
        {"https://[::1]:65535", "https://[::1]:65535", "::1", 65535},
        {"https://[2001:db8::1]", "https://[2001:db8::1]", "2001:db8::1", 443},
    };
    static const char *const bad[] = {
        "http://localhost:8443",
        "https:/localhost",
        "HTTPS://localhost",
        "localhost",
        "",
        "https://",
        "https://host/path",
        "https://host?query",
        "https://user@host",
        "https://host:0",
        "https://host:65536",
        "https://host:123456",
        "https://host:",
        "https://host:80a",
        "https://ho st",
        "https://[::1",
        "https://::1",
        "https://-host",
        "https://host#x",
        "https://host\n",
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        is_number(derive((struct pool_options){.id = "us-east-1_X",
                                               .endpoint = good[i].endpoint}),
                  STATUS_OK, good[i].endpoint);
        is_text(pool.endpoint, good[i].kept, "endpoint");
        is_text(pool.host, good[i].host, "host");
        is_number(pool.port, good[i].port, "port");
        ok(!pool.amazon_roots, "another's host needs another's roots");
        is_text(pool.issuer,
                "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_X",
                "the issuer stays the pool's own");
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        is_number(derive((struct pool_options){.id = "us-east-1_X",
                                               .endpoint = bad[i]}),
                  STATUS_CONFIG, "refused endpoint");
        ok(strncmp(error, "endpoint", 8) == 0, "names endpoint: %zu", i);
    }
}

static void
test_endpoint_with(void)
{
    is_number(derive((struct pool_options){
                  .id = "us-east-1_X", .endpoint = "https://h", .fips = true}),
              STATUS_CONFIG, "endpoint with fips");
    ok(strstr(error, "fips") != NULL, "names fips");
    is_number(derive((struct pool_options){.id = "us-east-1_X",
                                           .endpoint = "https://h",
                                           .dualstack = true}),
              STATUS_CONFIG, "endpoint with dualstack");
    ok(strstr(error, "dualstack") != NULL, "names dualstack");
    (void) derive((struct pool_options){
        .id = "us-east-1_X",
        .endpoint = "https://vpce-1.cognito-idp.us-east-1.vpce.amazonaws.com",
    });
    ok(pool.amazon_roots, "an endpoint of Amazon's own needs Amazon's roots");
    (void) derive((struct pool_options){.id = "us-east-1_X",
                                        .endpoint = "https://xamazonaws.com"});
    ok(!pool.amazon_roots, "one that only ends alike does not");
    is_number(derive((struct pool_options){.id = "local_X",
                                           .endpoint = "https://h:9229"}),
              STATUS_OK, "no region is needed with an endpoint");
    ok(strstr(pool.warning, "issuer") != NULL, "but the issuer is a guess");
}

/* Without issuer a pool has two: by hand, for every partition. */
static void
test_own_issuers(void)
{
#define VPC "https://vpce-0a1b-c2d3.cognito-idp.eu-west-1.vpce.amazonaws.com"
    static const struct {
        struct pool_options options;
        const char *issuer;
        const char *updated;
    } cases[] = {
        {{.id = "eu-west-1_AbC"},
         "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC",
         "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"},
        {{.id = "us-gov-west-1_AbC"},
         "https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_AbC",
         "https://issuer-cognito-idp.us-gov-west-1.amazonaws.com/"
         "us-gov-west-1_AbC"},
        {{.id = "cn-north-1_AbC"},
         "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_AbC",
         "https://issuer-cognito-idp.cn-north-1.amazonaws.com.cn/"
         "cn-north-1_AbC"},
        {{.id = "eusc-de-east-1_AbC"},
         "https://cognito-idp.eusc-de-east-1.amazonaws.eu/eusc-de-east-1_AbC",
         "https://issuer-cognito-idp.eusc-de-east-1.amazonaws.eu/"
         "eusc-de-east-1_AbC"},
        {{.id = "us-iso-east-1_AbC"},
         "https://cognito-idp.us-iso-east-1.c2s.ic.gov/us-iso-east-1_AbC",
         "https://issuer-cognito-idp.us-iso-east-1.c2s.ic.gov/"
         "us-iso-east-1_AbC"},
        {{.id = "us-isob-east-1_AbC"},
         "https://cognito-idp.us-isob-east-1.sc2s.sgov.gov/"
         "us-isob-east-1_AbC",
         "https://issuer-cognito-idp.us-isob-east-1.sc2s.sgov.gov/"
         "us-isob-east-1_AbC"},
        /* Neither fips nor dualstack changes who issues. */
        {{.id = "us-east-1_AbC", .fips = true, .dualstack = true},
         "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC",
         "https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC"},
        {{.id = "cn-north-1_AbC", .dualstack = true},
         "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_AbC",
         "https://issuer-cognito-idp.cn-north-1.amazonaws.com.cn/"
         "cn-north-1_AbC"},
        /* A replica: the region that answers, and the pool's primary one. */
        {{.id = "eu-west-1_AbC", .region = "us-west-2"},
         "https://cognito-idp.us-west-2.amazonaws.com/eu-west-1_AbC",
         "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"},
        {{.id = "eu-west-1_AbC",
          .endpoint = "https://cognito-idp.us-west-2.amazonaws.com"},
         "https://cognito-idp.us-west-2.amazonaws.com/eu-west-1_AbC",
         "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"},
        {{.id = "us-east-1_AbC",
          .endpoint = "https://cognito-idp-fips.us-east-2.amazonaws.com:443"},
         "https://cognito-idp.us-east-2.amazonaws.com/us-east-1_AbC",
         "https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC"},
        {{.id = "cn-north-1_AbC",
          .endpoint = "https://cognito-idp.cn-northwest-1.amazonaws.com.cn"},
         "https://cognito-idp.cn-northwest-1.amazonaws.com.cn/cn-north-1_AbC",
         "https://issuer-cognito-idp.cn-north-1.amazonaws.com.cn/"
         "cn-north-1_AbC"},
        {{.id = "eu-west-1_AbC", .endpoint = VPC},
         "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC",
         "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"},
        /* The region that was given is the one that is meant. */
        {{.id = "eu-west-1_AbC",
          .region = "eu-west-1",
          .endpoint = "https://cognito-idp.us-west-2.amazonaws.com"},
         "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC",
         "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"},
        /* Somebody else's host says nothing of regions. */
        {{.id = "eu-west-1_AbC", .endpoint = "https://localhost:8443"},
         "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC",
         "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"},
        {{.id = "eu-west-1_AbC",
          .endpoint = "https://my-cognito-idp.us-west-2.example.com"},
         "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC",
         "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"},
        {{.id = "eu-west-1_AbC", .endpoint = "https://cognito-idp"},
         "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC",
         "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"},
        /* An emulator's pool has one. */
        {{.id = "local_abc", .endpoint = "https://localhost:8443"},
         "https://cognito-idp.local.amazonaws.com/local_abc",
         ""},
        {{.id = "eu-west-1_AbC", .issuer = "https://my.example/x"},
         "https://my.example/x",
         ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is_number(derive(cases[i].options), STATUS_OK, cases[i].options.id);
        is_text(pool.issuer, cases[i].issuer, "of the region that is asked");
        is_text(pool.updated_issuer, cases[i].updated, "and the other one");
    }
}

static void
test_issuers(void)
{
    static const char *const bad[] = {"", "issuer", "https://x/", "ftp://x"};
    char longer[600];

    is_number(derive((struct pool_options){.id = "us-east-1_X",
                                           .issuer = "https://issuer/p"}),
              STATUS_OK, "an issuer");
    is_text(pool.issuer, "https://issuer/p", "is kept");
    is_number(derive((struct pool_options){.id = "local_X",
                                           .endpoint = "https://h",
                                           .issuer = "http://0.0.0.0:9229/X"}),
              STATUS_OK, "an emulator's issuer, which is only compared");
    is_text(pool.warning, "", "leaves nothing to warn of");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        is_number(derive((struct pool_options){.id = "us-east-1_X",
                                               .issuer = bad[i]}),
                  STATUS_CONFIG, "refused issuer");
        ok(strncmp(error, "issuer", 6) == 0, "names issuer");
    }
    snprintf(longer, sizeof longer, "https://%0*d", 504, 1);
    is_number(derive((struct pool_options){.id = "us-east-1_X",
                                           .issuer = longer}),
              STATUS_CONFIG, "an issuer of 512 characters");
    longer[511] = '\0';
    is_number(derive((struct pool_options){.id = "us-east-1_X",
                                           .issuer = longer}),
              STATUS_OK, "one of 511");
}

int
main(void)
{
    test_hosts();
    test_parts();
    test_regions();
    test_refused_ids();
    test_endpoints();
    test_endpoint_with();
    test_own_issuers();
    test_issuers();
    return done_testing();
}
