// memory.mjs: the page lives on the real program for ten minutes, with an open chart and moving figures, and its heap must not
// grow by 2 MB. Prints TAP. Runs beside other tests: it mostly waits. Ends early when its standard input ends, so that it
// never outlives who started it.
//   node memory.mjs --start "COMMAND" [--minutes 10]
import { launch, openPage } from './browser.mjs';
import { heap } from './heap.mjs';
import { startProgram } from './program.mjs';

const GROWTH_MAX = 2 * 1024 * 1024;
/** What is loaded and compiled lazily comes in the first minute; a leak goes on. */
const WARM_UP_MS = 45_000;
const MINUTE_MS = 60_000;

function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : fallback;
}

const pause = (ms, over) => new Promise((done, failed) => {
  const timer = setTimeout(done, ms);
  over.then(() => {
    clearTimeout(timer);
    failed(new Error('whoever started this has ended'));
  });
});

const kb = (bytes) => `${Math.round(bytes / 1024)} kB`;

/** Opened like by a reader who leaves it on the desk: the table, a chart of hours and one of minutes, back to the overview. */
async function use(page) {
  await page.waitForSelector('.pairs tbody tr');
  await page.click('.pairs tbody tr:first-child .price');
  await page.waitForSelector('.pair .chart-canvas canvas');
  await page.click('.chart-bar button:has-text("1m")');
}

/** Every figure that must move while we look: a page that shows nothing new proves nothing. */
const prices = (page) => page.$$eval('td.price', (cells) => cells.map((cell) => cell.textContent).join());

async function measure(page, minutes, over) {
  await use(page);
  await pause(WARM_UP_MS, over);
  const readings = [await heap(page)];
  let before = await prices(page);
  for (let minute = 1; minute <= minutes; minute++) {
    await pause(MINUTE_MS, over);
    readings.push(await heap(page));
    const now = await prices(page);
    if (now === before) throw new Error(`no price moved in minute ${minute}`);
    before = now;
    console.log(`# ${minute} min: ${kb(readings[minute])}`);
  }
  const growth = readings[minutes] - readings[0];
  if (growth >= GROWTH_MAX) throw new Error(`the heap grew by ${kb(growth)} in ${minutes} min, from ${kb(readings[0])}`);
  return `${kb(readings[0])}, grown by ${kb(growth)}`;
}

async function main() {
  const over = new Promise((done) => { process.stdin.on('end', done).on('error', done).resume(); });
  const program = startProgram(option('start'));
  const { browser, close } = await launch();
  try {
    const { page } = await openPage(browser, { url: await program.url });
    const told = await measure(page, Number(option('minutes', '10')), over);
    console.log(`ok 1 - page/heap_grows_less_than_2_MB_in_ten_minutes # ${told}`);
  } catch (error) {
    console.log(`not ok 1 - page/heap_grows_less_than_2_MB_in_ten_minutes\n  ---\n  message: ${JSON.stringify(error.message)}\n  ...`);
    process.exitCode = 1;
  } finally {
    await close();
    await program.stop();
  }
  console.log('1..1');
  process.exit();
}

await main();
