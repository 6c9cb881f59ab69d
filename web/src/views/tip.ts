/* tip.ts: one tooltip for the whole page. An element says what it has to explain in `data-tip`; the text shows on hover
 * and on keyboard focus, can be dismissed with Escape, and is what a screen reader gets as the description. A figure that
 * names its source in `data-source` is also told its age and where it comes from, as soon as the server has answered. */

import { serverNow } from '../store/app';
import { askProvenance, provenanceText } from '../store/provenance';

const DELAY_MS = 250;
const GAP = 6;

let box: HTMLElement | null = null;
let owner: Element | null = null;
let timer = 0;

function ensureBox(): HTMLElement {
  if (box !== null) return box;
  box = document.createElement('div');
  box.id = 'tip';
  box.setAttribute('role', 'tooltip');
  box.hidden = true;
  document.body.append(box);
  return box;
}

function place(target: Element, tip: HTMLElement): void {
  const at = target.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const left = Math.min(Math.max(GAP, at.left + at.width / 2 - size.width / 2), innerWidth - size.width - GAP);
  const below = at.bottom + GAP + size.height < innerHeight;
  tip.style.left = `${Math.round(left)}px`;
  tip.style.top = `${Math.round(below ? at.bottom + GAP : at.top - GAP - size.height)}px`;
}

/** Its own words, then those of what it stands in. */
function textOf(target: Element): string {
  const found: string[] = [];
  for (let at: Element | null | undefined = target; at; at = at.parentElement?.closest('[data-tip]')) found.push(at.getAttribute('data-tip') ?? '');
  return found.filter((text) => text !== '').join('\n');
}

function show(target: Element): void {
  const text = textOf(target);
  if (!text || !target.isConnected) return;
  const tip = ensureBox();
  tip.textContent = text;
  tip.hidden = false;
  owner = target;
  target.setAttribute('aria-describedby', 'tip');
  place(target, tip);
  const source = target.closest('[data-source]')?.getAttribute('data-source') ?? null;
  if (source !== null) void tellSource(target, tip, source);
}

async function tellSource(target: Element, tip: HTMLElement, source: string): Promise<void> {
  const known = await askProvenance(Date.now());
  const words = known === null ? '' : provenanceText(known, source, serverNow.peek());
  if (words === '' || owner !== target) return;
  tip.append(`\n\n${words}`);
  place(target, tip);
}

export function hideTip(): boolean {
  clearTimeout(timer);
  const shown = owner !== null;
  owner?.removeAttribute('aria-describedby');
  owner = null;
  if (box !== null) box.hidden = true;
  return shown;
}

function tipped(event: Event): Element | null {
  return event.target instanceof Element ? event.target.closest('[data-tip]') : null;
}

export function startTips(): void {
  ensureBox();
  document.addEventListener('pointerover', (event) => {
    if (event.pointerType === 'touch') return;
    const target = tipped(event);
    if (target === owner && target !== null) return;
    hideTip();
    if (target !== null) timer = window.setTimeout(() => show(target), DELAY_MS);
  });
  document.addEventListener('focusin', (event) => {
    const target = tipped(event);
    hideTip();
    if (target !== null && target.matches(':focus-visible')) show(target);
  });
  /* On a phone a tap on a figure that is not a control explains it. */
  document.addEventListener('click', (event) => {
    const target = tipped(event);
    hideTip();
    if (target !== null && matchMedia('(hover: none)').matches && target.closest('button, a, tr') === null) show(target);
  });
  document.addEventListener('focusout', () => hideTip());
  addEventListener('scroll', () => hideTip(), { capture: true, passive: true });
}
