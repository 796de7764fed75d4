// The department desk: what was assigned, and what the department does with it.

import { ask } from './api.js';
import { choose } from './choose.js';
import { fill, h, toast } from './dom.js';
import { actionBar, actionKeys } from './forms.js';
import { listen } from './live.js';
import { findDepartments } from './names.js';
import { known, list, ticketView } from './ticket.js';
import { say } from './words.js';

const ACTIONS = ['accept', 'contact', 'resolve', 'apply_return', 'note'];
const OWN = 'jiesu.department';
const GATHER = 250;

let parts = {};
let department = null;
let items = [];
let open = null;
let bar = null;
let name = (id) => id;
let gathering = null;
let reading = 0;

export const keys = [
  { code: 'KeyJ', label: 'key_next', run: () => step(1) },
  { code: 'KeyK', label: 'key_previous', run: () => step(-1) },
  ...actionKeys(ACTIONS, () => bar),
];

export function mount(root) {
  department = JSON.parse(localStorage.getItem(OWN) ?? 'null');
  parts = {};
  const who = choose({ find: findDepartments, label: say('department'), value: department, onchoose: (choice) => {
    if (choice === null && who.input.value) return;
    department = choice;
    localStorage.setItem(OWN, JSON.stringify(choice));
    showDetail(null);
    show();
  } });
  who.input.placeholder = say('all_departments');
  fill(root, h('h1', { class: 'offscreen' }, say('page_department')),
    h('div', { class: 'split' },
      h('section', { class: 'panel queue', 'aria-label': say('page_department') }, who.box,
        parts.count = h('p', { class: 'note' }), parts.list = h('ul', { class: 'list', 'aria-label': say('page_department') })),
      parts.detail = h('section', { class: 'panel detail', 'aria-label': say('ticket') })));
  showDetail(null);
  show();
  const stop = listen((news) => {
    clearTimeout(gathering);
    gathering = setTimeout(show, GATHER);
    if (open && (!news || (news.ticket === open.id && news.version > open.version))) refresh(open.id);
  });
  return () => {
    stop();
    clearTimeout(gathering);
    bar = null;
  };
}

async function show() {
  reading += 1;
  const own = reading;
  try {
    // An emergency that nobody confirmed yet is in review, and the department's already.
    const states = [...(department ? ['in_review'] : []), 'dispatched', 'accepted', 'contacted'].join();
    const query = new URLSearchParams({ state: states, limit: 200, ...(department && { department: department.id }) });
    const page = await ask(`/v1/tickets?${query}`);
    const found = await known(page.items);
    if (own !== reading) return;
    name = found;
    // As in the queues of dispatchers: the most urgent, then those asked for most often, then those due first.
    const urgency = (one) => ['critical', 'urgent', 'normal'].indexOf(one.urgency);
    items = page.items.sort((a, b) => urgency(a) - urgency(b) || b.chases - a.chases || (a.due ?? '9').localeCompare(b.due ?? '9'));
    parts.count.textContent = say('assigned_count', { count: items.length });
    list(parts.list, items, { current: open?.id, name, onopen: openTicket });
  } catch (problem) {
    if (own === reading) fill(parts.list, h('li', { class: 'empty problem' }, problem.message));
  }
}

function step(by) {
  const at = items.findIndex((item) => item.id === open?.id);
  const next = items[at < 0 ? 0 : at + by];
  if (next) openTicket(next.id);
}

/** Shows what became of the ticket that is open, unless somebody is writing. */
async function refresh(id) {
  const now = await ask(`/v1/tickets/${encodeURIComponent(id)}`).catch(() => null);
  const newer = now && open?.id === now.id && open.version < now.version;
  if (newer && !parts.detail.querySelector('form')) showDetail(now);
}

async function openTicket(id) {
  try {
    await showDetail(await ask(`/v1/tickets/${encodeURIComponent(id)}`));
  } catch (problem) {
    toast(problem.message, 'failed');
    showDetail(null);
  }
}

async function showDetail(ticket) {
  open = ticket;
  parts.detail.closest('.split').classList.toggle('open', ticket !== null);
  for (const one of parts.list.querySelectorAll('.line')) {
    if (one.dataset.id === ticket?.id) one.setAttribute('aria-current', 'true');
    else one.removeAttribute('aria-current');
  }
  if (!ticket) {
    bar = null;
    return void fill(parts.detail, h('div', { class: 'empty' }, h('p', null, say('choose_ticket')), h('p', { class: 'note' }, say('department_note'))));
  }
  name = await known([ticket]);
  bar = actionBar(ticket, ACTIONS, {
    name, own: (one) => !department || one.department === department.id,
    done: (after) => { showDetail(after); show(); }, stale: () => { openTicket(ticket.id); show(); },
  });
  fill(parts.detail, ticketView(ticket, { name, actions: bar.bar, back: () => showDetail(null) }));
  parts.detail.scrollTop = 0;
}
