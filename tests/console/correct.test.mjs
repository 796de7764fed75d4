// Trying a text, saying that a decision was wrong, and what becomes of it: drafted with its impact, kept, decided.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { api, axe, eventually, launch, serve, visit } from './support.mjs';

/** Drafts load the bundle several times, which a busy machine takes long for. */
process.env.JIESU_LIMITS__REQUEST_SECONDS = '100';
process.env.JIESU_LIMITS__CONNECTION_SECONDS = '400';
const PATIENT = { timeout: 180000 };
const WRONG = '小区水表井里的接头崩开，水柱喷了三米高，我的电话13812345678';
const EVIL = '<img src=x onerror="window.hurt=1">水管漏了<script>window.hurt=1</script>';

let server;
let browser;
before(async () => {
  server = await serve();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.end();
});

const at = (where) => visit(browser, `${server.address}/console${where}`);
const done = async (page) => {
  assert.deepEqual(page.faults, []);
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  await page.context().close();
};

async function violations(page) {
  await page.evaluate(await (await import('node:fs/promises')).readFile(axe, 'utf8'));
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.any.map((any) => any.message).join(' ')}`).join(' | ')}`);
}

test('a text is explained step by step, and a link to it has nothing that a server sees', async () => {
  const page = await at('/try');
  const sent = [];
  page.on('request', (request) => sent.push(request.url()));
  await page.locator('#try-text').fill(`青澜区幸福路12号自来水管爆了，楼道路灯也坏了半个月。${EVIL}`);
  await page.keyboard.press('Control+Enter');
  await page.locator('[data-step=way_flips]').waitFor(PATIENT);
  const steps = await page.locator('[data-step]').evaluateAll((all) => all.map((one) => one.dataset.step));
  for (const step of ['way_read', 'way_looked', 'way_fired', 'way_learned', 'way_ranked', 'way_responsible', 'way_flips']) assert.ok(steps.includes(step), step);
  assert.match(await page.locator('[data-step=way_fired]').innerText(), /pipe-leak\.yaml:\d+/, 'where it is written');
  assert.match(await page.locator('[data-step=way_read]').innerText(), /<script>window\.hurt=1<\/script>/, 'shown as a text');
  // Why not another.
  await page.keyboard.press('Alt+y');
  await page.keyboard.type('路灯不亮');
  await page.locator('[role=listbox] [role=option]').first().click();
  await page.locator('.why-not').waitFor(PATIENT);
  assert.match(await page.locator('.why-not').innerText(), /路灯不亮/);
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Alt+k');
  await eventually(() => page.url().includes('#t='), 'a fragment');
  const link = page.url();
  assert.ok(!decodeURIComponent(link).includes('幸福路'), 'not even readable');
  assert.ok(sent.every((url) => !url.includes('#') && !url.includes(link.split('#')[1])), 'and never sent');
  const other = await visit(browser, link);
  await other.locator('.why-not').waitFor(PATIENT);
  assert.equal(await other.locator('#try-text').inputValue(), await page.locator('#try-text').inputValue());
  await done(other);
  // What is no link of ours is no text.
  for (const broken of ['#t=AAAA', '#t=%%', '#x']) {
    const page = await at(`/try${broken}`);
    await page.locator('.way .empty').waitFor();
    assert.equal(await page.locator('#try-text').inputValue(), '');
    await done(page);
  }
  await done(page);
});

test('from a call: wrong, the right scenario, a draft with its impact, kept, accepted by an editor', async () => {
  const page = await at('');
  await page.locator('#complaint').fill('路灯一到晚上就不亮，已经半个月了');
  await page.locator('#scenario').filter({ hasText: '路灯' }).waitFor();
  // The whole way is one key away, and so is the way back.
  await page.keyboard.press('Alt+y');
  await page.locator('[data-step=way_read]').waitFor(PATIENT);
  assert.match(await page.locator('#try-text').inputValue(), /路灯/);
  await page.keyboard.press('Alt+1');
  await page.locator('#complaint').fill(WRONG);
  await page.locator('.decided h2, .decided .empty').first().waitFor();
  await eventually(async () => !(await page.locator('.decided').innerText()).includes('路灯'), 'another decision');
  await page.waitForTimeout(700);
  await page.keyboard.press('Alt+b');
  const dialog = page.getByRole('dialog', { name: '判得不对' });
  await dialog.getByRole('combobox', { name: '正确的场景' }).fill('停水');
  await page.locator('[role=listbox] [role=option]').first().click();
  await dialog.getByRole('button', { name: '规则缺这种说法' }).click();
  await dialog.getByRole('button', { name: '起草修改' }).click();
  await dialog.locator('.draft').waitFor(PATIENT);
  assert.match(await dialog.innerText(), /例句和案例/, 'the impact is shown');
  assert.ok(!(await dialog.locator('.draft').innerText()).includes('13812345678'));
  assert.deepEqual(await violations(page), []);
  await dialog.getByRole('button', { name: '提交给编辑' }).click();
  await dialog.waitFor({ state: 'detached', ...PATIENT });
  await done(page);

  const editor = await at('/proposals');
  await editor.locator('.line').first().click();
  await editor.locator('.draft').waitFor();
  const words = await editor.locator('.detail').innerText();
  assert.match(words, /水表井里的接头/);
  assert.ok(!words.includes('13812345678') && words.includes('1381*******'), 'masked');
  assert.equal(await editor.locator('#proposals-open .badge').innerText(), '1');
  const download = editor.waitForEvent('download');
  await editor.keyboard.press('p');
  assert.match((await download).suggestedFilename(), /^P\d+\.patch$/);
  // Without a reason nothing is rejected.
  await editor.locator('[data-action=rejected]').click();
  await editor.locator('.toast.failed').waitFor();
  await editor.locator('h2').first().click();
  await editor.keyboard.press('a');
  await editor.locator('[data-action=open]').waitFor();
  const { items, open } = await api(server.address, '/v1/proposals?state=accepted');
  assert.deepEqual([items.length, open], [1, 0]);
  await done(editor);
});

test('articles are reported, confirmed and proposed, and reach the editors', async () => {
  const page = await at('/knowledge');
  await page.locator('#words').fill('水管漏了由谁修');
  const hit = page.locator('.hit').filter({ hasText: '政策' }).first();
  await hit.waitFor();
  await hit.getByRole('button', { name: '报错' }).click();
  await page.getByLabel('哪里不对').fill(`条款号已变${EVIL}`);
  await page.getByRole('button', { name: '提交给编辑' }).click();
  await page.locator('.toast.done').waitFor(PATIENT);
  await hit.getByRole('button', { name: '核对无误' }).click();
  await page.getByRole('button', { name: '起草修改' }).click();
  await page.locator('.draft .verdict.good').waitFor(PATIENT);
  assert.match(await page.locator('.patch').textContent(), /\+reviewed: \d{4}-\d\d-\d\d/);
  await page.getByRole('button', { name: '提交给编辑' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached', ...PATIENT });
  await page.locator('h1').first().evaluate(() => document.activeElement.blur());
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog', { name: '提出新条目' });
  await dialog.getByLabel('标题').fill('水表井接头谁来修');
  await dialog.getByLabel('答复', { exact: true }).fill('总表之前由供水企业维修。');
  await dialog.getByLabel('依据').fill('《城市供水条例》第二十七条');
  await dialog.getByLabel('生效日期').fill('2020-03-27');
  await dialog.getByRole('button', { name: '起草修改' }).click();
  await dialog.locator('.draft .verdict.good').waitFor(PATIENT);
  await dialog.getByRole('button', { name: '提交给编辑' }).click();
  await dialog.waitFor({ state: 'detached', ...PATIENT });
  await done(page);

  const editor = await at('/proposals');
  await eventually(async () => (await editor.locator('.line').count()) === 3, 'three proposals');
  const report = editor.locator('.line').filter({ hasText: '报错' });
  await report.click();
  await editor.locator('.detail').filter({ hasText: '条款号已变<img' }).waitFor();
  await editor.locator('.detail textarea').fill('条款号没有变');
  await editor.locator('[data-action=rejected]').click();
  await editor.locator('[data-action=open]').waitFor();
  // Somebody else decides: the list says so by itself.
  const { items } = await api(server.address, '/v1/proposals');
  await api(server.address, `/v1/proposals/${items[0].id}`, { state: 'accepted' });
  await eventually(async () => (await editor.locator('#proposals-open .badge').innerText()) === '1', 'one left');
  await done(editor);
});

test('a ticket’s decision is corrected from the desk', async () => {
  const { id } = await api(server.address, '/v1/tickets', { text: '楼道里的路灯坏了半个月，晚上看不见路', channel: 'phone' });
  const page = await at(`/desk?id=${id}`);
  await page.locator('.ticket-head').waitFor();
  await page.keyboard.press('Alt+b');
  const dialog = page.getByRole('dialog', { name: '判得不对' });
  await dialog.getByRole('combobox', { name: '正确的承办单位' }).fill('住房');
  await page.locator('[role=listbox] [role=option]').first().click();
  await dialog.getByRole('button', { name: '不属于该单位职责' }).click();
  await dialog.getByRole('button', { name: '起草修改' }).click();
  await dialog.locator('.draft').waitFor(PATIENT);
  await dialog.getByRole('button', { name: '提交给编辑' }).click();
  await dialog.waitFor({ state: 'detached', ...PATIENT });
  const { items } = await api(server.address, '/v1/proposals');
  assert.equal(items[0].ticket, id);
  await done(page);
});
