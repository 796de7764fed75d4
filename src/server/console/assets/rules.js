// How rules do: how often each was suggested, kept, changed to what and given back, and how right it is on cases.

import { ask } from './api.js';
import { count, download, share } from './chart.js';
import { fill, h } from './dom.js';
import { learnTitles, names, title } from './names.js';
import { say } from './words.js';

/** Months of tickets that are counted. */
const MONTHS = [1, 3, 12];
/** Lines that are shown; the search finds the others. */
const MOST_LINES = 100;
/** How long until it is asked again whether cases have been gone through. */
const AGAIN = 1500;
const COLUMNS = ['name', 'suggested', 'kept', 'changed', 'returned', 'accuracy', 'changed_to', 'hits', 'precision'];

/** A table of rules for a page; `stop` ends what it still waits for. */
export function ruleTable() {
  const state = { rule: 'scenario', months: 3, sort: 'suggested', down: true, words: '', lines: [], onCases: null, gone: false, waiting: null };
  const parts = {};
  const pick = (all, own, label, text, onpick) => h('select', { 'aria-label': label, onchange: (event) => onpick(event.target.value) }, all.map((one) => h('option', { value: one, selected: one === own }, text(one))));
  const search = h('input', { type: 'search', maxlength: 100, autocomplete: 'off', placeholder: say('find_rule'), 'aria-label': say('find_rule'), id: 'find-rule', oninput: () => {
    state.words = search.value.trim();
    show();
  } });
  const box = h('section', { class: 'panel rules' },
    h('div', { class: 'heading' }, h('h2', { class: 'grow' }, say('rule_statistics')), parts.csv = h('span')),
    h('div', { class: 'strip' }, h('div', { class: 'field' }, search),
      h('div', { class: 'field' }, pick(['scenario', 'responsibility'], state.rule, say('which_rules'), (one) => say(`rules_${one}`), (rule) => { state.rule = rule; show(); })),
      h('div', { class: 'field' }, pick(MONTHS, state.months, say('period'), (one) => say('last_months', { count: one }), (months) => { state.months = Number(months); read(); }))),
    parts.note = h('p', { class: 'note', role: 'status' }, say('reading')), parts.body = h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': say('rule_statistics') }));

  function days() {
    const now = new Date();
    const from = new Date(Date.UTC(now.getFullYear(), now.getMonth() - state.months + 1, 1));
    const last = new Date(Date.UTC(now.getFullYear(), now.getMonth() + 1, 0));
    return `from=${from.toISOString().slice(0, 10)}&to=${last.toISOString().slice(0, 10)}`;
  }

  async function read() {
    const path = `/v1/statistics/rules?${days()}`;
    fill(parts.csv, download(`${path}&format=csv`));
    try {
      const [found, known] = await Promise.all([ask(path).catch((problem) => ({ rules: [], problem })), names()]);
      state.problem = found.problem;
      state.lines = found.rules;
      state.known = known;
      for (let at = 0; at < state.lines.length; at += 200) await learnTitles(state.lines.slice(at, at + 200).flatMap((line) => (line.rule === 'scenario' ? [line.id, ...line.changed_to.map((to) => to.id)] : []))).catch(() => null);
      show();
    } catch (problem) {
      fill(parts.body, h('p', { class: 'problem' }, problem.message));
    }
  }

  async function cases() {
    const found = await ask('/v1/bundle/rules').catch(() => null);
    if (state.gone) return;
    if (found && !found.ready) state.waiting = setTimeout(cases, AGAIN);
    state.onCases = found?.ready ? found : null;
    show();
  }

  /** The lines of the kind that is chosen, with what the cases say. */
  function joined() {
    const own = new Map(state.lines.filter((line) => line.rule === state.rule).map((line) => [`${line.id}\n${line.department ?? ''}`, line]));
    const cases = state.rule === 'scenario' ? state.onCases?.rules ?? [] : [];
    for (const one of cases) if (!own.has(`${one.id}\n`)) own.set(`${one.id}\n`, { id: one.id, suggested: 0, kept: 0, changed: 0, returned: 0, decided: 0, accuracy: null, changed_to: [] });
    const tried = new Map(cases.map((one) => [one.id, one]));
    return [...own.values()].map((line) => {
      const onCases = tried.get(line.id);
      const name = state.rule === 'scenario' ? onCases?.title ?? (line.id ? title(line.id) : say('outcome_unknown')) : line.id;
      return { ...line, name, hits: onCases?.hits ?? null, precision: onCases?.precision ?? null, labelled: onCases?.labelled ?? 0, lower: onCases?.lower ?? null };
    });
  }

  function show() {
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    const whose = (id) => (state.rule === 'scenario' ? title(id) : state.known?.byId.get(id) ?? id);
    const all = joined();
    const found = all.filter((line) => words.every((word) => `${line.name} ${line.id} ${line.department ? whose(line.department) : ''}`.toLowerCase().includes(word)));
    const value = (line) => (state.sort === 'changed_to' ? line.changed_to[0]?.tickets ?? 0 : line[state.sort] ?? -1);
    found.sort((a, b) => (state.sort === 'name' ? a.name.localeCompare(b.name, 'zh') : value(a) - value(b)) * (state.down ? -1 : 1) || a.id.localeCompare(b.id));
    const ready = state.onCases ? say('rules_on_cases', { cases: count(state.onCases.cases) }) : state.rule === 'scenario' ? say('rules_working') : '';
    parts.note.textContent = state.problem ? state.problem.message : [say('rules_shown', { shown: Math.min(found.length, MOST_LINES), all: all.length }), ready].filter(Boolean).join(' · ');
    const columns = state.rule === 'scenario' ? COLUMNS : COLUMNS.slice(0, 7);
    const head = (column) => h('th', { scope: 'col', class: column === 'name' || column === 'changed_to' ? null : 'number', 'aria-sort': state.sort === column ? (state.down ? 'descending' : 'ascending') : 'none' },
      h('button', { type: 'button', class: 'quiet', dataset: { sort: column }, onclick: () => {
        state.down = state.sort === column ? !state.down : column !== 'name';
        state.sort = column;
        show();
        parts.body.querySelector(`[data-sort=${column}]`)?.focus();
      } }, say(`rule_${column}`), state.sort === column ? (state.down ? ' ↓' : ' ↑') : ''));
    const cells = { suggested: (line) => count(line.suggested), kept: (line) => count(line.kept), changed: (line) => count(line.changed), returned: (line) => count(line.returned), accuracy: (line) => share(line.accuracy),
      hits: (line) => (line.hits === null ? '—' : count(line.hits)), precision: (line) => (line.precision === null ? '—' : `${share(line.precision)} / ${line.labelled}`) };
    const row = (line) => h('tr', { dataset: { id: line.id } }, h('th', { scope: 'row' }, line.name, h('small', { class: 'basis' }, line.department ? whose(line.department) : line.id)),
      columns.slice(1).map((column) => (column === 'changed_to' ? h('td', null, line.changed_to.map((to) => h('span', { class: 'basis' }, `${to.id ? whose(to.id) : say('none')} ${to.tickets}`))) : h('td', { class: 'number' }, cells[column](line)))));
    fill(parts.body, found.length ? h('table', { class: 'table' }, h('caption', { class: 'offscreen' }, say('rule_statistics')), h('thead', null, h('tr', null, columns.map(head))), h('tbody', null, found.slice(0, MOST_LINES).map(row)))
      : h('p', { class: 'empty' }, say('nothing_counted')));
  }

  read();
  cases();
  return { box, search, again: () => { read(); clearTimeout(state.waiting); cases(); }, stop: () => { state.gone = true; clearTimeout(state.waiting); } };
}
