/* equity-chart.tsx: total P&L as a line with its drawdown under it, and P&L per period as bars. */

import { BaselineSeries, HistogramSeries, LineSeries, type MouseEventParams, type Time, type UTCTimestamp } from 'lightweight-charts';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { parseDec } from '../format/decimal';
import { amount, count, signed } from '../format/money';
import { plotNumber } from '../format/plot';
import { stamp } from '../format/time';
import type { EquityPoint, Period } from '../store/remote';
import { axisFormat, type ChartHandle, makeChart, seconds, token } from './charting';

function money(text: string | null | undefined, digits: number): string | null {
  const known = parseDec(text);
  return known === null ? null : signed(known, digits);
}

function unique<T extends { time: UTCTimestamp }>(rows: readonly T[]): T[] {
  return [...new Map(rows.map((row) => [row.time, row])).values()].sort((a, b) => a.time - b.time);
}

function useChart(daily: boolean, label: string, fill: (handle: ChartHandle) => (event: MouseEventParams<Time>) => void, deps: readonly unknown[]) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (element.current === null) return undefined;
    const handle = makeChart(element.current, () => daily);
    const pointed = fill(handle);
    handle.chart.subscribeCrosshairMove(pointed);
    handle.chart.timeScale().fitContent();
    return () => handle.remove();
  }, deps);
  return <div class="chart-canvas" ref={element} tabIndex={0} role="img" aria-label={label} />;
}

interface PlotPoint {
  readonly time: UTCTimestamp;
  readonly value: number;
}

/** How far the line lies below its highest point so far: the shape of the drawdown, for the eye; its figures come from the
 * server. */
function fallenBelowPeak(line: readonly PlotPoint[]): PlotPoint[] {
  let peak = Number.NEGATIVE_INFINITY;
  return line.map((point) => {
    peak = Math.max(peak, point.value);
    return { time: point.time, value: point.value - peak };
  });
}

export function EquityChart({ points, digits }: { points: readonly EquityPoint[]; digits: number }) {
  const [at, setAt] = useState<EquityPoint | null>(null);
  const canvas = useChart(false, 'Total P&L over time; the Table button gives the same data as a table', ({ chart, onLook }) => {
    const byTime = new Map(points.map((point) => [seconds(point.time) as number, point]));
    const colours = () => ({ topLineColor: token('gain'), bottomLineColor: token('loss'), topFillColor1: token('tint-up'), topFillColor2: 'transparent', bottomFillColor1: 'transparent', bottomFillColor2: token('tint-down') });
    const total = chart.addSeries(BaselineSeries, { baseValue: { type: 'price', price: 0 }, lineWidth: 2, priceFormat: axisFormat(digits), priceLineVisible: false, ...colours() });
    const line = unique(points.flatMap((point) => {
      const value = plotNumber(point.total);
      return value === null ? [] : [{ time: seconds(point.time), value }];
    }));
    total.setData(line);
    const under = chart.addSeries(LineSeries, { color: token('loss'), lineWidth: 1, priceFormat: axisFormat(digits), priceLineVisible: false, lastValueVisible: false }, 1);
    under.setData(fallenBelowPeak(line));
    chart.panes()[1]?.setStretchFactor(0.4);
    onLook(() => under.applyOptions({ color: token('loss') }));
    onLook(() => total.applyOptions(colours()));
    return (event) => setAt(event.time === undefined ? null : byTime.get(event.time as number) ?? null);
  }, [points, digits]);
  const shown = at ?? points[points.length - 1];
  const ms = shown === undefined ? Number.NaN : Date.parse(shown.time);
  return (
    <div class="plain-chart">
      <div class="legend">
        {Number.isNaN(ms) ? null : <span class="num when">{stamp(ms).slice(0, 16)}</span>}
        <span><b>Total</b><span class="num">{money(shown?.total, digits) ?? ''}</span></span>
        {money(shown?.realized, digits) === null ? null : <span><b>Realized</b><span class="num">{money(shown?.realized, digits)}</span></span>}
      </div>
      {canvas}
    </div>
  );
}

export function PeriodChart({ rows, digits, daily }: { rows: readonly Period[]; digits: number; daily: boolean }) {
  const [at, setAt] = useState<Period | null>(null);
  const canvas = useChart(daily, 'P&L per period as bars; the Table button gives the same data as a table', ({ chart, onLook }) => {
    const byTime = new Map(rows.map((row) => [seconds(row.start) as number, row]));
    const series = chart.addSeries(HistogramSeries, { priceFormat: axisFormat(digits), priceLineVisible: false, lastValueVisible: false });
    const draw = () => series.setData(unique(rows.flatMap((row) => {
      const value = plotNumber(row.pnl);
      return value === null ? [] : [{ time: seconds(row.start), value, color: token(value < 0 ? 'loss' : 'gain') }];
    })));
    draw();
    onLook(draw);
    return (event) => setAt(event.time === undefined ? null : byTime.get(event.time as number) ?? null);
  }, [rows, digits, daily]);
  const shown = at ?? rows[rows.length - 1];
  const ms = shown === undefined ? Number.NaN : Date.parse(shown.start);
  const fees = parseDec(shown?.fees);
  return (
    <div class="plain-chart">
      <div class="legend">
        {Number.isNaN(ms) ? null : <span class="num when">{daily ? new Date(ms).toISOString().slice(0, 10) : stamp(ms).slice(0, 16)}</span>}
        <span><b>P&L</b><span class="num">{money(shown?.pnl, digits) ?? ''}</span></span>
        {fees === null ? null : <span><b>Fees</b><span class="num">{amount(fees, digits)}</span></span>}
        {shown?.cycles == null ? null : <span><b>Cycles</b><span class="num">{count(shown.cycles)}</span></span>}
      </div>
      {canvas}
    </div>
  );
}
