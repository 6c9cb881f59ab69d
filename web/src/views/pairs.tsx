/* pairs.tsx: one row a pair. Each cell is a component of its own that reads the signals it shows, so that a tick draws one
 * cell and not a table. */

import type { ComponentChildren } from 'preact';
import { distancePercent, parseDec, trimZeros } from '../format/decimal';
import { count, exact, moneyDigits, percent, price, quantity } from '../format/money';
import { age, both, parseTime } from '../format/time';
import { live, serverNow, stale } from '../store/app';
import type { PairState } from '../store/live';
import { filter, shownPairs, sort, sortBy, type SortKey } from '../store/pairs';
import { hashOf } from '../store/route';
import { Money, Unknown } from './figure';
import { useFlash } from './flash';
import { Icon } from './icon';

interface CellProps {
  pair: PairState;
}

function historyNote(pair: PairState): string | null {
  const history = pair.get('history');
  if (history?.state === 'loading') return 'History is loading.';
  if (history?.state === 'gap') return 'History has a gap.';
  if (history?.state === 'since') return `History starts ${history.from?.slice(0, 10) ?? 'in the middle'}: earlier buys are not known.`;
  return null;
}

function qualifiers(pair: PairState): string[] {
  const found: string[] = [];
  const history = historyNote(pair);
  if (history !== null) found.push(history);
  const unmatched = parseDec(pair.get('unmatched_quantity'));
  if (unmatched !== null && unmatched.units !== 0n) found.push(`${quantity(unmatched)} ${pair.get('base') ?? ''} sold without a known buy.`);
  const assumed = pair.get('assumed_fees');
  if (assumed) found.push(`${count(assumed)} fees are taken as quote: the bot names no fee asset.`);
  const unvalued = Object.entries(pair.get('unvalued_fees') ?? {});
  if (unvalued.length > 0) found.push(`Fees without a price yet: ${unvalued.map(([asset, value]) => `${value} ${asset}`).join(', ')}.`);
  if (pair.get('recomputing')) found.push('Being recomputed.');
  return found;
}

function SymbolCell({ pair }: CellProps) {
  const notes = qualifiers(pair);
  const inactive = pair.get('active') === false;
  return (
    <th scope="row" class="symbol">
      <a href={hashOf({ view: 'overview', pair: pair.symbol })} data-row={pair.symbol}>{pair.symbol}</a>
      {inactive ? <span class="tag" data-tip="No longer traded by the bot; it stays in the figures.">inactive</span> : null}
      {notes.length > 0 ? <span class="note" data-tip={notes.join('\n')}><Icon name="warn" /><span class="vh">{notes.join(' ')}</span></span> : null}
      <span class="sub"><OrderCount pair={pair} /> orders</span>
    </th>
  );
}

function staleAge(pair: PairState): string | null {
  if (!pair.get('price_stale')) return null;
  const at = parseTime(pair.peek().price_at);
  return at === null ? 'stale' : age(serverNow.value - at);
}

const SOURCES = { stream: 'from the stream', poll: 'polled', candle: 'close of the last candle', none: 'no source' } as const;

function PriceCell({ pair }: CellProps) {
  const text = pair.get('price');
  const source = pair.get('price_source');
  const old = staleAge(pair);
  const shown = text == null ? null : price(text, pair.get('tick_size'));
  const element = useFlash<HTMLSpanElement>(old === null ? text : null, shown ?? '');
  if (text == null || shown === null) return <td class="price"><Unknown reason="no price received yet" /></td>;
  const at = parseTime(pair.peek().price_at);
  const tip = `${exact(text)} ${pair.get('quote') ?? ''}, ${source ? SOURCES[source] : 'source unknown'}${at === null ? '' : `\n${both(at)}`}`;
  return (
    <td class={`price${old === null ? '' : ' stale'}`}>
      {old === null ? null : <span class="age" data-tip={`No price for ${old}.`}>{old}</span>}
      <span ref={element} class="num" data-tip={tip} data-source={`${pair.symbol} price`}>{shown}</span>
    </td>
  );
}

type MoneyField = 'today' | 'realized' | 'unrealized' | 'total';

const WHY: Readonly<Record<MoneyField, string>> = {
  today: 'the equity series does not reach back to midnight',
  realized: 'the history is not known yet',
  unrealized: 'no mark price yet',
  total: 'no mark price yet',
};

function MoneyCell({ pair, field }: CellProps & { field: MoneyField }) {
  const quote = pair.get('quote') ?? undefined;
  const old = pair.get('price_stale') && (field === 'unrealized' || field === 'total');
  return (
    <td class={`${field}${old ? ' stale' : ''}`}>
      <Money value={pair.get(field)} digits={moneyDigits(quote)} reason={WHY[field]} unit={quote} flash={!old && field !== 'today'}
        source={`${pair.symbol} ${field === 'realized' ? 'realized' : 'total'}`} />
    </td>
  );
}

function PositionCell({ pair }: CellProps) {
  const held = parseDec(pair.get('holdings'));
  if (held === null) return <td class="holdings"><Unknown reason="the history is not known yet" /></td>;
  const cost = pair.get('average_cost');
  const basis = pair.get('cost_basis');
  const tip = [
    `${quantity(held)} ${pair.get('base') ?? ''}`,
    cost ? `Average cost ${price(cost, pair.get('tick_size'))}` : null,
    basis ? `Cost basis ${exact(basis)} ${pair.get('quote') ?? ''}` : null,
  ].filter(Boolean).join('\n');
  const short = trimZeros(held);
  return (
    <td class="holdings">
      <span class="num" data-tip={tip} data-source={`${pair.symbol} realized`}>{quantity(short)}</span> <span class="unit">{pair.get('base')}</span>
    </td>
  );
}

function OrderCount({ pair }: CellProps) {
  const n = pair.get('open_orders');
  return n == null ? <Unknown reason="orders have not been read yet" /> : <span class="num" data-tip="Open orders" data-source={`${pair.symbol} orders`}>{count(n)}</span>;
}

function DistanceCell({ pair, side }: CellProps & { side: 'buy' | 'sell' }) {
  const level = pair.get(side === 'buy' ? 'next_buy' : 'next_sell');
  const from = pair.get('price');
  const name = side === 'buy' ? 'to_buy' : 'to_sell';
  if (level == null) return <td class={name}><Unknown reason={`no open ${side} order ${side === 'buy' ? 'below' : 'above'} the price`} /></td>;
  const distance = distancePercent(from ?? null, level);
  if (distance === null) return <td class={name}><Unknown reason="no price yet" /></td>;
  return (
    <td class={name}>
      <span class="num" data-tip={`Next ${side} at ${price(level, pair.get('tick_size'))}`} data-source={`${pair.symbol} orders`}>{percent(distance)}</span>
    </td>
  );
}

interface Column {
  readonly key: SortKey;
  readonly label: string;
  readonly tip: string;
  cell(pair: PairState): ComponentChildren;
}

const COLUMNS: readonly Column[] = [
  { key: 'symbol', label: 'Pair', tip: 'Base and quote', cell: (pair) => <SymbolCell pair={pair} /> },
  { key: 'price', label: 'Price', tip: 'Last price, in the quote asset', cell: (pair) => <PriceCell pair={pair} /> },
  { key: 'today', label: 'Today', tip: 'Total P&L since midnight', cell: (pair) => <MoneyCell pair={pair} field="today" /> },
  { key: 'realized', label: 'Realized', tip: 'P&L of what was sold, fees taken off', cell: (pair) => <MoneyCell pair={pair} field="realized" /> },
  { key: 'unrealized', label: 'Unrealized', tip: 'P&L of what is held, at the mark price', cell: (pair) => <MoneyCell pair={pair} field="unrealized" /> },
  { key: 'total', label: 'Total', tip: 'Realized and unrealized', cell: (pair) => <MoneyCell pair={pair} field="total" /> },
  { key: 'holdings', label: 'Position', tip: 'What is held of the base asset', cell: (pair) => <PositionCell pair={pair} /> },
  { key: 'open_orders', label: 'Orders', tip: 'Open orders', cell: (pair) => <td class="open_orders"><OrderCount pair={pair} /></td> },
  { key: 'to_buy', label: 'To buy', tip: 'Way of the price to the next open buy order', cell: (pair) => <DistanceCell pair={pair} side="buy" /> },
  { key: 'to_sell', label: 'To sell', tip: 'Way of the price to the next open sell order', cell: (pair) => <DistanceCell pair={pair} side="sell" /> },
];

function Row({ pair, open }: CellProps & { open: boolean }) {
  return (
    <tr class={open ? 'open' : undefined} data-pair={pair.symbol}>
      {COLUMNS.map((column) => column.cell(pair))}
    </tr>
  );
}

function Head() {
  const now = sort.value;
  return (
    <thead>
      <tr>
        {COLUMNS.map(({ key, label, tip }) => (
          <th key={key} scope="col" class={key} aria-sort={now.key === key ? (now.down ? 'descending' : 'ascending') : undefined}>
            <button type="button" onClick={() => sortBy(key)} data-tip={`${tip}. Click to sort.`}>
              {label}{now.key === key ? <Icon name={now.down ? 'down' : 'up'} /> : null}
            </button>
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Empty() {
  if (!live.ready.value) return <p class="empty">Waiting for the first data.</p>;
  if (filter.value.trim() !== '') {
    return <p class="empty">No pair matches {'\u201c'}{filter.value}{'\u201d'}. <button type="button" class="link" onClick={() => { filter.value = ''; }}>Show all</button></p>;
  }
  return (
    <div class="empty">
      <h3>No pairs yet</h3>
      <p>Pairs come from the bot{'\u2019'}s grid strategies. Without a bot, name them in the settings:</p>
      <pre>GRIDSCOPE_SOURCE=exchange{'\n'}GRIDSCOPE_SYMBOLS=BTC/USDT,ETH/USDT</pre>
    </div>
  );
}

function FilterBox() {
  return (
    <label class="filter">
      <Icon name="search" />
      <span class="vh">Filter pairs</span>
      <input id="filter" type="search" placeholder={matchMedia('(hover: none)').matches ? 'Filter' : 'Filter  /'} autocomplete="off" spellcheck={false} value={filter.value}
        onInput={(event) => { filter.value = event.currentTarget.value; }} />
    </label>
  );
}

function openRow(event: { target: EventTarget | null }): void {
  if (!(event.target instanceof Element) || event.target.closest('a, button') !== null) return;
  const symbol = event.target.closest('tr')?.getAttribute('data-pair');
  if (symbol) location.hash = hashOf({ view: 'overview', pair: symbol });
}

export function Pairs({ opened }: { opened: string | null }) {
  const rows = shownPairs.value;
  const all = live.pairs.value.length;
  return (
    <section class={`pairs${stale.value ? ' stale' : ''}`} aria-label="Pairs">
      <div class="bar">
        <h2>Pairs <span class="quiet">{rows.length === all ? count(all) : `${count(rows.length)} of ${count(all)}`}</span></h2>
        <FilterBox />
      </div>
      <div class="scroll" tabIndex={rows.length > 0 ? 0 : undefined} role={rows.length > 0 ? 'region' : undefined} aria-label={rows.length > 0 ? 'Pairs table' : undefined}>
        {rows.length === 0 ? <Empty /> : (
          <table class="grid" onClick={openRow}>
            <Head />
            <tbody>{rows.map((pair) => <Row key={pair.symbol} pair={pair} open={pair.symbol === opened} />)}</tbody>
          </table>
        )}
      </div>
    </section>
  );
}
