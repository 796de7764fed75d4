// Calls, as agents take them: typed, corrected, answered, filed; by people who use no mouse, and while the server restarts.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { api, eventually, launch, serve, visit } from './support.mjs';

const LEAK = '青澜区幸福路12号小区门口自来水管爆了，水流到马路上，电话13800001111';
const DANGER = '楼道里有很重的燃气味，邻居晕倒了';
/** What an agent may wait from the last keystroke to the suggestion, in ms, at the 95th percentile of many. */
const MOST_WAIT = 100;

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

const call = (options) => visit(browser, `${server.address}/console`, options);
const suggested = (page, title) => page.locator('#scenario').filter({ hasText: title }).waitFor();
const tickets = async () => (await api(server.address, '/v1/tickets')).items;

test('what is typed is decided, its evidence marked, its facts picked out', async () => {
  const page = await call();
  await page.locator('#complaint').pressSequentially(LEAK, { delay: 25 });
  await suggested(page, '供水管道漏水');
  assert.ok((await page.locator('.properties').first().innerText()).includes('市水务集团'));
  assert.deepEqual(await page.locator('.mirror mark.evidence').allInnerTexts().then((all) => all.join('')), '自来水管爆了');
  await page.getByRole('button', { name: '填为来电号码' }).click();
  assert.equal(await page.getByLabel('来电号码').inputValue(), '13800001111');
  const waits = await page.evaluate(() => performance.getEntriesByName('keystroke to suggestion').map((entry) => entry.duration).sort((a, b) => a - b));
  const p95 = waits[Math.floor(waits.length * 0.95)];
  console.log(`keystroke to suggestion: ${waits.length} answers, median ${waits[waits.length >> 1].toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`);
  // An optimised program on a machine with nothing else to do is held to the limit; others are told.
  if (process.env.JIESU_TIMING === '1') assert.ok(p95 <= MOST_WAIT, `${p95} ms`);
  // Where there are characters of two UTF-16 units before it, the evidence is still where it is.
  await page.locator('#complaint').fill(`🙂𠮷${LEAK}`);
  await eventually(async () => (await page.locator('.mirror mark.evidence').allInnerTexts()).join('') === '自来水管爆了', 'marks after wide characters');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('an answer that is overtaken is dropped', async () => {
  const page = await call();
  let held = null;
  await page.route('**/v1/intake', async (route) => {
    if (route.request().postData().includes('路灯')) return route.continue();
    const response = await route.fetch();
    held = () => route.fulfill({ response }).catch(() => {});
    return undefined;
  });
  await page.locator('#complaint').fill('小区门口自来水管爆了');
  await eventually(() => held, 'the first question');
  await page.locator('#complaint').fill('小区里的路灯一到晚上就不亮');
  await suggested(page, '路灯');
  await held();
  await page.waitForTimeout(200);
  assert.match(await page.locator('#scenario').innerText(), /路灯/);
  await page.context().close();
});

test('what callers say is text, whatever it holds', async () => {
  const page = await call();
  const nasty = '<img src=x onerror="document.title=1"><script>document.title=1</script>自来水管爆了</textarea>';
  await page.locator('#complaint').fill(nasty);
  await suggested(page, '供水管道漏水');
  await page.keyboard.press('Alt+s');
  await page.locator('.toast.done').waitFor();
  const { id } = (await tickets())[0];
  await page.goto(`${server.address}/console/desk?queue=review&id=${id}`);
  await page.locator('.said .text').waitFor();
  assert.equal(await page.locator('.said .text').textContent(), nasty);
  assert.equal(await page.locator('img[src=x], main script').count(), 0);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('an emergency interrupts, with the numbers to call and what to say', async () => {
  const page = await call();
  await page.locator('#complaint').fill(DANGER);
  const alarm = page.getByRole('alert').filter({ hasText: '紧急' });
  await alarm.waitFor();
  assert.ok((await alarm.locator('.numbers').innerText()).includes('120'));
  assert.ok((await alarm.locator('.aloud').innerText()).length > 20);
  await page.context().close();
});

test('with the keyboard alone: typed, a question answered, accepted, dispatched', async () => {
  const page = await call();
  const before_ = (await tickets()).length;
  await page.locator('#complaint:focus').waitFor();
  await page.keyboard.type(LEAK);
  await suggested(page, '供水管道漏水');
  await page.waitForTimeout(800);
  const asked = await page.locator('.ask label').innerText();
  await page.keyboard.press('Alt+q');
  await page.keyboard.type('昨天晚上开始的');
  await page.keyboard.press('Enter');
  assert.match(await page.locator('#complaint').inputValue(), /。昨天晚上开始的$/);
  await eventually(async () => !(await page.locator('.questions').innerText()).includes(asked), 'the question is answered');
  await page.keyboard.press('Control+Enter');
  await page.locator('.toast.done').waitFor();
  const filed = await tickets();
  assert.equal(filed.length, before_ + 1);
  assert.deepEqual([filed[0].state, filed[0].department], ['dispatched', 'water-group']);
  assert.equal(await page.locator('#complaint').inputValue(), '', 'ready for the next call');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('what is sent is what was seen: a suggestion that changed with the last words is shown first', async () => {
  const page = await call();
  await page.locator('#complaint').fill('小区里的路灯一到晚上就不亮');
  await suggested(page, '路灯');
  const count = (await tickets()).length;
  await page.locator('#complaint').evaluate((text, said) => {
    text.value = said;
    text.dispatchEvent(new InputEvent('input', { bubbles: true }));
    text.dispatchEvent(new KeyboardEvent('keydown', { code: 'Enter', key: 'Enter', ctrlKey: true, bubbles: true }));
  }, LEAK);
  await page.locator('.toast.failed').waitFor();
  await suggested(page, '供水管道漏水');
  assert.equal((await tickets()).length, count, 'nothing was sent');
  await page.context().close();
});

test('another scenario and department, with the reason, are what is sent', async () => {
  const page = await call();
  await page.locator('#complaint').fill(LEAK);
  await suggested(page, '供水管道漏水');
  await page.keyboard.press('Alt+e');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('场景').first().fill('路灯不亮');
  await dialog.getByRole('option').first().click();
  await dialog.getByLabel('承办单位').first().fill('市城市管理局');
  await dialog.getByRole('option').first().click();
  await dialog.getByRole('button', { name: '场景识别有误' }).click();
  await dialog.getByRole('button', { name: '确定' }).click();
  await suggested(page, '路灯');
  await page.keyboard.press('Control+Enter');
  await page.locator('.toast.done').waitFor();
  const ticket = await api(server.address, `/v1/tickets/${(await tickets())[0].id}`);
  assert.match(ticket.scenario, /streetlight/);
  assert.deepEqual([ticket.assignments[0].department, ticket.assignments[0].basis], ['urban-management', '场景识别有误']);
  assert.match(ticket.judgement.scenario, /pipe-leak/, 'what was suggested stays on record');
  await page.context().close();
});

test('a consultation is answered on the spot', async () => {
  const page = await call();
  await page.locator('#complaint').fill('想咨询一下住房公积金怎么提取，需要带什么材料');
  await page.locator('#scenario').waitFor();
  await page.keyboard.press('Alt+a');
  await page.getByRole('dialog').getByLabel('告知内容').fill('带身份证到公积金中心办理。');
  await page.getByRole('button', { name: '答复并归档' }).click();
  await page.locator('.toast.done').waitFor();
  assert.equal((await tickets())[0].state, 'closed');
  await page.context().close();
});

test('a draft survives a closed tab and a server that restarts', async () => {
  const page = await call();
  const context = page.context();
  await page.locator('#complaint').fill(LEAK);
  await page.getByLabel('姓名').fill('王女士');
  await suggested(page, '供水管道漏水');
  await page.close();
  const again = await context.newPage();
  await again.goto(`${server.address}/console`);
  await suggested(again, '供水管道漏水');
  assert.equal(await again.getByLabel('姓名').inputValue(), '王女士');
  // A second tab has a call of its own.
  const other = await context.newPage();
  await other.goto(`${server.address}/console`);
  await other.locator('#complaint').waitFor();
  assert.equal(await other.locator('#complaint').inputValue(), '');
  await other.close();

  await server.stop();
  await again.locator('#live[data-state=off]').waitFor();
  await again.locator('#complaint').press('End');
  await again.locator('#complaint').pressSequentially('，已经两天了');
  await again.locator('.bar-actions .problem').waitFor();
  await again.keyboard.press('Control+Enter');
  await again.locator('.toast.failed').waitFor();
  assert.match(await again.locator('#complaint').inputValue(), /两天了$/, 'nothing is lost');
  await server.again();
  await again.locator('#live[data-state=on]').waitFor({ timeout: 20000 });
  await again.keyboard.press('Control+Enter');
  await again.locator('.toast.done').waitFor();
  const [ticket] = await tickets();
  assert.match(ticket.summary, /自来水管爆了/);
  assert.equal(await again.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('jiesu.draft')).length), 0);
  await context.close();
});
