/* pair-chart.tsx: the chart's frame: time frames, candles or line, the exact values under the pointer, the grid strip. */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { get, query } from '../feed/api';
import type { JsonObject } from '../feed/patch';
import { exact, price as priceText, signed } from '../format/money';
import { parseDec } from '../format/decimal';
import { parseTime, stamp, utc } from '../format/time';
import { live, serverNow } from '../store/app';
import type { Gap } from '../store/model';
import type { PairState } from '../store/live';
import { type Candle, type CandlePage, type Level, type LevelState, type Trade, useRemote } from '../store/remote';
import { chartKind, gridShown, INTERVALS, interval } from '../store/settings';
import { gapText } from '../store/status';
import { listen } from '../store/topics';
import { Choice, Price, Time, Waiting } from './parts';
import { PriceChart, type Pointing } from './price-chart';

const PAGE = 300;

const LEVEL_WORDS: Readonly<Record<LevelState, string>> = { open_buy: 'open buy', open_sell: 'open sell', filled: 'filled', missing: 'no order' };

export function levelText(level: Level, tick: string | null | undefined): string {
  const profit = parseDec(level.profit);
  const last = parseTime(level.last_fill);
  return [
    `${priceText(level.price, tick)} ${LEVEL_WORDS[level.state] ?? level.state}`,
    level.reason ? `(${level.reason})` : null,
    level.fills ? `filled ${level.fills} ${level.fills === 1 ? 'time' : 'times'}` : null,
    level.fills && profit !== null ? signed(profit, 2) : null,
    last === null ? null : `last ${stamp(last)}`,
  ].filter(Boolean).join(', ').replace(', (', ' (');
}

/** One candle, or a list of them, whichever way the server says it. */
function candlesIn(message: JsonObject): Candle[] {
  const found = message.candles ?? message.candle ?? message.data;
  const list = Array.isArray(found) ? found : [found];
  return list.filter((row) => typeof row === 'object' && row !== null && 'close' in row) as unknown as Candle[];
}

function Legend({ at, last, pair }: { at: Pointing; last: Candle | null; pair: PairState }) {
  const candle = at.candle ?? last;
  const tick = pair.get('tick_size');
  const time = parseTime(candle?.time);
  if (candle === null || time === null) return <div class="legend" />;
  return (
    <div class="legend">
      <span class="num when">{stamp(time).slice(5, 16)}</span>
      <span class="num utc">{utc(time).slice(11, 16)} UTC</span>
      {(['open', 'high', 'low', 'close'] as const).map((key) => (
        <span key={key}><b>{key.charAt(0).toUpperCase()}</b><span class="num">{priceText(candle[key], tick)}</span></span>
      ))}
      {candle.volume ? <span class="volume"><b>V</b><span class="num">{exact(candle.volume)}</span></span> : null}
      {at.level ? <span class="level">{levelText(at.level, tick)}</span> : null}
    </div>
  );
}

/** A rung per level, at its height on the price axis: what waits there, how often it was filled, what is missing. */
function Strip({ levels, chart, tick, version }: { levels: readonly Level[]; chart: PriceChart; tick: string | null | undefined; version: number }) {
  const most = Math.max(1, ...levels.map((level) => level.fills ?? 0));
  const [, redraw] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => redraw((n) => n + 1), 500);
    return () => clearInterval(timer);
  }, [version]);
  return (
    <div class="strip" aria-hidden="true">
      {levels.map((level) => {
        const y = chart.yOf(level.price);
        if (y === null) return null;
        const heat = level.fills ? Math.max(1, Math.ceil((level.fills / most) * 4)) : 0;
        return <i key={level.price} class={`rung ${level.state} heat-${heat}`} style={{ top: `${Math.round(y)}px` }} data-tip={levelText(level, tick)} />;
      })}
    </div>
  );
}

/** Says in words what the bands behind the candles show. */
function BlindNote({ gaps }: { gaps: readonly Gap[] }) {
  if (gaps.length === 0) return null;
  const lines = gaps.slice(-8).reverse().map((gap) => gapText(gap, serverNow.value));
  return <span class="tag blind" tabIndex={0} data-tip={lines.join('\n')}>{gaps.length === 1 ? '1 gap' : `${gaps.length} gaps`}</span>;
}

function CandleTable({ rows, tick }: { rows: readonly Candle[]; tick: string | null | undefined }) {
  return (
    <table class="grid">
      <thead><tr><th scope="col">Time</th><th scope="col">Open</th><th scope="col">High</th><th scope="col">Low</th><th scope="col">Close</th><th scope="col">Volume</th></tr></thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.time}>
            <td><Time iso={row.time} /></td>
            <td><Price value={row.open} tick={tick} /></td><td><Price value={row.high} tick={tick} /></td>
            <td><Price value={row.low} tick={tick} /></td><td><Price value={row.close} tick={tick} /></td>
            <td><span class="num">{row.volume ? exact(row.volume) : ''}</span></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export default function PairChart({ pair, levels, fills }: { pair: PairState; levels: readonly Level[]; fills: readonly Trade[] }) {
  const element = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<PriceChart | null>(null);
  const [at, setAt] = useState<Pointing>({ candle: null, level: null });
  const [moves, setMoves] = useState(0);
  const [table, setTable] = useState(false);
  const [lastAt, setLastAt] = useState(0);
  const gaps = live.field('gaps').value;
  const frame = interval.value;
  const kind = chartKind.value;
  const shown = gridShown.value === 'yes';
  const tick = pair.get('tick_size');
  const average = pair.get('average_cost') ?? null;
  const answer = useRemote<CandlePage>(query('/api/v1/candles', { symbol: pair.symbol, interval: frame, limit: PAGE }));
  const candles = answer?.ok ? answer.data.candles ?? [] : null;

  useLayoutEffect(() => {
    if (element.current === null) return undefined;
    const made = new PriceChart(element.current, chartKind.peek(), tick ?? null, () => interval.peek() === '1d' || interval.peek() === '1w', {
      point: setAt,
      moved: () => setMoves((n) => n + 1),
      older: (before) => {
        void get<CandlePage>(query('/api/v1/candles', { symbol: pair.symbol, interval: interval.peek(), limit: PAGE, before })).then((older) => {
          if (older.ok) made.addOlder(older.data.candles ?? []);
        });
      },
    });
    setChart(made);
    return () => {
      setChart(null);
      made.remove();
    };
  }, [pair, tick]);
  useEffect(() => chart?.setKind(kind), [chart, kind]);
  useEffect(() => {
    chart?.setCandles(candles ?? []);
    setLastAt((n) => n + 1);
  }, [chart, candles]);
  useEffect(() => chart?.setLevels(shown ? levels : [], shown ? average : null), [chart, levels, average, shown]);
  useEffect(() => chart?.setFills(fills), [chart, fills]);
  useEffect(() => chart?.setGaps(gaps ?? []), [chart, gaps]);
  useEffect(() => {
    if (chart === null) return undefined;
    return listen(`candles:${pair.symbol}:${frame}`, (message) => {
      for (const candle of candlesIn(message)) chart.update(candle);
      setLastAt((n) => n + 1);
    });
  }, [chart, pair, frame]);

  const empty = candles !== null && candles.length === 0;
  void lastAt;
  return (
    <div class="chart">
      <div class="chart-bar">
        <Choice label="Time frame" options={INTERVALS} value={frame} onChange={(next) => { interval.value = next; }} />
        <Choice label="Chart" options={['candles', 'line'] as const} names={{ candles: 'Candles', line: 'Line' }} value={kind} onChange={(next) => { chartKind.value = next; }} />
        <span class="choice">
          <button type="button" aria-pressed={shown} data-tip="Grid levels and average cost (g)" onClick={() => { gridShown.value = shown ? 'no' : 'yes'; }}>Grid</button>
          <button type="button" aria-pressed={table} onClick={() => setTable(!table)}>Table</button>
        </span>
      </div>
      <Legend at={at} last={chart?.last() ?? null} pair={pair} />
      <div class={`chart-body${table || empty || candles === null ? ' covered' : ''}`}>
        <div class="chart-canvas" ref={element} tabIndex={0} role="img"
          aria-label={`Price chart of ${pair.symbol}, ${frame}. Arrow keys move, plus and minus zoom; the Table button gives the same data as a table.`} />
        {chart !== null && shown && levels.length > 0 ? <Strip levels={levels} chart={chart} tick={tick} version={moves} /> : null}
        {table ? <div class="cover scroll" tabIndex={0} role="region" aria-label="Candles, newest first"><CandleTable rows={chart?.newest(200) ?? []} tick={tick} /></div> : null}
        {!table && (candles === null || empty) ? (
          <div class="cover">{empty ? <p class="empty">The exchange has no candles for {pair.symbol} in this time frame yet, so there is nothing to draw.</p> : <Waiting answer={answer} what="candles" />}</div>
        ) : null}
      </div>
      <p class="attribution">Charts: <a href="https://www.tradingview.com/" target="_blank" rel="noopener noreferrer">TradingView Lightweight Charts</a><BlindNote gaps={chart?.touching(gaps ?? []) ?? []} /></p>
    </div>
  );
}
