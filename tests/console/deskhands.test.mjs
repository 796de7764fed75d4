// What dispatchers do by hand, through the page: several tickets at once, merged, refused, redirected, ruled on; and two of
// them, each with a key of their own, who want the same.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { api, eventually, launch, serve, visit } from './support.mjs';

const LEAK = '石洲区解放路12号门口自来水管漏了三天，水都流到马路上了';
const STALLS = '云麓区人民路3号门口有人占道摆摊，油烟很大';

let server;
let browser;
before(async () => {
  server = await serve({ keys: { ada: 'agent', dora: 'dispatcher', dan: 'dispatcher', water: 'department:water-group', urban: 'department:urban-management' } });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.end();
});

const as = (who) => ({ Authorization: `Bearer ${server.keys[who]}` });
const desk = (who, query = '') => visit(browser, `${server.address}/console/desk${query}`, { key: server.keys[who] });
const file = (text, more = {}) => api(server.address, '/v1/tickets', { text, channel: 'phone', ...more }, as('ada'));
const act = async (who, { id }, action) => {
  const after_ = await api(server.address, `/v1/tickets/${id}/actions`, action, as(who));
  assert.equal(after_.id, id, JSON.stringify(after_));
};
const ticketOf = async (id) => (await fetch(`${server.address}/v1/tickets/${id}`, { headers: as('dora') })).json();
const historyOf = async (id) => (await (await fetch(`${server.address}/v1/tickets/${id}/history`, { headers: as('dora') })).json()).events;
const line = (page, id) => page.locator(`.line[data-id="${id}"]`);
const submit = (page) => page.locator('.action-form button.primary').click();
const bulk = (page) => page.getByRole('dialog', { name: '批量办理' });
const choose = async (page, name) => {
  await page.locator('.action-form [role=combobox]').last().fill(name);
  await page.locator('li[role=option]').first().click();
};

test('several are chosen with the keyboard and acted on together; what failed is said of each', async () => {
  const ids = [];
  for (const number of [11, 12, 13]) ids.push((await file(`${STALLS}，已经${number}天了`)).id);
  const page = await desk('dora');
  await line(page, ids[2]).waitFor();
  // Somebody else has one of them in hand.
  await act('dan', { id: ids[1] }, { action: 'claim' });
  await line(page, ids[1]).filter({ hasText: 'dan 处理中' }).waitFor();
  for (const id of ids) {
    await line(page, id).click();
    await page.locator('.ticket-head', { hasText: id }).waitFor();
    await page.keyboard.press('v');
  }
  assert.match(await page.locator('.picked').innerText(), /已选 3 件/);
  await page.keyboard.press('d');
  const dialog = bulk(page);
  await dialog.locator('.assign [role=combobox]').fill('市城市管理局');
  await page.getByRole('option').first().click();
  await dialog.locator('form button.primary').click();
  await dialog.getByText('办成 2 件，没有办成 1 件').waitFor();
  assert.match(await dialog.locator(`li[data-id="${ids[1]}"].failed`).innerText(), /dan/, 'who has it');
  assert.match(await dialog.locator(`li[data-id="${ids[0]}"].fine`).innerText(), /派单：完成/);
  await page.keyboard.press('Escape');
  await eventually(async () => /已选 1 件/.test(await page.locator('.picked').innerText()), 'what failed is still chosen');
  for (const [at, state] of ['dispatched', 'in_review', 'dispatched'].entries()) assert.equal((await ticketOf(ids[at])).state, state);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('each is sent where its own suggestion says; what has none, and what somebody changed meanwhile, is not', async () => {
  const leak = await file('云麓区人民路5号自来水管爆了，水流到马路上');
  const lamp = await file('云麓区人民路7号小区里的路灯一到晚上就不亮');
  const both = await file('一是云麓区人民路9号自来水管爆了，水流到马路上；二是路灯一到晚上就不亮，已经半个月了。');
  const page = await desk('dora');
  await line(page, both.id).waitFor();
  for (const { id } of [leak, lamp, both]) await page.locator('li', { has: line(page, id) }).locator('.pick').click();
  await page.getByRole('button', { name: /^批量办理/ }).click();
  const dialog = bulk(page);
  await dialog.locator('li').nth(2).waitFor();
  await act('dan', lamp, { action: 'note', text: '来电人补充：还有一盏' });
  await dialog.locator('[data-action=suggested]').click();
  await dialog.getByText('办成 1 件，没有办成 2 件').waitFor();
  assert.match(await dialog.locator(`li[data-id="${leak.id}"]`).innerText(), /已派给市水务集团/);
  assert.match(await dialog.locator(`li[data-id="${lamp.id}"]`).innerText(), /改动/);
  assert.match(await dialog.locator(`li[data-id="${both.id}"]`).innerText(), /含几个事项/);
  const sent = (await ticketOf(leak.id)).assignments.map((one) => one.department);
  assert.ok(sent.includes('water-group'));
  assert.deepEqual((await ticketOf(lamp.id)).assignments, []);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('with the mouse: a range is chosen with Shift, and merged into one of them', async () => {
  const ids = [];
  for (const number of [21, 22, 23]) ids.push((await file(`${STALLS}，${number}号摊`)).id);
  const page = await desk('dora');
  await line(page, ids[2]).waitFor();
  const boxes = page.locator('.pick');
  await page.locator('li', { has: line(page, ids[0]) }).locator('.pick').click();
  await page.locator('li', { has: line(page, ids[2]) }).locator('.pick').click({ modifiers: ['Shift'] });
  assert.ok(await boxes.evaluateAll((all) => all.filter((one) => one.checked).length) >= 3);
  // Whatever else stands between them is let go of.
  for (const other of await page.locator('.line').evaluateAll((all) => all.map((one) => one.dataset.id))) {
    const box = page.locator('li', { has: line(page, other) }).locator('.pick');
    if (!ids.includes(other) && await box.isChecked()) await box.click();
  }
  await page.getByRole('button', { name: /^批量办理/ }).click();
  const dialog = bulk(page);
  await dialog.locator('[data-action=merge]').click();
  await dialog.getByLabel('并入工单编号').selectOption(ids[0]);
  await dialog.locator('form button.primary').click();
  await dialog.getByText('办成 2 件，没有办成 0 件').waitFor();
  assert.deepEqual(await Promise.all(ids.map(async (id) => (await ticketOf(id)).state)), ['in_review', 'merged', 'merged']);
  assert.equal((await ticketOf(ids[0])).chases, 2, 'it was asked for twice more');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('two dispatchers act on the same tickets at one moment: each is done once', async () => {
  const ids = [];
  for (const number of [31, 32, 33, 34]) ids.push((await file(`${STALLS}，反映${number}次`)).id);
  const pages = await Promise.all([desk('dora'), desk('dan')]);
  const departments = ['市城市管理局', '市市场监督管理局'];
  for (const [at, page] of pages.entries()) {
    await line(page, ids[3]).waitFor();
    for (const id of ids) await page.locator('li', { has: line(page, id) }).locator('.pick').click();
    await page.keyboard.press('d');
    await bulk(page).locator('.assign [role=combobox]').fill(departments[at]);
    await page.getByRole('option').first().click();
  }
  await Promise.all(pages.map((page) => bulk(page).locator('form button.primary').click()));
  await Promise.all(pages.map((page) => bulk(page).getByText(/办成 \d+ 件/).waitFor()));
  const fine = await Promise.all(pages.map((page) => bulk(page).locator('li.fine').count()));
  const failed = await Promise.all(pages.map((page) => bulk(page).locator('li.failed').count()));
  assert.deepEqual([fine[0] + fine[1], failed[0] + failed[1]], [4, 4]);
  for (const id of ids) assert.equal((await ticketOf(id)).assignments.length, 1, 'sent once');
  for (const page of pages) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});

test('two dispatchers want the same ticket: one claims it, the other is told who has it, and cannot decide it', async () => {
  const { id } = await file(LEAK);
  const [dora, dan] = await Promise.all([desk('dora', `?id=${id}`), desk('dan', `?id=${id}`)]);
  for (const page of [dora, dan]) await page.locator('button[data-action=claim]').waitFor();
  await Promise.all([dora.keyboard.press('c'), dan.keyboard.press('c')]);
  await eventually(async () => (await dora.locator('.claimed').count()) + (await dan.locator('.claimed').count()) === 2, 'both see who has it');
  const { claim } = await ticketOf(id);
  const [first, second] = claim.by === 'dora' ? [dora, dan] : [dan, dora];
  await second.locator('.claimed', { hasText: `${claim.by} 处理中` }).waitFor();
  await second.keyboard.press('d');
  await submit(second);
  await second.locator('.toast.failed', { hasText: claim.by }).waitFor();
  await first.keyboard.press('d');
  await submit(first);
  await eventually(async () => (await ticketOf(id)).state === 'dispatched', 'dispatched');
  assert.equal((await historyOf(id)).filter((event) => event.change === 'dispatched').length, 1);
  for (const page of [first, second]) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});

test('a repeat is offered, its text stands beside, and it is merged', async () => {
  const contact = { phone: '13500001111' };
  const first = await file('青澜区幸福路3号的路灯不亮', { contact });
  const again = await file('青澜区幸福路3号的路灯还是<b>不亮</b>，怎么没人修', { contact });
  const page = await desk('dora', `?id=${again.id}`);
  await page.locator('button[data-action=merge]').waitFor();
  await page.keyboard.press('m');
  const offered = page.locator('.offered label', { hasText: first.id });
  await offered.filter({ hasText: '同一事项' }).waitFor();
  await offered.locator('input').check();
  const both = page.locator('.merge .sides section');
  await both.nth(1).waitFor();
  assert.match(await both.nth(0).innerText(), /路灯还是<b>不亮<\/b>/);
  assert.match(await both.nth(1).innerText(), new RegExp(`${first.id}[\\s\\S]*幸福路3号的路灯不亮`));
  await submit(page);
  await eventually(async () => (await ticketOf(again.id)).merged_into === first.id, 'merged');
  assert.equal((await ticketOf(first.id)).chases, 1);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('refused as out of scope, with the words for the caller', async () => {
  const { id } = await file('我跟邻居借的三万块钱他一直不还');
  const page = await desk('dora', `?id=${id}`);
  await page.locator('button[data-action=refuse]').waitFor();
  await page.keyboard.press('x');
  const words = page.locator('.action-form textarea');
  assert.match(await words.inputValue(), /诉讼/);
  await page.getByLabel('不受理的理由').selectOption('out_of_scope');
  assert.match(await words.inputValue(), /不属于 12345 热线的受理范围/);
  await words.fill('您好，借款纠纷请向人民法院起诉。');
  // What somebody wrote is not overwritten.
  await page.getByLabel('不受理的理由').selectOption('own_channel');
  assert.equal(await words.inputValue(), '您好，借款纠纷请向人民法院起诉。');
  await page.getByLabel('不受理的理由').selectOption('out_of_scope');
  await submit(page);
  await eventually(async () => (await ticketOf(id)).state === 'refused', 'refused');
  const [refused] = (await historyOf(id)).filter((event) => event.change === 'refused');
  assert.deepEqual([refused.ground, refused.notice], ['out_of_scope', '您好，借款纠纷请向人民法院起诉。']);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('lead and joint are set, one is added later, and the lead is redirected; deadlines count down', async () => {
  const { id } = await file(LEAK);
  const page = await desk('dora', `?id=${id}`);
  await page.locator('button[data-action=dispatch]').click();
  await page.getByRole('button', { name: '加一个单位' }).click();
  await page.locator('.assign .row').last().getByLabel('角色').selectOption('joint');
  await choose(page, '市城市管理局');
  await submit(page);
  await eventually(async () => (await ticketOf(id)).assignments.length >= 2, 'sent');
  await page.locator('button[data-action=add]').waitFor();
  await page.keyboard.press('d');
  assert.equal(await page.locator('.assign .row').last().getByLabel('角色').inputValue(), 'joint', 'somebody is in charge already');
  await choose(page, '市住房和城乡建设局');
  const before_ = (await ticketOf(id)).assignments.length;
  await submit(page);
  await eventually(async () => (await ticketOf(id)).assignments.length === before_ + 1, 'added');
  await page.locator('.assignments li').nth(before_).waitFor();
  const left = page.locator('.assignments .due').first();
  const text = await left.innerText();
  assert.match(text, /剩/);
  await page.locator('button[data-action=redirect]').waitFor();
  await page.keyboard.press('e');
  await page.getByLabel('哪一项派单').selectOption({ label: '市水务集团' });
  await choose(page, '市热力集团');
  await page.locator('.action-form textarea').fill('现场查明是供热管');
  await submit(page);
  await eventually(async () => (await ticketOf(id)).assignments.some((one) => one.state === 'sent' && one.role === 'lead' && one.department !== 'water-group'), 'redirected');
  assert.equal((await ticketOf(id)).assignments.find((one) => one.department === 'water-group').state, 'withdrawn');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('a second return goes to the panel: both sides and what was ruled before stand there, and the ruling says who has it', async () => {
  const ticket = await file(`${LEAK}，二号楼`);
  await act('dora', ticket, { action: 'dispatch', assignments: [{ department: 'water-group', basis: '供水管网由水务集团维护' }] });
  await act('water', ticket, { action: 'apply_return', assignment: 1, reason: 'not_ours', basis: '漏的是绿化浇灌管。' });
  const page = await desk('dora', `?queue=returns&id=${ticket.id}`);
  await page.locator('button[data-action=uphold_return]').waitFor();
  await page.keyboard.press('y');
  assert.match(await page.locator('.sides').innerText(), /派单依据[\s\S]*供水管网由水务集团维护[\s\S]*退单理由[\s\S]*不属于本单位职责[\s\S]*漏的是绿化浇灌管。/);
  await page.getByRole('button', { name: '加一个单位' }).click();
  await choose(page, '市城市管理局');
  await page.locator('.action-form textarea').fill('绿化管由城管维护');
  await submit(page);
  await eventually(async () => (await ticketOf(ticket.id)).returns === 1, 'upheld');
  await act('urban', ticket, { action: 'apply_return', assignment: 2, reason: 'several_owners', basis: '只管支管，主管属水务。' });
  await page.goto(`${server.address}/console/desk?queue=panel&id=${ticket.id}`);
  await line(page, ticket.id).waitFor();
  await page.locator('button[data-action=uphold_return]').waitFor();
  await page.keyboard.press('y');
  await page.locator('.sides ~ .history li').nth(1).waitFor();
  assert.match(await page.locator('.action-form').innerText(), /会商裁定[\s\S]*申请退单[\s\S]*漏的是绿化浇灌管。[\s\S]*同意退单[\s\S]*绿化管由城管维护/);
  await page.locator('.action-form textarea').fill('现场会商：主管漏水');
  // Nobody is named yet.
  await submit(page);
  await page.locator('.toast.failed', { hasText: '请填写' }).waitFor();
  await choose(page, '市水务集团');
  await submit(page);
  await eventually(async () => (await ticketOf(ticket.id)).assignments.some((one) => one.department === 'water-group' && one.state === 'sent' && one.binding), 'ruled, and binding');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('set aside until a day, extended, stopped and opened again, by keys of the page', async () => {
  const { id } = await file('青澜区东门街道老槐路有人天天占道卖早点');
  await act('dora', { id }, { action: 'dispatch', assignments: [{ department: 'urban-management' }] });
  const page = await desk('dora', `?id=${id}`);
  const key = async (name, fill) => {
    await page.locator(`button[data-action=${name[1]}]`).waitFor();
    await page.keyboard.press(name[0]);
    await page.locator('.action-form form').waitFor();
    await fill();
    await submit(page);
    await page.locator('.action-form form').waitFor({ state: 'detached' });
  };
  await key(['p', 'pause'], () => page.locator('.action-form textarea').fill('请补充摊位照片'));
  await eventually(async () => (await ticketOf(id)).paused, 'its clock stands');
  await page.locator('.ticket-head .due', { hasText: '已暂停计时' }).waitFor();
  await page.locator('button[data-action=resume]').click();
  await page.locator('button[data-action=pause]').waitFor();
  assert.equal((await ticketOf(id)).paused, null, 'it runs again');
  await key(['t', 'extend'], async () => {
    await page.locator('.action-form textarea').fill('需多部门现场核实');
    await page.getByLabel('批准人').fill('班长');
  });
  await eventually(async () => (await ticketOf(id)).extensions === 1, 'extended');
  await key(['u', 'set_urgency'], async () => {
    await page.locator('.action-form select').selectOption('urgent');
    await page.locator('.action-form textarea').fill('堵了消防通道');
  });
  await eventually(async () => (await ticketOf(id)).urgency === 'urgent', 'more urgent');
  await key(['s', 'park'], async () => {
    await page.locator('.action-form textarea').fill('等待规划批复');
    await page.locator('.action-form input[type=date]').fill('2099-01-04');
  });
  await eventually(async () => (await ticketOf(id)).state === 'parked', 'set aside');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
