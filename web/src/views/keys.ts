/* keys.ts: the keyboard map, one table for the keys and for the help that names them. */

import { shownPairs } from '../store/pairs';
import { go, parseRoute, route, VIEWS } from '../store/route';
import { chartKind, gridShown, INTERVALS, interval } from '../store/settings';
import { openedPair } from './overview';
import { hideTip } from './tip';
import { helpOpen, toggleTheme } from './tools';

interface Binding {
  readonly keys: readonly string[];
  readonly says: string;
  readonly act: (key: string) => void;
}

function rowLinks(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('[data-row]')];
}

function moveRow(by: number): void {
  const links = rowLinks();
  if (links.length === 0) return;
  const focused = links.findIndex((link) => link === document.activeElement);
  const opened = links.findIndex((link) => link.dataset.row === openedPair());
  const from = focused >= 0 ? focused : opened;
  const to = from < 0 ? 0 : Math.min(links.length - 1, Math.max(0, from + by));
  links[to]?.focus();
}

function openRow(): void {
  const focused = document.activeElement;
  const symbol = focused instanceof HTMLElement ? focused.dataset.row : undefined;
  const first = symbol ?? shownPairs.peek()[0]?.symbol;
  if (first !== undefined && route.peek().view === 'overview') go('overview', first);
}

function stepInterval(by: number): void {
  const at = INTERVALS.indexOf(interval.peek());
  interval.value = INTERVALS[Math.min(INTERVALS.length - 1, Math.max(0, at + by))] ?? interval.peek();
}

function back(): void {
  if (hideTip()) return;
  if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
  else if (parseRoute(location.hash).pair !== null) go('overview');
}

export const BINDINGS: readonly Binding[] = [
  { keys: ['?'], says: 'This help', act: () => { helpOpen.value = true; } },
  { keys: ['/'], says: 'Filter', act: () => document.getElementById('filter')?.focus() },
  { keys: ['j'], says: 'Next row', act: () => moveRow(1) },
  { keys: ['k'], says: 'Row before', act: () => moveRow(-1) },
  { keys: ['Enter'], says: 'Open the pair', act: openRow },
  { keys: ['1', '2', '3', '4', '5'], says: 'Views', act: (key) => go(VIEWS[Number(key) - 1] ?? 'overview') },
  { keys: ['['], says: 'Shorter time frame', act: () => stepInterval(-1) },
  { keys: [']'], says: 'Longer time frame', act: () => stepInterval(1) },
  { keys: ['c'], says: 'Candles or line', act: () => { chartKind.value = chartKind.peek() === 'candles' ? 'line' : 'candles'; } },
  { keys: ['g'], says: 'Grid levels', act: () => { gridShown.value = gridShown.peek() === 'yes' ? 'no' : 'yes'; } },
  { keys: ['t'], says: 'Dark or light', act: toggleTheme },
  { keys: ['Escape'], says: 'Back', act: back },
];

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, select, textarea');
}

/** Enter on a link or button is theirs. */
function takesEnter(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('a, button, summary, [role=button]');
}

export function startKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector('dialog[open]') !== null) return;
    if (typing(event.target) && event.key !== 'Escape') return;
    if (event.key === 'Enter' && takesEnter(event.target)) return;
    const found = BINDINGS.find((binding) => binding.keys.includes(event.key));
    if (found === undefined) return;
    event.preventDefault();
    found.act(event.key);
  });
}
