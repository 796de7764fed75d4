// Figures: how much came in, what became of it, what is rising; by department, scenario, category, district, channel, hour.

import { ask, key } from './api.js';
import { bars, count, figure, hours, lines, ownTable, share, spark } from './chart.js';
import { choose } from './choose.js';
import { field, fill, h } from './dom.js';
import { heatMap } from './heatmap.js';
import { findDepartments, learnTitles, names, timeZone, title } from './names.js';
import { say } from './words.js';

const PERIODS = ['week', 'month', 'year', 'days', 'free'];
const WAYS = ['department', 'scenario', 'category', 'district', 'channel', 'kind'];
const MEASURES = ['tickets', 'automatic', 'accuracy', 'returns', 'in_time', 'overdue', 'response', 'resolution', 'satisfaction'];
const STEPS = ['dispatch', 'contact', 'resolve', 'reply', 'end'];
/** Bars of a chart; the table has all. */
const MOST_BARS = 15;
/** From so many days on, months are drawn. */
const MOST_DAYS = 92;

/** Stays while one goes to another page and comes back. */
const asked = { period: 'days', from: '', to: '', department: null, way: 'department', measure: 'tickets' };
let parts = {};
let reading = 0;

export const keys = [
  { code: 'KeyP', label: 'key_period', run: () => period(PERIODS[(PERIODS.indexOf(asked.period) + 1) % (PERIODS.length - 1)]) },
  { code: 'KeyD', label: 'key_way', run: () => turn('way', WAYS) },
  { code: 'KeyM', label: 'key_measure', run: () => turn('measure', MEASURES) },
  { code: 'KeyR', label: 'refresh', run: () => read() },
];

/** Today where the hotline is, as a date of the calendar. */
function today() {
  const text = new Intl.DateTimeFormat('en-CA', { timeZone: timeZone(), year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date());
  return new Date(`${text}T00:00:00Z`);
}

const iso = (date) => date.toISOString().slice(0, 10);
const later = (date, days) => new Date(date.getTime() + days * 86400000);
const lastYear = (text) => {
  const [year, month, day] = text.split('-').map(Number);
  const there = new Date(Date.UTC(year - 1, month - 1, day));
  // The 29th of February has the 28th.
  return iso(there.getUTCMonth() === month - 1 ? there : new Date(Date.UTC(year - 1, month, 0)));
};

/** The days of a period, up to today. */
function span(of) {
  const now = today();
  const from = { week: later(now, -((now.getUTCDay() + 6) % 7)), month: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)), year: new Date(Date.UTC(now.getUTCFullYear(), 0, 1)), days: later(now, -29) }[of];
  return { from: iso(from), to: iso(now) };
}

function period(next) {
  asked.period = next;
  if (next !== 'free') Object.assign(asked, span(next));
  parts.period.value = next;
  parts.from.value = asked.from;
  parts.to.value = asked.to;
  parts.free.hidden = next !== 'free';
  return read();
}

function turn(what, all) {
  asked[what] = all[(all.indexOf(asked[what]) + 1) % all.length];
  return read();
}

export function mount(root) {
  parts = {};
  const day = (which) => h('input', { type: 'date', required: true, value: asked[which], onchange: () => {
    asked[which] = parts[which].value;
    if (asked.from && asked.to) read();
  } });
  const select = (all, prefix, own, onchange) => h('select', { onchange, value: own }, all.map((one) => h('option', { value: one, selected: one === own }, say(`${prefix}_${one}`))));
  parts.period = select(PERIODS, 'period', asked.period, () => period(parts.period.value));
  parts.from = day('from');
  parts.to = day('to');
  parts.free = h('div', { class: 'strip', hidden: asked.period !== 'free' }, field(say('first_day'), parts.from), field(say('last_day'), parts.to));
  const department = choose({ find: findDepartments, label: say('department'), value: asked.department, onchoose: (choice) => {
    asked.department = choice;
    read();
  } });
  fill(root, h('h1', { class: 'offscreen' }, say('page_figures')),
    h('div', { class: 'page wide' },
      h('div', { class: 'panel period-of' }, h('div', { class: 'strip' }, field(say('period'), parts.period), parts.free, department.box),
        parts.span = h('p', { class: 'note', role: 'status' })),
      parts.body = h('div', { class: 'plots' })));
  // Dates are the hotline's: its time zone is known with the names.
  names().catch(() => null).then(() => period(asked.period));
  return () => { reading += 1; };
}

const query = (given) => new URLSearchParams(Object.entries({ ...given, ...(asked.department && { department: asked.department.id }) }).filter(([, value]) => value !== undefined)).toString();
const statistics = (given) => `/v1/statistics?${query({ from: asked.from, to: asked.to, ...given })}`;

/** The answer, or why there is none: where there are too many groups the rest of the page is shown all the same. */
const or = (path) => ask(path).catch((problem) => {
  if (problem.status === 422) return { problem };
  throw problem;
});
const tooMany = ({ problem }) => h('p', { class: 'panel problem' }, problem.message);

/** How wide charts may be. */
const room = (half) => {
  const all = (parts.body.clientWidth || 1000) - 38;
  return Math.max(270, half && all > 760 ? (all - 50) / 2 : all);
};

async function read() {
  reading += 1;
  const own = reading;
  const { from, to } = asked;
  const long = (Date.parse(to) - Date.parse(from)) / 86400000 >= MOST_DAYS;
  const before = { from: lastYear(from), to: lastYear(to) };
  const time = long ? 'month' : 'day';
  parts.span.textContent = say('compared', { from, to, before: before.from, until: before.to });
  try {
    const [all, trend, trendBefore, way, map, hour, rising] = await Promise.all([
      ask(statistics({ last_year: true })), ask(statistics({ by: time })), ask(statistics({ by: time, ...before })),
      or(statistics({ by: asked.way, last_year: true })), or(statistics({ by: 'scenario,district' })),
      ask(`/v1/statistics/hours?${query({ from: Date.parse(to) - Date.parse(from) > 364 * 86400000 ? iso(later(new Date(to), -364)) : from, to })}`),
      ask(`/v1/statistics/rising?${query({ to })}`)]);
    const found = await names();
    const scenarios = [...way.lines ?? [], ...map.lines ?? []].map((line) => line.group.scenario).concat(rising.topics.map((one) => one.id));
    await learnTitles(scenarios.filter(Boolean)).catch(() => null);
    if (own !== reading) return;
    const name = (kind, id) => named(found, kind, id);
    fill(parts.body, tiles(all), overTime(trend, trendBefore, long), risingTopics(rising), byWay(way, name), ratesChart(all), stepsChart(all), byHour(hour), places(map, name));
  } catch (problem) {
    if (own === reading) fill(parts.body, h('p', { class: 'panel problem' }, problem.message, problem.status === 401 && !key() && ` ${say('not_signed_in')}`));
  }
}

function named(found, kind, id) {
  if (!id) return say('none_known');
  if (kind === 'department' || kind === 'district') return found.byId.get(id) ?? id;
  if (kind === 'scenario') return title(id);
  return kind === 'channel' ? say.maybe(`channel_${id}`, id) : id;
}

const rate = (of, all) => (all ? of / all : null);
/** What a measure is of a line, before exclusions; rates as the rules of assessment of the starter bundle have them. */
function value(line, measure, counts = line?.counts ?? {}) {
  const of = (name) => counts[name] ?? 0;
  switch (measure) {
    case 'automatic': return rate(of('automatic'), of('dispatched'));
    case 'accuracy': return rate(of('as_suggested'), of('suggested'));
    case 'returns': return rate(of('returns'), of('dispatched'));
    case 'in_time': return rate(of('resolved_in_time'), of('resolved'));
    case 'response': return rate(of('responded'), of('dispatched'));
    case 'resolution': return rate(of('solved') + of('partly_solved') / 2, of('reached'));
    case 'satisfaction': return rate(of('satisfied'), of('satisfied') + of('not_satisfied'));
    default: return of(measure);
  }
}
const written = (measure) => (measure === 'tickets' || measure === 'overdue' ? count : share);

/** By how much something is more than last year, in words. */
function against(now, before, isShare) {
  if (before === null || before === undefined || (!isShare && !before)) return say('no_last_year');
  const by = isShare ? (now - before) * 100 : (now / before - 1) * 100;
  const text = `${by >= 0 ? '+' : '−'}${Math.abs(by).toFixed(1)}${isShare ? say('points_of') : '%'}`;
  return say('than_last_year', { by: text });
}

function tiles(all) {
  const [line] = all.lines;
  const counts = line?.counts ?? {};
  const before = line?.last_year ?? {};
  const tile = (measure) => {
    const [now, then] = [value(line, measure), value(line, measure, before)];
    const isShare = written(measure) === share;
    return h('div', { class: 'panel count', dataset: { measure } }, h('span', null, say(`measure_${measure}`)), h('b', null, written(measure)(now)),
      h('span', null, now === null ? say('nothing_counted') : against(now, then, isShare)));
  };
  return h('section', { class: 'counts whole', 'aria-label': say('at_a_glance') }, MEASURES.filter((one) => one !== 'overdue').map(tile),
    h('div', { class: 'panel count', dataset: { measure: 'overdue' } }, h('span', null, say('measure_overdue')), h('b', null, count(counts.overdue)), h('span', null, say('overdue_now', { count: counts.overdue_now ?? 0 }))));
}

/** Every day or month from one day to another. */
function times(from, to, long) {
  const all = [];
  for (let at = new Date(from); at <= new Date(to); at = long ? new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1)) : later(at, 1)) all.push(iso(at).slice(0, long ? 7 : 10));
  return all;
}

/** The measure that is looked at, day by day or month by month, beside last year's. */
function overTime(trend, before, long) {
  const kind = long ? 'month' : 'day';
  const { measure } = asked;
  const show = written(measure);
  const values = (answer, labels) => {
    const found = new Map(answer.lines.map((line) => [line.group[kind], value(line, measure)]));
    return labels.map((label) => found.get(label) ?? (show === count ? 0 : null));
  };
  const labels = times(asked.from, asked.to, long);
  const now = values(trend, labels);
  const then = values(before, labels.map((label) => (long ? `${Number(label.slice(0, 4)) - 1}${label.slice(4)}` : lastYear(label))));
  const heading = say('trend', { measure: say(`measure_${measure}`) });
  const most = Math.max(...now.map((one) => one ?? 0));
  return figure({
    title: heading, columns: [say(kind), say('this_time'), say('last_year')], rows: [...now, ...then].some(Boolean) ? labels.map((label, at) => [label, show(now[at]), show(then[at])]) : [],
    chart: lines({ title: heading, description: say('trend_said', { from: asked.from, to: asked.to, most: show(most) }), labels: labels.map((label) => (long ? label : label.slice(5).replace('-', '/'))),
      series: [{ name: say('this_time'), values: now }, { name: say('last_year'), values: then }], width: room(false), show }),
    csv: statistics({ by: kind, format: 'csv' }),
  });
}

function risingTopics(rising) {
  const rows = rising.topics.map((one) => h('tr', null, h('th', { scope: 'row' }, title(one.id)), h('td', { class: 'number' }, count(one.tickets)), h('td', { class: 'number' }, hours(one.expected)),
    h('td', null, spark([...one.before, one.tickets], title(one.id))), h('td', { class: 'number' }, one.probability < 0.0001 ? '<0.01%' : `${(one.probability * 100).toFixed(2)}%`)));
  const said = rising.windows ? say('rising_note', { from: rising.from, to: rising.to, windows: rising.windows, tried: rising.tried }) : say('rising_none_yet');
  return h('section', { class: 'panel plot whole rising' }, h('div', { class: 'heading' }, h('h2', { class: 'grow' }, say('rising')), rows.length > 0 && ownTable(say('rising'), ['scenario', 'rising_count', 'rising_expected', 'rising_before', 'rising_chance'].map((one) => say(one)), rising.topics.map((one) => [title(one.id), one.tickets, one.expected.toFixed(2), one.before.join(' '), one.probability.toExponential(2)]))), h('p', { class: 'note' }, said),
    rows.length ? h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': say('rising') }, h('table', { class: 'table' }, h('caption', { class: 'offscreen' }, say('rising')),
      h('thead', null, h('tr', null, ['scenario', 'rising_count', 'rising_expected', 'rising_before', 'rising_chance'].map((one) => h('th', { scope: 'col', class: /count|expected|chance/.test(one) ? 'number' : null }, say(one))))), h('tbody', null, rows)))
      : rising.windows > 0 && h('p', { class: 'empty' }, say('rising_empty')));
}

function byWay(way, name) {
  if (!way.lines) return tooMany(way);
  const { measure } = asked;
  const show = written(measure);
  const all = way.lines.map((line) => ({ label: name(asked.way, line.group[asked.way]), value: value(line, measure), other: value(line, measure, line.last_year ?? {}), line }))
    .sort((a, b) => (b.value ?? -1) - (a.value ?? -1) || (b.line.counts.tickets ?? 0) - (a.line.counts.tickets ?? 0));
  const picker = (what, options, prefix) => h('select', { 'aria-label': say(`by_${what}`), id: `by-${what}`, onchange: (event) => { asked[what] = event.target.value; read(); } },
    options.map((one) => h('option', { value: one, selected: one === asked[what] }, say(`${prefix}_${one}`))));
  const shown = all.filter((row) => row.value !== null).slice(0, MOST_BARS);
  const heading = say('by_title', { measure: say(`measure_${measure}`), way: say(`way_${asked.way}`) });
  return figure({
    title: heading, controls: [picker('measure', MEASURES, 'measure'), picker('way', WAYS, 'way')], note: all.length > shown.length && say('most_bars', { shown: shown.length, all: all.length }),
    columns: [say(`way_${asked.way}`), ...MEASURES.map((one) => say(`measure_${one}`)), say('last_year_tickets')],
    rows: all.map((row) => [row.label, ...MEASURES.map((one) => written(one)(value(row.line, one))), count(row.line.last_year?.tickets)]),
    chart: shown.length > 0 && bars({ title: heading, description: shown.slice(0, 3).map((row) => `${row.label} ${show(row.value)}`).join('；'), rows: shown, names: [say('this_time'), say('last_year')], width: room(false), show, most: show === share ? 1 : null }),
    csv: statistics({ by: asked.way, last_year: true, format: 'csv' }),
  });
}

function ratesChart(all) {
  const [line] = all.lines;
  const rows = Object.keys(line?.raw ?? {}).filter((one) => one !== 'points' && line.raw[one] !== null)
    .map((one) => ({ label: say.maybe(`rate_${one}`, one), value: line.raw[one], other: line.after_exclusions[one] ?? null }));
  return figure({
    title: say('rates'), note: all.rules && say('rates_note', { rules: all.rules }), columns: [say('rate'), say('raw'), say('after_exclusions')], rows: rows.map((row) => [row.label, share(row.value), share(row.other)]),
    chart: rows.length > 0 && bars({ title: say('rates'), description: rows.map((row) => `${row.label} ${share(row.value)}`).join('；'), rows, names: [say('raw'), say('after_exclusions')], width: room(true), show: share, most: 1 }),
    csv: statistics({ format: 'csv' }),
  });
}

function stepsChart(all) {
  const mean = all.lines[0]?.mean_hours ?? {};
  const rows = STEPS.filter((one) => mean[one] !== null && mean[one] !== undefined).map((one) => ({ label: say(`step_${one}`), value: mean[one] }));
  return figure({
    title: say('step_times'), note: say('step_times_note'), columns: [say('step'), say('mean_hours')], rows: rows.map((row) => [row.label, hours(row.value)]),
    chart: rows.length > 0 && bars({ title: say('step_times'), description: rows.map((row) => `${row.label} ${hours(row.value)}`).join('；'), rows, names: [], width: room(true), show: hours }),
    csv: statistics({ format: 'csv' }),
  });
}

function byHour(answer) {
  const days = Array.from({ length: 7 }, (_, at) => say(`weekday_${at}`));
  const columns = Array.from({ length: 24 }, (_, at) => String(at));
  const busiest = answer.hours.indexOf(Math.max(...answer.hours));
  const any = answer.hours.some(Boolean);
  return h('div', { class: 'whole' }, figure({
    title: say('by_hour'), note: answer.from > asked.from && say('hours_since', { from: answer.from }), columns: ['', ...columns], rows: any ? [...days.map((day, at) => [day, ...answer.week[at].map(String)]), [say('sum'), ...answer.hours.map(String)]] : [],
    chart: heatMap({ title: say('by_hour'), description: say('by_hour_said', { hour: busiest, count: answer.hours[busiest] }), rows: [...days, say('sum')], columns, cells: [...answer.week, answer.hours], width: room(false), cell: 30, label: 52, sums: true }),
  }));
}

function places(map, name) {
  if (!map.lines) return tooMany(map);
  const sum = (lines, kind) => {
    const sums = new Map();
    for (const line of lines) sums.set(line.group[kind], (sums.get(line.group[kind]) ?? 0) + (line.counts.tickets ?? 0));
    return [...sums].sort((a, b) => b[1] - a[1]).map(([id]) => id);
  };
  const [scenarios, districts] = [sum(map.lines, 'scenario').slice(0, MOST_BARS), sum(map.lines, 'district').slice(0, 16)];
  const at = new Map(map.lines.map((line) => [`${line.group.scenario}\n${line.group.district}`, line.counts.tickets ?? 0]));
  const cells = scenarios.map((scenario) => districts.map((district) => at.get(`${scenario}\n${district}`) ?? 0));
  const [rows, columns] = [scenarios.map((id) => name('scenario', id)), districts.map((id) => name('district', id))];
  return h('div', { class: 'whole' }, figure({
    title: say('places'), note: say('places_note'), columns: ['', ...columns], rows: rows.map((row, index) => [row, ...cells[index].map(String)]),
    chart: heatMap({ title: say('places'), description: say('places_said', { scenarios: rows.length, districts: columns.length }), rows, columns, cells, width: room(false), cell: 46, label: Math.min(150, room(false) * 0.38) }),
    csv: statistics({ by: 'scenario,district', format: 'csv' }),
  }));
}

