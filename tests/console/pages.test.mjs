// Every page, light and dark, wide and narrow: no violations of accessibility rules, nothing from elsewhere, little to load.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { api, axe, eventually, launch, serve, visit } from './support.mjs';

const PAGES = ['', '/desk', '/department', '/call-backs', '/knowledge', '/bundle', '/figures', '/try', '/proposals'];
const SIZES = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];
/** Bytes that a page and all of its parts may have. */
const MOST_BYTES = 300 << 10;

let server;
let browser;
before(async () => {
  server = await serve();
  browser = await launch();
  const { id } = await api(server.address, '/v1/tickets', { text: '青澜区幸福路12号自来水管爆了，电话13800001111', channel: 'phone', contact: { phone: '13800001111' } });
  await api(server.address, '/v1/tickets', { text: '楼道里的路灯坏了半个月，晚上看不见路', channel: 'web' });
  await api(server.address, '/v1/proposals', { kind: 'report', article: 'city/bulky-waste', why: '收费标准已变' });
  await api(server.address, `/v1/tickets/${id}/actions`, { action: 'dispatch', assignments: [{ department: 'water-group' }, { department: 'urban-management', role: 'joint' }] });
});
after(async () => {
  await browser?.close();
  await server?.end();
});

/** Fills a page with what it shows when it is worked with. */
async function worked(page, where) {
  if (where === '') {
    await page.locator('#complaint').fill('青澜区幸福路12号小区门口自来水管爆了，楼道路灯也坏了半个月没人修，电话13800001111');
    await page.locator('#scenario').waitFor();
    await page.locator('.callers').first().waitFor();
  } else if (where === '/knowledge') {
    await page.locator('#words').fill('水管漏了由谁修');
    await page.locator('.hit').first().waitFor();
  } else if (where === '/bundle') {
    await page.locator('.counts').waitFor();
    await page.locator('.rules tbody tr').first().waitFor();
  } else if (where === '/try') {
    await page.locator('#try-text').fill('青澜区幸福路12号自来水管爆了，楼道路灯也坏了半个月，电话13800001111');
    await page.keyboard.press('Control+Enter');
    await page.locator('[data-step=way_flips]').waitFor({ timeout: 120000 });
  } else if (where === '/proposals') {
    await page.locator('.line').first().click();
    await page.locator('.detail .card').waitFor();
  } else if (where === '/figures') {
    await page.locator('svg.chart').first().waitFor();
    await page.locator('figure details summary').first().click();
  } else if (where !== '/call-backs') {
    if (where === '/desk') await page.locator('.pick').first().click();
    await page.locator('.line').first().click();
    await page.locator('.ticket-head').waitFor();
    await page.locator(where === '/desk' ? 'button[data-action=dispatch]' : 'button[data-action=accept]').waitFor();
    if (where === '/desk') await page.locator('button[data-action=dispatch]').click();
  } else {
    await page.locator('.list li').first().waitFor();
  }
  await page.waitForTimeout(1400);
}

async function violations(page) {
  await page.evaluate(await (await import('node:fs/promises')).readFile(axe, 'utf8'));
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.any.map((any) => any.message).join(' ')}`).join(' | ')}`);
}

for (const colorScheme of ['light', 'dark']) {
  for (const viewport of SIZES) {
    test(`pages, ${colorScheme}, ${viewport.width}×${viewport.height}`, async () => {
      for (const where of PAGES) {
        const page = await visit(browser, `${server.address}/console${where}`, { colorScheme, viewport });
        await worked(page, where);
        assert.deepEqual(await violations(page), [], `${where} ${colorScheme}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wide <= 0, `${where} is wider than the screen by ${wide} px`);
        if (process.env.JIESU_SCREENSHOTS) {
          await mkdir(process.env.JIESU_SCREENSHOTS, { recursive: true });
          await page.screenshot({ path: path.join(process.env.JIESU_SCREENSHOTS, `${where.slice(1) || 'call'}-${colorScheme}-${viewport.width}.png`) });
        }
        assert.deepEqual(page.faults, [], where);
        await page.context().close();
      }
    });
  }
}

test('what opens over a page has no violations either', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const page = await visit(browser, `${server.address}/console#phone=13800001111`, { colorScheme });
    await page.locator('.callers').first().waitFor();
    await page.keyboard.press('Alt+j');
    await page.locator('dialog .aloud').waitFor();
    assert.deepEqual(await violations(page), [], 'progress');
    await page.keyboard.press('Escape');
    await page.goto(`${server.address}/console/desk`);
    await page.locator('.pick').first().click();
    await page.locator('.picked button').first().click();
    await page.locator('dialog [data-action=dispatch]').click();
    assert.deepEqual(await violations(page), [], 'several tickets');
    await page.keyboard.press('Escape');
    await page.locator('.line').first().click();
    await page.locator('button[data-action=merge]').click();
    await page.locator('.offered').waitFor();
    assert.deepEqual(await violations(page), [], 'merging');
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});

test('a page loads little, and from this server alone', async () => {
  for (const where of PAGES) {
    const page = await visit(browser, 'about:blank');
    const loaded = [];
    page.on('response', (response) => loaded.push(response));
    await page.goto(`${server.address}/console${where}`);
    await page.locator('#live[data-state=on]').waitFor();
    await page.waitForTimeout(500);
    const own = loaded.filter((response) => !response.url().endsWith('/v1/events'));
    assert.ok(loaded.every((response) => response.url().startsWith(server.address)), where);
    const bytes = (await Promise.all(own.map((response) => response.body().catch(() => '')))).reduce((sum, body) => sum + body.length, 0);
    const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
    console.log(`/console${where}: ${own.length} files, ${(bytes / 1024).toFixed(0)} KiB, first paint after ${paint?.toFixed(0)} ms`);
    assert.ok(bytes <= MOST_BYTES, `${where}: ${bytes}`);
    await page.context().close();
  }
});

test('the policy of the page is strict, and what is not there is not found', async () => {
  const shell = await fetch(`${server.address}/console`);
  const policy = shell.headers.get('content-security-policy');
  for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) assert.ok(policy.includes(part), part);
  assert.ok(!policy.includes('unsafe'));
  for (const missing of ['/console/nothing', '/console/assets/nothing.js', '/console/assets/..%2f..%2fmod.rs', '/console/scenarios?x=1']) {
    assert.ok([404, 422, 400].includes((await fetch(server.address + missing)).status), missing);
  }
});

test('`?` shows the keys, Alt and a digit leads to each page, English is one key away', async () => {
  const page = await visit(browser, `${server.address}/console/bundle`);
  await page.locator('.counts').waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: '快捷键' }).waitFor();
  await page.keyboard.press('Escape');
  for (const [index, where] of PAGES.entries()) {
    await page.keyboard.press(`Alt+${index + 1}`);
    await eventually(() => page.url() === `${server.address}/console${where}` || page.url().startsWith(`${server.address}/console${where}?`), where);
  }
  await page.keyboard.press('Alt+l');
  await page.locator('nav a', { hasText: 'Dispatch' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('no key means two things on a page', async () => {
  for (const where of ['', '/knowledge', '/bundle', '/try', '/proposals']) {
    const page = await visit(browser, `${server.address}/console${where}`);
    await page.locator('#live[data-state=on]').waitFor();
    await page.locator('#help').click();
    const keys = await page.locator('dialog .keys kbd').allInnerTexts();
    assert.ok(keys.length > 8, where);
    assert.deepEqual(keys.filter((key, index) => keys.indexOf(key) !== index), [], where);
    await page.context().close();
  }
});

test('where a key is wanted it is asked for once, kept for the tab, and sent', async () => {
  const page = await visit(browser, 'about:blank');
  const sent = [];
  await page.route(/\/(v1|console\/(names|scenarios))/, (route) => {
    const { authorization: given, ...headers } = route.request().headers();
    sent.push(given);
    // The server has no keys: what is let in here goes on without one.
    if (given === 'Bearer right') return route.continue({ headers });
    return route.fulfill({ status: 401, contentType: 'application/problem+json', body: JSON.stringify({ type: 'urn:jiesu:problem:unauthorised', title: '需要密钥', detail: '请提供密钥', status: 401 }) });
  });
  await page.goto(`${server.address}/console/bundle`);
  const dialog = page.getByRole('dialog', { name: '登录' });
  await dialog.getByLabel('密钥').fill('wrong');
  await page.keyboard.press('Enter');
  await dialog.getByLabel('密钥').fill('right');
  await page.keyboard.press('Enter');
  await page.locator('.counts').waitFor();
  assert.equal(await page.evaluate(() => JSON.stringify([sessionStorage.length, localStorage.getItem('jiesu.key')])), '[1,null]');
  assert.ok(sent.includes('Bearer right'));
  await page.context().close();
});
