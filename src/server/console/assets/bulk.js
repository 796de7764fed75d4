// Several tickets at once: which are chosen, what is done with all of them, and what came of each.

import { act, ask, post } from './api.js';
import { freshKey } from './draft.js';
import { fill, h, toast } from './dom.js';
import { ACTIONS, actionForm } from './forms.js';
import { title } from './names.js';
import { say } from './words.js';

/** Tickets of one request, at the most. */
const MOST = 200;
/** What can be done with several tickets: nothing that is about one department's part. */
const BULK = ['claim', 'release', 'dispatch', 'refuse', 'merge', 'approve_answer', 'park', 'unpark', 'set_urgency', 'chase', 'note', 'close'];

/** Tickets that are read and dispatched at one moment, each by its own suggestion. */
const AT_ONCE = 6;

/** Sends a ticket where its own decision says, as it was seen; what came of it in words, or why not. */
async function bySuggestion({ id, version }) {
  const ticket = await ask(`/v1/tickets/${encodeURIComponent(id)}`);
  const { decision } = ticket;
  if (!decision?.department) throw new Error(say('no_suggested_department'));
  if (decision.matters.length > 1) throw new Error(say('several_matters'));
  const joint = decision.joint.map((one) => ({ department: one.id, role: 'joint' }));
  await act({ id, version }, { action: 'dispatch', assignments: [{ department: decision.department.id, basis: decision.department.basis }, ...joint] });
  return say('sent_to', { department: decision.department.name });
}

export class Picks {
  /** `onchange()` hears of every change; `items()` gives the lines of the list as they are now. */
  constructor(items, onchange) {
    this.ids = new Set();
    this.items = items;
    this.onchange = onchange;
    this.last = null;
  }

  get size() { return this.ids.size; }

  has(id) { return this.ids.has(id); }

  /** The lines that are chosen, in the order of the list. */
  get chosen() { return this.items().filter((one) => this.ids.has(one.id)); }

  /** Chooses a line or takes it back; with `range` all from the last one to it. */
  toggle(id, range = false) {
    const items = this.items();
    const [from, to] = [items.findIndex((one) => one.id === this.last), items.findIndex((one) => one.id === id)];
    const wanted = !this.ids.has(id);
    const some = range && from >= 0 ? items.slice(Math.min(from, to), Math.max(from, to) + 1) : [items[to]];
    for (const one of some.filter(Boolean)) {
      if (wanted || range) this.#add(one.id);
      else this.ids.delete(one.id);
    }
    this.last = id;
    this.onchange();
  }

  all() {
    const every = this.items().every((one) => this.ids.has(one.id));
    for (const one of this.items()) {
      if (every) this.ids.delete(one.id);
      else this.#add(one.id);
    }
    this.onchange();
  }

  clear() {
    this.ids.clear();
    this.last = null;
    this.onchange();
  }

  /** What left the list is chosen no more. */
  prune() {
    const there = new Set(this.items().map((one) => one.id));
    for (const id of this.ids) if (!there.has(id)) this.ids.delete(id);
  }

  #add(id) {
    if (this.ids.size < MOST) this.ids.add(id);
  }
}

/** What can be done with all that are chosen, in a dialog of its own; `done()` hears when something was. */
export function bulkDialog(picks, { name, done, first = null }) {
  if (!picks.size) return;
  // As they were seen when it was begun: nothing is done with one that somebody changed since.
  const lines = picks.chosen;
  const versions = Object.fromEntries(lines.map((one) => [one.id, one.version]));
  const own = freshKey();
  const fits = (what) => !ACTIONS[what].states || lines.some((one) => ACTIONS[what].states.includes(one.state));
  const place = h('div');
  const results = new Map();
  const list = h('ol', { class: 'bulk-list' });
  const said = h('p', { class: 'note', role: 'status' });
  const waiting = () => lines.filter((one) => !results.get(one.id)?.fine);
  const buttons = h('div', { class: 'buttons' });
  const show = () => void fill(list, lines.map((one) => {
    const result = results.get(one.id);
    return h('li', { class: result ? (result.fine ? 'fine' : 'failed') : '', dataset: { id: one.id } },
      h('span', { class: 'grow' }, h('strong', null, one.scenario ? title(one.scenario) : say('outcome_unknown')), ' ', h('small', null, `${one.id} · ${one.summary}`)),
      result && h('span', { class: 'result' }, result.said));
  }));
  const finished = (fine, failed) => {
    said.textContent = say('bulk_done', { done: fine, failed });
    fill(place);
    show();
    buttons.hidden = !waiting().length;
    done();
    if (!failed) closing.focus();
  };
  const run = async (what, body) => {
    // One that the others are merged into stays what it is.
    const some = waiting().filter((one) => one.id !== body.into);
    if (!some.length) return false;
    const seen = Object.fromEntries(some.map((one) => [one.id, versions[one.id]]));
    try {
      const answer = await post('/v1/tickets/actions', { ids: some.map((one) => one.id), versions: seen, action: body }, { headers: { 'Idempotency-Key': `${own}-${what}` } });
      for (const item of answer.items) {
        results.set(item.id, { fine: !item.problem, said: item.problem ? item.problem.detail || item.problem.title : say('did', { what: say(`do_${what}`) }) });
        if (!item.problem) picks.ids.delete(item.id);
      }
      finished(answer.done, answer.failed);
      return true;
    } catch (problem) {
      toast(problem.message, 'failed');
      return false;
    }
  };
  const suggested = async (event) => {
    event.target.disabled = true;
    const some = waiting();
    let fine = 0;
    for (let at = 0; at < some.length; at += AT_ONCE) {
      await Promise.all(some.slice(at, at + AT_ONCE).map(async (one) => {
        try {
          results.set(one.id, { fine: true, said: await bySuggestion(one) });
          picks.ids.delete(one.id);
          fine += 1;
        } catch (problem) {
          results.set(one.id, { fine: false, said: problem.message });
        }
      }));
      show();
    }
    finished(fine, some.length - fine);
    event.target.disabled = false;
  };
  const begin = (what) => {
    if (!ACTIONS[what].fields) return run(what, { action: what });
    // A form for none of them in particular: nothing is suggested, and whom it is merged into is one of them.
    const none = { id: '', assignments: [], links: [], decision: null, scenario: null, contact: null, confidential: lines.some((one) => one.confidential) };
    fill(place, what === 'merge' ? mergeForm() : actionForm(none, what, { submit: (body) => run(what, body), name, cancel: () => fill(place) }));
    place.querySelector('input, select, textarea')?.focus();
    return undefined;
  };
  const mergeForm = () => {
    const into = h('select', { 'aria-label': say('merge_into') }, waiting().map((one) => h('option', { value: one.id }, `${one.id} · ${one.summary}`)));
    return h('form', { class: 'card', onsubmit: (event) => { event.preventDefault(); run('merge', { action: 'merge', into: into.value }); } },
      h('div', { class: 'field' }, h('label', null, say('merge_into'), into)), h('div', { class: 'actions' }, h('button', { class: 'primary' }, say('do_merge'))));
  };
  const closing = h('button', { type: 'button', onclick: () => box.close() }, say('close'));
  const box = h('dialog', { class: 'dialog wide bulk', 'aria-label': say('bulk') },
    h('h2', null, say('bulk_chosen', { count: lines.length })), said, list,
    fill(buttons, fits('dispatch') && h('button', { type: 'button', class: 'primary', dataset: { action: 'suggested' }, onclick: suggested }, say('as_suggested')),
      BULK.filter(fits).map((what) => h('button', { type: 'button', dataset: { action: what }, onclick: () => begin(what) }, say(`do_${what}`)))),
    place, h('div', { class: 'actions' }, closing));
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  show();
  box.showModal();
  if (first && BULK.includes(first) && fits(first)) begin(first);
}
