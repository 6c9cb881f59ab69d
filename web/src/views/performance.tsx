/* performance.tsx: how it went: the metrics of ACCOUNTING section 6, each explaining itself; equity and drawdown; P&L per
 * period with fees and cycles; the calendar. Whatever the server does not know yet is a dash with the reason. */

import { computed } from '@preact/signals';
import { useRef, useState } from 'preact/hooks';
import { query } from '../feed/api';
import { compare, type Dec, parseDec } from '../format/decimal';
import { amount, count, exact, moneyDigits, percent, quantity } from '../format/money';
import { clock, day, parseTime, stamp } from '../format/time';
import { serverNow } from '../store/app';
import { localNow } from '../store/clock';
import type { Maybe } from '../store/model';
import { type Drawdown, type EquityPage, type Figures as PairFigures, type Performance as Figures, type Period, type Method, METHODS, type PeriodName, PERIODS, useRemote } from '../store/remote';
import { Money, Percent, toneOf, Unknown } from './figure';
import { lazy } from './lazy';
import { Choice, Time, Twin, Waiting } from './parts';
import { ProofOfPnl } from './proof';

const EquityChart = lazy(async () => ({ default: (await import('./equity-chart')).EquityChart }), 'the chart');
const PeriodChart = lazy(async () => ({ default: (await import('./equity-chart')).PeriodChart }), 'the chart');

const RANGES = { '1': '24h', '7': '7d', '30': '30d', '180': '180d', '': 'All' } as const;
const DAY_MS = 86_400_000;
type Range = keyof typeof RANGES;
const RANGE_ORDER: readonly Range[] = ['1', '7', '30', '180', ''];

function Metric({ name, tip, source = 'realized', children }: { name: string; tip: string; source?: string; children: preact.ComponentChildren }) {
  return <div class="metric" tabIndex={0} data-tip={tip} data-source={source}><dt>{name}</dt><dd>{children}</dd></div>;
}

function plainPercent(text: Maybe<string>, reason: string) {
  const known = parseDec(text);
  return known === null ? <Unknown reason={reason} /> : <span class="num">{percent(known).replace(/^\+/, '')}</span>;
}

const NO_DRAWDOWN = [{ days: null }];

/** Where the server tells none yet, one dash says so. */
/** Since when equity is known, where that is later than the window, or than the trading itself, began: what fell before is not in it. */
function youngSince(since: Maybe<string>, days: Maybe<number>, traded: Maybe<string>): number | null {
  const at = parseTime(since);
  const begun = Math.max(parseTime(traded) ?? 0, days == null ? 0 : serverNow.peek() - days * DAY_MS);
  return at === null || at - begun < DAY_MS / 24 ? null : at;
}

function drawdowns(figures: Figures) {
  return figures.drawdown == null || figures.drawdown.length === 0 ? NO_DRAWDOWN : figures.drawdown;
}

function Metrics({ figures }: { figures: Figures }) {
  const digits = moneyDigits(figures.currency);
  const unit = figures.currency ?? undefined;
  const invested = figures.investment?.amount;
  const noInvestment = invested ? 'less than an hour of history' : 'no investment is known (GRIDSCOPE_INVESTMENT)';
  const base = invested ? `investment ${exact(invested)} ${unit ?? ''}` : 'no investment known';
  const days = figures.since ? `since ${figures.since.slice(0, 10)}` : 'start unknown';
  const running = parseDec(figures.days_running);
  const factor = parseDec(figures.profit_factor);
  const fees = parseDec(figures.fees);
  const averageLoss = parseDec(figures.average_loss);
  const exposed = figures.exposure;
  const atStake = parseDec(exposed?.value);
  const held = figures.holding;
  return (
    <dl class="metrics">
      <Metric name="Grid profit" tip="Sum of the results of all cycles: proceeds, less the basis sold, less the fees of both sides.">
        <Money value={figures.grid_profit} digits={digits} reason="no cycle yet" unit={unit} flash={false} /></Metric>
      <Metric name="Cycles" tip="Sell orders that consumed lots and left nothing unmatched.">
        {figures.cycles == null ? <Unknown reason="not told" /> : <span class="num">{count(figures.cycles)}</span>}</Metric>
      <Metric name="Win rate" tip={`Winning cycles / cycles: ${figures.wins ?? '?'} of ${figures.cycles ?? '?'}.`}>{plainPercent(figures.win_rate, 'no cycle yet')}</Metric>
      <Metric name="Profit factor" tip={`Gross profit / gross loss: ${figures.gross_profit ?? '?'} / ${figures.gross_loss ?? '?'}.`}>
        {factor !== null ? <span class="num">{amount(factor, 2)}</span> : figures.no_losses ? <span class="num">no losses</span> : <Unknown reason="no cycle yet" />}</Metric>
      <Metric name="Average win" tip={`Gross profit / winning cycles: ${figures.gross_profit ?? '?'} / ${figures.wins ?? '?'}.`}>
        <Money value={figures.average_win} digits={digits} reason="no winning cycle yet" unit={unit} flash={false} /></Metric>
      <Metric name="Average loss" tip={`Gross loss / losing cycles: ${figures.gross_loss ?? '?'} / ${figures.losses ?? '?'}.`}>
        {averageLoss === null ? (figures.no_losses ? <span class="num">no losses</span> : <Unknown reason="no cycle yet" />)
          : <Money value={`-${figures.average_loss}`} digits={digits} reason="" unit={unit} flash={false} />}</Metric>
      <Metric name="Expectancy" tip={`What a cycle brought on average: grid profit / cycles: ${figures.grid_profit ?? '?'} / ${figures.cycles ?? '?'}.`}>
        <Money value={figures.expectancy} digits={digits} reason="no cycle yet" unit={unit} flash={false} /></Metric>
      <Metric name="Exposure" source="total" tip={`What is held, at the mark price${exposed?.percent ? `: ${exact(exposed.percent)} % of the investment` : ''}.\nCost basis ${exposed?.cost_basis ?? '?'} ${unit ?? ''}.`}>
        {atStake === null ? <Unknown reason="no mark price yet" /> : <span class="num" data-tip={exposed?.value ?? undefined}>{amount(atStake, digits)}</span>}</Metric>
      <Metric name="Against holding" source="total" tip={`Equity less what the investment would be worth, had it bought the coins at the first fill and held them: ${held?.equity ?? '?'} - ${held?.value ?? '?'}${held?.percent ? ` (${exact(held.percent)} % of the investment)` : ''}.`}>
        <Money value={held?.difference} digits={digits} reason={invested ? 'a price is missing' : noInvestment} unit={unit} flash={false} /></Metric>
      <Metric name="APR, grid" tip={`Grid profit / investment / days running x 365.\n${base}, ${days}.`}><Percent value={figures.apr?.grid} reason={noInvestment} /></Metric>
      <Metric name="APR, total" source="total" tip={`Total P&L / investment / days running x 365.\n${base}, ${days}.`}><Percent value={figures.apr?.total} reason={noInvestment} /></Metric>
      {drawdowns(figures).map((drawdown) => {
        const { amount: fall, percent: share, since } = drawdown as Drawdown;
        const lost = parseDec(fall);
        const young = lost === null ? null : youngSince(since, drawdown.days, figures.since);
        const tip = ['The deepest fall of equity below an earlier peak; equity is the investment and the total P&L.', lost === null ? null : `${exact(fall as string)} ${unit ?? ''}`,
          young === null ? null : `The record of equity is younger: it begins ${stamp(young)}.`];
        return (
          <Metric key={`${drawdown.days}`} source="windows" name={`Drawdown ${drawdown.days == null ? 'all' : `${drawdown.days}d`}`} tip={tip.filter(Boolean).join('\n')}>
            {share != null ? plainPercent(share, '') : lost !== null ? <span class="num">{amount(lost, digits)}</span> : <Unknown reason="the equity series is too short" />}
            {young === null ? null : <span class="tag">since {serverNow.peek() - young < DAY_MS ? clock(young).slice(0, 5) : day(young)}</span>}
          </Metric>
        );
      })}
      <Metric name="Fees" tip={figures.fees_share ? `${exact(figures.fees_share)} % of gross profit.` : 'All fees, valued when they were paid.'}>
        {fees === null ? <Unknown reason="not told" /> : <span class="num">{amount(fees, digits)}</span>}</Metric>
      <Metric name="Running" tip={`Days of trading, ${days}.`}>
        {running === null ? <Unknown reason="no fill is known yet" /> : <span class="num">{amount(running, 1)} d</span>}</Metric>
    </dl>
  );
}

const METHOD_NAMES: Readonly<Record<Method, string>> = { fifo: 'FIFO', lifo: 'LIFO', average: 'Average', grid: 'Grid pairs' };

/** Which coins a sale sells moves profit between realized and unrealized, and never changes the total. */
function MethodBar({ method, figures, onChange }: { method: Method; figures: Figures | null; onChange: (method: Method) => void }) {
  const digits = moneyDigits(figures?.currency);
  const unit = figures?.currency ?? undefined;
  return (
    <section class="method" aria-label="Accounting method">
      <div class="method-choice">
        <span class="label">Accounting method</span>
        <Choice label="Accounting method" options={METHODS} names={METHOD_NAMES} value={method} onChange={onChange} />
      </div>
      <p class="quiet method-sentence" role="status">{figures?.method_sentence ?? ''}</p>
      {figures === null ? null : (
        <dl class="facts-row">
          <div><dt>Realized</dt><dd><Money value={figures.realized} digits={digits} reason="the history is not known yet" unit={unit} flash={false} /></dd></div>
          <div><dt>Unrealized</dt><dd><Money value={figures.unrealized} digits={digits} reason="no mark price yet" unit={unit} flash={false} /></dd></div>
          <div class="method-total"><dt>Total</dt><dd><Money value={figures.total} digits={digits} reason="no mark price yet" unit={unit} flash={false} /></dd></div>
        </dl>
      )}
    </section>
  );
}

function Equity() {
  const [range, setRange] = useState<Range>('30');
  const answer = useRemote<EquityPage>(query('/api/v1/equity', { days: range }));
  const points = answer?.ok ? answer.data.points ?? [] : null;
  const digits = moneyDigits(answer?.ok ? answer.data.currency : null);
  return (
    <section class="block" aria-label="Equity">
      <div class="bar"><h2>Total P&L over time <span class="quiet">drawdown below</span></h2><Choice label="Range" options={RANGE_ORDER} names={RANGES} value={range} onChange={setRange} /></div>
      {points === null ? <Waiting answer={answer} what="the equity series" />
        : points.length < 2 ? <p class="empty">The equity series begins when Gridscope first ran. There are not two points in this range yet.</p>
          : <Twin name="Total P&L over time" chart={<EquityChart points={points} digits={digits} />} table={() => (
            <table class="grid">
              <thead><tr><th scope="col">Time</th><th scope="col">Total</th><th scope="col">Realized</th></tr></thead>
              <tbody>{[...points].reverse().slice(0, 500).map((point) => (
                <tr key={point.time}><td><Time iso={point.time} /></td><td><Money value={point.total} digits={digits} reason="a price was missing" flash={false} /></td>
                  <td><Money value={point.realized} digits={digits} reason="not told" flash={false} /></td></tr>))}</tbody>
            </table>)} />}
    </section>
  );
}

function PeriodTable({ rows, digits }: { rows: readonly Period[]; digits: number }) {
  return (
    <table class="grid">
      <thead><tr><th scope="col">From</th><th scope="col">P&L</th><th scope="col">Realized</th><th scope="col">Fees</th><th scope="col">Cycles</th></tr></thead>
      <tbody>
        {[...rows].reverse().map((row) => {
          const fees = parseDec(row.fees);
          return (
            <tr key={row.start}>
              <td><Time iso={row.start} /></td>
              <td><Money value={row.pnl} digits={digits} reason="a price was missing" flash={false} /></td>
              <td><Money value={row.realized} digits={digits} reason="not told" flash={false} /></td>
              <td>{fees === null ? <Unknown reason="not told" /> : <span class="num">{amount(fees, digits)}</span>}</td>
              <td><span class="num">{row.cycles == null ? '' : count(row.cycles)}</span></td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Periods({ figures }: { figures: Figures }) {
  const [period, setPeriod] = useState<PeriodName>('day');
  const rows = figures.periods?.[period] ?? [];
  const realized = rows.some((row) => row.basis === 'realized');
  const digits = moneyDigits(figures.currency);
  return (
    <section class="block" aria-label="Profit and loss by period">
      <div class="bar"><h2>P&L by {period}{realized ? <span class="tag" data-tip="Realized P&L of the period: the equity series does not reach it.">realized</span> : null}</h2><Choice label="Period" options={PERIODS} names={{ hour: 'Hour', day: 'Day', week: 'Week', month: 'Month' }} value={period} onChange={setPeriod} /></div>
      {rows.length === 0 ? <p class="empty">No {period} has a figure yet.</p>
        : <Twin name={`P&L by ${period}`} chart={<PeriodChart rows={rows} digits={digits} daily={period !== 'hour'} />} table={() => <PeriodTable rows={rows} digits={digits} />} />}
    </section>
  );
}

/** 0 to 4: a day's share of the best or worst day. */
function heat(value: Dec, most: Dec): number {
  if (most.units === 0n || value.units === 0n) return 0;
  const scale = Math.max(value.scale, most.scale);
  const size = (a: Dec) => (a.units < 0n ? -a.units : a.units) * 10n ** BigInt(scale - a.scale);
  return Math.max(1, Math.min(4, Number((size(value) * 4n + size(most) - 1n) / size(most))));
}

function Calendar({ rows, currency }: { rows: readonly Period[]; currency: Maybe<string> }) {
  const digits = moneyDigits(currency);
  const days = rows.slice(-7 * 26);
  if (days.length === 0) return null;
  const most = days.reduce<Dec>((max, row) => {
    const value = parseDec(row.pnl);
    if (value === null) return max;
    const size = value.units < 0n ? { ...value, units: -value.units } : value;
    return compare(size, max) > 0 ? size : max;
  }, { units: 0n, scale: 0 });
  const lead = (new Date((days[0] as Period).start).getUTCDay() + 6) % 7;
  return (
    <section class="block" aria-label="Calendar">
      <div class="bar"><h2>Calendar <span class="quiet">one square a day, a column a week; the stronger, the larger the P&L</span></h2></div>
      <div class="calendar" role="img" aria-label="Daily P&L as a calendar; the same figures are in the table of P&L by day">
        {Array.from({ length: lead }, (_, i) => <i key={`lead${i}`} class="none" />)}
        {days.map((row) => {
          const value = parseDec(row.pnl);
          const text = value === null ? 'unknown' : `${amount(value, digits)} ${currency ?? ''}`;
          return <i key={row.start} class={value === null ? 'none' : `${toneOf(row.pnl)} heat-${heat(value, most)}`} data-tip={`${row.start.slice(0, 10)}: ${text}${row.cycles == null ? '' : `\n${row.cycles} cycles`}`} />;
        })}
      </div>
    </section>
  );
}

function FeeTable({ figures }: { figures: Figures }) {
  const rows = Object.entries(figures.fees_by_asset ?? {});
  if (rows.length === 0) return null;
  const digits = moneyDigits(figures.currency);
  return (
    <section class="block half" aria-label="Fees"><h2>Fees by asset</h2>
      <table class="grid">
        <thead><tr><th scope="col">Asset</th><th scope="col">Paid</th><th scope="col">Value{figures.currency ? `, ${figures.currency}` : ''}</th></tr></thead>
        <tbody>{rows.map(([asset, entry]) => {
          const paid = parseDec(entry.amount);
          const value = parseDec(entry.value);
          return <tr key={asset}><td>{asset}</td><td>{paid === null ? <Unknown reason="not told" /> : <span class="num">{quantity(paid)}</span>}</td>
            <td>{value === null ? <Unknown reason="not valued yet" /> : <span class="num">{amount(value, digits)}</span>}</td></tr>;
        })}</tbody>
      </table>
    </section>
  );
}

function ByPair({ rows }: { rows: readonly (PairFigures & { symbol: string })[] }) {
  if (rows.length === 0) return null;
  return (
    <section class="block" aria-label="By pair"><h2>By pair <span class="quiet">each in its quote asset</span></h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Performance by pair">
        <table class="grid">
          <thead><tr><th scope="col">Pair</th><th scope="col">Total</th><th scope="col">Realized</th><th scope="col">Grid profit</th><th scope="col">Cycles</th><th scope="col">Win rate</th><th scope="col">Fees</th></tr></thead>
          <tbody>{rows.map((row) => {
            const digits = moneyDigits(row.currency);
            const fees = parseDec(row.fees);
            return (
              <tr key={row.symbol}><td>{row.symbol}</td>
                <td><Money value={row.total} digits={digits} reason="no mark price yet" unit={row.currency ?? undefined} flash={false} /></td>
                <td><Money value={row.realized} digits={digits} reason="not told" unit={row.currency ?? undefined} flash={false} /></td>
                <td><Money value={row.grid_profit} digits={digits} reason="no cycle yet" unit={row.currency ?? undefined} flash={false} /></td>
                <td><span class="num">{row.cycles == null ? '' : count(row.cycles)}</span></td>
                <td>{plainPercent(row.win_rate, 'no cycle yet')}</td>
                <td>{fees === null ? <Unknown reason="a fee has no price yet" /> : <span class="num" data-tip={row.fees ?? undefined}>{amount(fees, digits)}</span>}</td></tr>
            );
          })}</tbody>
        </table>
      </div>
    </section>
  );
}

function Steps({ figures }: { figures: Figures }) {
  const rows = figures.steps ?? [];
  if (rows.length === 0) return null;
  return (
    <section class="block half" aria-label="Step against fees"><h2>Step against fees</h2>
      <table class="grid">
        <thead><tr><th scope="col">Pair</th><th scope="col">Grid step</th><th scope="col">Least profitable</th><th scope="col">Verdict</th></tr></thead>
        <tbody>{rows.map((row) => (
          <tr key={row.symbol}><td>{row.symbol}</td><td>{plainPercent(row.step, 'the grid is not known')}</td><td>{plainPercent(row.minimum, 'the fee rate is not known')}</td>
            <td>{row.below == null ? <Unknown reason="not told" /> : row.below ? <span class="alarm">too narrow: fees eat the step</span> : <span class="quiet">covers its fees</span>}</td></tr>))}</tbody>
      </table>
    </section>
  );
}

/** Asked again so often while somebody looks: the figures move with the prices. */
const REFRESH_MS = 15_000;
const turn = computed(() => Math.floor(localNow.value / REFRESH_MS));

export function Performance() {
  const [method, setMethod] = useState<Method>('fifo');
  const last = useRef<Figures | null>(null);
  const answer = useRemote<Figures>(query('/api/v1/performance', { method: method === 'fifo' ? null : method }), turn.value);
  if (answer?.ok) last.current = answer.data;
  const figures = answer === null || answer.ok ? last.current : null;
  return (
    <div class="page performance">
      <h1 class="vh">Performance</h1>
      {figures === null && !(answer?.ok === false && method !== 'fifo') ? null : <MethodBar method={method} figures={figures} onChange={setMethod} />}
      {figures === null ? <Waiting answer={answer} what="the performance figures" /> : <Metrics figures={figures} />}
      {figures === null ? null : <ProofOfPnl version={turn.value} />}
      <div class="side-by-side">
        <Equity />
        {figures === null ? null : <Periods figures={figures} />}
      </div>
      {figures === null ? null : (
        <>
          <Calendar rows={figures.periods?.day ?? []} currency={figures.currency} />
          <ByPair rows={figures.pairs ?? []} />
          <div class="side-by-side"><FeeTable figures={figures} /><Steps figures={figures} /></div>
        </>
      )}
    </div>
  );
}
