// views.mjs: what must hold on every server, the made-up one and the real program: every view draws, figures live, nothing
// needs scrolling to be seen, nobody is shut out, nothing is fetched from elsewhere.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAPTOP, openPage, PHONE } from './browser.mjs';
import { startMock } from './mock/server.mjs';
import { check, same, test, until } from './pagetest.mjs';
import { shoot } from './shots.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const OUT = join(dirname(fileURLToPath(import.meta.url)), 'out');
const VIEWS = [['', '.pairs tbody tr'], ['history', 'table.history, .empty'], ['performance', '.metrics, .empty'], ['health', '.card'], ['configuration', '.reader']];

/** A page on the given server, or on a made-up one of its own. */
async function on({ browser, url }, settings, use) {
  const mock = url === null ? await startMock(settings.mock ?? {}) : null;
  const opened = await openPage(browser, { url: url ?? mock.url, ...settings });
  try {
    await opened.page.waitForSelector('.figures .num', { timeout: 10_000 });
    await use({ ...opened, url: url ?? mock.url });
  } finally {
    await opened.context.close();
    await mock?.close();
  }
}

test('every_view_draws_and_nothing_complains', 'any', (context) => on(context, {}, async ({ page, url, complaints }) => {
  for (const [view, part] of VIEWS) {
    await page.goto(`${url}/#/${view}`);
    await page.waitForSelector(part, { timeout: 5000 });
    const current = await page.getAttribute('nav a[aria-current]', 'href');
    same(current, `#/${view}`, 'current view');
  }
  same(complaints, [], 'complaints');
}));

test('a_row_opens_to_chart_orders_and_fills', 'any', (context) => on(context, { viewport: PHONE }, async ({ page, complaints }) => {
  await page.click('.pairs tbody tr:first-child .price');
  await page.waitForSelector('.pair .chart-canvas canvas', { timeout: 5000 });
  check(/#\/pair\//.test(page.url()), `address is ${page.url()}`);
  await page.waitForSelector('.pair-rows table.grid, .pair-rows .empty');
  await page.click('.pair-tabs button:has-text("Fills")');
  await page.waitForSelector('.pair-rows table.grid, .pair-rows .empty');
  await page.click('.back');
  await page.waitForSelector('.pairs tbody tr');
  same(complaints, [], 'complaints');
}));

test('a_price_changes_its_cell_without_a_reload', 'any', (context) => on(context, {}, async ({ page }) => {
  await page.evaluate(() => { window.before = true; });
  const prices = () => page.$$eval('.pairs td.price', (cells) => cells.map((cell) => cell.textContent).join('|'));
  const first = await prices();
  await until(async () => (await prices()) !== first, 10_000, 'a new price');
  check(await page.evaluate(() => window.before), 'the page was reloaded');
}));

for (const [size, viewport] of [['laptop', LAPTOP], ['phone', PHONE]]) {
  test(`key_facts_need_no_scrolling_on_a_${size}`, 'any', (context) => on(context, { viewport }, async ({ page }) => {
    for (const part of ['.facts', '.figure.total .num, .figure.total .unknown', '.figures', '.windows', '.pairs tbody tr:first-child', 'nav.views']) {
      const box = await page.locator(part).first().boundingBox();
      check(box !== null && box.x >= -1 && box.y >= -1 && box.y + box.height <= viewport.height + 1, `${part} at ${JSON.stringify(box)}`);
    }
    const chips = await page.$$eval('.facts .chip', (rows) => rows.map((row) => row.getBoundingClientRect().right));
    check(chips.length >= 2 && Math.max(...chips) <= viewport.width, `chips end at ${chips}`);
    const [width, wanted] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    check(width <= wanted, `the page is ${width} wide on ${wanted}`);
  }));
}

for (const theme of ['dark', 'light']) {
  for (const palette of ['classic', 'safe']) {
    test(`axe_finds_nothing_in_${theme}_${palette}`, 'any', (context) => on(context, { theme, palette, reducedMotion: 'reduce' }, async ({ page, url }) => {
      for (const [view, part] of VIEWS) {
        await page.goto(`${url}/#/${view}`);
        await page.waitForSelector(part);
        await page.waitForTimeout(300);
        same(await violations(page), [], `${view || 'overview'}, ${theme}`);
      }
    }));
  }
  test(`axe_finds_nothing_on_a_phone_in_${theme}`, 'any', (context) => on(context, { theme, viewport: PHONE, reducedMotion: 'reduce' }, async ({ page, url }) => {
    for (const [view, part] of VIEWS) {
      await page.goto(`${url}/#/${view}`);
      await page.waitForSelector(part);
      await page.waitForTimeout(300);
      same(await violations(page), [], `${view || 'overview'}, ${theme}`);
    }
    await page.goto(`${url}/#/`);
    await page.click('.pairs tbody tr:first-child .price');
    await page.waitForSelector('.pair .chart-canvas canvas');
    same(await violations(page), [], `opened pair, ${theme}`);
  }));
}

async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.violations.map((row) => `${row.id}: ${row.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} (${node.any[0]?.message ?? node.failureSummary})`).join('; ')}`);
}

test('tab_title_carries_total_and_icon_its_direction', 'any', (context) => on(context, {}, async ({ page }) => {
  await until(async () => /^[+\u2212]?[\d,.]+ .*Gridscope$/.test(await page.title()), 5000, 'a title with the total');
  const icon = await page.getAttribute('link[rel=icon]', 'href');
  check(/^\/tab-(gain|loss|flat)/.test(icon), `icon is ${icon}`);
}));

test('theme_and_palette_are_remembered', 'any', (context) => on(context, {}, async ({ page }) => {
  await page.click('[aria-label="Use the light theme"]');
  await page.click('[aria-label="Colour-blind palette"]');
  same(await page.evaluate(() => ({ ...document.documentElement.dataset })), { theme: 'light', palette: 'safe' }, 'chosen');
  const kept = await page.evaluate(() => [localStorage.getItem('gridscope.theme'), localStorage.getItem('gridscope.palette')]);
  same(kept, ['light', 'safe'], 'kept');
}));

test('the_keyboard_reaches_everything', 'any', (context) => on(context, {}, async ({ page }) => {
  await page.keyboard.press('?');
  await page.waitForSelector('dialog.help[open]');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog.help[open]', { state: 'detached', timeout: 1000 }).catch(() => undefined);
  same(await page.locator('dialog.help[open]').count(), 0, 'open dialogs');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const focused = await page.evaluate(() => document.activeElement?.getAttribute('data-row'));
  check(focused !== null, 'j focuses no row');
  await page.keyboard.press('Enter');
  await until(async () => page.url().endsWith(`#/pair/${focused}`), 1000, 'the opened pair in the address');
  await page.keyboard.press('Escape');
  await until(async () => page.url().endsWith('#/'), 1000, 'back in the overview');
  const frame = () => page.textContent('.chart-bar [aria-label="Time frame"] [aria-pressed=true]');
  const before = await frame();
  await page.keyboard.press(']');
  await until(async () => (await frame()) !== before, 1000, 'a longer time frame');
  for (const [key, view] of [['2', 'history'], ['3', 'performance'], ['4', 'health'], ['5', 'configuration'], ['1', '']]) {
    await page.keyboard.press(key);
    await until(async () => page.url().endsWith(`#/${view}`), 1000, `view ${key}`);
  }
  await page.waitForSelector('#filter');
  await page.keyboard.press('/');
  same(await page.evaluate(() => document.activeElement?.id), 'filter', 'focus after /');
  await page.keyboard.type('zzz');
  await page.waitForSelector('.pairs .empty');
  await page.keyboard.press('Escape');
  await page.fill('#filter', '');
  const theme = await page.evaluate(() => document.documentElement.dataset.theme);
  await page.keyboard.press('Escape');
  await page.keyboard.press('t');
  check((await page.evaluate(() => document.documentElement.dataset.theme)) !== theme, 't does not change the theme');
}));

test('sorting_follows_the_column', 'any', (context) => on(context, {}, async ({ page }) => {
  await page.click('.pairs thead th.symbol button');
  const symbols = await page.$$eval('.pairs th.symbol a', (links) => links.map((link) => link.textContent));
  same(symbols, [...symbols].sort().reverse(), 'symbols, descending');
  same(await page.getAttribute('.pairs thead th.symbol', 'aria-sort'), 'descending', 'aria-sort');
  await page.click('.pairs thead th.total button');
  await page.waitForSelector('.pairs thead th.total[aria-sort=descending]');
}));

test('a_halted_program_is_shown_within_3_s_and_found_again', 'real', (context) => on(context, {}, async ({ page }) => {
  if (context.program === null) return;
  await page.evaluate(() => { window.before = true; });
  await page.waitForTimeout(500);
  context.program.pause();
  try {
    const { took } = await until(async () => (await page.locator('.notices.bad').count()) === 1, 3000, 'the loss');
    check(took <= 3000, `shown after ${took} ms`);
    check(/not connected/.test(await page.title()), `title: ${await page.title()}`);
  } finally {
    context.program.go();
  }
  await until(async () => (await page.locator('.notices.bad').count()) === 0, 8000, 'the return');
  const prices = () => page.$$eval('.pairs td.price', (cells) => cells.map((cell) => cell.textContent).join('|'));
  const first = await prices();
  await until(async () => (await prices()) !== first, 10_000, 'a new price');
  check(await page.evaluate(() => window.before), 'the page was reloaded');
}));

test('the_shown_total_is_the_rounded_total_of_the_api', 'real', (context) => on(context, {}, async ({ page, url }) => {
  /* Figures move: what is shown must be one of those the server had while we looked. */
  const seen = new Set();
  const shown = await page.evaluate(async (at) => {
    const totals = [];
    for (let i = 0; i < 10; i++) {
      totals.push((await (await fetch(at)).json()).pnl.total);
      await new Promise((done) => { setTimeout(done, 20); });
      if (i === 5) totals.push(`shown ${document.querySelector('.figure.total .num').textContent}`);
    }
    return totals;
  }, `${url}/api/v1/snapshot`);
  for (const total of shown.filter((row) => !row.startsWith('shown'))) {
    const cents = Math.abs(Number(total)).toFixed(2);
    seen.add(`${total.startsWith('-') ? '\u2212' : '+'}${cents.replace(/\B(?=(\d{3})+\.)/g, ',')}`);
  }
  const figure = shown.find((row) => row.startsWith('shown')).slice(6);
  check(seen.has(figure), `${figure} is none of ${[...seen].join(' ')}`);
}));

test('pictures_of_every_view', 'any', async ({ browser, url }) => {
  const mock = url === null ? await startMock({ pairs: 8 }) : null;
  try {
    await shoot(browser, url ?? mock.url, OUT, { prefix: url === null ? '' : 'real-' });
  } finally {
    await mock?.close();
  }
});
