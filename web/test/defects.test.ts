/* The predecessor's defects that a page could have, one test each, named by number: tests/unit/defects/README.md lists them all. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { effect } from '@preact/signals';
import { test } from 'node:test';
import { amount, price, setLocale, signed } from '../src/format/money';
import { parseDec } from '../src/format/decimal';
import { both, stamp, utc } from '../src/format/time';
import { Live } from '../src/store/live';
import { reasonText } from '../src/store/status';

setLocale('en-US');

function filled(): Live {
  const live = new Live();
  live.applySnapshot({
    type: 'snapshot', seq: 1, server_time: '2026-11-20T10:00:00.000Z', status: 'connected', pnl: { realized: '1', unrealized: '2', total: '3' },
    pairs: [{ symbol: 'BTC/USDT', price: '10', total: '1' }, { symbol: 'ETH/USDT', price: '20', total: '2' }],
  }, 0);
  return live;
}

/** Every file below a folder of the page's sources, run from web/. */
function sources(folder: string, ending: RegExp): { name: string; text: string }[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sources(name, ending);
    return ending.test(name) ? [{ name, text: readFileSync(name, 'utf8') }] : [];
  });
}

test('defect_a7_the_page_says_which_kind_of_offline', () => {
  assert.notEqual(reasonText('circuit_breaker'), reasonText('no_response'));
  assert.match(reasonText('circuit_breaker'), /circuit breaker/);
});

test('defect_e1_everything_on_the_page_follows_what_comes_in', () => {
  const live = filled();
  const seen: unknown[] = [];
  effect(() => { seen.push([live.pairs.value.length, live.pair('BTC/USDT')?.get('total'), live.field('status').value]); });
  live.applyDelta({ type: 'delta', seq: 2, status: 'stale' }, 0);
  live.applyDelta({ type: 'delta', seq: 3, pairs: { 'BTC/USDT': { total: '5' } } }, 0);
  live.applyDelta({ type: 'delta', seq: 4, pairs: { 'SOL/USDT': { price: '5' } } }, 0);
  assert.deepEqual(seen, [[2, '1', 'connected'], [2, '1', 'stale'], [2, '5', 'stale'], [3, '5', 'stale']]);
});

test('defect_e3_only_what_changed_is_drawn_again', () => {
  const live = filled();
  const drawn: string[] = [];
  for (const symbol of ['BTC/USDT', 'ETH/USDT']) {
    for (const key of ['price', 'total'] as const) effect(() => { void live.pair(symbol)?.get(key); drawn.push(`${symbol} ${key}`); });
  }
  effect(() => { void live.field('pnl').value; drawn.push('pnl'); });
  drawn.length = 0;
  for (let seq = 2; seq < 100; seq += 1) live.applyDelta({ type: 'delta', seq, pairs: { 'ETH/USDT': { price: String(seq) } } }, 0);
  assert.deepEqual(new Set(drawn), new Set(['ETH/USDT price']));
  assert.equal(drawn.length, 98);
});

test('defect_e10_prices_of_cheap_coins_keep_their_digits', () => {
  assert.equal(price('0.00001234', '0.00000001'), '0.00001234');
  assert.equal(price('0.00000012', '0.00000001'), '0.00000012');
  assert.match(price('0.00000012', null) ?? '', /0\.00000012/);
  assert.match(price('0.00001234', null) ?? '', /0\.00001234/);
});

test('defect_e11_a_time_says_its_zone', () => {
  const at = Date.parse('2026-07-01T12:00:00Z');
  assert.equal(stamp(at), '2026-07-01 14:00:00'); // the tests run in Europe/Berlin: the reader's own zone
  assert.match(utc(at), /12:00:00 UTC$/);
  assert.match(both(at), /local\n.*UTC/);
});

test('defect_d16_no_currency_sign_is_written_into_the_page', () => {
  const five = parseDec('5');
  assert.ok(five !== null);
  assert.doesNotMatch(signed(five, 2) + amount(five, 2), /[€$£]/);
  for (const { name, text } of sources('src/views', /\.tsx?$/)) assert.doesNotMatch(text, /[€£]|['">]\$\d|>\$</, name);
});

test('defect_e5_what_draws_invents_nothing', () => {
  for (const folder of ['src/views', 'src/store', 'src/format']) {
    for (const { name, text } of sources(folder, /\.tsx?$/)) assert.doesNotMatch(text, /Math\.random/, name);
  }
});

interface Rule {
  selector: string;
  body: string;
}

function rules(): Rule[] {
  return sources('src/styles', /\.css$/).flatMap(({ text }) =>
    [...text.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/([^{}]+)\{([^{}]*)\}/g)].map((m) => ({ selector: (m[1] ?? '').trim(), body: m[2] ?? '' })));
}

test('defect_e14_no_selector_has_its_size_set_twice', () => {
  const sizes = new Map<string, string>();
  for (const { text } of sources('src/styles', /(?<!phone)\.css$/)) {
    const plain = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g, '');
    for (const m of plain.matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
      const size = /font-size:\s*([^;]+)/.exec(m[2] ?? '')?.[1];
      if (size === undefined) continue;
      for (const selector of (m[1] ?? '').split(',').map((s) => s.trim())) {
        assert.ok(!sizes.has(selector), `${selector}: ${sizes.get(selector)} and ${size}`);
        sizes.set(selector, size);
      }
    }
  }
  assert.ok(sizes.size > 10);
});

function luminance(hex: string): number {
  const part = (i: number): number => {
    const c = parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16) / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2);
}

function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

test('defect_e15_text_has_the_contrast_that_is_claimed', () => {
  const themes = rules().filter((rule) => rule.selector.includes('[data-theme'));
  assert.ok(themes.length >= 4);
  for (const theme of themes) {
    const base = themes.find((t) => t.selector === theme.selector.replace("[data-palette='safe']", '')) ?? theme;
    const colour = (token: string): string => {
      const found = new RegExp(`--${token}:\\s*(#[0-9a-f]{6})`).exec(theme.body + base.body)?.[1];
      assert.ok(found !== undefined, `${theme.selector} ${token}`);
      return found;
    };
    for (const surface of ['page', 'raised']) {
      for (const text of ['text', 'text-2', 'text-3', 'accent', 'gain', 'loss', 'warn', 'bad']) {
        const found = contrast(colour(text), colour(surface));
        assert.ok(found >= 4.5, `${theme.selector}: ${text} on ${surface} has ${found.toFixed(2)}`);
      }
    }
    assert.ok(contrast(colour('bad'), colour('bad-bg')) >= 4.5 && contrast(colour('warn'), colour('warn-bg')) >= 4.5, theme.selector);
  }
});

test('defect_g3_colours_are_named_in_one_place', () => {
  for (const { name, text } of sources('src/styles', /\.css$/)) {
    if (name.endsWith('tokens.css')) continue;
    assert.doesNotMatch(text.replace(/\/\*[\s\S]*?\*\//g, ''), /#[0-9a-f]{3,8}\b(?![^{]*\{)/i, name);
  }
});
