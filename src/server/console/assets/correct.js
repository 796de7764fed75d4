// "This was wrong": the right scenario and department, a word or two why; the server drafts what an editor would change
// and shows what that does; kept as a proposal. And articles, proposed, confirmed and reported the same way.

import { open, post } from './api.js';
import { choose } from './choose.js';
import { row } from './decision.js';
import { field, fill, h, toast } from './dom.js';
import { findDepartments, findScenarios } from './names.js';
import { language, say } from './words.js';

const inWords = (message) => (message ? message[language()] : '');

/** Saves a text as a file of the visitor's. */
function saved(text, name) {
  const link = h('a', { href: URL.createObjectURL(new Blob([text], { type: 'text/x-diff' })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Downloads the patch of a proposal; with the key, which a plain link could not carry. */
export async function downloadPatch(id) {
  try {
    saved(await (await open(`/v1/proposals/${encodeURIComponent(id)}/patch`)).text(), `${id}.patch`);
  } catch (problem) {
    toast(problem.message, 'failed');
  }
}

/** A patch with what comes and what goes told apart by more than colour. */
export function patchView(patch) {
  if (!patch) return null;
  const kind = (line) => (/^(diff|---|\+\+\+|new file|@@)/.test(line) ? 'about' : { '+': 'comes', '-': 'goes' }[line[0]] ?? 'stays');
  return h('pre', { class: 'patch', tabindex: '0', 'aria-label': say('patch') }, patch.replace(/\n$/, '').split('\n').map((line) => h('span', { class: kind(line) }, `${line}\n`)));
}

/** What a change does to the bundle's own examples and cases. */
export function impactView(impact) {
  if (!impact) return null;
  return h('section', { class: 'impact' }, h('h3', null, say('impact')),
    h('p', null, say(impact.changed ? 'impact_counts' : 'impact_none', impact), !impact.complete && ` ${say('impact_partly', impact)}`),
    impact.shown.length > 0 && h('ul', { class: 'lines' }, impact.shown.map((one) => h('li', null,
      h('span', { class: `pill ${{ became_wrong: 'warn', became_right: 'good' }[one.verdict] ?? ''}` }, say(`verdict_${one.verdict}`)),
      h('span', { class: 'grow' }, one.text, h('small', null, `${one.before} → ${one.after}`, ` · ${one.id}`))))));
}

const leads = (one) => [one?.scenario?.name, one?.department?.name].filter(Boolean).join(' → ') || say('outcome_unknown');

/** A draft as people read it: what would change, what comes of it. */
export function draftView(draft, patch, kind) {
  if (kind === 'report') return h('p', { class: 'note' }, say('report_note'));
  return h('div', { class: 'draft' },
    h('p', { class: `verdict ${draft.works ? 'good' : 'warn'}` }, say(kind === 'correction' ? (draft.works ? 'draft_works' : 'draft_does_not') : (draft.works ? 'draft_loads' : 'draft_refused'))),
    draft.before && h('dl', { class: 'properties' }, row(say('draft_before'), leads(draft.before)), row(say('draft_after'), draft.after && h('strong', null, leads(draft.after)))),
    draft.edits.length > 0 && [h('h3', null, say('draft_edits')), h('ul', { class: 'steps-list' }, draft.edits.map((one) => h('li', null, inWords(one))))],
    draft.notes.length > 0 && h('ul', { class: 'notes' }, draft.notes.map((one) => h('li', null, inWords(one)))),
    !draft.works && draft.lacking.length > 0 && [h('h3', null, say('draft_lacks')), h('ul', { class: 'lacks' }, draft.lacking.map((one) => h('li', null, inWords(one.message), h('small', null, ` ${one.file}:${one.line}`))))],
    impactView(draft.impact),
    patch && h('details', { class: 'entry' }, h('summary', null, h('span', { class: 'grow' }, say('patch'))), patchView(patch)));
}

/**
 * A dialog in two steps: what is asked for, then the draft with its impact, to be kept. `read` gives the body or null.
 * The answer is the proposal, or null.
 */
function proposing(title, content, read, { drafts = true } = {}) {
  return new Promise((answer) => {
    let proposal = null;
    let body = null;
    const state = h('p', { class: 'note', role: 'status' });
    const result = h('div', { class: 'drafted' });
    const keep = h('button', { type: 'button', class: 'primary', hidden: true, onclick: () => send() }, say('propose_keep'));
    const go = h('button', { class: 'primary' }, say(drafts ? 'propose_draft' : 'propose_keep'));
    const take = h('button', { type: 'button', hidden: true }, say('propose_download'));
    const fields = h('fieldset', { class: 'plain' }, content);
    const box = h('dialog', { class: 'dialog wide correct', 'aria-label': title },
      h('form', { onsubmit: (event) => { event.preventDefault(); begin(); } }, h('h2', null, title), fields, state, result,
        h('div', { class: 'actions' }, go, keep, take, h('button', { type: 'button', onclick: () => box.close() }, say('cancel')))));
    const working = (words) => {
      state.textContent = words;
      box.setAttribute('aria-busy', String(Boolean(words)));
      for (const button of [go, keep]) button.disabled = Boolean(words);
    };
    const failed = (problem) => {
      working('');
      if (problem.type === 'tickets-off') {
        // Nothing is kept here: what was drafted can be taken along.
        state.textContent = say('propose_not_kept');
        return;
      }
      fill(result, h('p', { class: 'problem', role: 'alert' }, problem.message));
    };
    async function begin() {
      body = read();
      if (!body) return;
      if (!drafts) return void send();
      working(say('propose_drafting'));
      fill(result);
      try {
        const made = await post('/v1/proposals:draft', body);
        working('');
        fill(result, draftView(made.draft, made.draft.patch, made.kind));
        keep.hidden = false;
        take.hidden = !made.draft.patch;
        take.onclick = () => saved(made.draft.patch, 'jiesu.patch');
        go.className = '';
        go.textContent = say('propose_again');
        keep.focus();
      } catch (problem) {
        failed(problem);
      }
    }
    async function send() {
      // What was changed since the draft is what is meant.
      body = read();
      if (!body) return;
      working(say('propose_keeping'));
      try {
        proposal = await post('/v1/proposals', body);
        toast(say('proposed', { id: proposal.id }));
        box.close();
      } catch (problem) {
        failed(problem);
      }
    }
    box.addEventListener('close', () => {
      box.remove();
      answer(proposal);
    });
    document.body.append(box);
    box.showModal();
  });
}

/** A decision was wrong: `said` has text, title, district, perhaps the ticket's id; `proposed` what may be right. */
export function correct(said, decision, proposed = {}) {
  if (!said.text?.trim()) return toast(say('nothing_yet'), 'failed');
  const now = decision && leads({ scenario: decision.scenario && { name: decision.scenario.title }, department: decision.department });
  const scenario = choose({ find: findScenarios, label: say('right_scenario'), value: proposed.scenario ?? null, note: say('right_scenario_note') });
  const department = choose({ find: findDepartments, label: say('right_department'), value: proposed.department ?? null, note: say('right_department_note') });
  const why = h('input', { required: true, maxlength: 500, autocomplete: 'off', name: 'why' });
  const reasons = ['reason_scenario', 'reason_department', 'reason_rule'].map((one) =>
    h('button', { type: 'button', class: 'small', onclick: () => { why.value = say(one); } }, say(one)));
  return proposing(say('correct'), [
    now && h('p', { class: 'note' }, say('correct_now', { now })), scenario.box, department.box, field(say('reason'), why), h('div', { class: 'chips' }, reasons),
    h('p', { class: 'note' }, say('correct_masked')),
  ], () => {
    if (!scenario.value && !department.value) {
      toast(say('correct_what'), 'failed');
      return null;
    }
    return {
      kind: 'correction', text: said.text, why: why.value.trim(), ...(said.title?.trim() && { title: said.title }), ...(said.district && { district: said.district }),
      ...(said.ticket && { ticket: said.ticket }), ...(scenario.value && { scenario: scenario.value }), ...(department.value && { department: department.value }),
    };
  });
}

/** An article is wrong or out of date. */
export function report(article) {
  const why = h('textarea', { rows: 4, maxlength: 500, required: true, name: 'why' });
  const reasons = ['report_outdated', 'report_basis', 'report_unclear'].map((one) =>
    h('button', { type: 'button', class: 'small', onclick: () => { why.value = `${say(one)}：${why.value}`; why.focus(); } }, say(one)));
  return proposing(`${say('report_article')}：${article.title ?? article.id}`, [field(say('report_what'), why), h('div', { class: 'chips' }, reasons)],
    () => ({ kind: 'report', article: article.id, why: why.value.trim() }), { drafts: false });
}

/** An article was held against its basis, and is still right. */
export function confirmArticle(article) {
  const on = h('input', { type: 'date', name: 'on' });
  return proposing(`${say('confirm_article')}：${article.title ?? article.id}`, [h('p', null, say('confirm_note')), field(say('confirm_on'), on)],
    () => ({ kind: 'confirmation', article: article.id, ...(on.value && { on: on.value }) }));
}

/** A new article. */
export function proposeArticle() {
  const title = h('input', { required: true, maxlength: 200, autocomplete: 'off', name: 'title' });
  const questions = h('textarea', { rows: 3, name: 'questions' });
  const answer = h('textarea', { rows: 6, maxlength: 20000, required: true, name: 'answer' });
  const basis = h('textarea', { rows: 2, required: true, name: 'basis' });
  const effective = h('input', { type: 'date', required: true, name: 'effective' });
  const expires = h('input', { type: 'date', name: 'expires' });
  const department = choose({ find: findDepartments, label: say('department') });
  const scenario = choose({ find: findScenarios, label: say('scenario') });
  const lines = (area) => area.value.split('\n').map((line) => line.trim()).filter(Boolean);
  return proposing(say('propose_article'), [
    field(say('article_title'), title), field(say('article_questions'), questions, say('one_a_line')), field(say('article_answer'), answer), field(say('basis'), basis, say('article_basis_note')),
    h('div', { class: 'two' }, field(say('article_effective'), effective), field(say('article_expires'), expires)), h('div', { class: 'two' }, department.box, scenario.box),
  ], () => ({
    kind: 'article', title: title.value.trim(), questions: lines(questions), answer: answer.value.trim(), basis: lines(basis), effective: effective.value,
    ...(expires.value && { expires: expires.value }), ...(department.value && { department: department.value }), ...(scenario.value && { scenario: scenario.value }),
  }));
}
