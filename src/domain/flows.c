#include "domain/flows.h"

static void put(struct flows *s, i128 *sum, i128 v, int sign) {
    if (dec_sum(sum, *sum, sign * v) != ERR_OK) s->over = true;
}

static void put_asset(struct flows *s, const struct fill *f, int sign) {
    size_t i = 0;
    while (i < s->asset_count && !name_eq(&s->assets[i].asset, &f->fee_asset)) i++;
    if (i == FLOWS_ASSETS_MAX) {
        s->assets_over = true;
        return;
    }
    if (i == s->asset_count) s->assets[s->asset_count++] = (struct flows_fee){.asset = f->fee_asset};
    put(s, &s->assets[i].amount.v, f->fee.v, sign);
}

static void put_fee(struct flows *s, const struct fill *f, int sign, const struct name *base) {
    switch (f->fee_state) {
    case FEE_NONE: break;
    case FEE_OWN:
        if (name_eq(&f->fee_asset, base)) put(s, &s->coins_fees.v, dec8_of_dec16(f->fee).v, sign);
        else put(s, &s->fees_quote.v, f->fee.v, sign);
        break;
    case FEE_ASSUMED:
        put(s, &s->fees_quote.v, f->fee.v, sign);
        s->assumed += (uint64_t)(int64_t)sign;
        break;
    case FEE_UNVALUED:
        put_asset(s, f, sign);
        s->unvalued += (uint64_t)(int64_t)sign;
        break;
    case FEE_VALUED:
        put_asset(s, f, sign);
        put(s, &s->fees_other.v, f->fee_value.v, sign);
        break;
    }
}

void flows_put(struct flows *s, const struct fill *f, int sign, const struct name *base, struct wall since) {
    uint64_t one = (uint64_t)(int64_t)sign;
    bool sell = f->side == SIDE_SELL;
    s->fills += one;
    s->before_since += f->time.us < since.us ? one : 0;
    s->by_source[f->source] += one;
    put(s, sell ? &s->sold.v : &s->bought.v, f->quote_amount.v, sign);
    put(s, sell ? &s->coins_sold.v : &s->coins_bought.v, f->quantity.v, sign);
    put_fee(s, f, sign, base);
}
