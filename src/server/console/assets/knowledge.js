// The knowledge base: search in policy answers, notices and past cases.

import { post } from './api.js';
import { copied } from './article.js';
import { choose } from './choose.js';
import { confirmArticle, proposeArticle, report } from './correct.js';
import { passage, percent } from './decision.js';
import { field, fill, h } from './dom.js';
import { findDepartments, names } from './names.js';
import { marked } from './spans.js';
import { say } from './words.js';

const KINDS = ['article', 'notice', 'case'];
const PAUSE = 120;

let parts = {};
let running = null;
let asked = 0;
let waiting = null;
/** Stays while one goes to another page and comes back. */
const query = { words: '', kinds: [...KINDS], region: '', department: null, at: '' };

export const keys = [{ code: 'Slash', name: '/', label: 'key_search', run: () => { parts.words.focus(); parts.words.select(); } },
  { code: 'KeyN', label: 'propose_article', run: () => proposeArticle() }];

export function mount(root) {
  parts = {};
  parts.words = h('input', { type: 'search', id: 'words', maxlength: 2000, autocomplete: 'off', value: query.words, placeholder: say('search_hint') });
  parts.words.addEventListener('input', () => { query.words = parts.words.value; later(); });
  parts.region = h('select', { onchange: () => { query.region = parts.region.value; search(); } }, h('option', { value: '' }, say('everywhere')));
  const at = h('input', { type: 'date', value: query.at, onchange: () => { query.at = at.value; search(); } });
  const department = choose({ find: findDepartments, label: say('department'), value: query.department, onchoose: (choice) => {
    query.department = choice;
    search();
  } });
  const kind = (one) => {
    const box = h('input', { type: 'checkbox', checked: query.kinds.includes(one), onchange: () => {
      query.kinds = KINDS.filter((other) => (other === one ? box.checked : query.kinds.includes(other)));
      search();
    } });
    return h('label', { class: 'check' }, box, say(`kind_${one}`));
  };
  fill(root, h('h1', { class: 'offscreen' }, say('page_knowledge')),
    h('div', { class: 'page' },
      h('form', { class: 'panel search', role: 'search', onsubmit: (event) => { event.preventDefault(); search(); } },
        field(say('search'), parts.words),
        h('div', { class: 'strip' }, h('fieldset', { class: 'kinds' }, h('legend', null, say('look_in')), KINDS.map(kind)),
          field(say('district'), parts.region), department.box, field(say('valid_on'), at)),
        h('div', { class: 'actions' }, h('button', { type: 'button', class: 'small', onclick: proposeArticle }, say('propose_article'), h('kbd', null, 'N')))),
      parts.count = h('p', { class: 'note', role: 'status' }), parts.hits = h('div', { class: 'hits' })));
  regions();
  search();
  parts.words.focus({ preventScroll: true });
  return () => clearTimeout(waiting);
}

async function regions() {
  const all = await names().catch(() => null);
  if (!all) return;
  parts.region.append(...all.regions.map((one) => h('option', { value: one.id }, one.name)));
  parts.region.value = query.region;
}

function later() {
  clearTimeout(waiting);
  waiting = setTimeout(search, PAUSE);
}

async function search() {
  clearTimeout(waiting);
  running?.abort();
  asked += 1;
  const own = asked;
  const words = query.words.trim();
  if (!words || !query.kinds.length) {
    parts.count.textContent = '';
    return void fill(parts.hits, h('div', { class: 'empty' }, h('p', null, say('search_empty')), h('p', { class: 'note' }, say('search_note'))));
  }
  running = new AbortController();
  try {
    const answer = await post('/v1/search', {
      query: words, kinds: query.kinds, limit: 20,
      ...(query.region && { region: query.region }), ...(query.department && { department: query.department.id }), ...(query.at && { at: query.at }),
    }, { signal: running.signal });
    if (own !== asked) return;
    parts.count.textContent = say('found', { count: answer.hits.length });
    fill(parts.hits, answer.hits.length ? answer.hits.map(hit) : h('div', { class: 'empty' }, h('p', null, say('found_nothing'))));
  } catch (problem) {
    if (problem.name === 'AbortError' || own !== asked) return;
    parts.count.textContent = '';
    fill(parts.hits, h('p', { class: 'problem' }, problem.message));
  }
}

/** The text with what was found marked in it; the passage stands apart where it is not of the text. */
function body({ text, passage: found }) {
  const at = found && text ? text.indexOf(found.text) : -1;
  if (at < 0) return [passage(found), text && h('p', { class: 'answer' }, text)];
  const before = [...text.slice(0, at)].length;
  return h('p', { class: 'answer' }, marked(text, found.marks.map(([start, end]) => ({ start: before + start, end: before + end, kind: 'evidence' }))));
}

function hit(one) {
  return h('article', { class: 'panel hit' },
    h('div', { class: 'line-head' }, h('span', { class: 'pill' }, say(`kind_${one.kind}`)), h('h2', { class: 'grow' }, one.title ?? one.id),
      h('span', { class: 'figure' }, `${say('similar')} ${percent(one.similarity)}`)),
    body(one),
    one.basis.length > 0 && h('p', { class: 'basis' }, `${say('basis')}：${one.basis.join('；')}`),
    h('div', { class: 'actions' }, one.text && h('button', { type: 'button', class: 'small', onclick: () => copied(one.text) }, say('copy_as_reply')),
      one.kind === 'article' && [h('button', { type: 'button', class: 'small', onclick: () => report(one) }, say('report_article')), h('button', { type: 'button', class: 'small', onclick: () => confirmArticle(one) }, say('confirm_article'))], h('small', { class: 'grow' }, one.id)));
}

