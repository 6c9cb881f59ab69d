/* money.ts: decimal text to the text a person reads: sign, true minus, grouping and decimal mark of the reader's locale,
 * digits by the symbol's tick size. A value that is not known gives null; the views turn null into a dash with a reason. */

import { type Dec, parseDec, plain, rescale, sign, trimZeros } from './decimal';

export const MINUS = '\u2212';
export const DASH = '\u2014';

interface Marks {
  readonly whole: Intl.NumberFormat;
  readonly point: string;
}

let marks = marksOf(undefined);

function marksOf(locale: string | undefined): Marks {
  const whole = new Intl.NumberFormat(locale, { numberingSystem: 'latn', maximumFractionDigits: 0 });
  const parts = new Intl.NumberFormat(locale, { numberingSystem: 'latn' }).formatToParts(1.5);
  return { whole, point: parts.find((part) => part.type === 'decimal')?.value ?? '.' };
}

/** The reader's locale; undefined is the browser's own. */
export function setLocale(locale: string | undefined): void {
  marks = marksOf(locale);
}

function unsigned(a: Dec): string {
  const digits = (a.units < 0n ? -a.units : a.units).toString().padStart(a.scale + 1, '0');
  const whole = marks.whole.format(BigInt(digits.slice(0, digits.length - a.scale)));
  return a.scale > 0 ? whole + marks.point + digits.slice(-a.scale) : whole;
}

/** A price or amount that needs no plus: "64,010.50", "−3.20". */
export function amount(a: Dec, digits: number): string {
  const text = unsigned(rescale(a, digits));
  return a.units < 0n ? MINUS + text : text;
}

/** P&L: always with its sign, so that colour is never the only cue. The sign is the exact value's, so a loss too small
 * for the digits is "−0.00", not a zero; only a true zero has none. */
export function signed(a: Dec, digits: number): string {
  const text = unsigned(rescale(a, digits));
  const s = sign(a);
  return s > 0 ? `+${text}` : s < 0 ? MINUS + text : text;
}

/** Quantities: exact, without trailing zeros: "0.01". */
export function quantity(a: Dec): string {
  const t = trimZeros(a);
  return amount(t, t.scale);
}

export function percent(a: Dec, digits = 2): string {
  return `${signed(a, digits)}%`;
}

/** The exact value for tooltips: nothing rounded, nothing grouped. */
export function exact(text: string): string {
  const a = parseDec(text);
  return a === null ? text : plain(trimZeros(a)).replace('-', MINUS);
}

/** Fractional digits a tick size asks for: "0.01000000" -> 2, "1" -> 0, "0.00000500" -> 6. */
export function digitsOfTick(tick: string | null | undefined): number | null {
  const a = parseDec(tick);
  if (a === null || a.units <= 0n) return null;
  return trimZeros(a).scale;
}

/** Prices by tick size; where the exchange has not told it, all the digits that say something, at least two. */
export function price(text: string, tick: string | null | undefined): string | null {
  const a = parseDec(text);
  if (a === null) return null;
  const digits = digitsOfTick(tick) ?? Math.max(2, trimZeros(a).scale);
  return amount(a, digits);
}

/* Money digits by currency: coins that are worth thousands need more than cents. Everything else is shown in cents, as
 * currencies and stable coins are. */
const COIN_DIGITS: Readonly<Record<string, number>> = { BTC: 8, ETH: 6, BNB: 5, SOL: 4 };

export function moneyDigits(currency: string | null | undefined): number {
  return (currency != null && COIN_DIGITS[currency]) || 2;
}

/** The three figures side by side: the total shown is the rounding of the exact total. Where the rounded parts do not add
 * up to it, `uneven` asks the view to say so in the tooltip. */
export function sumIsUneven(realized: string, unrealized: string, total: string, digits: number): boolean {
  const parts = [realized, unrealized, total].map(parseDec);
  const [r, u, t] = parts;
  if (r == null || u == null || t == null) return false;
  return rescale(r, digits).units + rescale(u, digits).units !== rescale(t, digits).units;
}

export function count(n: number): string {
  return Number.isSafeInteger(n) ? marks.whole.format(n).replace('-', MINUS) : DASH;
}
