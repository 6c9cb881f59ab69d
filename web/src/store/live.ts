/* live.ts: the server's state as signals. One signal a top-level field, and one a field of each pair: a price tick wakes
 * the cells that show this price and nothing else. Snapshot and deltas are the only writers. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { isObject, type Json, type JsonObject, mergePatch } from '../feed/patch';
import type { Bot, Exchange, Pair, Pnl, Snapshot, Stream, WindowPnl } from './model';

type PairField = keyof Pair;

/** One pair: its fields, each a signal made when a cell first asks for it. */
export class PairState {
  private raw: JsonObject;
  private readonly fields = new Map<string, Signal<unknown>>();

  constructor(readonly symbol: string, raw: JsonObject) {
    this.raw = raw;
  }

  field<K extends PairField>(key: K): ReadonlySignal<Pair[K]> {
    let found = this.fields.get(key);
    if (found === undefined) {
      found = signal<unknown>(this.raw[key]);
      this.fields.set(key, found);
    }
    return found as Signal<Pair[K]>;
  }

  /** Subscribes the caller to one field. */
  get<K extends PairField>(key: K): Pair[K] {
    return this.field(key).value;
  }

  /** Everything as it is now, without subscribing: for sorting and for tooltips made on demand. */
  peek(): Pair {
    return this.raw as unknown as Pair;
  }

  replace(raw: JsonObject): void {
    if (raw === this.raw) return;
    this.raw = raw;
    for (const [key, field] of this.fields) field.value = raw[key];
  }

  patch(patch: Json): void {
    this.replace(mergePatch(this.raw, patch) as JsonObject);
  }
}

export class Live {
  /** Null until the first snapshot: nothing known is not the same as nothing there. */
  readonly ready = signal(false);
  readonly pairs: Signal<readonly PairState[]> = signal([]);
  /** How far the server's clock is ahead of ours, in ms. */
  readonly clockOffset = signal(0);
  private readonly bySymbol = new Map<string, PairState>();
  private readonly fields = new Map<string, Signal<unknown>>();
  private raw: JsonObject = {};

  field<K extends keyof Snapshot>(key: K): ReadonlySignal<Snapshot[K]> {
    let found = this.fields.get(key);
    if (found === undefined) {
      found = signal<unknown>(this.raw[key]);
      this.fields.set(key, found);
    }
    return found as Signal<Snapshot[K]>;
  }

  readonly bot: ReadonlySignal<Bot | null> = computed(() => this.field('bot').value ?? null);
  readonly exchange: ReadonlySignal<Exchange | null> = computed(() => this.field('exchange').value ?? null);
  readonly market: ReadonlySignal<Stream | null> = computed(() => this.field('streams').value?.market ?? null);
  readonly user: ReadonlySignal<Stream | null> = computed(() => this.field('streams').value?.user ?? null);
  readonly pnl: ReadonlySignal<Pnl | null> = computed(() => this.field('pnl').value ?? null);
  readonly windows: ReadonlySignal<Record<string, WindowPnl> | null> = computed(() => this.field('windows').value ?? null);

  pair(symbol: string): PairState | undefined {
    return this.bySymbol.get(symbol);
  }

  applySnapshot(message: JsonObject, receivedAt: number): void {
    batch(() => {
      const { type: _type, pairs, ...rest } = message;
      this.setFields(rest as JsonObject);
      this.setPairs(Array.isArray(pairs) ? pairs : []);
      this.measureClock(message, receivedAt, true);
      this.ready.value = true;
    });
  }

  applyDelta(message: JsonObject, receivedAt: number): void {
    batch(() => {
      const { type: _type, pairs, ...rest } = message;
      this.setFields(mergePatch(this.raw, rest as JsonObject) as JsonObject);
      if (isObject(pairs)) this.patchPairs(pairs);
      this.measureClock(message, receivedAt, false);
    });
  }

  private setFields(raw: JsonObject): void {
    this.raw = raw;
    for (const [key, field] of this.fields) field.value = raw[key];
  }

  private setPairs(rows: Json[]): void {
    const old = new Map(this.bySymbol);
    this.bySymbol.clear();
    for (const row of rows) {
      if (!isObject(row) || typeof row.symbol !== 'string') continue;
      const known = old.get(row.symbol);
      if (known !== undefined) known.replace(row);
      this.bySymbol.set(row.symbol, known ?? new PairState(row.symbol, row));
    }
    this.pairs.value = [...this.bySymbol.values()];
  }

  private patchPairs(patch: JsonObject): void {
    let membership = false;
    for (const symbol of Object.keys(patch)) {
      const change = patch[symbol] as Json;
      const known = this.bySymbol.get(symbol);
      if (change === null) membership = this.bySymbol.delete(symbol) || membership;
      else if (known !== undefined) known.patch(change);
      else if (isObject(change)) {
        this.bySymbol.set(symbol, new PairState(symbol, { symbol, ...change }));
        membership = true;
      }
    }
    if (membership) this.pairs.value = [...this.bySymbol.values()];
  }

  /* The way from the server to here only ever makes its clock look late, so the largest difference seen is the truest. */
  private measureClock(message: JsonObject, receivedAt: number, fresh: boolean): void {
    const at = typeof message.server_time === 'string' ? Date.parse(message.server_time) : Number.NaN;
    if (Number.isNaN(at)) return;
    const offset = at - receivedAt;
    if (fresh || offset > this.clockOffset.peek()) this.clockOffset.value = offset;
  }
}
