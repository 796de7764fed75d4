// What people propose to the editors: the open ones with their draft, impact and patch; accepted or rejected with a reason.

import { ask, post } from './api.js';
import { downloadPatch, draftView, proposeArticle } from './correct.js';
import { row } from './decision.js';
import { field, fill, h, toast } from './dom.js';
import { at } from './time.js';
import { say } from './words.js';

const STATES = ['open', 'accepted', 'rejected'];
/** How often the list is looked at again, in ms. */
const EVERY = 8000;

let parts = {};
let state = 'open';
let items = [];
let shown = null;
let seen = '';
let reading = 0;
let cursor = null;

export const keys = [
  { code: 'KeyJ', label: 'key_next', run: () => step(1) },
  { code: 'KeyK', label: 'key_previous', run: () => step(-1) },
  { code: 'KeyQ', label: 'key_queue', run: () => choose(STATES[(STATES.indexOf(state) + 1) % STATES.length]) },
  { code: 'KeyA', label: 'key_take', run: () => decide('accepted') },
  { code: 'KeyX', label: 'key_reject', run: () => parts.detail.querySelector('textarea')?.focus() },
  { code: 'KeyP', label: 'key_patch', run: () => shown?.patch && downloadPatch(shown.id) },
  { code: 'KeyN', label: 'propose_article', run: () => propose() },
];

export function mount(root) {
  const asked = new URLSearchParams(location.search);
  if (STATES.includes(asked.get('state'))) state = asked.get('state');
  parts = {};
  seen = '';
  fill(root, h('h1', { class: 'offscreen' }, say('page_proposals')),
    h('div', { class: 'split' },
      h('section', { class: 'panel queue', 'aria-label': say('queues') },
        h('div', { class: 'tabs', role: 'tablist', 'aria-label': say('page_proposals') }, STATES.map((one) => h('button', {
          type: 'button', role: 'tab', id: `proposals-${one}`, 'aria-selected': String(one === state), 'aria-controls': 'proposals-panel', dataset: { state: one }, onclick: () => choose(one),
        }, say(`proposals_${one}`), h('span', { class: 'badge' })))),
        h('div', { class: 'heading', id: 'proposals-panel' }, parts.count = h('span', { class: 'note grow', role: 'status' }),
          h('button', { type: 'button', class: 'small', onclick: propose }, say('propose_article'), h('kbd', null, 'N'))),
        parts.list = h('ul', { class: 'list', 'aria-label': say('page_proposals') }),
        parts.more = h('button', { type: 'button', class: 'small more', hidden: true, onclick: () => read(true) }, say('proposals_more'))),
      parts.detail = h('section', { class: 'panel detail', 'aria-label': say('proposal') })));
  detail(null);
  read();
  if (asked.get('id')) openProposal(asked.get('id'));
  const again = setInterval(() => { if (!document.hidden) read(); }, EVERY);
  return () => clearInterval(again);
}

function choose(next) {
  state = next;
  seen = '';
  for (const one of document.querySelectorAll('[role=tab]')) one.setAttribute('aria-selected', String(one.dataset.state === state));
  detail(null);
  return read();
}

async function propose() {
  if (await proposeArticle()) await read();
}

/** Reads the list; the next page where there is one, or again what is shown. */
async function read(more = false) {
  reading += 1;
  const own = reading;
  try {
    const page = await ask(`/v1/proposals?state=${state}&limit=50${more && cursor ? `&cursor=${cursor}` : ''}`);
    if (own !== reading) return;
    const badge = document.querySelector('#proposals-open .badge');
    if (badge) badge.textContent = page.open ? String(page.open) : '';
    parts.count.textContent = say('proposals_count', { count: page.open });
    const now = JSON.stringify([page, more]);
    if (now === seen) return;
    seen = now;
    items = more ? [...items, ...page.items] : page.items;
    cursor = page.next_cursor;
    parts.more.hidden = !cursor;
    list();
  } catch (problem) {
    if (own === reading) fill(parts.list, h('li', { class: 'empty problem' }, problem.message));
  }
}

function list() {
  const focused = document.activeElement?.dataset?.id;
  fill(parts.list, items.length ? items.map((one) => h('li', null, h('button', {
    type: 'button', class: 'line', dataset: { id: one.id }, 'aria-current': one.id === shown?.id ? 'true' : null, onclick: () => openProposal(one.id),
  }, h('span', { class: 'line-head' }, h('strong', null, one.title), h('span', { class: 'pill' }, say(`proposal_${one.kind}`))),
  h('span', { class: 'line-foot' }, h('small', null, one.id), h('small', null, one.by), h('small', null, at(one.at)))))) : h('li', { class: 'empty' }, say('proposals_none')));
  if (focused) parts.list.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function step(by) {
  const now = items.findIndex((one) => one.id === shown?.id);
  const next = items[now < 0 ? (by > 0 ? 0 : items.length - 1) : now + by];
  if (next) openProposal(next.id);
}

async function openProposal(id) {
  try {
    detail(await ask(`/v1/proposals/${encodeURIComponent(id)}`));
  } catch (problem) {
    toast(problem.message, 'failed');
  }
}

function asked({ asked: own }, kind) {
  const named = (one) => one && (one.name ?? one.title ?? one.id);
  if (kind === 'correction') {
    return [h('p', { class: 'text said' }, own.title && h('strong', null, `${own.title}　`), own.text),
      h('dl', { class: 'properties' }, row(say('right_scenario'), named(own.scenario)), row(say('right_department'), named(own.department)), row(say('district'), own.district), row(say('reason'), own.why))];
  }
  if (kind === 'article') {
    return h('dl', { class: 'properties' }, row(say('article_title'), own.title), row(say('article_questions'), own.questions.join('；')), row(say('article_answer'), h('span', { class: 'text' }, own.answer)),
      row(say('basis'), own.basis.join('；')), row(say('article_effective'), own.effective), row(say('article_expires'), own.expires), row(say('department'), named(own.department)), row(say('scenario'), named(own.scenario)));
  }
  return h('dl', { class: 'properties' }, row(say('proposal_about'), named(own.article), h('small', { class: 'basis' }, own.article.id)), row(say('confirm_on'), own.on), row(say('report_what'), own.why && h('strong', { class: 'text' }, own.why)));
}

function detail(one) {
  shown = one;
  parts.detail.closest('.split').classList.toggle('open', one !== null);
  const query = new URLSearchParams({ state, ...(one && { id: one.id }) });
  history.replaceState(null, '', `${location.pathname}?${query}`);
  for (const line of parts.list.querySelectorAll('.line')) {
    if (line.dataset.id === one?.id) line.setAttribute('aria-current', 'true');
    else line.removeAttribute('aria-current');
  }
  if (!one) return void fill(parts.detail, h('div', { class: 'empty' }, h('p', null, say('choose_proposal')), h('p', { class: 'note' }, say('choose_proposal_note'))));
  const reason = h('textarea', { rows: 2, maxlength: 2000 });
  fill(parts.detail,
    h('div', { class: 'ticket-head' }, h('button', { type: 'button', class: 'small back', onclick: () => detail(null) }, `← ${say('back')}`),
      h('div', { class: 'grow' }, h('h2', null, one.title), h('p', { class: 'note' }, [one.id, say(`proposal_${one.kind}`), one.by].join(' · '), ' · ', at(one.at))),
      h('span', { class: `pill ${{ accepted: 'good', rejected: 'warn' }[one.state] ?? ''}` }, say(`proposals_${one.state}`))),
    one.decided_by && h('p', { class: 'note' }, say('proposal_decided', { by: one.decided_by }), one.reason && `：${one.reason}`),
    h('section', { class: 'said' }, asked(one.body, one.kind)),
    h('section', null, draftView(one.body.draft, one.patch, one.kind)),
    h('dl', { class: 'properties' }, row(say('revision'), h('code', null, one.revision)), row(say('ticket'), one.ticket), row(say('proposal_branch'), one.branch && h('code', null, one.branch))),
    h('div', { class: 'card' },
      one.patch && h('p', { class: 'note' }, say(one.branch ? 'proposal_take_branch' : 'proposal_take_patch', { branch: one.branch, id: one.id })),
      one.state === 'open' && field(say('proposal_reason'), reason),
      h('div', { class: 'actions' },
        one.state === 'open' && [h('button', { type: 'button', class: 'primary', dataset: { action: 'accepted' }, onclick: () => decide('accepted') }, say('proposal_accept'), h('kbd', null, 'A')),
          h('button', { type: 'button', dataset: { action: 'rejected' }, onclick: () => decide('rejected') }, say('proposal_reject'))],
        one.state !== 'open' && h('button', { type: 'button', dataset: { action: 'open' }, onclick: () => decide('open') }, say('proposal_reopen')),
        one.patch && h('button', { type: 'button', dataset: { action: 'patch' }, onclick: () => downloadPatch(one.id) }, say('propose_download'), h('kbd', null, 'P')))));
  parts.reason = reason;
  parts.detail.scrollTop = 0;
}

async function decide(to) {
  if (!shown || (to !== 'open') !== (shown.state === 'open')) return;
  const reason = parts.reason.value.trim();
  if (to === 'rejected' && !reason) {
    toast(say('fill_in', { what: say('proposal_reason') }), 'failed');
    parts.reason.focus();
    return;
  }
  try {
    const after = await post(`/v1/proposals/${encodeURIComponent(shown.id)}`, { state: to, ...(reason && { reason }) });
    toast(say('did', { what: say({ accepted: 'proposal_accept', rejected: 'proposal_reject', open: 'proposal_reopen' }[to]) }));
    detail(after);
  } catch (problem) {
    toast(problem.message, 'failed');
    if (problem.status !== 403) openProposal(shown.id);
  }
  await read();
}
