// server.mjs: the server's interface with switches for states that are hard to bring about: breaker open, stream down, a
// server that hangs. For developing the page and testing its edge states; what the real program does is tested on it.
//   node mock/server.mjs [--port 8099] [--pairs 8] [--dist ../../web/dist] [--password P] [--rate 5]
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WebSocketServer } from 'ws';
import { candlesOf, configOf, equityOf, fixed, generator, ordersOf, performanceOf, proofOf, provenanceOf, snapshotOf, tradesOf } from './market.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.txt': 'text/plain' };
const CSP = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

function merge(target, patch) {
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) target[key] = null;
    else if (typeof value === 'object' && !Array.isArray(value) && typeof target[key] === 'object' && target[key] !== null && !Array.isArray(target[key])) merge(target[key], value);
    else target[key] = value;
  }
}

class Mock {
  constructor({ pairs = 8, seed = 7, dist = join(HERE, '../../../web/dist'), password = null, rate = 5, absent = [] }) {
    Object.assign(this, { dist, password, rate, absent, proof: {}, hung: false, failures: 0, resumed: 0, log: [] });
    this.state = snapshotOf({ pairs, seed });
    this.trades = tradesOf(this.state, 640);
    this.random = generator(seed + 1);
    this.sessions = new Set();
    this.clients = new Map();
    this.ring = [];
    this.sockets = new Set();
    this.server = createServer((request, response) => { void this.answer(request, response); });
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.ws = new WebSocketServer({ noServer: true });
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
  }

  async listen(port = 0) {
    await new Promise((done) => { this.server.listen(port, '127.0.0.1', done); });
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
    if (this.rate > 0) this.timer = setInterval(() => this.tick(), 1000 / this.rate);
    return this;
  }

  async close() {
    clearInterval(this.timer);
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => { this.server.close(done); });
  }

  /** Cuts every connection and refuses new ones until back(). */
  async vanish() {
    const { port } = this;
    for (const socket of this.sockets) socket.destroy();
    this.clients.clear();
    await new Promise((done) => { this.server.close(done); });
    this.back = () => new Promise((done) => { this.server.listen(port, '127.0.0.1', done); });
  }

  allowed(request) {
    if (this.password === null) return true;
    const id = /session=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
    return id !== undefined && this.sessions.has(id);
  }

  upgrade(request, socket, head) {
    if (this.hung) return;
    const url = new URL(request.url, 'http://x');
    if (url.pathname !== '/ws' || !this.allowed(request)) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.ws.handleUpgrade(request, socket, head, (client) => this.join(client, Number(url.searchParams.get('resume') ?? 0)));
  }

  join(client, resume) {
    const me = { topics: new Set(), started: false };
    this.clients.set(client, me);
    const start = (from) => {
      if (me.started) return;
      me.started = true;
      const missed = from === 0 ? null : this.ring.filter((message) => message.seq > from);
      if (missed !== null && from <= this.state.seq && (missed.length === 0 ? from === this.state.seq : missed[0].seq === from + 1)) {
        this.resumed += 1;
        for (const message of missed) client.send(JSON.stringify(message));
      } else client.send(JSON.stringify(this.state));
    };
    start(resume);
    client.on('message', (data) => {
      const message = JSON.parse(String(data));
      this.log.push(message);
      if (message.type === 'subscribe') for (const topic of message.topics) me.topics.add(topic);
      if (message.type === 'unsubscribe') for (const topic of message.topics) me.topics.delete(topic);
    });
    client.on('close', () => this.clients.delete(client));
  }

  /** A change of the state: `pairs` keyed by symbol, null removes. */
  set(patch) {
    const { pairs, ...rest } = patch;
    merge(this.state, rest);
    for (const [symbol, change] of Object.entries(pairs ?? {})) {
      const at = this.state.pairs.findIndex((pair) => pair.symbol === symbol);
      if (change === null) this.state.pairs.splice(at, 1);
      else if (at < 0) this.state.pairs.push(change);
      else merge(this.state.pairs[at], change);
    }
    this.state.seq += 1;
    const message = { type: 'delta', seq: this.state.seq, server_time: new Date().toISOString(), ...patch };
    this.ring.push(message);
    if (this.ring.length > 256) this.ring.shift();
    if (this.hung) return;
    const text = JSON.stringify(message);
    for (const [client, me] of this.clients) if (me.started) client.send(text);
  }

  publish(topic, body) {
    if (this.hung) return;
    const text = JSON.stringify({ seq: this.state.seq, topic, ...body });
    for (const [client, me] of this.clients) if (me.started && me.topics.has(topic)) client.send(text);
  }

  tick() {
    const { pairs } = this.state;
    const pair = pairs[Math.floor(this.random() * pairs.length)];
    if (pair === undefined || this.state.streams.market?.state !== 'live') return;
    const price = Number(pair.price) * (1 + (this.random() - 0.5) * 0.0012);
    const unrealized = (price - Number(pair.average_cost)) * Number(pair.holdings);
    const iso = new Date().toISOString();
    const text = fixed(unrealized, 5);
    const others = pairs.reduce((sum, row) => sum + (row === pair ? Number(text) : Number(row.unrealized)), 0);
    this.set({
      last_update: iso,
      pairs: { [pair.symbol]: { price: fixed(price, 8), price_at: iso, unrealized: text, total: fixed(Number(pair.realized) + unrealized, 5) } },
      streams: { market: { last_message_at: iso, messages: this.state.streams.market.messages + 1 } },
      pnl: { unrealized: fixed(others, 5), total: fixed(Number(this.state.pnl.realized) + Number(fixed(others, 5)), 5) },
    });
    for (const interval of ['1m', '1h']) this.publish(`candles:${pair.symbol}:${interval}`, { type: 'candles', symbol: pair.symbol, interval, candles: candlesOf(pair, interval, 1, null) });
  }

  json(response, data, status = 200, headers = {}) {
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers });
    response.end(JSON.stringify(data));
  }

  async answer(request, response) {
    if (this.hung) return;
    const url = new URL(request.url, 'http://x');
    response.setHeader('Content-Security-Policy', CSP);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    if (url.pathname === '/healthz') this.json(response, { ok: true });
    else if (url.pathname.startsWith('/api/')) await this.api(request, response, url);
    else await this.file(response, url.pathname);
  }

  async file(response, path) {
    try {
      const name = normalize(path === '/' ? '/index.html' : path);
      const data = await readFile(join(this.dist, name));
      response.writeHead(200, { 'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream' });
      response.end(data);
    } catch {
      this.json(response, { error: 'not found' }, 404);
    }
  }

  async api(request, response, url) {
    const name = url.pathname.slice('/api/v1/'.length);
    if (name === 'login') return this.login(request, response);
    if (name === 'logout') this.logout();
    if (name === 'session' || name === 'logout') return this.json(response, { required: this.password !== null, authenticated: this.allowed(request) });
    if (!this.allowed(request)) return this.json(response, { error: { code: 'login', message: 'login needed' } }, 401);
    if (this.absent.includes(name)) return this.json(response, { error: 'not found' }, 404);
    const q = url.searchParams;
    const pair = this.state.pairs.find((row) => row.symbol === q.get('symbol'));
    if (name === 'snapshot') return this.json(response, this.state);
    if (name === 'trades') return this.json(response, this.tradePage(q));
    if (name === 'trades.csv') {
      response.writeHead(200, { 'Content-Type': 'text/csv' });
      return response.end('time,symbol\r\n');
    }
    if (name === 'orders') return this.json(response, pair ? ordersOf(pair) : { rows: [], known: true });
    if (name === 'candles' && pair) {
      const before = q.get('before') ? Date.parse(q.get('before')) : null;
      const old = before !== null && before < Date.now() - 400 * 86_400_000;
      return this.json(response, { symbol: pair.symbol, interval: q.get('interval'), candles: old ? [] : candlesOf(pair, q.get('interval'), Number(q.get('limit') ?? 300), before) });
    }
    if (name === 'equity') return this.json(response, equityOf(q.get('days') ? Number(q.get('days')) : null));
    if (name === 'performance') return this.json(response, performanceOf(this.state, q.get('method') ?? 'fifo'));
    if (name === 'proof') return this.json(response, { ...proofOf(this.state), ...this.proof });
    if (name === 'provenance') return this.json(response, provenanceOf(this.state));
    if (name === 'config') return this.json(response, configOf());
    return this.json(response, { error: 'not found' }, 404);
  }

  logout() {
    this.sessions.clear();
    for (const client of this.clients.keys()) client.close(4401);
  }

  async login(request, response) {
    let body = '';
    for await (const part of request) body += part;
    if (this.failures >= 5) return this.json(response, { error: 'locked' }, 429, { 'Retry-After': '900' });
    if (JSON.parse(body).password !== this.password) {
      this.failures += 1;
      return this.json(response, { error: 'wrong' }, 401);
    }
    const id = Math.random().toString(36).slice(2);
    this.sessions.add(id);
    return this.json(response, { ok: true }, 200, { 'Set-Cookie': `session=${id}; HttpOnly; SameSite=Strict; Path=/` });
  }

  tradePage(q) {
    const words = (q.get('q') ?? '').toLowerCase();
    const found = this.trades.filter((row) => (!q.get('symbol') || row.symbol === q.get('symbol')) && (!q.get('side') || row.side === q.get('side'))
      && (!q.get('from') || row.time >= q.get('from')) && (!q.get('to') || row.time < q.get('to')) && (words === '' || JSON.stringify(row).toLowerCase().includes(words)));
    const start = Number(q.get('cursor') ?? 0);
    const limit = Number(q.get('limit') ?? 50);
    const sum = (key) => fixed(found.reduce((all, row) => all + Number(row[key] ?? 0), 0), 6);
    return {
      rows: found.slice(start, start + limit), next_cursor: start + limit < found.length ? String(start + limit) : null,
      totals: {
        count: found.length, buys: found.filter((row) => row.side === 'buy').length, sells: found.filter((row) => row.side === 'sell').length,
        currency: 'USDT', realized: sum('realized'), quote_amount: sum('quote_amount'), fees_value: sum('fee_value'), fees: { BNB: sum('fee') }, unvalued_fees: 0, assumed_fees: 71, recomputing: false,
      },
    };
  }
}

export function startMock(options = {}) {
  return new Mock(options).listen(options.port ?? 0);
}

function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : fallback;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const mock = await startMock({
    port: Number(option('port', 8099)), pairs: Number(option('pairs', 8)), rate: Number(option('rate', 5)), password: option('password', null),
    ...(option('dist', null) ? { dist: option('dist', null) } : {}),
  });
  console.log(`page on ${mock.url}`);
}
