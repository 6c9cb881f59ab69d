import assert from 'node:assert/strict';
import { effect } from '@preact/signals';
import { test } from 'node:test';
import type { JsonObject } from '../src/feed/patch';
import { Live } from '../src/store/live';
import { comparePairs, matches } from '../src/store/pairs';
import type { Pair } from '../src/store/model';

function snapshot(): JsonObject {
  return {
    type: 'snapshot', seq: 1, server_time: '2026-11-20T10:00:00.000Z', status: 'connected',
    pnl: { realized: '1', unrealized: '2', total: '3' },
    pairs: [{ symbol: 'BTC/USDT', price: '10', total: '1', fees: { BNB: '1' } }, { symbol: 'ETH/USDT', price: '20', total: null }],
  };
}

function filled(): Live {
  const live = new Live();
  live.applySnapshot(snapshot(), Date.parse('2026-11-20T10:00:00.000Z'));
  return live;
}

test('a_price_tick_wakes_the_cells_of_that_price_only', () => {
  const live = filled();
  const woken: string[] = [];
  for (const symbol of ['BTC/USDT', 'ETH/USDT']) {
    for (const key of ['price', 'total'] as const) effect(() => { void live.pair(symbol)?.get(key); woken.push(`${symbol} ${key}`); });
  }
  effect(() => { void live.field('pnl').value; woken.push('pnl'); });
  effect(() => { void live.pairs.value; woken.push('pairs'); });
  woken.length = 0;
  live.applyDelta({ type: 'delta', seq: 2, pairs: { 'BTC/USDT': { price: '11' } } }, 0);
  assert.deepEqual(woken, ['BTC/USDT price']);
});

test('null_removes_a_pair_and_an_object_adds_one', () => {
  const live = filled();
  live.applyDelta({ type: 'delta', seq: 2, pairs: { 'BTC/USDT': null, 'SOL/USDT': { price: '5' } } }, 0);
  assert.deepEqual(live.pairs.value.map((pair) => pair.symbol), ['ETH/USDT', 'SOL/USDT']);
  assert.equal(live.pair('SOL/USDT')?.peek().symbol, 'SOL/USDT');
  assert.equal(live.pair('BTC/USDT'), undefined);
});

test('null_inside_a_pair_makes_the_field_unknown', () => {
  const live = filled();
  const price = live.pair('BTC/USDT')?.field('price');
  live.applyDelta({ type: 'delta', seq: 2, pairs: { 'BTC/USDT': { price: null, fees: { BNB: null, ETH: '2' } } } }, 0);
  assert.equal(price?.value, undefined);
  assert.deepEqual(live.pair('BTC/USDT')?.peek().fees, { ETH: '2' });
});

test('deltas_merge_deeply_and_arrays_replace', () => {
  const live = filled();
  live.applyDelta({ type: 'delta', seq: 2, pnl: { total: '4' }, gaps: [{ feed: 'user' }] }, 0);
  assert.deepEqual(live.pnl.value, { realized: '1', unrealized: '2', total: '4' });
  live.applyDelta({ type: 'delta', seq: 3, gaps: [] }, 0);
  assert.deepEqual(live.field('gaps').value, []);
});

test('a_new_snapshot_forgets_what_it_does_not_name', () => {
  const live = filled();
  const status = live.field('status');
  live.applySnapshot({ type: 'snapshot', seq: 9, pairs: [] }, 0);
  assert.equal(status.value, undefined);
  assert.equal(live.pairs.value.length, 0);
});

test('a_pair_keeps_its_cells_across_snapshots', () => {
  const live = filled();
  const price = live.pair('BTC/USDT')?.field('price');
  live.applySnapshot({ ...snapshot(), pairs: [{ symbol: 'BTC/USDT', price: '12' }] }, 0);
  assert.equal(price?.value, '12');
});

test('server_clock_is_the_least_delayed_of_what_was_heard', () => {
  const live = filled();
  assert.equal(live.clockOffset.value, 0);
  live.applyDelta({ type: 'delta', seq: 2, server_time: '2026-11-20T10:00:01.000Z' }, Date.parse('2026-11-20T10:00:03.000Z'));
  assert.equal(live.clockOffset.value, 0);
  live.applyDelta({ type: 'delta', seq: 3, server_time: '2026-11-20T10:00:04.000Z' }, Date.parse('2026-11-20T10:00:03.500Z'));
  assert.equal(live.clockOffset.value, 500);
});

test('unknown_sorts_last_both_ways', () => {
  const rows: Pair[] = [{ symbol: 'A', total: null }, { symbol: 'B', total: '-2' }, { symbol: 'C', total: '10' }, { symbol: 'D', total: '9' }];
  const order = (down: boolean) => [...rows].sort((a, b) => comparePairs(a, b, { key: 'total', down })).map((row) => row.symbol).join('');
  assert.equal(order(true), 'CDBA');
  assert.equal(order(false), 'BDCA');
});

test('filter_takes_words_in_any_case', () => {
  const pair: Pair = { symbol: 'BTC/USDT', exchange_symbol: 'BTCUSDT' };
  assert.equal(matches(pair, ' btc '), true);
  assert.equal(matches(pair, 'usdt btc'), true);
  assert.equal(matches(pair, 'btcusdt'), true);
  assert.equal(matches(pair, 'eth'), false);
  assert.equal(matches(pair, ''), true);
});
