/* route.ts: where the reader is, kept in the address after '#' so that back, reload and bookmarks work. */

import { signal } from '@preact/signals';

export const VIEWS = ['overview', 'history', 'performance', 'health', 'configuration'] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  readonly view: View;
  /** The opened pair of the overview. */
  readonly pair: string | null;
}

export function parseRoute(hash: string): Route {
  const parts = hash.replace(/^#\/?/, '').split('/');
  if (parts[0] === 'pair' && parts.length === 3) {
    return { view: 'overview', pair: `${decode(parts[1])}/${decode(parts[2])}` };
  }
  const view = VIEWS.find((name) => name === parts[0]);
  return { view: view ?? 'overview', pair: null };
}

function decode(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? '');
  } catch {
    return '';
  }
}

export function hashOf(route: Route): string {
  if (route.pair !== null) return `#/pair/${route.pair.split('/').map(encodeURIComponent).join('/')}`;
  return `#/${route.view === 'overview' ? '' : route.view}`;
}

export const route = signal<Route>({ view: 'overview', pair: null });

export function go(view: View, pair: string | null = null): void {
  const hash = hashOf({ view, pair });
  if (location.hash !== hash) location.hash = hash;
  read();
}

function read(): void {
  const found = parseRoute(location.hash);
  if (hashOf(found) !== hashOf(route.peek())) route.value = found;
}

export function startRoute(): void {
  addEventListener('hashchange', read);
  read();
}
