#!/usr/bin/env node
// How long an agent waits: in Chromium, from the last keystroke to the suggestion that stands on the page, painted.
//
//     jiesu serve --bundle . --listen 127.0.0.1:7080 &
//     node benches/load/keystrokes.mjs --cases knowledge/cases/city.jsonl --texts 40
//
// A text is typed as an input method commits it: two to four characters at a time, a quarter of a second apart. The page
// marks each suggestion with the keystroke that it answers (`performance.measure`); here a frame is added, until it is
// painted. Needs playwright-core and chromium as the browser tests do.

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { launch, visit } from '../../tests/console/support.mjs';

const { values: options } = parseArgs({ options: {
  server: { type: 'string', default: 'http://127.0.0.1:7080' }, cases: { type: 'string' }, texts: { type: 'string', default: '40' },
} });
if (!options.cases) throw new Error('--cases FILE: JSON Lines with a text each');
const texts = (await readFile(options.cases, 'utf8')).split('\n').filter(Boolean).map((line) => JSON.parse(line).text)
  .filter((text) => text?.length >= 40).slice(0, Number(options.texts));
const browser = await launch();
const page = await visit(browser, `${options.server}/console`);
await page.evaluate(() => {
  globalThis.waited = [];
  new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries()) {
      if (name !== 'keystroke to suggestion') continue;
      requestAnimationFrame(() => setTimeout(() => globalThis.waited.push(performance.now() - startTime)));
    }
  }).observe({ type: 'measure' });
});
let seed = 7;
const random = (most) => {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed % most;
};
for (const text of texts) {
  await page.locator('#complaint').fill('');
  const characters = [...text].slice(0, 120);
  while (characters.length) {
    await page.keyboard.insertText(characters.splice(0, 2 + random(3)).join(''));
    await page.waitForTimeout(200 + random(100));
  }
}
await page.waitForTimeout(1000);
const waited = (await page.evaluate(() => globalThis.waited)).sort((a, b) => a - b);
const at = (share) => waited[Math.min(waited.length - 1, Math.floor(waited.length * share))]?.toFixed(1);
process.stdout.write(`${waited.length} suggestions for ${texts.length} texts: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms\n`);
await browser.close();
