/* model.ts: the snapshot as the server speaks it (contract/snapshot.example.json). Every field may be missing: a merge
 * patch removes what became null, and an older server may not know a newer field. Amounts are decimal strings. */

export type Maybe<T> = T | null | undefined;

export type Mode = 'starting' | 'streaming' | 'partial' | 'polling' | 'offline';
export type Status = 'connected' | 'reconnecting' | 'stale' | 'offline';
export type StatusReason = 'starting' | 'circuit_breaker' | 'no_response' | 'unauthorized' | 'rate_limited';
export type StreamState = 'off' | 'connecting' | 'subscribing' | 'syncing' | 'live' | 'draining' | 'waiting';

export interface Breaker {
  state?: Maybe<'closed' | 'open' | 'half_open'>;
  consecutive_failures?: Maybe<number>;
  fail_max?: Maybe<number>;
  next_trial_at?: Maybe<string>;
  last_error?: Maybe<string>;
}

export interface Bot {
  health?: Maybe<'healthy' | 'degraded' | 'error' | 'unknown'>;
  message?: Maybe<string>;
  uptime_seconds?: Maybe<number>;
  name?: Maybe<string>;
  last_ok?: Maybe<string>;
  breaker?: Maybe<Breaker>;
  unavailable?: Maybe<string[]>;
  latency_ms?: Maybe<number>;
}

export interface Exchange {
  breaker?: Maybe<Breaker>;
  weight_used_1m?: Maybe<number>;
  weight_limit_1m?: Maybe<number>;
  throttled?: Maybe<boolean>;
  banned_until?: Maybe<string>;
  clock_offset_ms?: Maybe<number>;
  latency_ms?: Maybe<number>;
  on_demand_requests?: Maybe<number>;
}

export interface Stream {
  state?: Maybe<StreamState>;
  since?: Maybe<string>;
  last_message_at?: Maybe<string>;
  attempt?: Maybe<number>;
  next_attempt_at?: Maybe<string>;
  reconnects?: Maybe<number>;
  messages?: Maybe<number>;
  rejected_messages?: Maybe<number>;
  latency_ms?: Maybe<number>;
  reason?: Maybe<string>;
  fallback?: Maybe<string>;
}

export interface LeftOut {
  symbol: string;
  reason?: Maybe<string>;
}

export interface Unmatched {
  symbol: string;
  quantity?: Maybe<string>;
}

export interface Pnl {
  currency?: Maybe<string>;
  realized?: Maybe<string>;
  unrealized?: Maybe<string>;
  total?: Maybe<string>;
  total_percent?: Maybe<string>;
  fees?: Maybe<string>;
  partial?: Maybe<boolean>;
  left_out?: Maybe<LeftOut[]>;
  unmatched?: Maybe<Unmatched[]>;
  method?: Maybe<string>;
  /** Total less what cash flows and holdings at mark come to: zero, or the ledger is wrong; null: cannot be checked now. */
  drift?: Maybe<string>;
  /** The least complete of all pairs' histories. */
  history?: Maybe<History>;
}

export interface WindowPnl {
  pnl?: Maybe<string>;
  percent?: Maybe<string>;
  basis?: Maybe<'equity' | 'realized'>;
}

export interface History {
  state?: Maybe<'complete' | 'loading' | 'since' | 'gap'>;
  from?: Maybe<string>;
  fills_loaded?: Maybe<number>;
}

export interface Grid {
  lower?: Maybe<string>;
  upper?: Maybe<string>;
  levels?: Maybe<number>;
  investment?: Maybe<string>;
  spacing?: Maybe<string>;
  source?: Maybe<string>;
}

export interface Pair {
  symbol: string;
  exchange_symbol?: Maybe<string>;
  base?: Maybe<string>;
  quote?: Maybe<string>;
  price?: Maybe<string>;
  price_at?: Maybe<string>;
  price_source?: Maybe<'stream' | 'poll' | 'candle' | 'none'>;
  holdings?: Maybe<string>;
  average_cost?: Maybe<string>;
  cost_basis?: Maybe<string>;
  realized?: Maybe<string>;
  unrealized?: Maybe<string>;
  total?: Maybe<string>;
  today?: Maybe<string>;
  fees?: Maybe<Record<string, string>>;
  fees_quote?: Maybe<string>;
  unvalued_fees?: Maybe<Record<string, string>>;
  fills?: Maybe<number>;
  buys?: Maybe<number>;
  sells?: Maybe<number>;
  cycles?: Maybe<number>;
  unmatched_quantity?: Maybe<string>;
  open_orders?: Maybe<number>;
  next_buy?: Maybe<string>;
  next_sell?: Maybe<string>;
  grid?: Maybe<Grid>;
  active?: Maybe<boolean>;
  price_stale?: Maybe<boolean>;
  tick_size?: Maybe<string>;
  step_size?: Maybe<string>;
  history?: Maybe<History>;
  assumed_fees?: Maybe<number>;
  recomputing?: Maybe<boolean>;
}

export interface Gap {
  feed?: Maybe<string>;
  from?: Maybe<string>;
  to?: Maybe<string>;
  cause?: Maybe<string>;
  recovered_fills?: Maybe<number>;
}

export interface Snapshot {
  seq?: number;
  server_time?: Maybe<string>;
  version?: Maybe<string>;
  mode?: Maybe<Mode>;
  status?: Maybe<Status>;
  status_reason?: Maybe<StatusReason>;
  last_update?: Maybe<string>;
  bot?: Maybe<Bot>;
  exchange?: Maybe<Exchange>;
  streams?: Maybe<{ market?: Maybe<Stream>; user?: Maybe<Stream> }>;
  pnl?: Maybe<Pnl>;
  windows?: Maybe<Record<string, WindowPnl>>;
  trades_cached?: Maybe<number>;
  duplicates_dropped?: Maybe<number>;
  gaps?: Maybe<Gap[]>;
  store?: Maybe<{ durable?: Maybe<boolean>; error?: Maybe<string> }>;
  investment?: Maybe<{ amount?: Maybe<string>; source?: Maybe<string> }>;
}
