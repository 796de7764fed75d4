// How a decision is shown: on a call while it changes, and on a ticket as evidence.

import { h } from './dom.js';
import { marked } from './spans.js';
import { countdown } from './time.js';
import { say } from './words.js';

export const percent = (share) => `${Math.round(share * 100)}%`;

/** The kind of a fact in words. */
export const factName = (kind) => say(`fact_${kind}`);

/** How sure it is: a bar with its figure, and the outcome in words. */
export function sureness(decision) {
  const share = decision.scenario?.confidence ?? decision.department?.confidence ?? 0;
  const bar = h('span', { class: 'bar', 'aria-hidden': 'true' }, h('i'));
  bar.firstChild.style.setProperty('width', percent(share));
  return h('span', { class: 'sure', dataset: { outcome: decision.outcome } },
    h('span', { class: 'pill' }, say(`outcome_${decision.outcome}`)), bar,
    h('span', { class: 'figure' }, `${say('confidence')} ${percent(share)}`));
}

/** A row of a list of properties; nothing where nothing is given. */
export function row(label, ...values) {
  const given = values.flat().filter((value) => value !== null && value !== undefined && value !== '' && value !== false);
  return given.length ? [h('dt', null, label), h('dd', null, given)] : [];
}

/** Who handles it, and why. */
export function whoHandles(decision) {
  const { department, unit, joint, district } = decision;
  return [
    ...row(say('department'), department && h('strong', null, department.name), unit && ` · ${unit.name}`,
      department?.basis && h('small', { class: 'basis' }, department.basis)),
    ...row(say('joint'), joint.map((one) => one.name).join('、')),
    ...row(say('district'), district?.name),
  ];
}

export function whenDue(decision) {
  const { deadline } = decision;
  return deadline ? row(say('deadline'), h('strong', null, deadline.term), ` · ${say('by')} ${deadline.text} `, countdown(deadline.due),
    deadline.basis && h('small', { class: 'basis' }, deadline.basis)) : [];
}

/** Several matters in one complaint, each with who handles it. */
export function matters(decision) {
  if (decision.matters.length < 2) return null;
  return h('div', { class: 'matters' }, h('h3', null, say('matters', { count: decision.matters.length })),
    h('ol', null, decision.matters.map((matter) => h('li', null, h('strong', null, matter.scenario.title), matter.department && ` → ${matter.department.name}`))));
}

/** What else fired. `onchoose` takes one in the leader's place. */
export function runnersUp(decision, onchoose) {
  if (!decision.runners_up.length) return null;
  return h('ul', { class: 'lines' }, decision.runners_up.map((one) => {
    const words = [...new Set(one.evidence.map((item) => item.text))].slice(0, 6).join('、');
    const what = [h('span', { class: 'grow' }, h('strong', null, one.scenario.title), one.department && ` → ${one.department.name}`,
      words && h('small', null, `${say('evidence')}：${words}`)),
    h('span', { class: 'figure' }, percent(one.scenario.confidence))];
    return h('li', null, what, onchoose && h('button', { type: 'button', class: 'small', onclick: () => onchoose(one) }, say('take_this')));
  }));
}

/** A passage with what was found in it. */
export function passage(found) {
  if (!found) return null;
  return h('q', { class: 'passage' }, marked(found.text, found.marks.map(([start, end]) => ({ start, end, kind: 'evidence' }))));
}

/** In an emergency: whom to call, and what to say. */
export function alarm(decision) {
  const words = [decision.reply?.text ?? '', ...decision.steps].join(' ');
  const named = [...new Set(words.match(/(?<!\d)1(?:10|19|20|22)(?!\d)/g) ?? [])];
  const numbers = named.length ? named : ['110', '119', '120'];
  return h('section', { class: 'alarm', role: 'alert' },
    h('div', { class: 'grow' }, h('h2', null, say('emergency')),
      h('p', null, h('strong', null, decision.scenario?.title), ` — ${say('emergency_note')}`),
      decision.reply && h('p', { class: 'aloud' }, decision.reply.text)),
    h('ul', { class: 'numbers' }, numbers.map((number) => h('li', null,
      h('a', { href: `tel:${number}` }, h('b', null, number), h('small', null, say(`call_${number}`)))))));
}
