// The pictures of the README, made anew: `node tests/console/screenshots.mjs` (with playwright-core, chromium and a font
// for Chinese; see tests/console.rs). A server with the starter bundle and a few invented complaints; 1280×800 and a phone.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { api, eventually, launch, ROOT, serve, visit } from './support.mjs';

const FOLDER = path.join(ROOT, 'docs/images');
const COMPLAINTS = [
  '石洲区解放路12号小区门口自来水管爆了，水一直往马路上冒，已经半天了',
  '青澜区幸福路的路灯坏了半个月没人修，晚上黑漆漆的',
  '楼下烧烤店每天营业到凌晨两点，油烟和噪音都很大，睡不着觉',
  '老板拖欠我三个月工资一万二千元，说没钱',
  '健身房关门跑路了，办的年卡还剩八个月，退不了钱',
  '小区物业把消防通道改成了停车位，还上了锁',
];
const CALL = '您好，我住青澜区幸福路12号，小区门口自来水管爆了，水都流到马路上了，楼道里的路灯也坏了半个月没人修，我的电话13800001111';

const server = await serve();
const browser = await launch();

async function shot(name, where, { viewport = { width: 1280, height: 800 }, colorScheme = 'light', work }) {
  const page = await visit(browser, `${server.address}/console${where}`, { viewport, colorScheme });
  await work(page);
  await page.waitForTimeout(1500);
  await page.screenshot({ path: path.join(FOLDER, `${name}.png`) });
  await page.context().close();
  process.stdout.write(`docs/images/${name}.png\n`);
}

async function typeCall(page) {
  await page.locator('#complaint').fill(CALL);
  await page.locator('#scenario').filter({ hasText: '供水' }).waitFor();
}

try {
  await mkdir(FOLDER, { recursive: true });
  for (const [index, text] of COMPLAINTS.entries()) {
    await api(server.address, '/v1/tickets', { text, channel: 'phone', contact: { phone: `1380000${2000 + index}` } }, { 'Idempotency-Key': `picture-${index}` });
  }
  await eventually(async () => (await api(server.address, '/v1/tickets?limit=50')).items.length === COMPLAINTS.length, 'all filed');
  await shot('call', '', { work: typeCall });
  await shot('call-phone', '', { viewport: { width: 390, height: 844 }, colorScheme: 'dark', work: typeCall });
  await shot('desk', '/desk', { work: async (page) => {
    await page.locator('.line').first().click();
    await page.locator('.ticket-head').waitFor();
  } });
  await shot('try', '/try', { work: async (page) => {
    await page.locator('#try-text').fill(COMPLAINTS[1]);
    await page.keyboard.press('Control+Enter');
    await page.locator('[data-step=way_flips]').waitFor({ timeout: 120000 });
  } });
  // A month of work, for figures that have something to show.
  for (let day = 1; day <= 28; day += 1) {
    for (let one = 0; one <= (day * 5) % 4; one += 1) {
      const text = COMPLAINTS[(day + one * one) % COMPLAINTS.length];
      await api(server.address, '/v1/tickets', { text, channel: one % 2 ? 'web' : 'phone', received_at: new Date(Date.now() - day * 86400000).toISOString() }, { 'Idempotency-Key': `month-${day}-${one}` });
    }
  }
  await shot('figures', '/figures', { colorScheme: 'dark', work: (page) => page.locator('svg.chart').first().waitFor() });
} finally {
  await browser.close();
  await server.end();
}
