// Trying a text: the whole way to its decision, why and why not, and what would flip it. Shared by a link that has the
// text behind its `#`.

import { post } from './api.js';
import { choose } from './choose.js';
import { correct } from './correct.js';
import { copy, field, fill, h, toast } from './dom.js';
import { findScenarios, names } from './names.js';
import { packed, taken, unpacked } from './share.js';
import { way } from './way.js';
import { say } from './words.js';

let parts = {};
let asked = 0;
let running = null;
/** Stays while one goes to another page and comes back. */
let what = { text: '', title: '', district: '', why_not: null, rules_only: false };
let explained = null;

export const keys = [
  { code: 'Enter', with: 'ctrl', label: 'key_explain', run: () => explain() },
  { code: 'KeyT', with: 'alt', label: 'key_text', run: () => parts.text.focus() },
  { code: 'KeyY', with: 'alt', label: 'key_why_not', run: () => parts.why.box.querySelector('input').focus() },
  { code: 'KeyK', with: 'alt', label: 'key_share', run: () => share() },
  { code: 'KeyB', with: 'alt', label: 'key_correct', run: () => wrong() },
];

export function mount(root) {
  parts = {};
  parts.title = bound(h('input', { maxlength: 500, autocomplete: 'off' }), 'title');
  parts.text = bound(h('textarea', { id: 'try-text', rows: 9, maxlength: 30000, required: true, spellcheck: 'false', placeholder: say('try_hint') }), 'text');
  parts.district = h('select', { onchange: () => { what.district = parts.district.value; } }, h('option', { value: '' }, say('by_text')));
  parts.why = choose({ find: findScenarios, label: say('try_why_not'), note: say('try_why_not_note'), value: what.why_not, onchoose: (choice) => {
    what.why_not = choice;
    if (choice && explained) explain();
  } });
  parts.rules = h('input', { type: 'checkbox', checked: what.rules_only, onchange: () => { what.rules_only = parts.rules.checked; } });
  parts.result = h('div', { class: 'way', role: 'region', 'aria-label': say('try_result'), 'aria-live': 'off' });
  parts.state = h('p', { class: 'note', role: 'status' });
  fill(root, h('h1', { class: 'offscreen' }, say('page_try')),
    h('div', { class: 'trial' },
      h('form', { class: 'panel', onsubmit: (event) => { event.preventDefault(); explain(); } },
        field(say('try_text'), parts.text), field(say('try_title'), parts.title),
        h('div', { class: 'strip' }, field(say('district'), parts.district), h('label', { class: 'check' }, parts.rules, say('try_rules_only'))),
        parts.why.box,
        h('div', { class: 'actions' }, h('button', { class: 'primary' }, say('try_explain'), h('kbd', null, 'Ctrl+Enter')),
          h('button', { type: 'button', onclick: wrong }, say('correct'), h('kbd', null, 'Alt+B')), h('button', { type: 'button', onclick: share }, say('try_share'), h('kbd', null, 'Alt+K'))),
        h('p', { class: 'note' }, say('try_share_note')), parts.state),
      parts.result));
  nothing();
  districts();
  begin();
  return () => running?.abort();
}

function bound(control, name) {
  control.value = what[name];
  control.addEventListener('input', () => { what[name] = control.value; });
  return control;
}

function nothing() {
  fill(parts.result, h('div', { class: 'empty' }, h('p', null, say('try_empty')), h('p', { class: 'note' }, say('try_empty_note'))));
}

/** What another page handed over, what a link holds, or what was here before. */
async function begin() {
  const shared = taken() ?? await unpacked(location.hash);
  if (shared) {
    const text = (value, most) => (typeof value === 'string' ? value.slice(0, most) : '');
    what = {
      text: text(shared.text, 30000), title: text(shared.title, 500), district: text(shared.district, 200), rules_only: shared.rules_only === true,
      why_not: typeof shared.why_not?.id === 'string' ? { id: text(shared.why_not.id, 200), label: text(shared.why_not.label, 200) } : null,
    };
    for (const name of ['text', 'title', 'district']) parts[name].value = what[name];
    parts.rules.checked = what.rules_only;
    parts.why.set(what.why_not);
  }
  if (what.text.trim()) await explain();
  else parts.text.focus({ preventScroll: true });
}

async function districts() {
  const all = await names().catch(() => null);
  if (!all) return;
  parts.district.append(...all.regions.filter((one) => one.parent).map((one) => h('option', { value: one.id }, one.name)));
  parts.district.value = what.district;
}

const body = () => ({
  text: what.text, ...(what.title.trim() && { title: what.title }), ...(what.district && { district: what.district }),
  ...(what.why_not && { why_not: what.why_not.id }), ...(what.rules_only && { rules_only: true }),
});

async function explain() {
  running?.abort();
  asked += 1;
  const own = asked;
  if (!what.text.trim()) return nothing();
  running = new AbortController();
  parts.state.textContent = say('reading');
  parts.result.setAttribute('aria-busy', 'true');
  try {
    const answer = await post('/v1/explain', body(), { signal: running.signal });
    if (own !== asked) return undefined;
    explained = answer;
    parts.state.textContent = say('try_done', { revision: answer.decision.revision });
    fill(parts.result, way(answer, what.text, what.title.trim()));
  } catch (problem) {
    if (problem.name === 'AbortError' || own !== asked) return undefined;
    explained = null;
    parts.state.textContent = '';
    fill(parts.result, h('p', { class: 'problem' }, problem.message));
  } finally {
    if (own === asked) parts.result.removeAttribute('aria-busy');
  }
  return undefined;
}

/** It is decided wrongly. */
function wrong() {
  return correct({ text: what.text, title: what.title, district: what.district }, explained?.decision, { scenario: what.why_not });
}

/** Puts a link on the clipboard. What was written is in its fragment, which no browser sends. */
async function share() {
  if (!what.text.trim()) return toast(say('nothing_yet'), 'failed');
  const link = `${location.origin}${location.pathname}${await packed(what)}`;
  history.replaceState(null, '', link);
  await copy(link);
  return toast(say('try_shared'));
}
