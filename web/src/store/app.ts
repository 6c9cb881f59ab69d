/* app.ts: the page's state as one set of signals, and the figures derived from it that several views share. */

import { computed, signal } from '@preact/signals';
import type { FeedState } from '../feed/client';
import { moneyDigits } from '../format/money';
import { localNow } from './clock';
import { Live } from './live';
import { botFact, exchangeTrouble, type Fact, feedFact, overall } from './status';

export const live = new Live();
export const feedState = signal<FeedState>({ phase: 'idle', since: 0, nextAt: null, attempt: 0 });

/** The server's time, to the second: ages are measured against the clock that stamped them. */
export const serverNow = computed(() => localNow.value + live.clockOffset.value);

/** The page has lost its server: nothing on it is live. Not while the very first connection is made. */
export const serverLost = computed(() => feedState.value.phase === 'lost');

export const state = computed(() =>
  overall(live.field('status').value, live.field('status_reason').value, live.field('mode').value));

export const stale = computed(() => serverLost.value || state.value.stale);

/** A sign the user set to stand for the currency's code (GRIDSCOPE_CURRENCY_SIGN); the server's settings tell it. */
export const currencySign = signal<string | null>(null);

export const currency = computed(() => currencySign.value ?? live.pnl.value?.currency ?? '');
export const displayDigits = computed(() => moneyDigits(live.pnl.value?.currency));

/* What changes a fact at once; ages move with the clock, once a second, or the header would flicker at the ticks' pace. */
const shape = computed(() => {
  const bot = live.bot.value;
  const streams = [live.market.value, live.user.value].map((s) => `${s?.state} ${s?.next_attempt_at} ${s?.fallback}`);
  return `${bot?.health} ${bot?.breaker?.state} ${bot?.breaker?.next_trial_at} ${live.field('status_reason').value} ${streams.join(' ')}`;
});

export const facts = computed<readonly Fact[]>(() => {
  const now = serverNow.value;
  void shape.value;
  const bot = botFact(live.bot.peek(), live.field('status_reason').value, now);
  const feeds = [feedFact('Market', live.market.peek(), now), feedFact('Account', live.user.peek(), now)];
  return bot === null ? feeds : [bot, ...feeds];
});

export const troubles = computed<readonly string[]>(() => {
  if (!live.ready.value) return [];
  const found = facts.value.map((fact) => fact.trouble);
  found.push(exchangeTrouble(live.exchange.value, live.market.peek(), live.user.peek(), serverNow.value));
  const store = live.field('store').value;
  if (store?.durable === false) found.push(`History is not being saved${store.error ? `: ${store.error}` : '.'} Figures stay right until a restart.`);
  return found.filter((text): text is string => text !== null);
});
