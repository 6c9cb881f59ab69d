/* proof.tsx: why the total can be believed. The same P&L twice: by the ledger's lots, and by what went in and out plus what
 * is held, no lot taking part; the difference is the drift. Beside it what the fills moved against the exchange's balances,
 * where a difference has causes of its own, each named. */

import type { ComponentChildren } from 'preact';
import { parseDec, sign } from '../format/decimal';
import { amount, exact, moneyDigits, quantity, signed } from '../format/money';
import type { Maybe } from '../store/model';
import { type Proof, type ProofAsset, type ProofSum, type ProofState, useRemote } from '../store/remote';
import { Money, Unknown } from './figure';
import { Icon } from './icon';
import { Time, Waiting } from './parts';

const STATES: Readonly<Record<ProofState, { tone: 'ok' | 'bad' | 'idle'; word: string }>> = {
  exact: { tone: 'ok', word: 'exact' },
  drift: { tone: 'bad', word: 'drift' },
  unchecked: { tone: 'idle', word: 'not checked' },
};

const REASONS: Readonly<Record<string, string>> = {
  recomputing: 'late or corrected fills are being worked in',
  unmatched: 'coins were sold whose purchase is not known',
  since: 'fills before GRIDSCOPE_SINCE build lots only',
  refused: 'fills whose sums overflow count nowhere',
  no_price: 'something held has no mark price',
  no_rate: 'there is no way into the display currency',
  overflow: 'a sum left its range',
};

const NOT_KNOWN: Readonly<Record<string, string>> = {
  no_credentials: 'Without a key of the exchange its balances are not known.',
  unauthorized: 'The exchange refuses the key: its balances are not known.',
  not_read: 'The exchange has not told its balances yet.',
  stale: 'Balances are being read again: something changed since.',
};

export function reasonsText(reasons: Maybe<readonly string[]>): string {
  return (reasons ?? []).map((reason) => REASONS[reason] ?? reason).join('; ');
}

function State({ sum }: { sum: ProofSum }) {
  const { tone, word } = STATES[sum.state ?? 'unchecked'] ?? STATES.unchecked;
  const drift = parseDec(sum.drift);
  const why = reasonsText(sum.reasons);
  return (
    <span class={`chip ${tone}`} data-tip={why || undefined}>
      <Icon name={tone} /><span class="chip-word">{word}{drift === null ? '' : `, drift ${exact(sum.drift as string)}`}</span>
    </span>
  );
}

function Term({ name, tip, children }: { name: string; tip: string; children: ComponentChildren }) {
  return <div class="term" tabIndex={0} data-tip={tip}><dt>{name}</dt><dd>{children}</dd></div>;
}

/** What something costs: drawn with the minus it has in the sum. */
function Cost({ value, digits }: { value: Maybe<string>; digits: number }) {
  const known = parseDec(value);
  if (known === null) return <Unknown reason="not told" />;
  return <span class="num" data-tip={value ?? undefined}>{amount({ ...known, units: -known.units }, digits)}</span>;
}

function Plus({ value, digits, reason }: { value: Maybe<string>; digits: number; reason: string }) {
  const known = parseDec(value);
  return known === null ? <Unknown reason={reason} /> : <span class="num" data-tip={value ?? undefined}>{signed(known, digits)}</span>;
}

function Sum({ proof }: { proof: Proof }) {
  const digits = moneyDigits(proof.currency);
  const unit = proof.currency ?? undefined;
  const { cash } = proof;
  const outside = parseDec(cash?.fees_outside);
  return (
    <dl class="terms">
      <Term name="Sold" tip="Proceeds of all sells."><Plus value={cash?.in} digits={digits} reason="not told" /></Term>
      <Term name="Bought" tip="Paid for all buys."><Cost value={cash?.out} digits={digits} /></Term>
      <Term name="Fees in quote" tip="Fees paid in the quote asset."><Cost value={cash?.fees_quote} digits={digits} /></Term>
      <Term name="Other fees" tip="Fees paid in third assets, at the values kept with their fills."><Cost value={cash?.fees_other} digits={digits} /></Term>
      {outside !== null && sign(outside) !== 0 ? <Term name="Outside fees" tip="Fees paid with coins that no fill had brought."><Cost value={cash?.fees_outside} digits={digits} /></Term> : null}
      <Term name="Held, at mark" tip="What the fills left in coins, at the mark prices."><Plus value={proof.holdings_value} digits={digits} reason="no mark price yet" /></Term>
      <div class="term equals"><dt>By cash flows</dt><dd><Money value={proof.worth} digits={digits} reason="a part is not known" unit={unit} flash={false} /></dd></div>
      <div class="term equals"><dt>By the ledger</dt><dd><Money value={proof.total} digits={digits} reason="a part is not known" unit={unit} flash={false} tip="Realized + unrealized." /></dd></div>
    </dl>
  );
}

function Pairs({ rows }: { rows: NonNullable<Proof['pairs']> }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Proof by pair">
      <table class="grid">
        <thead><tr><th scope="col">Pair</th><th scope="col">By the ledger</th><th scope="col">By cash flows</th><th scope="col">Drift</th></tr></thead>
        <tbody>{rows.map((row) => {
          const digits = moneyDigits(row.currency);
          const drift = parseDec(row.drift);
          return (
            <tr key={row.symbol}>
              <td>{row.symbol}</td>
              <td><Money value={row.total} digits={digits} reason="no mark price yet" unit={row.currency ?? undefined} flash={false} /></td>
              <td><Money value={row.worth} digits={digits} reason="no mark price yet" unit={row.currency ?? undefined} flash={false} /></td>
              <td>{drift === null ? <Unknown reason={reasonsText(row.reasons) || 'cannot be checked now'} /> : <span class={`num${sign(drift) === 0 ? '' : ' alarm'}`}>{exact(row.drift as string)}</span>}</td>
            </tr>
          );
        })}</tbody>
      </table>
    </div>
  );
}

function Coins({ value }: { value: Maybe<string> }) {
  const known = parseDec(value);
  return known === null ? <Unknown reason="not known" /> : <span class="num">{quantity(known)}</span>;
}

function Difference({ row }: { row: ProofAsset }) {
  const known = parseDec(row.difference);
  if (known === null) return <Unknown reason="the balance is not known" />;
  return <span class={`num${row.role === 'base' && sign(known) < 0 ? ' alarm' : ''}`}>{sign(known) === 0 ? '0' : signed(known, known.scale)}</span>;
}

function Balances({ proof }: { proof: Proof }) {
  const balances = proof.balances;
  const assets = balances?.assets ?? [];
  return (
    <>
      <p class="lead" data-tip={balances?.sentence ?? undefined}>{balances?.known ? <>Exchange balances, read <Time iso={balances.read_at} />.</> : NOT_KNOWN[balances?.reason ?? ''] ?? 'Balances are not known.'}</p>
      {assets.length === 0 ? null : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Fills against balances">
          <table class="grid balances">
            <thead><tr><th scope="col">Asset</th><th scope="col">Moved by fills</th><th scope="col">Balance</th><th scope="col">Difference</th><th scope="col">Which is</th></tr></thead>
            <tbody>{assets.map((row) => (
              <tr key={row.asset}>
                <td>{row.asset}</td><td><Coins value={row.moved} /></td><td><Coins value={row.balance} /></td><td><Difference row={row} /></td><td class="cause">{row.note ?? ''}</td>
              </tr>
            ))}</tbody>
          </table>
        </div>
      )}
    </>
  );
}

export function ProofOfPnl({ version }: { version: number }) {
  const answer = useRemote<Proof>('/api/v1/proof', version);
  const proof = answer?.ok ? answer.data : null;
  return (
    <section class="block proof" aria-label="Proof of P&L">
      <div class="bar"><h2>Proof of P&L</h2>{proof === null ? null : <State sum={proof} />}<span class="quiet proof-sentence">{proof?.sentence ?? ''}</span></div>
      {proof === null ? <Waiting answer={answer} what="the proof of P&L" /> : (
        <>
          {proof.state === 'exact' ? null : <p class="lead">{reasonsText(proof.reasons)}</p>}
          <Sum proof={proof} />
          <details>
            <summary>Each pair, and the fills against the exchange{'\u2019'}s balances{proof.balances?.differences ? <span class="tag">{proof.balances.differences} differ</span> : null}</summary>
            <div class="side-by-side"><div><Pairs rows={proof.pairs ?? []} /></div><div><Balances proof={proof} /></div></div>
          </details>
        </>
      )}
    </section>
  );
}
