// Charts as SVG, drawn here: lines, bars, heat maps. Each says what it shows without colour (numbers, dashes, hatching), has
// a title and a description, and its table beneath.

import { open } from './api.js';
import { freshId, h, toast } from './dom.js';
import { say } from './words.js';

const SVG = 'http://www.w3.org/2000/svg';
const LEFT = 44;

/** An element of SVG. */
export function s(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes ?? {})) if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  made.append(...children.flat(3).filter((child) => child !== null && child !== false && child !== undefined && child !== ''));
  return made;
}

/** A drawing of a size, with its title and description for those who cannot see it. */
function drawing(width, height, title, description, ...children) {
  const [titleId, descriptionId] = [freshId('title'), freshId('desc')];
  return s('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-labelledby': `${titleId} ${descriptionId}`, class: 'chart' },
    s('title', { id: titleId }, title), s('desc', { id: descriptionId }, description), ...children);
}

const number = (value, digits = 0) => new Intl.NumberFormat(undefined, { maximumFractionDigits: digits }).format(value);
export const count = (value) => number(value ?? 0);
export const hours = (value) => (value === null || value === undefined ? '—' : number(value, 1));
export const share = (value) => (value === null || value === undefined ? '—' : `${number(value * 100, 1)}%`);

/** A round number a little above. */
function round(value) {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return unit * ([1, 2, 4, 6, 10].find((one) => one * unit >= value) ?? 10);
}

/** How wide `text` is, about, at 12 px: Chinese characters are as wide as high. */
const wide = (text) => [...text].reduce((sum, one) => sum + (one > '\u2e7f' ? 12 : 6.8), 0);
const cut = (text, width) => {
  let shown = text;
  while (shown && wide(shown) > width) shown = [...shown].slice(0, -1).join('');
  return shown === text ? text : `${[...shown].slice(0, -1).join('')}…`;
};

/**
 * Lines over time. `series`: `{name, values}`, the first drawn through with dots, the second dashed with squares; a value may
 * be null. `show` writes a value.
 */
export function lines({ title, description, labels, series, width, show = count, height = 230 }) {
  const [right, top, bottom] = [14, 26, 26];
  const most = show === share ? 1 : round(Math.max(...series.flatMap((one) => one.values.map((value) => value ?? 0)), 4));
  const x = (at) => LEFT + (labels.length < 2 ? (width - LEFT - right) / 2 : (at * (width - LEFT - right)) / (labels.length - 1));
  const y = (value) => top + (1 - value / most) * (height - top - bottom);
  const grid = [0, 0.5, 1].map((part) => [
    s('line', { x1: LEFT, x2: width - right, y1: y(most * part), y2: y(most * part), class: 'grid' }),
    s('text', { x: LEFT - 6, y: y(most * part) + 4, 'text-anchor': 'end' }, show(most * part)),
  ]);
  const every = Math.max(1, Math.ceil((labels.length * 58) / (width - LEFT - right)));
  const below = labels.map((label, at) => at % every === 0 && s('text', { x: x(at), y: height - 8, 'text-anchor': at === 0 && labels.length > 1 ? 'start' : 'middle' }, label));
  const marks = labels.length <= 62;
  const drawn = series.map((one, which) => {
    let way = '';
    one.values.forEach((value, at) => { if (value !== null) way += `${way && one.values[at - 1] !== null ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`; });
    const dot = (value, at) => value !== null && (which === 0
      ? s('circle', { cx: x(at), cy: y(value), r: 3, class: 'mark' }, s('title', null, `${labels[at]} ${one.name} ${show(value)}`))
      : s('rect', { x: x(at) - 2.5, y: y(value) - 2.5, width: 5, height: 5, class: 'mark other' }, s('title', null, `${labels[at]} ${one.name} ${show(value)}`)));
    return s('g', null, s('path', { d: way, class: which ? 'way other' : 'way' }), marks && one.values.map(dot));
  }).reverse();
  let from = LEFT;
  const legend = series.map((one, which) => {
    const at = from;
    from += wide(one.name) + 52;
    return [s('path', { d: `M${at} 11h26`, class: which ? 'way other' : 'way' }),
      which ? s('rect', { x: at + 10.5, y: 8.5, width: 5, height: 5, class: 'mark other' }) : s('circle', { cx: at + 13, cy: 11, r: 3, class: 'mark' }),
      s('text', { x: at + 32, y: 15 }, one.name)];
  });
  return drawing(width, height, title, description, grid, below, drawn, legend);
}

/** The hatching of what is compared with. */
const hatch = (id) => s('defs', null, s('pattern', { id, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
  s('rect', { width: 6, height: 6, class: 'hatch-ground' }), s('line', { x1: 0, x2: 0, y1: 0, y2: 6, class: 'hatch' })));

/** Bars, one line each: `rows` of `{label, value, other}`; `other` is hatched below. Numbers stand at their ends. */
export function bars({ title, description, rows, names, width, show = count, most = null }) {
  const both = rows.some((row) => row.other !== undefined && row.other !== null);
  const label = Math.min(Math.max(...rows.map((row) => wide(row.label)), 40) + 10, width * 0.38);
  const [line, end, top] = [both ? 38 : 26, 62, both ? 24 : 4];
  const top100 = most ?? Math.max(...rows.flatMap((row) => [row.value ?? 0, row.other ?? 0]), show === share ? 1e-9 : 1);
  const long = (value) => Math.max(0, ((value ?? 0) / top100) * (width - label - end));
  const id = freshId('hatch');
  const bar = (value, y, height, other) => value !== null && value !== undefined && [
    s('rect', { x: label, y, width: Math.max(long(value), 1).toFixed(1), height, class: other ? 'bar-other' : 'bar-own', fill: other ? `url(#${id})` : null }),
    s('text', { x: label + long(value) + 5, y: y + height - (height > 14 ? 4 : 2), class: other ? 'small' : null }, show(value))];
  const drawn = rows.map((row, at) => {
    const y = top + at * line;
    const name = s('text', { x: label - 8, y: y + (both ? 21 : 16), 'text-anchor': 'end' }, cut(row.label, label - 8));
    return s('g', null, s('title', null, `${row.label} ${show(row.value)}${both ? ` / ${show(row.other)}` : ''}`), name, bar(row.value, y + 3, both ? 15 : 18, false), both && bar(row.other, y + 20, 12, true));
  });
  const legend = both && [s('rect', { x: label, y: 5, width: 22, height: 11, class: 'bar-own' }), s('text', { x: label + 28, y: 15 }, names[0]),
    s('rect', { x: label + 42 + wide(names[0]), y: 5, width: 22, height: 11, class: 'bar-other', fill: `url(#${id})` }), s('text', { x: label + 70 + wide(names[0]), y: 15 }, names[1])];
  return drawing(width, top + rows.length * line + 4, title, description, both && hatch(id), legend, drawn);
}

/** The last few counts as a small line, the newest with a dot. */
export function spark(values, title) {
  const most = Math.max(...values, 1);
  const x = (at) => 3 + (at * 94) / (values.length - 1);
  const y = (value) => 25 - (value / most) * 21;
  return drawing(100, 28, title, values.join(', '), s('path', { d: values.map((value, at) => `${at ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join(''), class: 'way thin' }),
    s('circle', { cx: x(values.length - 1), cy: y(values.at(-1)), r: 3, class: 'mark' }));
}

/** A chart with its heading, its table and the way to its CSV. */
export function figure({ title, note, chart, columns, rows, csv, controls }) {
  const cell = (value, at) => (at ? h('td', { class: typeof value === 'number' || /^[\d—.,%+−-]/.test(value) ? 'number' : null }, String(value)) : h('th', { scope: 'row' }, String(value)));
  return h('figure', { class: 'panel plot' },
    h('figcaption', { class: 'heading' }, h('h2', { class: 'grow' }, title), controls, csv ? download(csv) : rows.length > 0 && ownTable(title, columns, rows)),
    note && h('p', { class: 'note' }, note),
    rows.length ? h('div', { class: 'drawn', tabindex: 0, role: 'group', 'aria-label': title }, chart) : h('p', { class: 'empty' }, say('nothing_counted')),
    rows.length > 0 && h('details', null, h('summary', null, say('as_table')), h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': say('as_table') },
      h('table', { class: 'table' }, h('caption', { class: 'offscreen' }, title), h('thead', null, h('tr', null, columns.map((column, at) => h('th', { scope: 'col', class: at ? 'number' : null }, column)))),
        h('tbody', null, rows.map((row) => h('tr', null, row.map(cell))))))));
}

/** A link that loads a CSV with the key that one signed in with. */
export function download(path) {
  const name = `${path.split('?')[0].split('/').at(-1)}.csv`;
  return h('a', { href: path, download: name, class: 'csv', onclick: async (event) => {
    event.preventDefault();
    await save(path, name);
  } }, 'CSV');
}

/** The same of a table that the page itself has put together. A cell that begins like a formula is text. */
export function ownTable(name, columns, rows) {
  const cell = (value) => `"${String(value).replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
  const text = `\ufeff${[columns, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
  return h('button', { type: 'button', class: 'quiet csv', onclick: () => keep(new Blob([text], { type: 'text/csv' }), `${name}.csv`) }, 'CSV');
}

async function save(path, name) {
  try {
    keep(await (await open(path)).blob(), name);
  } catch (problem) {
    toast(problem.message, 'failed');
  }
}

function keep(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = h('a', { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
