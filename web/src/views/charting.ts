/* charting.ts: what our charts have in common: colours from the page's tokens, manners (the wheel scrolls the page unless
 * the chart has focus or Ctrl is held; one finger scrolls the page, two pan the chart), and time in the reader's zone. */

import {
  type ChartOptions, createChart, type DeepPartial, type IChartApi, TickMarkType, type Time, type UTCTimestamp,
} from 'lightweight-charts';
import { effect } from '@preact/signals';
import { parseDec } from '../format/decimal';
import { amount } from '../format/money';
import { palette, theme } from '../store/settings';

export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const LOCAL_TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const LOCAL_DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const UTC_DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const UTC_MONTH = new Intl.DateTimeFormat(undefined, { month: 'short', year: '2-digit', timeZone: 'UTC' });

/* Bars of a day and longer are UTC days: their label is their UTC date, or they would be off by one west of Greenwich. */
function tick(time: Time, kind: TickMarkType, daily: boolean): string {
  const ms = (time as number) * 1000;
  if (kind === TickMarkType.Year) return String(new Date(ms).getUTCFullYear());
  if (kind === TickMarkType.Month) return UTC_MONTH.format(ms);
  if (kind === TickMarkType.DayOfMonth) return (daily ? UTC_DAY : LOCAL_DAY).format(ms);
  return LOCAL_TIME.format(ms);
}

function look(): DeepPartial<ChartOptions> {
  return {
    layout: { background: { color: token('page') }, textColor: token('text-2'), fontFamily: token('font'), fontSize: 11, attributionLogo: false, panes: { separatorColor: token('line'), separatorHoverColor: token('hover') } },
    grid: { vertLines: { color: token('line') }, horzLines: { color: token('line') } },
    crosshair: {
      vertLine: { color: token('edge'), labelBackgroundColor: token('edge-label') },
      horzLine: { color: token('edge'), labelBackgroundColor: token('edge-label') },
    },
  };
}

const STILL = { mouseWheel: false, pressedMouseMove: true, horzTouchDrag: false, vertTouchDrag: false };
const AWAKE = { mouseWheel: true, pressedMouseMove: true, horzTouchDrag: false, vertTouchDrag: false };

export interface ChartHandle {
  readonly chart: IChartApi;
  /** Called when the theme changed, after the frame is redrawn: series colours are the caller's. */
  onLook(call: () => void): void;
  remove(): void;
}

export function makeChart(at: HTMLElement, daily: () => boolean): ChartHandle {
  const chart = createChart(at, {
    ...look(),
    autoSize: true,
    rightPriceScale: { borderVisible: false, minimumWidth: 64 },
    timeScale: {
      borderVisible: false, timeVisible: true, secondsVisible: false, rightOffset: 3, maxBarSpacing: 40,
      tickMarkFormatter: (time: Time, kind: TickMarkType) => tick(time, kind, daily()),
    },
    localization: { timeFormatter: (time: Time) => `${LOCAL_DAY.format((time as number) * 1000)} ${LOCAL_TIME.format((time as number) * 1000)}` },
    handleScroll: STILL,
    handleScale: { mouseWheel: false, pinch: true, axisPressedMouseMove: true, axisDoubleClickReset: true },
  });
  const manners = behave(at, chart);
  const calls: (() => void)[] = [];
  let first = true;
  const stop = effect(() => {
    void theme.value;
    void palette.value;
    if (first) {
      first = false;
      return;
    }
    requestAnimationFrame(() => {
      chart.applyOptions(look());
      for (const call of calls) call();
    });
  });
  return {
    chart,
    onLook: (call) => { calls.push(call); },
    remove: () => {
      stop();
      manners();
      chart.remove();
    },
  };
}

function zoom(chart: IChartApi, factor: number): void {
  const range = chart.timeScale().getVisibleLogicalRange();
  if (range === null) return;
  const size = (range.to - range.from) * factor;
  chart.timeScale().setVisibleLogicalRange({ from: range.to - size, to: range.to });
}

function pan(chart: IChartApi, bars: number): void {
  chart.timeScale().scrollToPosition(chart.timeScale().scrollPosition() + bars, false);
}

function behave(at: HTMLElement, chart: IChartApi): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const wake = (awake: boolean) => chart.applyOptions({ handleScroll: awake ? AWAKE : STILL, handleScale: { mouseWheel: awake, pinch: true } });
  at.addEventListener('focus', () => wake(true), { signal });
  at.addEventListener('blur', () => wake(false), { signal });
  at.addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    if (document.activeElement !== at) zoom(chart, event.deltaY > 0 ? 1.15 : 1 / 1.15);
  }, { signal, passive: false });
  at.addEventListener('keydown', (event) => keys(event, chart), { signal });
  let last: number | null = null;
  at.addEventListener('touchmove', (event) => {
    if (event.touches.length !== 2) {
      last = null;
      return;
    }
    const x = ((event.touches[0]?.clientX ?? 0) + (event.touches[1]?.clientX ?? 0)) / 2;
    if (last !== null) pan(chart, (last - x) / chart.timeScale().options().barSpacing);
    last = x;
  }, { signal, passive: true });
  at.addEventListener('touchend', () => { last = null; }, { signal, passive: true });
  return () => stop.abort();
}

function keys(event: KeyboardEvent, chart: IChartApi): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'ArrowLeft') pan(chart, -5);
  else if (event.key === 'ArrowRight') pan(chart, 5);
  else if (event.key === '+' || event.key === '=') zoom(chart, 1 / 1.2);
  else if (event.key === '-') zoom(chart, 1.2);
  else if (event.key === 'Home') chart.timeScale().fitContent();
  else if (event.key === 'End') chart.timeScale().scrollToRealTime();
  else return;
  event.preventDefault();
}

/** The axis is drawn from plot numbers; this gives its labels the grouping and minus of all our figures. */
export function axisFormat(digits: number) {
  return {
    type: 'custom' as const,
    minMove: 1 / 10 ** digits,
    formatter: (n: number) => {
      const known = parseDec(n.toFixed(digits));
      return known === null ? '' : amount(known, digits);
    },
  };
}

export function seconds(iso: string): UTCTimestamp {
  return Math.floor(Date.parse(iso) / 1000) as UTCTimestamp;
}
