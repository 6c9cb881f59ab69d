// states.mjs: rare states, brought about on the made-up server: what the page says when something is wrong.
import { openPage, PHONE } from './browser.mjs';
import { startMock } from './mock/server.mjs';
import { check, same, test, until } from './pagetest.mjs';

async function withMock({ browser }, options, use, settings = {}) {
  const mock = await startMock({ rate: 0, pairs: 3, ...options });
  const opened = await openPage(browser, { url: mock.url, ...settings });
  try {
    if (options.password === undefined) await opened.page.waitForSelector('.figures .num, .figures .unknown');
    await use({ ...opened, mock });
  } finally {
    await opened.context.close();
    await mock.close();
  }
}

const soon = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
const text = (page, part) => page.locator(part).first().innerText();

async function says(page, part, pattern) {
  return until(async () => pattern.test((await page.locator(part).allInnerTexts()).join('\n')), `${part} says ${pattern}`);
}

test('the_three_figures_are_those_of_the_server', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  mock.set({ pnl: { realized: '812.4471', unrealized: '-36.2050', total: '776.2421' } });
  await says(page, '.figures', /\+812\.45/);
  const shown = await page.$$eval('.figure', (rows) => rows.map((row) => row.textContent.replace(/^[A-Z][a-z]+( USDT)?/, '')));
  same(shown, ['+812.45', '\u221236.20', '+776.24'], 'figures');
  const tip = await page.getAttribute('.figure.total .num', 'data-tip');
  check(tip.includes('776.2421') && tip.includes('Rounded once'), `tooltip: ${tip}`);
}));

test('an_open_breaker_says_so_with_the_next_try', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  mock.set({
    status_reason: 'circuit_breaker', mode: 'streaming',
    bot: { health: 'unknown', last_ok: soon(-70), breaker: { state: 'open', consecutive_failures: 5, next_trial_at: soon(110), last_error: 'connection refused' } },
  });
  await says(page, '.facts .bad', /offline: circuit breaker, next try in \d+ s/);
  await says(page, '.notices', /Bot offline \(circuit breaker, next try in \d+ s\)\. Last answer 1 min ago\./);
  await page.goto(`${mock.url}/#/health`);
  await says(page, '.card', /open[\s\S]*in \d+ s[\s\S]*5 of 5[\s\S]*connection refused/);
  mock.set({ bot: { breaker: { state: 'half_open', next_trial_at: null } } });
  await says(page, '.facts .bad', /trying once now/);
}));

test('no_response_is_told_from_an_open_breaker', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  mock.set({ status: 'offline', status_reason: 'no_response', mode: 'offline', bot: { health: 'unknown', last_ok: soon(-130), breaker: { consecutive_failures: 2 } } });
  await says(page, '.facts .bad', /offline: no response/);
  await says(page, '.overall', /Offline: no response/);
  check((await page.locator('.figures.stale').count()) === 1, 'old figures are not grey');
  await until(async () => (await page.getAttribute('link[rel=icon]', 'href')).startsWith('/tab-offline'), 'the icon of no connection');
}));

test('a_lost_stream_says_what_took_over', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  mock.set({ mode: 'partial', streams: { market: { state: 'waiting', attempt: 3, next_attempt_at: soon(110), last_message_at: soon(-9), reason: 'closed by peer (1006)', fallback: 'polling the bot every 2 s' } } });
  await says(page, '.facts .warn', /polling, next try in \d+ s/);
  await says(page, '.notices', /Market feed lost \(closed by peer \(1006\)\): next try in \d+ s; polling the bot every 2 s\. Last message \d+ s ago\./);
  await says(page, '.overall', /Partly live/);
}));

test('a_ban_and_a_full_budget_are_told', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  mock.set({ exchange: { throttled: true, weight_used_1m: 5000 } });
  await says(page, '.notices', /80 %/);
  check((await page.locator('.weight meter.bad').count()) === 1, 'the gauge is calm');
  mock.set({ exchange: { banned_until: soon(100) } });
  await says(page, '.notices', /REST resumes in \d+ s/);
}));

test('unknown_figures_are_dashes_with_reasons', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  mock.set({
    mode: 'starting', status: 'offline', status_reason: 'starting', pnl: { realized: null, unrealized: null, total: null }, windows: { '1h': { pnl: null, percent: null } },
    pairs: { 'BTC/USDT': { price: null, unrealized: null, total: null, today: null, next_buy: null, open_orders: null } },
  });
  await until(async () => (await page.locator('.figures .unknown').count()) === 3, 'three dashes');
  check(/unknown: Gridscope is starting/.test(await page.locator('.figure.total').textContent()), 'no reason is told');
  const row = page.locator('tr[data-pair="BTC/USDT"]');
  same(await row.locator('.unknown').count(), 8, 'dashes in the row');
  check(!/0\.00/.test(await row.locator('.total').innerText()), 'unknown is drawn as zero');
  await row.locator('.price .unknown').hover();
  await says(page, '#tip', /no price received yet/);
}));

test('partial_sums_name_what_is_missing', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  mock.set({ pnl: { partial: true, left_out: [{ symbol: 'ETH/BTC', reason: 'no_rate' }], unmatched: [{ symbol: 'BTC/USDT', quantity: '0.01' }] }, pairs: { 'BTC/USDT': { unmatched_quantity: '0.01', history: { state: 'loading' } } } });
  await says(page, '.figures .mark', /partial/);
  const tip = await page.getAttribute('.figures .mark', 'data-tip');
  for (const part of ['ETH/BTC is left out: no rate', 'BTC/USDT: 0.01 sold without a known buy', 'BTC/USDT: history is loading']) check(tip.includes(part), `${part} is not in: ${tip}`);
  check(/sold without a known buy/.test(await page.locator('tr[data-pair="BTC/USDT"] .note').getAttribute('data-tip')), 'the row does not say it');
}));

const motion = (page) => page.evaluate(() => window.motion.map(({ row, cell, duration }) => ({ row, cell, duration })));

/** Changes are drawn in the order they came: what is set here has been drawn when the mark, set after it, is seen. */
async function drawn(page, mock, change) {
  if (change !== undefined) mock.set(change);
  const mark = String(mock.state.seq);
  mock.set({ pairs: { 'ETH/USDT': { open_orders: Number(mark) } } });
  await until(async () => (await page.textContent('tr[data-pair="ETH/USDT"] .sub .num')).replace(/\D/g, '') === mark, 'the mark');
}

test('figures_of_a_young_record_are_marked_as_such', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  mock.set({ windows: { '7d': { pnl: '5.00', percent: '0.05', basis: 'realized' }, '1h': { basis: 'equity' } } });
  const tags = page.locator('.window').filter({ hasText: '7D' }).locator('.tag');
  await until(async () => await tags.isVisible(), 'the mark of a window with realized P&L only, on a phone');
  same(await page.locator('.window').filter({ hasText: '1H' }).locator('.tag').count(), 0, 'marks of a whole window');
  await page.goto(`${mock.url}/#/performance`);
  await says(page, '.metric', /Drawdown 180d\s+1\.08%\s*since \w+ \w+/);
  same(await page.locator('.metric').filter({ hasText: 'Drawdown 7d' }).locator('.tag').count(), 0, 'marks of a week that is whole');
}, { viewport: PHONE }));

test('a_stale_price_is_grey_with_its_age_and_does_not_flash', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  mock.set({ pairs: { 'BTC/USDT': { price_stale: true, price_at: soon(-75) } } });
  await says(page, 'tr[data-pair="BTC/USDT"] td.price', /1 min/);
  mock.set({ pairs: { 'BTC/USDT': { price: '63000.00000000' } } });
  await says(page, 'tr[data-pair="BTC/USDT"] td.price', /63,000\.00/);
  same(await motion(page), [], 'flashes');
}, { motion: true }));

test('a_change_flashes_its_figure_once_and_briefly', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  await drawn(page, mock);
  same(await motion(page), [], 'flashes on the first paint');
  const { price } = mock.state.pairs[0];
  await drawn(page, mock, { pairs: { 'BTC/USDT': { price: `${price.slice(0, -1)}1` } } });
  same(await motion(page), [], 'flashes of a change that cannot be seen');
  await drawn(page, mock, { pairs: { 'BTC/USDT': { price: '64100.00000000' } } });
  await drawn(page, mock, { pairs: { 'BTC/USDT': { price: '64100.00000000' } } });
  const seen = await motion(page);
  same(seen.map(({ row, cell }) => [row, cell]), [['BTC/USDT', 'price']], 'flashes of one change');
  check(seen[0].duration >= 200 && seen[0].duration <= 500, `it lasts ${seen[0].duration} ms`);
}, { motion: true }));

test('a_figure_never_flashes_more_than_three_times_a_second', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  const now = () => page.evaluate(() => performance.now());
  const from = await now();
  for (let i = 0; i < 60; i++) {
    mock.set({ pairs: { 'BTC/USDT': { price: `64${100 + i}.00000000` } } });
    await page.waitForTimeout(25);
  }
  await drawn(page, mock);
  const took = (await now()) - from;
  const { length } = await motion(page);
  check(length >= 2 && length <= 1 + took / 333, `${length} flashes in ${Math.round(took)} ms`);
}, { motion: true }));

test('reduced_motion_means_no_flash', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  mock.set({ pairs: { 'BTC/USDT': { price: '64100.00000000' } } });
  await says(page, 'tr[data-pair="BTC/USDT"] td.price', /64,100\.00/);
  same(await motion(page), [], 'animations');
}, { reducedMotion: 'reduce', motion: true }));

const prices = (page) => page.$$eval('td.price', (cells) => cells.map((cell) => cell.textContent).join());

/** Until prices move before the reader's eyes. */
async function moving(page) {
  const first = await prices(page);
  await until(async () => (await prices(page)) !== first, 'live prices');
}

/* That the loss is known within 3 s is asserted on virtual time: web/test/client.test.ts. */
test('a_hanging_server_is_shown_and_resumed', 'mock', (context) => withMock(context, { rate: 10 }, async ({ page, mock }) => {
  await page.evaluate(() => { window.before = true; });
  await moving(page);
  mock.hung = true;
  await until(async () => (await page.locator('.notices.bad').count()) === 1, 'the loss');
  await says(page, '.notices.bad', /Connection to Gridscope lost.*Figures are those of \d\d:\d\d:\d\d/);
  check(/not connected/.test(await page.title()), `title: ${await page.title()}`);
  check((await page.locator('.figures.stale').count()) === 1, 'figures look live');
  mock.hung = false;
  await until(async () => (await page.locator('.notices.bad').count()) === 0, 'the return');
  check(mock.resumed >= 1, 'it came back without a resume');
  check(await page.evaluate(() => window.before), 'the page was reloaded');
}));

test('a_restarted_server_is_found_again_by_itself', 'mock', (context) => withMock(context, { rate: 10 }, async ({ page, mock }) => {
  await page.evaluate(() => { window.before = true; });
  let attempts = 0;
  page.on('websocket', () => { attempts += 1; });
  await mock.vanish();
  await says(page, '.facts', /not connected, (next try in|trying now)/);
  await until(() => attempts >= 2, 'vain attempts');
  await mock.back();
  await until(async () => (await page.locator('.notices.bad').count()) === 0, 'the return');
  await moving(page);
  check(await page.evaluate(() => window.before), 'the page was reloaded');
  check(mock.clients.size === 1, `${mock.clients.size} sockets are open`);
}));

test('a_password_is_asked_for_checked_locked_and_given_up', 'mock', (context) => withMock(context, { password: 'correct horse', rate: 5 }, async ({ page, mock }) => {
  await page.waitForSelector('.login #password');
  check((await page.locator('.figures').count()) === 0, 'figures stand behind the form');
  await page.fill('#password', 'wrong');
  await page.keyboard.press('Enter');
  await says(page, '#login-text', /not the password/);
  mock.failures = 5;
  await page.fill('#password', 'wrong');
  await page.keyboard.press('Enter');
  await says(page, '#login-text', /Try again in 15 min/);
  mock.failures = 0;
  await page.reload();
  await page.waitForSelector('#password');
  await page.click('[aria-label="Show the password"]');
  same(await page.getAttribute('#password', 'type'), 'text', 'type of the shown password');
  await page.fill('#password', 'correct horse');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.figures .num');
  await page.goto(`${mock.url}/#/configuration`);
  await page.click('button:has-text("Log out")');
  await page.waitForSelector('.login #password');
}));

test('what_the_server_lacks_is_said_plainly', 'mock', (context) => withMock(context, { absent: ['performance', 'equity', 'config', 'candles', 'orders', 'trades'] }, async ({ page, mock }) => {
  for (const [view, pattern] of [['performance', /does not have the performance figures yet/], ['history', /does not have the trade history yet/], ['configuration', /does not have the settings yet/], ['', /does not have candles yet/]]) {
    await page.goto(`${mock.url}/#/${view}`);
    await says(page, '.empty', pattern);
  }
}));

test('no_candles_no_chart_and_it_says_why', 'mock', async (context) => {
  await withMock(context, {}, async ({ page, mock }) => {
    await page.route('**/api/v1/candles*', (route) => route.fulfill({ json: { symbol: 'BTC/USDT', interval: '1h', candles: [] } }));
    await page.goto(`${mock.url}/#/pair/ETH/USDT`);
    await says(page, '.chart .empty', /has no candles for ETH\/USDT/);
  });
});

test('a_level_without_its_order_is_missing_and_says_why', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  await page.goto(`${mock.url}/#/pair/BTC/USDT`);
  await page.click('.pair-tabs button:has-text("Grid")');
  await says(page, '.level-state.missing', /no order: no buy order here; the bot does not say why/);
  await page.waitForSelector('.rung.missing');
  const rung = await page.getAttribute('.rung.missing', 'data-tip');
  check(/no order \(no buy order here; the bot does not say why\)/.test(rung), `the rung says: ${rung}`);
}));

test('the_chart_marks_the_times_we_were_blind', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  await page.goto(`${mock.url}/#/pair/BTC/USDT`);
  await page.waitForSelector('.pair .chart-canvas canvas');
  mock.set({ gaps: [] });
  await until(async () => (await page.locator('.chart .blind').count()) === 0, 'a chart without gaps');
  mock.set({ gaps: [{ feed: 'user', from: soon(-7200), to: soon(-7150), cause: 'closed by peer (1006)', recovered_fills: 1 }, { feed: 'market', from: soon(-60), to: null, cause: 'silence', recovered_fills: 0 }] });
  await says(page, '.chart .blind', /2 gaps/);
  const tip = await page.getAttribute('.chart .blind', 'data-tip');
  check(/Account feed blind for 50 s \(closed by peer \(1006\)\); 1 fill learnt afterwards/.test(tip) && /Market feed blind for .*still open \(silence\)/.test(tip), `tip: ${tip}`);
  mock.set({ gaps: [{ feed: 'user', from: soon(-90_000_000), to: soon(-89_999_000), cause: 'long ago', recovered_fills: 0 }] });
  await until(async () => (await page.locator('.chart .blind').count()) === 0, 'no mark of what is older than the chart');
}));

test('the_method_moves_profit_and_never_the_total', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  await page.goto(`${mock.url}/#/performance`);
  const figures = async () => (await page.locator('.method dd .num').allInnerTexts());
  await says(page, '.method-sentence', /^FIFO: .*first/);
  const fifo = await figures();
  for (const [name, sentence] of [['LIFO', /^LIFO: .*last/], ['Average', /^Average: /], ['Grid pairs', /^Grid pairs: /]]) {
    await page.click(`.method button:has-text("${name}")`);
    await says(page, '.method-sentence', sentence);
    const [realized, unrealized, total] = await figures();
    check(realized !== fifo[0] && unrealized !== fifo[1], `${name} shows the parts of FIFO`);
    same(total, fifo[2], `total by ${name}`);
  }
  for (const [metric, shown] of [['Average win', '+1.85'], ['Average loss', '\u22122.72'], ['Expectancy', '+1.67'], ['Exposure', '3,271.40'], ['Against holding', '+363.94']]) {
    same(await text(page, `.metric:has-text("${metric}") .num`), shown, metric);
  }
}));

test('the_proof_says_exact_or_what_is_off', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  await page.goto(`${mock.url}/#/performance`);
  await says(page, '.proof .chip', /exact, drift 0/);
  await page.click('.proof summary');
  await says(page, 'table.balances', /BTC[\s\S]*0\.0184[\s\S]*0\.5184[\s\S]*\+0\.5[\s\S]*deposits, or trades outside the watched pairs/);
  mock.proof = { state: 'drift', drift: '-0.00000001' };
  mock.set({ pnl: { drift: '-0.00000001' } });
  await says(page, '.figures .mark', /drift/);
  await page.goto(`${mock.url}/#/`);
  await page.goto(`${mock.url}/#/performance`);
  await says(page, '.proof .chip.bad', /drift \u22120\.00000001/);
  mock.proof = { state: 'unchecked', drift: null, reasons: ['unmatched', 'no_price'], balances: { known: false, reason: 'no_credentials', assets: [] } };
  await page.goto(`${mock.url}/#/`);
  await page.goto(`${mock.url}/#/performance`);
  await says(page, '.proof', /not checked[\s\S]*coins were sold whose purchase is not known; something held has no mark price/);
  await page.click('.proof summary');
  await says(page, '.proof', /Without a key of the exchange its balances are not known/);
}));

test('a_figure_tells_its_age_and_source_on_focus_and_hover', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  const tells = async (part, wanted) => until(async () => {
    await page.locator(part).first().hover();
    return wanted.test((await page.locator('#tip').textContent()) ?? '');
  }, `the tip of ${part}`);
  await page.keyboard.press('Tab');
  await until(async () => {
    if (await page.evaluate(() => document.activeElement?.closest('.figure.total') !== null)) return true;
    await page.keyboard.press('Tab');
    return false;
  }, 'the total in focus');
  await until(async () => /Changed \d+ (s|min) ago from a stream/.test((await page.locator('#tip').textContent()) ?? ''), 'the age of the total');
  await tells('.figure.total .num', /Changed .* ago from a stream\.[\s\S]*Mark prices of .* ago to .* ago from a stream/);
  await tells('tr[data-pair="ETH/USDT"] td.price .num', /Price of .* ago from a stream/);
  await tells('tr[data-pair="ETH/USDT"] td.open_orders .num', /Orders read as a list 3 min ago/);
  await tells('.window .num', /Newest point of the equity series: \d+ s ago/);
  await page.goto(`${mock.url}/#/performance`);
  await tells('.metric .num', /Sum of the results of all cycles[\s\S]*Changed .* ago from a stream/);
}));

test('the_header_says_that_history_is_loading_or_incomplete', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  same(await page.locator('.figures .mark').count(), 0, 'marks on whole figures');
  mock.set({ pnl: { history: { state: 'loading' } }, pairs: { 'BTC/USDT': { history: { state: 'loading' } } } });
  await says(page, '.figures .mark', /loading history/);
  mock.set({ pnl: { history: { state: 'since' } }, pairs: { 'BTC/USDT': { history: { state: 'since', from: '2026-10-01T00:00:00Z' } } } });
  await says(page, '.figures .mark', /incomplete history/);
  check((await page.getAttribute('.figures .mark', 'data-tip')).includes('BTC/USDT: history starts 2026-10-01'), 'the mark does not say since when');
}));

test('an_empty_bot_and_a_missing_key_teach', 'mock', (context) => withMock(context, { pairs: 1 }, async ({ page, mock }) => {
  mock.set({ pairs: { 'BTC/USDT': null }, streams: { user: { state: 'off', last_message_at: null } } });
  await says(page, '.pairs .empty', /GRIDSCOPE_SYMBOLS/);
  await says(page, '.facts', /Account\s*off/);
  await page.goto(`${mock.url}/#/health`);
  await says(page, '.lesson', /read-only Binance key[\s\S]*EXCHANGE__API_KEY/);
}));

test('without_a_bot_its_chip_is_gone', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  mock.set({ bot: null });
  await until(async () => (await page.locator('.facts .chip').count()) === 2, 'two chips');
}));

test('history_is_filtered_paged_and_exported_by_the_server', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  await page.goto(`${mock.url}/#/history`);
  await page.waitForSelector('table.history tbody tr');
  same(await page.locator('table.history tbody tr').count(), 50, 'rows of the first page');
  const first = await text(page, 'table.history tbody tr:first-child .order');
  await page.click('.pager button:has-text("Older")');
  await until(async () => (await text(page, 'table.history tbody tr:first-child .order')) !== first, 'older rows');
  await page.selectOption('.filters select >> nth=1', 'sell');
  await until(async () => (await page.locator('.side.buy').count()) === 0 && (await page.locator('.side.sell').count()) > 0, 'sells only');
  const link = await page.getAttribute('a[download]', 'href');
  same(link, '/api/v1/trades.csv?side=sell', 'export');
  await page.fill('#filter', '899999');
  await until(async () => (await page.locator('table.history tbody tr').count()) === 1, 'the one trade');
}));

test('history_by_day_reaches_rows_and_export_alike', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  await page.goto(`${mock.url}/#/history`);
  await page.waitForSelector('table.history tbody tr');
  const day = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10);
  await page.fill('.filters input[type=date] >> nth=0', day);
  await page.fill('.filters input[type=date] >> nth=1', day);
  await until(async () => {
    const days = await page.$$eval('table.history tbody time', (rows) => rows.map((row) => row.textContent.slice(0, 10)));
    return days.length > 0 && days.every((shown) => shown === day);
  }, 'rows of one day, the last included');
  const link = new URL(await page.getAttribute('a[download]', 'href'), mock.url).searchParams;
  const [from, to] = ['from', 'to'].map((name) => Date.parse(link.get(name)));
  same(to - from, 86_400_000, 'length of the exported time');
}));

test('scrolling_back_asks_for_older_candles_until_there_are_none', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  const asked = [];
  page.on('request', (request) => { if (/\/candles\?/.test(request.url())) asked.push(new URL(request.url()).searchParams.get('before')); });
  await page.goto(`${mock.url}/#/pair/BTC/USDT`);
  await page.waitForSelector('.pair .chart-canvas canvas');
  await until(async () => (await page.locator('.chart .legend .num').count()) > 3, 'candles');
  await page.focus('.chart-canvas');
  await until(async () => {
    await page.keyboard.press('Home');
    return asked.filter((before) => before !== null).length >= 2;
  }, 'two older pages');
  const befores = asked.filter((before) => before !== null);
  check(befores[1] < befores[0], `pages before ${befores}`);
}));

test('fills_of_a_pair_fit_a_phone', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  await page.goto(`${mock.url}/#/pair/BTC/USDT`);
  await page.getByRole('button', { name: 'Fills', exact: true }).or(page.getByText('Fills', { exact: true })).last().click();
  await page.waitForSelector('.pair-fills tbody tr');
  const ends = await page.$$eval('.pair-fills tbody tr:first-child td:last-child .num', (cells) => cells.map((cell) => innerWidth - cell.getBoundingClientRect().right));
  check(ends.every((room) => room >= 8), `a figure ends ${ends} px from the edge`);
}, { viewport: PHONE }));

test('a_phone_shows_the_alarm_first', 'mock', (context) => withMock(context, {}, async ({ page, mock }) => {
  mock.set({ status_reason: 'circuit_breaker', bot: { health: 'unknown', breaker: { state: 'open', consecutive_failures: 5, next_trial_at: soon(110) } } });
  await says(page, '.notices', /circuit breaker, next try in/);
  const box = await page.locator('.notices').boundingBox();
  check(box !== null && box.y + box.height < 400, `the alarm stands at ${JSON.stringify(box)}`);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  check(width <= 390, `the page is ${width} wide`);
}, { viewport: PHONE }));
