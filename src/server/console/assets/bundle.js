// The bundle that answers: its revision, how much it has, how the last reload ended.

import { ask, post } from './api.js';
import { row } from './decision.js';
import { fill, h, toast } from './dom.js';
import { forgetNames, names } from './names.js';
import { at } from './time.js';
import { say } from './words.js';

/** How often it is looked at again. */
const EVERY = 5000;
const COUNTS = ['scenarios', 'terms', 'departments', 'regions', 'articles', 'notices', 'cases'];

let parts = {};
let shown = '';

export const keys = [{ code: 'KeyR', label: 'reload', run: () => reload() }];

export function mount(root) {
  shown = '';
  parts = {};
  fill(root, h('h1', { class: 'offscreen' }, say('page_bundle')), parts.page = h('div', { class: 'page' }, h('p', { class: 'empty' }, say('reading'))));
  read();
  const again = setInterval(read, EVERY);
  return () => clearInterval(again);
}

async function read() {
  try {
    const [bundle] = await Promise.all([ask('/v1/bundle'), names().catch(() => null)]);
    const now = JSON.stringify(bundle);
    if (now === shown) return;
    if (shown) forgetNames();
    shown = now;
    show(bundle);
  } catch (problem) {
    shown = '';
    fill(parts.page, h('p', { class: 'problem' }, problem.message));
  }
}

async function reload() {
  try {
    await post('/v1/bundle/reload');
    toast(say('reloaded'));
  } catch (problem) {
    toast(problem.message, 'failed');
  }
  forgetNames();
  await read();
}

function show(bundle) {
  const { last_reload: last, learning } = bundle;
  const level = (name) => last.diagnostics.filter((one) => one.severity === name).length;
  fill(parts.page,
    h('section', { class: 'panel' },
      h('div', { class: 'lead' }, h('div', { class: 'grow' }, h('p', { class: 'kind' }, say('answers_now')), h('h2', null, bundle.name)),
        h('span', { class: `pill ${bundle.stale ? 'warn' : 'good'}` }, say(bundle.stale ? 'stale' : 'fresh')),
        h('button', { type: 'button', onclick: reload }, say('reload'), h('kbd', null, 'R'))),
      h('dl', { class: 'properties' }, row(say('revision'), h('code', null, bundle.revision)), row(say('commit'), bundle.commit && h('code', null, bundle.commit.slice(0, 12))),
        row(say('since'), at(bundle.since)), row(say('learning'), say(`learning_${learning.state}`), learning.of && ` ${learning.step}/${learning.of}`),
        row(say('reloads'), say('reloads_counted', { accepted: bundle.reloads_accepted, refused: bundle.reloads_refused })))),
    h('section', { class: 'counts', 'aria-label': say('how_much') }, COUNTS.map((one) => h('div', { class: 'panel count' }, h('b', null, new Intl.NumberFormat().format(bundle.counts[one])), h('span', null, say(`count_${one}`))))),
    h('section', { class: 'panel' },
      h('div', { class: 'heading' }, h('h2', { class: 'grow' }, say('last_reload')), h('span', { class: `pill ${last.accepted ? 'good' : 'warn'}` }, say(last.accepted ? 'accepted' : 'refused'))),
      h('p', { class: 'note' }, at(last.at), ` · ${last.took_ms} ms · `, h('code', null, last.revision || '—'), ` · ${say('findings', { errors: level('error'), warnings: level('warning') })}`),
      last.failure && h('p', { class: 'problem' }, last.failure),
      last.diagnostics.length > 0 && h('ul', { class: 'findings' }, last.diagnostics.map((one) => h('li', { class: one.severity },
        h('code', null, one.code), h('div', { class: 'grow' }, h('p', null, one.message, one.label && ` — ${one.label}`), one.notes.map((note) => h('p', { class: 'note' }, note)),
          one.path && h('p', { class: 'basis' }, [one.path, one.line, one.column].filter((part) => part !== null).join(':'))))))));
}
