// official.mjs: Binance's own connector, @binance/spot. It is made for TLS, so it gets TLS: the simulator's certificate is the
// only authority that its agent trusts.
import https from 'node:https';

import { Spot, BadRequestError, UnauthorizedError, TooManyRequestsError, NotFoundError, ServerError } from '@binance/spot';

import { KEY, SECRET, Sim, check, keys, refusal, same, test, typed, until } from './harness.mjs';

const rest = (type, value) => typed('@binance/spot', `SpotRestAPI.${type}`, value);
const wsApi = (type, value) => typed('@binance/spot', `SpotWebsocketAPI.${type}`, value);
const stream = (type, value) => typed('@binance/spot', `SpotWebsocketStreams.${type}`, value);
/** The connector's type of `N` forgets what Binance documents: null where there was no commission. */
const event = (e) => wsApi('UserDataStreamEventsResponse', e.N === null ? { ...e, N: undefined } : e);
const RECONNECT = 100;
let sim, answered;
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
const leaving = [];
const leave = (connection) => leaving.push(connection.disconnect()); // takes it a second
const agent = () => new https.Agent({ ca: keys.ca, keepAlive: false });

function client(more = {}) {
  const account = more.ed25519 ? { apiKey: KEY, privateKey: keys.ed25519 } : { apiKey: KEY, apiSecret: SECRET };
  return new Spot({
    configurationRestAPI: { ...account, basePath: sim.at.rest_url, httpsAgent: agent(), timeout: 10000, retries: 0, ...more.rest },
    configurationWebsocketAPI: { ...account, wsURL: sim.at.ws_api_url, agent: agent(), timeout: 10000, reconnectDelay: RECONNECT },
    configurationWebsocketStreams: { wsURL: sim.at.stream_url, agent: agent(), reconnectDelay: RECONNECT, ...more.streams },
  });
}

async function ask(promise) {
  const answer = await promise;
  same(answer.status, 200, 'status');
  return answer.data();
}

test('official: starts a simulator that speaks TLS', async () => {
  sim = await Sim.start('--tls-cert', keys.cert, '--tls-key', keys.key, '--symbols', 'BTC/USDT,BNB/USDT', '--history', 1100, '--ticker-ms', 100, '--tick-ms', 50);
  answered = answersPings();
  answered.catch(() => {}); // looked at in the end
  check(sim.at.rest_url.startsWith('https:') && sim.at.stream_url.startsWith('wss:'), `no TLS: ${JSON.stringify(sim.at)}`);
});

/** An exchange that pings each second and hangs up on who has not answered after one more; runs beside the other tests. */
async function answersPings() {
  const short = await Sim.start('--tls-cert', keys.cert, '--tls-key', keys.key, '--symbols', 'BTC/USDT', '--history', 5, '--ping', 1, '--pong', 1);
  const connection = await new Spot({ configurationWebsocketStreams: { wsURL: short.at.stream_url, agent: agent() } }).websocketStreams.connect();
  let pings = 0, closed = 0;
  connection.on('ping', () => { pings += 1; });
  connection.on('close', () => { closed += 1; });
  await until(() => pings >= 4, 'four pings');
  same(closed, 0, 'connections closed');
  await connection.disconnect();
  await short.close();
}

test('official: REST, public answers', async () => {
  const { restAPI: api } = client();
  rest('TimeResponse', await ask(api.time()));
  const info = await ask(api.exchangeInfo({ symbols: ['BTCUSDT', 'BNBUSDT'] }));
  rest('ExchangeInfoResponse', info);
  same(info.symbols.map((s) => s.symbol).sort(), ['BNBUSDT', 'BTCUSDT'], 'symbols');
  const klines = await ask(api.klines({ symbol: 'BTCUSDT', interval: '1m', limit: 20 }));
  rest('KlinesResponse', klines);
  check(klines.length === 20 && klines.every((k) => k.length === 12), 'candles');
  rest('DepthResponse', await ask(api.depth({ symbol: 'BTCUSDT', limit: 5 })));
  rest('AvgPriceResponse', await ask(api.avgPrice({ symbol: 'BTCUSDT' })));
  rest('TickerPriceResponse', await ask(api.tickerPrice({ symbol: 'BTCUSDT' })));
  rest('Ticker24hrResponse', await ask(api.ticker24hr({ symbol: 'BTCUSDT' })));
  rest('TickerBookTickerResponse', await ask(api.tickerBookTicker({ symbol: 'BTCUSDT' })));
  rest('GetTradesResponse', await ask(api.getTrades({ symbol: 'BTCUSDT', limit: 5 })));
});

test('official: REST, the account with an HMAC and with an Ed25519 key', async () => {
  for (const ed25519 of [false, true]) {
    const { restAPI: api } = client({ ed25519 });
    const account = await ask(api.getAccount({ omitZeroBalances: true, recvWindow: 20000 }));
    rest('GetAccountResponse', account);
    check(account.balances.some((b) => b.asset === 'USDT') && account.canTrade !== undefined, 'the account');
    const open = await ask(api.getOpenOrders({ symbol: 'BTCUSDT' }));
    rest('GetOpenOrdersResponse', open);
    check(open.length > 0 && open.every((o) => o.status === 'NEW' || o.status === 'PARTIALLY_FILLED'), 'open orders');
    rest('GetOrderResponse', await ask(api.getOrder({ symbol: 'BTCUSDT', orderId: open[0].orderId })));
    rest('AllOrdersResponse', await ask(api.allOrders({ symbol: 'BTCUSDT', limit: 50 })));
    rest('AccountCommissionResponse', await ask(api.accountCommission({ symbol: 'BTCUSDT' })));
  }
});

test('official: REST, every trade of the account by pages', () => sim.paused(async () => {
  const { restAPI: api } = client();
  const wanted = await sim.ask('trades?symbol=BTCUSDT');
  const all = [];
  for (let from = 0; ;) {
    const page = await ask(api.myTrades({ symbol: 'BTCUSDT', fromId: from, limit: 1000 }));
    all.push(...page);
    if (page.length < 1000) break;
    from = Number(page.at(-1).id) + 1;
  }
  rest('MyTradesResponse', all);
  check(all.length >= 1000, `only ${all.length} trades`);
  same(all.length, wanted.length, 'number of trades');
  all.forEach((t, i) => same([t.id, t.price, t.qty, t.commission].map(Number), [wanted[i].id, wanted[i].price, wanted[i].quantity, wanted[i].fee].map(Number), `trade ${i}`));
}));

test('official: REST, times in microseconds', async () => {
  const { serverTime } = await ask(client({ rest: { timeUnit: 'MICROSECOND' } }).restAPI.time());
  check(BigInt(serverTime) > 10n ** 15n, `no microseconds: ${serverTime}`);
});

test('official: REST, refusals arrive as its own errors', async () => {
  const { restAPI: api } = client();
  const wrong = new Spot({ configurationRestAPI: { apiKey: KEY, apiSecret: 'other', basePath: sim.at.rest_url, httpsAgent: agent(), retries: 0, timeout: 10000 } }).restAPI;
  const unknown = new Spot({ configurationRestAPI: { apiKey: 'nobody', apiSecret: SECRET, basePath: sim.at.rest_url, httpsAgent: agent(), retries: 0, timeout: 10000 } }).restAPI;
  const expected = [
    [() => api.klines({ symbol: 'NOSUCH', interval: '1m' }), BadRequestError, -1121], [() => wrong.getAccount(), BadRequestError, -1022],
    [() => unknown.getAccount(), UnauthorizedError, -2015], [() => api.klines({ symbol: 'BTCUSDT', interval: '7m' }), BadRequestError, -1120],
  ];
  for (const [asked, kind, code] of expected) {
    const error = await refusal(asked());
    check(error instanceof kind, `${error.name} ${error.message} is no ${kind.name}`);
    same(error.code, code, `code of ${error.message}`);
    check(error.message.length > 10, `says nothing: ${error.message}`);
  }
  for (const [status, kind] of [[429, TooManyRequestsError], [404, NotFoundError], [503, ServerError]]) {
    await sim.ask('fault', { place: 'rest', path: '/api/v3/time', status });
    check(await refusal(api.time()) instanceof kind, `${status} is no ${kind.name}`);
  }
});

test('official: market streams on one connection', async () => {
  const connection = await client().websocketStreams.connect();
  const kinds = [['ticker', 'TickerResponse', '24hrTicker'], ['miniTicker', 'MiniTickerResponse', '24hrMiniTicker'], ['trade', 'TradeResponse', 'trade'],
    ['aggTrade', 'AggTradeResponse', 'aggTrade'], ['bookTicker', 'BookTickerResponse', undefined]];
  const seen = {};
  for (const [name] of kinds) {
    connection[name]({ symbol: 'btcusdt' }).on('message', (m) => { seen[name] ??= m; });
    await pause(250); // five messages a second is the exchange's limit, and each of these is one
  }
  connection.kline({ symbol: 'btcusdt', interval: '1m' }).on('message', (m) => { seen.kline ??= m; });
  await until(() => Object.keys(seen).length === kinds.length + 1, `all streams (have ${Object.keys(seen)})`);
  for (const [name, type, event] of kinds) {
    stream(type, seen[name]);
    same(seen[name].e, event, `event of ${name}`);
    same(seen[name].s, 'BTCUSDT', `symbol of ${name}`);
  }
  stream('KlineResponse', seen.kline);
  same([seen.kline.e, seen.kline.k.i], ['kline', '1m'], 'candle');
  leave(connection);
});

test('official: market streams come back after a cut and after a close', async () => {
  const connection = await client().websocketStreams.connect();
  let ticks = 0;
  connection.ticker({ symbol: 'bnbusdt' }).on('message', () => { ticks += 1; });
  await until(() => ticks > 0, 'the first ticker');
  for (const drop of [{ what: 'market' }, { what: 'market', code: 1001, reason: 'going away' }]) {
    let opened = 0;
    connection.on('open', () => { opened += 1; });
    await sim.ask('drop', drop);
    await until(() => opened > 0, 'connected again');
    ticks = 0;
    await until(() => ticks > 0, 'the ticker again');
  }
  leave(connection);
});

test('official: the WebSocket API answers', async () => {
  const connection = await client().websocketAPI.connect();
  const asked = { PingResponse: connection.ping(), TimeResponse: connection.time(), KlinesResponse: connection.klines({ symbol: 'BTCUSDT', interval: '1m', limit: 3 }),
    ExchangeInfoResponse: connection.exchangeInfo({ symbol: 'BTCUSDT' }), AccountStatusResponse: connection.accountStatus(), MyTradesResponse: connection.myTrades({ symbol: 'BTCUSDT', limit: 3 }),
    OpenOrdersStatusResponse: connection.openOrdersStatus({ symbol: 'BTCUSDT' }), AllOrdersResponse: connection.allOrders({ symbol: 'BTCUSDT', limit: 3 }) };
  for (const [type, promise] of Object.entries(asked)) {
    const { data, rateLimits } = await promise;
    wsApi(type === 'ExchangeInfoResponse' ? type : `${type}['result']`, data); // that one alone is declared bare
    wsApi(`${type}['rateLimits']`, rateLimits);
    check(rateLimits.length > 0, `no rate limits with ${type}`);
  }
  const error = await refusal(connection.klines({ symbol: 'NOSUCH', interval: '1m' }));
  same(error.code, -1121, 'code of an unknown symbol');
  leave(connection);
});

async function userData(connection, subscribe) {
  const events = [];
  const { stream: s } = await subscribe(connection);
  s.on('message', (m) => events.push(m));
  return events;
}

async function expectFill(events) {
  const { fills } = await sim.trade();
  check(fills > 0, 'no fill');
  const report = await until(() => events.find((e) => e.e === 'executionReport' && e.x === 'TRADE'), 'the fill');
  const position = await until(() => events.find((e) => e.e === 'outboundAccountPosition'), 'the balances');
  event(report);
  event(position);
  same([report.s, report.S, report.o], ['BTCUSDT', 'BUY', 'MARKET'], 'the order');
  check(Number(report.t) >= 0 && report.N !== null && position.B.length >= 2, JSON.stringify([report, position]));
}

test('official: user data by signature, HMAC and Ed25519, and again after a cut', async () => {
  for (const ed25519 of [false, true]) {
    const connection = await client({ ed25519 }).websocketAPI.connect();
    const subscribe = (c) => c.userDataStreamSubscribeSignature();
    await expectFill(await userData(connection, subscribe));
    const twice = await refusal(subscribe(connection));
    same(twice.code, -2035, 'code of a second subscription');
    let opened = 0;
    connection.on('open', () => { opened += 1; });
    await sim.ask('drop', { what: 'user' });
    await until(() => opened > 0, 'connected again');
    await expectFill(await userData(connection, subscribe));
    leave(connection);
  }
});

test('official: user data by logon, which the connector renews itself after a cut', async () => {
  const connection = await client({ ed25519: true }).websocketAPI.connect();
  const logon = await connection.sessionLogon();
  wsApi("SessionLogonResponse['result']", (Array.isArray(logon) ? logon[0] : logon).data);
  await expectFill(await userData(connection, (c) => c.userDataStreamSubscribe()));
  let opened = 0;
  connection.on('open', () => { opened += 1; });
  await sim.ask('drop', { what: 'user' });
  await until(() => opened > 0, 'connected again');
  const status = await until(async () => {
    const { data } = await connection.sessionStatus();
    return data.apiKey && data;
  }, 'logged on again');
  wsApi("SessionStatusResponse['result']", status);
  await expectFill(await userData(connection, (c) => c.userDataStreamSubscribe()));
  wsApi("SessionSubscriptionsResponse['result']", (await connection.sessionSubscriptions()).data);
  await connection.userDataStreamUnsubscribe();
  leave(connection);
});

test('official: every other event of the account', async () => {
  const connection = await client().websocketAPI.connect();
  const events = await userData(connection, (c) => c.userDataStreamSubscribeSignature());
  await sim.ask('deposit', { asset: 'USDT', amount: '12.5' });
  const price = (await sim.ask('truth')).symbols['BTC/USDT'].last_price;
  const low = `${Math.floor(Number(price) * 0.9)}.00`;
  const order = await sim.ask('trade', { symbol: 'BTCUSDT', side: 'buy', quantity: '0.00100', price: low });
  await sim.ask('cancel', { symbol: 'BTCUSDT', order_id: order.order_id });
  const found = (name, x) => events.find((e) => e.e === name && (x === undefined || e.x === x));
  await until(() => found('balanceUpdate') && found('executionReport', 'NEW') && found('executionReport', 'CANCELED'), 'the events');
  for (const e of [found('balanceUpdate'), found('executionReport', 'NEW'), found('executionReport', 'CANCELED')]) event(e);
  await connection.userDataStreamUnsubscribe();
  event(await until(() => found('eventStreamTerminated'), 'the end of the subscription'));
  leave(connection);
});

test('official: pings of the exchange are answered', () => answered);

test('official: its simulator ends cleanly', async () => {
  await Promise.all(leaving);
  await sim.close();
});
