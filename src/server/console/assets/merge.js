// Which ticket another one is merged into: those that may be the same matter are offered, and both texts stand side by side.

import { ask, post } from './api.js';
import { field, fill, freshId, h } from './dom.js';
import { title } from './names.js';
import { OVER } from './progress.js';
import { known } from './ticket.js';
import { at } from './time.js';
import { say } from './words.js';

/** Tickets that are offered, at the most. */
const MOST = 8;

const ticketOf = (id) => ask(`/v1/tickets/${encodeURIComponent(id)}`);

/** Open tickets that a ticket is linked to, then others of its caller; each with how it is connected. */
async function repeatsOf(ticket) {
  const linked = ticket.links.map((link) => ({ id: link.ticket, relation: link.relation }));
  const phone = ticket.contact?.phone;
  const ofCaller = phone ? await post('/v1/callers', { phone }).then((answer) => answer.tickets, () => []) : [];
  const ids = [...linked, ...ofCaller.map((one) => ({ id: one.id, relation: 'same_caller' }))].filter((one) => one.id !== ticket.id);
  const each = [...new Map(ids.reverse().map((one) => [one.id, one])).values()].reverse().slice(0, MOST);
  const read = await Promise.all(each.map(async (one) => ({ ...one, ticket: await ticketOf(one.id).catch(() => null) })));
  return read.filter((one) => one.ticket && !OVER.includes(one.ticket.state));
}

/** A control for the ticket that `ticket` becomes part of. */
export function chooseRepeat(ticket, nameOf) {
  const group = freshId('into');
  const offered = h('div', { class: 'offered', role: 'radiogroup', 'aria-label': say('repeats') }, h('p', { class: 'note' }, say('reading')));
  const written = h('input', { maxlength: 100, autocomplete: 'off' });
  const both = h('div', { class: 'two sides' });
  let into = '';
  const beside = async (other) => {
    if (!other) return void fill(both);
    const name = await known([other]).catch(() => nameOf);
    fill(both, text('this_ticket', ticket, name), text('merge_into', other, name));
  };
  written.addEventListener('change', async () => {
    const id = written.value.trim();
    for (const radio of offered.querySelectorAll('input')) radio.checked = radio.value === id;
    into = id;
    await beside(id && await ticketOf(id).catch(() => null));
  });
  const choice = ({ id, relation, ticket: other }) => h('label', { class: 'check' },
    h('input', { type: 'radio', name: group, value: id, onchange: () => { into = id; written.value = id; beside(other); } }),
    h('span', null, h('strong', null, other.scenario ? title(other.scenario) : say('outcome_unknown')), ' ', h('span', { class: 'pill' }, say(`relation_${relation}`)),
      h('small', null, [id, say(`state_${other.state}`)].join(' · '))));
  repeatsOf(ticket).then(async (found) => {
    await known(found.map((one) => one.ticket));
    fill(offered, found.length ? found.map(choice) : h('p', { class: 'note' }, say('no_repeats')));
    const first = offered.querySelector('input');
    if (first && !into && !written.value && document.activeElement === written) {
      first.click();
      first.focus();
    }
  }).catch((problem) => fill(offered, h('p', { class: 'problem' }, problem.message)));
  return {
    box: h('div', { class: 'merge' }, h('h3', null, say('repeats')), offered, field(say('merge_into'), written), both),
    read: () => written.value.trim() || into || null,
  };
}

function text(label, ticket, name) {
  return h('section', null, h('h3', null, say(label)), h('p', { class: 'note' }, [ticket.id, say(`state_${ticket.state}`), ticket.district && name(ticket.district)].filter(Boolean).join(' · '), ' · ', at(ticket.opened_at)),
    h('p', { class: 'text' }, ticket.text),
    ticket.assignments.some((one) => one.state !== 'withdrawn') && h('p', { class: 'basis' }, ticket.assignments.filter((one) => one.state !== 'withdrawn').map((one) => name(one.department)).join(say('comma'))));
}
