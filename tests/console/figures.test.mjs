// Figures and the bundle page: charts say what the API says, with their tables and CSV; what a reload changed is shown.

import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { api, copyOfBundle, eventually, launch, serve, visit } from './support.mjs';

let server;
let browser;
let bundle;
before(async () => {
  // A bundle of its own, since its files are changed.
  bundle = await copyOfBundle();
  server = await serve({ bundle });
  browser = await launch();
  for (const [text, channel] of [
    ['青澜区幸福路12号自来水管爆了，水流了一地', 'phone'], ['澄湖区人民路8号自来水管漏水两天了', 'web'], ['青澜区学府路口天天有人占道摆摊', 'phone'],
    ['楼道里的路灯坏了半个月，晚上看不见路', 'app'], ['青澜区工地半夜施工噪音太大', 'phone'], ['小区物业不让电动车进门', 'phone'],
  ]) await api(server.address, '/v1/tickets', { text, channel });
});
after(async () => {
  await browser?.close();
  await server?.end();
  await rm(bundle, { recursive: true, force: true });
});

const text = (locator) => locator.evaluate((element) => element.textContent);

test('every chart has a title, a description and its table, and agrees with the API', async () => {
  const page = await visit(browser, `${server.address}/console/figures`);
  await page.locator('.rising').waitFor();
  await page.locator('figure svg').first().waitFor();
  const charts = page.locator('.drawn > svg');
  assert.ok(await charts.count() >= 4, String(await charts.count()));
  for (const chart of await charts.all()) {
    assert.ok((await text(chart.locator('> title'))).length > 2);
    assert.ok((await text(chart.locator('> desc'))).length > 2);
    const named = await chart.evaluate((element) => element.getAttribute('aria-labelledby').split(' ').every((id) => document.getElementById(id)));
    assert.ok(named);
  }
  assert.equal(await page.locator('figure.plot:has(svg)').count(), await page.locator('figure.plot:has(svg) details table').count());
  const own = await api(server.address, '/v1/statistics?by=department');
  const rows = page.locator('figure', { hasText: '按承办单位' }).locator('tbody tr');
  assert.equal(await rows.count(), own.lines.length);
  const { departments } = await api(server.address, '/console/names');
  for (const line of own.lines) {
    const name = departments.find((one) => one.id === line.group.department)?.name ?? '（未定）';
    const row = rows.filter({ has: page.getByText(name, { exact: true }) });
    assert.equal(await text(row.locator('td').first()), String(line.counts.tickets));
  }
  const all = await api(server.address, '/v1/statistics');
  assert.equal(await text(page.locator('[data-measure=tickets] b')), String(all.lines[0].counts.tickets));
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('keys change time, grouping and measure', async () => {
  const page = await visit(browser, `${server.address}/console/figures`);
  await page.locator('figure', { hasText: '按承办单位' }).waitFor();
  await page.keyboard.press('d');
  await page.locator('figure', { hasText: '受理件数，按场景' }).waitFor();
  await page.keyboard.press('m');
  await page.locator('figure', { hasText: '自动派单率，按场景' }).waitFor();
  await page.keyboard.press('p');
  await eventually(async () => await page.getByLabel('时间').inputValue() !== 'days', 'another time');
  for (const way of ['类别', '属地', '渠道', '诉求类型']) {
    await page.keyboard.press('d');
    await page.locator('figure', { hasText: `自动派单率，按${way}` }).waitFor();
  }
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('a CSV is downloaded that has what the chart has', async () => {
  const page = await visit(browser, `${server.address}/console/figures`);
  const chart = page.locator('figure', { hasText: '按承办单位' });
  await chart.waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), chart.getByRole('link', { name: 'CSV' }).click()]);
  const csv = await readFile(await download.path(), 'utf8');
  const own = await api(server.address, '/v1/statistics?by=department');
  assert.equal(csv.trim().split('\n').length, own.lines.length + 1);
  assert.ok(csv.startsWith('\ufeff承办单位,'));
  await page.context().close();
});

test('heat maps are read without colour: every cell has its number', async () => {
  const page = await visit(browser, `${server.address}/console/figures`, { forcedColors: 'active' });
  const map = page.locator('figure', { hasText: '属地 × 场景' });
  await map.waitFor();
  const own = await api(server.address, '/v1/statistics?by=scenario,district');
  const numbers = await map.locator('svg g > text').evaluateAll((cells) => cells.map((cell) => Number(cell.textContent)).filter((number) => number > 0));
  assert.deepEqual(numbers.sort(), own.lines.map((line) => line.counts.tickets).sort());
  const hours = await page.locator('figure', { hasText: '受理时段' }).locator('svg g > text').evaluateAll((cells) => cells.map((cell) => Number(cell.textContent) || 0));
  assert.equal(hours.length, 8 * 24);
  assert.equal(hours.slice(0, 7 * 24).reduce((a, b) => a + b, 0), own.lines.reduce((sum, line) => sum + line.counts.tickets, 0));
  await page.context().close();
});

test('after a reload the bundle page shows what changed, who ordered it, and why one was refused', async () => {
  const page = await visit(browser, `${server.address}/console/bundle`);
  await page.locator('.changed-since').waitFor();
  const file = path.join(bundle, 'rules/scenarios/water/probe.yaml');
  await writeFile(file, 'id: water/probe\ntitle: <b>试探</b>场景\ncategory: 城乡建设/供水\nwhen:\n  any:\n    - 试探词语一二三\nreply: 您好。\n');
  await page.keyboard.press('r');
  await page.locator('.changes li[data-id="water/probe"]').waitFor({ timeout: 60000 });
  const said = await text(page.locator('.changes li[data-id="water/probe"]'));
  assert.match(said, /新增/);
  assert.match(said, /<b>试探<\/b>场景/);
  assert.ok(await page.locator('.history-of-reloads tbody tr').count() >= 2);
  await writeFile(file, 'id: water/probe\ntitle: 坏的\nwhen: [\n');
  await page.keyboard.press('r');
  await page.locator('.findings .error').first().waitFor({ timeout: 60000 });
  await page.locator('.file summary', { hasText: 'probe.yaml' }).waitFor();
  assert.match(await text(page.locator('.history-of-reloads tbody tr').first()), /被拒绝.*probe\.yaml/);
  await page.locator('.findings a').first().click();
  await page.getByRole('dialog', { name: '为什么有这条检查' }).waitFor();
  await page.keyboard.press('Escape');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('rules are counted, sorted and searched', async () => {
  const page = await visit(browser, `${server.address}/console/bundle`);
  await page.locator('.rules tbody tr').first().waitFor();
  const feedback = await api(server.address, '/v1/statistics/rules');
  const most = feedback.rules.filter((one) => one.rule === 'scenario')[0];
  assert.equal(await text(page.locator(`.rules tr[data-id="${most.id}"] td`).first()), String(most.suggested));
  await page.keyboard.press('/');
  await page.keyboard.type('占道');
  await eventually(async () => (await page.locator('.rules tbody tr').allTextContents()).every((one) => one.includes('占道')), 'only what was searched for');
  await page.locator('[data-sort=name]').click();
  assert.equal(await page.locator('.rules th[aria-sort=ascending]').count(), 1);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
