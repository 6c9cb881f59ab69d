/* windows.tsx: P&L of the last hour, day, week, month. */

import { DASH } from '../format/money';
import { currency, displayDigits, live, stale } from '../store/app';
import { Money, Percent } from './figure';

const NAMES = [['1h', '1H'], ['24h', '24H'], ['7d', '7D'], ['30d', '30D']] as const;

export function Windows() {
  const windows = live.windows.value;
  const digits = displayDigits.value;
  const investment = live.field('investment').value;
  return (
    <section class={`windows${stale.value ? ' stale' : ''}`} aria-label={`Profit and loss by window${currency.value ? `, in ${currency.value}` : ''}`}>
      {NAMES.map(([key, name]) => {
        const row = windows?.[key];
        const partly = row?.basis === 'realized';
        const why = 'no history that far back yet';
        const noPercent = investment?.amount == null ? 'no investment is known (GRIDSCOPE_INVESTMENT)' : why;
        return (
          <div class="window" key={key}>
            <span class="label">{name}</span>
            <Money value={row?.pnl} digits={digits} reason={why} unit={live.pnl.value?.currency ?? undefined}
              tip={partly ? 'Realized only: the equity series is younger than this window.' : 'Total now, less total at the start of the window.'} source="windows" focus />
            <span class="percent"><Percent value={row?.percent} reason={noPercent} tip={investment?.amount ? `Of the investment of ${investment.amount}` : undefined} source="windows" /></span>
            {partly ? <span class="tag" tabIndex={0} data-tip="Realized P&L of the window: the equity series is younger than it.">realized</span> : null}
          </div>
        );
      })}
      {windows === null ? <span class="vh">{DASH}</span> : null}
    </section>
  );
}
