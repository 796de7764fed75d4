// Which suggestion is shown while a text grows, so that it does not flicker.
//
// Another scenario takes the place of the one that is shown
// - at once in an emergency, where nothing was shown yet, or when the one that is shown fires no longer;
// - at once when it is clearly better: its confidence is at least MARGIN above that of the one shown;
// - when it has led STEADY answers in a row, or nobody has typed for SETTLED milliseconds (see `settle`): then what the
//   whole text gives is what is shown.
// Pure: no clock, no page, so that it can be measured on texts without a browser.

export const MARGIN = 0.1;
export const STEADY = 3;
export const SETTLED = 600;

/** What leads: a scenario, or where there is none a department or category that past cases suggest. */
export const idOf = (decision) => decision?.scenario?.id ?? decision?.department?.id ?? decision?.category?.path ?? null;

export class Leader {
  constructor() {
    this.clear();
  }

  clear() {
    this.shown = null;
    this.latest = null;
    this.steady = 0;
  }

  /** Takes an answer; says what is shown now, and what it replaced when it changed. */
  next(decision) {
    this.steady = idOf(decision) === idOf(this.latest) ? this.steady + 1 : 1;
    this.latest = decision;
    return this.#show(this.#takesOver(decision));
  }

  /** Nobody is typing: what the whole text gives is shown. */
  settle() {
    return this.#show(this.latest !== null);
  }

  /** What would be shown if it were clearer; null where the shown one leads. */
  get rival() {
    return idOf(this.latest) !== idOf(this.shown) ? this.latest : null;
  }

  #show(take) {
    const before = this.shown;
    if (take) this.shown = this.latest;
    const changed = take && before !== null && idOf(before) !== idOf(this.shown);
    return { shown: this.shown, from: changed ? before : null };
  }

  #takesOver(decision) {
    const shown = this.shown;
    if (shown === null || idOf(shown) === null || idOf(decision) === idOf(shown)) return true;
    if (decision.emergency && !shown.emergency) return true;
    if (this.steady >= STEADY) return true;
    if (idOf(decision) === null) return false;
    const own = decision.runners_up.find((one) => one.scenario.id === idOf(shown));
    return !own || decision.scenario.confidence - own.scenario.confidence >= MARGIN;
  }
}
