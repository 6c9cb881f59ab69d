/* remote.ts: what the page asks for once instead of being told: rows, candles, figures of a period. */

import { useEffect, useState } from 'preact/hooks';
import { type Answer, get } from '../feed/api';
import { feedState } from './app';
import type { Maybe } from './model';

export interface Trade {
  time?: Maybe<string>;
  symbol?: Maybe<string>;
  trade_id?: Maybe<string | number>;
  order_id?: Maybe<string | number>;
  side?: Maybe<'buy' | 'sell'>;
  price?: Maybe<string>;
  quantity?: Maybe<string>;
  quote_amount?: Maybe<string>;
  fee?: Maybe<string>;
  fee_asset?: Maybe<string>;
  maker?: Maybe<boolean>;
  source?: Maybe<string>;
  realized?: Maybe<string>;
  /** Trade ids of the oldest and the newest buy whose lots it sold. */
  closes?: Maybe<{ first?: Maybe<string>; last?: Maybe<string> }>;
  /** In the quote asset; null while its price is not known. */
  fee_value?: Maybe<string>;
  /** The source did not name the fee's asset. */
  fee_assumed?: Maybe<boolean>;
  unmatched?: Maybe<string>;
  received_at?: Maybe<string>;
}

export interface TradeTotals {
  count?: Maybe<number>;
  buys?: Maybe<number>;
  sells?: Maybe<number>;
  currency?: Maybe<string>;
  realized?: Maybe<string>;
  quote_amount?: Maybe<string>;
  fees_value?: Maybe<string>;
  /** By asset. */
  fees?: Maybe<Record<string, string>>;
  unvalued_fees?: Maybe<number>;
  assumed_fees?: Maybe<number>;
  recomputing?: Maybe<boolean>;
}

export interface TradePage {
  rows?: Maybe<Trade[]>;
  next_cursor?: Maybe<string>;
  totals?: Maybe<TradeTotals>;
}

export interface Order {
  time?: Maybe<string>;
  order_id?: Maybe<string | number>;
  symbol?: Maybe<string>;
  side?: Maybe<'buy' | 'sell'>;
  type?: Maybe<string>;
  price?: Maybe<string>;
  quantity?: Maybe<string>;
  filled?: Maybe<string>;
}

export type LevelState = 'open_buy' | 'open_sell' | 'filled' | 'missing';

export interface Level {
  price: string;
  state: LevelState;
  fills?: Maybe<number>;
  profit?: Maybe<string>;
  last_fill?: Maybe<string>;
  reason?: Maybe<string>;
}

export interface OrderPage {
  rows?: Maybe<Order[]>;
  /** False: not all of them have been read yet. */
  known?: Maybe<boolean>;
  /** What waits at each level of the grid, or why nothing does. */
  levels?: Maybe<Level[]>;
}

export interface Candle {
  time: string;
  open: string;
  high: string;
  low: string;
  close: string;
  volume?: Maybe<string>;
  closed?: Maybe<boolean>;
}

export interface CandlePage {
  candles?: Maybe<Candle[]>;
}

export interface EquityPoint {
  time: string;
  total?: Maybe<string>;
  realized?: Maybe<string>;
}

export interface EquityPage {
  currency?: Maybe<string>;
  investment?: Maybe<string>;
  points?: Maybe<EquityPoint[]>;
}

export interface Period {
  start: string;
  pnl?: Maybe<string>;
  basis?: Maybe<'equity' | 'realized'>;
  realized?: Maybe<string>;
  fees?: Maybe<string>;
  cycles?: Maybe<number>;
  fills?: Maybe<number>;
}

export const PERIODS = ['hour', 'day', 'week', 'month'] as const;
export type PeriodName = (typeof PERIODS)[number];

export interface Drawdown {
  /** Null: all time. */
  days?: Maybe<number>;
  /** The first point of the window that is known. */
  since?: Maybe<string>;
  amount?: Maybe<string>;
  percent?: Maybe<string>;
}

export interface Step {
  symbol: string;
  step?: Maybe<string>;
  minimum?: Maybe<string>;
  below?: Maybe<boolean>;
}

/** The figures of the portfolio, and of each pair in its own quote. */
export interface Figures {
  currency?: Maybe<string>;
  realized?: Maybe<string>;
  unrealized?: Maybe<string>;
  total?: Maybe<string>;
  grid_profit?: Maybe<string>;
  cycles?: Maybe<number>;
  wins?: Maybe<number>;
  losses?: Maybe<number>;
  gross_profit?: Maybe<string>;
  gross_loss?: Maybe<string>;
  win_rate?: Maybe<string>;
  profit_factor?: Maybe<string>;
  no_losses?: Maybe<boolean>;
  fees?: Maybe<string>;
  fees_share?: Maybe<string>;
  fills?: Maybe<number>;
  average_win?: Maybe<string>;
  average_loss?: Maybe<string>;
  expectancy?: Maybe<string>;
  exposure?: Maybe<{ value?: Maybe<string>; cost_basis?: Maybe<string>; percent?: Maybe<string> }>;
  /** The same money, held. */
  holding?: Maybe<{ value?: Maybe<string>; equity?: Maybe<string>; difference?: Maybe<string>; percent?: Maybe<string> }>;
}

/** Which coins a sale sells. */
export const METHODS = ['fifo', 'lifo', 'average', 'grid'] as const;
export type Method = (typeof METHODS)[number];

export interface Performance extends Figures {
  method?: Maybe<string>;
  method_sentence?: Maybe<string>;
  since?: Maybe<string>;
  days_running?: Maybe<string>;
  investment?: Maybe<{ amount?: Maybe<string>; source?: Maybe<string> }>;
  apr?: Maybe<{ grid?: Maybe<string>; total?: Maybe<string> }>;
  drawdown?: Maybe<Drawdown[]>;
  partial?: Maybe<boolean>;
  fees_by_asset?: Maybe<Record<string, { amount?: Maybe<string>; value?: Maybe<string> }>>;
  periods?: Maybe<Partial<Record<PeriodName, Period[]>>>;
  pairs?: Maybe<(Figures & { symbol: string })[]>;
  steps?: Maybe<Step[]>;
}

export type ProofState = 'exact' | 'drift' | 'unchecked';

export interface Cash {
  in?: Maybe<string>;
  out?: Maybe<string>;
  fees_quote?: Maybe<string>;
  fees_other?: Maybe<string>;
  fees_outside?: Maybe<string>;
  net?: Maybe<string>;
}

export interface ProofSum {
  currency?: Maybe<string>;
  state?: Maybe<ProofState>;
  reasons?: Maybe<string[]>;
  drift?: Maybe<string>;
  realized?: Maybe<string>;
  unrealized?: Maybe<string>;
  total?: Maybe<string>;
  worth?: Maybe<string>;
  cash?: Maybe<Cash>;
  holdings_value?: Maybe<string>;
}

export interface ProofAsset {
  asset?: Maybe<string>;
  role?: Maybe<'base' | 'quote' | 'fee'>;
  moved?: Maybe<string>;
  balance?: Maybe<string>;
  difference?: Maybe<string>;
  at?: Maybe<string>;
  source?: Maybe<string>;
  note?: Maybe<string>;
}

/** realized + unrealized against cash flows plus holdings at mark; what the fills moved against the exchange's balances. */
export interface Proof extends ProofSum {
  time?: Maybe<string>;
  sentence?: Maybe<string>;
  pairs?: Maybe<(ProofSum & { symbol: string; fills?: Maybe<number> })[]>;
  balances?: Maybe<{
    known?: Maybe<boolean>;
    reason?: Maybe<string>;
    sentence?: Maybe<string>;
    read_at?: Maybe<string>;
    differences?: Maybe<number>;
    assets?: Maybe<ProofAsset[]>;
  }>;
}

/** The answer to `path`, asked again when the path or `version` changes; the old answer stays until the new one is here.
 * Nothing is asked while the server is lost: the answer that failed is asked again when it is back. */
export function useRemote<T>(path: string | null, version: unknown = 0): Answer<T> | null {
  const [answer, setAnswer] = useState<{ path: string; answer: Answer<T> } | null>(null);
  const alive = feedState.value.phase === 'live';
  useEffect(() => {
    if (path === null || !alive) return undefined;
    const stop = new AbortController();
    void get<T>(path, stop.signal).then((result) => {
      if (stop.signal.aborted) return;
      setAnswer({ path, answer: result });
    });
    return () => stop.abort();
  }, [path, version, alive]);
  return answer !== null && path !== null && answer.path === path ? answer.answer : null;
}
