import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashOf, parseRoute } from '../src/store/route';
import { botFact, breakerText, exchangeTrouble, feedFact, leftOutText, overall } from '../src/store/status';

const NOW = Date.parse('2026-11-20T10:00:00Z');
const at = (s: number) => new Date(NOW + s * 1000).toISOString();

test('a_healthy_bot_is_one_word', () => {
  const fact = botFact({ health: 'healthy', last_ok: at(-1), breaker: { state: 'closed' } }, null, NOW);
  assert.deepEqual([fact?.tone, fact?.word, fact?.trouble], ['ok', 'healthy', null]);
});

test('offline_says_circuit_breaker_with_the_next_try', () => {
  const fact = botFact({ health: 'unknown', last_ok: at(-75), breaker: { state: 'open', next_trial_at: at(40.5), consecutive_failures: 5 } }, 'circuit_breaker', NOW);
  assert.equal(fact?.tone, 'bad');
  assert.equal(fact?.word, 'offline: circuit breaker, next try in 41 s');
  assert.equal(fact?.trouble, 'Bot offline (circuit breaker, next try in 41 s). Last answer 1 min ago.');
});

test('offline_without_a_breaker_says_no_response', () => {
  const fact = botFact({ health: 'unknown', last_ok: at(-7), breaker: { state: 'closed', consecutive_failures: 2 } }, 'no_response', NOW);
  assert.equal(fact?.word, 'offline: no response');
  assert.equal(fact?.trouble, 'Bot offline (no response). Last answer 7 s ago.');
});

test('half_open_and_overdue_say_trying', () => {
  assert.equal(breakerText({ state: 'half_open' }, NOW), 'circuit breaker, trying once now');
  assert.equal(breakerText({ state: 'open', next_trial_at: at(-1) }, NOW), 'circuit breaker, trying now');
  assert.equal(breakerText({ state: 'closed' }, NOW), null);
});

test('a_bot_alive_but_not_trading_is_a_warning', () => {
  assert.deepEqual([botFact({ health: 'degraded' }, null, NOW)?.tone, botFact({ health: 'degraded' }, null, NOW)?.word], ['warn', 'not trading']);
});

test('refused_key_and_start_have_their_own_words', () => {
  assert.equal(botFact({ health: 'unknown' }, 'unauthorized', NOW)?.word, 'key refused');
  assert.equal(botFact({ health: 'unknown' }, 'starting', NOW)?.tone, 'idle');
  assert.equal(botFact(null, null, NOW), null);
});

test('a_healthy_bot_that_wants_silence_or_refuses_a_part_says_so', () => {
  const slow = botFact({ health: 'healthy', message: 'the bot asks us to slow down: it is asked again at 10:16:00 UTC' }, 'rate_limited', NOW);
  assert.deepEqual([slow?.tone, slow?.word, slow?.trouble], ['warn', 'rate limited', 'The bot asks us to slow down: it is asked again at 10:16:00 UTC.']);
  const part = botFact({ health: 'healthy', message: 'the bot refuses the key for: orders' }, 'unauthorized', NOW);
  assert.deepEqual([part?.tone, part?.word], ['warn', 'key refused']);
  assert.equal(botFact({ health: 'healthy', message: null }, 'unauthorized', NOW)?.trouble, null); // the exchange refuses its key, not the bot
});

test('a_feed_that_was_never_there_is_not_lost', () => {
  const fact = feedFact('Market', { state: 'waiting', attempt: 2, reason: 'TLS to stream.example.org failed: certificate has expired' }, NOW);
  assert.match(fact.trouble ?? '', /^Market feed not reached \(TLS to stream\.example\.org failed: certificate has expired\)/);
});

test('feeds_say_their_age_or_what_is_done', () => {
  assert.equal(feedFact('Market', { state: 'live', last_message_at: at(-0.3) }, NOW).word, '0.3 s');
  assert.equal(feedFact('Account', { state: 'live', last_message_at: at(-2400) }, NOW).tone, 'ok');
  assert.equal(feedFact('Market', { state: 'live', last_message_at: at(-12) }, NOW).tone, 'warn');
  const down = feedFact('Market', { state: 'waiting', last_message_at: at(-9), next_attempt_at: at(3.2), attempt: 2, fallback: 'polling the bot every 2 s', reason: 'closed by peer' }, NOW);
  assert.equal(down.word, 'polling, next try in 4 s');
  assert.equal(down.trouble, 'Market feed lost (closed by peer): next try in 4 s; polling the bot every 2 s. Last message 9 s ago.');
});

test('a_first_connect_is_no_trouble_and_off_is_explained', () => {
  assert.equal(feedFact('Market', { state: 'connecting', attempt: 0 }, NOW).trouble, null);
  const off = feedFact('Account', { state: 'off' }, NOW);
  assert.equal(off.tone, 'idle');
  assert.match(off.detail, /read-only key/);
});

test('exchange_speaks_only_when_it_matters', () => {
  const up = { state: 'live' } as const;
  const down = { state: 'waiting' } as const;
  const open = { breaker: { state: 'open', next_trial_at: at(10) } } as const;
  assert.equal(exchangeTrouble({ breaker: { state: 'closed' }, throttled: false }, up, up, NOW), null);
  assert.match(exchangeTrouble({ banned_until: at(90) }, up, up, NOW) ?? '', /resumes in 90 s\. The market stream goes on\.$/);
  assert.match(exchangeTrouble({ banned_until: at(90) }, down, down, NOW) ?? '', /resumes in 90 s\.$/);
  assert.match(exchangeTrouble(open, up, up, NOW) ?? '', /circuit breaker, next try in 10 s\)\. Streams go on\.$/);
  assert.match(exchangeTrouble(open, up, down, NOW) ?? '', /The market stream goes on\.$/);
  assert.match(exchangeTrouble(open, down, up, NOW) ?? '', /The account stream goes on\.$/);
  assert.match(exchangeTrouble(open, down, down, NOW) ?? '', /next try in 10 s\)\.$/); // nothing goes on: it does not say so
  assert.match(exchangeTrouble({ throttled: true }, up, up, NOW) ?? '', /80 %/);
});

test('what_is_left_out_is_the_symbol_or_only_its_fee', () => {
  assert.equal(leftOutText({ symbol: 'ETH/BTC', reason: 'no_rate' }), 'ETH/BTC is left out: no rate to the display currency');
  assert.equal(leftOutText({ symbol: 'BTC/USDT', reason: 'unvalued_fee' }), 'BTC/USDT: a fee has no price yet and is left out');
  assert.equal(leftOutText({ symbol: 'A/B' }), 'A/B is left out: reason unknown');
});

test('overall_marks_old_figures_as_stale', () => {
  assert.deepEqual(overall('connected', null, 'streaming'), { tone: 'ok', word: 'Live', stale: false });
  assert.equal(overall('connected', null, 'polling').word, 'Polling');
  assert.equal(overall('stale', null, 'polling').stale, true);
  assert.equal(overall('offline', 'no_response', 'offline').word, 'Offline: no response');
  assert.equal(overall(undefined, null, undefined).stale, true);
  assert.equal(overall('offline', 'starting', 'starting').word, 'Starting');
});

test('routes_survive_the_address', () => {
  for (const hash of ['#/', '#/history', '#/performance', '#/health', '#/configuration', '#/pair/BTC/USDT']) assert.equal(hashOf(parseRoute(hash)), hash);
  assert.deepEqual(parseRoute('#/pair/A%2FB/USDT'), { view: 'overview', pair: 'A/B/USDT' });
  assert.deepEqual(parseRoute('#/%zz'), { view: 'overview', pair: null });
});
