// sdk.mjs: the npm package `binance`, by other authors. It takes plain http: and ws: addresses. Its beautifier warns of fields it
// does not know, and its logger tells what it finds wrong: both are collected.
import { MainClient, WebsocketAPIClient, WebsocketClient } from 'binance';

import { KEY, SECRET, Sim, check, keys, refusal, same, test, typed, until } from './harness.mjs';

/** These types lag behind Binance's documents: a field they do not have is no fault, a wrong or missing one is. */
const of = (type, value) => typed('binance', type, value, true);
const RECONNECT_MS = 100;
const grumbles = [];
/** What is said about a reconnect is no complaint about the exchange. */
const expected = /reconnect|resubscrib|closed|Signing WS API|sign method/i;
const logger = {
  trace: () => {},
  info: () => {},
  error: (...said) => {
    const text = JSON.stringify(said);
    if (!expected.test(text)) grumbles.push(text.slice(0, 500));
  },
};
let sim;

const rest = (more = {}) => new MainClient({ api_key: KEY, api_secret: SECRET, baseUrl: sim.at.rest_url, disableTimeSync: true, ...more });

function streams(more = {}) {
  const client = new WebsocketClient({ wsUrl: sim.at.stream_url, beautify: true, beautifyWarnIfMissing: true, reconnectTimeout: RECONNECT_MS, ...more }, logger);
  const events = [];
  client.on('formattedMessage', (e) => events.push(e));
  client.on('exception', (e) => grumbles.push(JSON.stringify(e).slice(0, 500)));
  return { client, events };
}

test('binance: starts a simulator', async () => {
  sim = await Sim.start('--symbols', 'BTC/USDT,BNB/USDT', '--history', 1100, '--ticker-ms', 100, '--tick-ms', 50);
});

test('binance: REST, public answers', async () => {
  const api = rest();
  check(Math.abs((await api.get('api/v3/time')).serverTime - Date.now()) < 60000, 'the time');
  const info = await api.getExchangeInfo({ symbol: 'BTCUSDT' });
  of('ExchangeInfo', info);
  same(info.symbols[0].symbol, 'BTCUSDT', 'symbol');
  const klines = await api.getKlines({ symbol: 'BTCUSDT', interval: '1m', limit: 10 });
  of('Array<Kline>', klines);
  same(klines.length, 10, 'candles');
  of('OrderBookResponse', await api.getOrderBook({ symbol: 'BTCUSDT', limit: 5 }));
  of('CurrentAvgPrice', await api.getAvgPrice({ symbol: 'BTCUSDT' }));
  of('DailyChangeStatistic', await api.get24hrChangeStatistics({ symbol: 'BTCUSDT' }));
  of('SymbolPrice', await api.getSymbolPriceTicker({ symbol: 'BTCUSDT' }));
  of('SymbolOrderBookTicker', await api.getSymbolOrderBookTicker({ symbol: 'BTCUSDT' }));
});

test('binance: REST, the account with an HMAC and with an Ed25519 key', async () => {
  for (const api_secret of [SECRET, keys.ed25519]) {
    const api = rest({ api_secret });
    const account = await api.getAccountInformation();
    of('AccountInformation', { ...account, accoountType: account.accountType }); // (sic)
    const open = await api.getOpenOrders({ symbol: 'BTCUSDT' });
    of('Array<SpotOrder>', open);
    check(open.length > 0, 'no open orders');
    of('Array<SpotOrder>', await api.getAllOrders({ symbol: 'BTCUSDT', limit: 20 }));
  }
});

test('binance: REST, every trade of the account by pages', () => sim.paused(async () => {
  const api = rest();
  const wanted = await sim.ask('trades?symbol=BNBUSDT');
  const all = [];
  for (let from = 0; ;) {
    const page = await api.getAccountTradeList({ symbol: 'BNBUSDT', fromId: from, limit: 300 });
    all.push(...page);
    if (page.length < 300) break;
    from = page.at(-1).id + 1;
  }
  of('Array<RawAccountTrade>', all);
  check(all.length >= 1000, `only ${all.length} trades`);
  same(all.map((t) => [t.id, Number(t.qty), t.isBuyer]), wanted.map((t) => [t.id, Number(t.quantity), t.side === 'buy']), 'trades');
}));

test('binance: REST, refusals have their code', async () => {
  same((await refusal(rest().getKlines({ symbol: 'NOSUCH', interval: '1m' }))).code, -1121, 'unknown symbol');
  same((await refusal(rest({ api_secret: 'other' }).getAccountInformation())).code, -1022, 'wrong secret');
  same((await refusal(rest({ api_key: 'nobody' }).getAccountInformation())).code, -2015, 'unknown key');
  await sim.ask('fault', { skew_ms: -20000 });
  same((await refusal(rest().getAccountInformation())).code, -1021, 'a clock that is off');
  await sim.ask('fault', { skew_ms: 0 });
});

test('binance: market streams, formatted', async () => {
  const { client, events } = streams();
  await client.subscribe(['btcusdt@ticker', 'btcusdt@miniTicker', 'btcusdt@kline_1m', 'btcusdt@trade', 'btcusdt@aggTrade', 'btcusdt@bookTicker'], 'main');
  const wanted = { '24hrTicker': 'WsMessage24hrTickerFormatted', '24hrMiniTicker': 'WsMessage24hrMiniTickerFormatted', kline: 'WsMessageKlineFormatted', trade: 'WsMessageTradeFormatted',
    aggTrade: 'WsMessageAggTradeFormatted', bookTicker: 'WsMessageBookTickerEventFormatted' };
  const gone = { trade: "'buyerOrderId' | 'sellerOrderId'", bookTicker: "'eventTime' | 'transactionTime'" }; // Binance sends them no more, or never did for spot
  for (const [event, type] of Object.entries(wanted)) {
    const found = await until(() => events.find((e) => e.eventType === event), `${event} (have ${[...new Set(events.map((e) => e.eventType))]})`);
    same(found.symbol ?? found.kline?.symbol, 'BTCUSDT', `symbol of ${event}`);
    for (const [field, value] of Object.entries(found)) check(!Number.isNaN(value), `${event} ${field} is no number`);
    of(gone[event] ? `Omit<${type}, ${gone[event]}>` : type, found);
  }
  await client.closeAll();
});

test('binance: market streams come back and are subscribed again', async () => {
  const { client, events } = streams();
  let again = 0;
  client.on('reconnected', () => { again += 1; });
  await client.subscribe(['bnbusdt@ticker', 'btcusdt@kline_1m'], 'main');
  for (let drop = 1; drop <= 2; drop += 1) {
    await until(() => ['24hrTicker', 'kline'].every((kind) => events.some((e) => e.eventType === kind)), 'ticker and candle');
    await sim.ask('drop', drop === 1 ? { what: 'market' } : { what: 'market', code: 1001, reason: 'going away' });
    await until(() => again === drop, 'connected again');
    events.length = 0;
  }
  await until(() => events.length > 0, 'events again');
  await client.closeAll();
});

test('binance: user data over the WebSocket API, by signature and by logon, and again after a cut', async () => {
  for (const api_secret of [SECRET, keys.ed25519]) {
    const client = new WebsocketAPIClient({ api_key: KEY, api_secret, wsUrl: sim.at.stream_url, beautify: true, beautifyWarnIfMissing: true, reconnectTimeout: RECONNECT_MS,
      resubscribeUserDataStreamDelaySeconds: 0.1, attachEventListeners: false, muteLatencyWarning: true }, logger);
    const events = [];
    client.getWSClient().on('formattedUserDataMessage', (e) => events.push(e));
    client.getWSClient().on('exception', (e) => grumbles.push(JSON.stringify(e).slice(0, 500)));
    of('WSAPIServerTime', (await client.getSpotServerTime()).result);
    of('WSAPIAccountInformation', (await client.getSpotAccountInformation({ timestamp: Date.now() })).result);
    await client.subscribeUserDataStream('mainWSAPI');
    for (let round = 0; round < 2; round += 1) {
      check((await sim.trade()).fills > 0, 'no fill');
      const report = await until(() => events.find((e) => e.eventType === 'executionReport' && e.executionType === 'TRADE'), 'the fill');
      const position = await until(() => events.find((e) => e.eventType === 'outboundAccountPosition'), 'the balances');
      same([report.symbol, report.side, report.orderType], ['BTCUSDT', 'BUY', 'MARKET'], 'the order');
      check(report.lastTradeQuantity > 0 && report.lastTradePrice > 0 && report.tradeId >= 0, JSON.stringify(report));
      of("Omit<WsMessageSpotUserDataExecutionReportEventFormatted, 'streamName'>", report);
      of("Omit<WsMessageSpotOutboundAccountPositionFormatted, 'streamName' | 'lastAccountUpdateTime'>", position);
      if (round > 0) break;
      await sim.ask('drop', { what: 'user' });
      await until(async () => (await sim.ask('stats')).connections.user_subscriptions === 0, 'the subscription ended');
      await until(async () => (await sim.ask('stats')).connections.user_subscriptions === 1, 'subscribed again');
      events.length = 0;
    }
    await client.disconnectAll();
    await until(async () => (await sim.ask('stats')).connections.user_subscriptions === 0, 'gone');
  }
});

test('binance: has nothing to complain of', () => same(grumbles, [], 'complaints'));

test('binance: its simulator ends cleanly', () => sim.close());
