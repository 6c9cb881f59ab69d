// market.mjs: made-up but steady figures for page tests. Whole numbers of hundredths inside, decimal text outside; a seeded
// generator, so that the same page comes out twice.

export function generator(seed) {
  let state = Math.imul(seed >>> 0, 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

export function fixed(n, digits = 2) {
  return n.toFixed(digits);
}

const KNOWN = [
  ['BTC', 'USDT', 64010.5, 2, 5], ['ETH', 'USDT', 3175.79, 2, 4], ['BNB', 'USDT', 601.25, 2, 3], ['SOL', 'USDT', 171.42, 2, 3],
  ['XRP', 'USDT', 0.6125, 4, 1], ['DOGE', 'USDT', 0.16234, 5, 0], ['SHIB', 'USDT', 0.00002315, 8, 0], ['LTC', 'USDT', 84.31, 2, 3],
];

function names(count) {
  const rows = KNOWN.slice(0, count);
  for (let i = rows.length; i < count; i++) rows.push([`T${String(i).padStart(3, '0')}`, 'USDT', 1 + i * 3.37, 4, 2]);
  return rows;
}

function pairOf([base, quote, price, digits, step], random, iso) {
  const held = Math.max(10 ** -step, (250 + random() * 400) / price);
  const average = price * (0.97 + random() * 0.05);
  const realized = random() * 320 - 60;
  const gap = price * (0.004 + random() * 0.006);
  return {
    symbol: `${base}/${quote}`, exchange_symbol: base + quote, base, quote,
    price: fixed(price, 8), price_at: iso, price_source: 'stream',
    holdings: fixed(held, step), average_cost: fixed(average, 8), cost_basis: fixed(average * held, 8),
    realized: fixed(realized, 5), unrealized: fixed((price - average) * held, 5), total: fixed(realized + (price - average) * held, 5),
    today: fixed(random() * 12 - 4, 4),
    fees: { BNB: '0.00241' }, fees_quote: '1.44571', unvalued_fees: {},
    fills: 311, buys: 160, sells: 151, cycles: 148, unmatched_quantity: '0', open_orders: 8 + Math.floor(random() * 12),
    next_buy: fixed(price - gap, digits), next_sell: fixed(price + gap, digits),
    grid: { lower: fixed(price * 0.94, digits), upper: fixed(price * 1.06, digits), levels: 20, investment: '1000', spacing: null, source: 'bot' },
    active: true, price_stale: false, tick_size: fixed(10 ** -digits, 8), step_size: fixed(10 ** -step, 8),
    history: { state: 'complete', from: '2026-08-01T08:12:44.120000Z', fills_loaded: 311 }, assumed_fees: 0, recomputing: false,
  };
}

const breaker = () => ({ state: 'closed', consecutive_failures: 0, fail_max: 5, next_trial_at: null, last_error: null });

const stream = (iso) => ({
  state: 'live', since: iso, last_message_at: iso, attempt: 0, next_attempt_at: null, reconnects: 1, messages: 91823,
  rejected_messages: 0, latency_ms: 41, reason: null, fallback: null,
});

export function snapshotOf({ pairs, seed }) {
  const random = generator(seed);
  const iso = new Date().toISOString();
  const rows = names(pairs).map((name) => pairOf(name, random, iso));
  const sum = (key) => rows.reduce((all, row) => all + Number(row[key]), 0);
  return {
    type: 'snapshot', seq: 1000, server_time: iso, version: '0.1.0', mode: 'streaming', status: 'connected', status_reason: null,
    last_update: iso,
    bot: { health: 'healthy', message: null, uptime_seconds: 86412, name: 'CryptoTrader', last_ok: iso, breaker: breaker(), unavailable: ['grid', 'config'], latency_ms: 4 },
    exchange: { breaker: breaker(), weight_used_1m: 42, weight_limit_1m: 6000, throttled: false, banned_until: null, clock_offset_ms: -3, latency_ms: 38, on_demand_requests: 3 },
    streams: { market: stream(iso), user: stream(iso) },
    pnl: {
      currency: 'USDT', realized: fixed(sum('realized'), 5), unrealized: fixed(sum('unrealized'), 5),
      total: fixed(Number(fixed(sum('realized'), 5)) + Number(fixed(sum('unrealized'), 5)), 5), total_percent: '7.76', fees: '41.1200',
      partial: false, left_out: [], unmatched: [], method: 'fifo', drift: '0', history: { state: 'complete', from: '2026-08-01T08:12:44.120000Z', fills_loaded: 2400 },
    },
    windows: {
      '1h': { pnl: '3.10', percent: '0.03', basis: 'equity' }, '24h': { pnl: '41.92', percent: '0.42', basis: 'equity' },
      '7d': { pnl: '-21.07', percent: '-0.21', basis: 'equity' }, '30d': { pnl: '776.24', percent: '7.76', basis: 'realized' },
    },
    pairs: rows,
    trades_cached: 200, duplicates_dropped: 0,
    gaps: [{ feed: 'user', from: '2026-11-20T09:30:00.000000Z', to: '2026-11-20T09:30:07.400000Z', cause: 'connection closed by peer (1006)', recovered_fills: 1 }],
    store: { durable: true, error: null }, investment: { amount: '10000', source: 'setting' },
  };
}

const STEPS = { '1m': 60, '5m': 300, '15m': 900, '1h': 3600, '4h': 14400, '1d': 86400, '1w': 604800 };

export function candlesOf(pair, interval, limit, before) {
  const step = (STEPS[interval] ?? 3600) * 1000;
  const last = Math.floor((before ?? Date.now()) / step) * step - (before ? step : 0);
  const digits = Math.max(2, pair.tick_size.replace(/0+$/, '').split('.')[1]?.length ?? 2);
  const centre = Number(pair.price);
  const rows = [];
  for (let i = limit - 1; i >= 0; i--) {
    const time = last - i * step;
    const at = (t) => centre * (1 + 0.014 * Math.sin(t / step / 17) + 0.006 * Math.sin(t / step / 5.3) + 0.0022 * Math.sin(t / step * 1.9));
    const now = i === 0 && !before ? Number(pair.price) : at(time + step);
    const open = at(time);
    const spread = centre * 0.002 * (0.4 + generator(time / step)());
    rows.push({
      time: new Date(time).toISOString(), open: fixed(open, digits), close: fixed(now, digits), high: fixed(Math.max(open, now) + spread, digits),
      low: fixed(Math.min(open, now) - spread, digits), volume: fixed(10 + 40 * generator(time / step + 7)(), 3), closed: i > 0 || Boolean(before),
    });
  }
  return rows;
}

export function tradesOf(snapshot, count) {
  const random = generator(77);
  const rows = [];
  for (let i = 0; i < count; i++) {
    const pair = snapshot.pairs[i % snapshot.pairs.length];
    const digits = Math.max(2, pair.tick_size.replace(/0+$/, '').split('.')[1]?.length ?? 2);
    const side = random() < 0.52 ? 'buy' : 'sell';
    const price = Number(pair.price) * (0.965 + random() * 0.05);
    const quantity = Number(pair.holdings) / 9;
    const time = new Date(Date.now() - i * 2_340_000 - 60_000).toISOString();
    rows.push({
      time, symbol: pair.symbol, trade_id: String(900000 - i), order_id: String(500000 - i), side, price: fixed(price, digits), quantity: fixed(quantity, 5),
      quote_amount: fixed(price * quantity, 8), fee: fixed(0.00031 + random() * 0.0004, 8), fee_asset: 'BNB', maker: random() < 0.9, source: i % 7 ? 'stream' : 'rest',
      realized: side === 'sell' ? fixed(random() * 3 - 0.4, 6) : null, closes: side === 'sell' ? { first: String(900000 - i - 16), last: String(900000 - i - 8) } : null, fee_value: '0.31', fee_assumed: i % 9 === 4, received_at: time,
    });
  }
  return rows;
}

export function ordersOf(pair) {
  const digits = Math.max(2, pair.tick_size.replace(/0+$/, '').split('.')[1]?.length ?? 2);
  const rows = [];
  const levels = [];
  const [lower, upper, count] = [Number(pair.grid.lower), Number(pair.grid.upper), pair.grid.levels];
  for (let i = 0; i <= count; i++) {
    const price = fixed(lower + ((upper - lower) * i) / count, digits);
    const side = Number(price) < Number(pair.next_buy) + 1e-9 ? 'buy' : 'sell';
    const between = Number(price) > Number(pair.next_buy) && Number(price) < Number(pair.next_sell);
    const state = between ? 'filled' : i === 8 ? 'missing' : `open_${side}`;
    levels.push({ price, state, fills: between ? 6 : i % 4, profit: between ? '4.1203' : fixed(i * 0.31, 4), reason: state === 'missing' ? 'no buy order here; the bot does not say why' : null, last_fill: i % 4 ? new Date(Date.now() - i * 3_600_000).toISOString() : null });
    if (!state.startsWith('open')) continue;
    rows.push({
      time: new Date(Date.now() - i * 7_200_000).toISOString(), order_id: String(48010233000 + i), symbol: pair.symbol, side, type: 'limit', price,
      quantity: fixed(Number(pair.holdings) / 9, 5), filled: '0',
    });
  }
  return { rows, known: true, levels };
}

export function equityOf(asked) {
  const days = Math.min(asked ?? 120, 120);
  const count = 240;
  const points = [];
  for (let i = 0; i < count; i++) {
    const time = Date.now() - ((count - 1 - i) / count) * days * 86_400_000;
    const x = (120 * 86_400_000 - (Date.now() - time)) / (120 * 86_400_000);
    points.push({ time: new Date(time).toISOString(), total: fixed(776 * x + 60 * Math.sin(x * 40) * x + 14 * Math.sin(x * 173), 4), realized: fixed(812 * x, 4) });
  }
  return { currency: 'USDT', investment: '10000', points };
}

function periodsOf(step, count) {
  const rows = [];
  const now = Math.floor(Date.now() / step) * step;
  for (let i = count - 1; i >= 0; i--) {
    const r = generator(i * 13 + count)();
    rows.push({ start: new Date(now - i * step).toISOString(), pnl: fixed(r * 16 - 5, 4), realized: fixed(r * 9, 4), fees: fixed(r * 0.8, 4), cycles: Math.floor(r * 14), fills: Math.floor(r * 30) });
  }
  return rows;
}

const SENTENCES = {
  fifo: 'FIFO: a sale sells the coins bought first; the total is the same in all methods.', lifo: 'LIFO: a sale sells the coins bought last; the total is the same.',
  average: 'Average: a sale sells at the average cost; the total is the same.', grid: 'Grid pairs: a sale sells the coins bought one level below; the total is the same.',
};

export function performanceOf(snapshot, method = 'fifo') {
  const moved = { fifo: 0, lifo: 12.5, average: 4.25, grid: 20 }[method];
  return {
    method, method_sentence: SENTENCES[method], currency: 'USDT', since: '2026-08-01T08:12:44.120000Z', days_running: '111.08', investment: { amount: '10000', source: 'setting' }, partial: false,
    realized: fixed(Number(snapshot.pnl.realized) + moved, 5), unrealized: fixed(Number(snapshot.pnl.unrealized) - moved, 5), total: snapshot.pnl.total,
    average_win: '1.84823', average_loss: '2.71813', expectancy: '1.67090', exposure: { value: '3271.40', cost_basis: '3298.02', percent: '32.714' },
    holding: { value: '10412.30', equity: '10776.24', difference: '363.94', percent: '3.6394' },
    grid_profit: '688.4120', cycles: 412, wins: 396, losses: 16, win_rate: '96.11650485', gross_profit: '731.9021', gross_loss: '43.4901', profit_factor: '16.82916857', no_losses: false,
    apr: { grid: '22.62', total: '25.51' }, fees: '41.1200', fees_share: '5.61823', fills: 811,
    drawdown: [{ days: 7, since: new Date(Date.now() - 7 * 86_400_000).toISOString(), amount: '31.20', percent: '0.29' }, { days: 30, amount: '84.11', percent: '0.78' }, { days: 180, since: new Date(Date.now() - 50 * 86_400_000).toISOString(), amount: '112.08', percent: '1.08' }, { days: null, amount: '112.08', percent: '1.08' }],
    fees_by_asset: { BNB: { amount: '0.06412', value: '38.4120' }, USDT: { amount: '2.7080', value: '2.7080' } },
    pairs: snapshot.pairs.map((pair, i) => ({
      symbol: pair.symbol, currency: pair.quote, realized: pair.realized, unrealized: pair.unrealized, total: pair.total, grid_profit: fixed(80 + i * 7.13, 4), cycles: 40 + i, wins: 39 + i, losses: 1,
      win_rate: '97.5', fees: fixed(3 + i * 0.7, 4),
    })),
    steps: snapshot.pairs.map((pair, i) => ({ symbol: pair.symbol, step: i === 3 ? '0.14' : '0.60', minimum: '0.15011', below: i === 3 })),
    periods: { hour: periodsOf(3_600_000, 48), day: periodsOf(86_400_000, 112), week: periodsOf(604_800_000, 16), month: periodsOf(2_592_000_000, 4) },
  };
}

export function proofOf(snapshot) {
  const sum = (row) => ({ state: 'exact', reasons: [], drift: '0', realized: row.realized, unrealized: row.unrealized, total: row.total, worth: row.total });
  return {
    time: snapshot.server_time, currency: 'USDT', ...sum(snapshot.pnl), sentence: 'Realized and unrealized P&L equal cash flows plus holdings at the mark price, to the last digit.',
    cash: { in: '88412.10', out: '90870.33', fees_quote: '2.71', fees_other: '38.41', fees_outside: '0', net: '-2499.35' }, holdings_value: '3271.40',
    history: snapshot.pnl.history, pairs: snapshot.pairs.map((pair) => ({ symbol: pair.symbol, currency: pair.quote, ...sum(pair), fills: pair.fills })),
    balances: {
      known: true, reason: null, sentence: 'What the fills moved, against the balances.', read_at: snapshot.server_time, differences: 1,
      assets: [
        { asset: 'BTC', role: 'base', moved: '0.0184', balance: '0.5184', difference: '0.5', at: snapshot.server_time, source: 'account', note: 'more than the fills brought: deposits, or trades outside the watched pairs' },
        { asset: 'USDT', role: 'quote', moved: '-2499.35', balance: '7500.65', difference: '10000', at: snapshot.server_time, source: 'account', note: 'the money that was brought in, less what was taken out' },
      ],
    },
  };
}

export function provenanceOf(snapshot) {
  const realized = (symbol) => ({ at: soonBefore(95), source: 'stream', fill: { symbol, trade_id: '899999', time: soonBefore(100), received_at: soonBefore(99), source: 'stream' } });
  return {
    time: snapshot.server_time, realized: realized('BTC/USDT'), unrealized: { at: soonBefore(2), oldest_at: soonBefore(40), sources: ['stream'] },
    windows: { since: soonBefore(86_400), last_point_at: soonBefore(30) }, balances: { read_at: soonBefore(60), updated_at: soonBefore(60) },
    exchange_info: { known: true, clock_offset_ms: -3 }, rates: [],
    pairs: snapshot.pairs.map(({ symbol }) => ({
      symbol, realized: realized(symbol), price: { at: soonBefore(2), source: 'stream', stale: false }, trades_read_at: soonBefore(60), orders: { read_at: soonBefore(200), known: true },
    })),
  };
}

const soonBefore = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

export function configOf() {
  return {
    strategies: [
      { name: 'grid_BTC_USDT', symbol: 'BTC/USDT', config: { type: 'grid', lower_price: '60000', upper_price: '68000', num_grids: 20, total_investment: '1000' } },
      { name: 'grid_ETH_USDT', symbol: 'ETH/USDT', config: { type: 'grid', lower_price: '2900', upper_price: '3400', num_grids: 10, total_investment: '500' } },
    ],
    settings: {
      DASHBOARD_API_BASE_URL: 'http://localhost:8080', EXCHANGE__API_KEY: 'set', GRIDSCOPE_CURRENCY_SIGN: null, GRIDSCOPE_SOURCE: 'bot', GRIDSCOPE_INVESTMENT: '10000', GRIDSCOPE_BREAKER_FAIL_MAX: 5,
    },
  };
}
