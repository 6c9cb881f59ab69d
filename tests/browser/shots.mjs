// shots.mjs: pictures of every view at both sizes and in both themes, for the eye: node shots.mjs URL [out/]
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAPTOP, launch, openPage, PHONE } from './browser.mjs';

export const VIEWS = ['', 'pair/BTC/USDT', 'history', 'performance', 'health', 'configuration'];

export async function shoot(browser, url, out, { themes = ['dark', 'light'], views = VIEWS, prefix = '' } = {}) {
  mkdirSync(out, { recursive: true });
  for (const theme of themes) {
    for (const [size, viewport] of [['laptop', LAPTOP], ['phone', PHONE]]) {
      const { page, context } = await openPage(browser, { url, viewport, theme });
      for (const view of views) {
        await page.goto(`${url}/#/${view}`);
        await page.waitForTimeout(view === '' ? 700 : 500);
        await page.screenshot({ path: join(out, `${prefix}${(view || 'overview').replace(/\W+/g, '-')}-${size}-${theme}.png`) });
      }
      await context.close();
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { browser, close } = await launch();
  try {
    const views = process.argv[4]?.split(',').map((view) => (view === 'overview' ? '' : view));
    await shoot(browser, process.argv[2], process.argv[3] ?? join(dirname(fileURLToPath(import.meta.url)), 'out'), { views, themes: process.argv[5]?.split(',') });
  } finally {
    await close();
  }
}
