/* overview.tsx: the first view: windows, pairs, and beside them the opened pair; on a phone the opened pair alone. */

import { effect, signal } from '@preact/signals';
import { live } from '../store/app';
import { shownPairs } from '../store/pairs';
import { route } from '../store/route';
import { PairView } from './pair';
import { Pairs } from './pairs';
import { Windows } from './windows';

/** Wide enough for the table and a pair beside it. */
const wide = signal(false);
const query = typeof matchMedia === 'function' ? matchMedia('(min-width: 1180px)') : null;
if (query !== null) {
  wide.value = query.matches;
  query.addEventListener('change', (event) => { wide.value = event.matches; });
}

/* On a wide screen the place beside the table is never empty: the first pair stands there until another is opened. */
const beside = signal<string | null>(null);
effect(() => {
  const named = route.value.pair;
  if (named !== null) beside.value = named;
  else if (beside.peek() === null && live.ready.value) beside.value = shownPairs.value[0]?.symbol ?? null;
});

export function openedPair(): string | null {
  return route.value.pair ?? (wide.value ? beside.value : null);
}

function NoPair({ symbol }: { symbol: string }) {
  return <section class="pair"><p class="empty">{symbol} is not among the pairs.</p></section>;
}

export function Overview() {
  const symbol = openedPair();
  void live.pairs.value;
  const pair = symbol === null ? undefined : live.pair(symbol);
  const alone = symbol !== null && !wide.value;
  return (
    <div class={`overview${symbol !== null && wide.value ? ' split' : ''}`}>
      <h1 class="vh">Overview</h1>
      {alone ? null : <Windows />}
      <div class="panes">
        {alone ? null : <Pairs opened={symbol} />}
        {symbol === null ? null : pair === undefined ? (live.ready.value ? <NoPair symbol={symbol} /> : null) : <PairView key={symbol} pair={pair} />}
      </div>
    </div>
  );
}
