/* settings.ts: what the reader chose, remembered in this browser. */

import { effect, signal } from '@preact/signals';

export type Theme = 'dark' | 'light';
export type Palette = 'classic' | 'safe';

function remembered<T extends string>(key: string, allowed: readonly T[], fallback: T) {
  let start = fallback;
  try {
    const found = localStorage.getItem(`gridscope.${key}`);
    if (found !== null && (allowed as readonly string[]).includes(found)) start = found as T;
  } catch {
    /* a browser without storage forgets, that is all */
  }
  const value = signal<T>(start);
  let first = true;
  effect(() => {
    const text = value.value;
    if (first) {
      first = false;
      return;
    }
    try {
      localStorage.setItem(`gridscope.${key}`, text);
    } catch {
      /* likewise */
    }
  });
  return value;
}

const light = typeof matchMedia === 'function' && matchMedia('(prefers-color-scheme: light)').matches;

export const theme = remembered<Theme>('theme', ['dark', 'light'], light ? 'light' : 'dark');
export const palette = remembered<Palette>('palette', ['classic', 'safe'], 'classic');
export const chartKind = remembered<'candles' | 'line'>('chart', ['candles', 'line'], 'candles');
export const INTERVALS = ['1m', '5m', '15m', '1h', '4h', '1d', '1w'] as const;
export type Interval = (typeof INTERVALS)[number];
export const interval = remembered<Interval>('interval', INTERVALS, '1h');
export const gridShown = remembered<'yes' | 'no'>('grid', ['yes', 'no'], 'yes');

export function applyTheme(): void {
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
    document.documentElement.dataset.palette = palette.value;
    document.querySelector('meta[name=theme-color]')?.setAttribute('content', theme.value === 'dark' ? '#0d1117' : '#ffffff');
  });
}
