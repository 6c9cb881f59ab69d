/* time.ts: ages, countdowns and clock times. The server speaks ISO 8601 UTC; people read their own zone. */

export function parseTime(iso: string | null | undefined): number | null {
  if (typeof iso !== 'string') return null;
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? null : ms;
}

/** An age in words of at most two units: "0.3 s", "41 s", "3 min", "2 h 5 min", "4 d". */
export function age(ms: number): string {
  const s = Math.max(0, ms) / 1000;
  if (s < 1) return `${(Math.floor(s * 10) / 10).toFixed(1)} s`;
  if (s < 60) return `${Math.floor(s)} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return `${min} min`;
  const h = Math.floor(min / 60);
  if (h < 24) return min % 60 > 0 ? `${h} h ${min % 60} min` : `${h} h`;
  const d = Math.floor(h / 24);
  return h % 24 > 0 && d < 10 ? `${d} d ${h % 24} h` : `${d} d`;
}

/** What is left of a wait, rounded up so that it never says 0 while it lasts. */
export function countdown(ms: number): string {
  const s = Math.ceil(Math.max(0, ms) / 1000);
  return s < 120 ? `${s} s` : `${Math.ceil(s / 60)} min`;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const DAY = new Intl.DateTimeFormat(undefined, { month: 'short', day: '2-digit' });

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}

export function clock(ms: number): string {
  return CLOCK.format(ms);
}

export function day(ms: number): string {
  return DAY.format(ms);
}

/** "2026-11-20 10:15:30" in the reader's zone: sortable and the same width in every row. */
export function stamp(ms: number): string {
  const t = new Date(ms);
  const date = `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())}`;
  return `${date} ${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
}

export function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Both clocks, for tooltips: exchanges and tax offices speak UTC. */
export function both(ms: number): string {
  return `${stamp(ms)} local\n${utc(ms)}`;
}
