/*
 * Reading certificates with OpenSSL, for people's eyes. It convinces nobody:
 * whether the connection is good was judged before.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/certificate.h"

#include <limits.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "common/text.h"

/* A name on one line, without bytes that a terminal would obey. */
static void
read_name(const X509_NAME *name, char *out, size_t size)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *data = NULL;
    long length = 0;

    out[0] = '\0';
    if (text != NULL
        && X509_NAME_print_ex(text, name, 0,
                              XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB)
               >= 0)
        length = BIO_get_mem_data(text, &data);
    if (length > 0)
        text_clean_bytes(data, (size_t) length, out, size);
    BIO_free(text);
}

/* Counted from 1970 by OpenSSL, whose time_t may be shorter than ours. */
static int64_t
read_time(const ASN1_TIME *when)
{
    ASN1_TIME *start = ASN1_TIME_new();
    int days = 0, seconds = 0;
    int64_t result = 0;

    if (start != NULL && ASN1_TIME_set_string(start, "700101000000Z") == 1
        && ASN1_TIME_diff(&days, &seconds, start, when) == 1)
        result = (int64_t) days * 86400 + seconds;
    ASN1_TIME_free(start);
    return result;
}

size_t
certificate_read(const char *pem, size_t length, size_t max,
                 struct certificate *certificates_out)
{
    size_t count = 0;
    BIO *text;
    X509 *x509;

    if (pem == NULL || length == 0 || length > INT_MAX)
        return 0;
    text = BIO_new_mem_buf(pem, (int) length);
    if (text == NULL)
        return 0;
    while (count < max
           && (x509 = PEM_read_bio_X509(text, NULL, NULL, NULL)) != NULL) {
        struct certificate *out = &certificates_out[count++];

        read_name(X509_get_subject_name(x509), out->subject,
                  sizeof out->subject);
        read_name(X509_get_issuer_name(x509), out->issuer, sizeof out->issuer);
        out->from = read_time(X509_get0_notBefore(x509));
        out->until = read_time(X509_get0_notAfter(x509));
        X509_free(x509);
    }
    /* The end of the text is an error to OpenSSL. */
    ERR_clear_error();
    BIO_free(text);
    return count;
}
