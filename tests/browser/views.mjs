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
    await opened.page.waitForSelector('.figures .num');
    await use({ ...opened, url: url ?? mock.url });
  } finally {
    await opened.context.close();
    await mock?.close();
  }
}

const prices = (page) => page.$$eval('.pairs td.price', (cells) => cells.map((cell) => cell.textContent).join('|'));

/** Until prices move before the reader's eyes. */
async function moving(page) {
  const first = await prices(page);
  await until(async () => (await prices(page)) !== first, 'a new price');
}

test('every_view_draws_and_nothing_complains', 'any', (context) => on(context, {}, async ({ page, url, complaints }) => {
  for (const [view, part] of VIEWS) {
    await page.goto(`${url}/#/${view}`);
    await page.waitForSelector(part);
    const current = await page.getAttribute('nav a[aria-current]', 'href');
    same(current, `#/${view}`, 'current view');
  }
  same(complaints, [], 'complaints');
}));

test('a_row_opens_to_chart_orders_and_fills', 'any', (context) => on(context, { viewport: PHONE }, async ({ page, complaints }) => {
  await page.click('.pairs tbody tr:first-child .price');
  await page.waitForSelector('.pair .chart-canvas canvas');
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
  await moving(page);
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
        await settled(page, part);
        same(await violations(page), [], `${view || 'overview'}, ${theme}`);
      }
    }));
  }
  test(`axe_finds_nothing_on_a_phone_in_${theme}`, 'any', (context) => on(context, { theme, viewport: PHONE, reducedMotion: 'reduce' }, async ({ page, url }) => {
    for (const [view, part] of VIEWS) {
      await page.goto(`${url}/#/${view}`);
      await settled(page, part);
      same(await violations(page), [], `${view || 'overview'}, ${theme}`);
    }
    await page.goto(`${url}/#/`);
    await page.click('.pairs tbody tr:first-child .price');
    await page.waitForSelector('.pair .chart-canvas canvas');
    same(await violations(page), [], `opened pair, ${theme}`);
  }));
}

/** Until the view is there with all it waits for. */
async function settled(page, part) {
  await page.waitForSelector(part);
  await until(async () => !(await page.locator('.empty').allInnerTexts()).some((text) => text.startsWith('Loading ')), 'answers');
}

async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.violations.map((row) => `${row.id}: ${row.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} (${node.any[0]?.message ?? node.failureSummary})`).join('; ')}`);
}

test('tab_title_carries_total_and_icon_its_direction', 'any', (context) => on(context, {}, async ({ page }) => {
  await until(async () => /^[+\u2212]?[\d,.]+ .*Gridscope$/.test(await page.title()), 'a title with the total');
  const icon = await page.getAttribute('link[rel=icon]', 'href');
  check(/^\/tab-(gain|loss|flat)/.test(icon), `icon is ${icon}`);
}));

test('theme_and_palette_are_remembered', 'any', (context) => on(context, {}, async ({ page }) => {
  await page.click('[aria-label="Use the light theme"]');
  await page.click('[aria-label="Colour-blind palette"]');
  await until(() => page.evaluate(() => document.documentElement.dataset.theme === 'light' && document.documentElement.dataset.palette === 'safe'), 'what was chosen');
  const kept = await page.evaluate(() => [localStorage.getItem('gridscope.theme'), localStorage.getItem('gridscope.palette')]);
  same(kept, ['light', 'safe'], 'kept');
}));

test('the_keyboard_reaches_everything', 'any', (context) => on(context, {}, async ({ page }) => {
  await page.keyboard.press('?');
  await page.waitForSelector('dialog.help[open]');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog.help[open]', { state: 'detached' });
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const focused = await until(() => page.evaluate(() => document.activeElement?.getAttribute('data-row')), 'a row in focus');
  await page.keyboard.press('Enter');
  await until(async () => page.url().endsWith(`#/pair/${focused}`), 'the opened pair in the address');
  await page.keyboard.press('Escape');
  await until(async () => page.url().endsWith('#/'), 'back in the overview');
  const frame = () => page.textContent('.chart-bar [aria-label="Time frame"] [aria-pressed=true]');
  const before = await frame();
  await page.keyboard.press(']');
  await until(async () => (await frame()) !== before, 'a longer time frame');
  for (const [key, view] of [['2', 'history'], ['3', 'performance'], ['4', 'health'], ['5', 'configuration'], ['1', '']]) {
    await page.keyboard.press(key);
    await until(async () => page.url().endsWith(`#/${view}`), `view ${key}`);
  }
  await page.waitForSelector('#filter');
  await page.keyboard.press('/');
  await until(() => page.evaluate(() => document.activeElement?.id === 'filter'), 'focus after /');
  await page.keyboard.type('zzz');
  await page.waitForSelector('.pairs .empty');
  await page.keyboard.press('Escape');
  await page.fill('#filter', '');
  const theme = await page.evaluate(() => document.documentElement.dataset.theme);
  await page.keyboard.press('Escape');
  await page.keyboard.press('t');
  await until(async () => (await page.evaluate(() => document.documentElement.dataset.theme)) !== theme, 'another theme after t');
}));

test('sorting_follows_the_column', 'any', (context) => on(context, {}, async ({ page }) => {
  await page.click('.pairs thead th.symbol button');
  await page.waitForSelector('.pairs thead th.symbol[aria-sort=descending]');
  const symbols = await page.$$eval('.pairs th.symbol a', (links) => links.map((link) => link.textContent));
  same(symbols, [...symbols].sort().reverse(), 'symbols, descending');
  await page.click('.pairs thead th.total button');
  await page.waitForSelector('.pairs thead th.total[aria-sort=descending]');
}));

/* That the loss is known within 3 s is asserted on virtual time: web/test/client.test.ts. */
test('a_halted_program_is_shown_and_found_again', 'real', (context) => on(context, {}, async ({ page }) => {
  if (context.program === null) return;
  await page.evaluate(() => { window.before = true; });
  await moving(page);
  context.program.pause();
  try {
    await until(async () => (await page.locator('.notices.bad').count()) === 1, 'the loss');
    await until(async () => /not connected/.test(await page.title()), 'a title that says so');
  } finally {
    context.program.go();
  }
  await until(async () => (await page.locator('.notices.bad').count()) === 0, 'the return');
  await moving(page);
  check(await page.evaluate(() => window.before), 'the page was reloaded');
}));

/* Figures move: what the page shows is collected as it is drawn, with the exact text behind it, until one of the totals the
 * interface told meanwhile is among them. */
test('the_shown_total_is_the_rounded_total_of_the_api', 'real', (context) => on(context, {}, async ({ page, url }) => {
  await page.evaluate(() => {
    const read = () => {
      const figure = document.querySelector('.figure.total .num');
      if (figure !== null) window.shown.set(figure.dataset.tip.split(/\s/)[0], figure.textContent);
    };
    window.shown = new Map();
    read();
    new MutationObserver(read).observe(document.querySelector('.figures'), { subtree: true, childList: true, characterData: true, attributes: true });
  });
  const told = new Set();
  const both = await until(async () => {
    told.add((await (await page.request.get(`${url}/api/v1/snapshot`)).json()).pnl.total);
    const shown = await page.evaluate(() => [...window.shown]);
    return shown.map(([exact, figure]) => [exact.replaceAll(',', '').replace('\u2212', '-').replace('+', ''), figure]).find(([exact]) => told.has(exact)) ?? null;
  }, 'a total that was told and shown');
  const [total, figure] = both;
  const cents = Math.abs(Number(total)).toFixed(2);
  same(figure, `${total.startsWith('-') ? '\u2212' : '+'}${cents.replace(/\B(?=(\d{3})+\.)/g, ',')}`, `shown for ${total}`);
}));

test('the_last_bar_lives_and_every_time_frame_has_candles', 'real', (context) => on(context, {}, async ({ page, url, complaints }) => {
  await page.goto(`${url}/#/pair/BTC/USDT`);
  const legend = () => page.locator('.chart .legend').innerText();
  for (const frame of ['5m', '15m', '4h', '1d', '1w', '1h', '1m']) {
    await page.click(`.chart-bar button:text-is("${frame}")`);
    await until(async () => /O[\s\S]*H[\s\S]*L[\s\S]*C/.test(await legend()), `candles of ${frame}`);
  }
  const first = await legend();
  await until(async () => (await legend()) !== first, 'a new close in the last bar');
  same(complaints, [], 'complaints');
}));

test('the_demo_proves_its_total_by_every_method', 'real', (context) => on(context, {}, async ({ page, url, complaints }) => {
  await page.goto(`${url}/#/performance`);
  await until(async () => /exact, drift 0$/.test(await page.locator('.proof .chip').innerText()), 'an exact proof');
  for (const name of ['LIFO', 'Average', 'Grid pairs', 'FIFO']) {
    await page.click(`.method button:has-text("${name}")`);
    await until(async () => (await page.locator('.method-sentence').innerText()).toLowerCase().startsWith(name.split(' ')[0].toLowerCase()), `the sentence of ${name}`);
  }
  await until(async () => {
    await page.locator('.figure.total .num').hover();
    return /Changed [\s\S]*Mark prices of/.test((await page.locator('#tip').textContent()) ?? '');
  }, 'age and source of the total');
  same(complaints, [], 'complaints');
}));

test('pictures_of_every_view', 'any', async ({ browser, url }) => {
  const mock = url === null ? await startMock({ pairs: 8 }) : null;
  try {
    await shoot(browser, url ?? mock.url, OUT, { prefix: url === null ? '' : 'real-' });
  } finally {
    await mock?.close();
  }
});
