// A ticket: its line in a list, and all of it with the evidence in view.

import { ask } from './api.js';
import { alarm, factName, matters, percent, row, runnersUp } from './decision.js';
import { fill, h } from './dom.js';
import { learnTitles, names, title } from './names.js';
import { marked, marksOf } from './spans.js';
import { at, countdown } from './time.js';
import { say } from './words.js';

/** The names that lines and tickets need, learned before they are shown. */
export async function known(lines) {
  const [all] = await Promise.all([names(), learnTitles(lines.map((one) => one.scenario))]);
  return (id) => all.byId.get(id) ?? id;
}

/** A line of a list; `picks` are those that are chosen to be acted on together. */
export function line(item, { current, name, onopen, picks }) {
  const flags = [
    item.urgency !== 'normal' && h('span', { class: `pill ${item.urgency}` }, say(`urgency_${item.urgency}`)),
    item.chases > 0 && h('span', { class: 'pill warn' }, say('chased', { count: item.chases })),
    item.confidential && h('span', { class: 'pill' }, say('confidential')),
    item.returning && h('span', { class: 'pill warn' }, say(`returning_${item.returning}`)),
    item.claimed_by && h('span', { class: 'pill' }, say('claimed_by', { by: item.claimed_by })),
  ];
  const open = (event) => {
    if (!picks || !(event.shiftKey || event.ctrlKey || event.metaKey)) return onopen(item.id);
    return picks.toggle(item.id, event.shiftKey);
  };
  return h('li', { class: picks ? 'pickable' : null }, picks && h('input', { type: 'checkbox', class: 'pick', checked: picks.has(item.id), 'aria-label': say('pick', { id: item.id }), tabindex: '-1', onclick: (event) => picks.toggle(item.id, event.shiftKey) }),
    h('button', { type: 'button', class: 'line', dataset: { id: item.id }, 'aria-current': item.id === current ? 'true' : null, onclick: open },
    h('span', { class: 'line-head' }, h('strong', null, item.scenario ? title(item.scenario) : say('outcome_unknown')), item.due && countdown(item.due, item.paused)),
    h('span', { class: 'summary' }, item.summary),
    h('span', { class: 'line-foot' }, h('small', null, item.id), h('small', null, say(`state_${item.state}`)),
      item.district && h('small', null, name(item.district)), item.department && h('small', null, name(item.department)), flags)));
}

/** A list of lines, or why there is none. */
export function list(place, items, options) {
  if (!items.length) return fill(place, h('li', { class: 'empty' }, say('queue_empty')));
  const focused = document.activeElement?.dataset?.id;
  fill(place, items.map((item) => line(item, options)));
  // A list that was drawn again keeps its place.
  if (focused) place.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  return place;
}

/** All of a ticket. `actions` is what can be done with it, `part` what stands beside an assignment. */
export function ticketView(ticket, { name, actions, part = () => null, back, judged }) {
  const { decision } = ticket;
  return [
    h('div', { class: 'ticket-head' }, back && h('button', { type: 'button', class: 'small back', onclick: back }, `← ${say('back')}`),
      h('div', { class: 'grow' }, h('h2', null, ticket.scenario ? title(ticket.scenario) : say('outcome_unknown')),
        h('p', { class: 'note' }, [ticket.id, say(`state_${ticket.state}`), ticket.channel && say.maybe(`channel_${ticket.channel}`, ticket.channel)].filter(Boolean).join(' · '), ' · ', at(ticket.opened_at))),
      ticket.urgency !== 'normal' && h('span', { class: `pill ${ticket.urgency}` }, say(`urgency_${ticket.urgency}`)),
      ticket.due && countdown(ticket.due, ticket.paused !== null)),
    decision?.emergency && alarm(decision),
    ticket.claim && h('p', { class: 'claimed' }, say('claimed_by', { by: ticket.claim.by }), ' · ', say('until'), ' ', at(ticket.claim.until)),
    actions,
    h('section', { class: 'said' }, h('h3', null, say('complaint')), ticket.title && h('p', null, h('strong', null, ticket.title)),
      h('p', { class: 'text' }, marked(ticket.text, marksOf(decision, factName)))),
    ticket.assignments.length > 0 && assignments(ticket, name, part),
    ticket.reply && h('section', null, h('h3', null, say('reply')), h('p', { class: 'text' }, ticket.reply)),
    h('div', { class: 'two' },
      h('section', null, h('h3', null, say('caller')), h('dl', { class: 'properties' },
        row(say('name'), ticket.contact?.name), row(say('phone'), ticket.contact?.phone), row(say('district'), ticket.district && name(ticket.district)),
        row(say('about'), ticket.about && name(ticket.about)), row(say('confidential'), ticket.confidential && say('yes')),
        row(say('chases'), ticket.chases || null), row(say('reopened'), ticket.reopened || null), row(say('links'), ticket.links.map((link) => `${link.ticket} (${say(`relation_${link.relation}`)})`).join('、')))),
      decision && suggested(decision)),
    decision && h('section', null, h('div', { class: 'heading' }, h('h3', { class: 'grow' }, say('why')),
      judged && [h('button', { type: 'button', class: 'small', onclick: judged.why }, say('page_try'), h('kbd', null, 'W')), h('button', { type: 'button', class: 'small', onclick: judged.wrong }, say('correct'), h('kbd', null, 'Alt+B'))]), evidence(decision)),
    ticket.call_backs.length > 0 && callBacks(ticket),
    history(ticket, name),
  ];
}

function suggested(decision) {
  return h('section', null, h('h3', null, say('suggestion')), h('dl', { class: 'properties' },
    row(say('scenario'), decision.scenario && `${decision.scenario.title} · ${percent(decision.scenario.confidence)}`),
    row(say('department'), decision.department && h('strong', null, decision.department.name), decision.department && h('small', { class: 'basis' }, decision.department.basis)),
    row(say('joint'), decision.joint.map((one) => one.name).join('、')), row(say('deadline'), decision.deadline?.term)));
}

/** Which words speak for it, and which rule asked for them. */
function evidence(decision) {
  const byTerm = new Map();
  for (const item of decision.evidence) {
    const words = byTerm.get(item.text) ?? new Set();
    byTerm.set(item.text, words.add(`${item.file}:${item.line}`));
  }
  return [
    byTerm.size > 0 && h('ul', { class: 'words' }, [...byTerm].map(([words, places]) => h('li', null, h('mark', { class: 'evidence' }, words), h('small', null, [...places].join('、'))))),
    decision.department?.reason && h('p', { class: 'note' }, decision.department.reason),
    matters(decision),
    decision.runners_up.length > 0 && [h('h4', null, say('runners_up')), runnersUp(decision)],
    decision.articles.length > 0 && h('p', { class: 'basis' }, `${say('articles')}：${decision.articles.map((one) => `${one.title}（${one.basis.join('；')}）`).join('、')}`),
  ];
}

function assignments(ticket, name, part) {
  return h('section', null, h('h3', null, say('assignments')), h('ol', { class: 'assignments' }, ticket.assignments.map((one) => h('li', { class: one.state },
    h('div', { class: 'line-head' }, h('strong', null, name(one.department)), h('span', { class: 'pill' }, say(`role_${one.role}`)),
      h('span', { class: 'pill' }, say(`part_${one.state}`)), one.binding && h('span', { class: 'pill warn' }, say('binding')),
      !['resolved', 'withdrawn'].includes(one.state) && countdown(one.deadline.due, ticket.paused !== null)),
    one.basis && h('p', { class: 'basis' }, one.basis), one.summary && h('p', { class: 'text' }, one.summary),
    one.returning && h('p', { class: 'returning' }, h('strong', null, say('asks_return', { reason: say(`return_${one.returning.reason}`) })), ` ${one.returning.basis}`),
    one.answer && h('p', { class: 'text answer' }, one.answer), part(one)))));
}

function callBacks(ticket) {
  return h('section', null, h('h3', null, say('call_backs')), h('ul', { class: 'lines' }, ticket.call_backs.map((one) => h('li', null,
    [say(`by_${one.by}`), one.reached ? say(`solved_${one.solved}`) : say('not_reached'),
      one.satisfied === true && say('satisfied'), one.satisfied === false && say('unsatisfied'), one.note].filter(Boolean).join(' · ')))));
}

/** What happened to it; read when it is opened. */
function history(ticket, name) {
  const events = h('ol', { class: 'history' });
  const read = async (event) => {
    if (!event.target.open || events.childElementCount) return;
    const answer = await ask(`/v1/tickets/${encodeURIComponent(ticket.id)}/history`).catch((problem) => problem);
    if (answer instanceof Error) return void fill(events, h('li', { class: 'problem' }, answer.message));
    fill(events, answer.events.map((one) => h('li', null, at(one.at), h('strong', null, say(`change_${one.change}`)), h('small', null, one.actor),
      h('span', null, [one.assignments?.map((a) => name(a.department)).join('、'), one.reason && typeof one.reason === 'string' && say.maybe(`queued_${one.reason}`, one.reason), one.note, one.answer, one.notice]
        .filter((text) => typeof text === 'string' && text).join(' · ')))));
  };
  return h('details', { class: 'entry', ontoggle: read }, h('summary', null, say('history')), events);
}
