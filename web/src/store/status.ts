/* status.ts: what the page says about trust, in words. Pure: states and a time in, sentences out. Three facts are kept
 * apart (bot, market feed, account feed), because one word for all of them always lies about two. */

import { age, countdown, parseTime, stamp } from '../format/time';
import type { Bot, Breaker, Exchange, Gap, LeftOut, Maybe, Mode, Status, StatusReason, Stream } from './model';

export type Tone = 'ok' | 'warn' | 'bad' | 'idle';

export interface Fact {
  readonly tone: Tone;
  /** "Bot", "Market", "Account". */
  readonly name: string;
  /** Two or three words for the header. */
  readonly word: string;
  /** A sentence where something is wrong: what is known, what is done about it. Null when all is well. */
  readonly trouble: string | null;
  /** More for the tooltip. */
  readonly detail: string;
}

function since(iso: Maybe<string>, now: number): string | null {
  const at = parseTime(iso);
  return at === null ? null : age(now - at);
}

function until(iso: Maybe<string>, now: number): string | null {
  const at = parseTime(iso);
  return at === null ? null : countdown(at - now);
}

/** "circuit breaker, next try in 41 s", or null where the breaker lets calls through. */
export function breakerText(breaker: Maybe<Breaker>, now: number): string | null {
  if (breaker?.state === 'half_open') return 'circuit breaker, trying once now';
  if (breaker?.state !== 'open') return null;
  const next = parseTime(breaker.next_trial_at);
  if (next === null) return 'circuit breaker';
  return next <= now ? 'circuit breaker, trying now' : `circuit breaker, next try in ${countdown(next - now)}`;
}

const LEFT_OUT: Readonly<Record<string, string>> = {
  no_price: 'no price yet',
  no_rate: 'no rate to the display currency',
  overflow: 'its numbers are too large',
};

/** What the sums are without, and why. */
export function leftOutText(row: LeftOut): string {
  if (row.reason === 'unvalued_fee') return `${row.symbol}: a fee has no price yet and is left out`;
  const why = row.reason == null ? 'reason unknown' : LEFT_OUT[row.reason] ?? row.reason;
  return `${row.symbol} is left out: ${why}`;
}

export function reasonText(reason: Maybe<StatusReason>): string {
  switch (reason) {
    case 'circuit_breaker': return 'circuit breaker';
    case 'no_response': return 'no response';
    case 'unauthorized': return 'key refused';
    case 'rate_limited': return 'rate limited';
    case 'starting': return 'starting';
    default: return '';
  }
}

function lastAnswer(bot: Bot, now: number): string {
  const ago = since(bot.last_ok, now);
  return ago === null ? 'It has not answered since the start.' : `Last answer ${ago} ago.`;
}

function botDown(bot: Bot, reason: Maybe<StatusReason>, now: number): { word: string; text: string } {
  const breaker = breakerText(bot.breaker, now);
  if (breaker !== null) return { word: `offline: ${breaker}`, text: `Bot offline (${breaker}).` };
  if (reason === 'unauthorized') return { word: 'key refused', text: 'The bot refuses our key (DASHBOARD_API_KEY).' };
  if (reason === 'rate_limited') return { word: 'rate limited', text: 'The bot asks us to slow down.' };
  if (reason === 'starting') return { word: 'starting', text: 'First answer of the bot is awaited.' };
  return { word: 'offline: no response', text: 'Bot offline (no response).' };
}

export function botFact(bot: Maybe<Bot>, reason: Maybe<StatusReason>, now: number): Fact | null {
  if (bot == null) return null;
  const name = 'Bot';
  const detail = [bot.name, bot.latency_ms != null ? `answers in ${bot.latency_ms} ms` : null, lastAnswer(bot, now)]
    .filter((part) => part != null)
    .join('\n');
  if (bot.health === 'healthy' && bot.message && (reason === 'rate_limited' || reason === 'unauthorized')) {
    return { tone: 'warn', name, word: reasonText(reason), trouble: `${bot.message.charAt(0).toUpperCase()}${bot.message.slice(1)}.`, detail };
  }
  if (bot.health === 'healthy') return { tone: 'ok', name, word: 'healthy', trouble: null, detail };
  if (bot.health === 'degraded') {
    return { tone: 'warn', name, word: 'not trading', trouble: 'Bot is alive but not trading.', detail };
  }
  if (bot.health === 'error') {
    return { tone: 'bad', name, word: 'error', trouble: `Bot reports an error${bot.message ? `: ${bot.message}` : '.'}`, detail };
  }
  const down = botDown(bot, reason, now);
  const error = bot.breaker?.last_error ?? bot.message;
  const tone = reason === 'starting' ? 'idle' : 'bad';
  const trouble = tone === 'idle' ? null : [down.text, lastAnswer(bot, now)].join(' ');
  return { tone, name, word: down.word, trouble, detail: error ? `${error}\n${detail}` : detail };
}

const SETTING_UP: ReadonlySet<string> = new Set(['connecting', 'subscribing', 'syncing']);

/** A market feed without a word for this long is worth a look; an account may be quiet for hours. */
const QUIET_MARKET_MS = 10_000;

export function feedFact(name: 'Market' | 'Account', stream: Maybe<Stream>, now: number): Fact {
  const ago = since(stream?.last_message_at, now);
  const detail = [
    ago === null ? 'No message yet.' : `Last message ${ago} ago.`,
    stream?.since != null ? `In this state for ${since(stream.since, now)}.` : null,
    stream?.latency_ms != null ? `${stream.latency_ms} ms behind the exchange.` : null,
  ].filter((part) => part !== null).join('\n');
  if (stream == null || stream.state == null) return { tone: 'idle', name, word: 'unknown', trouble: null, detail: 'Nothing is known yet.' };
  if (stream.state === 'off') return offFact(name);
  if (stream.state === 'live' || stream.state === 'draining') return liveFact(name, stream, ago, detail, now);
  return downFact(name, stream, ago, detail, now);
}

function offFact(name: 'Market' | 'Account'): Fact {
  const detail = name === 'Account'
    ? 'No exchange key: fills are learnt from the bot, a few seconds late. Add a read-only key to see them the moment they happen.'
    : 'This feed is not wanted with the present settings.';
  return { tone: 'idle', name, word: 'off', trouble: null, detail };
}

function liveFact(name: 'Market' | 'Account', stream: Stream, ago: string | null, detail: string, now: number): Fact {
  const at = parseTime(stream.last_message_at);
  if (name === 'Account') return { tone: 'ok', name, word: ago === null ? 'live' : ago, trouble: null, detail };
  if (at !== null && now - at > QUIET_MARKET_MS) {
    return { tone: 'warn', name, word: `quiet ${ago}`, trouble: `Market feed is quiet for ${ago}; its life is being checked.`, detail };
  }
  return { tone: 'ok', name, word: ago ?? 'live', trouble: null, detail };
}

function downFact(name: 'Market' | 'Account', stream: Stream, ago: string | null, detail: string, now: number): Fact {
  const state = stream.state as string;
  const next = state === 'waiting' ? until(stream.next_attempt_at, now) : null;
  const doing = SETTING_UP.has(state) ? state : next !== null ? `next try in ${next}` : 'reconnecting';
  const fallback = stream.fallback ?? '';
  const first = ago === null && (stream.attempt ?? 0) === 0;
  const word = fallback !== '' ? `polling, ${doing}` : doing;
  const blind = ago === null ? '' : ` Last message ${ago} ago.`;
  const why = stream.reason ? ` (${stream.reason})` : '';
  const trouble = first ? null : `${name} feed ${ago === null ? 'not reached' : 'lost'}${why}: ${doing}${fallback !== '' ? `; ${fallback}` : ''}.${blind}`;
  return { tone: first ? 'idle' : 'warn', name, word, trouble, detail };
}

const FEEDS: Readonly<Record<string, string>> = { market: 'Market feed', user: 'Account feed', bot: 'Bot' };

/** A time in which we saw nothing, in one line. */
export function gapText(gap: Gap, now: number): string {
  const from = parseTime(gap.from);
  const to = parseTime(gap.to);
  if (from === null) return '';
  const length = to === null ? `blind for ${age(now - from)}, still open` : `blind for ${age(to - from)}`;
  const found = gap.recovered_fills ? `; ${gap.recovered_fills} ${gap.recovered_fills === 1 ? 'fill' : 'fills'} learnt afterwards` : '';
  return `${stamp(from)} ${FEEDS[gap.feed ?? ''] ?? gap.feed ?? ''} ${length}${gap.cause ? ` (${gap.cause})` : ''}${found}`;
}

function flows(stream: Maybe<Stream>): boolean {
  return stream?.state === 'live' || stream?.state === 'draining';
}

/** What is not hit by trouble elsewhere, and only that. */
function goesOn(market: boolean, account: boolean): string {
  if (market && account) return ' Streams go on.';
  return market ? ' The market stream goes on.' : account ? ' The account stream goes on.' : '';
}

/** The exchange's REST side, only where it matters: breaker, ban, throttle. */
export function exchangeTrouble(exchange: Maybe<Exchange>, market: Maybe<Stream>, account: Maybe<Stream>, now: number): string | null {
  if (exchange == null) return null;
  const banned = parseTime(exchange.banned_until);
  if (banned !== null && banned > now) return `Binance asked for silence: REST resumes in ${countdown(banned - now)}.${goesOn(flows(market), false)}`;
  const breaker = breakerText(exchange.breaker, now);
  if (breaker !== null) return `Binance REST offline (${breaker}).${goesOn(flows(market), flows(account))}`;
  if (exchange.throttled) return 'API weight is above 80 % of the limit: everything that no figure needs is waiting.';
  return null;
}

export interface Overall {
  readonly tone: Tone;
  readonly word: string;
  /** Figures are old or may be wrong: grey, no flash. */
  readonly stale: boolean;
}

export function overall(status: Maybe<Status>, reason: Maybe<StatusReason>, mode: Maybe<Mode>): Overall {
  if (mode === 'starting') return { tone: 'idle', word: 'Starting', stale: false };
  const why = reasonText(reason);
  switch (status) {
    case 'connected': return { tone: why === '' ? 'ok' : 'warn', word: mode === 'streaming' ? 'Live' : modeWord(mode), stale: false };
    case 'reconnecting': return { tone: 'warn', word: 'Reconnecting', stale: false };
    case 'stale': return { tone: 'warn', word: 'Stale', stale: true };
    case 'offline': return { tone: 'bad', word: why === '' ? 'Offline' : `Offline: ${why}`, stale: true };
    default: return { tone: 'idle', word: 'Unknown', stale: true };
  }
}

function modeWord(mode: Maybe<Mode>): string {
  switch (mode) {
    case 'streaming': return 'Live';
    case 'partial': return 'Partly live';
    case 'polling': return 'Polling';
    case 'offline': return 'Offline';
    default: return 'Connected';
  }
}
