/* openssl_names.h: inside io/ only: OpenSSL's headers, whose (deprecated) type ERR_STATE has the name of one of our errors. */
#ifndef IO_OPENSSL_NAMES_H
#define IO_OPENSSL_NAMES_H

#define ERR_STATE openssl_err_state
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#undef ERR_STATE

#endif
