/* limits.h: every bound of the program, each with its reason. Units are in the names. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
    /* what upstreams send (PRODUCT 6) */
    LIMIT_WS_MESSAGE_BYTES = 1 << 20, /* the largest documented frame (all miniTickers) is under 300 kB */
    LIMIT_HTTP_BODY_BYTES = 16 << 20, /* exchangeInfo of all symbols is about 5 MB */
    LIMIT_JSON_DEPTH = 64,            /* no documented payload nests deeper than 7 */
    LIMIT_HTTP_HEAD_BYTES = 16 << 10, /* common servers allow 8 kB; cookies and proxies double it */

    /* what browsers send */
    LIMIT_BROWSER_MESSAGE_BYTES = 4 << 10, /* subscribe and resume are under 1 kB */
    LIMIT_BROWSER_BODY_BYTES = 16 << 10,   /* the login form is the only body */
    LIMIT_BROWSER_HEAD_SECONDS = 10,       /* a slow head holds a descriptor: longer is an attack or a dead peer */
    LIMIT_SESSIONS = 12000,                /* DESIGN 5 measures 10,000 browsers; some room for pages being loaded */
    LIMIT_SESSION_SOFT_BYTES = 256 << 10,  /* above it no deltas, one snapshot is owed: about 100 kB at 200 pairs */
    LIMIT_SESSION_HARD_BYTES = 4 << 20,    /* above it the browser is closed: 40 snapshots behind is not reading */
    LIMIT_SESSION_STALL_SECONDS = 10,      /* no byte taken for so long: closed */
    LIMIT_SESSION_PING_SECONDS = 20,
    LIMIT_SESSION_PONG_SECONDS = 60,
    LIMIT_CONN_UNSENT_BYTES = 32 << 20, /* a server's connection is dropped beyond: twice the largest body */
    LIMIT_RESUME_RING_FRAMES = 1024,    /* about 30 s of deltas at 30 a second: a page reload or a lost Wi-Fi */
    LIMIT_RESUME_RING_BYTES = 4 << 20,  /* and never more than this */

    LIMIT_SESSION_CLOSE_SECONDS = 2,  /* from our close frame to the cut: a peer that reads answers in one round trip */
    LIMIT_SESSION_FIRST_WORD_MS = 50, /* how long the first snapshot waits for a resume; a person does not see it */
    LIMIT_SESSION_BAD_MESSAGES = 5,   /* answered with an error each; one more is not a mistake: closed */
    LIMIT_SESSION_MESSAGES_SECOND = 50, /* a page sends a few when a view opens; more is a loop gone wrong: closed */
    LIMIT_SESSION_TOPICS = 32,          /* a page shows one pair in depth; tiled charts of 10 pairs need 30 */
    LIMIT_TOPICS = 4096,                /* of all browsers: orders and a few candle intervals of LIMIT_PAIRS pairs */
    LIMIT_TOPIC_BYTES = 64,             /* "candles:" + symbol (31) + ":" + interval (3), with room */
    LIMIT_QUERIES_WAITING = 256,        /* questions to the store at a time; more are answered 503 */
    LIMIT_QUERY_SECONDS = 30,           /* longer than any read of 10^7 fills on a slow board; then 504 */
    LIMIT_PIECE_SECONDS = 20,           /* for a browser to take a piece of a download: 40 kB at 2 kB a second */
    LIMIT_DOWNLOADS = 16,               /* questions about the history under way: each is a browser waiting */
    LIMIT_DOWNLOADS_CSV = 8, /* of them as long as their readers like: the page's own questions keep the rest */
    LIMIT_QUERY_ROWS = 1000, /* rows of one page of trades or candles: under 300 kB */
    LIMIT_CONNECTIONS = LIMIT_SESSIONS + 500, /* room for pages and questions beside the live feeds */
    LIMIT_METRICS_BYTES = 4 << 20,            /* 30 rows of 100 bytes for each of LIMIT_PAIRS is 1.5 MB */
    LIMIT_HTTP_IDLE_SECONDS = 75,             /* keep-alive between requests: a little over the usual proxy's 60 s */

    /* login (issue: 5 failures lock for 15 minutes) */
    LIMIT_LOGIN_FAILURES = 5,       /* of one address */
    LIMIT_LOGIN_FAILURES_ALL = 100, /* of all addresses that never logged in, in one lock time */
    LIMIT_LOGIN_LOCK_SECONDS = 15 * 60,
    LIMIT_LOGIN_ADDRESSES = 1024, /* remembered at a time; 40 kB, only with login on */
    LIMIT_LOGIN_GRANTS = 256,     /* browsers logged in at a time; the oldest gives way */
    LIMIT_LOGIN_WAITING = 8,      /* password checks queued: each takes 19 MiB and about 30 ms, one at a time */
    LIMIT_PASSWORD_BYTES = 1024,

    /* the program's own queues */
    LIMIT_PAIRS = 512,             /* 1,024 streams a connection, two for each pair (ticker and fee candles) */
    LIMIT_FILLS_SHOWN = 500,       /* PRODUCT 2: the window for display */
    LIMIT_PENDING_FILLS = 100000,  /* fills between decode and commit; 5,000 pages of the bot's answer */
    LIMIT_EFFECTS = 4096,          /* of one turn; the engine asks for a few per event */
    LIMIT_BALANCES = 1024,         /* assets an account holds: Binance lists about 700 */
    LIMIT_GAPS_SHOWN = 50,         /* the gap ledger on the page: a month of nightly reconnects */
    LIMIT_LEDGER_SLICE_US = 5000,  /* ACCOUNTING 2: a recomputation yields to the loop after 5 ms */
    LIMIT_CHECKPOINT_FILLS = 4096, /* ACCOUNTING 2: distance of the ledger's checkpoints */

    /* the store */
    LIMIT_STORE_OPS = 4096,         /* requests waiting for the disk; the effects of one turn fit */
    LIMIT_STORE_GROUP_FILLS = 4096, /* fills of one transaction: about 20 ms of work beside its fsync */
    LIMIT_STORE_LOAD_FILLS = 4096,  /* fills handed to the loop at once: about 1 MB, under 1 ms to copy */
    LIMIT_STORE_NAMES = 1 << 16,    /* accounts, series, fee assets each: 512 pairs on 100 accounts */
    LIMIT_STORE_METAS = 4096,       /* keys of one answer: a few for each of 512 pairs */
    LIMIT_STORE_CANDLES = 1500,     /* candles of one answer: a chart is 1,000 wide at most, Binance's page as well */
    LIMIT_STORE_CANDLES_SERIES = 100000, /* kept of one chart: ten weeks of minutes, eleven years of hours; 5 MB */
    LIMIT_STORE_CANDLES_ALL = 1000000,   /* of all charts: a thousand full screens, 50 MB; all can be fetched again */
    LIMIT_STORE_MARKETS = 20000,         /* Binance lists about 3,500; the engine's own bound */
    LIMIT_STORE_EQUITY_POINTS = 4096,    /* points of one answer: three days of minutes, half a year of hours */
    LIMIT_STORE_ANSWER_BYTES = 8 << 20,  /* marks of one answer: over it the answer ends earlier, the asker goes on */
    LIMIT_STORE_BLOB_BYTES = 64 << 10,   /* marks and rates of 512 symbols, 100 bytes each, with room */
};

#endif
