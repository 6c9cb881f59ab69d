/* fills-layer.ts: our fills on the price chart: a triangle at the exact price of each, up for a buy, down for a sell, and
 * a thin line from a sale back to the buys it closed. Drawn as one primitive: markers of the library sit above bars, not at
 * prices. */

import type {
  IChartApi, IPrimitivePaneRenderer, IPrimitivePaneView, ISeriesApi, ISeriesPrimitive, SeriesAttachedParameter, Time, UTCTimestamp,
} from 'lightweight-charts';

export interface FillMark {
  readonly time: UTCTimestamp;
  readonly price: number;
  readonly side: 'buy' | 'sell';
  readonly from: readonly { readonly time: UTCTimestamp; readonly price: number }[];
}

export interface FillColours {
  readonly buy: string;
  readonly sell: string;
  readonly join: string;
  readonly edge: string;
}

type Draw = Parameters<IPrimitivePaneRenderer['draw']>[0];

const SIZE = 5;

export class FillsLayer implements ISeriesPrimitive<Time>, IPrimitivePaneView, IPrimitivePaneRenderer {
  private marks: readonly FillMark[] = [];
  private colours: FillColours = { buy: '', sell: '', join: '', edge: '' };
  private chart: IChartApi | null = null;
  private series: ISeriesApi<'Candlestick' | 'Line'> | null = null;
  private request: (() => void) | null = null;

  attached(to: SeriesAttachedParameter<Time>): void {
    this.chart = to.chart as IChartApi;
    this.series = to.series as ISeriesApi<'Candlestick' | 'Line'>;
    this.request = to.requestUpdate;
  }

  detached(): void {
    this.chart = this.series = this.request = null;
  }

  show(marks: readonly FillMark[], colours: FillColours): void {
    this.marks = marks;
    this.colours = colours;
    this.request?.();
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [this];
  }

  zOrder(): 'top' {
    return 'top';
  }

  renderer(): IPrimitivePaneRenderer {
    return this;
  }

  draw(target: Draw): void {
    target.useMediaCoordinateSpace(({ context }) => {
      for (const mark of this.marks) this.join(context, mark);
      for (const mark of this.marks) this.triangle(context, mark);
    });
  }

  private place(time: UTCTimestamp, price: number): { x: number; y: number } | null {
    const x = this.chart?.timeScale().timeToCoordinate(time) ?? null;
    const y = this.series?.priceToCoordinate(price) ?? null;
    return x === null || y === null ? null : { x, y };
  }

  private join(context: CanvasRenderingContext2D, mark: FillMark): void {
    const to = this.place(mark.time, mark.price);
    if (to === null) return;
    context.strokeStyle = this.colours.join;
    context.lineWidth = 1;
    context.setLineDash([2, 2]);
    for (const source of mark.from) {
      const from = this.place(source.time, source.price);
      if (from === null) continue;
      context.beginPath();
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
      context.stroke();
    }
    context.setLineDash([]);
  }

  private triangle(context: CanvasRenderingContext2D, mark: FillMark): void {
    const at = this.place(mark.time, mark.price);
    if (at === null) return;
    const way = mark.side === 'buy' ? -1 : 1;
    context.beginPath();
    context.moveTo(at.x, at.y + way * SIZE);
    context.lineTo(at.x + SIZE, at.y - way * SIZE);
    context.lineTo(at.x - SIZE, at.y - way * SIZE);
    context.closePath();
    context.fillStyle = mark.side === 'buy' ? this.colours.buy : this.colours.sell;
    context.fill();
    context.strokeStyle = this.colours.edge;
    context.lineWidth = 1;
    context.stroke();
  }
}
