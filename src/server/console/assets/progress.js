// How far a ticket is, as a sentence to be read out to whoever called about it.

import { title } from './names.js';
import { aloud } from './time.js';
import { say } from './words.js';

/** States in which nobody waits for an answer any more. */
const ANSWERED = ['reply_sent', 'called_back', 'closed', 'finalised', 'merged', 'refused'];
export const OVER = ['closed', 'finalised', 'merged', 'refused'];

/** Who handles it: those in charge, then those who take part. */
function handlers(ticket, name) {
  const named = (role) => [...new Set(ticket.assignments.filter((one) => one.role === role && one.state !== 'withdrawn').map((one) => name(one.department)))].join(say('comma'));
  const [lead, joint] = [named('lead') || named('verify'), named('joint')];
  return lead && joint ? say('progress_with', { lead, joint }) : lead || joint;
}

/** By when it is to be answered; what is late is said to be late. */
function until(ticket, now) {
  if (ANSWERED.includes(ticket.state) || !ticket.due || ticket.paused || ticket.state === 'parked') return '';
  return say(new Date(ticket.due) < now ? 'progress_late' : 'progress_due', { due: aloud(ticket.due) });
}

/** The sentence. `name` gives the name of a department. */
export function progress(ticket, name, now = new Date()) {
  const department = handlers(ticket, name);
  const values = { department, reply: ticket.reply ?? '', into: ticket.merged_into ?? '', day: ticket.parking?.review_on ?? '', over: ticket.times?.over ? aloud(ticket.times.over) : '' };
  const state = ticket.paused && !ANSWERED.includes(ticket.state) ? 'paused' : ticket.state;
  const withReply = ticket.reply && say.maybe(`progress_${state}_reply`, '') ? `progress_${state}_reply` : `progress_${state}`;
  // Nobody in charge yet, whatever the state says: an emergency that a person has still to confirm is with its department.
  const stands = state === 'in_review' && department ? 'progress_dispatched' : withReply;
  return [
    say('progress_matter', { at: aloud(ticket.opened_at), matter: ticket.scenario ? title(ticket.scenario) : say('your_matter') }),
    say(stands, values), until(ticket, now),
    ticket.chases > 0 && !ANSWERED.includes(ticket.state) && say('progress_chased', { count: ticket.chases }),
  ].filter(Boolean).join('');
}
