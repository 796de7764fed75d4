// Spans of the API count characters (Unicode scalar values); strings of the browser count UTF-16 units.

import { h } from './dom.js';

/** For each character its place in the string, and one more for the end. */
export function places(text) {
  const starts = [];
  let at = 0;
  for (const character of text) {
    starts.push(at);
    at += character.length;
  }
  starts.push(at);
  return starts;
}

/** The part of the text that a span means, or null where it lies outside. */
export function slice(text, start, end, starts = places(text)) {
  if (start < 0 || start >= end || end >= starts.length) return null;
  return text.slice(starts[start], starts[end]);
}

/**
 * The text cut where what covers it changes: pieces with the kinds of the marks on them.
 * A mark has `start`, `end`, `kind`, and `text` where it must still read so: others are left out, since they belong to a
 * text that was changed in the meantime.
 */
export function pieces(text, marks) {
  const starts = places(text);
  const fitting = marks.filter(({ start, end, text: expected }) => {
    const there = slice(text, start, end, starts);
    return there !== null && (expected === undefined || expected === there);
  });
  const cuts = new Set([0, starts.length - 1]);
  for (const { start, end } of fitting) cuts.add(start).add(end);
  const ordered = [...cuts].sort((a, b) => a - b);
  return ordered.slice(0, -1).map((start, index) => {
    const covering = fitting.filter((mark) => mark.start <= start && mark.end > start);
    const kinds = [...new Set(covering.map((mark) => mark.kind))];
    const title = [...new Set(covering.map((mark) => mark.title).filter(Boolean))].join('；');
    return { text: text.slice(starts[start], starts[ordered[index + 1]]), kinds, title };
  });
}

/** The pieces as nodes: what is marked in `mark`. */
export function marked(text, marks) {
  return pieces(text, marks).map(({ text: piece, kinds, title }) =>
    (kinds.length ? h('mark', { class: kinds.join(' '), title: title || null }, piece) : document.createTextNode(piece)));
}

/** Marks of a decision's evidence and facts in the text. */
export function marksOf(decision, kindName) {
  const inText = (item) => item.span.field === 'text';
  const evidence = (decision?.evidence ?? []).filter(inText).map((item) => ({
    ...item.span, text: item.text, kind: item.hint ? 'hint' : 'evidence', title: `${item.term} · ${item.file}:${item.line}`,
  }));
  const facts = (decision?.facts ?? []).filter(inText).map((item) => ({
    ...item.span, text: item.text, kind: 'fact', title: kindName(item.kind),
  }));
  return [...evidence, ...facts];
}
