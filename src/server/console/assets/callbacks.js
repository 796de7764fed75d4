// Call-backs (回访): a script to read, and a key for each result.

import { act, ask } from './api.js';
import { field, fill, h, toast } from './dom.js';
import { listen } from './live.js';
import { title } from './names.js';
import { known, list, ticketView } from './ticket.js';
import { say } from './words.js';

const GATHER = 250;
/** What the caller says, by the key that notes it. */
const RESULTS = [
  { key: 'Digit1', label: 'result_solved_satisfied', reached: true, solved: 'yes', satisfied: true },
  { key: 'Digit2', label: 'result_solved_unsatisfied', reached: true, solved: 'yes', satisfied: false },
  { key: 'Digit3', label: 'result_partly_satisfied', reached: true, solved: 'partly', satisfied: true },
  { key: 'Digit4', label: 'result_partly_unsatisfied', reached: true, solved: 'partly', satisfied: false },
  { key: 'Digit5', label: 'result_unsolved_satisfied', reached: true, solved: 'no', satisfied: true },
  { key: 'Digit6', label: 'result_unsolved_unsatisfied', reached: true, solved: 'no', satisfied: false },
  { key: 'Digit0', label: 'result_not_reached', reached: false },
];

let parts = {};
let items = [];
let open = null;
let name = (id) => id;
let gathering = null;
let reading = 0;
let busy = false;

export const keys = [
  { code: 'KeyJ', label: 'key_next', run: () => step(1) },
  { code: 'KeyK', label: 'key_previous', run: () => step(-1) },
  { code: 'KeyI', label: 'key_note', run: () => parts.note?.focus() },
  ...RESULTS.map((one) => ({ code: one.key, label: one.label, run: () => record(one) })),
];

export function mount(root) {
  parts = {};
  fill(root, h('h1', { class: 'offscreen' }, say('page_call_backs')),
    h('div', { class: 'split' },
      h('section', { class: 'panel queue', 'aria-label': say('queue_call_backs') },
        parts.count = h('p', { class: 'note' }), parts.list = h('ul', { class: 'list', 'aria-label': say('queue_call_backs') })),
      parts.detail = h('section', { class: 'panel detail', 'aria-label': say('ticket') })));
  showDetail(null);
  show();
  const stop = listen((news) => {
    clearTimeout(gathering);
    gathering = setTimeout(show, GATHER);
    if (open && news && news.ticket === open.id && news.version > open.version && !busy) toast(say('changed_meanwhile'), 'failed');
  });
  return () => {
    stop();
    clearTimeout(gathering);
  };
}

async function show() {
  reading += 1;
  const own = reading;
  try {
    const page = await ask('/v1/queue/call_backs?limit=200');
    const found = await known(page.items);
    if (own !== reading) return;
    name = found;
    items = page.items;
    parts.count.textContent = say('waiting_count', { count: items.length });
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

async function openTicket(id) {
  try {
    await showDetail(await ask(`/v1/tickets/${encodeURIComponent(id)}`));
  } catch (problem) {
    toast(problem.message, 'failed');
  }
}

/** Notes a result; what was reached and is done with is closed, and the next one is shown. */
async function record({ reached, solved, satisfied }) {
  if (!open || busy) return;
  busy = true;
  const at = items.findIndex((item) => item.id === open.id);
  try {
    const note = parts.note.value.trim();
    const after = await act(open, { action: 'call_back', by: 'centre', reached, ...(reached && { solved, satisfied }), ...(note && { note }) });
    const done = solved === 'yes' && satisfied && parts.close.checked && after;
    if (done) await act(after, { action: 'close' });
    toast(say(done ? 'called_back_closed' : 'called_back', { id: open.id }));
    await showDetail(null);
    await show();
    // What was not reached is still in the queue: the one after it comes next.
    const next = items[reached ? at : at + 1];
    if (next) await openTicket(next.id);
  } catch (problem) {
    toast(problem.message, 'failed');
    if (open) await openTicket(open.id);
  } finally {
    busy = false;
  }
}

/** What to read out, with what the ticket says put in. */
function script(ticket) {
  const caller = ticket.contact?.name || say('caller_unknown');
  return h('ol', { class: 'script' },
    h('li', null, say('script_greeting', { caller })),
    h('li', null, say('script_matter', { matter: ticket.scenario ? title(ticket.scenario) : say('your_matter') })),
    ticket.reply && h('li', null, say('script_reply'), h('q', null, ticket.reply)),
    h('li', null, say('script_solved')), h('li', null, say('script_satisfied')), h('li', null, say('script_more')));
}

async function showDetail(ticket) {
  open = ticket;
  parts.detail.closest('.split').classList.toggle('open', ticket !== null);
  for (const one of parts.list.querySelectorAll('.line')) {
    if (one.dataset.id === ticket?.id) one.setAttribute('aria-current', 'true');
    else one.removeAttribute('aria-current');
  }
  if (!ticket) return void fill(parts.detail, h('div', { class: 'empty' }, h('p', null, say('choose_ticket')), h('p', { class: 'note' }, say('call_backs_note'))));
  name = await known([ticket]);
  parts.note = h('textarea', { rows: 2, maxlength: 5000 });
  parts.close = h('input', { type: 'checkbox', checked: true });
  const desk = h('div', { class: 'card' }, h('h3', null, say('script')), script(ticket),
    ticket.contact?.phone ? h('p', null, h('a', { class: 'dial', href: `tel:${ticket.contact.phone}` }, ticket.contact.phone)) : h('p', { class: 'note' }, say('no_phone')),
    field(say('note'), parts.note), h('label', { class: 'check' }, parts.close, say('close_when_satisfied')),
    h('div', { class: 'results' }, RESULTS.map((one) => h('button', { type: 'button', class: one.solved === 'yes' && one.satisfied ? 'primary' : '', onclick: () => record(one) },
      say(one.label), h('kbd', null, one.key.slice(5))))));
  fill(parts.detail, ticketView(ticket, { name, actions: desk, back: () => showDetail(null) }));
  parts.detail.scrollTop = 0;
}
