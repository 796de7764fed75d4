// The whole way of a text to its decision, as the server explains it: step by step, clause by clause.

import { factName, percent, row, sureness, whenDue, whoHandles } from './decision.js';
import { h } from './dom.js';
import { marked, marksOf, places } from './spans.js';
import { language, say } from './words.js';

/** Clauses in clauses that are shown, so that lines stay readable. */
const MOST_DEPTH = 8;
/** Alternatives that do not hold and are shown all the same: the nearest. */
const MOST_OPEN = 2;

/** A sentence of the server in the language that is chosen. */
export const inWords = (message) => (message ? message[language()] : '');

const quoted = (hits) => [...new Set(hits.map((hit) => hit.text))].map((words) => h('mark', { class: 'evidence' }, words));

/** The whole way: sections in the order in which the engine works. */
export function way(explained, text, title) {
  const { decision, way: steps } = explained;
  const { explain } = decision;
  const numbered = [
    ['way_read', read(decision, steps, text, title)],
    ['way_looked', looked(steps)],
    ['way_fired', explain.fired.length ? explain.fired.map((one) => fired(one)) : h('p', { class: 'note' }, say('way_none_fired'))],
    explain.near.length > 0 && ['way_near', explain.near.map((one) => near(one))],
    ['way_learned', learned(decision, steps)],
    ['way_ranked', ranked(decision)],
    ['way_responsible', responsible(decision)],
    ['way_flips', flips(explain, text, title)],
  ].filter(Boolean);
  return [
    explain.why_not && whyNot(explain.why_not, text, title),
    numbered.map(([label, content], index) => h('section', { class: 'panel step', dataset: { step: label } },
      h('h2', null, h('span', { class: 'number', 'aria-hidden': 'true' }, String(index + 1)), say(label)), content)),
  ];
}

/** The complaint as it was read. */
function read(decision, steps, text, title) {
  const same = steps.normalised === (title ? `${title}\n${text}` : text);
  return [
    h('p', { class: 'text said' }, title && h('strong', null, `${title}　`), marked(text, marksOf(decision, factName))),
    h('dl', { class: 'properties' },
      row(say('way_normalised'), same ? say('way_same') : h('span', { class: 'text' }, steps.normalised)),
      row(say('way_cut'), say('way_counts', { sentences: steps.sentences, clauses: steps.clauses })),
      row(say('way_words'), h('span', { class: 'cut' }, steps.words.map((word) => h('span', null, word)))),
      row(say('facts'), decision.facts.length ? decision.facts.map((fact) => `${factName(fact.kind)} ${fact.text}${fact.value !== fact.text ? ` = ${fact.value}` : ''}`).join('；') : say('none'))),
  ];
}

function looked(steps) {
  const more = steps.looked_at - steps.candidates.length;
  return [
    h('p', null, say('way_hits', { hits: steps.hits, scenarios: steps.looked_at })),
    steps.candidates.length > 0 && h('p', { class: 'note' }, steps.candidates.map((one) => one.name).join('、'), more > 0 && say('way_more', { count: more })),
  ];
}

const scenarioHead = (one) => h('h3', null, one.rank && `${one.rank}. `, one.scenario.name, h('small', null, ` ${one.scenario.id} · ${one.when.file}:${one.when.line}`));

function fired(one) {
  return h('article', { class: 'explained' }, scenarioHead(one),
    h('p', { class: 'note' }, inWords(one.in_words), one.guessed && ` · ${say('way_guessed')}`),
    h('ul', { class: 'tree' }, clause(one.when)),
    one.hints.length > 0 && h('p', { class: 'note' }, `${say('way_hints')}：`, one.hints.map((hint) => hint.text).join('、')));
}

function near(one) {
  return h('details', { class: 'explained entry' }, h('summary', null, h('span', { class: 'grow' }, one.scenario.name), h('small', null, percent(one.share))),
    lacks(one.lacking), h('p', { class: 'note' }, `${one.scenario.id} · ${one.when.file}:${one.when.line}`), h('ul', { class: 'tree' }, clause(one.when)));
}

const lacks = (all) => all.length > 0 && h('ul', { class: 'lacks' }, all.map((one) => h('li', null, inWords(one.message), h('small', null, ` ${one.file}:${one.line}`))));

/** A clause with all below it. Below a `none`, what holds is what is wrong. */
function clause(one, depth = 0, forbids = false) {
  if (depth > MOST_DEPTH) return null;
  const fine = one.held !== forbids;
  return h('li', { class: fine ? 'held' : 'open' },
    h('span', { class: 'sign', role: 'img', 'aria-label': say(one.held ? 'way_held' : 'way_open') }, fine ? '✓' : '✗'), ' ',
    inWords(one.in_words) || h('code', null, one.wants), ' ',
    one.hits && quoted(one.hits),
    one.passed_over?.map((found) => h('span', { class: 'note' }, ` ${say(`way_${found.why}`, { words: found.text })}`)),
    one.elsewhere && h('span', { class: 'note' }, ` ${say('way_elsewhere', { words: [...new Set(one.elsewhere.map((hit) => hit.text))].join('、') })}`),
    h('small', { class: 'place' }, ` ${one.file.split('/').pop()}:${one.line}`),
    one.windows?.map((window) => windowOf(window, depth + 1)),
    one.form !== 'group' && one.members && h('ul', null, one.members.map((member) => clause(member, depth + 1, forbids))));
}

function windowOf(window, depth) {
  const held = window.any.filter((member) => member.held);
  const open = window.any.filter((member) => !member.held).sort((a, b) => b.share - a.share);
  const shown = held.length ? [] : open.slice(0, MOST_OPEN);
  const left = open.length - shown.length;
  const none = window.none.filter((member) => member.held || member.passed_over);
  return h('ul', null, [...held, ...shown, ...window.all].map((member) => clause(member, depth)),
    left > 0 && h('li', { class: 'note' }, say('way_left', { count: left })),
    none.length > 0 && h('li', null, 'none', h('ul', null, none.map((member) => clause(member, depth + 1, true)))));
}

function learned(decision, steps) {
  const levels = steps.learned.filter((one) => one.opinions.length > 0);
  const votes = decision.cases.slice(0, 5);
  return [
    levels.length ? h('dl', { class: 'properties' }, levels.map((one) => row(say(`level_${one.level}`),
      one.opinions.map((opinion) => h('span', { class: 'opinion' }, opinion.name ?? opinion.label, h('small', null, percent(opinion.confidence)))))))
      : h('p', { class: 'note' }, say('way_not_learned')),
    votes.length > 0 && [h('h3', null, say('way_votes')), h('ul', { class: 'lines' }, votes.map((one) => h('li', null,
      h('span', { class: 'grow' }, one.passage?.text ?? one.id, h('small', null, [one.scenario, one.category, one.department].filter(Boolean).join(' · '))),
      h('span', { class: 'figure' }, percent(one.similarity)))))],
  ];
}

function ranked(decision) {
  const { bar, record } = decision;
  return [
    h('div', { class: 'lead' }, h('strong', { class: 'grow' }, decision.scenario?.title ?? say('outcome_unknown')), sureness(decision)),
    h('dl', { class: 'properties' },
      row(say('way_source'), decision.source && say(`source_${decision.source}`)),
      row(say('way_bar'), bar.threshold === null ? say('way_no_bar', { target: percent(bar.target) })
        : say('way_bar_is', { target: percent(bar.target), threshold: percent(bar.threshold) }), ' ',
      h('span', { class: `pill ${bar.met ? 'good' : 'warn'}` }, say(bar.met ? 'way_met' : 'way_not_met'))),
      row(say('way_record'), record && say('way_record_is', { cases: record.cases, right: record.right }))),
  ];
}

function responsible(decision) {
  const who = whoHandles(decision);
  if (!who.length) return h('p', { class: 'note' }, say('way_nobody'));
  return h('dl', { class: 'properties' }, who, row(say('reason'), decision.department?.reason), whenDue(decision));
}

/** A text with what a change takes away and adds. */
function edited(text, field, edits) {
  const starts = places(text);
  const parts = [];
  let next = 0;
  for (const { span, inserted, removed } of edits.filter((one) => one.span.field === field)) {
    parts.push(text.slice(starts[next], starts[span.start]));
    if (removed) parts.push(h('del', null, removed));
    if (inserted) parts.push(h('ins', null, inserted));
    next = span.end;
  }
  return [parts, text.slice(starts[next])];
}

function flip(one, text, title) {
  const touches = (field) => one.edits.some((edit) => edit.span.field === field);
  return h('li', null, h('p', null, inWords(one.in_words)),
    touches('title') && h('p', { class: 'text edited' }, edited(title ?? '', 'title', one.edits)),
    touches('text') && h('p', { class: 'text edited' }, edited(text, 'text', one.edits)));
}

function flips(explain, text, title) {
  return [
    h('p', { class: 'note' }, say('way_flips_note')),
    explain.flips.length > 0 && h('ul', { class: 'flips' }, explain.flips.map((one) => flip(one, text, title))),
    explain.not_found.map((direction) => h('p', { class: 'note' }, say(`way_not_found_${direction}`))),
  ];
}

function whyNot(asked, text, title) {
  return h('section', { class: 'panel step why-not' }, h('h2', null, say('why_not', { scenario: asked.scenario.name })),
    h('p', null, inWords(asked.in_words)), lacks(asked.explained.lacking),
    h('ul', { class: 'tree' }, clause(asked.explained.when)),
    asked.verdict !== 'leads' && [h('h3', null, say('way_to_lead')),
      asked.flip ? h('ul', { class: 'flips' }, flip(asked.flip, text, title)) : h('p', { class: 'note' }, say('way_no_flip'))]);
}
