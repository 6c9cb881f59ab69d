// browser.mjs: Debian's Chromium, headless, with a fresh profile, and what every page test wants to know of a page.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const LAPTOP = { width: 1366, height: 768 };
export const PHONE = { width: 390, height: 844 };

export async function launch() {
  const profile = mkdtempSync(join(tmpdir(), 'gridscope-browser-'));
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ARGS, headless: true, env: { ...process.env, HOME: profile } });
  return {
    browser,
    async close() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/* Motion is over before a slow machine can look: every animation is written down when it starts. */
function recordMotion() {
  window.motion = [];
  const { animate } = Element.prototype;
  Element.prototype.animate = function record(frames, options) {
    const cell = this.closest('td, .figure');
    window.motion.push({ duration: options.duration, row: this.closest('tr')?.dataset.pair ?? null, cell: cell?.className ?? null });
    return animate.call(this, frames, options);
  };
}

/** A page of its own with the reader's settings; `complaints` collects what must never happen. */
export async function openPage(browser, { url, viewport = LAPTOP, theme = 'dark', palette = 'classic', reducedMotion = 'no-preference', locale = 'en-GB', motion = false }) {
  const context = await browser.newContext({ viewport, locale, reducedMotion, timezoneId: 'Europe/Berlin', hasTouch: viewport.width < 600, deviceScaleFactor: viewport.width < 600 ? 2 : 1 });
  await context.addInitScript(([key, colours]) => {
    localStorage.setItem('gridscope.theme', key);
    localStorage.setItem('gridscope.palette', colours);
  }, [theme, palette]);
  if (motion) await context.addInitScript(recordMotion);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    /* A feature the server does not have (501) is said on the page; the browser's own note of it is no complaint. */
    if (/status of 501/.test(message.text())) return;
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('request', (request) => {
    const host = new URL(request.url()).host;
    if (!request.url().startsWith('data:') && host !== new URL(url).host) complaints.push(`foreign request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, context, complaints };
}
