// Moments and deadlines as people read them; deadlines count down while one looks.

import { h } from './dom.js';
import { timeZone } from './names.js';
import { language, say } from './words.js';

const MINUTE = 60000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in its two largest units. */
export function span(milliseconds) {
  const total = Math.abs(milliseconds);
  const [days, hours] = [Math.floor(total / DAY), Math.floor((total % DAY) / HOUR)];
  const [minutes, seconds] = [Math.floor((total % HOUR) / MINUTE), Math.floor((total % MINUTE) / 1000)];
  if (days) return say('span_days', { days, hours });
  if (hours) return say('span_hours', { hours, minutes });
  return say('span_minutes', { minutes, seconds: String(seconds).padStart(2, '0') });
}

/** A moment in local time; without the year while it is this one. */
export function moment(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  const year = at.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
  const options = { year, month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false, timeZone: timeZone() };
  return new Intl.DateTimeFormat(language() === 'zh' ? 'zh-CN' : 'en', options).format(at);
}

/** A minute of the hotline's own clock, as files say it (`2026-11-25 08:00`): it has no time zone to be turned by. */
export function minute(text) {
  const [, year, month, day, time] = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d:\d\d)/.exec(text) ?? [];
  if (!time) return text;
  const date = `${Number(month)}/${Number(day)} ${time}`;
  return Number(year) === new Date().getFullYear() ? date : `${year}/${date}`;
}

/** A moment as it is read out: 11月25日18点. */
export function aloud(text) {
  if (language() !== 'zh') return moment(text);
  const parts = new Intl.DateTimeFormat('zh-CN', { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', hour12: false, timeZone: timeZone() }).formatToParts(new Date(text));
  const part = (type) => Number(parts.find((one) => one.type === type).value);
  const minutes = part('minute');
  return `${part('month')}月${part('day')}日${part('hour') % 24}点${minutes ? `${minutes}分` : ''}`;
}

export function at(text) {
  return h('time', { datetime: text }, moment(text));
}

/** How much is left until a moment; counts down. `paused`: its clock stands. */
export function countdown(due, paused = false) {
  const shown = h('time', { class: 'due', datetime: due, title: moment(due) });
  if (paused) {
    shown.textContent = say('clock_stands');
    return shown;
  }
  shown.dataset.due = String(new Date(due).getTime());
  tick(shown, Date.now());
  return shown;
}

function tick(shown, now) {
  const left = Number(shown.dataset.due) - now;
  const text = say(left < 0 ? 'overdue_by' : 'left', { span: span(left) });
  if (shown.textContent !== text) shown.textContent = text;
  shown.dataset.level = left < 0 ? 'over' : left < 2 * HOUR ? 'soon' : 'calm';
}

/** Counts all deadlines of the page down, once a second. */
export function countDown() {
  setInterval(() => {
    const now = Date.now();
    for (const shown of document.querySelectorAll('[data-due]')) tick(shown, now);
  }, 1000);
}
