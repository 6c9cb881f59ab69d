/* figure.tsx: how a figure is drawn, everywhere the same: known with sign and colour, unknown as a dash with its reason. */

import { parseDec, sign } from '../format/decimal';
import { DASH, exact, percent, signed } from '../format/money';
import type { Maybe } from '../store/model';
import { useFlash } from './flash';

export function Unknown({ reason }: { reason: string }) {
  return (
    <span class="unknown" data-tip={`Unknown: ${reason}`}>
      <span aria-hidden="true">{DASH}</span>
      <span class="vh">unknown: {reason}</span>
    </span>
  );
}

export function toneOf(text: Maybe<string>): 'gain' | 'loss' | 'flat' {
  const a = parseDec(text);
  if (a === null) return 'flat';
  const s = sign(a);
  return s > 0 ? 'gain' : s < 0 ? 'loss' : 'flat';
}

interface MoneyProps {
  value: Maybe<string>;
  digits: number;
  reason: string;
  tip?: string;
  unit?: string;
  flash?: boolean;
  /** What store/provenance.ts is asked for. */
  source?: string;
  /** The keyboard reaches it, and with that its explanation. */
  focus?: boolean;
}

/** A P&L amount. The tooltip has the unrounded value. */
export function Money({ value, digits, reason, tip, unit, flash = true, source, focus }: MoneyProps) {
  const known = parseDec(value);
  const shown = known === null ? DASH : signed(known, digits);
  const element = useFlash<HTMLSpanElement>(flash ? value : null, shown);
  if (known === null || value == null) return <Unknown reason={reason} />;
  const whole = `${exact(value)}${unit ? ` ${unit}` : ''}`;
  return (
    <span ref={element} class={`num ${toneOf(value)}`} data-tip={tip ? `${whole}\n${tip}` : whole} data-source={source}
      tabIndex={focus ? 0 : undefined}>
      {shown}
    </span>
  );
}

export function Percent({ value, reason, tip, source }: { value: Maybe<string>; reason: string; tip?: string; source?: string }) {
  const known = parseDec(value);
  if (known === null) return <Unknown reason={reason} />;
  return (
    <span class={`num ${toneOf(value)}`} data-tip={tip} data-source={source}>
      {percent(known)}
    </span>
  );
}
