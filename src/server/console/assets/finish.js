// How a call ends: as a ticket that is dispatched, as one that a dispatcher decides, or answered on the spot.

import { act, post } from './api.js';
import { choose } from './choose.js';
import { field, h, toast } from './dom.js';
import * as drafts from './draft.js';
import { findDepartments, findScenarios } from './names.js';
import { say } from './words.js';

/** Two presses of one key are one ticket. */
let busy = false;

/** A dialog with a form. The answer is what `read` gives once it was sent, or null. `ready`: one more key sends it as it is. */
export function dialog(title, content, read, confirm = say('ok'), { ready = false } = {}) {
  return new Promise((answer) => {
    let result = null;
    const box = h('dialog', { class: 'dialog', 'aria-label': title },
      h('form', { onsubmit: (event) => {
        event.preventDefault();
        result = read();
        if (result) box.close();
      } }, h('h2', null, title), content,
      h('div', { class: 'actions' }, h('button', { class: 'primary', autofocus: ready, 'aria-keyshortcuts': 'Control+Enter' }, confirm, h('kbd', { 'aria-hidden': 'true' }, 'Ctrl+Enter')), h('button', { type: 'button', onclick: () => box.close() }, say('cancel')))));
    box.addEventListener('close', () => {
      box.remove();
      answer(result);
    });
    document.body.append(box);
    box.showModal();
  });
}

/** Changes scenario or department, with the reason that histories keep. */
export async function amend(decision, proposed = {}) {
  if (!decision) return toast(say('nothing_yet'), 'failed');
  const draft = drafts.current();
  const scenario = choose({ find: findScenarios, label: say('scenario'),
    value: proposed.scenario ?? draft.scenario ?? (decision.scenario && { id: decision.scenario.id, label: decision.scenario.title }) });
  const department = choose({ find: findDepartments, label: say('department'), free: true,
    value: proposed.department ?? draft.department ?? (decision.department && { id: decision.department.id, label: decision.department.name }) });
  const reason = h('input', { required: true, maxlength: 500, autocomplete: 'off', value: draft.reason });
  const reasons = ['reason_scenario', 'reason_department', 'reason_caller'].map((one) =>
    h('button', { type: 'button', class: 'small', onclick: () => { reason.value = say(one); } }, say(one)));
  const changed = await dialog(say('amend'), [
    scenario.box, department.box, field(say('reason'), reason), h('div', { class: 'chips' }, reasons),
  ], () => {
    const own = { scenario: scenario.choice, department: department.value ? department.choice ?? { id: department.value, label: department.value } : null };
    return {
      scenario: own.scenario?.id === decision.scenario?.id ? null : own.scenario,
      department: own.department?.id === decision.department?.id ? null : own.department,
      reason: reason.value.trim(),
    };
  });
  if (changed) drafts.change(changed);
  return changed;
}

function submission(draft) {
  const contact = { ...(draft.name && { name: draft.name }), ...(draft.phone && { phone: draft.phone }) };
  return {
    text: drafts.wholeText(), channel: draft.channel, confidential: draft.confidential,
    ...(draft.title && { title: draft.title }), ...(draft.district && { district: draft.district }),
    ...(Object.keys(contact).length && { contact }),
  };
}

/** Files the draft; sent again after a fault it is still one ticket, by the draft's own key. */
async function file(more = {}) {
  const draft = drafts.current();
  return post('/v1/tickets', { ...submission(draft), ...more }, { headers: { 'Idempotency-Key': draft.requestKey } });
}

/** Ends the call with what `what` does: it gives what is said of it then, or null where the call goes on. */
export async function ending(what) {
  if (busy) return;
  busy = true;
  try {
    const said = await what();
    if (!said) return;
    drafts.clear();
    toast(said);
    document.getElementById('complaint')?.focus();
  } catch (problem) {
    toast(say('not_sent', { why: problem.message }), 'failed');
  } finally {
    busy = false;
  }
}

/** Ends the call with a ticket. */
async function once(decision, what) {
  if (!decision || !drafts.wholeText().trim()) return void toast(say('nothing_yet'), 'failed');
  await ending(async () => {
    const ticket = await what();
    const seconds = Math.round((Date.now() - drafts.current().began) / 1000);
    return ticket && say('filed', { id: ticket.id, state: say(`state_${ticket.state}`), seconds });
  });
}

/** What the agent decided, for a dispatcher who must do it. */
function opinion(decision, draft) {
  const scenario = draft.scenario?.label ?? decision.scenario?.title ?? say('outcome_unknown');
  const department = draft.department?.label ?? decision.department?.name ?? say('none');
  const parts = [say('opinion', { scenario, department })];
  if (draft.reason) parts.push(`${say('reason')}：${draft.reason}`);
  if (draft.reply) parts.push(`${say('reply')}：${draft.reply}`);
  return parts.join('\n').slice(0, 4900);
}

const waits = (ticket) => ['received', 'in_review'].includes(ticket.state);
const differs = (draft) => draft.scenario || draft.department || draft.reply;
/** The scenario that was chosen, or that the caller's answers point to: the text alone may not say so. */
const chosen = (decision, draft) => draft.scenario?.id ?? (decision.source === 'answers' ? decision.scenario?.id : undefined);

/** Files it and sends it to the department that is shown; where only a dispatcher may, it waits with the agent's opinion. */
export const accept = (decision) => once(decision, async () => {
  const draft = drafts.current();
  const department = draft.department?.id ?? decision.department?.id;
  if (!department) {
    await amend(decision);
    return null;
  }
  const ticket = await file();
  if (!waits(ticket)) return differs(draft) ? remark(ticket, opinion(decision, draft)) : ticket;
  const joint = draft.department ? [] : decision.joint.map((one) => ({ department: one.id, role: 'joint' }));
  const basis = draft.reason || (draft.department ? undefined : decision.department?.basis);
  const dispatch = { action: 'dispatch', assignments: [{ department, ...(basis && { basis }) }, ...joint], ...(chosen(decision, draft) && { scenario: chosen(decision, draft) }) };
  try {
    return await act(ticket, dispatch);
  } catch (problem) {
    if (problem.status !== 403) toast(say('filed_not_sent', { id: ticket.id, why: problem.message }), 'failed');
    return remark(ticket, opinion(decision, draft));
  }
});

export const toReview = (decision) => once(decision, async () => {
  const draft = drafts.current();
  const ticket = await file();
  return differs(draft) ? remark(ticket, opinion(decision, draft)) : ticket;
});

/** A consultation: what was said on the phone is kept, and that was all. */
export const answerNow = (decision, reply) => once(decision, async () => {
  const text = h('textarea', { rows: 7, maxlength: 5000, required: true, value: reply });
  const said = await dialog(say('answer_now'), field(say('what_was_said'), text), () => text.value.trim(), say('close_ticket'));
  return said && closed(decision, said);
});

/** The caller was told of a notice that covers the place, and that was all. */
export const noticeTold = (decision, notice) => once(decision, () => closed(decision, say('notice_words', notice)));

/** Files it as answered: it goes to nobody. Of an emergency that is not taken: it goes out, and a person takes it back. */
async function closed(decision, said) {
  if (!decision.emergency) return file({ answered: said });
  const ticket = await file();
  return waits(ticket) ? act(ticket, { action: 'answer_on_the_spot', text: said }) : remark(ticket, said);
}

/** A remark; the ticket afterwards, or as it was where it can no longer be seen. */
const remark = async (ticket, text) => await act(ticket, { action: 'note', text }) ?? ticket;

export async function discard() {
  if (drafts.isBlank()) return;
  const sure = await dialog(say('discard'), h('p', null, say('discard_note')), () => true, say('discard'));
  if (sure) drafts.clear();
}
