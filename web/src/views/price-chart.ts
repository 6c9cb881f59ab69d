/* price-chart.ts: the chart of one pair: candles or a line, the grid's levels, our fills, the average cost. It draws what it
 * is given and invents nothing; every text beside it comes from the candles' own decimals. */

import {
  CandlestickSeries, type IPriceLine, type ISeriesApi, LineSeries, LineStyle, type MouseEventParams, type Time, type UTCTimestamp,
} from 'lightweight-charts';
import { digitsOfTick } from '../format/money';
import { plotNumber } from '../format/plot';
import type { Gap } from '../store/model';
import type { Candle, Level, Trade } from '../store/remote';
import { axisFormat, type ChartHandle, makeChart, seconds, token } from './charting';
import { FillsLayer, type FillMark } from './fills-layer';
import { GapsLayer, type GapMark } from './gaps-layer';

export type ChartKind = 'candles' | 'line';

/** Where the pointer is: the bar under it and the level near it. */
export interface Pointing {
  readonly candle: Candle | null;
  readonly level: Level | null;
}

interface Bar {
  readonly time: UTCTimestamp;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** Scrolling back for ever must not grow the page for ever. */
const MAX_BARS = 5000;
/** Bars left of the view when older ones are asked for. */
const NEAR_START = 20;
/** Levels on each side of the price that carry a label on the axis. */
const LABELLED = 2;
const LEVEL_NEAR_PX = 6;

function barOf(candle: Candle): Bar | null {
  const [open, high, low, close] = [candle.open, candle.high, candle.low, candle.close].map(plotNumber);
  const time = seconds(candle.time);
  if (open == null || high == null || low == null || close == null || Number.isNaN(time)) return null;
  return { time, open, high, low, close };
}

export class PriceChart {
  private readonly handle: ChartHandle;
  private series: ISeriesApi<'Candlestick' | 'Line'>;
  private readonly candles = new Map<number, Candle>();
  private bars: Bar[] = [];
  private lines: IPriceLine[] = [];
  private readonly fills = new FillsLayer();
  private readonly blind = new GapsLayer();
  private gaps: readonly Gap[] = [];
  private levels: readonly Level[] = [];
  private trades: readonly Trade[] = [];
  private average: string | null = null;
  private complete = false;
  private asking = false;

  constructor(
    at: HTMLElement,
    private kind: ChartKind,
    private tickSize: string | null,
    private readonly daily: () => boolean,
    private readonly on: { point(at: Pointing): void; older(before: string): void; moved(): void },
  ) {
    this.handle = makeChart(at, () => this.daily());
    this.series = this.makeSeries();
    this.handle.onLook(() => this.restyle());
    this.handle.chart.subscribeCrosshairMove((event) => this.pointed(event));
    this.handle.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      this.on.moved();
      if (range !== null && range.from < NEAR_START) this.askOlder();
    });
  }

  remove(): void {
    this.handle.remove();
  }

  setKind(kind: ChartKind): void {
    if (kind === this.kind) return;
    this.kind = kind;
    this.handle.chart.removeSeries(this.series);
    this.lines = [];
    this.series = this.makeSeries();
    this.series.setData(this.bars.map((bar) => this.shape(bar)));
    this.drawLevels();
    this.drawFills();
    this.drawGaps();
  }

  /** A new time frame or pair: everything before is forgotten. */
  setCandles(candles: readonly Candle[]): void {
    this.candles.clear();
    this.bars = [];
    this.complete = false;
    this.asking = false;
    this.put(candles);
    this.handle.chart.timeScale().resetTimeScale();
    const last = this.bars.length;
    this.handle.chart.timeScale().setVisibleLogicalRange({ from: Math.max(0, last - 120), to: last + 3 });
  }

  addOlder(candles: readonly Candle[]): void {
    this.asking = false;
    const before = this.bars.length;
    this.put(candles);
    if (this.bars.length === before || this.bars.length >= MAX_BARS) this.complete = true;
  }

  /** The bar in the making, or the one that just closed. */
  update(candle: Candle): void {
    const bar = barOf(candle);
    const last = this.bars[this.bars.length - 1];
    if (bar === null || (last !== undefined && bar.time < last.time)) return;
    this.candles.set(bar.time, candle);
    if (last !== undefined && bar.time === last.time) this.bars[this.bars.length - 1] = bar;
    else this.bars.push(bar);
    this.series.update(this.shape(bar));
  }

  setLevels(levels: readonly Level[], average: string | null): void {
    this.levels = levels;
    this.average = average;
    this.drawLevels();
  }

  setFills(trades: readonly Trade[]): void {
    this.trades = trades;
    this.drawFills();
  }

  setGaps(gaps: readonly Gap[]): void {
    this.gaps = gaps;
    this.drawGaps();
  }

  /** Those that reach into the time of the bars. */
  touching(gaps: readonly Gap[]): Gap[] {
    return gaps.filter((gap) => this.gapMark(gap) !== null);
  }

  last(): Candle | null {
    const bar = this.bars[this.bars.length - 1];
    return bar === undefined ? null : this.candles.get(bar.time) ?? null;
  }

  /** The newest `count` candles, newest first: the table twin. */
  newest(count: number): Candle[] {
    return this.bars.slice(-count).reverse().map((bar) => this.candles.get(bar.time) as Candle);
  }

  /** Pixels from the top of the pane, null outside it. */
  yOf(price: string): number | null {
    const n = plotNumber(price);
    const y = n === null ? null : this.series.priceToCoordinate(n);
    return y === null || y < 0 || y > this.handle.chart.paneSize().height ? null : y;
  }

  private put(candles: readonly Candle[]): void {
    for (const candle of candles) {
      const bar = barOf(candle);
      if (bar !== null) this.candles.set(bar.time, candle);
    }
    const times = [...this.candles.keys()].sort((a, b) => a - b).slice(-MAX_BARS);
    this.bars = times.map((time) => barOf(this.candles.get(time) as Candle) as Bar);
    this.series.setData(this.bars.map((bar) => this.shape(bar)));
    this.drawLevels();
    this.drawFills();
    this.drawGaps();
  }

  private shape(bar: Bar): never {
    return (this.kind === 'candles' ? bar : { time: bar.time, value: bar.close }) as never;
  }

  private askOlder(): void {
    const first = this.bars[0];
    if (first === undefined || this.complete || this.asking) return;
    this.asking = true;
    this.on.older((this.candles.get(first.time) as Candle).time);
  }

  private colours() {
    return this.kind === 'candles'
      ? { upColor: token('gain'), downColor: token('loss'), wickUpColor: token('gain'), wickDownColor: token('loss'), borderVisible: false }
      : { color: token('accent'), lineWidth: 2 as const };
  }

  private makeSeries(): ISeriesApi<'Candlestick' | 'Line'> {
    const digits = digitsOfTick(this.tickSize) ?? 2;
    const options = { ...this.colours(), priceLineColor: token('text-3'), priceFormat: axisFormat(digits) };
    const series = this.kind === 'candles'
      ? this.handle.chart.addSeries(CandlestickSeries, options)
      : this.handle.chart.addSeries(LineSeries, options);
    const either = series as ISeriesApi<'Candlestick' | 'Line'>;
    either.attachPrimitive(this.blind);
    either.attachPrimitive(this.fills);
    return either;
  }

  private restyle(): void {
    this.series.applyOptions({ ...this.colours(), priceLineColor: token('text-3') } as never);
    this.drawLevels();
    this.drawFills();
    this.drawGaps();
  }

  private nearest(side: 'open_buy' | 'open_sell'): Set<Level> {
    const sorted = this.levels.filter((level) => level.state === side).sort((a, b) => (plotNumber(a.price) ?? 0) - (plotNumber(b.price) ?? 0));
    return new Set(side === 'open_buy' ? sorted.slice(-LABELLED) : sorted.slice(0, LABELLED));
  }

  private drawLevels(): void {
    for (const line of this.lines) this.series.removePriceLine(line);
    this.lines = [];
    if (this.bars.length === 0) return;
    const labelled = new Set([...this.nearest('open_buy'), ...this.nearest('open_sell')]);
    for (const level of this.levels) this.line(level.price, { ...levelStyle(level), axisLabelVisible: labelled.has(level), title: '' });
    if (this.average !== null) {
      this.line(this.average, { color: token('accent'), lineStyle: LineStyle.LargeDashed, lineWidth: 1, axisLabelVisible: true, title: 'avg' });
    }
  }

  private line(price: string, options: object): void {
    const at = plotNumber(price);
    if (at !== null) this.lines.push(this.series.createPriceLine({ price: at, ...options }));
  }

  /** The bar a moment falls into; null before the first. */
  private barAt(iso: string | null | undefined): UTCTimestamp | null {
    const t = iso == null ? Number.NaN : seconds(iso);
    const first = this.bars[0];
    if (Number.isNaN(t) || first === undefined || t < first.time) return null;
    let low = 0;
    let high = this.bars.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.bars[middle] as Bar).time <= t) low = middle;
      else high = middle - 1;
    }
    return (this.bars[low] as Bar).time;
  }

  private drawFills(): void {
    const byId = new Map(this.trades.map((trade) => [`${trade.trade_id}`, trade]));
    const place = (trade: Trade | undefined) => {
      const time = this.barAt(trade?.time);
      const price = plotNumber(trade?.price);
      return time === null || price === null ? null : { time, price };
    };
    const marks: FillMark[] = [];
    for (const trade of this.trades) {
      const at = place(trade);
      if (at === null || trade.side == null) continue;
      const closed = new Set([trade.closes?.first, trade.closes?.last].filter((id) => id != null));
      const from = [...closed].map((id) => place(byId.get(`${id}`))).filter((found): found is NonNullable<typeof found> => found !== null);
      marks.push({ ...at, side: trade.side, from });
    }
    this.fills.show(marks, { buy: token('gain'), sell: token('loss'), join: token('edge'), edge: token('page') });
  }

  /** Null: over before the first bar. */
  private gapMark(gap: Gap): GapMark | null {
    const first = this.bars[0];
    const last = this.bars[this.bars.length - 1];
    if (first === undefined || last === undefined || gap.from == null) return null;
    const to = gap.to == null ? last.time : this.barAt(gap.to);
    return to === null ? null : { from: this.barAt(gap.from) ?? first.time, to };
  }

  private drawGaps(): void {
    this.blind.show(this.gaps.map((gap) => this.gapMark(gap)).filter((mark): mark is GapMark => mark !== null), token('warn'));
  }

  private pointed(event: MouseEventParams<Time>): void {
    const candle = event.time === undefined ? null : this.candles.get(event.time as number) ?? null;
    const y = event.point?.y;
    const level = y === undefined ? null : this.levels.find((found) => {
      const at = this.yOf(found.price);
      return at !== null && Math.abs(at - y) <= LEVEL_NEAR_PX;
    }) ?? null;
    this.on.point({ candle, level });
  }
}

function levelStyle(level: Level) {
  switch (level.state) {
    case 'open_buy': return { color: token('gain-line'), lineStyle: LineStyle.Solid, lineWidth: 1 };
    case 'open_sell': return { color: token('loss-line'), lineStyle: LineStyle.Solid, lineWidth: 1 };
    case 'filled': return { color: token('edge'), lineStyle: LineStyle.Dashed, lineWidth: 1 };
    case 'missing': return { color: token('warn'), lineStyle: LineStyle.Dotted, lineWidth: 1 };
  }
}
