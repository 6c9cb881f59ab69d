/* flash.ts: one tint when a figure changes: 350 ms, none on the first paint, none on a no-op, none when stale or under
 * reduced motion, at most three a second in one place. */

import { useLayoutEffect, useRef } from 'preact/hooks';
import { compare, parseDec } from '../format/decimal';
import { stale } from '../store/app';

const LENGTH_MS = 350;
const SPACING_MS = 340;

const still = typeof matchMedia === 'function' ? matchMedia('(prefers-reduced-motion: reduce)') : null;

function direction(before: string, after: string): 'up' | 'down' | null {
  const a = parseDec(before);
  const b = parseDec(after);
  if (a === null || b === null) return null;
  const d = compare(b, a);
  return d > 0 ? 'up' : d < 0 ? 'down' : null;
}

function tint(element: HTMLElement, way: 'up' | 'down'): void {
  const colour = getComputedStyle(element).getPropertyValue(`--tint-${way}`).trim();
  if (colour === '') return;
  element.animate([{ backgroundColor: colour }, { backgroundColor: 'transparent' }], { duration: LENGTH_MS, easing: 'ease-out' });
}

/** `value` is the exact text, `shown` what the reader sees: a change beyond the shown digits is a no-op. */
export function useFlash<E extends HTMLElement>(value: string | null | undefined, shown: string) {
  const element = useRef<E>(null);
  const before = useRef<{ value: string | null | undefined; shown: string } | null>(null);
  const last = useRef(0);
  useLayoutEffect(() => {
    const old = before.current;
    before.current = { value, shown };
    if (old === null || old.shown === shown || old.value == null || value == null) return;
    if (stale.peek() || document.hidden || still?.matches || element.current === null) return;
    const now = performance.now();
    const way = direction(old.value, value);
    if (way === null || now - last.current < SPACING_MS) return;
    last.current = now;
    tint(element.current, way);
  }, [value, shown]);
  return element;
}
