// What can be done with a ticket: one description for each action, and the form that is made from it.

import { act } from './api.js';
import { choose } from './choose.js';
import { field, fill, h, toast } from './dom.js';
import { chooseRepeat } from './merge.js';
import { findDepartments, findScenarios, title } from './names.js';
import { sides } from './sides.js';
import { say } from './words.js';

const QUEUE = ['received', 'in_review'];
const HANDLING = ['dispatched', 'accepted', 'contacted'];
/** One of several parts may have been given back, and the ticket be in review again, while another waits for a ruling. */
const RULED = ['in_review', ...HANDLING, 'resolved'];
const BEFORE_REPLY = [...QUEUE, ...HANDLING, 'resolved', 'answer_reviewed'];
const OPEN = [...QUEUE, ...HANDLING, 'resolved', 'answer_reviewed', 'reply_sent', 'called_back', 'parked'];
const RETURN_REASONS = ['not_ours', 'wrong_district', 'duplicate', 'missing_information', 'several_owners'];
const URGENCIES = ['normal', 'urgent', 'critical'];
const GROUNDS = ['in_proceedings', 'finally_answered', 'nothing_concrete', 'out_of_scope', 'own_channel', 'emergency'];

const area = (name, label, extra) => ({ kind: 'area', name, label, required: true, ...extra });
const reason = area('reason', 'reason', { rows: 2 });

/**
 * Of an action: the states of a ticket in which it makes sense, its key, its fields; `of` names the assignments it is
 * about, one form for each. Whether it may be done is the server's to say.
 */
export const ACTIONS = {
  claim: { states: [...QUEUE, ...HANDLING], key: 'KeyC', when: (ticket) => !ticket.claim },
  release: { states: [...QUEUE, ...HANDLING], key: 'KeyZ', when: (ticket) => ticket.claim },
  confirm: { states: ['in_review'], key: 'KeyF', primary: true, when: (ticket) => ticket.provisional },
  dispatch: { states: QUEUE, key: 'KeyD', primary: true, fields: [{ kind: 'scenario', name: 'scenario' }, { kind: 'assignments', name: 'assignments' }] },
  answer_on_the_spot: { states: QUEUE, key: 'KeyO', fields: [area('text', 'what_was_said', { from: (ticket) => ticket.decision?.reply?.text })] },
  add: { action: 'dispatch', states: HANDLING, key: 'KeyD', fields: [{ kind: 'assignments', name: 'assignments', more: true }] },
  refuse: { states: QUEUE, key: 'KeyX', fields: [{ kind: 'choice', name: 'ground', label: 'ground', options: GROUNDS, prefix: 'ground_' }, area('notice', 'notice_to_caller', { follows: 'ground', words: 'notice_' })] },
  uphold_return: { states: RULED, key: 'KeyY', primary: true, of: (one) => one.returning, above: sides, fields: [{ kind: 'assignments', name: 'to', optional: true }, reason] },
  refuse_return: { states: RULED, key: 'KeyN', of: (one) => one.returning, above: sides, fields: [reason] },
  approve_answer: { states: ['resolved'], key: 'KeyA', primary: true },
  send_back: { states: ['resolved', 'answer_reviewed'], key: 'KeyB', of: (one) => one.state === 'resolved', fields: [area('reason', 'what_is_missing')] },
  send_reply: { states: ['answer_reviewed'], key: 'KeyR', primary: true, fields: [area('text', 'reply', { from: answers })] },
  redirect: { states: [...HANDLING, 'resolved'], key: 'KeyE', of: (one) => one.state !== 'withdrawn' && !one.returning, fields: [{ kind: 'department', name: 'to' }, reason] },
  accept: { states: HANDLING, key: 'KeyA', primary: true, of: (one) => one.state === 'sent' && !one.returning },
  contact: { states: HANDLING, key: 'KeyC', of: (one) => ['accepted', 'contacted'].includes(one.state), fields: [{ kind: 'check', name: 'met', label: 'met' }, area('note', 'what_was_said', { required: false, rows: 2 })] },
  resolve: { states: HANDLING, key: 'KeyR', primary: true, of: (one) => ['accepted', 'contacted'].includes(one.state), fields: [area('answer', 'answer_note')] },
  apply_return: { states: HANDLING, key: 'KeyB', of: (one) => ['sent', 'accepted'].includes(one.state) && !one.returning && !one.binding,
    fields: [{ kind: 'choice', name: 'reason', label: 'reason', options: RETURN_REASONS, prefix: 'return_' }, area('basis', 'basis')] },
  pause: { states: HANDLING, key: 'KeyP', when: (ticket) => !ticket.paused, fields: [area('reason', 'what_is_missing', { rows: 2 })] },
  resume: { states: BEFORE_REPLY, key: 'KeyP', when: (ticket) => ticket.paused },
  extend: { states: BEFORE_REPLY, key: 'KeyT', fields: [{ kind: 'term', name: 'term', label: 'more_time' }, reason, { kind: 'text', name: 'approved_by', label: 'approved_by' }] },
  park: { states: BEFORE_REPLY, key: 'KeyS', fields: [reason, { kind: 'date', name: 'review_on', label: 'review_on' }] },
  set_urgency: { states: OPEN, key: 'KeyU', fields: [{ kind: 'choice', name: 'urgency', label: 'urgency', options: URGENCIES, prefix: 'urgency_' }, area('reason', 'reason', { rows: 2 })] },
  reopen: { states: ['closed', 'finalised', 'refused'], key: 'KeyO', fields: [reason] },
  unpark: { states: ['parked'], key: 'KeyU', primary: true },
  merge: { states: OPEN, key: 'KeyM', wide: true, fields: [{ kind: 'repeat', name: 'into', label: 'merge_into' }] },
  chase: { states: OPEN, key: 'KeyH', fields: [area('note', 'what_was_said', { required: false, rows: 2 })] },
  note: { states: null, key: 'KeyI', fields: [area('text', 'note', { rows: 2 })] },
  close: { states: ['reply_sent', 'called_back'], key: 'KeyL' },
};

/** What the departments answered, as a draft of the reply. */
function answers(ticket) {
  return ticket.assignments.filter((one) => one.answer && one.state !== 'withdrawn').map((one) => one.answer).join('\n');
}

/** The assignments that an action is about; null where it is about the whole ticket. */
function parts(action, ticket, own) {
  return action.of ? ticket.assignments.filter((one) => own(one) && action.of(one)) : null;
}

function fits(name, ticket, own) {
  const action = ACTIONS[name];
  // An emergency that went out at once is in review for the centre, and dispatched for everybody else.
  const stands = ticket.provisional ? [ticket.state, 'dispatched'] : [ticket.state];
  if (action.states && !stands.some((state) => action.states.includes(state))) return false;
  if (action.when && !action.when(ticket)) return false;
  return !action.of || parts(action, ticket, own).length > 0;
}

/**
 * Buttons for what can be done, and below them the form of the one that was chosen. `done(ticket)` hears of the ticket
 * afterwards (null where it is gone), `stale()` that somebody else changed it.
 */
export function actionBar(ticket, list, { done, stale, name, own = () => true }) {
  const place = h('div', { class: 'action-form' });
  const possible = list.filter((one) => fits(one, ticket, own));
  const choose = (one) => {
    const action = ACTIONS[one];
    const targets = parts(action, ticket, own);
    const alone = !action.fields && (!targets || targets.length === 1);
    const submit = (body) => send(ticket, body, { done, stale, name: one });
    if (alone) return submit({ action: action.action ?? one, ...(targets && { assignment: targets[0].number }) });
    fill(place, actionForm(ticket, one, { targets, submit, name, cancel: () => fill(place) }));
    place.querySelector('input, textarea, select')?.focus();
    return undefined;
  };
  const bar = h('div', { class: 'acts' }, h('div', { class: 'buttons' }, possible.map((one) =>
    h('button', { type: 'button', class: ACTIONS[one].primary ? 'primary' : '', dataset: { action: one }, onclick: () => choose(one) },
      say(`do_${one}`), h('kbd', null, ACTIONS[one].key.slice(3))))), place);
  const chosen = (one) => {
    if (!possible.includes(one)) return false;
    choose(one);
    return true;
  };
  return { bar, choose: chosen };
}

/** Keys for actions: what they do is asked of the bar that is shown at the time. Of several with one key one is possible at a time. */
export const actionKeys = (list, bar) => list.map((one) => {
  const { key } = ACTIONS[one];
  return { code: key, label: `do_${one}`, run: () => list.filter((other) => ACTIONS[other].key === key).some((other) => bar()?.choose(other)) };
});

async function send(ticket, action, { done, stale, name }) {
  try {
    const after = await act(ticket, action);
    toast(say('did', { what: say(`do_${name}`) }));
    done(after, action);
    return true;
  } catch (problem) {
    toast(problem.message, 'failed');
    if ([404, 409, 412].includes(problem.status)) stale();
    return false;
  }
}

/**
 * The form of an action. `submit(body)` sends it, and says whether it was done; `targets` are the assignments that it may
 * be about.
 */
export function actionForm(ticket, name, { targets = null, submit, cancel, name: nameOf }) {
  const described = ACTIONS[name];
  const inputs = (described.fields ?? []).map((one) => ({ ...one, made: control(one, ticket, nameOf) }));
  for (const one of inputs.filter((own) => own.follows)) suggestWords(inputs.find((other) => other.name === one.follows).made.input, one);
  const target = targets?.length > 1 && h('select', { required: true, onchange: () => showAbove() }, targets.map((one) => h('option', { value: one.number }, nameOf(one.department))));
  const about = () => targets?.find((one) => one.number === (target ? Number(target.value) : targets[0].number));
  const above = described.above && h('div');
  const showAbove = () => above && fill(above, described.above(ticket, about(), nameOf));
  const button = h('button', { class: 'primary' }, say(`do_${name}`));
  const sent = async (event) => {
    event.preventDefault();
    const body = { action: described.action ?? name, ...(targets && { assignment: about().number }) };
    for (const one of inputs) {
      const value = one.made.read(about());
      if (value === null) return void toast(say('fill_in', { what: say(one.label ?? one.kind) }), 'failed');
      if (value !== undefined && value !== '') body[one.name] = value;
    }
    button.disabled = true;
    if (!await submit(body)) button.disabled = false;
  };
  const form = h('form', { class: 'card', onsubmit: sent, onkeydown: (event) => { if (event.key === 'Escape' && !event.defaultPrevented) cancel(); } },
    target && field(say('assignment'), target), above, inputs.map((one) => one.made.box),
    h('div', { class: 'actions' }, button, h('button', { type: 'button', onclick: cancel }, say('cancel'))));
  showAbove();
  return form;
}

/** Words to begin with for each choice, until somebody writes others. */
function suggestWords(choice, { made, words }) {
  let own = '';
  const suggest = () => {
    if (made.input.value !== own) return;
    own = say(words + choice.value);
    made.input.value = own;
  };
  choice.addEventListener('change', suggest);
  suggest();
}

/** A field's control and how its value is read: undefined leaves it out, null is a mistake. */
function control(one, ticket, nameOf) {
  switch (one.kind) {
    case 'area': {
      const made = h('textarea', { rows: one.rows ?? 4, maxlength: 5000, required: one.required, value: one.from?.(ticket) ?? '' });
      return { box: field(say(one.label), made), input: made, read: () => made.value.trim() || (one.required ? null : undefined) };
    }
    case 'date': {
      const made = h('input', { type: 'date', required: true });
      return { box: field(say(one.label), made), read: () => made.value || null };
    }
    case 'term': {
      const count = h('input', { type: 'number', min: 1, max: 999, required: true, value: '3' });
      const unit = h('select', { 'aria-label': say('unit') }, ['working days', 'days', 'hours'].map((own) => h('option', { value: own }, say(`unit_${own.replace(' ', '_')}`))));
      return { box: h('div', { class: 'inline' }, field(say(one.label), count), field(say('unit'), unit)), read: () => (count.value ? `${count.value} ${unit.value}` : null) };
    }
    case 'repeat': return chooseRepeat(ticket, nameOf);
    case 'text': {
      const made = h('input', { required: true, maxlength: 100, autocomplete: 'off' });
      return { box: field(say(one.label), made), read: () => made.value.trim() };
    }
    case 'check': {
      const made = h('input', { type: 'checkbox' });
      return { box: h('label', { class: 'check' }, made, say(one.label)), read: () => made.checked };
    }
    case 'choice': {
      const made = h('select', null, one.options.map((option) => h('option', { value: option }, say(one.prefix + option))));
      return { box: field(say(one.label), made), input: made, read: () => made.value };
    }
    case 'department': {
      const made = choose({ find: findDepartments, label: say('department'), free: true });
      return { box: made.box, read: () => (made.value ? { department: made.value } : null) };
    }
    case 'scenario': {
      const value = ticket.scenario && { id: ticket.scenario, label: title(ticket.scenario) };
      const made = choose({ find: findScenarios, label: say('scenario'), value });
      return { box: made.box, read: () => (made.value && made.value !== ticket.scenario ? made.value : undefined) };
    }
    default: return assignmentRows(one, ticket, nameOf);
  }
}

/** Rows of departments with what each is to the ticket: suggested, split by matter, or written. */
function assignmentRows(one, ticket, nameOf) {
  const { decision } = ticket;
  const rows = h('div', { class: 'rows' });
  const named = (department) => ({ id: department.id, label: department.name ?? nameOf(department.id) });
  const add = (department = null, role = 'lead', matter = '', basis = '') => {
    const who = choose({ find: findDepartments, label: say('department'), free: true, value: department && named(department) });
    const as = h('select', null, ['lead', 'joint', 'verify'].map((option) => h('option', { value: option }, say(`role_${option}`))));
    as.value = role;
    const why = h('input', { maxlength: 500, autocomplete: 'off', value: basis });
    const what = h('input', { maxlength: 500, autocomplete: 'off', placeholder: say('summary_note') });
    const box = h('div', { class: 'row', dataset: { matter } }, who.box, field(say('role'), as), field(say('basis'), why),
      ticket.confidential && field(say('summary'), what),
      h('button', { type: 'button', class: 'small', 'aria-label': say('remove'), onclick: () => box.remove() }, '×'));
    box.read = () => ({
      department: who.value, role: as.value, ...(matter && { matter }), ...(why.value.trim() && { basis: why.value.trim() }), ...(what.value.trim() && { summary: what.value.trim() }),
    });
    rows.append(box);
  };
  const suggestedRows = () => {
    rows.replaceChildren();
    if (decision?.department) add(decision.department, 'lead', '', decision.department.basis);
    for (const joint of decision?.joint ?? []) add(joint, 'joint');
    if (!rows.childElementCount && !one.optional) add();
  };
  const split = () => {
    rows.replaceChildren();
    for (const matter of decision.matters) add(matter.department, 'lead', matter.scenario.id, matter.department?.basis ?? '');
  };
  // A ruling of the panel says who has it.
  const ruled = one.optional && ticket.assignments.some((own) => own.returning?.panel);
  if (ruled) add();
  else if (one.more) add(null, ticket.assignments.some((own) => own.role === 'lead' && own.state !== 'withdrawn') ? 'joint' : 'lead');
  else if (!one.optional) suggestedRows();
  const several = !one.more && !one.optional && decision?.matters.length > 1;
  const box = h('fieldset', { class: 'assign' }, h('legend', null, say(ruled ? 'who_is_to_have_it' : one.optional ? 'who_has_it_now' : 'to_whom')), rows,
    h('div', { class: 'chips' }, h('button', { type: 'button', class: 'small', onclick: () => add(null, rows.childElementCount ? 'joint' : 'lead') }, say('add_department')),
      several && h('button', { type: 'button', class: 'small', onclick: split }, say('split', { count: decision.matters.length }))));
  const read = (about) => {
    const all = [...rows.children].map((row) => row.read()).filter((row) => row.department);
    return all.length || (one.optional && !about?.returning?.panel) ? all : null;
  };
  return { box, read };
}
