/* parts.tsx: the small pieces the views share. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer } from '../feed/api';
import { parseDec } from '../format/decimal';
import { price as priceText, quantity } from '../format/money';
import { both, parseTime, stamp } from '../format/time';
import type { Maybe } from '../store/model';
import { Unknown } from './figure';
import { Icon } from './icon';

/** Of what a buy realizes. */
export const BUY_TIP = 'A buy opens a lot: what it realizes at once is its fee, the profit comes with the sell.';

/** What stands where an answer should be: loading, absent, refused, each in its own words. */
export function Waiting({ answer, what }: { answer: Answer<unknown> | null; what: string }) {
  if (answer === null) return <p class="empty">Loading {what}.</p>;
  if (answer.ok) return null;
  if (answer.kind === 'absent') return <p class="empty">This version of Gridscope does not have {what} yet.</p>;
  return <p class="empty" role="status">{what.charAt(0).toUpperCase() + what.slice(1)} could not be read. {answer.text}</p>;
}

export function Side({ side }: { side: Maybe<'buy' | 'sell'> }) {
  if (side == null) return <Unknown reason="the source does not name the side" />;
  return <span class={`side ${side}`}><Icon name={side === 'buy' ? 'up' : 'down'} />{side}</span>;
}

export function Time({ iso }: { iso: Maybe<string> }) {
  const at = parseTime(iso);
  if (at === null) return <Unknown reason="the source does not tell the time" />;
  return <time class="num" dateTime={iso ?? undefined} data-tip={both(at)}>{stamp(at)}</time>;
}

export function Price({ value, tick, source }: { value: Maybe<string>; tick?: Maybe<string>; source?: string }) {
  const shown = value == null ? null : priceText(value, tick);
  return shown === null ? <Unknown reason="no price told" /> : <span class="num" data-tip={value ?? undefined} data-source={source}
    tabIndex={source ? 0 : undefined}>{shown}</span>;
}

export function Quantity({ value, unit }: { value: Maybe<string>; unit?: Maybe<string> }) {
  const known = parseDec(value);
  if (known === null) return <Unknown reason="not told" />;
  return <><span class="num">{quantity(known)}</span>{unit ? <span class="unit"> {unit}</span> : null}</>;
}

/** A choice of one of a few, as a row of buttons. */
export function Choice<T extends string>({ label, options, value, names, onChange }: {
  label: string; options: readonly T[]; value: T; names?: Readonly<Partial<Record<T, string>>>; onChange: (value: T) => void;
}) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChange(option)}>{names?.[option] ?? option}</button>
      ))}
    </div>
  );
}

/** A chart and its table twin: the same data for eyes and for everybody. */
export function Twin({ name, chart, table }: { name: string; chart: ComponentChildren; table: () => ComponentChildren }) {
  const [asTable, setAsTable] = useState(false);
  return (
    <div class="twin">
      <button type="button" class="twin-switch link" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
        {asTable ? 'Chart' : 'Table'}<span class="vh"> of {name}</span>
      </button>
      {asTable ? <div class="scroll twin-table" tabIndex={0} role="region" aria-label={`${name}, as a table`}>{table()}</div> : chart}
    </div>
  );
}
