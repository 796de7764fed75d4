// Names of departments, regions and scenarios: tickets hold their ids.

import { ask } from './api.js';

let known = null;
const titles = new Map();
let zone;

/** The hotline's time zone, once it is known; until then the browser's. */
export const timeZone = () => zone;

/** Departments and regions, read once. */
export function names() {
  known ??= ask('/console/names').then((answer) => {
    zone = answer.time_zone ?? undefined;
    return { ...answer, byId: new Map([...answer.departments, ...answer.regions].map((one) => [one.id, one.name])) };
  }).catch((problem) => {
    known = null;
    throw problem;
  });
  return known;
}

/** Another bundle may have other names. */
export function forgetNames() {
  known = null;
  titles.clear();
}

/** Reads the titles of scenarios that are not known yet; `title` has them afterwards. */
export async function learnTitles(ids) {
  const missing = [...new Set(ids)].filter((id) => id && !titles.has(id)).slice(0, 200);
  if (!missing.length) return;
  const found = await ask(`/console/scenarios?ids=${encodeURIComponent(missing.join(','))}`);
  for (const id of missing) titles.set(id, id);
  for (const one of found) titles.set(one.id, one.title);
}

export const title = (id) => titles.get(id) ?? id;

/** Departments whose name or id has the words, those that begin with them first. */
export async function findDepartments(words) {
  const { departments } = await names();
  const at = (one) => one.name.indexOf(words);
  const found = departments.filter((one) => at(one) >= 0 || one.id.includes(words));
  return found.sort((a, b) => at(a) - at(b)).slice(0, 12).map((one) => ({ id: one.id, label: one.name, hint: one.id }));
}

export async function findScenarios(words) {
  const found = await ask(`/console/scenarios?q=${encodeURIComponent(words)}`);
  return found.map((one) => {
    titles.set(one.id, one.title);
    return { id: one.id, label: one.title, hint: one.category };
  });
}
