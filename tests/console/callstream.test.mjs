// A call that is heard elsewhere: a transcript with corrections beside what the agent notes, and a server that restarts.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { api, eventually, launch, serve, visit } from './support.mjs';

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

/** A speech recogniser: a WebSocket of a page that is none of the console's. */
async function recogniser(call) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${server.address}/docs`);
  const open = () => page.evaluate((name) => new Promise((ready, failed) => {
    window.socket = new WebSocket(`${location.origin.replace('http', 'ws')}/v1/calls/${name}?listen=false`, 'jiesu.v1');
    window.socket.onopen = () => ready();
    window.socket.onerror = () => failed(new Error('not connected'));
  }), call);
  await open();
  return {
    open,
    say: (utterance, speaker, text, final, at_ms) => page.evaluate((message) => window.socket.send(JSON.stringify(message)), { utterance, speaker, text, final, at_ms }),
    end: () => context.close(),
  };
}

const suggested = (page, title) => page.locator('#scenario').filter({ hasText: title }).waitFor();
const lines = (page) => page.locator('.transcript li span').allInnerTexts();

test('a streamed transcript with corrections is shown, decided on, and becomes the ticket', async () => {
  const heard = await recogniser('browser-1');
  const page = await visit(browser, `${server.address}/console?call=browser-1`);
  await page.locator('.feed .live[data-state=on]').waitFor();
  await heard.say('1', 'agent', '您好，这里是12345，请讲', true, 0);
  await heard.say('2', 'caller', '青澜区幸福路12号自来谁', false, 1000);
  await eventually(async () => (await lines(page)).includes('青澜区幸福路12号自来谁…'), 'a partial line');
  await heard.say('2', 'caller', '青澜区幸福路12号自来水管抱了', true, 1000);
  await eventually(async () => (await lines(page)).includes('青澜区幸福路12号自来水管抱了'), 'the final line in its place');
  await heard.say('2', 'caller', '青澜区幸福路12号自来水管爆了，水流到马路上', true, 1000);
  await suggested(page, '供水管道漏水');
  assert.deepEqual(await lines(page), ['您好，这里是12345，请讲', '青澜区幸福路12号自来水管爆了，水流到马路上']);
  await eventually(async () => (await page.locator('.transcript mark.evidence').allInnerTexts()).join('').includes('自来水管爆了'), 'the evidence is marked in the transcript');
  // What the agent notes belongs to it; what is heard is text, whatever it holds.
  await page.locator('#complaint').fill('门口积水很深');
  await heard.say('3', 'caller', '<img src=x onerror="document.title=1">快来修', true, 2000);
  await eventually(async () => (await lines(page)).length === 3, 'another line');
  assert.equal(await page.locator('img[src=x]').count(), 0);
  await page.waitForTimeout(800);
  await page.keyboard.press('Control+Enter');
  await page.locator('.toast.done').waitFor();
  const [ticket] = (await api(server.address, '/v1/tickets')).items;
  const { text } = await api(server.address, `/v1/tickets/${ticket.id}`);
  assert.equal(text, '青澜区幸福路12号自来水管爆了，水流到马路上，<img src=x onerror="document.title=1">快来修\n门口积水很深');
  assert.equal(await page.locator('.feed').isHidden(), true, 'ready for the next call');
  assert.equal(new URL(page.url()).search, '');
  assert.deepEqual(page.faults, []);
  await heard.end();
  await page.context().close();
});

test('a server that restarts during a call: the page comes back to it, and nothing is lost', async () => {
  const heard = await recogniser('browser-2');
  const page = await visit(browser, `${server.address}/console?call=browser-2`);
  await page.locator('.feed .live[data-state=on]').waitFor();
  await heard.say('1', 'caller', '小区门口自来水管爆了', true, 0);
  await suggested(page, '供水管道漏水');
  await server.stop();
  await page.locator('.feed .live[data-state=off]').waitFor();
  await page.locator('#complaint').fill('已经两天了');
  await server.again();
  await page.locator('.feed .live[data-state=on]').waitFor({ timeout: 20000 });
  await heard.open();
  await heard.say('2', 'caller', '路灯也坏了', true, 3000);
  await eventually(async () => (await lines(page)).join('|') === '小区门口自来水管爆了|路灯也坏了', 'both lines');
  assert.equal(await page.locator('#complaint').inputValue(), '已经两天了');
  // Another page of the same call sees what was said and typed.
  const other = await visit(browser, `${server.address}/console?call=browser-2`);
  await eventually(async () => (await lines(other)).length === 2, 'the transcript on another page');
  await eventually(async () => (await other.locator('#complaint').inputValue()) === '已经两天了', 'the notes on another page');
  assert.deepEqual(page.faults, []);
  await heard.end();
  await other.context().close();
  await page.context().close();
});

test('a question is answered with a digit; what the caller confirms leads; what cannot be answered is not asked again', async () => {
  const page = await visit(browser, `${server.address}/console`);
  await page.locator('#complaint').fill('我们小区里一直漏水，没有人来管');
  const first = page.locator('.questions .options button').first();
  await first.waitFor();
  await page.waitForTimeout(900);
  const asked = await page.locator('.ask .asked').innerText();
  const title = (await first.innerText()).replace(/\s*1$/, '').trim();
  await page.keyboard.press('Alt+q');
  await page.keyboard.press('1');
  await suggested(page, title);
  assert.ok(!(await page.locator('.questions').innerText()).includes(asked));
  // What the scenario lacks comes next; who cannot say is not asked again.
  const next = await page.locator('.ask label, .ask .asked').first().innerText();
  await page.getByRole('button', { name: '说不清' }).click();
  await eventually(async () => !(await page.locator('.questions').innerText()).includes(next), 'it is not asked again');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
