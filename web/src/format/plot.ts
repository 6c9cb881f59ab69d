/* plot.ts: the one door from decimal text to a JavaScript number, for the position of a pixel on a chart. Nothing that
 * comes out of here is ever shown as text: axis labels are rounded to the tick, and every exact value beside a chart is
 * formatted from its text. */

export function plotNumber(text: string | null | undefined): number | null {
  if (text == null || text === '') return null;
  const n = Number(text);
  return Number.isFinite(n) ? n : null;
}
