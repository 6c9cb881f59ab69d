/* test_ca.h: a private CA and certificates signed by it, made anew for each run, in a folder of their own. */
#ifndef TESTS_WIRE_TEST_CA_H
#define TESTS_WIRE_TEST_CA_H

#include "harness.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { DAY_SECONDS = 86400 };

struct test_ca {
    char folder[64], ca_file[96];
    EVP_PKEY *key;
    X509 *cert;
};

static inline void add_extension(X509 *cert, X509 *issuer, int nid, const char *value) {
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(cert, e, -1), 1);
    X509_EXTENSION_free(e);
}

/* issuer NULL: self-signed. */
static inline X509 *make_cert(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key, long from_s,
                              long to_s) {
    static long serial = 1;
    X509 *c = X509_new();
    assert_non_null(c);
    assert_int_equal(X509_set_version(c, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(c), serial++), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(c), from_s));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(c), to_s));
    assert_int_equal(X509_set_pubkey(c, key), 1);
    X509_NAME *subject = X509_get_subject_name(c);
    assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(c, issuer != NULL ? X509_get_subject_name(issuer) : subject), 1);
    add_extension(c, issuer != NULL ? issuer : c, NID_basic_constraints,
                  issuer != NULL ? "CA:FALSE" : "critical,CA:TRUE");
    if (issuer != NULL) {
        char san[96];
        (void)snprintf(san, sizeof san, "DNS:%s", name);
        add_extension(c, issuer, NID_subject_alt_name, san);
    }
    assert_true(X509_sign(c, issuer_key, EVP_sha256()) > 0);
    return c;
}

static inline void write_cert(const char *file, X509 *cert) {
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_X509(f, cert), 1);
    assert_int_equal(fclose(f), 0);
}

static inline void write_key(const char *file, EVP_PKEY *key) {
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(f), 0);
}

static inline struct test_ca test_ca_new(void) {
    struct test_ca ca = {.folder = "/tmp/gridscope-ca-XXXXXX"};
    assert_non_null(mkdtemp(ca.folder));
    ca.key = EVP_EC_gen("P-256");
    assert_non_null(ca.key);
    ca.cert = make_cert(ca.key, "Gridscope test CA", NULL, ca.key, -DAY_SECONDS, DAY_SECONDS);
    (void)snprintf(ca.ca_file, sizeof ca.ca_file, "%s/ca.pem", ca.folder);
    write_cert(ca.ca_file, ca.cert);
    return ca;
}

struct test_pair {
    char cert_file[96], key_file[96];
};

/* A server's certificate for a host name, valid from and to so many seconds from now. */
static inline struct test_pair test_ca_issue(struct test_ca *ca, const char *host, long from_s, long to_s) {
    struct test_pair p;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    X509 *cert = make_cert(key, host, ca->cert, ca->key, from_s, to_s);
    (void)snprintf(p.cert_file, sizeof p.cert_file, "%s/cert.pem", ca->folder);
    (void)snprintf(p.key_file, sizeof p.key_file, "%s/key.pem", ca->folder);
    write_cert(p.cert_file, cert);
    write_key(p.key_file, key);
    X509_free(cert);
    EVP_PKEY_free(key);
    return p;
}

static inline void test_ca_free(struct test_ca *ca) {
    static const char *const files[] = {"ca.pem", "cert.pem", "key.pem"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s/%s", ca->folder, files[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(ca->folder), 0);
    X509_free(ca->cert);
    EVP_PKEY_free(ca->key);
}

#endif
