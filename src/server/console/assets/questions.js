// What to ask next: one question at a time, answered with a digit, a click, or in words.

import * as drafts from './draft.js';
import { fill, h } from './dom.js';
import { say } from './words.js';

const UNKNOWN = 'unknown';
let choices = [];

/** Takes the choice of a digit, from 1; nothing where there are not so many. */
export function choose(digit) {
  choices[digit - 1]?.();
}

export const wasAsked = (draft, slot) => draft.answers.some((one) => one.question === `slot:${slot}`);

/** Where an answer begins: the first choice, or else the field for words. */
export const answerIn = (box) => box.querySelector('.options button:not(:only-child)') ?? box.querySelector('input') ?? box.querySelector('button');

/** Notes an answer; words are added to what was said. */
function answered(ask, answer, words) {
  const { text, answers } = drafts.current();
  const before = text.trimEnd();
  const joined = before && !/[。！？!?；;，,\n]$/.test(before) ? `${before}。${words}` : before + words;
  drafts.change({ answers: [...answers.filter((one) => one.question !== ask.id), { question: ask.id, answer }], ...(words && { text: joined }) });
}

/** Shows the first question that was not answered, and those after it. */
export function showQuestions(box, questions, { focusAfter }) {
  // What is being answered stays while the suggestion goes on changing.
  if (box.contains(document.activeElement) && document.activeElement.value) return;
  const focused = box.contains(document.activeElement);
  const { answers } = drafts.current();
  const open = questions.filter((one) => !answers.some((own) => own.question === one.id));
  const first = open[0];
  choices = [];
  if (!first) {
    fill(box);
    if (focused) focusAfter();
    return;
  }
  const take = (answer, words = '') => {
    document.activeElement.blur();
    answered(first, answer, words);
    (answerIn(box) ?? { focus: focusAfter }).focus();
  };
  // In words: what the matter lacks, or what it is about.
  const inWords = ['slot', 'open'].includes(first.purpose);
  const pick = (choice) => () => (inWords ? take(choice.label.slice(0, 900), choice.label) : take(choice.value));
  choices = [...first.choices.map(pick), () => take(UNKNOWN)];
  const button = (label, run, index) => h('button', { type: 'button', class: 'small', onclick: run }, label, h('kbd', null, String(index + 1)));
  fill(box, h('h3', null, say('next_question'), first.required && h('span', { class: 'pill warn' }, say('required'))),
    h('form', { class: 'ask', onsubmit: (event) => {
      event.preventDefault();
      const words = event.target.elements.answer?.value.trim();
      if (words) take(words.slice(0, 900), words);
      else take(UNKNOWN);
    } },
    inWords ? h('label', { for: 'answer' }, first.ask) : h('p', { class: 'asked' }, first.ask),
    h('div', { class: 'options' }, first.choices.map((choice, index) => button(choice.label, pick(choice), index)),
      button(say('cannot_say'), () => take(UNKNOWN), first.choices.length)),
    inWords && h('div', { class: 'inline' }, h('input', { id: 'answer', name: 'answer', autocomplete: 'off', maxlength: 500, placeholder: say('answer_hint') }),
      h('button', { class: 'small' }, say('note_answer')))),
    open.length > 1 && h('ul', { class: 'later' }, open.slice(1).map((one) => h('li', null, one.ask, one.required && h('span', { class: 'pill warn' }, say('required'))))));
  if (focused) answerIn(box)?.focus();
}
