// What needs no browser: which suggestion is shown, spans in characters, words in both languages.

import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { ROOT, api, serve } from './support.mjs';

const assets = path.join(ROOT, 'src/server/console/assets');
// Node reads files of this name as modules where a package says so.
const modules = await mkdtemp(path.join(tmpdir(), 'jiesu-console-'));
await cp(assets, modules, { recursive: true });
await writeFile(path.join(modules, 'package.json'), '{"type": "module"}');
const { Leader, STEADY } = await import(path.join(modules, 'leader.js'));
const { pieces } = await import(path.join(modules, 'spans.js'));
const { packed, unpacked } = await import(path.join(modules, 'share.js'));

const decision = (leads, confidence, others = {}, emergency = false) => ({
  emergency, scenario: leads && { id: leads, confidence },
  runners_up: Object.entries(others).map(([id, own]) => ({ scenario: { id, confidence: own } })),
});

test('what is shared comes out of the link as it went in, and nothing else does', async () => {
  for (const what of [{ text: '水管漏了\n𠮷<b>&"\u0000', title: '', why_not: { id: 'a/b', label: '甲' } }, { text: '字'.repeat(30000) }]) {
    const link = await packed(what);
    assert.match(link, /^#t=[A-Za-z0-9_-]+$/, 'nothing that an address would have to escape');
    assert.deepEqual(await unpacked(link), what);
  }
  // A few bytes that would become many are not unpacked, and what was not packed here is nothing.
  const bomb = await packed({ text: 'a'.repeat(1 << 20) });
  assert.ok(bomb.length < 10000);
  for (const broken of [bomb, '', '#', '#t=', '#t=AAAA', '#t=%', '#text=x', await packed({ title: 'x' }), await packed(null)]) assert.equal(await unpacked(broken), null);
});

test('a leader gives way only to what is clearly better, or stays better', () => {
  const cases = [
    // [answers, whom each leaves shown]
    [[decision('a', 0.5), decision('b', 0.5, { a: 0.45 })], 'aa'],
    [[decision('a', 0.5), decision('b', 0.6, { a: 0.4 })], 'ab'],
    [[decision('a', 0.5), decision('b', 0.4)], 'ab'],
    [[decision('a', 0.5), decision('b', 0.5, { a: 0.49 }, true)], 'ab'],
    [[decision('a', 0.5), decision(null, 0), decision('a', 0.5)], 'aaa'],
    [[decision(null, 0), decision('a', 0.1)], '-a'],
    [[decision('a', 0.5), ...Array(STEADY).fill(decision('b', 0.5, { a: 0.48 }))], `a${'a'.repeat(STEADY - 1)}b`],
    [[decision('a', 0.5), decision('b', 0.5, { a: 0.48 }), decision('a', 0.5, { b: 0.48 }), decision('b', 0.5, { a: 0.48 })], 'aaaa'],
  ];
  for (const [answers, expected] of cases) {
    const leader = new Leader();
    const shown = answers.map((answer) => leader.next(answer).shown?.scenario?.id ?? '-').join('');
    assert.equal(shown, expected);
    assert.equal(leader.settle().shown, answers.at(-1), 'once nobody types, the last answer is shown');
  }
});

test('spans count characters, also beyond the first plane, and what was changed since is not marked', () => {
  const text = '𠮷家🙂漏水了';
  const shown = (marks) => pieces(text, marks).map((piece) => (piece.kinds.length ? `[${piece.text}]` : piece.text)).join('');
  const mark = (start, end, said) => ({ start, end, kind: 'evidence', text: said });
  for (const [marks, expected] of [
    [[mark(3, 5, '漏水')], '𠮷家🙂[漏水]了'],
    [[mark(0, 1, '𠮷'), mark(2, 3, '🙂')], '[𠮷]家[🙂]漏水了'],
    [[mark(3, 5, '停电')], text],
    [[mark(4, 99), mark(5, 5), mark(-1, 2)], text],
    [[mark(1, 4), mark(3, 6)], '𠮷[家🙂][漏][水了]'],
  ]) assert.equal(shown(marks), expected);
});

test('both languages have the same words, and every word that is said', async () => {
  const source = await readFile(path.join(assets, 'words.js'), 'utf8');
  const { default: english } = await import(path.join(modules, 'words_en.js'));
  const chinese = source.slice(source.indexOf('const chinese'), source.indexOf('const WORDS'));
  const keys = [...chinese.matchAll(/(?<=[{,]\s*)([a-z]\w*): '/g)].map((match) => match[1]);
  assert.deepEqual([...keys].sort(), Object.keys(english).sort());
  assert.equal(new Set(keys).size, keys.length, 'each once');
  for (const name of await readdir(assets)) {
    const text = await readFile(path.join(assets, name), 'utf8');
    const said = [...text.matchAll(/\b(?:say\('|data-say(?:-label)?="|label: ')(\w+)['"]/g)].map((match) => match[1]);
    for (const key of said) assert.ok(key in english, `${name}: ${key}`);
  }
});

test('nothing turns a string into HTML, and nothing is loaded from elsewhere', async () => {
  for (const name of await readdir(assets)) {
    const text = await readFile(path.join(assets, name), 'utf8');
    const forbidden = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|https?:\/\/(?!www\.w3\.org)/.exec(text);
    assert.equal(forbidden, null, name);
  }
});

let server;
before(async () => { server = await serve(); });
after(() => server.end());

test('while texts grow the suggestion changes seldom, and ends as the whole text says', async () => {
  const texts = await sample(Number(process.env.JIESU_FLICKER_TEXTS ?? 120));
  const cut = (text) => {
    const characters = [...text];
    return Array.from({ length: Math.ceil(characters.length / 10) }, (_, step) => characters.slice(0, (step + 1) * 10).join(''));
  };
  let changes = 0;
  for (const text of texts) {
    const { decisions } = await api(server.address, '/v1/match:batch', { complaints: cut(text).map((part) => ({ text: part })) });
    const leader = new Leader();
    for (const one of decisions) if (leader.next(one).from) changes += 1;
    if (leader.settle().from) changes += 1;
    assert.equal(leader.shown.scenario?.id, decisions.at(-1).scenario?.id);
  }
  const mean = changes / texts.length;
  console.log(`the suggestion changes ${mean.toFixed(2)} times over ${texts.length} texts revealed in steps of ten characters`);
  assert.ok(mean <= 1.5, String(mean));
});

/** Complaints of the starter bundle, from all over it. */
async function sample(count) {
  const folder = path.join(ROOT, 'knowledge/cases');
  const lines = [];
  for (const name of (await readdir(folder)).sort()) lines.push(...(await readFile(path.join(folder, name), 'utf8')).split('\n'));
  const texts = lines.filter(Boolean).map((line) => JSON.parse(line).text).filter((text) => [...text].length > 20);
  const step = Math.max(1, texts.length / count);
  return Array.from({ length: Math.min(count, texts.length) }, (_, index) => texts[Math.floor(index * step)]);
}
