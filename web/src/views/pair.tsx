/* pair.tsx: one pair, opened: its figures, chart, open orders, fills and grid. */

import { useMemo, useState } from 'preact/hooks';
import { query } from '../feed/api';
import { compare, distancePercent, parseDec } from '../format/decimal';
import { count, exact, moneyDigits, percent, price as priceText, quantity, signed } from '../format/money';
import { stamp } from '../format/time';
import { stale } from '../store/app';
import type { PairState } from '../store/live';
import { type Level, type Order, type OrderPage, type Trade, type TradePage, useRemote } from '../store/remote';
import { go } from '../store/route';
import { useTopicVersion } from '../store/topics';
import { Money, toneOf, Unknown } from './figure';
import { Icon } from './icon';
import { lazy } from './lazy';
import { BUY_TIP, Choice, Price, Quantity, Side, Time, Waiting } from './parts';

const PairChart = lazy(() => import('./pair-chart'), 'the chart');

type Tab = 'orders' | 'fills' | 'grid';

const TAB_NAMES: Readonly<Record<Tab, string>> = { orders: 'Orders', fills: 'Fills', grid: 'Grid' };

/** Where the server names no levels, the open orders are the levels we know of. */
function levelsOf(page: OrderPage | null): readonly Level[] {
  if (page === null) return [];
  if (page.levels != null && page.levels.length > 0) return page.levels;
  const seen = new Map<string, Level>();
  for (const order of page.rows ?? []) {
    if (order.price != null && order.side != null) seen.set(order.price, { price: order.price, state: order.side === 'buy' ? 'open_buy' : 'open_sell' });
  }
  return [...seen.values()];
}

/** Nearest to the price first: what may happen next stands on top. */
function nearestFirst(now: string | null) {
  const size = (row: { price?: string | null }) => {
    const away = distancePercent(now, row.price ?? null);
    return away === null ? null : away.units < 0n ? -away.units : away.units;
  };
  return (a: Order, b: Order) => {
    const x = size(a);
    const y = size(b);
    return x === null || y === null ? byPriceDown(a, b) : x < y ? -1 : x > y ? 1 : 0;
  };
}

function byPriceDown(a: { price?: string | null }, b: { price?: string | null }): number {
  const x = parseDec(a.price);
  const y = parseDec(b.price);
  return x === null || y === null ? 0 : compare(y, x);
}

function Orders({ rows, known, pair }: { rows: readonly Order[]; known: boolean; pair: PairState }) {
  const tick = pair.get('tick_size');
  const now = pair.get('price') ?? null;
  if (rows.length === 0 && !known) return <p class="empty">The open orders have not been read yet.</p>;
  if (rows.length === 0) return <p class="empty">No open orders. The bot has nothing waiting on {pair.symbol}.</p>;
  return (
    <table class="grid">
      <thead><tr><th scope="col">Side</th><th scope="col">Price</th><th scope="col">Away</th><th scope="col">Quantity</th><th scope="col">Filled</th></tr></thead>
      <tbody>
        {[...rows].sort(nearestFirst(now)).map((row) => {
          const away = distancePercent(now, row.price ?? null);
          return (
            <tr key={`${row.order_id}`}>
              <td><Side side={row.side} /></td>
              <td><Price value={row.price} tick={tick} /></td>
              <td>{away === null ? <Unknown reason="no price yet" /> : <span class="num quiet">{percent(away)}</span>}</td>
              <td><Quantity value={row.quantity} /></td>
              <td><Quantity value={row.filled} /></td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Fills({ rows, pair }: { rows: readonly Trade[]; pair: PairState }) {
  const tick = pair.get('tick_size');
  if (rows.length === 0) return <p class="empty">No fills of {pair.symbol} are known yet.</p>;
  return (
    <table class="grid pair-fills">
      <thead><tr><th scope="col">Time</th><th scope="col">Side</th><th scope="col">Price</th><th scope="col">Quantity</th><th scope="col">Realized</th></tr></thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.trade_id} ${row.side}`}>
            <td class="time"><Time iso={row.time} /></td>
            <td><Side side={row.side} /></td>
            <td><Price value={row.price} tick={tick} /></td>
            <td><Quantity value={row.quantity} /></td>
            <td>{row.side === 'buy' && row.realized == null ? <span class="quiet" data-tip="A buy opens a lot; its profit comes with the sell.">opens</span>
              : <Money value={row.realized} digits={Math.max(2, moneyDigits(pair.peek().quote))} reason="its cost basis is not known" tip={row.side === 'buy' ? BUY_TIP : undefined} flash={false} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const STATES = { open_buy: 'open buy', open_sell: 'open sell', filled: 'filled', missing: 'no order' } as const;

function GridTable({ levels, pair }: { levels: readonly Level[]; pair: PairState }) {
  const tick = pair.get('tick_size');
  const grid = pair.get('grid');
  if (levels.length === 0) return <p class="empty">No level of this grid is known: neither an open order nor a grid from the bot.</p>;
  const range = grid?.lower && grid.upper ? `${priceText(grid.lower, tick)} to ${priceText(grid.upper, tick)}` : null;
  const waiting = levels.filter((level) => level.state === 'open_buy' || level.state === 'open_sell').length;
  return (
    <>
      <p class="lead">{[range, grid?.levels ? `${count(grid.levels)} levels` : null, grid?.investment ? `investment ${exact(grid.investment)} ${pair.peek().quote ?? ''}` : null,
        `${count(waiting)} with an open order`].filter(Boolean).join(' \u00b7 ')}</p>
      <table class="grid">
        <thead><tr><th scope="col">Level</th><th scope="col">State</th><th scope="col">Filled</th><th scope="col">Profit</th></tr></thead>
        <tbody>
          {[...levels].sort(byPriceDown).map((level) => (
            <tr key={level.price}>
              <td><Price value={level.price} tick={tick} /></td>
              <td class={`level-state ${level.state}`}>{STATES[level.state] ?? level.state}{level.reason ? <span class="quiet">: {level.reason}</span> : null}</td>
              <td><span class="num" data-tip={level.last_fill ? `Last ${stamp(Date.parse(level.last_fill))}` : undefined}>{level.fills == null ? '' : count(level.fills)}</span></td>
              <td>{level.profit == null ? null : <span class={`num ${toneOf(level.profit)}`}>{profitText(level.profit)}</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function profitText(text: string): string {
  const known = parseDec(text);
  return known === null ? '' : signed(known, 2);
}

function Facts({ pair }: { pair: PairState }) {
  const tick = pair.get('tick_size');
  const quote = pair.get('quote') ?? undefined;
  const digits = moneyDigits(quote);
  const held = parseDec(pair.get('holdings'));
  const cost = pair.get('average_cost');
  const price = pair.get('price');
  return (
    <dl class="facts-row">
      <div><dt>Price</dt><dd>{price == null ? <Unknown reason="no price received yet" /> : <Price value={price} tick={tick} source={`${pair.symbol} price`} />}</dd></div>
      <div class="spare"><dt>Total</dt><dd><Money value={pair.get('total')} digits={digits} reason="no mark price yet" unit={quote} flash={false} source={`${pair.symbol} total`} focus /></dd></div>
      <div><dt>Position</dt><dd>{held === null ? <Unknown reason="the history is not known yet" /> : <span class="num" tabIndex={0} data-tip={`${quantity(held)} ${pair.get('base') ?? ''}`} data-source={`${pair.symbol} realized`}>{quantity(held)}</span>}</dd></div>
      <div><dt>Avg cost</dt><dd>{cost == null ? <Unknown reason="nothing is held" /> : <Price value={cost} tick={tick} source={`${pair.symbol} realized`} />}</dd></div>
      <div class="spare"><dt>Cycles</dt><dd><span class="num">{pair.get('cycles') == null ? '' : count(pair.get('cycles') as number)}</span></dd></div>
    </dl>
  );
}

export function PairView({ pair }: { pair: PairState }) {
  const [tab, setTab] = useState<Tab>('orders');
  const orderVersion = useTopicVersion(`orders:${pair.symbol}`);
  const tradeVersion = useTopicVersion('trades');
  const orders = useRemote<OrderPage>(query('/api/v1/orders', { symbol: pair.symbol }), `${orderVersion} ${pair.get('open_orders')} ${pair.get('next_buy')} ${pair.get('next_sell')}`);
  const trades = useRemote<TradePage>(query('/api/v1/trades', { symbol: pair.symbol, limit: 200 }), `${tradeVersion} ${pair.get('fills')}`);
  const orderPage = orders?.ok ? orders.data : null;
  const levels = useMemo(() => levelsOf(orderPage), [orderPage]);
  const fills = useMemo(() => (trades?.ok ? trades.data.rows ?? [] : []), [trades]);
  return (
    <section class={`pair${stale.value || pair.get('price_stale') ? ' stale' : ''}`} aria-label={`${pair.symbol} in detail`}>
      <div class="bar">
        <button type="button" class="tool back" aria-label="Back to the pairs" data-tip="Back (Esc)" onClick={() => go('overview')}><Icon name="back" /></button>
        <h2>{pair.symbol}</h2>
        <Facts pair={pair} />
      </div>
      <PairChart pair={pair} levels={levels} fills={fills} />
      <div class="pair-tabs">
        <Choice label="Below the chart" options={['orders', 'fills', 'grid'] as const} names={TAB_NAMES} value={tab} onChange={setTab} />
      </div>
      <div class="scroll pair-rows" tabIndex={0} role="region" aria-label={TAB_NAMES[tab]}>
        {tab === 'orders' ? (orderPage === null ? <Waiting answer={orders} what="orders" /> : <Orders rows={orderPage.rows ?? []} known={orderPage.known !== false} pair={pair} />) : null}
        {tab === 'fills' ? (trades?.ok ? <Fills rows={fills.slice(0, 50)} pair={pair} /> : <Waiting answer={trades} what="fills" />) : null}
        {tab === 'grid' ? (orderPage === null ? <Waiting answer={orders} what="grid levels" /> : <GridTable levels={levels} pair={pair} />) : null}
      </div>
    </section>
  );
}
