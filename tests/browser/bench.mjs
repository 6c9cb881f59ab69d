// bench.mjs: the page's figures: frames per second with 200 pairs at 50 price changes a second, time to the first paint and
// to the first figures, heap growth with live data.
//   node bench.mjs [--pairs 200] [--rate 50] [--seconds 20] [--soak MINUTES] [--base-url URL]
import { launch, openPage } from './browser.mjs';
import { heap } from './heap.mjs';
import { startMock } from './mock/server.mjs';

function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : fallback;
}

/** Frame times of `seconds` of life, and how many cells were drawn in them. */
function frames(page, seconds) {
  return page.evaluate((ms) => new Promise((done) => {
    const gaps = [];
    let changes = 0;
    const watch = new MutationObserver((rows) => { changes += rows.length; });
    watch.observe(document.querySelector('.pairs tbody'), { subtree: true, characterData: true, childList: true });
    let last = performance.now();
    const end = last + ms;
    const step = (now) => {
      gaps.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(step);
      else {
        watch.disconnect();
        gaps.sort((a, b) => a - b);
        const at = (part) => Math.round(gaps[Math.floor((gaps.length - 1) * part)] * 10) / 10;
        done({ fps: Math.round((gaps.length / ms) * 10000) / 10, median: at(0.5), p99: at(0.99), worst: at(1), cellsPerSecond: Math.round((changes / ms) * 1000) });
      }
    };
    requestAnimationFrame(step);
  }), seconds * 1000);
}

async function paint(browser, url) {
  const { page, context } = await openPage(browser, { url: 'about:blank' });
  const runs = [];
  for (let i = 0; i < 5; i++) {
    const from = Date.now();
    await page.goto(url);
    await page.waitForSelector('.figures .num');
    const figures = Date.now() - from;
    const first = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN);
    runs.push({ first: Math.round(first), figures });
  }
  await context.close();
  return runs;
}

const url = option('base-url', null);
const mock = url === null ? await startMock({ pairs: Number(option('pairs', 200)), rate: Number(option('rate', 50)) }) : null;
const { browser, close } = await launch();
try {
  const at = url ?? mock.url;
  console.log('paint, ms:', JSON.stringify(await paint(browser, at)));
  const { page, context } = await openPage(browser, { url: at });
  await page.waitForSelector('.pairs tbody tr');
  await page.waitForTimeout(3000);
  console.log('frames:', JSON.stringify(await frames(page, Number(option('seconds', 20)))));
  const minutes = Number(option('soak', 0));
  if (minutes > 0) {
    await page.waitForTimeout(30_000);
    const before = await heap(page);
    for (let minute = 1; minute <= minutes; minute++) {
      await page.waitForTimeout(60_000);
      const now = await heap(page);
      console.log(`heap after ${minute} min: ${Math.round(now / 1024)} kB (${now >= before ? '+' : ''}${Math.round((now - before) / 1024)} kB)`);
    }
  }
  await context.close();
} finally {
  await close();
  await mock?.close();
}
