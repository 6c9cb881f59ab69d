/* err.h: every way in which the world can be wrong, from one table. A function that can fail returns enum err, ERR_OK
 * being 0, and leaves its outputs untouched on failure unless its header says otherwise. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define ERR_MAP(X)                                                                                                     \
    X(OK, "ok")                                                                                                        \
    X(SYNTAX, "malformed text")                                                                                        \
    X(RANGE, "number out of range")                                                                                    \
    X(TOO_BIG, "over a limit")                                                                                         \
    X(MISSING, "a required field is missing")                                                                          \
    X(TYPE, "a field has the wrong type")                                                                              \
    X(VALUE, "a field has a value that is not allowed")                                                                \
    X(UNKNOWN, "not a known name")                                                                                     \
    X(EXISTS, "already there")                                                                                         \
    X(BAD_STATE, "not possible in this state")                                                                         \
    X(MEMORY, "out of memory")                                                                                         \
    X(IO, "input or output failed")                                                                                    \
    X(DNS, "host name could not be resolved")                                                                          \
    X(CONNECT, "connection refused or unreachable")                                                                    \
    X(TIMEOUT, "timed out")                                                                                            \
    X(TLS, "TLS failed: certificate, host name or handshake")                                                          \
    X(CLOSED, "connection closed")                                                                                     \
    X(PROTOCOL, "the peer broke the protocol")                                                                         \
    X(DENIED, "not permitted")                                                                                         \
    X(CORRUPT, "stored data is damaged")                                                                               \
    X(FULL, "no room left")                                                                                            \
    X(CANCELED, "canceled")

#define ERR_ENUM(name, text) ERR_##name,
enum err { ERR_MAP(ERR_ENUM) ERR_COUNT };
#undef ERR_ENUM

#define MUST_CHECK __attribute__((warn_unused_result))

/* "RANGE" and "number out of range"; static text. An unknown value gives "?". */
const char *err_name(enum err e);
const char *err_text(enum err e);

#endif
