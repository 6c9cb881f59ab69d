import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BACKOFF_MS, CONNECT_MS, Feed, type FeedState, PROBE_MS, SILENCE_MS, type SocketLike, TICK_MS } from '../src/feed/client';
import type { JsonObject } from '../src/feed/patch';

/* A world of its own: time moves when told to, sockets and answers are given by hand. */
class World {
  time = 1000;
  sockets: Fake[] = [];
  states: FeedState[] = [];
  heard: string[] = [];
  probes = 0;
  healthy = true;
  guarded = false;
  private timers: { at: number; call: () => void; id: number }[] = [];
  private ids = 0;
  readonly feed = new Feed(
    {
      open: (resume) => {
        const socket = new Fake(resume);
        this.sockets.push(socket);
        return socket;
      },
      probe: (timeoutMs) => {
        this.probes += 1;
        if (this.healthy) return Promise.resolve();
        return new Promise((_, reject) => { this.later(timeoutMs, () => reject(new Error('silence'))); });
      },
      loginWanted: () => Promise.resolve(this.guarded),
      now: () => this.time,
      later: (ms, call) => this.later(ms, call),
      cancel: (timer) => { this.timers = this.timers.filter((row) => row.id !== timer); },
      random: () => 0.5,
    },
    {
      state: (state) => this.states.push(state),
      snapshot: (message) => this.heard.push(`snapshot ${message.seq}`),
      delta: (message) => this.heard.push(`delta ${message.seq}`),
      topic: (topic) => this.heard.push(topic),
    },
  );

  later(ms: number, call: () => void): number {
    this.ids += 1;
    this.timers.push({ at: this.time + ms, call, id: this.ids });
    return this.ids;
  }

  /** Time passes; promises settle between timers. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      for (let i = 0; i < 5; i++) await Promise.resolve();
      const next = this.timers.filter((row) => row.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((row) => row !== next);
      this.time = Math.max(this.time, next.at);
      next.call();
    }
    this.time = end;
  }

  get phase(): string {
    return this.states[this.states.length - 1]?.phase ?? 'none';
  }

  get socket(): Fake {
    return this.sockets[this.sockets.length - 1] as Fake;
  }

  live(seq = 10): void {
    this.feed.start();
    this.socket.onopen?.();
    this.socket.says({ type: 'snapshot', seq });
  }
}

class Fake implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event?: { code: number }) => void) | null = null;
  sent: JsonObject[] = [];
  closed = false;
  constructor(readonly resume: number) {}
  send(text: string): void {
    this.sent.push(JSON.parse(text) as JsonObject);
  }
  close(): void {
    this.closed = true;
  }
  says(message: JsonObject): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

test('snapshot_then_deltas_in_order', () => {
  const world = new World();
  world.live();
  world.socket.says({ type: 'delta', seq: 11 });
  world.socket.says({ type: 'delta', seq: 12 });
  assert.equal(world.phase, 'live');
  assert.deepEqual(world.heard, ['snapshot 10', 'delta 11', 'delta 12']);
  assert.deepEqual(world.sockets[0]?.sent, []);
});

test('a_repeated_delta_is_dropped', () => {
  const world = new World();
  world.live();
  world.socket.says({ type: 'delta', seq: 11 });
  world.socket.says({ type: 'delta', seq: 11 });
  world.socket.says({ type: 'delta', seq: 10 });
  assert.deepEqual(world.heard, ['snapshot 10', 'delta 11']);
});

test('a_hole_in_the_numbers_asks_for_a_new_snapshot', async () => {
  const world = new World();
  world.live();
  world.socket.says({ type: 'delta', seq: 13 });
  assert.deepEqual(world.heard, ['snapshot 10']);
  await world.pass(1000);
  assert.equal(world.sockets.length, 2);
  world.socket.onopen?.();
  assert.equal(world.socket.resume, 0);
  world.socket.says({ type: 'snapshot', seq: 13 });
  assert.equal(world.phase, 'live');
});

test('a_reconnect_resumes_where_it_stopped', async () => {
  const world = new World();
  world.live();
  world.feed.subscribe('trades');
  world.socket.says({ type: 'delta', seq: 11 });
  world.socket.onclose?.();
  assert.equal(world.phase, 'lost');
  await world.pass(1000);
  world.socket.onopen?.();
  assert.equal(world.socket.resume, 11);
  assert.deepEqual(world.socket.sent, [{ type: 'subscribe', topics: ['trades'] }]);
  assert.equal(world.phase, 'live');
  world.socket.says({ type: 'delta', seq: 12 });
  assert.deepEqual(world.heard, ['snapshot 10', 'delta 11', 'delta 12']);
});

test('a_snapshot_after_a_resume_starts_over', async () => {
  const world = new World();
  world.live();
  world.socket.onclose?.();
  await world.pass(1000);
  world.socket.onopen?.();
  world.socket.says({ type: 'snapshot', seq: 3 });
  world.socket.says({ type: 'delta', seq: 4 });
  assert.deepEqual(world.heard, ['snapshot 10', 'snapshot 3', 'delta 4']);
});

test('waits_grow_to_their_limit_and_never_end', async () => {
  const world = new World();
  world.live();
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    const sockets = world.sockets.length;
    world.socket.onclose?.();
    const state = world.states[world.states.length - 1] as FeedState;
    waits.push((state.nextAt ?? 0) - world.time);
    await world.pass((state.nextAt ?? 0) - world.time + 1);
    assert.equal(world.sockets.length, sockets + 1);
  }
  assert.deepEqual(waits, [...BACKOFF_MS, ...Array(3).fill(BACKOFF_MS[BACKOFF_MS.length - 1])]);
});

test('a_silent_dead_server_is_known_within_three_seconds', async () => {
  const world = new World();
  world.live();
  await world.pass(TICK_MS * 2);
  world.healthy = false;
  const from = world.time;
  world.socket.says({ type: 'delta', seq: 11 });
  while (world.phase === 'live' && world.time - from < 10_000) await world.pass(50);
  assert.equal(world.phase, 'lost');
  assert.ok(world.time - from <= 3000, `${world.time - from} ms`);
  assert.ok(world.time - from >= SILENCE_MS + PROBE_MS - TICK_MS);
});

test('a_quiet_but_living_server_stays_live', async () => {
  const world = new World();
  world.live();
  await world.pass(20_000);
  assert.equal(world.phase, 'live');
  assert.ok(world.probes > 5);
  assert.equal(world.sockets.length, 1);
});

test('a_socket_silent_for_a_minute_is_replaced_without_a_word', async () => {
  const world = new World();
  world.live();
  await world.pass(62_000);
  assert.equal(world.sockets.length, 2);
  assert.equal(world.sockets[0]?.closed, true);
  assert.ok(!world.states.some((state) => state.phase === 'lost'));
  world.socket.onopen?.();
  assert.equal(world.socket.resume, 10);
  assert.equal(world.phase, 'live');
});

test('a_connect_that_hangs_is_given_up', async () => {
  const world = new World();
  world.feed.start();
  await world.pass(CONNECT_MS + 10);
  assert.equal(world.phase, 'lost');
  assert.equal(world.sockets[0]?.closed, true);
});

test('a_refused_upgrade_asks_for_the_password_and_stops_knocking', async () => {
  const world = new World();
  world.guarded = true;
  world.feed.start();
  world.socket.onclose?.();
  await world.pass(100);
  assert.equal(world.phase, 'login');
  await world.pass(60_000);
  assert.equal(world.sockets.length, 1);
  world.guarded = false;
  world.feed.start();
  world.socket.onopen?.();
  world.socket.says({ type: 'snapshot', seq: 1 });
  assert.equal(world.phase, 'live');
});

test('the_end_of_the_login_is_no_lost_server', () => {
  const world = new World();
  world.live();
  world.socket.onclose?.({ code: 4401 });
  assert.equal(world.phase, 'login');
  assert.ok(!world.states.some((state) => state.phase === 'lost'));
});

test('garbage_changes_nothing', () => {
  const world = new World();
  world.live();
  for (const data of ['', '{', '[]', 'null', '{"type":"news"}', new ArrayBuffer(3)]) world.socket.onmessage?.({ data });
  assert.deepEqual(world.heard, ['snapshot 10']);
  assert.equal(world.phase, 'live');
});

test('topics_are_said_once_and_taken_back', () => {
  const world = new World();
  world.live();
  world.feed.subscribe('orders:BTC/USDT');
  world.feed.subscribe('orders:BTC/USDT');
  world.socket.says({ type: 'orders', symbol: 'BTC/USDT', seq: 10 });
  world.socket.says({ type: 'candles', symbol: 'BTC/USDT', interval: '1m', seq: 10 });
  world.feed.unsubscribe('orders:BTC/USDT');
  assert.deepEqual(world.socket.sent, [{ type: 'subscribe', topics: ['orders:BTC/USDT'] }, { type: 'unsubscribe', topics: ['orders:BTC/USDT'] }]);
  assert.deepEqual(world.heard, ['snapshot 10', 'orders:BTC/USDT']);
});

test('an_old_socket_is_not_listened_to', async () => {
  const world = new World();
  world.live();
  const old = world.socket;
  const say = old.onmessage;
  old.onclose?.();
  await world.pass(1000);
  say?.({ data: JSON.stringify({ type: 'delta', seq: 11 }) });
  assert.deepEqual(world.heard, ['snapshot 10']);
});

test('stop_is_silent_for_ever', async () => {
  const world = new World();
  world.live();
  world.feed.stop();
  await world.pass(100_000);
  assert.equal(world.sockets.length, 1);
  assert.equal(world.phase, 'idle');
});
