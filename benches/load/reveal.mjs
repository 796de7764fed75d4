#!/usr/bin/env node
// How often the suggestion changes while a text grows. Texts are revealed in steps of ten characters, each step is decided,
// and what would be shown is decided by the console's own module (src/server/console/assets/leader.js).
//
//     jiesu serve --bundle . --listen 127.0.0.1:7080 &
//     node benches/load/reveal.mjs --cases complaints.jsonl --texts 500
//
// `--server`, `--step` (characters), `--most` (characters of a text that are revealed). Steps are those of someone who types
// on without a pause; at the end nobody types any more, and what the whole text gives is shown.

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: {
  server: { type: 'string', default: 'http://127.0.0.1:7080' }, cases: { type: 'string' }, texts: { type: 'string', default: '500' },
  step: { type: 'string', default: '10' }, most: { type: 'string', default: '3000' },
} });
if (!options.cases) throw new Error('--cases FILE: JSON Lines with a text each');

const source = await readFile(new URL('../../src/server/console/assets/leader.js', import.meta.url), 'utf8');
const { Leader, idOf } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
const lines = (await readFile(options.cases, 'utf8')).split('\n').filter(Boolean);
const texts = lines.map((line) => JSON.parse(line).text).filter(Boolean).slice(0, Number(options.texts));

/** What is decided on each beginning of a text. */
async function decided(text) {
  const characters = [...text].slice(0, Number(options.most));
  const step = Number(options.step);
  const ends = Array.from({ length: Math.ceil(characters.length / step) }, (_, at) => Math.min((at + 1) * step, characters.length));
  const found = [];
  for (let from = 0; from < ends.length; from += 50) {
    const complaints = ends.slice(from, from + 50).map((end) => ({ text: characters.slice(0, end).join('') }));
    const response = await fetch(`${options.server}/v1/match:batch`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ complaints }),
    });
    if (!response.ok) throw new Error(await response.text());
    found.push(...(await response.json()).decisions);
  }
  // A beginning of blanks alone has no decision.
  return found.filter((one) => !one.type);
}

const changes = [];
let unlike = 0;
let raw = 0;
let steps = 0;
for (const text of texts) {
  const decisions = await decided(text);
  const leader = new Leader();
  let changed = 0;
  let before = null;
  for (const decision of decisions) {
    if (leader.next(decision).from) changed += 1;
    if (before && idOf(before) !== idOf(decision)) raw += 1;
    before = decision;
  }
  if (leader.settle().from) changed += 1;
  if (before && idOf(leader.shown) !== idOf(before)) unlike += 1;
  changes.push(changed);
  steps += decisions.length;
}
const mean = changes.reduce((sum, own) => sum + own, 0) / changes.length;
const at = Object.fromEntries([0, 1, 2, 3, 4, 5].map((count) => [count, changes.filter((own) => (count < 5 ? own === count : own >= 5)).length]));
console.log(JSON.stringify({
  texts: texts.length, steps, mean_changes: Number(mean.toFixed(3)), most_changes: Math.max(...changes), texts_by_changes: at,
  mean_changes_unsteadied: Number((raw / changes.length).toFixed(3)), final_unlike_whole_text: unlike,
}, null, 2));
