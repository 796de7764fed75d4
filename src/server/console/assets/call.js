// The call view: what the caller says on the left, what is suggested on the right, as it is typed.

import { post } from './api.js';
import { article, copied, notice, pastCase } from './article.js';
import { aboutNow, callerKeys, digitsOf, leaveCaller, mountCaller, whoCalls } from './caller.js';
import { correct } from './correct.js';
import { alarm, factName, matters, row, runnersUp, sureness, whenDue, whoHandles } from './decision.js';
import { field, fill, h, toast } from './dom.js';
import * as drafts from './draft.js';
import { accept, amend, answerNow, discard, noticeTold, toReview } from './finish.js';
import { Leader, SETTLED } from './leader.js';
import { listenToBundle } from './live.js';
import { forgetNames, names } from './names.js';
import { answerIn, choose, showQuestions, wasAsked } from './questions.js';
import { hand } from './share.js';
import { marked, marksOf, places } from './spans.js';
import { Stream } from './stream.js';
import { showTranscript } from './transcript.js';
import { say } from './words.js';

/** Milliseconds without a keystroke before the engine is asked, and the most it waits while somebody types on. */
const PAUSE = 30;
const MOST_WAIT = 90;
/** How long whoever accepts waits for the server's last word on a call, in ms. */
const MOST_HEARD = 300;
const CHANNELS = ['phone', 'web', 'app', 'wechat', 'letter', 'visit'];

/** Facts that are read as something else than what was said: yesterday, three and a half thousand. */
const READ_AS = ['date', 'amount', 'time'];
/** How long a change of the suggestion is told of, in ms. */
const TOLD = 12000;

/** Characters of a revision that tell it from others at a glance. */
const SHORT = 8;

const leader = new Leader();
let parts = {};
let latest = null;
let typedAt = 0;
let waiting = null;
let waitingSince = 0;
let settling = null;
let telling = null;
let asked = 0;
let running = null;
let questions = [];
/** The call that is listened to; none where the agent types alone. */
let stream = null;
/** Characters of what was decided on that were said on it. */
let spoken = 0;
let whenHeard = () => {};
/** The bundle that decided last. */
let revision = null;
let tellingRules = null;

export const keys = [
  { code: 'KeyT', with: 'alt', label: 'key_text', run: () => parts.text.focus() },
  { code: 'KeyP', with: 'alt', label: 'key_phone', run: () => parts.phone.focus() },
  { code: 'KeyQ', with: 'alt', label: 'key_question', run: () => answerIn(parts.questions)?.focus() },
  ...Array.from({ length: 9 }, (_, index) => ({ code: `Digit${index + 1}`, name: String(index + 1), label: 'key_choice', run: () => choose(index + 1) })),
  { code: 'KeyN', with: 'alt', label: 'key_call', run: () => parts.call.focus() },
  { code: 'KeyR', with: 'alt', label: 'key_reply', run: () => parts.reply.focus() },
  { code: 'KeyC', with: 'alt', label: 'key_copy', run: () => copied(replyText()) },
  { code: 'KeyE', with: 'alt', label: 'key_amend', run: () => amend(leader.shown) },
  { code: 'Enter', with: 'ctrl', label: 'key_accept', run: () => send() },
  { code: 'KeyS', with: 'alt', label: 'key_review', run: () => toReview(leader.shown) },
  { code: 'KeyA', with: 'alt', label: 'key_answer', run: () => answerNow(leader.shown, replyText()) },
  { code: 'KeyG', with: 'alt', label: 'key_notice', run: () => toldFirst() },
  ...callerKeys,
  { code: 'KeyX', with: 'alt', label: 'key_discard', run: discard },
  { code: 'KeyY', with: 'alt', label: 'key_why', run: why },
  { code: 'KeyB', with: 'alt', label: 'key_correct', run: wrong },
];

export function mount(root) {
  parts = {};
  fill(root, h('h1', { class: 'offscreen' }, say('page_call')), parts.alarm = h('div', { class: 'alarms' }),
    mountCaller(), h('div', { class: 'columns' }, intake(), suggestion()), actions());
  showDistricts();
  const stop = drafts.onChange(changed);
  const stopHearing = listenToBundle(rulesChanged);
  arrive();
  parts.text.focus({ preventScroll: true });
  return () => {
    stop();
    stopHearing();
    leaveCaller();
    clearTimeout(tellingRules);
    stream?.close();
    stream = null;
    clearTimeout(waiting);
    clearTimeout(settling);
    clearTimeout(telling);
  };
}

/**
 * The page was opened for a call, or for none. The number that the telephone system opened it with stands behind `#`: that
 * part of an address is sent nowhere.
 */
async function arrive() {
  const called = new URLSearchParams(location.search).get('call') ?? '';
  const phone = new URLSearchParams(location.hash.slice(1)).get('phone')?.trim().slice(0, 40) ?? '';
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  const { call, phone: before } = drafts.current();
  // What was noted of one caller is not sent under the number of another.
  const isOther = (called && call && called !== call) || (phone && before && digitsOf(phone) !== digitsOf(before));
  if (isOther && await drafts.another()) toast(say('draft_left'));
  if (called && called !== drafts.current().call) drafts.change({ call: called });
  else join(drafts.current().call);
  if (phone) drafts.change({ phone });
  changed(drafts.current(), ['text', 'phone', 'reply', 'scenario', 'answers']);
  if (drafts.wholeText() && !latest) decide();
}

/** A control that is bound to a field of the draft. */
function bound(control, name, property = 'value') {
  control[property] = drafts.current()[name];
  control.addEventListener(property === 'checked' || control.tagName === 'SELECT' ? 'change' : 'input', () => drafts.change({ [name]: control[property] }));
  return control;
}

function intake() {
  parts.phone = bound(h('input', { type: 'tel', inputmode: 'tel', maxlength: 40, autocomplete: 'off' }), 'phone');
  parts.name = bound(h('input', { maxlength: 60, autocomplete: 'off' }), 'name');
  parts.district = h('select', null, h('option', { value: '' }, say('by_text')));
  parts.channel = bound(h('select', null, CHANNELS.map((one) => h('option', { value: one }, say(`channel_${one}`)))), 'channel');
  parts.call = h('input', { maxlength: 100, autocomplete: 'off', value: drafts.current().call, placeholder: say('call_hint') });
  parts.call.addEventListener('change', () => drafts.change({ call: parts.call.value.trim() }));
  parts.confidential = bound(h('input', { type: 'checkbox' }), 'confidential', 'checked');
  parts.text = h('textarea', { id: 'complaint', maxlength: 30000, spellcheck: 'false', placeholder: say('text_hint'), value: drafts.current().text });
  parts.text.addEventListener('input', (event) => typed(event.isComposing));
  parts.text.addEventListener('compositionend', () => typed(false));
  parts.mirror = h('div', { class: 'mirror', 'aria-hidden': 'true' });
  parts.count = h('span', { class: 'figure' });
  return h('section', { class: 'panel intake', 'aria-labelledby': 'said' },
    h('div', { class: 'strip' }, field(say('phone'), parts.phone), field(say('name'), parts.name),
      field(say('district'), parts.district), field(say('channel'), parts.channel), field(say('call_number'), parts.call),
      h('label', { class: 'check' }, parts.confidential, say('confidential'))),
    h('div', { class: 'heading' }, h('h2', { id: 'said' }, h('label', { for: 'complaint' }, say('complaint'))), parts.count),
    h('div', { class: 'both' }, parts.feed = h('section', { class: 'feed', hidden: true, 'aria-label': say('transcript') },
      parts.feedState = h('p', { class: 'live' }), parts.transcript = h('div', { class: 'transcript', tabindex: '0', role: 'log', 'aria-live': 'off' })),
    h('div', { class: 'writing' }, h('div', { class: 'sheet' }, parts.mirror, parts.text))),
    parts.facts = h('div', { class: 'facts' }), parts.questions = h('div', { class: 'questions' }));
}

function suggestion() {
  parts.reply = h('textarea', { id: 'reply', rows: 5, maxlength: 5000 });
  parts.reply.addEventListener('input', () => drafts.change({ reply: parts.reply.value }));
  parts.restore = h('button', { type: 'button', class: 'small', hidden: true, onclick: () => drafts.change({ reply: null }) }, say('restore'));
  parts.notices = h('div', { class: 'notices' });
  parts.decided = h('div', { class: 'decided' });
  parts.more = h('div', { class: 'more' });
  parts.spoken = h('p', { class: 'changed', role: 'status', 'aria-live': 'polite' });
  parts.replyBox = h('div', { class: 'reply' },
    h('div', { class: 'heading' }, h('h2', null, h('label', { for: 'reply' }, say('reply'))), parts.restore,
      h('button', { type: 'button', class: 'small', onclick: () => copied(replyText()) }, say('copy'), h('kbd', null, 'Alt+C'))),
    parts.reply, parts.missing = h('p', { class: 'missing' }));
  return h('section', { class: 'panel suggestion', 'aria-label': say('suggestion') }, parts.spoken, parts.notices, parts.decided, parts.replyBox, parts.more);
}

function actions() {
  const button = (label, key, run, kind) => h('button', { type: 'button', class: kind ?? '', onclick: run }, say(label), h('kbd', null, key));
  parts.state = h('span', { class: 'grow note' });
  parts.rules = h('span', { class: 'note rules', role: 'status' });
  return h('div', { class: 'bar-actions' },
    button('accept', 'Ctrl+Enter', send, 'primary'), button('amend', 'Alt+E', () => amend(leader.shown)),
    button('to_review', 'Alt+S', () => toReview(leader.shown)), button('answer_now', 'Alt+A', () => answerNow(leader.shown, replyText())),
    parts.state, parts.rules, button('discard', 'Alt+X', discard, 'quiet'));
}

async function showDistricts() {
  try {
    const { regions } = await names();
    const indent = (one) => (regions.some((other) => other.id === one.parent && other.parent) ? '　' : '');
    parts.district.append(...regions.filter((one) => one.parent).map((one) => h('option', { value: one.id }, `${indent(one)}${one.name}`)));
    bound(parts.district, 'district');
  } catch (problem) {
    toast(problem.message, 'failed');
  }
}

function typed(composing) {
  if (composing) return;
  drafts.change({ text: parts.text.value });
}

/** Listens to a call, or to none; leaves the one before. */
function join(call) {
  stream?.close();
  stream = null;
  spoken = 0;
  parts.feed.hidden = !call;
  if (!call) return;
  const state = (now) => {
    parts.feedState.dataset.state = now === 'over' ? 'off' : now;
    parts.feedState.textContent = say(`call_${now}`);
    // What the server cannot decide now is asked for the other way.
    if (now !== 'on') decide();
  };
  stream = new Stream(call, {
    state,
    lines: showText,
    // What was noted before the call was there, or while the server was away.
    opened: () => { if (drafts.current().text || drafts.current().answers.length) sendContext(); },
    context: ({ notes, district, channel, phone, answers }) => {
      const own = drafts.current();
      if (phone && !own.phone) drafts.change({ phone });
      if (!own.text && !own.answers.length) drafts.change({ text: notes, answers, district: district ?? '', channel: channel ?? own.channel });
    },
    suggestion: (event) => {
      spoken = event.spoken;
      const said = [...event.text].slice(0, spoken).join('');
      if (said !== drafts.current().spoken) drafts.change({ spoken: said });
      arrived(event);
      whenHeard();
    },
  });
  parts.feedState.textContent = say('call_off');
  showText();
}

/** What the server makes of it on the call; soon, or it has nothing new to say. */
function heard() {
  sendContext();
  return new Promise((answer) => {
    whenHeard = answer;
    setTimeout(answer, MOST_HEARD);
  });
}

function sendContext() {
  const { text, district, channel, phone, answers } = drafts.current();
  stream.send({ notes: text.slice(0, 10000), district, channel, answers, ...(phone && { phone }) });
}

function changed(draft, fields) {
  if (fields.includes('call')) {
    // A draft that was sent or cleared is a call that is over.
    if (fields.includes('requestKey') && stream) {
      stream.end();
      history.replaceState(null, '', location.pathname);
    }
    if (parts.call.value !== draft.call) parts.call.value = draft.call;
    join(draft.call);
  }
  if (['text', 'district', 'channel', 'answers'].some((name) => fields.includes(name))) {
    if (parts.text.value !== draft.text) parts.text.value = draft.text;
    typedAt = performance.now();
    showText();
    ask();
  }
  for (const name of ['phone', 'name', 'district', 'channel']) if (fields.includes(name) && parts[name].value !== draft[name]) parts[name].value = draft[name];
  if (fields.includes('phone')) lookUp();
  if (fields.includes('confidential')) parts.confidential.checked = draft.confidential;
  if (fields.some((name) => ['reply', 'scenario', 'department', 'answers'].includes(name))) showDecision();
  parts.state.textContent = drafts.isBlank() ? '' : say('draft_kept');
}

/** Asks soon: once nobody types for a moment, or else now and then while somebody types on. */
function ask() {
  clearTimeout(settling);
  clearTimeout(waiting);
  const now = performance.now();
  if (!waiting) waitingSince = now;
  waiting = setTimeout(() => { waiting = null; decide(); }, Math.max(0, Math.min(PAUSE, waitingSince + MOST_WAIT - now)));
}

async function decide() {
  const { title, district, channel, answers } = drafts.current();
  const text = drafts.wholeText();
  running?.abort();
  asked += 1;
  const own = asked;
  if (!text.trim()) {
    latest = null;
    questions = [];
    leader.clear();
    lookUp();
    if (stream?.connected) sendContext();
    return showDecision();
  }
  // On a call the server decides, on what was said and typed together.
  if (stream?.connected) return heard();
  running = new AbortController();
  const began = typedAt;
  try {
    const intake = await post('/v1/intake', { text, channel, ...(answers.length && { answers }), ...(title && { title }), ...(district && { district }) }, { signal: running.signal });
    // An answer that was overtaken by a later question is dropped.
    if (own !== asked) return undefined;
    spoken = [...drafts.current().spoken].length;
    arrived(intake);
    if (began) performance.measure('keystroke to suggestion', { start: began, end: performance.now() });
    parts.state.classList.remove('problem');
  } catch (problem) {
    if (problem.name === 'AbortError' || own !== asked) return undefined;
    parts.state.textContent = `${say('no_suggestion')}${problem.message}`;
    parts.state.classList.add('problem');
  }
  return undefined;
}

/** A decision and what to ask, from the one way or the other: what is shown changes by the same rules. */
function arrived(intake) {
  clearTimeout(settling);
  latest = intake.decision;
  showRules(latest.revision);
  lookUp();
  questions = intake.questions;
  take(leader.next(latest));
  settling = setTimeout(() => take(leader.settle()), SETTLED);
}

/** Who calls: the number in the field, or the only one that the text has. */
function lookUp() {
  const phones = [...new Set((latest?.facts ?? []).filter((fact) => fact.kind === 'phone').map((fact) => fact.value))];
  whoCalls(drafts.current().phone, phones.length === 1 ? phones[0] : '');
}

/** Other rules answer now: what was typed is decided on anew; what is heard on a call the server decides by itself. */
function rulesChanged(now) {
  forgetNames();
  showRules(now.revision);
  if (!stream?.connected && drafts.wholeText().trim()) decide();
}

/** The revision that decides; that it changed stays to be seen for a while. */
function showRules(now) {
  if (now === revision) return;
  const before = revision;
  revision = now;
  parts.rules.textContent = before ? say('rules_changed', { from: before.slice(0, SHORT), to: now.slice(0, SHORT) }) : say('rules_now', { revision: now.slice(0, SHORT) });
  parts.rules.classList.toggle('new', before !== null);
  clearTimeout(tellingRules);
  tellingRules = setTimeout(() => {
    parts.rules.textContent = say('rules_now', { revision: now.slice(0, SHORT) });
    parts.rules.classList.remove('new');
  }, TOLD);
}

/** Accepts what is shown, once the last words are in it: what nobody has seen yet is not sent. */
async function send() {
  const seen = leader.shown;
  clearTimeout(waiting);
  waiting = null;
  await decide();
  take(leader.settle());
  const same = seen?.scenario?.id === leader.shown?.scenario?.id && seen?.department?.id === leader.shown?.department?.id;
  if (seen && !same) return toast(say('look_again'), 'failed');
  return accept(leader.shown);
}

/** The whole way to what is shown, on the page for it. */
async function why() {
  const { title, district } = drafts.current();
  hand({ text: drafts.wholeText(), title, district });
  const { go } = await import('./main.js');
  return go('/console/try');
}

/** What is shown is wrong: an editor is told, with what would be right. */
function wrong() {
  const { title, district, scenario, department } = drafts.current();
  return correct({ text: drafts.wholeText(), title, district }, leader.shown, { scenario, department });
}

function take({ shown, from }) {
  if (from) {
    const now = shown.scenario?.title ?? say('outcome_unknown');
    parts.spoken.textContent = say('changed', { from: from.scenario?.title ?? say('outcome_unknown'), to: now });
    clearTimeout(telling);
    telling = setTimeout(() => { parts.spoken.textContent = ''; }, TOLD);
    parts.decided.classList.remove('flash');
    requestAnimationFrame(() => parts.decided.classList.add('flash'));
  }
  showDecision();
}

function showText() {
  const { text } = drafts.current();
  const decision = leader.shown && latest && { evidence: leader.shown.evidence, facts: latest.facts };
  const marks = marksOf(decision, factName);
  const before = spoken ? spoken + 1 : 0;
  // A line break at the end has a height only if something follows it.
  fill(parts.mirror, marked(text, marks.map((mark) => ({ ...mark, start: mark.start - before, end: mark.end - before }))), '\u200b');
  parts.count.textContent = text ? say('characters', { count: places(text).length - 1 }) : '';
  if (stream) showTranscript(parts.transcript, stream, marks);
}

function showDecision() {
  const decision = leader.shown;
  const draft = drafts.current();
  showText();
  fill(parts.alarm, decision?.emergency && alarm(decision));
  if (!decision) parts.spoken.textContent = '';
  parts.replyBox.hidden = !decision;
  aboutNow(decision?.scenario?.id ?? null);
  fill(parts.notices, decision?.notices.map((one, index) => noticeFirst(decision, one, index)));
  showFacts();
  showQuestions(parts.questions, decision ? questions : [], { focusAfter: () => parts.text.focus() });
  fill(parts.decided, decision ? heading(decision, draft) : h('div', { class: 'empty' }, h('p', null, say('waiting')), h('p', { class: 'note' }, say('waiting_note'))));
  showReply(decision, draft);
  fill(parts.more, decision && sections(decision));
}

function heading(decision, draft) {
  const own = draft.scenario ?? decision.scenario;
  const rival = leader.rival;
  return [
    h('div', { class: 'lead' },
      h('div', { class: 'grow' }, h('p', { class: 'kind' }, [decision.kind, decision.category?.path].filter(Boolean).join(' · ')),
        h('h2', { id: 'scenario' }, own?.title ?? own?.label ?? say('outcome_unknown')),
        (draft.scenario || draft.department) && h('p', { class: 'note' }, say('amended', { reason: draft.reason }))),
      h('div', { class: 'sureness' }, sureness(decision), h('button', { type: 'button', class: 'small', onclick: why }, say('why')), h('button', { type: 'button', class: 'small', onclick: wrong }, say('correct')))),
    rival && h('p', { class: 'rival' }, say('rival', { title: rival.scenario?.title ?? say('outcome_unknown') })),
    h('dl', { class: 'properties' },
      draft.department ? row(say('department'), h('strong', null, draft.department.label), h('small', { class: 'basis' }, say('amended', { reason: draft.reason }))) : whoHandles(decision),
      whenDue(decision)),
    matters(decision),
  ];
}

const replyText = () => parts.reply?.value ?? '';

function showReply(decision, draft) {
  const suggested = decision?.reply?.text ?? '';
  if (draft.reply === null && parts.reply.value !== suggested) parts.reply.value = suggested;
  else if (draft.reply !== null && parts.reply.value !== draft.reply) parts.reply.value = draft.reply;
  parts.restore.hidden = draft.reply === null;
  const asks = new Map((decision?.questions ?? []).map((one) => [one.slot, one.ask]));
  const missing = (decision?.reply?.missing ?? []).filter((slot) => asks.has(slot) && !wasAsked(draft, slot));
  fill(parts.missing, missing.length && [h('strong', null, say('missing', { count: missing.length })), missing.map((slot) => h('span', null, asks.get(slot)))]);
}

function showFacts() {
  const facts = latest?.facts ?? [];
  const { phone } = drafts.current();
  fill(parts.facts, facts.length && h('h3', null, say('facts')), facts.map((fact) => h('span', { class: 'chip' },
    h('button', { type: 'button', title: say('correct_fact'), onclick: () => select(fact.span) }, h('small', null, factName(fact.kind)), ` ${READ_AS.includes(fact.kind) && fact.value !== fact.text ? `${fact.text} = ${fact.value}` : fact.text}`),
    fact.kind === 'phone' && fact.value !== phone && h('button', { type: 'button', class: 'use', onclick: () => drafts.change({ phone: fact.value }) }, say('use_phone')))));
}

/** Selects a fact in the text, so that typing corrects it. */
function select(span) {
  const starts = places(parts.text.value);
  const before = spoken ? spoken + 1 : 0;
  // What was said on the call is not the agent's to correct; a note beside it is.
  if (span.start < before) return parts.text.focus();
  parts.text.focus();
  return parts.text.setSelectionRange(starts[span.start - before], starts[span.end - before]);
}

/** A notice that covers the place: to be read out before anything else, which often is all. */
function noticeFirst(decision, one, index) {
  // What endangers somebody is not over with a notice.
  const told = !decision.emergency && h('button', { type: 'button', class: 'small', onclick: () => noticeTold(decision, one) }, say('notice_told'), index === 0 && h('kbd', null, 'Alt+G'));
  return notice(one, [h('button', { type: 'button', class: 'small', onclick: () => copied(one.text) }, say('copy')), told]);
}

function toldFirst() {
  const decision = leader.shown;
  if (!decision?.notices.length || decision.emergency) return toast(say('no_notice'), 'failed');
  return noticeTold(decision, decision.notices[0]);
}

function sections(decision) {
  const section = (label, content) => content && (!Array.isArray(content) || content.length > 0) && h('section', null, h('h3', null, say(label)), content);
  const instead = (one) => amend(leader.shown, {
    scenario: { id: one.scenario.id, label: one.scenario.title }, department: one.department && { id: one.department.id, label: one.department.name },
  });
  return [
    section('runners_up', runnersUp(decision, instead)),
    section('steps', decision.steps.length > 0 && h('ol', { class: 'steps' }, decision.steps.map((step) => h('li', null, step)))),
    section('articles', decision.articles.map((one) => article(one))),
    section('cases', decision.cases.map(pastCase)),
  ];
}
