// Heat maps: how much of everything stands in the cell as a number; the shade only repeats it.

import { freshId } from './dom.js';
import { s } from './chart.js';

/** Steps of shade, by the share of the greatest number. */
const STEPS = 5;

/** `rows` and `columns` are labels, `cells[row][column]` counts; a last row of sums is shaded by itself. */
export function heatMap({ title, description, rows, columns, cells, width, cell = 34, label = 110, sums = false }) {
  const most = Math.max(1, ...(sums ? cells.slice(0, -1) : cells).flat());
  const mostOf = (row) => (sums && row === cells.length - 1 ? Math.max(1, ...cells[row]) : most);
  const across = Math.max(cell, Math.min(64, (width - label - 8) / columns.length));
  const [top, high] = [columns.some((one) => one.length > 3) ? 74 : 24, 26];
  const ids = [freshId('title'), freshId('desc')];
  const step = (value, row) => (value === 0 ? 0 : Math.min(STEPS, Math.ceil((value / mostOf(row)) * STEPS)));
  const drawn = cells.map((row, at) => [
    s('text', { x: label - 8, y: top + at * high + 17, 'text-anchor': 'end' }, s('title', null, rows[at]), short(rows[at], label)),
    row.map((value, column) => s('g', null, s('title', null, `${rows[at]} · ${columns[column]} · ${value}`),
      s('rect', { x: label + column * across, y: top + at * high, width: across - 2, height: high - 2, class: `heat heat-${step(value, at)}` }),
      s('text', { x: label + column * across + across / 2 - 1, y: top + at * high + 16, 'text-anchor': 'middle', class: `on-heat-${step(value, at)}` }, value ? String(value) : '·'))),
  ]);
  const heads = columns.map((one, at) => {
    const x = label + at * across + across / 2;
    return top > 24 ? s('text', { x: x + 4, y: top - 6, transform: `rotate(-42 ${x + 4} ${top - 6})` }, s('title', null, one), short(one, 84))
      : s('text', { x, y: top - 8, 'text-anchor': 'middle' }, one);
  });
  const size = { width: Math.ceil(label + columns.length * across + (top > 24 ? 44 : 4)), height: top + rows.length * high + 4 };
  return s('svg', { viewBox: `0 0 ${size.width} ${size.height}`, ...size, role: 'img', 'aria-labelledby': ids.join(' '), class: 'chart' },
    s('title', { id: ids[0] }, title), s('desc', { id: ids[1] }, description), heads, drawn);
}

const short = (text, width) => {
  const most = Math.floor((width - 12) / 12);
  const all = [...text];
  return all.length > most ? `${all.slice(0, most - 1).join('')}…` : text;
};
