'use strict';

const words = {
  zh: {
    title: '接诉 · 诉求判定', try: '试一试', text: '诉求内容', district: '区县（可不填）', key: '密钥（本机试用可不填）', decide: '判定', api: '接口',
    document: 'OpenAPI 文档（JSON）', other: 'English', outcome: '结论', scenario: '场景', category: '分类', kind: '诉求类型',
    department: '承办单位', unit: '属地单位', joint: '协办单位', deadline: '办结时限', reply: '答复', questions: '还需询问',
    steps: '处理步骤', notices: '当前公告', articles: '相关政策', runnersUp: '其他可能', basis: '依据', required: '必问',
    auto: '可自动派单', suggest: '建议，请人工确认', unknown: '未识别，请人工判断', emergency: '紧急：危及生命或财产安全',
    none: '无', took: '用时', revision: '规则包版本', stale: '（旧版：新的规则包被拒绝）', failed: '请求没有成功：',
    body: '请求体字段', answers: '响应', before: '前办结', evidence: '命中依据', confidence: '置信度',
  },
  en: {
    title: 'jiesu · complaint routing', try: 'Try it', text: 'Complaint (Chinese)', district: 'District (optional)', key: 'Key (none while trying it out)',
    decide: 'Decide', api: 'API', document: 'OpenAPI document (JSON)', other: '中文', outcome: 'Outcome',
    scenario: 'Scenario', category: 'Category', kind: 'Kind', department: 'Department', unit: 'Unit', joint: 'Joint',
    deadline: 'Deadline', reply: 'Reply', questions: 'Still to ask', steps: 'Steps', notices: 'Notices',
    articles: 'Articles', runnersUp: 'Runners-up', basis: 'Basis', required: 'required', auto: 'May be dispatched',
    suggest: 'Suggested: for a person to confirm', unknown: 'Unknown: a person decides',
    emergency: 'Emergency: danger to life or property', none: 'none', took: 'Took', revision: 'Bundle',
    stale: ' (stale: the new bundle was refused)', failed: 'The request failed: ', body: 'Fields of the body',
    answers: 'Responses', before: ' at the latest', evidence: 'Evidence', confidence: 'confidence',
  },
};

let language = 'zh';
let bundle = null;
let shown = null;
let api = null;

const find = (id) => document.getElementById(id);
const say = (key) => words[language][key];

/** An element with text and children. Text is only ever set as text, never read as HTML. */
function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text !== null && text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

async function ask(address, options) {
  const headers = { 'Accept-Language': language, ...(options && options.headers) };
  // Kept nowhere but in the field itself.
  const key = find('key').value.trim();
  if (key) headers.Authorization = `Bearer ${key}`;
  const response = await fetch(address, { ...options, headers });
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail || body.title || String(response.status));
  return body;
}

/** The text in pieces, what the evidence covers marked. Spans count characters, not UTF-16 units. */
function highlighted(text, evidence) {
  const characters = Array.from(text);
  const covered = new Array(characters.length).fill(false);
  for (const { span } of evidence) {
    if (span.field === 'text') covered.fill(true, span.start, span.end);
  }
  const said = element('p', '');
  said.className = 'said';
  for (let start = 0; start < characters.length;) {
    let end = start;
    while (end < characters.length && covered[end] === covered[start]) end += 1;
    said.append(element(covered[start] ? 'mark' : 'span', characters.slice(start, end).join('')));
    start = end;
  }
  return said;
}

function list(items) {
  return element('ul', null, ...items.map((item) => (typeof item === 'string' ? element('li', item) : element('li', null, item))));
}

function quiet(text) {
  const made = element('div', text);
  made.className = 'quiet';
  return made;
}

function percent(number) {
  return `${say('confidence')} ${Math.round(number * 100)}%`;
}

function showDecision() {
  if (!shown) return;
  const { text, decision } = shown;
  const rows = element('dl');
  const row = (key, ...values) => {
    const given = values.filter((value) => value !== null && value !== undefined && value !== '');
    if (given.length) rows.append(element('dt', say(key)), element('dd', null, ...given));
  };
  const rowOf = (key, items) => items.length && row(key, list(items));
  if (decision.emergency) {
    const alarm = element('span', say('emergency'));
    alarm.className = 'emergency';
    row('outcome', alarm, quiet(say(decision.outcome)));
  } else {
    row('outcome', say(decision.outcome));
  }
  if (decision.scenario) row('scenario', decision.scenario.title, quiet(`${decision.scenario.id} · ${percent(decision.scenario.confidence)}`));
  row('category', decision.category && decision.category.path);
  row('kind', decision.kind);
  if (decision.department) row('department', decision.department.name, quiet(`${say('basis')}：${decision.department.basis}`));
  row('unit', decision.unit && decision.unit.name);
  rowOf('joint', decision.joint.map((one) => one.name));
  if (decision.deadline) row('deadline', `${decision.deadline.term} · ${decision.deadline.text}${say('before')}`);
  row('reply', decision.reply && decision.reply.text);
  rowOf('questions', decision.questions.map((one) => (one.required ? `${one.ask}（${say('required')}）` : one.ask)));
  rowOf('steps', decision.steps);
  rowOf('notices', decision.notices.map((one) => `${one.title}：${one.text}`));
  rowOf('articles', decision.articles.map((one) => element('span', one.title, quiet(one.basis.join('；')))));
  rowOf('evidence', decision.evidence.map((one) => element('span', `“${one.text}”`, quiet(`${one.file}:${one.line} ${one.clause}`))));
  rowOf('runnersUp', decision.runners_up.map((one) => one.scenario.title));
  row('took', `${(decision.elapsed_us / 1000).toFixed(2)} ms`);
  find('decision').replaceChildren(highlighted(text, decision.evidence), rows);
}

function showBundle() {
  if (!bundle) return;
  find('bundle').textContent = `${bundle.name} · ${say('revision')} ${bundle.revision}${bundle.stale ? say('stale') : ''}`;
}

/** The schema that a reference of the document means. */
function schemaOf(reference) {
  return reference && reference.$ref ? api.components.schemas[reference.$ref.split('/').pop()] : reference;
}

/** Of a text in both languages (`中文 / English`), the one that is shown. */
function half(text) {
  const halves = (text || '').split(' / ');
  return language === 'zh' ? halves[0] : halves[halves.length - 1];
}

function operation(method, path, described) {
  const label = element('span', method.toUpperCase());
  label.className = 'method';
  const summary = element('summary', null, label, element('code', path), ` ${half(described.summary)}`);
  const parts = element('details', null, summary, element('p', half(described.description)));
  const content = described.requestBody && described.requestBody.content['application/json'];
  const schema = content && schemaOf(content.schema);
  if (schema && schema.properties) {
    const required = schema.required || [];
    const fields = Object.entries(schema.properties).map(([name, field]) =>
      element('li', null, element('code', required.includes(name) ? `${name} *` : name), ` ${half(field.description)}`));
    parts.append(element('h3', say('body')), element('ul', null, ...fields));
    if (schema.example) parts.append(element('pre', JSON.stringify(schema.example, null, 2)));
  }
  const answers = Object.entries(described.responses).map(([status, answer]) => {
    const kinds = answer.description.split('; ').map(half).join('；');
    return `${status} ${kinds}`;
  });
  parts.append(element('h3', say('answers')), list(answers));
  return parts;
}

function showApi() {
  if (!api) return;
  const isMain = (path) => Number(path.startsWith('/v1/'));
  const paths = Object.entries(api.paths).sort(([a], [b]) => isMain(b) - isMain(a));
  const operations = paths.flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => operation(method, path, described)));
  find('operations').replaceChildren(...operations);
}

function show() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const part of document.querySelectorAll('[data-text]')) part.textContent = say(part.dataset.text);
  document.title = say('title');
  find('language').textContent = say('other');
  find('language').lang = language === 'zh' ? 'en' : 'zh-CN';
  showBundle();
  showDecision();
  showApi();
}

function failed(error) {
  find('message').textContent = say('failed') + error.message;
}

async function decide(event) {
  event.preventDefault();
  const text = find('text').value;
  const district = find('district').value.trim();
  const button = find('form').querySelector('button');
  find('message').textContent = '';
  button.disabled = true;
  try {
    const body = JSON.stringify({ text, ...(district && { district }) });
    const headers = { 'Content-Type': 'application/json' };
    shown = { text, decision: await ask('/v1/match', { method: 'POST', headers, body }) };
    showDecision();
  } catch (error) {
    shown = null;
    find('decision').replaceChildren();
    failed(error);
  }
  button.disabled = false;
}

find('form').addEventListener('submit', decide);
find('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh';
  show();
});
show();
function askBundle() {
  find('message').textContent = '';
  ask('/v1/bundle').then((answer) => { bundle = answer; showBundle(); }).catch(failed);
}
find('key').addEventListener('change', askBundle);
askBundle();
ask('/openapi.json').then((answer) => { api = answer; showApi(); }).catch(failed);
