/* server.h: the dashboard's HTTP and WebSocket side, and the only header other folders need. Bytes arrive ready encoded
 * (view makes them) and go to every browser; questions about stored data go out through a table of functions and are
 * answered later by id. Nothing here knows what the figures mean.
 *
 * The live feed, GET /ws. `seq` numbers the deltas; a session sees them rise by exactly one.
 *  - After the upgrade a session gets one snapshot that carries the current seq n, then the deltas n+1, n+2, ...
 *  - A reconnecting page names the last seq it holds and gets the missing deltas, or a snapshot where they are no longer
 *    held. It does so in the address (/ws?resume=n, which costs no waiting: resume=0 is an immediate snapshot), or by
 *    {"type":"resume","seq":n} as its first message. For that message the first snapshot waits up to
 *    LIMIT_SESSION_FIRST_WORD_MS; any other message, or silence, brings the snapshot. A resume that comes later than that
 *    was already answered by the snapshot and is ignored.
 *  - {"type":"subscribe","topics":[...]} and "unsubscribe" name topics ("trades", "orders:BTC/USDT",
 *    "candles:BTC/USDT:1m"). A topic message goes to the topic's subscribers only, so it takes no number of its own: it
 *    carries the seq of the last delta, and a page may apply it whenever it comes.
 *  - A session that does not keep up (LIMIT_SESSION_SOFT_BYTES unsent) gets nothing more but is owed one snapshot, sent
 *    when its socket has taken everything. Over LIMIT_SESSION_HARD_BYTES, or LIMIT_SESSION_STALL_SECONDS without a byte
 *    taken, it is closed with 1013 (try again later).
 *  - Bad messages are answered {"type":"error","message":"..."}; after LIMIT_SESSION_BAD_MESSAGES of them the session is
 *    closed with 1008, over LIMIT_BROWSER_MESSAGE_BYTES at once with 1009. The end of its login closes it with 4401.
 *
 * A resume must not join two lives of the program: the first seq is therefore taken from the wall clock (see first_seq). */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "base/buf.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/name.h"
#include "base/time.h"

struct asset;
struct loop;
struct server;

/* A question about stored data, its parameters checked. Which of them a kind takes: src/server/params.c. */
enum server_query_kind {
    QUERY_TRADES,
    QUERY_TRADES_CSV,
    QUERY_ORDERS,
    QUERY_CANDLES,
    QUERY_EQUITY,
    QUERY_PERFORMANCE,
    QUERY_CONFIG,
    QUERY_PROOF,
    QUERY_PROVENANCE,
};
enum server_query_side { QUERY_SIDE_ANY, QUERY_SIDE_BUY, QUERY_SIDE_SELL };
enum { QUERY_TEXT_MAX = 64, QUERY_CURSOR_MAX = 128, QUERY_METHOD_MAX = 8 };
struct server_query {
    enum server_query_kind kind;
    struct name symbol; /* as the browser wrote it; empty: all. Known or not is the answerer's business */
    enum server_query_side side;
    struct wall from, to;              /* from inclusive, to exclusive; 0: open */
    struct wall before;                /* candles that open before it; 0: the newest */
    char q[QUERY_TEXT_MAX + 1];        /* free text; "" none */
    char cursor[QUERY_CURSOR_MAX + 1]; /* what the last answer gave; "" the first page */
    uint32_t limit;                    /* rows, 1..LIMIT_QUERY_ROWS; the kind's default where not given */
    uint32_t days;                     /* 1..3650; 0: all */
    struct name interval;              /* of candles: "1m" to "1w" */
    char method[QUERY_METHOD_MAX + 1]; /* "fifo", "lifo", "average", "grid"; "" not given */
};

/* What happened to a topic. ADDED and MISSED: some subscriber lacks its state, publish it whole (to all: it must bear
 * being repeated). REMOVED: one subscriber less. */
struct server_topic_event {
    enum { SERVER_TOPIC_ADDED, SERVER_TOPIC_MISSED, SERVER_TOPIC_REMOVED } kind;
    struct span topic;  /* borrowed until return */
    size_t subscribers; /* now; 0: nobody wants it any more */
};

/* What app provides. Every function is called in the loop's thread with arg. */
struct server_source {
    /* The whole state as JSON text with that seq in it; the caller drops one reference. NULL without memory. */
    struct frame *(*snapshot)(void *arg, uint64_t seq);
    /* Appends Prometheus text; the server's own counters follow. */
    void (*metrics)(void *arg, struct buf *out);
    bool (*ready)(void *arg);
    /* To be answered once by server_answer or server_answer_begin ... end, now or later; q is borrowed until return. An
     * answer that takes longer than LIMIT_QUERY_SECONDS is dropped: the browser has got 504. */
    void (*query)(void *arg, uint64_t query_id, const struct server_query *q);
    void (*topic)(void *arg, const struct server_topic_event *e);
    void *arg;
    /* Of an answer in pieces. gone false: the browser has taken all of it, send more. gone true: it left, stop; the id is
     * void. May be NULL where no answer comes in pieces. */
    void (*more)(void *arg, uint64_t query_id, bool gone);
};

/* Waits, in microseconds; each 0 is replaced by its limit. Tests shorten them. */
struct server_timing {
    int64_t first_word_us, ping_us, pong_us, stall_us, close_us, query_us, piece_us, sweep_us;
};

struct server_config {
    const char *host;                 /* "127.0.0.1", "localhost", "::1", "0.0.0.0", ... */
    uint16_t port;                    /* 0: a free one */
    const char *cert_file, *key_file; /* PEM; NULL: plain HTTP */
    /* Names under which browsers reach it beyond its own address: "dash.example.org", with a port where the browser shows
     * one, or a whole origin ("https://dash.example.org") behind a proxy. Copied. */
    const char *const *public_hosts;
    size_t public_host_count;
    /* Clients that are no browser send no Origin. False: they are let in, since only a browser can be tricked into a
     * request it did not mean, and browsers always send one with POST and WebSocket. True: refused with 403. */
    bool require_origin;

    bool auth_enabled;
    const char *password_hash; /* as crypto_pwhash_str writes it; or NULL and */
    struct span password;      /* the password, hashed at start; the caller may wipe it afterwards */
    int64_t login_lifetime_us; /* from the login, not from the last use */

    uint64_t first_seq;            /* seq before the first delta; 0: the wall clock in microseconds */
    size_t soft_bytes, hard_bytes; /* 0: the limits */
    struct server_timing timing;
    /* The page; NULL: no page. */
    const struct asset *(*asset)(struct span path);
    struct server_source source;
};

/* ERR_DENIED: a bind beyond loopback without a password. ERR_MISSING: login on and no password. ERR_VALUE: the hash or a
 * public host is malformed. ERR_IO, ERR_TLS, ERR_MEMORY as http_server_new. Each is logged. The loop and log must outlive it. */
MUST_CHECK enum err server_new(struct server **out, struct loop *l, const struct server_config *config,
                               const struct log *log);
uint16_t server_port(const struct server *s);
/* Stops accepting, says goodbye (1001); on_closed (may be NULL) when the memory is free. No call to the source after this. */
void server_close(struct server *s, void (*on_closed)(void *arg), void *arg);

/* The number of the last delta. The next one is server_seq + 1. */
uint64_t server_seq(const struct server *s);
size_t server_sessions(const struct server *s);
/* One delta to all, encoded once: text is the whole message with that seq, which must be server_seq + 1. Borrowed. */
void server_publish_delta(struct server *s, struct span text, uint64_t seq);
/* A delta with that seq (server_seq + 1) that could not be made: nobody may go on as if nothing had happened, so every session
 * is given a new snapshot, and no earlier seq can be resumed. */
void server_skip_delta(struct server *s, uint64_t seq);
/* One message to the topic's subscribers; text carries server_seq. Nobody subscribed: nothing happens. */
void server_publish_topic(struct server *s, struct span topic, struct span text);

/* The answer of a query. Unknown or expired ids are ignored. Headers of safety and caching are added here. */
void server_answer(struct server *s, uint64_t query_id, int status, const char *content_type, struct span body);
/* {"error":{"code":...,"field":...,"message":...}}; field NULL: none. */
void server_answer_error(struct server *s, uint64_t query_id, int status, const char *field, const char *message);
/* A long answer (CSV). file_name: for "save as"; NULL none. Send a piece, then wait for source.more where something of it is
 * unsent. The piece: false where the browser is gone. unsent: SIZE_MAX where the id is void. */
void server_answer_begin(struct server *s, uint64_t query_id, const char *content_type, const char *file_name);
bool server_answer_piece(struct server *s, uint64_t query_id, struct span piece);
void server_answer_end(struct server *s, uint64_t query_id);
size_t server_answer_unsent(struct server *s, uint64_t query_id);

/* Everything counted, by one table: name, help. Each row is on /metrics as gridscope_server_<name>_total. */
#define SERVER_COUNTERS(X)                                                                                             \
    X(requests, "HTTP requests")                                                                                       \
    X(refused_host, "requests refused for their Host")                                                                 \
    X(refused_origin, "requests refused for their Origin")                                                             \
    X(refused_login, "requests without the login they need")                                                           \
    X(refused_parameters, "requests with malformed parameters")                                                        \
    X(refused_full, "requests refused because a bound was reached")                                                    \
    X(login_successes, "logins")                                                                                       \
    X(login_failures, "wrong passwords")                                                                               \
    X(login_locked, "login attempts refused by the lock")                                                              \
    X(queries, "questions about stored data")                                                                          \
    X(queries_expired, "questions not answered in time")                                                               \
    X(sessions_opened, "browser sessions opened")                                                                      \
    X(sessions_closed_slow, "sessions closed for not reading")                                                         \
    X(sessions_closed_silent, "sessions closed for not answering pings")                                               \
    X(sessions_closed_bad, "sessions closed for bad messages")                                                         \
    X(sessions_closed_login, "sessions closed by the end of their login")                                              \
    X(deltas_published, "deltas")                                                                                      \
    X(topics_published, "topic messages with a subscriber")                                                            \
    X(frames_sent, "WebSocket frames given to sockets")                                                                \
    X(bytes_sent, "bytes of those frames")                                                                             \
    X(snapshots_sent, "snapshots sent to sessions")                                                                    \
    X(snapshots_owed, "times a session fell behind and was owed a snapshot")                                           \
    X(resumes, "sessions continued from held deltas")                                                                  \
    X(resumes_missed, "resumes answered with a snapshot")                                                              \
    X(bad_messages, "messages from browsers that were refused")

#define SERVER_COUNTER_FIELD(name, help) uint64_t name;
struct server_counters {
    SERVER_COUNTERS(SERVER_COUNTER_FIELD)
};
#undef SERVER_COUNTER_FIELD
const struct server_counters *server_counters(const struct server *s);

#endif
