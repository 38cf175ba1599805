/*
 * An OpenSSL look-up by subject. The certificates are decoded from base64 and
 * skimmed up to the subject, no more, until one is asked for.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/anchors.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#define BEGIN "-----BEGIN "
#define BEGIN_PLAIN "-----BEGIN CERTIFICATE-----"
#define END_PLAIN "-----END CERTIFICATE-----"
#define LINE_MAX_PEM 4096 /* base64 of one line; whole certificates fit */
#define SAME_HASH_MAX 64  /* files of one hash: .0, .1 and so on */
#define HASH_START 0xcbf29ce484222325u /* FNV-1a */
#define HASH_FACTOR 0x100000001b3u
#define FIELDS_BEFORE 4 /* serial number to validity */

struct entry {
    const unsigned char *der; /* of anchors->bytes */
    long length;
    const unsigned char *subject;
    long subject_length;
    uint64_t likeness; /* of it */
};

struct anchors {
    X509_LOOKUP_METHOD *method;
    unsigned char *bytes; /* the certificates, one after another */
    struct entry *entries;
    size_t count;
    bool is_plain;
    bool is_out_of_memory; /* while that was found out */
    char *folder;
    struct file_trust trust;
    X509 *found; /* by the last look-up, whose caller borrows it */
    char fault[256];
};

/* The next element as a whole; *at is then behind it. */
static bool
next_element(const unsigned char **at, const unsigned char *end,
             const unsigned char **content_out, int *tag_out)
{
    int class;
    long length;

    *content_out = *at;
    /* 0x80: an error; 1: of indefinite length, which is no DER. */
    if (*at >= end
        || (ASN1_get_object(content_out, &length, tag_out, &class, end - *at)
            & 0x81)
               != 0)
        return false;
    *at = *content_out + length;
    if (class != V_ASN1_UNIVERSAL)
        *tag_out = -1;
    return true;
}

/* Of an attribute of a name: its type, and its value. */
static uint64_t
likeness_of_attribute(const unsigned char *at, const unsigned char *end)
{
    const unsigned char *content;
    uint64_t hash = HASH_START;
    int tag;

    if (!next_element(&at, end, &content, &tag))
        return 0;
    for (; content < at; content++)
        hash = (hash ^ *content) * HASH_FACTOR;
    if (!next_element(&at, end, &content, &tag)
        || (tag != V_ASN1_UTF8STRING && tag != V_ASN1_PRINTABLESTRING))
        return 0;
    for (; content < at; content++) {
        unsigned char byte = *content;

        if (byte >= 0x80 && tag != V_ASN1_UTF8STRING)
            return 0;
        if (byte >= 'A' && byte <= 'Z')
            byte = (unsigned char) (byte - 'A' + 'a');
        if (byte != ' ' && (byte < '\t' || byte > '\r'))
            hash = (hash ^ byte) * HASH_FACTOR;
    }
    return hash;
}

/*
 * Names that are one to OpenSSL, whatever the case, the spaces and the order
 * within a set, have the same likeness: few names need be read to compare
 * them. 0, which is like any: there is something in it that only OpenSSL
 * compares.
 */
static uint64_t
likeness_of(const unsigned char *at, size_t length)
{
    const unsigned char *end = at + length, *set, *content, *set_end;
    uint64_t sum = 0, one;
    int tag;

    if (!next_element(&at, end, &content, &tag))
        return 0;
    end = at;
    at = content;
    while (at < end) {
        if (!next_element(&at, end, &set, &tag))
            return 0;
        set_end = at;
        while (set < set_end) {
            if (!next_element(&set, set_end, &content, &tag))
                return 0;
            one = likeness_of_attribute(content, set);
            if (one == 0)
                return 0;
            sum += one;
        }
    }
    return sum;
}

/* Where in the certificate the subject stands. */
static bool
find_subject(struct entry *entry)
{
    const unsigned char *end = entry->der + entry->length, *at = entry->der;
    const unsigned char *content;
    int tag;

    if (!next_element(&at, end, &content, &tag) || tag != V_ASN1_SEQUENCE
        || at != end)
        return false;
    at = content;
    if (!next_element(&at, end, &content, &tag) || tag != V_ASN1_SEQUENCE)
        return false;
    end = at;
    at = content;
    if (!next_element(&at, end, &content, &tag))
        return false;
    /* The version is the serial number's neighbour, or not there. */
    for (int i = tag == V_ASN1_INTEGER ? 1 : 0; i < FIELDS_BEFORE; i++)
        if (!next_element(&at, end, &content, &tag))
            return false;
    entry->subject = at;
    if (!next_element(&at, end, &content, &tag) || tag != V_ASN1_SEQUENCE)
        return false;
    entry->subject_length = at - entry->subject;
    entry->likeness = likeness_of(entry->subject,
                                  (size_t) entry->subject_length);
    return true;
}

/* Lines of base64 up to end; the bytes' end, or NULL. */
static unsigned char *
decode(const char *text, const char *end, unsigned char *out)
{
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t) (end - text));
        const char *behind = newline == NULL ? end : newline;
        const char *padding;
        int count;

        if (behind > text && behind[-1] == '\r')
            behind--;
        if (newline == NULL || behind == text || behind - text > LINE_MAX_PEM
            || (behind - text) % 4 != 0)
            return NULL;
        padding = memchr(text, '=', (size_t) (behind - text));
        count = EVP_DecodeBlock(out, (const unsigned char *) text,
                                (int) (behind - text));
        if (count < 0)
            return NULL;
        if (padding != NULL) {
            if (newline + 1 != end || behind - padding > 2
                || behind[-1] != '=')
                return NULL;
            count -= (int) (behind - padding);
        }
        out += count;
        text = newline + 1;
    }
    return out;
}

/* The text into entries; false when anything is in it that is not plain. */
static bool
split(struct anchors *anchors, const char *pem, size_t length)
{
    const char *rest = pem, *end = pem + length, *begin;
    unsigned char *at = anchors->bytes;
    size_t room = 0;

    while (
        (begin = memmem(rest, (size_t) (end - rest), BEGIN, sizeof(BEGIN) - 1))
        != NULL) {
        struct entry *entry;
        const char *text, *last;

        text = begin + sizeof(BEGIN_PLAIN) - 1;
        if ((begin > pem && begin[-1] != '\n') || text >= end
            || memcmp(begin, BEGIN_PLAIN, sizeof(BEGIN_PLAIN) - 1) != 0)
            return false;
        text += *text == '\r' && text + 1 < end;
        last = memmem(text, (size_t) (end - text), END_PLAIN,
                      sizeof(END_PLAIN) - 1);
        if (*text != '\n' || last == NULL)
            return false;
        if (anchors->count == room) {
            room = room == 0 ? 8 : room * 2;
            entry = realloc(anchors->entries, room * sizeof(*entry));
            anchors->is_out_of_memory = entry == NULL;
            if (entry == NULL)
                return false;
            anchors->entries = entry;
        }
        entry = &anchors->entries[anchors->count];
        *entry = (struct entry){.der = at};
        at = decode(text + 1, last, at);
        if (at == NULL)
            return false;
        entry->length = at - entry->der;
        if (!find_subject(entry))
            return false;
        anchors->count++;
        rest = last + sizeof(END_PLAIN) - 1;
    }
    return anchors->count > 0;
}

/* Puts it where OpenSSL looks next; the first one is the answer. */
static void
take(struct anchors *anchors, X509_STORE *store, X509 *certificate)
{
    if (certificate == NULL)
        return;
    if (X509_STORE_add_cert(store, certificate) != 1 || anchors->found != NULL)
        X509_free(certificate);
    else
        anchors->found = certificate;
}

static bool
is_named(const struct entry *entry, const X509_NAME *name)
{
    const unsigned char *at = entry->subject;
    X509_NAME *subject = d2i_X509_NAME(NULL, &at, entry->subject_length);
    bool same = subject != NULL && X509_NAME_cmp(subject, name) == 0;

    X509_NAME_free(subject);
    return same;
}

static void
search_entries(struct anchors *anchors, X509_STORE *store,
               const X509_NAME *name)
{
    const unsigned char *at = NULL;
    uint64_t likeness = 0;
    size_t length;

    if (X509_NAME_get0_der((X509_NAME *) (uintptr_t) name, &at, &length) == 1)
        likeness = likeness_of(at, length);
    for (size_t i = 0; i < anchors->count; i++) {
        const struct entry *entry = &anchors->entries[i];

        if ((likeness != 0 && entry->likeness != 0
             && entry->likeness != likeness)
            || !is_named(entry, name))
            continue;
        at = entry->der;
        take(anchors, store, d2i_X509(NULL, &at, entry->length));
    }
}

/* A file may hold several; those of another name are not what was asked. */
static void
read_certificates(struct anchors *anchors, X509_STORE *store,
                  const X509_NAME *name, int fd)
{
    BIO *file = BIO_new_fd(fd, BIO_CLOSE);
    X509 *certificate;

    if (file == NULL) {
        (void) close(fd);
        return;
    }
    while ((certificate = PEM_read_bio_X509_AUX(file, NULL, NULL, NULL))
           != NULL) {
        if (X509_NAME_cmp(X509_get_subject_name(certificate), name) == 0)
            take(anchors, store, certificate);
        else
            X509_free(certificate);
    }
    BIO_free(file);
}

static void
search_folder(struct anchors *anchors, X509_STORE *store,
              const X509_NAME *name)
{
    unsigned long hash = X509_NAME_hash((X509_NAME *) (uintptr_t) name);
    enum file_result result = FILE_OK;
    char path[FILE_PATH_MAX], error[sizeof(anchors->fault)];

    for (int i = 0; result != FILE_ABSENT && i < SAME_HASH_MAX; i++) {
        int fd;

        (void) snprintf(path, sizeof(path), "%s/%08lx.%d", anchors->folder,
                        hash, i);
        result = file_open(path, &anchors->trust, &fd, error, sizeof(error));
        if (result == FILE_OK)
            read_certificates(anchors, store, name, fd);
        else if (result != FILE_ABSENT && anchors->fault[0] == '\0')
            memcpy(anchors->fault, error, sizeof(error));
    }
}

/* OpenSSL's question: 1 with one of that subject, all others in its store. */
static int
by_subject(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name,
           X509_OBJECT *found_out)
{
    struct anchors *anchors = X509_LOOKUP_get_method_data(lookup);
    X509_STORE *store = X509_LOOKUP_get_store(lookup);

    if (type != X509_LU_X509)
        return 0;
    X509_free(anchors->found);
    anchors->found = NULL;
    /* What cannot be read is not there; nor is the end of a file an error. */
    (void) ERR_set_mark();
    if (anchors->is_plain)
        search_entries(anchors, store, name);
    if (anchors->folder != NULL)
        search_folder(anchors, store, name);
    (void) ERR_pop_to_mark();
    if (anchors->found == NULL
        || X509_OBJECT_set1_X509(found_out, anchors->found) != 1)
        return 0;
    /* OpenSSL counts one reference for itself and expects this one given
     * back, see X509_LOOKUP_meth_new(3). */
    X509_free(anchors->found);
    return 1;
}

struct anchors *
anchors_read(const char *pem, size_t length, const char *folder,
             const struct file_trust *trust)
{
    struct anchors *anchors = calloc(1, sizeof(*anchors));

    if (anchors == NULL)
        return NULL;
    anchors->trust = *trust;
    anchors->method = X509_LOOKUP_meth_new("anchors");
    /* Four characters are three bytes. */
    anchors->bytes = malloc(length + 1);
    anchors->folder = folder == NULL ? NULL : strdup(folder);
    if (anchors->method == NULL || anchors->bytes == NULL
        || (folder != NULL && anchors->folder == NULL)
        || X509_LOOKUP_meth_set_get_by_subject(anchors->method, by_subject)
               != 1) {
        anchors_free(anchors);
        return NULL;
    }
    anchors->is_plain = length > 0 && split(anchors, pem, length);
    if (anchors->is_out_of_memory) {
        anchors_free(anchors);
        return NULL;
    }
    return anchors;
}

void
anchors_free(struct anchors *anchors)
{
    if (anchors == NULL)
        return;
    X509_free(anchors->found);
    X509_LOOKUP_meth_free(anchors->method);
    free(anchors->entries);
    free(anchors->bytes);
    free(anchors->folder);
    free(anchors);
}

bool
anchors_are_plain(const struct anchors *anchors)
{
    return anchors->is_plain;
}

bool
anchors_attach(struct anchors *anchors, void *context)
{
    X509_LOOKUP *lookup = X509_STORE_add_lookup(
        SSL_CTX_get_cert_store(context), anchors->method);

    return lookup != NULL && X509_LOOKUP_set_method_data(lookup, anchors) == 1;
}

const char *
anchors_fault(const struct anchors *anchors)
{
    return anchors == NULL ? "" : anchors->fault;
}
