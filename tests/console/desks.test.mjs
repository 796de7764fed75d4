// Desks: queues that are live, a ticket from the first dispatch to the call-back, two people who want the same.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { api, eventually, launch, serve, visit } from './support.mjs';

const TWO_MATTERS = '一是小区门口自来水管爆了，水流到马路上三天了；二是路灯一到晚上就不亮，已经半个月了。';

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

const desk = (page) => visit(browser, `${server.address}/console/${page}`);
const file = (text, more = {}) => api(server.address, '/v1/tickets', { text, channel: 'phone', contact: { name: '王女士', phone: '13800001111' }, ...more });
const act = (ticket, action) => api(server.address, `/v1/tickets/${ticket.id}/actions`, action);
const line = (page, id) => page.locator(`.line[data-id="${id}"]`);
const ticketOf = (id) => api(server.address, `/v1/tickets/${id}`);
const did = (page) => page.locator('.toast.done').last().waitFor();

test('from the queue to the call-back, at three desks', async () => {
  const dispatcher = await desk('desk');
  const { id } = await file(TWO_MATTERS);
  // It shows by itself: nobody reloaded the page.
  await line(dispatcher, id).click();
  await dispatcher.locator('.said mark.evidence').first().waitFor();
  assert.match(await dispatcher.locator('.detail').innerText(), /rules\/scenarios\/.+yaml:\d+/, 'which rule asked for the words');
  await dispatcher.keyboard.press('c');
  await dispatcher.locator('.claimed').waitFor();
  await dispatcher.keyboard.press('d');
  await dispatcher.getByRole('button', { name: /按 \d 个事项拆分/ }).click();
  assert.ok(await dispatcher.locator('.assign .row').count() >= 2);
  await dispatcher.locator('.action-form button.primary').click();
  await eventually(async () => (await ticketOf(id)).state === 'dispatched', 'dispatched');
  const sent = await ticketOf(id);
  assert.deepEqual(new Set(sent.assignments.map((one) => one.role)), new Set(['lead']));
  assert.ok(new Set(sent.assignments.map((one) => one.matter)).size >= 2, 'each matter has its department');
  await dispatcher.context().close();

  const unit = await desk('department');
  for (const { number } of sent.assignments) {
    // The first by hand, at the desk; the others by the API.
    if (number > 1) {
      for (const action of [{ action: 'accept' }, { action: 'contact' }, { action: 'resolve', answer: '已责令整改' }]) await act(sent, { ...action, assignment: number });
    }
  }
  await unit.getByLabel('承办单位').first().fill('市水务集团');
  await unit.getByRole('option').first().click();
  await line(unit, id).click();
  await unit.locator('button[data-action=accept]').click();
  await unit.locator('button[data-action=contact]').click();
  await unit.locator('.action-form button.primary').click();
  await unit.locator('button[data-action=resolve]').click();
  await unit.locator('.action-form textarea').fill('已到场关阀，更换管段，恢复供水。');
  await unit.locator('.action-form button.primary').click();
  await eventually(async () => (await ticketOf(id)).state === 'resolved', 'answered');
  await unit.context().close();

  const reviewer = await desk(`desk?queue=answers&id=${id}`);
  await reviewer.locator('button[data-action=approve_answer]').waitFor();
  await reviewer.keyboard.press('a');
  await reviewer.locator('button[data-action=send_reply]').click();
  assert.match(await reviewer.locator('.action-form textarea').inputValue(), /更换管段/, 'what the departments answered is there to be sent');
  await reviewer.locator('.action-form button.primary').click();
  await eventually(async () => (await ticketOf(id)).state === 'reply_sent', 'replied');
  await reviewer.context().close();

  const caller = await desk('call-backs');
  await line(caller, id).click();
  await caller.locator('.script').filter({ hasText: '王女士' }).waitFor();
  await caller.keyboard.press('1');
  await did(caller);
  await eventually(async () => (await ticketOf(id)).state === 'closed', 'closed');
  assert.deepEqual(caller.faults, []);
  await caller.context().close();
});

test('a return is applied for, and ruled on', async () => {
  const ticket = await file('石洲区解放路12号门口自来水管漏了三天，水都流到马路上了');
  await act(ticket, { action: 'dispatch', assignments: [{ department: 'water-group' }] });
  const unit = await desk('department');
  await line(unit, ticket.id).click();
  await unit.locator('button[data-action=apply_return]').waitFor();
  await unit.keyboard.press('b');
  await unit.locator('.action-form textarea').fill('漏的是供热管，属热力集团。');
  await unit.locator('.action-form button.primary').click();
  await did(unit);
  const dispatcher = await desk('desk?queue=returns');
  await line(dispatcher, ticket.id).click();
  await dispatcher.locator('.returning').waitFor();
  await dispatcher.locator('button[data-action=refuse_return]').waitFor();
  await dispatcher.keyboard.press('n');
  await dispatcher.locator('.action-form textarea').fill('首单负责，先到场核实。');
  await dispatcher.locator('.action-form button.primary').click();
  await eventually(async () => (await ticketOf(ticket.id)).assignments[0].binding, 'bound to it');
  await unit.context().close();
  await dispatcher.context().close();
});

test('two dispatchers who decide the same ticket: one does, the other is told', async () => {
  const { id } = await file('石洲区解放路8号楼道里的路灯不亮，已经报修两次了');
  const pages = await Promise.all([desk(`desk?id=${id}`), desk(`desk?id=${id}`)]);
  for (const page of pages) {
    await page.locator('button[data-action=dispatch]').click();
    await page.locator('.assign [role=combobox]').first().fill('市城市管理局');
    await page.keyboard.press('Escape');
    // Focus leaves the field: the list closes.
    await page.locator('.action-form button.primary').focus();
  }
  await Promise.all(pages.map((page) => page.locator('.action-form button.primary').click()));
  await eventually(async () => (await pages[0].locator('.toast').count()) + (await pages[1].locator('.toast').count()) >= 2, 'both are answered');
  const { assignments } = await ticketOf(id);
  assert.equal(assignments.length, 1, 'sent once');
  const refused = await Promise.all(pages.map((page) => page.locator('.toast.failed').count()));
  assert.ok(refused.some(Boolean), 'one was told');
  for (const page of pages) await page.context().close();
});
