/* pairs.ts: which pairs the table shows, in which order. Sorting by a live figure looks once a second, so that rows do not
 * run away from the finger. */

import { computed, signal } from '@preact/signals';
import { compare, distancePercent, parseDec } from '../format/decimal';
import { live } from './app';
import { localNow } from './clock';
import type { PairState } from './live';
import type { Pair } from './model';

export type SortKey = 'symbol' | 'price' | 'today' | 'realized' | 'unrealized' | 'total' | 'holdings' | 'open_orders' | 'to_buy' | 'to_sell';

export interface Sort {
  readonly key: SortKey;
  readonly down: boolean;
}

export const sort = signal<Sort>({ key: 'symbol', down: false });
export const filter = signal('');

/** A first click on a figure shows the largest first, on a name the first. */
export function sortBy(key: SortKey): void {
  const now = sort.value;
  sort.value = now.key === key ? { key, down: !now.down } : { key, down: key !== 'symbol' };
}

function decimalOf(pair: Pair, key: SortKey) {
  if (key === 'to_buy') return distancePercent(pair.price ?? null, pair.next_buy ?? null);
  if (key === 'to_sell') return distancePercent(pair.price ?? null, pair.next_sell ?? null);
  if (key === 'open_orders') return pair.open_orders == null ? null : { units: BigInt(pair.open_orders), scale: 0 };
  return parseDec(pair[key as 'price']);
}

/** Unknown comes last whichever way the column is sorted. */
export function comparePairs(a: Pair, b: Pair, by: Sort): number {
  const names = a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0;
  if (by.key === 'symbol') return by.down ? -names : names;
  const x = decimalOf(a, by.key);
  const y = decimalOf(b, by.key);
  if (x === null || y === null) return x === y ? names : x === null ? 1 : -1;
  const order = compare(x, y);
  return order === 0 ? names : by.down ? -order : order;
}

export function matches(pair: Pair, text: string): boolean {
  const words = text.trim().toUpperCase().split(/\s+/).filter((word) => word !== '');
  return words.every((word) => pair.symbol.toUpperCase().includes(word) || (pair.exchange_symbol ?? '').includes(word));
}

let shownBefore: readonly PairState[] = [];

export const shownPairs = computed<readonly PairState[]>(() => {
  if (sort.value.key !== 'symbol') void localNow.value;
  const rows = live.pairs.value.filter((pair) => matches(pair.peek(), filter.value));
  rows.sort((a, b) => comparePairs(a.peek(), b.peek(), sort.value));
  const same = rows.length === shownBefore.length && rows.every((row, i) => row === shownBefore[i]);
  if (!same) shownBefore = rows;
  return shownBefore;
});
