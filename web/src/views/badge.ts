/* badge.ts: what the tab says when nobody looks at the page: total P&L in the title, its direction and the state in the
 * icon. */

import { effect } from '@preact/signals';
import { parseDec, sign } from '../format/decimal';
import { signed } from '../format/money';
import { currency, displayDigits, feedState, live, serverLost, stale, state } from '../store/app';
import { palette } from '../store/settings';
import flat from '../icons/tab-flat.svg';
import lossIcon from '../icons/tab-loss.svg';
import lossSafe from '../icons/tab-loss-safe.svg';
import gainIcon from '../icons/tab-gain.svg';
import gainSafe from '../icons/tab-gain-safe.svg';
import offline from '../icons/tab-offline.svg';

function iconFor(total: string | null | undefined): string {
  if (serverLost.value || stale.value) return offline;
  const known = parseDec(total);
  const way = known === null ? 0 : sign(known);
  const safe = palette.value === 'safe';
  if (way > 0) return safe ? gainSafe : gainIcon;
  if (way < 0) return safe ? lossSafe : lossIcon;
  return flat;
}

function titleFor(total: string | null | undefined): string {
  if (feedState.value.phase === 'login') return 'Gridscope: log in';
  if (serverLost.value) return 'not connected \u00b7 Gridscope';
  const known = parseDec(total);
  const money = known === null ? null : `${signed(known, displayDigits.value)} ${currency.value}`;
  const word = state.value.tone === 'ok' ? null : state.value.word;
  return [money, live.ready.value ? word : null, 'Gridscope'].filter(Boolean).join(' \u00b7 ');
}

export function startBadge(): void {
  effect(() => {
    const total = live.pnl.value?.total;
    const title = titleFor(total);
    if (document.title !== title) document.title = title;
    const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    const href = iconFor(total);
    if (link !== null && link.getAttribute('href') !== href) link.setAttribute('href', href);
  });
}
