#include "domain/fill.h"

const char *side_name(enum side s) { return s == SIDE_BUY ? "buy" : "sell"; }

const char *fill_source_name(enum fill_source s) {
    static const char *const names[] = {"import", "bot", "stream", "rest"};
    return (unsigned)s < sizeof names / sizeof names[0] ? names[s] : "?";
}

enum err fill_validate(const struct fill *f, const char **field) {
    const char *wrong = f->trade_id < 0                   ? "trade_id"
                        : dec8_sign(f->price) <= 0        ? "price"
                        : dec8_sign(f->quantity) <= 0     ? "quantity"
                        : dec16_sign(f->quote_amount) < 0 ? "quote_amount"
                        : dec16_sign(f->fee) < 0          ? "fee"
                                                          : NULL;
    if (wrong == NULL) return ERR_OK;
    *field = wrong;
    return ERR_VALUE;
}
