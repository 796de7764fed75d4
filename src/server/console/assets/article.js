// Policy answers, notices and cases: on a call, and in the knowledge base.

import { copy, h, toast } from './dom.js';
import { passage } from './decision.js';
import { minute } from './time.js';
import { say } from './words.js';

export async function copied(text) {
  await copy(text);
  toast(say('copied'));
}

const copyButton = (text) => h('button', { type: 'button', class: 'small', onclick: () => copied(text) }, say('copy_as_reply'));

/** From when until when it holds. */
function validity(item) {
  const since = item.effective && say('effective', { date: item.effective });
  return [since, item.expires && say('expires', { date: item.expires })].filter(Boolean).join(' · ');
}

export function article(item, open = false) {
  return h('details', { class: 'entry', open }, h('summary', null, h('span', { class: 'grow' }, item.title), h('small', null, validity(item))),
    h('p', { class: 'answer' }, item.text), h('p', { class: 'basis' }, `${say('basis')}：${item.basis.join('；')}`),
    passage(item.passage), h('div', { class: 'actions' }, copyButton(item.text)));
}

/** A notice as it is read out; `actions` are what can be done with it. */
export function notice(item, actions) {
  return h('article', { class: 'notice' }, h('h3', null, h('span', { class: 'pill' }, say('kind_notice')), item.title), h('p', { class: 'aloud' }, item.text),
    h('div', { class: 'line-head' }, h('p', { class: 'basis grow' }, say('in_force', { from: minute(item.from), until: minute(item.until) })), actions));
}

export function pastCase(item) {
  return h('details', { class: 'entry' },
    h('summary', null, h('span', { class: 'grow' }, passage(item.passage) ?? item.id), h('small', null, item.opened_on)),
    h('p', { class: 'answer' }, item.reply ?? say('no_reply')),
    h('p', { class: 'basis' }, [say(`origin_${item.origin}`), item.department, item.id].filter(Boolean).join(' · ')),
    item.reply && h('div', { class: 'actions' }, copyButton(item.reply)));
}
