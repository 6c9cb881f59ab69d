/* configuration.tsx: what runs, read-only: the bot's grids and our own settings. Secrets never reach this page. */

import { type LoginState, logout } from '../feed/api';
import { isObject, type Json, type JsonObject } from '../feed/patch';
import { live } from '../store/app';
import { palette, theme } from '../store/settings';
import { useRemote } from '../store/remote';
import { Icon } from './icon';
import { Choice, Waiting } from './parts';

interface Config {
  settings?: Json;
  strategies?: Json;
}

function words(key: string): string {
  return key.replace(/_/g, ' ');
}

function show(value: Json | undefined): string {
  if (value === null || value === undefined || value === '') return 'not set';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map(show).join(', ');
  return isObject(value) ? JSON.stringify(value) : String(value);
}

function listOf(value: Json | undefined): JsonObject[] {
  if (Array.isArray(value)) return value.filter(isObject);
  if (isObject(value)) return Object.entries(value).map(([name, inner]): JsonObject => (isObject(inner) ? { name, ...inner } : { name, value: inner ?? null }));
  return [];
}

/** An investment is money of the pair's quote. */
function cell(key: string, row: JsonObject): string {
  const quote = typeof row.symbol === 'string' ? row.symbol.split('/')[1] : undefined;
  return key === 'investment' && row[key] != null && quote !== undefined ? `${show(row[key])} ${quote}` : show(row[key]);
}

function Strategies({ rows }: { rows: JsonObject[] }) {
  const flat = rows.map((row) => ({ name: row.name, symbol: row.symbol, ...(isObject(row.config) ? row.config : {}), ...Object.fromEntries(Object.entries(row).filter(([, value]) => !isObject(value))) }));
  const columns = [...new Set(flat.flatMap((row) => Object.keys(row)))];
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Strategies">
      <table class="grid left">
        <thead><tr>{columns.map((key) => <th key={key} scope="col">{words(key)}</th>)}</tr></thead>
        <tbody>{flat.map((row) => <tr key={`${show(row.name as Json)} ${show(row.symbol as Json)}`}>{columns.map((key) => <td key={key}><span class="num">{cell(key, row as JsonObject)}</span></td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}

function Settings({ rows }: { rows: JsonObject[] }) {
  const told = rows.some((row) => row.source != null);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Settings">
      <table class="grid left settings">
        <thead><tr><th scope="col">Setting</th><th scope="col">Value</th>{told ? <th scope="col">From</th> : null}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={show(row.name)}>
              <td><code>{show(row.name)}</code></td><td><span class="num">{show(row.value)}</span></td>
              {told ? <td class="quiet">{row.source == null ? '' : show(row.source)}</td> : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Grids() {
  const pairs = live.pairs.value.map((pair) => pair.peek());
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Grids">
      <table class="grid left">
        <thead><tr><th scope="col">Pair</th><th scope="col">Lower</th><th scope="col">Upper</th><th scope="col">Levels</th><th scope="col">Investment</th><th scope="col">Told by</th></tr></thead>
        <tbody>
          {pairs.map((pair) => (
            <tr key={pair.symbol}>
              <td>{pair.symbol}</td>
              {(['lower', 'upper', 'levels', 'investment', 'source'] as const).map((key) => <td key={key}><span class="num">{cell(key, { symbol: pair.symbol, [key]: pair.grid?.[key] ?? null })}</span></td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A way out is shown where there was a way in. */
function Reader() {
  const session = useRemote<LoginState>('/api/v1/session');
  const login = session?.ok === true && session.data.required;
  return (
    <section class="card wide reader">
      <h2>This browser</h2>
      <div class="reader-rows">
        <Choice label="Theme" options={['dark', 'light'] as const} names={{ dark: 'Dark', light: 'Light' }} value={theme.value} onChange={(next) => { theme.value = next; }} />
        <Choice label="Palette" options={['classic', 'safe'] as const} names={{ classic: 'Green and red', safe: 'Blue and orange' }} value={palette.value} onChange={(next) => { palette.value = next; }} />
        {login ? <button type="button" class="button" onClick={() => { void logout(); }}><Icon name="exit" />Log out</button> : null}
      </div>
    </section>
  );
}

export function Configuration() {
  const answer = useRemote<Config>('/api/v1/config');
  const config = answer?.ok ? answer.data : null;
  const settings = listOf(config?.settings);
  const strategies = listOf(config?.strategies);
  return (
    <div class="page configuration">
      <h1 class="vh">Configuration</h1>
      <section aria-label="The bot"><h2>The bot{'\u2019'}s grids</h2>
        {strategies.length > 0 ? <Strategies rows={strategies} />
          : live.pairs.value.length > 0 ? <Grids /> : <p class="empty">No grid is known yet.</p>}
      </section>
      <section aria-label="Our settings"><h2>Settings of Gridscope <span class="quiet">read-only; keys and passwords are never shown</span></h2>
        {config === null ? <Waiting answer={answer} what="the settings" /> : settings.length > 0 ? <Settings rows={settings} /> : <p class="empty">The server tells no settings.</p>}
      </section>
      <Reader />
    </div>
  );
}
