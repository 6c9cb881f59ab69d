/* client.ts: the life of the page's connection to the server.
 *
 *   idle -> connecting -> live -> lost -> connecting ...          (for ever, with backoff)
 *                 \-> login   (the server wants a password; start() again after it)
 *
 * A socket that is open is not a feed that is alive: after a silence the server is asked for a sign of life over plain
 * HTTP, so that a lost server is known within 3 s even where no close arrives. Deltas are numbered; a reconnecting page
 * says in the address where it stopped, and a hole in the numbers asks for a new snapshot. Topic messages carry the number
 * of the last delta and none of their own. */

import { isObject, type JsonObject } from './patch';

export type Phase = 'idle' | 'connecting' | 'live' | 'lost' | 'login';

export interface FeedState {
  readonly phase: Phase;
  readonly since: number;
  /** When the next attempt will be made; null while one is under way. */
  readonly nextAt: number | null;
  readonly attempt: number;
}

export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event?: { code: number }) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface FeedDeps {
  /** `resume`: the last number held, 0 for a snapshot at once. */
  open(resume: number): SocketLike;
  /** A sign of life over HTTP: resolves with any answer, rejects when none comes in time. */
  probe(timeoutMs: number): Promise<unknown>;
  /** A refused upgrade tells a script nothing; this asks whether a password is wanted. */
  loginWanted(timeoutMs: number): Promise<boolean>;
  now(): number;
  later(ms: number, call: () => void): unknown;
  cancel(timer: unknown): void;
  random(): number;
}

export interface FeedHandlers {
  state(state: FeedState): void;
  snapshot(message: JsonObject): void;
  delta(message: JsonObject): void;
  topic(topic: string, message: JsonObject): void;
}

/* 1.2 s of silence, then an answer within 1.2 s, looked at every 0.3 s: 2.7 s at worst. */
export const SILENCE_MS = 1200;
export const PROBE_MS = 1200;
export const TICK_MS = 300;
/** An answering server behind a silent socket: after this long the socket itself is replaced. */
export const SILENT_SOCKET_MS = 60_000;
/** A connect that neither opens nor fails. */
export const CONNECT_MS = 5000;
/** The server's word for: the login behind this socket has ended. */
const CLOSE_LOGIN = 4401;
export const BACKOFF_MS: readonly number[] = [300, 700, 1500, 3000, 5000];

export class Feed {
  private state: FeedState = { phase: 'idle', since: 0, nextAt: null, attempt: 0 };
  private socket: SocketLike | null = null;
  private generation = 0;
  private seq: number | null = null;
  private timer: unknown = null;
  private heardAt = 0;
  private messageAt = 0;
  private probing = false;
  private readonly topics = new Set<string>();

  constructor(private readonly deps: FeedDeps, private readonly on: FeedHandlers) {}

  start(): void {
    this.connect(0);
  }

  stop(): void {
    this.drop();
    this.set('idle', null, 0);
  }

  /** Try at once: the tab woke up, the network came back, a person asked. */
  nudge(): void {
    if (this.state.phase === 'lost') this.connect(this.state.attempt);
    else if (this.state.phase === 'live') this.watch();
  }

  subscribe(topic: string): void {
    if (this.topics.has(topic)) return;
    this.topics.add(topic);
    if (this.state.phase === 'live') this.say({ type: 'subscribe', topics: [topic] });
  }

  unsubscribe(topic: string): void {
    if (!this.topics.delete(topic)) return;
    if (this.state.phase === 'live') this.say({ type: 'unsubscribe', topics: [topic] });
  }

  private set(phase: Phase, nextAt: number | null, attempt: number): void {
    const since = phase === this.state.phase ? this.state.since : this.deps.now();
    this.state = { phase, since, nextAt, attempt };
    this.on.state(this.state);
  }

  private drop(): void {
    this.generation += 1;
    this.deps.cancel(this.timer);
    this.timer = null;
    this.probing = false;
    const socket = this.socket;
    this.socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private connect(attempt: number): void {
    this.drop();
    const generation = this.generation;
    const mine = (call: () => void) => () => {
      if (generation === this.generation) call();
    };
    if (this.state.phase !== 'lost') this.set('connecting', null, attempt);
    else this.set('lost', null, attempt);
    const socket = this.deps.open(this.seq ?? 0);
    this.socket = socket;
    socket.onopen = mine(() => this.opened());
    socket.onmessage = (event) => {
      if (generation === this.generation) this.received(event.data);
    };
    socket.onclose = (event) => {
      if (generation !== this.generation) return;
      if (event?.code === CLOSE_LOGIN) this.wantLogin();
      else this.failed();
    };
    this.timer = this.deps.later(CONNECT_MS, mine(() => this.failed()));
  }

  private opened(): void {
    this.heardAt = this.messageAt = this.deps.now();
    if (this.topics.size > 0) this.say({ type: 'subscribe', topics: [...this.topics] });
    /* Where nothing was missed the answer to a resume is silence; a new page waits for its snapshot. */
    if (this.seq !== null) this.alive();
  }

  private say(message: JsonObject): void {
    this.socket?.send(JSON.stringify(message));
  }

  private received(data: unknown): void {
    this.heardAt = this.messageAt = this.deps.now();
    const message = parse(data);
    if (message === null) return;
    if (message.type === 'snapshot') this.snapshot(message);
    else if (message.type === 'delta') this.delta(message);
    else this.topicMessage(message);
  }

  private snapshot(message: JsonObject): void {
    this.seq = seqOf(message);
    this.on.snapshot(message);
    this.alive();
  }

  private delta(message: JsonObject): void {
    const next = this.advance(message);
    if (next === 'hole') return this.resync();
    if (next === 'new') this.on.delta(message);
    this.alive();
  }

  private topicMessage(message: JsonObject): void {
    const topic = topicOf(message);
    if (topic === null) return;
    if (this.topics.has(topic)) this.on.topic(topic, message);
  }

  private advance(message: JsonObject): 'new' | 'old' | 'hole' {
    const seq = seqOf(message);
    if (seq === null) return 'new';
    if (this.seq === null || seq > this.seq + 1) return 'hole';
    if (seq <= this.seq) return 'old';
    this.seq = seq;
    return 'new';
  }

  /** A hole in the numbers: what we hold cannot be trusted any more, so ask without a number and get a snapshot. */
  private resync(): void {
    this.seq = null;
    this.failed();
  }

  private alive(): void {
    if (this.state.phase === 'live') return;
    this.deps.cancel(this.timer);
    this.set('live', null, 0);
    this.tick();
  }

  private tick(): void {
    const generation = this.generation;
    this.timer = this.deps.later(TICK_MS, () => {
      if (generation !== this.generation) return;
      this.watch();
      if (generation === this.generation) this.tick();
    });
  }

  private watch(): void {
    const now = this.deps.now();
    if (this.probing || now - this.heardAt < SILENCE_MS) return;
    if (now - this.messageAt > SILENT_SOCKET_MS) {
      this.connect(0);
      return;
    }
    const generation = this.generation;
    this.probing = true;
    const done = (alive: boolean) => {
      if (generation !== this.generation) return;
      this.probing = false;
      if (alive) this.heardAt = this.deps.now();
      else this.failed();
    };
    this.deps.probe(PROBE_MS).then(() => done(true), () => done(false));
  }

  private failed(): void {
    const attempt = this.state.attempt + 1;
    this.drop();
    const generation = this.generation;
    const wait = (BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length) - 1] ?? 5000) * (0.75 + this.deps.random() / 2);
    this.set('lost', this.deps.now() + wait, attempt);
    this.timer = this.deps.later(wait, () => {
      if (generation === this.generation) this.connect(attempt);
    });
    this.deps.loginWanted(PROBE_MS).then(
      (wanted) => {
        if (wanted && generation === this.generation) this.wantLogin();
      },
      () => undefined,
    );
  }

  /** Also called by whoever meets a 401 first. */
  wantLogin(): void {
    this.drop();
    this.seq = null;
    this.set('login', null, 0);
  }
}

function parse(data: unknown): JsonObject | null {
  if (typeof data !== 'string') return null;
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function seqOf(message: JsonObject): number | null {
  return typeof message.seq === 'number' ? message.seq : null;
}

function topicOf(message: JsonObject): string | null {
  if (typeof message.topic === 'string') return message.topic;
  const { type, symbol, interval } = message;
  if (type === 'trades') return 'trades';
  if (type === 'orders' && typeof symbol === 'string') return `orders:${symbol}`;
  if (type === 'candles' && typeof symbol === 'string' && typeof interval === 'string') return `candles:${symbol}:${interval}`;
  return null;
}
