// The transcript of a call beside what the agent notes: who said what, what is still being said, what the decision rests on.

import { fill, h } from './dom.js';
import { marked } from './spans.js';
import { say } from './words.js';

/** Lines that are shown; all count. */
const SHOWN = 200;

/** The lines of a stream as a list. `marks` are those of the text that was decided on, in its characters. */
export function showTranscript(box, stream, marks) {
  if (!stream) return fill(box);
  const starts = new Map(stream.parts.map((part) => [part.utterance, part.start]));
  const ofLine = (line) => {
    const start = starts.get(line.utterance);
    return start === undefined ? [] : marks.map((mark) => ({ ...mark, start: mark.start - start, end: mark.end - start }));
  };
  const lines = stream.ordered.filter((line) => line.text.trim());
  const shown = lines.slice(-SHOWN);
  const gone = stream.forgotten + lines.length - shown.length;
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  fill(box, gone > 0 && h('p', { class: 'note' }, say('forgotten', { count: gone })),
    shown.length ? h('ol', null, shown.map((line) => h('li', { class: line.speaker, dataset: { final: String(line.final) } },
      h('small', null, say(`speaker_${line.speaker}`)), h('span', null, marked(line.text.trim(), ofLine(line)), !line.final && '…'))))
      : h('p', { class: 'note' }, say('nobody_spoke')));
  if (atEnd) box.scrollTop = box.scrollHeight;
  return box;
}
