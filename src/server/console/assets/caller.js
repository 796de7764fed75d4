// Who is calling: the open and recent tickets of the number, and the two keys that end a call about one of them: how far
// it is was told, or a chase was noted. Neither makes a new ticket.

import { Problem, ask, post } from './api.js';
import { copied } from './article.js';
import { field, fill, h, toast } from './dom.js';
import * as drafts from './draft.js';
import { dialog, ending } from './finish.js';
import { title } from './names.js';
import { OVER, progress } from './progress.js';
import { known } from './ticket.js';
import { at, countdown } from './time.js';
import { say } from './words.js';

/** Milliseconds without a keystroke before a number is looked up that may still grow: every look is written down. */
const PAUSE = 250;
const WHOLE = /^1\d{10}$/;
/** Characters of what was said that go into a note, at the most. */
const MOST_NOTE = 4800;

let box = null;
/** Its digits, and where the number was read. */
let shown = { number: '', written: '', fromText: false };
let found = null;
let name = (id) => id;
let chosen = null;
let byHand = false;
let folded = false;
let leading = null;
let waiting = null;
let asked = 0;

/** The digits of a whole number; empty while it is being typed. */
export function digitsOf(written) {
  const digits = written.normalize('NFKC').replace(/\D/g, '').replace(/^(?:0086|86(?=\d{11}$))/, '');
  return /^(?:1\d{10}|0\d{9,11}|[2-9]\d{6,7}|[48]00\d{7})$/.test(digits) ? digits : '';
}

export const callerKeys = [
  { code: 'KeyW', with: 'alt', label: 'key_caller', run: () => toCaller() },
  { code: 'KeyJ', with: 'alt', label: 'key_progress', run: () => tellProgress() },
  { code: 'KeyU', with: 'alt', label: 'key_chase', run: () => chase() },
];

export function mountCaller() {
  box = h('div', { class: 'who' });
  shown = { number: '', written: '', fromText: false };
  forget();
  return box;
}

export function leaveCaller() {
  clearTimeout(waiting);
  asked += 1;
}

function forget() {
  found = null;
  chosen = null;
  byHand = false;
  folded = false;
  fill(box);
}

/** Looks a number up: the one that is in the field, or else the one that the text has. */
export function whoCalls(written, inText) {
  const fromText = !written.trim() && Boolean(inText);
  const number = digitsOf(fromText ? inText : written);
  if (number === shown.number) {
    if (number && fromText !== shown.fromText) {
      shown.fromText = fromText;
      if (found) show();
    }
    return;
  }
  shown = { number, written: fromText ? inText : written.trim(), fromText };
  asked += 1;
  clearTimeout(waiting);
  forget();
  if (number) waiting = setTimeout(look, WHOLE.test(number) ? 0 : PAUSE);
}

async function look() {
  const own = asked;
  const began = performance.now();
  try {
    const answer = await post('/v1/callers', { phone: shown.number });
    const names = await known(answer.tickets);
    if (own !== asked) return;
    [found, name] = [answer, names];
    // What is over is seldom asked about: it is one key away.
    folded = !found.open;
    choose(likely());
    performance.measure('number to caller', { start: began, end: performance.now() });
  } catch (problem) {
    // A number is not looked up where no tickets are kept, or by whoever may not.
    if (own === asked && problem.type !== 'tickets-off' && problem.status !== 403) fill(box, h('p', { class: 'problem' }, problem.message));
  }
}

const isOpen = (ticket) => !OVER.includes(ticket.state);
const isSame = (ticket) => isOpen(ticket) && ticket.scenario !== null && ticket.scenario === leading;

/** The ticket that the call is most likely about: of what is being said now, or else the newest that is open. */
function likely() {
  return found?.tickets.find(isSame)?.id ?? found?.tickets[0]?.id ?? null;
}

/** Says what the call is about so far. */
export function aboutNow(scenario) {
  if (scenario === leading) return;
  leading = scenario;
  if (found) choose(byHand ? chosen : likely());
}

function choose(id) {
  chosen = id;
  show();
}

const ticketChosen = () => found?.tickets.find((one) => one.id === chosen) ?? null;

function pick(id) {
  byHand = true;
  choose(id);
  box.querySelector('[aria-checked="true"]')?.focus({ preventScroll: true });
}

function step(event) {
  const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const { length } = found.tickets;
  pick(found.tickets[(found.tickets.findIndex((one) => one.id === chosen) + by + length) % length].id);
}

function toCaller() {
  if (!found?.tickets.length) return void toast(say(found ? 'caller_new' : 'caller_none'));
  folded = false;
  show();
  box.querySelector('[aria-checked="true"]')?.focus();
}

function fold() {
  folded = !folded;
  show();
  box.querySelector('.fold').focus();
}

function show() {
  const { open, total, tickets } = found;
  const focused = box.contains(document.activeElement) && document.activeElement.getAttribute('role');
  const ticket = ticketChosen();
  const button = (label, key, run, usable) => h('button', { type: 'button', class: 'small', disabled: !usable, onclick: run }, say(label), h('kbd', null, key));
  const heading = h('div', { class: 'heading' },
    h('h2', { class: 'grow' }, say('caller'), ' ', h('span', { class: 'number' }, shown.written), shown.fromText && h('span', { class: 'pill' }, say('number_of_text')),
      h('small', null, total ? say('caller_counts', { open, total }) : say('caller_new'))),
    total > 0 && !folded && [button('tell_progress', 'Alt+J', tellProgress, ticket), button('do_chase', 'Alt+U', chase, ticket && isOpen(ticket)),
      ticket && h('a', { class: 'button small', href: `/console/desk?id=${encodeURIComponent(ticket.id)}`, target: '_blank', rel: 'noopener' }, say('open_ticket'))],
    total > 0 && h('button', { type: 'button', class: 'small quiet fold', 'aria-expanded': String(!folded), onclick: fold }, say(folded ? 'unfold' : 'fold')));
  fill(box, h('section', { class: 'panel caller', 'aria-label': say('caller') }, heading,
    total > 0 && !folded && h('div', { role: 'radiogroup', 'aria-label': say('callers_tickets'), class: 'calls', onkeydown: step }, tickets.map(row))));
  box.querySelector('[aria-checked="true"]')?.scrollIntoView({ block: 'nearest' });
  if (focused === 'radio') box.querySelector('[aria-checked="true"]')?.focus({ preventScroll: true });
}

function row(ticket) {
  const parts = ticket.assignments.map((one) => `${name(one.department)}${say('colon')}${say(`part_${one.state}`)}${one.role === 'lead' ? '' : say('in_brackets', { what: say(`role_${one.role}`) })}`);
  const waits = isOpen(ticket) && !['reply_sent', 'called_back'].includes(ticket.state);
  return h('button', { type: 'button', role: 'radio', class: 'callers', 'aria-checked': String(ticket.id === chosen), tabindex: ticket.id === chosen ? '0' : '-1', dataset: { id: ticket.id }, onclick: () => pick(ticket.id) },
    h('span', { class: 'what' }, h('strong', null, ticket.scenario ? title(ticket.scenario) : say('outcome_unknown')), isSame(ticket) && h('span', { class: 'pill warn' }, say('same_as_now')),
      h('small', null, ticket.summary)),
    h('span', { class: 'far' }, h('span', { class: 'pill' }, say(`state_${ticket.state}`)), ticket.chases > 0 && h('span', { class: 'pill warn' }, say('chased', { count: ticket.chases })),
      ticket.confidential && h('span', { class: 'pill' }, say('confidential'))),
    h('span', { class: 'whom' }, parts.join(say('semicolon')) || say('nobody_yet'),
      ticket.last && h('small', null, say('last_step'), say(`change_${ticket.last.change}`), ' ', at(ticket.last.at))),
    h('span', { class: 'when' }, waits && ticket.due ? countdown(ticket.due, ticket.paused) : h('small', null, at(ticket.opened_at)), h('small', null, ticket.id)));
}

/** What the caller said so far, for a note: the draft is cleared when the call ends. */
const words = () => drafts.wholeText().trim().slice(0, MOST_NOTE);

/** Does an action once, however often it is sent: the draft's key tells that it is the same call. */
async function actOnce(id, action) {
  const key = `${drafts.current().requestKey}-${action.action}`;
  const { items: [one] } = await post('/v1/tickets/actions', { ids: [id], action }, { headers: { 'Idempotency-Key': key } });
  if (one.problem) throw new Problem(one.status, one.problem);
}

async function tellProgress() {
  const { id } = ticketChosen() ?? {};
  if (!id) return void toast(say('caller_none'), 'failed');
  await ending(async () => {
    const ticket = await ask(`/v1/tickets/${encodeURIComponent(id)}`);
    const sentence = progress(ticket, await known([ticket]));
    const note = h('textarea', { rows: 3, maxlength: MOST_NOTE, value: words() });
    const told = await dialog(say('tell_progress'), [
      ticket.confidential && h('p', { class: 'claimed' }, say('confidential_check')),
      h('p', { class: 'aloud' }, sentence),
      h('div', { class: 'actions' }, h('button', { type: 'button', class: 'small', onclick: () => copied(sentence) }, say('copy'))),
      field(say('note_optional'), note),
    ], () => ({ note: note.value.trim() }), say('progress_told'), { ready: true });
    if (!told) return null;
    await actOnce(id, { action: 'note', text: [say('asked_progress'), told.note].filter(Boolean).join('\n') });
    return say('progress_ended', { id });
  });
}

async function chase() {
  const ticket = ticketChosen();
  if (!ticket) return void toast(say('caller_none'), 'failed');
  if (!isOpen(ticket)) return void toast(say('chase_over', { id: ticket.id }), 'failed');
  await ending(async () => {
    const note = h('textarea', { rows: 5, maxlength: MOST_NOTE, value: words() });
    const said = await dialog(say('do_chase'), [
      h('p', null, h('strong', null, ticket.scenario ? title(ticket.scenario) : say('outcome_unknown')), ` · ${ticket.id} · ${say(`state_${ticket.state}`)}`),
      ticket.chases > 0 && h('p', { class: 'note' }, say('chased', { count: ticket.chases })),
      field(say('callers_words'), note),
    ], () => ({ note: note.value.trim() }), say('note_chase'), { ready: true });
    if (!said) return null;
    await actOnce(ticket.id, { action: 'chase', ...(said.note && { note: said.note }) });
    return say('chase_ended', { id: ticket.id, count: ticket.chases + 1 });
  });
}
