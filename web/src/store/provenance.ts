/* provenance.ts: how old a figure is and where it comes from, asked for when somebody points at it and not before. A figure
 * names its source as "realized", "unrealized", "total", "windows", "balances" or, of one pair, "BTC/USDT realized",
 * "BTC/USDT price", "BTC/USDT orders". */

import { get } from '../feed/api';
import { age, parseTime } from '../format/time';
import type { Maybe } from './model';

interface Realized {
  at?: Maybe<string>;
  source?: Maybe<string>;
  fill?: Maybe<{ symbol?: Maybe<string>; trade_id?: Maybe<string>; time?: Maybe<string>; source?: Maybe<string> }>;
}

interface PairProvenance {
  symbol: string;
  realized?: Maybe<Realized>;
  price?: Maybe<{ at?: Maybe<string>; source?: Maybe<string>; stale?: Maybe<boolean> }>;
  orders?: Maybe<{ read_at?: Maybe<string>; known?: Maybe<boolean> }>;
  trades_read_at?: Maybe<string>;
}

export interface Provenance {
  realized?: Maybe<Realized>;
  unrealized?: Maybe<{ at?: Maybe<string>; oldest_at?: Maybe<string>; sources?: Maybe<string[]> }>;
  windows?: Maybe<{ since?: Maybe<string>; last_point_at?: Maybe<string> }>;
  balances?: Maybe<{ read_at?: Maybe<string> }>;
  pairs?: Maybe<PairProvenance[]>;
}

const SOURCES: Readonly<Record<string, string>> = {
  rest: 'Binance REST', stream: 'a stream', bot: 'the bot', import: 'an imported file', store: 'the saved history', candle: 'a candle',
  poll: 'polling', none: 'nowhere yet',
};

const from = (source: Maybe<string>) => (source ? ` from ${SOURCES[source] ?? source}` : '');

function ago(iso: Maybe<string>, now: number): string | null {
  const at = parseTime(iso);
  return at === null ? null : `${age(now - at)} ago`;
}

function fills(known: Maybe<Realized>, now: number): string[] {
  const when = ago(known?.at, now);
  const fill = known?.fill;
  const made = ago(fill?.time, now);
  return [
    when === null ? 'No fill has changed it yet.' : `Changed ${when}${from(known?.source)}.`,
    fill && made !== null ? `Newest fill: ${fill.symbol ?? ''} ${fill.trade_id ?? ''}, ${made},${from(fill.source)}.` : '',
  ];
}

function marks(all: Provenance, now: number): string[] {
  const newest = ago(all.unrealized?.at, now);
  const oldest = ago(all.unrealized?.oldest_at, now);
  if (newest === null || oldest === null) return ['No mark price yet.'];
  const sources = (all.unrealized?.sources ?? []).map((source) => SOURCES[source] ?? source).join(' and ');
  return [`Mark prices of ${newest === oldest ? newest : `${newest} to ${oldest}`}${sources === '' ? '' : ` from ${sources}`}.`];
}

function ofPair(pair: PairProvenance | undefined, what: string, now: number): string[] {
  if (pair === undefined) return [];
  const price = ago(pair.price?.at, now);
  const mark = price === null ? 'No mark price yet.' : `Price of ${price}${from(pair.price?.source)}${pair.price?.stale ? ', stale' : ''}.`;
  const orders = ago(pair.orders?.read_at, now);
  switch (what) {
    case 'price': return [mark];
    case 'orders': return [orders === null ? 'Orders have not been read yet.' : `Orders read as a list ${orders}; changes come by the account stream.`];
    case 'realized': return fills(pair.realized, now);
    default: return [...fills(pair.realized, now), mark];
  }
}

/** What to say of a source at the server's time `now`. */
export function provenanceText(all: Provenance, source: string, now: number): string {
  const space = source.indexOf(' ');
  const lines = () => {
    if (space > 0) return ofPair(all.pairs?.find((pair) => pair.symbol === source.slice(0, space)), source.slice(space + 1), now);
    switch (source) {
      case 'realized': return fills(all.realized, now);
      case 'unrealized': return marks(all, now);
      case 'windows': {
        const point = ago(all.windows?.last_point_at, now);
        return [point === null ? 'The equity series is empty yet.' : `Newest point of the equity series: ${point}; now: the live total.`, ...marks(all, now)];
      }
      default: return [...fills(all.realized, now), ...marks(all, now)];
    }
  };
  return lines().filter((line) => line !== '').join('\n');
}

const KEPT_MS = 2000;
let kept: { at: number; answer: Promise<Provenance | null> } | null = null;

/** One question answers for every figure pointed at within the next moments. Null where the server cannot say. */
export function askProvenance(now: number): Promise<Provenance | null> {
  if (kept === null || now - kept.at > KEPT_MS) {
    kept = { at: now, answer: get<Provenance>('/api/v1/provenance').then((answer) => (answer.ok ? answer.data : null)) };
  }
  return kept.answer;
}
