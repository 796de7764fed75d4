// What can be done with a ticket: one description for each action, and the form that is made from it.

import { act } from './api.js';
import { choose } from './choose.js';
import { field, fill, h, toast } from './dom.js';
import { findDepartments, findScenarios, title } from './names.js';
import { say } from './words.js';

const QUEUE = ['received', 'in_review'];
const HANDLING = ['dispatched', 'accepted', 'contacted'];
const OPEN = [...QUEUE, ...HANDLING, 'resolved', 'answer_reviewed', 'reply_sent', 'called_back', 'parked'];
const RETURN_REASONS = ['not_ours', 'wrong_district', 'duplicate', 'missing_information', 'several_owners'];
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
  refuse: { states: QUEUE, key: 'KeyX', fields: [{ kind: 'choice', name: 'ground', label: 'ground', options: GROUNDS, prefix: 'ground_' }, area('notice', 'notice_to_caller')] },
  uphold_return: { states: HANDLING, key: 'KeyY', primary: true, of: (one) => one.returning, fields: [reason, { kind: 'assignments', name: 'to', optional: true }] },
  refuse_return: { states: HANDLING, key: 'KeyN', of: (one) => one.returning, fields: [reason] },
  approve_answer: { states: ['resolved'], key: 'KeyA', primary: true },
  send_back: { states: ['resolved', 'answer_reviewed'], key: 'KeyB', of: (one) => one.state === 'resolved', fields: [area('reason', 'what_is_missing')] },
  send_reply: { states: ['answer_reviewed'], key: 'KeyR', primary: true, fields: [area('text', 'reply', { from: answers })] },
  redirect: { states: [...HANDLING, 'resolved'], key: 'KeyE', of: (one) => one.state !== 'withdrawn' && !one.returning, fields: [{ kind: 'department', name: 'to' }, reason] },
  accept: { states: HANDLING, key: 'KeyA', primary: true, of: (one) => one.state === 'sent' && !one.returning },
  contact: { states: HANDLING, key: 'KeyC', of: (one) => ['accepted', 'contacted'].includes(one.state), fields: [{ kind: 'check', name: 'met', label: 'met' }, area('note', 'what_was_said', { required: false, rows: 2 })] },
  resolve: { states: HANDLING, key: 'KeyR', primary: true, of: (one) => ['accepted', 'contacted'].includes(one.state), fields: [area('answer', 'answer_note')] },
  apply_return: { states: HANDLING, key: 'KeyB', of: (one) => ['sent', 'accepted'].includes(one.state) && !one.returning && !one.binding,
    fields: [{ kind: 'choice', name: 'reason', label: 'reason', options: RETURN_REASONS, prefix: 'return_' }, area('basis', 'basis')] },
  unpark: { states: ['parked'], key: 'KeyU', primary: true },
  merge: { states: OPEN, key: 'KeyM', fields: [{ kind: 'text', name: 'into', label: 'merge_into' }] },
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
    if (alone) return send(ticket, { action: one, ...(targets && { assignment: targets[0].number }) }, { done, stale });
    fill(place, actionForm(ticket, one, targets, { done, stale, name, cancel: () => fill(place) }));
    place.querySelector('input, textarea, select')?.focus();
    return undefined;
  };
  const bar = h('div', { class: 'acts' }, h('div', { class: 'buttons' }, possible.map((one) =>
    h('button', { type: 'button', class: ACTIONS[one].primary ? 'primary' : '', dataset: { action: one }, onclick: () => choose(one) },
      say(`do_${one}`), h('kbd', null, ACTIONS[one].key.slice(3))))), place);
  return { bar, choose: (one) => possible.includes(one) && choose(one) };
}

/** Keys for actions: what they do is asked of the bar that is shown at the time. */
export const actionKeys = (list, bar) => list.map((one) => ({ code: ACTIONS[one].key, label: `do_${one}`, run: () => bar()?.choose(one) }));

async function send(ticket, action, { done, stale }) {
  try {
    const after = await act(ticket, action);
    toast(say('did', { what: say(`do_${action.action}`) }));
    done(after, action);
    return true;
  } catch (problem) {
    toast(problem.message, 'failed');
    if ([404, 409, 412].includes(problem.status)) stale();
    return false;
  }
}

function actionForm(ticket, name, targets, { done, stale, cancel, name: nameOf }) {
  const described = ACTIONS[name];
  const inputs = (described.fields ?? []).map((one) => ({ ...one, made: control(one, ticket, nameOf) }));
  const target = targets?.length > 1 && h('select', { required: true }, targets.map((one) => h('option', { value: one.number }, nameOf(one.department))));
  const button = h('button', { class: 'primary' }, say(`do_${name}`));
  const submit = async (event) => {
    event.preventDefault();
    const body = { action: name, ...(targets && { assignment: target ? Number(target.value) : targets[0].number }) };
    for (const one of inputs) {
      const value = one.made.read();
      if (value === null) return void toast(say('fill_in', { what: say(one.label ?? one.kind) }), 'failed');
      if (value !== undefined && value !== '') body[one.name] = value;
    }
    button.disabled = true;
    if (!await send(ticket, body, { done, stale })) button.disabled = false;
  };
  return h('form', { class: 'card', onsubmit: submit, onkeydown: (event) => { if (event.key === 'Escape' && !event.defaultPrevented) cancel(); } },
    target && field(say('assignment'), target), inputs.map((one) => one.made.box),
    h('div', { class: 'actions' }, button, h('button', { type: 'button', onclick: cancel }, say('cancel'))));
}

/** A field's control and how its value is read: undefined leaves it out, null is a mistake. */
function control(one, ticket, nameOf) {
  switch (one.kind) {
    case 'area': {
      const made = h('textarea', { rows: one.rows ?? 4, maxlength: 5000, required: one.required, value: one.from?.(ticket) ?? '' });
      return { box: field(say(one.label), made), read: () => made.value.trim() || (one.required ? null : undefined) };
    }
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
      return { box: field(say(one.label), made), read: () => made.value };
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
  if (!one.optional) suggestedRows();
  const several = decision?.matters.length > 1;
  const box = h('fieldset', { class: 'assign' }, h('legend', null, say(one.optional ? 'who_has_it_now' : 'to_whom')), rows,
    h('div', { class: 'chips' }, h('button', { type: 'button', class: 'small', onclick: () => add(null, rows.childElementCount ? 'joint' : 'lead') }, say('add_department')),
      several && h('button', { type: 'button', class: 'small', onclick: split }, say('split', { count: decision.matters.length }))));
  const read = () => {
    const all = [...rows.children].map((row) => row.read()).filter((row) => row.department);
    return all.length || one.optional ? all : null;
  };
  return { box, read };
}
