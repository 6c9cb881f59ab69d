/* decimal.ts: exact decimals from text. Amounts arrive as decimal strings and stay exact until they are drawn: a value is
 * `units / 10^scale`, both whole numbers, so nothing here can lose a digit. Binary floating point never touches money
 * (ACCOUNTING section 1); the one place where a number may become a pixel is plot.ts. */

export interface Dec {
  readonly units: bigint;
  readonly scale: number;
}

/** More digits than any honest figure has: longer text is refused rather than computed with. */
const MAX_DIGITS = 80;

const PLAIN = /^([+-]?)(\d+)(?:\.(\d+))?$/;

/** Null for everything that is not a plain decimal: the caller shows a dash, never a zero. */
export function parseDec(text: unknown): Dec | null {
  if (typeof text !== 'string' || text.length > MAX_DIGITS) return null;
  const match = PLAIN.exec(text);
  if (match === null) return null;
  const fraction = match[3] ?? '';
  const units = BigInt(match[2] + fraction);
  return { units: match[1] === '-' ? -units : units, scale: fraction.length };
}

export const ZERO: Dec = { units: 0n, scale: 0 };

function pow10(n: number): bigint {
  return 10n ** BigInt(n);
}

function abs(n: bigint): bigint {
  return n < 0n ? -n : n;
}

/** Whole-number division, half to even, the rule of the whole product. */
export function divHalfEven(n: bigint, d: bigint): bigint {
  if (d < 0n) return divHalfEven(-n, -d);
  const negative = n < 0n;
  const size = abs(n);
  let q = size / d;
  const twice = (size % d) * 2n;
  if (twice > d || (twice === d && q % 2n === 1n)) q += 1n;
  return negative ? -q : q;
}

export function rescale(a: Dec, scale: number): Dec {
  if (scale === a.scale) return a;
  if (scale > a.scale) return { units: a.units * pow10(scale - a.scale), scale };
  return { units: divHalfEven(a.units, pow10(a.scale - scale)), scale };
}

export function sign(a: Dec): -1 | 0 | 1 {
  return a.units > 0n ? 1 : a.units < 0n ? -1 : 0;
}

export function compare(a: Dec, b: Dec): number {
  const scale = Math.max(a.scale, b.scale);
  const x = rescale(a, scale).units;
  const y = rescale(b, scale).units;
  return x < y ? -1 : x > y ? 1 : 0;
}

export function subtract(a: Dec, b: Dec): Dec {
  const scale = Math.max(a.scale, b.scale);
  return { units: rescale(a, scale).units - rescale(b, scale).units, scale };
}

export function add(a: Dec, b: Dec): Dec {
  const scale = Math.max(a.scale, b.scale);
  return { units: rescale(a, scale).units + rescale(b, scale).units, scale };
}

/** `a / b` at `digits` fractional digits; null where b is zero. Used for ratios (distances, shares), never for money. */
export function ratio(a: Dec, b: Dec, digits: number): Dec | null {
  if (b.units === 0n) return null;
  const n = a.units * pow10(b.scale + digits);
  const d = b.units * pow10(a.scale);
  return { units: divHalfEven(n, d), scale: digits };
}

/** How far `to` lies from `from`, in percent with two digits: the distance to a grid level. */
export function distancePercent(from: string | null, to: string | null): Dec | null {
  const a = parseDec(from);
  const b = parseDec(to);
  if (a === null || b === null) return null;
  const part = ratio(subtract(b, a), a, 4);
  return part === null ? null : { units: part.units, scale: 2 };
}

/** "1.2300" -> "1.23": what is left to say of a quantity. */
export function trimZeros(a: Dec): Dec {
  let { units, scale } = a;
  while (scale > 0 && units % 10n === 0n) {
    units /= 10n;
    scale -= 1;
  }
  return { units, scale };
}

/** Plain text without grouping, for machines and tooltips: "-0.05". */
export function plain(a: Dec): string {
  const digits = abs(a.units).toString().padStart(a.scale + 1, '0');
  const whole = digits.slice(0, digits.length - a.scale);
  const text = a.scale > 0 ? `${whole}.${digits.slice(-a.scale)}` : whole;
  return a.units < 0n ? `-${text}` : text;
}
