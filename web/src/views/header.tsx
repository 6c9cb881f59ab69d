/* header.tsx: the glance. Three facts about trust, three figures about money, and how much of the API is used. Always in
 * sight, never more than two lines. */

import { computed } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { parseDec } from '../format/decimal';
import { count, signed, sumIsUneven } from '../format/money';
import { both, clock, countdown, parseTime } from '../format/time';
import { currency, displayDigits, facts, feedState, live, serverLost, serverNow, stale, state, troubles } from '../store/app';
import { localNow } from '../store/clock';
import type { Pnl } from '../store/model';
import { type Fact, leftOutText } from '../store/status';
import { Money } from './figure';
import { Icon } from './icon';
import { Tools } from './tools';

function Chip({ fact }: { fact: Fact }) {
  return (
    <li class={`chip ${fact.tone}`} data-tip={[fact.trouble, fact.detail].filter(Boolean).join('\n')} tabIndex={0}>
      <Icon name={fact.tone} />
      <span class="chip-name">{fact.name}</span>
      <span class="chip-word">{fact.word}</span>
    </li>
  );
}

function ServerChip() {
  const since = countSince();
  return (
    <li class="chip bad" tabIndex={0} data-tip="This page has lost its connection to Gridscope. It comes back by itself.">
      <Icon name="bad" />
      <span class="chip-name">Gridscope</span>
      <span class="chip-word">not connected{since}</span>
    </li>
  );
}

function countSince(): string {
  const next = feedState.value.nextAt;
  if (next === null) return ', trying now';
  return next > localNow.value ? `, next try in ${countdown(next - localNow.value)}` : ', trying now';
}

function Facts() {
  if (serverLost.value) return <ul class="facts" aria-label="Connections"><ServerChip /></ul>;
  if (!live.ready.value) {
    return (
      <ul class="facts" aria-label="Connections">
        <li class="chip idle"><Icon name="idle" /><span class="chip-word">Connecting to Gridscope</span></li>
      </ul>
    );
  }
  return (
    <ul class="facts" aria-label="Connections">
      {facts.value.map((fact) => <Chip key={fact.name} fact={fact} />)}
    </ul>
  );
}

/** Everything that qualifies the three figures, in words; empty when they are whole. */
const marks = computed<readonly string[]>(() => {
  const pnl = live.pnl.value;
  if (pnl === null) return [];
  const found: string[] = [];
  for (const row of pnl.left_out ?? []) found.push(leftOutText(row));
  if (pnl.partial && found.length === 0) found.push('Something is left out of these figures.');
  for (const row of pnl.unmatched ?? []) found.push(`${row.symbol}: ${row.quantity ?? 'some'} sold without a known buy`);
  if (pnl.drift != null && isOff(pnl.drift)) found.push(`The proof of P&L is off by ${pnl.drift}: see Performance.`);
  for (const pair of live.pairs.value) {
    const history = pair.get('history');
    if (history?.state === 'loading') found.push(`${pair.symbol}: history is loading`);
    else if (history?.state === 'gap') found.push(`${pair.symbol}: history has a gap`);
    else if (history?.state === 'since') found.push(`${pair.symbol}: history starts ${history.from?.slice(0, 10) ?? 'in the middle'}`);
    if (pair.get('recomputing')) found.push(`${pair.symbol}: being recomputed`);
  }
  return found;
});

function isOff(drift: string): boolean {
  const known = parseDec(drift);
  return known !== null && known.units !== 0n;
}

/** One word for what the figures lack, the worst first. */
function markWord(pnl: Pnl | null): string {
  if (pnl?.drift != null && isOff(pnl.drift)) return 'drift';
  if (pnl?.partial) return 'partial';
  return pnl?.history?.state === 'loading' ? 'loading history' : 'incomplete history';
}

const METHODS: Readonly<Record<string, string>> = {
  fifo: 'FIFO: a sell takes the oldest lots first',
  lifo: 'LIFO: a sell takes the newest lots first',
  average: 'Average cost of what is held',
  grid: 'Grid: a sell takes the lot bought one level below',
};

function unevenNote(pnl: Pnl, digits: number): string | null {
  if (!pnl.realized || !pnl.unrealized || !pnl.total) return null;
  return sumIsUneven(pnl.realized, pnl.unrealized, pnl.total, digits)
    ? 'Rounded once from the exact sum, so the rounded parts differ in the last digit.' : null;
}

function Figures() {
  const pnl = live.pnl.value;
  const digits = displayDigits.value;
  const why = !live.ready.value ? 'waiting for the first data' : live.field('mode').value === 'starting'
    ? 'Gridscope is starting' : 'a price or the history is not known yet';
  const unit = pnl?.currency ?? undefined;
  const base = [pnl?.method ? METHODS[pnl.method] ?? pnl.method : null, ...marks.value].filter(Boolean).join('\n');
  const unrealizedTip = 'Value of what is held at the mark price, less its cost basis.';
  return (
    <div class={`figures${stale.value ? ' stale' : ''}`} role="group" aria-label={`Profit and loss in ${unit ?? 'the display currency'}`}>
      <div class="figure"><span class="label">Realized</span>
        <Money value={pnl?.realized} digits={digits} reason={why} unit={unit} tip={base} source="realized" focus /></div>
      <div class="figure"><span class="label">Unrealized</span>
        <Money value={pnl?.unrealized} digits={digits} reason={why} unit={unit} tip={unrealizedTip} source="unrealized" focus /></div>
      <div class="figure total"><span class="label">Total{currency.value ? ` ${currency.value}` : ''}</span>
        <Money value={pnl?.total} digits={digits} reason={why} unit={unit} source="total" focus
          tip={[`Realized ${pnl?.realized ?? '?'}`, `Unrealized ${pnl?.unrealized ?? '?'}`, pnl ? unevenNote(pnl, digits) : null]
            .filter(Boolean).join('\n')} />
        <Marks /></div>
    </div>
  );
}

function Marks() {
  const pnl = live.pnl.value;
  const found = marks.value;
  if (found.length === 0) return null;
  return <span class="mark" tabIndex={0} data-tip={found.join('\n')}>{markWord(pnl)}</span>;
}

function Weight() {
  const exchange = live.exchange.value;
  const used = exchange?.weight_used_1m;
  const limit = exchange?.weight_limit_1m;
  if (used == null || limit == null || limit <= 0) return null;
  const part = Math.min(1, used / limit);
  const tone = part >= 0.8 ? 'bad' : part >= 0.6 ? 'warn' : 'ok';
  return (
    <div class="stat weight" tabIndex={0} data-tip={`Binance request weight of this minute: ${count(used)} of ${count(limit)}.\nAt 80 % everything that no figure needs waits.`}>
      <span class="label">Weight</span>
      <span class="num">{count(used)}<span class="of">/{count(limit)}</span></span>
      <meter class={tone} min={0} max={limit} value={used} aria-label="Request weight used" />
    </div>
  );
}

function PairCount() {
  const pairs = live.pairs.value;
  const active = pairs.filter((pair) => pair.get('active') !== false).length;
  if (!live.ready.value) return null;
  const tip = active < pairs.length ? `${pairs.length - active} of ${pairs.length} pairs left the bot; they stay in the figures.` : 'Pairs the bot trades.';
  return (
    <div class="stat pairs-count" tabIndex={0} data-tip={tip}>
      <span class="label">Pairs</span>
      <span class="num">{active < pairs.length ? `${active}/${pairs.length}` : count(pairs.length)}</span>
    </div>
  );
}

/* Read with the clock, not with every delta: seconds are all it shows. */
function Updated() {
  void serverNow.value;
  const iso = live.field('last_update').peek();
  const at = parseTime(iso);
  if (!live.ready.value) return null;
  return (
    <div class={`stat updated${stale.value ? ' old' : ''}`} tabIndex={0} data-tip={at === null ? 'No data yet.' : `Last update\n${both(at)}`}>
      <span class="label">Updated</span>
      <span class="num">{at === null ? '--:--:--' : clock(at)}</span>
    </div>
  );
}

function OverallWord() {
  if (!live.ready.value || serverLost.value) return null;
  const now = state.value;
  return <span class={`overall ${now.tone}`}><Icon name={now.tone} />{now.word}</span>;
}

export function Header() {
  return (
    <header class="top">
      <Facts />
      <Figures />
      <div class="stats">
        <OverallWord />
        <PairCount />
        <Weight />
        <Updated />
        <Tools />
      </div>
    </header>
  );
}

/** What is wrong, in sentences, under the header. Nothing at all when nothing is. */
export function Notices() {
  const lines = serverLost.value ? [lostText()] : troubles.value;
  return (
    <div class={`notices${serverLost.value ? ' bad' : ''}`}>
      {lines.map((line) => <p key={line.slice(0, 16)}><Icon name={serverLost.value ? 'bad' : 'warn'} />{line}</p>)}
    </div>
  );
}

function lostText(): string {
  const at = parseTime(live.field('last_update').value);
  const from = at === null ? '' : ` Figures are those of ${clock(at)}.`;
  return `Connection to Gridscope lost${countSince()}.${from}`;
}

/** One calm sentence for screen readers, at most every 20 s, and at once when a connection changes. */
export function Announcer() {
  const [text, setText] = useState('');
  const lastTones = useRef('');
  const saidAt = useRef(0);
  const tones = serverLost.value ? 'lost' : facts.value.map((fact) => `${fact.name}${fact.tone}`).join(' ');
  const now = localNow.value;
  useEffect(() => {
    if (!live.ready.peek()) return;
    if (tones === lastTones.current && now - saidAt.current < 20_000) return;
    const changed = tones !== lastTones.current;
    lastTones.current = tones;
    saidAt.current = now;
    const total = parseDec(live.pnl.peek()?.total);
    const money = total === null ? 'Total unknown' : `Total ${signed(total, displayDigits.peek())} ${currency.peek()}`;
    const links = serverLost.peek() ? 'Connection to Gridscope lost' : facts.peek().map((fact) => `${fact.name} ${fact.tone === 'ok' ? 'well' : fact.word}`).join(', ');
    setText(changed ? `${links}. ${money}.` : `${money}.`);
  }, [tones, now]);
  return <div class="vh" aria-live="polite">{text}</div>;
}
