/* history.tsx: every fill, newest first, page by page from the server, with the totals of exactly the filtered set. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import { query } from '../feed/api';
import { parseDec } from '../format/decimal';
import { amount, count, exact, moneyDigits, quantity } from '../format/money';
import { live } from '../store/app';
import type { Maybe } from '../store/model';
import { type Trade, type TradePage, type TradeTotals, useRemote } from '../store/remote';
import { useTopicVersion } from '../store/topics';
import { Money, Unknown } from './figure';
import { Icon } from './icon';
import { BUY_TIP, Price, Quantity, Side, Time, Waiting } from './parts';

interface Filter {
  readonly symbol: string;
  readonly side: string;
  readonly from: string;
  readonly to: string;
  readonly q: string;
}

const NONE: Filter = { symbol: '', side: '', from: '', to: '', q: '' };
const PAGE = 50;
/** A word is asked for when the typing pauses. */
const PAUSE_MS = 250;

/** The reader's local day as a moment in UTC; the last day is meant whole. */
export function dayBound(day: string, end: boolean): string | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (match === null) return null;
  const [, year, month, date] = match.map(Number) as [number, number, number, number];
  const at = new Date(year, month - 1, date + (end ? 1 : 0));
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

function argsOf(filter: Filter) {
  return { symbol: filter.symbol, side: filter.side, from: dayBound(filter.from, false), to: dayBound(filter.to, true), q: filter.q };
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

function Filters({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  const set = (part: Partial<Filter>) => onChange({ ...filter, ...part });
  const [more, setMore] = useState(false);
  const used = Object.values(filter).some((value) => value !== '');
  return (
    <form class={`filters${more ? ' more' : ''}`} onSubmit={(event) => event.preventDefault()} aria-label="Filter fills">
      <label><span class="label">Pair</span>
        <select value={filter.symbol} onChange={(event) => set({ symbol: event.currentTarget.value })}>
          <option value="">All</option>
          {live.pairs.value.map((pair) => <option key={pair.symbol} value={pair.symbol}>{pair.symbol}</option>)}
        </select></label>
      <label><span class="label">Side</span>
        <select value={filter.side} onChange={(event) => set({ side: event.currentTarget.value })}>
          <option value="">Both</option><option value="buy">Buy</option><option value="sell">Sell</option>
        </select></label>
      <label class="extra"><span class="label">From</span><input type="date" value={filter.from} onInput={(event) => set({ from: event.currentTarget.value })} /></label>
      <label class="extra"><span class="label">To</span><input type="date" value={filter.to} onInput={(event) => set({ to: event.currentTarget.value })} /></label>
      <label class="grow extra"><span class="label">Text</span>
        <input id="filter" type="search" placeholder="Order or trade id, fee asset  /" value={filter.q} autocomplete="off" onInput={(event) => set({ q: event.currentTarget.value })} /></label>
      <button type="button" class="link more-button" aria-expanded={more} onClick={() => setMore(!more)}>{more ? 'Fewer filters' : 'More filters'}</button>
      {used ? <button type="button" class="link" onClick={() => onChange(NONE)}>Clear</button> : null}
    </form>
  );
}

function feesText(fees: TradeTotals['fees']): string | null {
  const parts = Object.entries(fees ?? {}).flatMap(([asset, text]) => {
    const known = parseDec(text);
    return known === null ? [] : [`${quantity(known)} ${asset}`];
  });
  return parts.length > 0 ? parts.join(', ') : null;
}

function feesTip(totals: TradeTotals): string {
  return [
    feesText(totals.fees),
    totals.unvalued_fees ? `${count(totals.unvalued_fees)} fees have no price yet and are left out.` : null,
    totals.assumed_fees ? `${count(totals.assumed_fees)} fees are taken as quote: the bot names no fee asset.` : null,
  ].filter(Boolean).join('\n');
}

function Sum({ name, value, currency, tip }: { name: string; value: Maybe<string>; currency: Maybe<string>; tip?: string }) {
  const known = parseDec(value);
  return (
    <div><dt>{name}{currency ? ` ${currency}` : ''}</dt>
      <dd>{known === null ? <Unknown reason="a rate or a price is missing" /> : <span class="num" tabIndex={tip ? 0 : undefined} data-tip={tip || value}>{amount(known, moneyDigits(currency))}</span>}</dd></div>
  );
}

function Totals({ totals }: { totals: Maybe<TradeTotals> }) {
  if (totals == null) return null;
  return (
    <dl class="facts-row totals">
      <div><dt>Fills</dt><dd><span class="num">{totals.count == null ? '' : count(totals.count)}</span></dd></div>
      <div><dt>Buys / sells</dt><dd><span class="num">{count(totals.buys ?? 0)} / {count(totals.sells ?? 0)}</span></dd></div>
      <div><dt>Realized{totals.currency ? ` ${totals.currency}` : ''}</dt>
        <dd><Money value={totals.realized} digits={moneyDigits(totals.currency)} reason="not every fill of this set is valued" unit={totals.currency ?? undefined} flash={false} /></dd></div>
      <Sum name="Turnover" value={totals.quote_amount} currency={totals.currency} />
      <Sum name="Fees" value={totals.fees_value} currency={totals.currency} tip={feesTip(totals)} />
      {totals.recomputing ? <div><dt class="vh">State</dt><dd><span class="mark" data-tip="A correction is being worked in; these are the figures before it.">recomputing</span></dd></div> : null}
    </dl>
  );
}

function Fee({ row }: { row: Trade }) {
  const fee = parseDec(row.fee);
  if (fee === null) return <Unknown reason="the source does not tell the fee" />;
  const assumed = row.fee_assumed === true || row.fee_asset == null;
  const quote = row.symbol?.split('/')[1] ?? '';
  const tip = [
    assumed ? 'The source names no fee asset; it is taken as quote until the exchange\u2019s own record is read.' : null,
    row.fee_value != null ? `Worth ${exact(row.fee_value)} ${quote} when it was paid.` : assumed ? null : 'Its price is not known yet; it is left out of the sums.',
  ].filter(Boolean).join('\n');
  return <span data-tip={tip}><span class="num">{quantity(fee)}</span> <span class="unit">{row.fee_asset ?? quote}{assumed ? '?' : ''}</span></span>;
}

function closesText(row: Trade): string | undefined {
  const { first, last } = row.closes ?? {};
  if (first == null) return undefined;
  return last == null || last === first ? `Closes the buy ${first}.` : `Closes the buys ${first} to ${last}.`;
}

function Realized({ row }: { row: Trade }) {
  if (row.side === 'buy' && row.realized == null) return <span class="quiet" data-tip="A buy opens a lot; its profit comes with the sell.">opens</span>;
  const quote = row.symbol?.split('/')[1];
  const unmatched = parseDec(row.unmatched);
  const tip = [row.side === 'buy' ? BUY_TIP : closesText(row), unmatched !== null && unmatched.units !== 0n ? `${quantity(unmatched)} of it was sold without a known buy: of that, the fee alone counts.` : null].filter(Boolean).join('\n');
  return <Money value={row.realized} digits={moneyDigits(quote)} reason="its cost basis is not known" unit={quote} tip={tip || undefined} flash={false} />;
}

function Table({ rows }: { rows: readonly Trade[] }) {
  return (
    <table class="grid history">
      <thead>
        <tr>
          <th scope="col">Time</th><th scope="col">Pair</th><th scope="col">Side</th><th scope="col">Price</th><th scope="col">Quantity</th>
          <th scope="col">Amount</th><th scope="col">Fee</th><th scope="col" class="realized-head">Realized</th><th scope="col">Order</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const pair = row.symbol ? live.pair(row.symbol)?.peek() : undefined;
          const [base, quote] = (row.symbol ?? '').split('/');
          return (
            <tr key={`${row.symbol} ${row.trade_id} ${row.side}`}>
              <td class="time"><Time iso={row.time} /></td>
              <td class="symbol">{row.symbol}</td>
              <td class="side-cell"><Side side={row.side} /></td>
              <td class="price"><Price value={row.price} tick={pair?.tick_size} /></td>
              <td class="quantity"><Quantity value={row.quantity} unit={base} /></td>
              <td class="amount">{parseDec(row.quote_amount) === null ? <Unknown reason="not told" /> : <span class="num" data-tip={`${row.quote_amount} ${quote ?? ''}`}>{amount(parseDec(row.quote_amount)!, moneyDigits(quote))}</span>}</td>
              <td class="fee"><Fee row={row} /></td>
              <td class="realized"><Realized row={row} /></td>
              <td class="order"><span class="num quiet" data-tip={[`Trade ${row.trade_id ?? '?'}`, row.maker == null ? null : row.maker ? 'maker' : 'taker', row.source ? `learnt from ${row.source}` : null].filter(Boolean).join('\n')}>{row.order_id ?? ''}</span></td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

export function History() {
  const [filter, setFilter] = useState<Filter>(NONE);
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const q = useSettled(filter.q);
  const args = useMemo(() => argsOf({ ...filter, q }), [filter, q]);
  const version = useTopicVersion('trades');
  const cursor = cursors[cursors.length - 1] ?? null;
  /* Pages after the first stand still: a new fill must not push rows through under the reader's eyes. */
  const answer = useRemote<TradePage>(query('/api/v1/trades', { ...args, cursor, limit: PAGE }), cursor === null ? version : 0);
  const page = answer?.ok ? answer.data : null;
  const rows = page?.rows ?? [];
  const change = (next: Filter) => {
    setFilter(next);
    setCursors([]);
  };
  const filtered = Object.values(args).some((value) => value !== null && value !== '');
  return (
    <section class="page" aria-label="Trade history">
      <h1 class="vh">Trade history</h1>
      <Filters filter={filter} onChange={change} />
      <div class="totals-bar">
        <Totals totals={page?.totals} />
        <a class="button" href={query('/api/v1/trades.csv', args)} download="fills.csv" data-tip="Exactly the filtered set, as CSV"><Icon name="download" />CSV</a>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Fills">
        {page === null ? <Waiting answer={answer} what="the trade history" />
          : rows.length === 0 ? <p class="empty">{filtered ? 'No fill matches this filter.' : 'No fills yet. The first one appears here the moment it happens.'}</p>
            : <Table rows={rows} />}
      </div>
      <div class="pager">
        <button type="button" disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}><Icon name="back" />Newer</button>
        <span class="quiet">Page {cursors.length + 1}</span>
        <button type="button" disabled={page?.next_cursor == null} onClick={() => page?.next_cursor != null && setCursors([...cursors, `${page.next_cursor}`])}>Older<Icon name="chevron" /></button>
      </div>
    </section>
  );
}
