/* gaps-layer.ts: the times in which a feed was blind, as bands behind the candles, from the bar a gap began in to the bar it
 * ended in: what happened there was learnt afterwards. */

import type {
  IChartApi, IPrimitivePaneRenderer, IPrimitivePaneView, ISeriesPrimitive, SeriesAttachedParameter, Time, UTCTimestamp,
} from 'lightweight-charts';

export interface GapMark {
  readonly from: UTCTimestamp;
  readonly to: UTCTimestamp;
}

type Draw = Parameters<IPrimitivePaneRenderer['draw']>[0];

/** A gap of seconds on a chart of weeks is still seen. */
const LEAST_PX = 3;
const EDGE_PX = 3;

export class GapsLayer implements ISeriesPrimitive<Time>, IPrimitivePaneView, IPrimitivePaneRenderer {
  private marks: readonly GapMark[] = [];
  private colour = '';
  private chart: IChartApi | null = null;
  private request: (() => void) | null = null;

  attached(to: SeriesAttachedParameter<Time>): void {
    this.chart = to.chart as IChartApi;
    this.request = to.requestUpdate;
  }

  detached(): void {
    this.chart = this.request = null;
  }

  show(marks: readonly GapMark[], colour: string): void {
    this.marks = marks;
    this.colour = colour;
    this.request?.();
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [this];
  }

  zOrder(): 'bottom' {
    return 'bottom';
  }

  renderer(): IPrimitivePaneRenderer {
    return this;
  }

  draw(target: Draw): void {
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      context.fillStyle = this.colour;
      for (const mark of this.marks) {
        const left = this.chart?.timeScale().timeToCoordinate(mark.from) ?? null;
        const right = this.chart?.timeScale().timeToCoordinate(mark.to) ?? null;
        if (left === null || right === null) continue;
        const width = Math.max(LEAST_PX, right - left);
        context.globalAlpha = 0.14;
        context.fillRect(left - LEAST_PX / 2, 0, width, mediaSize.height);
        context.globalAlpha = 1;
        context.fillRect(left - LEAST_PX / 2, mediaSize.height - EDGE_PX, width, EDGE_PX);
      }
    });
  }
}
