// The dispatch desk: queues as they are now, and the ticket that is being decided.

import { ask, post } from './api.js';
import { Picks, bulkDialog } from './bulk.js';
import { correct } from './correct.js';
import { fill, h, toast } from './dom.js';
import { actionBar, actionKeys } from './forms.js';
import { listen } from './live.js';
import { hand } from './share.js';
import { known, list, ticketView } from './ticket.js';
import { say } from './words.js';

const QUEUES = ['review', 'returns', 'panel', 'answers', 'call_backs', 'parked'];
const ACTIONS = ['claim', 'release', 'confirm', 'uphold_return', 'refuse_return', 'dispatch', 'add', 'approve_answer', 'send_back', 'send_reply', 'answer_on_the_spot', 'refuse', 'unpark', 'redirect', 'merge', 'chase', 'set_urgency', 'pause', 'resume', 'extend', 'park', 'note', 'close', 'reopen'];
/** Changes come in bursts: the lists are read once for all of them. */
const GATHER = 250;

let queue = 'review';
let open = null;
let items = [];
let bar = null;
let name = (id) => id;
let parts = {};
let gathering = null;
let reading = 0;
let picks = new Picks(() => items, () => showPicks());

export const keys = [
  { code: 'KeyJ', label: 'key_next', run: () => step(1) },
  { code: 'KeyK', label: 'key_previous', run: () => step(-1) },
  { code: 'KeyG', label: 'key_claim_next', run: () => claimNext() },
  { code: 'KeyQ', label: 'key_queue', run: () => choose(QUEUES[(QUEUES.indexOf(queue) + 1) % QUEUES.length]) },
  { code: 'KeyW', label: 'key_why', run: () => why() },
  { code: 'KeyV', label: 'key_pick', run: () => open && picks.toggle(open.id) },
  { code: 'KeyV', with: 'shift', label: 'key_pick_all', run: () => picks.all() },
  { code: 'KeyW', with: 'shift', label: 'key_bulk', run: () => together() },
  { code: 'Escape', name: 'Esc', label: 'key_pick_none', run: () => picks.clear() },
  { code: 'KeyB', with: 'alt', label: 'key_correct', run: () => wrong() },
  // Where several are chosen, a key is meant for all of them.
  ...actionKeys(ACTIONS, () => (picks.size > 1 ? { choose: together } : bar)),
];

export function mount(root) {
  const asked = new URLSearchParams(location.search);
  queue = QUEUES.includes(asked.get('queue')) ? asked.get('queue') : 'review';
  parts = {};
  fill(root, h('h1', { class: 'offscreen' }, say('page_desk')),
    h('div', { class: 'split' },
      h('section', { class: 'panel queue', 'aria-label': say('queues') },
        h('div', { class: 'tabs', role: 'tablist', 'aria-label': say('queues') }, QUEUES.map(tab)),
        h('div', { class: 'heading', id: 'queue-panel' }, parts.count = h('span', { class: 'note grow' }),
          h('button', { type: 'button', class: 'small', onclick: claimNext }, say('claim_next'), h('kbd', null, 'G'))),
        parts.picked = h('div', { class: 'picked', hidden: true }),
        parts.list = h('ul', { class: 'list', 'aria-label': say('queues') })),
      parts.detail = h('section', { class: 'panel detail', 'aria-label': say('ticket') })));
  picks = new Picks(() => items, () => showPicks());
  showDetail(null);
  show();
  if (asked.get('id')) openTicket(asked.get('id'));
  const stop = listen(heard);
  return () => {
    stop();
    clearTimeout(gathering);
    bar = null;
  };
}

function tab(one) {
  const made = h('button', { type: 'button', role: 'tab', id: `tab-${one}`, 'aria-selected': String(one === queue), 'aria-controls': 'queue-panel', dataset: { queue: one }, onclick: () => choose(one) },
    say(`queue_${one}`), h('span', { class: 'badge' }));
  return made;
}

function choose(next) {
  queue = next;
  for (const one of document.querySelectorAll('[role=tab]')) one.setAttribute('aria-selected', String(one.dataset.queue === queue));
  remember();
  picks.clear();
  showDetail(null);
  return show();
}

function remember() {
  const query = new URLSearchParams({ queue, ...(open && { id: open.id }) });
  history.replaceState(null, '', `${location.pathname}?${query}`);
}

/** A ticket changed: what is shown is read again, except under somebody's hands. */
function heard(news) {
  clearTimeout(gathering);
  gathering = setTimeout(show, GATHER);
  if (open && (!news || (news.ticket === open.id && news.version > open.version))) refresh(open);
}

/** Shows what became of the ticket that is open, unless somebody is writing: then it says that it changed. */
async function refresh(seen) {
  const now = await ask(`/v1/tickets/${encodeURIComponent(seen.id)}`).catch(() => null);
  // One's own action may have been answered in the meantime, or another ticket opened.
  if (!now || open?.id !== now.id || open.version >= now.version) return;
  if (parts.detail.querySelector('form')) toast(say('changed_meanwhile'), 'failed');
  else showDetail(now);
}

/** Reads the queue that is shown, and how many wait in each. */
async function show() {
  reading += 1;
  const own = reading;
  try {
    const pages = await Promise.all(QUEUES.map((one) => ask(`/v1/queue/${one}?limit=200`)));
    const page = pages[QUEUES.indexOf(queue)];
    const found = await known(page.items);
    if (own !== reading) return;
    name = found;
    items = page.items;
    picks.prune();
    QUEUES.forEach((one, index) => {
      const badge = document.querySelector(`#tab-${one} .badge`);
      const { length } = pages[index].items;
      if (badge) badge.textContent = length ? `${length}${pages[index].next_cursor ? '+' : ''}` : '';
    });
    parts.count.textContent = say('waiting_count', { count: items.length });
    showPicks();
  } catch (problem) {
    if (own === reading) fill(parts.list, h('li', { class: 'empty problem' }, problem.message));
  }
}

/** The list, with what is chosen in it. */
function showPicks() {
  list(parts.list, items, { current: open?.id, name, onopen: openTicket, picks });
  parts.picked.hidden = !picks.size;
  fill(parts.picked, picks.size > 0 && [h('strong', { class: 'grow', role: 'status' }, say('picked', { count: picks.size })),
    h('button', { type: 'button', class: 'small primary', onclick: () => together() }, say('bulk'), h('kbd', null, 'Shift+W')),
    h('button', { type: 'button', class: 'small', onclick: () => picks.all() }, say('pick_all')),
    h('button', { type: 'button', class: 'small', onclick: () => picks.clear() }, say('pick_none'), h('kbd', null, 'Esc'))]);
}

/** What is to be done with all that are chosen. */
function together(first = null) {
  if (!picks.size) toast(say('pick_some'), 'failed');
  else bulkDialog(picks, { name, first, done: () => { showPicks(); show(); } });
  return true;
}

function step(by) {
  const at = items.findIndex((item) => item.id === open?.id);
  const next = items[at < 0 ? (by > 0 ? 0 : items.length - 1) : at + by];
  if (next) openTicket(next.id);
}

async function claimNext() {
  try {
    const ticket = await post(`/v1/queue/${queue}/claim`);
    if (ticket) return await showDetail(ticket);
    toast(say('nothing_to_claim'));
  } catch (problem) {
    toast(problem.message, 'failed');
  }
  return undefined;
}

/** The whole way to the decision of the ticket that is open. */
async function why() {
  if (!open) return;
  hand({ text: open.text, title: open.title ?? '', district: open.district ?? '' });
  const { go } = await import('./main.js');
  await go('/console/try');
}

/** The decision of the ticket that is open was wrong. */
function wrong() {
  if (open) correct({ text: open.text, title: open.title ?? '', district: open.district ?? '', ticket: open.id }, open.decision);
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
  remember();
  parts.detail.closest('.split').classList.toggle('open', ticket !== null);
  for (const one of parts.list.querySelectorAll('.line')) {
    if (one.dataset.id === ticket?.id) one.setAttribute('aria-current', 'true');
    else one.removeAttribute('aria-current');
  }
  if (!ticket) {
    bar = null;
    return void fill(parts.detail, h('div', { class: 'empty' }, h('p', null, say('choose_ticket')), h('p', { class: 'note' }, say('choose_ticket_note'))));
  }
  name = await known([ticket]);
  bar = actionBar(ticket, ACTIONS, {
    name, done: (after) => { showDetail(after); show(); }, stale: () => { openTicket(ticket.id); show(); },
  });
  const scroll = parts.detail.dataset.id === ticket.id ? parts.detail.scrollTop : 0;
  parts.detail.dataset.id = ticket.id;
  fill(parts.detail, ticketView(ticket, { name, actions: bar.bar, judged: { why, wrong }, back: () => showDetail(null) }));
  parts.detail.scrollTop = scroll;
}
