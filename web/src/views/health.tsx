/* health.tsx: can the screen be trusted, and if not, since when and why. One column an upstream, then the gaps. */

import type { ComponentChildren } from 'preact';
import { count } from '../format/money';
import { age, countdown, parseTime } from '../format/time';
import { live, serverNow } from '../store/app';
import type { Breaker, Gap, Maybe, Stream } from '../store/model';
import { botFact, breakerText, type Fact, feedFact } from '../store/status';
import { Unknown } from './figure';
import { Icon } from './icon';
import { Time } from './parts';

function Row({ name, children }: { name: string; children: ComponentChildren }) {
  return <div class="line"><dt>{name}</dt><dd>{children}</dd></div>;
}

function Ago({ iso, none }: { iso: Maybe<string>; none: string }) {
  const at = parseTime(iso);
  if (at === null) return <Unknown reason={none} />;
  return <span class="num">{age(serverNow.value - at)} ago</span>;
}

function Number_({ n, unit, one = unit, none = 'not told' }: { n: Maybe<number>; unit?: string; one?: string; none?: string }) {
  if (n == null) return <Unknown reason={none} />;
  return <span class="num">{count(n)}{unit ? ` ${n === 1 ? one : unit}` : ''}</span>;
}

function Head({ fact, title }: { fact: Fact; title: string }) {
  return (
    <div class="card-head">
      <h2>{title}</h2>
      <p class={`chip ${fact.tone}`}><Icon name={fact.tone} /><span class="chip-word">{fact.word}</span></p>
    </div>
  );
}

function BreakerRows({ breaker }: { breaker: Maybe<Breaker> }) {
  if (breaker == null) return <Row name="Circuit breaker"><Unknown reason="not told" /></Row>;
  const open = breakerText(breaker, serverNow.value);
  const failures = `${count(breaker.consecutive_failures ?? 0)} of ${breaker.fail_max == null ? '?' : count(breaker.fail_max)}`;
  return (
    <>
      <Row name="Circuit breaker"><span class={breaker.state === 'closed' ? '' : 'alarm'}>{breaker.state === 'half_open' ? 'half-open' : breaker.state ?? ''}</span></Row>
      {open === null ? null : <Row name="Next try"><span class="num">{nextTry(breaker)}</span></Row>}
      <Row name="Failures in a row"><span class="num">{failures}</span></Row>
      {breaker.last_error ? <Row name="Last error"><span class="long">{breaker.last_error}</span></Row> : null}
    </>
  );
}

function nextTry(breaker: Breaker): string {
  const at = parseTime(breaker.next_trial_at);
  const left = at === null ? 0 : at - serverNow.value;
  return left > 0 ? `in ${countdown(left)}` : 'now';
}

function BotCard() {
  const bot = live.bot.value;
  const fact = botFact(bot, live.field('status_reason').value, serverNow.value);
  if (bot === null || fact === null) {
    return <section class="card"><h2>Bot</h2><p class="quiet">Not used: the source is the exchange alone (GRIDSCOPE_SOURCE=exchange).</p></section>;
  }
  return (
    <section class="card">
      <Head fact={fact} title={bot.name ? `Bot: ${bot.name}` : 'Bot'} />
      <dl>
        <Row name="Last answer"><Ago iso={bot.last_ok} none="it has not answered yet" /></Row>
        <Row name="Latency"><Number_ n={bot.latency_ms} unit="ms" none="no answer yet" /></Row>
        <Row name="Running for">{bot.uptime_seconds == null ? <Unknown reason="not told" /> : <span class="num">{age(bot.uptime_seconds * 1000)}</span>}</Row>
        <BreakerRows breaker={bot.breaker} />
        {bot.message ? <Row name="Says"><span class="long">{bot.message}</span></Row> : null}
        <Row name="Not offered">{bot.unavailable?.length ? <span class="long">{bot.unavailable.join(', ')}</span> : <span class="quiet">nothing</span>}</Row>
      </dl>
    </section>
  );
}

function exchangeFact(): Fact {
  const exchange = live.exchange.value;
  const now = serverNow.value;
  const banned = parseTime(exchange?.banned_until);
  const breaker = breakerText(exchange?.breaker, now);
  const base = { name: 'Exchange', trouble: null, detail: '' };
  if (exchange === null) return { ...base, tone: 'idle', word: 'unknown' };
  if (banned !== null && banned > now) return { ...base, tone: 'bad', word: `silent for ${countdown(banned - now)}` };
  if (breaker !== null) return { ...base, tone: 'bad', word: 'circuit breaker' };
  if (exchange.throttled) return { ...base, tone: 'warn', word: 'throttled' };
  return { ...base, tone: 'ok', word: 'ready' };
}

function ExchangeCard() {
  const exchange = live.exchange.value;
  const used = exchange?.weight_used_1m;
  const limit = exchange?.weight_limit_1m;
  return (
    <section class="card">
      <Head fact={exchangeFact()} title="Binance REST" />
      <dl>
        <Row name="Weight this minute">
          {used == null || limit == null ? <Unknown reason="no request made yet" /> : <span class="gauge"><span class="num">{count(used)} / {count(limit)}</span>
            <meter class={used >= limit * 0.8 ? 'bad' : used >= limit * 0.6 ? 'warn' : 'ok'} min={0} max={limit} value={used} aria-label="Request weight used" /></span>}
        </Row>
        <Row name="On demand"><Number_ n={exchange?.on_demand_requests} unit="requests" one="request" /></Row>
        <Row name="Latency"><Number_ n={exchange?.latency_ms} unit="ms" none="no request made yet" /></Row>
        <Row name="Clock difference"><Number_ n={exchange?.clock_offset_ms} unit="ms" none="not measured yet" /></Row>
        <BreakerRows breaker={exchange?.breaker} />
      </dl>
    </section>
  );
}

function StreamCard({ title, name, stream }: { title: string; name: 'Market' | 'Account'; stream: Stream | null }) {
  const fact = feedFact(name, stream, serverNow.value);
  const next = parseTime(stream?.next_attempt_at);
  return (
    <section class="card">
      <Head fact={fact} title={title} />
      {stream?.state === 'off' ? <p class="quiet">{fact.detail}</p> : null}
      <dl>
        <Row name="State"><span>{stream?.state ?? 'unknown'}</span></Row>
        <Row name="Since"><Ago iso={stream?.since} none="not told" /></Row>
        <Row name="Last message"><Ago iso={stream?.last_message_at} none="none yet" /></Row>
        <Row name="Latency"><Number_ n={stream?.latency_ms} unit="ms" none="none measured yet" /></Row>
        <Row name="Messages"><Number_ n={stream?.messages} /></Row>
        <Row name="Refused messages"><Number_ n={stream?.rejected_messages} /></Row>
        <Row name="Reconnects"><Number_ n={stream?.reconnects} /></Row>
        {stream?.state === 'waiting' && next !== null ? <Row name="Backoff"><span class="num">attempt {count((stream.attempt ?? 0) + 1)} in {countdown(next - serverNow.value)}</span></Row> : null}
        {stream?.fallback ? <Row name="Instead"><span>{stream.fallback}</span></Row> : null}
        {stream?.reason ? <Row name="Reason"><span class="long">{stream.reason}</span></Row> : null}
      </dl>
    </section>
  );
}

function gapLength(gap: Gap): string {
  const from = parseTime(gap.from);
  const to = parseTime(gap.to);
  if (from === null) return '';
  return to === null ? `${age(serverNow.value - from)}, still open` : age(to - from);
}

const FEEDS: Readonly<Record<string, string>> = { market: 'Market', user: 'Account', bot: 'Bot' };

function Gaps() {
  const gaps = live.field('gaps').value ?? [];
  return (
    <section class="gaps" aria-label="Gaps">
      <h2>Gaps <span class="quiet">when a feed was blind, and what was found afterwards</span></h2>
      {gaps.length === 0 ? <p class="empty">No gap since the start: no feed was blind for a moment.</p> : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Gap ledger">
          <table class="grid left">
            <thead><tr><th scope="col">Feed</th><th scope="col">From</th><th scope="col">To</th><th scope="col">Length</th><th scope="col">Cause</th><th scope="col">Fills recovered</th></tr></thead>
            <tbody>
              {[...gaps].sort((a, b) => ((a.from ?? '') < (b.from ?? '') ? 1 : -1)).map((gap) => (
                <tr key={`${gap.feed} ${gap.from}`}>
                  <td>{FEEDS[gap.feed ?? ''] ?? gap.feed}</td>
                  <td><Time iso={gap.from} /></td>
                  <td>{gap.to == null ? <span class="alarm">still open</span> : <Time iso={gap.to} />}</td>
                  <td><span class="num">{gapLength(gap)}</span></td>
                  <td class="cause">{gap.cause ?? ''}</td>
                  <td><Number_ n={gap.recovered_fills} none="not counted yet" /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function StoreCard() {
  const store = live.field('store').value;
  return (
    <section class="card wide">
      <h2>This program</h2>
      <dl class="columns">
        <Row name="History">{store == null ? <Unknown reason="not told" /> : store.durable ? <span>saved durably</span> : <span class="alarm">not durable{store.error ? `: ${store.error}` : ''}</span>}</Row>
        <Row name="Recent fills held"><Number_ n={live.field('trades_cached').value} /></Row>
        <Row name="Repeated records dropped"><Number_ n={live.field('duplicates_dropped').value} /></Row>
        <Row name="Mode"><span>{live.field('mode').value ?? ''}</span></Row>
        <Row name="Version"><span class="num">{live.field('version').value ?? ''}</span></Row>
      </dl>
    </section>
  );
}

const LESSON = `EXCHANGE__API_KEY=the key of a read-only API key
EXCHANGE__API_SECRET=its secret
GRIDSCOPE_SYMBOLS=BTC/USDT`;

function NoKey() {
  if (live.user.value?.state !== 'off') return null;
  return (
    <section class="lesson">
      <h2>Market data and the bot{'\u2019'}s view only</h2>
      <p>Add a read-only Binance key to see fills the moment they happen. In the .env file:</p>
      <pre class="lines">{LESSON}</pre>
    </section>
  );
}

export function Health() {
  if (!live.ready.value) return <p class="empty">Waiting for the first data.</p>;
  return (
    <div class="page health">
      <h1 class="vh">Health</h1>
      <div class="cards">
        <BotCard />
        <ExchangeCard />
        <StreamCard title="Market stream" name="Market" stream={live.market.value} />
        <StreamCard title="Account stream" name="Account" stream={live.user.value} />
      </div>
      <NoKey />
      <Gaps />
      <StoreCard />
    </div>
  );
}
