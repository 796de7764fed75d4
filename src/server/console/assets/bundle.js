// The bundle that answers: its revision, what changed since the last, how reloads ended, how its rules do.

import { ask, open, post } from './api.js';
import { row } from './decision.js';
import { fill, h, toast } from './dom.js';
import { dialog } from './finish.js';
import { forgetNames, names } from './names.js';
import { ruleTable } from './rules.js';
import { at } from './time.js';
import { say } from './words.js';

/** How often it is looked at again. */
const EVERY = 5000;
const COUNTS = ['scenarios', 'terms', 'departments', 'regions', 'articles', 'notices', 'cases'];

let parts = {};
let shown = '';
let rules = null;

export const keys = [
  { code: 'KeyR', label: 'reload', run: () => reload() },
  { code: 'Slash', name: '/', label: 'key_find_rule', run: () => rules?.search.focus() },
];

export function mount(root) {
  shown = '';
  parts = {};
  rules = ruleTable();
  fill(root, h('h1', { class: 'offscreen' }, say('page_bundle')), h('div', { class: 'page' },
    parts.page = h('div', { class: 'stack' }, h('p', { class: 'empty' }, say('reading'))), rules.box));
  read();
  const again = setInterval(read, EVERY);
  return () => {
    clearInterval(again);
    rules.stop();
    rules = null;
  };
}

async function read() {
  try {
    const [bundle] = await Promise.all([ask('/v1/bundle'), names().catch(() => null)]);
    const now = JSON.stringify(bundle);
    if (now === shown) return;
    if (shown) forgetNames();
    if (shown && JSON.parse(shown).revision !== bundle.revision) rules?.again();
    shown = now;
    // Whoever may only ask for decisions sees what answers, and not how it came to be.
    const [changes, history] = await Promise.all(['changes', 'reloads'].map((one) => ask(`/v1/bundle/${one}`).catch(() => null)));
    if (shown === now) show(bundle, changes, history);
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

const files = (findings) => Map.groupBy?.(findings, (one) => one.path) ?? findings.reduce((all, one) => all.set(one.path, [...all.get(one.path) ?? [], one]), new Map());

/** What a check is for, as `jiesu check --why` says it. */
async function explain(event, code) {
  event.preventDefault();
  const text = await (await open(`/console/checks/${code}`)).text();
  await dialog(say('why_this'), h('pre', { class: 'explained', tabindex: 0 }, text), () => true, say('close'));
}

const finding = (one) => h('li', { class: one.severity },
  h('a', { href: `/console/checks/${one.code}`, title: say('why_this'), onclick: (event) => explain(event, one.code) }, h('code', null, one.code)),
  h('div', { class: 'grow' }, h('p', null, one.line && h('span', { class: 'figure' }, `${one.line}:${one.column} `), one.message, one.label && ` — ${one.label}`), one.notes.map((note) => h('p', { class: 'note' }, note))));

function changed(found) {
  const body = !found.before ? h('p', { class: 'empty' }, say('changes_none')) : [
    h('p', { class: 'note' }, say('changes_between', { before: found.before.slice(0, 12), revision: found.revision.slice(0, 12) })),
    found.parts.length === 0 && h('p', { class: 'empty' }, say('changes_same')),
    h('p', null, found.counts.map((one) => h('span', { class: 'pill' }, say('change_counts', one)))),
    h('ul', { class: 'changes' }, found.parts.map((part) => h('li', { dataset: { id: part.id } },
      h('span', { class: `pill ${part.change}` }, say(`was_${part.change}`)),
      h('div', { class: 'grow' }, h('p', null, h('small', null, part.what), ' ', h('strong', null, part.title ?? part.id), ' ', h('small', null, part.title ? part.id : '', ` ${part.path}`)),
        part.edits.length > 0 && h('details', null, h('summary', null, part.edits[0]), h('ul', null, part.edits.slice(1).map((edit) => h('li', null, edit))),
          part.edits_in_all > part.edits.length && h('p', { class: 'note' }, say('more_edits', { count: part.edits_in_all - part.edits.length }))))))),
    found.left_out > 0 && h('p', { class: 'note' }, say('left_out', { count: found.left_out }))];
  return h('section', { class: 'panel changed-since' }, h('div', { class: 'heading' }, h('h2', { class: 'grow' }, say('changes'))), body);
}

function reloads(history) {
  const line = (one) => h('tr', null, h('th', { scope: 'row' }, at(one.at)), h('td', null, say(`cause_${one.cause}`, one)), h('td', null, h('code', null, (one.revision || '—').slice(0, 12))), h('td', { class: 'number' }, `${one.took_ms} ms`),
    h('td', null, h('span', { class: `pill ${one.accepted ? 'good' : 'warn'}` }, say(one.accepted ? 'accepted' : 'refused')), ` ${say('findings', one)}`, one.why && h('p', { class: 'note' }, one.why)));
  return h('section', { class: 'panel history-of-reloads' }, h('div', { class: 'heading' }, h('h2', { class: 'grow' }, say('reload_history'))),
    h('div', { class: 'scroll short', tabindex: 0, role: 'group', 'aria-label': say('reload_history') }, h('table', { class: 'table' }, h('caption', { class: 'offscreen' }, say('reload_history')),
      h('thead', null, h('tr', null, ['at', 'cause', 'revision', 'took', 'result'].map((one) => h('th', { scope: 'col' }, say(`reload_${one}`))))), h('tbody', null, history.reloads.map(line)))));
}

function show(bundle, changes, history) {
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
      [...files(last.diagnostics)].map(([path, findings]) => h('details', { class: 'file', open: true }, h('summary', null, h('code', null, path || '—'), ` ${findings.length}`), h('ul', { class: 'findings' }, findings.slice(0, 100).map(finding))))),
    changes && changed(changes), history && reloads(history));
}
