// A return before its ruling: what the department was given it on, what it says against that, and what was applied for and
// ruled before.

import { ask } from './api.js';
import { fill, h } from './dom.js';
import { at } from './time.js';
import { say } from './words.js';

const RULINGS = ['return_applied', 'return_upheld', 'return_refused', 'redirected'];

/** Both sides of an application. `name` gives the name of a department. */
export function sides(ticket, part, name) {
  const { decision } = ticket;
  const suggested = decision?.department;
  const before = h('ol', { class: 'history' });
  earlier(ticket, part, name, before);
  return [
    h('div', { class: 'two sides' },
      h('section', null, h('h3', null, say('side_centre')), h('p', null, h('strong', null, name(part.department)), ' ', h('span', { class: 'pill' }, say(`role_${part.role}`))),
        h('p', { class: 'text' }, part.basis || say('no_basis')),
        suggested && suggested.id === part.department && suggested.reason && h('p', { class: 'basis' }, suggested.reason),
        suggested && suggested.id !== part.department && h('p', { class: 'basis' }, say('side_engine', { department: suggested.name, basis: suggested.basis }))),
      h('section', null, h('h3', null, say('side_unit')), h('p', null, h('strong', null, say(`return_${part.returning.reason}`)), ' ', h('small', null, at(part.returning.at))),
        h('p', { class: 'text' }, part.returning.basis))),
    part.returning.panel && h('p', { class: 'claimed' }, say('panel_note')),
    before,
  ];
}

/** What was applied for and ruled before, from the history. */
async function earlier(ticket, part, name, place) {
  if (ticket.return_applications < 2) return;
  const answer = await ask(`/v1/tickets/${encodeURIComponent(ticket.id)}/history`).catch((problem) => problem);
  if (answer instanceof Error) return void fill(place, h('li', { class: 'problem' }, answer.message));
  const departmentOf = (number) => ticket.assignments.find((one) => one.number === number)?.department ?? '';
  const events = answer.events.filter((one) => RULINGS.includes(one.change) && !(one.change === 'return_applied' && one.assignment === part.number && one.at === part.returning.at));
  fill(place, events.map((one) => h('li', null, at(one.at), h('strong', null, say(`change_${one.change}`)), h('small', null, name(departmentOf(one.assignment))),
    h('span', null, one.change === 'return_applied' ? `${say(`return_${one.reason}`)}${say('colon')}${one.basis}` : one.reason))));
}
