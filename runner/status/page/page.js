'use strict';
// The status page. Everything that comes from the daemon is put in as text, never as HTML.

const byId = (id) => document.getElementById(id);
const kPollMilliseconds = 2000;
const kRetryMilliseconds = 1000;
const kTailBytes = 65536;
const kMostLines = 5000;

let token = sessionStorage.getItem('token') || '';
let program = null;  // version and revision of the daemon that this page came from
let lostSince = null;

class Refused extends Error {}

async function ask(path, options = {}) {
  const headers = { ...(options.headers || {}) };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(path, { ...options, headers, cache: 'no-store' });
  if (answer.status === 401) throw new Refused();
  return answer;
}

// --- words -----------------------------------------------------------------------------------------------------------

function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [d, h, m, s] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  if (d) return `${d} d ${h} h`;
  if (h) return `${h} h ${m} min`;
  if (m) return `${m} min ${s} s`;
  return `${s} s`;
}

function bytes(count) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (count >= 1024 && unit < units.length - 1) { count /= 1024; unit += 1; }
  return `${count >= 100 || unit === 0 ? Math.round(count) : count.toFixed(1)} ${units[unit]}`;
}

const ago = (time, now) => (time ? `${duration((Date.parse(now) - Date.parse(time)) / 1000)} ago` : 'never');
const plain = (word) => word.replace(/_/g, ' ');
const keyOf = (job) => `${job.id} ${job.short_token}`;
// Two servers may use the same number.
const pathOf = (job, rest = '') => `/jobs/${job.id}${rest}?runner=${encodeURIComponent(job.short_token)}`;
const host = (url) => url.replace(/^https?:\/\//, '').replace(/\/$/, '');

// --- elements --------------------------------------------------------------------------------------------------------

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'class') made.className = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Keeps one child of `parent` per item, so that focus and selection stay where they are.
function sync(parent, items, key, make, fill) {
  const old = new Map(Array.from(parent.children, (child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let child = old.get(name);
    old.delete(name);
    if (!child) {
      child = make(item);
      child.dataset.key = name;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    fill(child, item);
  }
  for (const child of old.values()) child.remove();
}

// A web address of a job comes from a variable of that job.
function link(url, text) {
  return /^https?:\/\//.test(url) ? element('a', { href: url, rel: 'noreferrer' }, text) : document.createTextNode(text);
}

const cell = (label, name = '') => element('td', { role: 'cell', 'data-label': label, class: name });

function fillCell(td, main, soft = '') {
  const wanted = `${main}\n${soft}`;
  if (td.dataset.text === wanted) return;
  td.dataset.text = wanted;
  td.replaceChildren();
  if (!main && !soft) return;
  td.append(element('span', {}, main, soft ? element('span', { class: 'soft' }, soft) : null));
}

function fillJob(td, job) {
  const wanted = JSON.stringify([job.id, job.name, job.url, job.project]);
  if (td.dataset.text === wanted) return;
  td.dataset.text = wanted;
  const text = `#${job.id} ${job.name}`;
  td.replaceChildren(element('span', {}, link(job.url, text), element('span', { class: 'soft' }, job.project || `project ${job.project_id}`)));
}

// --- the parts of the page -------------------------------------------------------------------------------------------

function showState(status) {
  const words = { running: 'running', starting: 'starting' };
  const running = status.state === 'running';
  say(byId('state'), running && status.draining ? 'draining' : words[status.state] || 'shutting down');
  byId('state').className = `badge ${running && !status.draining ? 'fine' : ''}`;
  say(byId('about'), `version ${status.version}, up ${duration(status.uptime_seconds)}, system ${status.system_id}`);
  document.title = `${status.jobs.length} running – runner`;
  const problem = status.config_problem;
  byId('config-problem').hidden = !problem;
  if (problem) say(byId('config-problem'), `config.toml has an error, so the former configuration stays in use: ${problem.text}`);
}

function showTiles(status, recent) {
  const problems = status.runners.filter((runner) => runner.why.level === 'problem').length;
  const failed = recent.filter((job) => job.state !== 'success').length;
  const space = status.disks.filter((disk) => disk.bytes).map((disk) => disk.free_bytes);
  const tiles = [
    ['Running jobs', String(status.jobs.length), `of ${status.concurrent} at once`, false],
    ['Runners', String(status.runners.length), problems ? `${problems} with a problem` : 'no problem seen', problems > 0],
    ['Failed lately', String(failed), recent.length ? `of the last ${recent.length} jobs` : 'no job has ended yet', false],
    ['Free disk', space.length ? bytes(Math.min(...space)) : '–', space.length > 1 ? 'on the fullest disk' : '', false],
  ];
  const make = ([title]) => element('div', {}, element('dt', {}, title), element('dd', {}, '', element('small')));
  sync(byId('tiles'), tiles, ([title]) => title, make, (tile, [, value, detail, bad]) => {
    const [text, small] = tile.lastChild.childNodes;
    if (text.data !== value) text.data = value;
    say(small, detail);
    small.className = bad ? 'problem' : '';
  });
}

function showRunners(status) {
  const order = { problem: 0, held: 1, fine: 2 };
  const runners = status.runners.map((runner, index) => ({ ...runner, index }));
  runners.sort((a, b) => order[a.why.level] - order[b.why.level] || a.index - b.index);
  const words = { no_job: 'waits for jobs', no_place: 'no place', limit: 'limit reached', not_asked: 'not asked yet', disk_short: 'disk short' };
  byId('no-runners').hidden = runners.length > 0;
  const make = () => element('li', {},
    element('div', { class: 'head' }, element('h3'), element('span', { class: 'word' }), element('span', { class: 'slots' })),
    element('p', { class: 'soft' }), element('p'), element('p', { class: 'soft' }));
  sync(byId('runners'), runners, (runner) => runner.index, make, (item, runner) => {
    const [head, where, why, contact] = item.children;
    item.className = runner.why.level;
    say(head.children[0], runner.name);
    say(head.children[1], words[runner.why.kind] || plain(runner.why.kind));
    say(head.children[2], runner.limit ? `${runner.running} of ${runner.limit} jobs` : `${runner.running} running`);
    say(where, `${runner.executor} · ${host(runner.url)} · ${runner.short_token}`);
    say(why, runner.why.text);
    const answer = runner.last_answer && runner.why.level !== 'problem' ? ` (${runner.last_answer})` : '';
    say(contact, `Last contact ${ago(runner.last_contact, status.now)}${answer}`);
  });
}

function showJobs(jobs) {
  byId('no-jobs').hidden = jobs.length > 0;
  byId('jobs').hidden = jobs.length === 0;
  const make = (job) => {
    const button = element('button', { type: 'button', 'aria-label': `Log of job ${job.id}` }, 'Log');
    button.addEventListener('click', () => (log.key === keyOf(job) ? log.close() : log.open(job)));
    const action = cell('', 'action');
    action.append(button);
    return element('tr', { role: 'row' }, cell('Job'), cell('Runner'), cell('Stage'), cell('Waits for'), cell('Age', 'number'), action);
  };
  sync(byId('jobs').tBodies[0], jobs, keyOf, make, (row, job) => {
    const [name, runner, stage, waits, age, action] = row.cells;
    fillJob(name, job);
    fillCell(runner, job.runner, job.image || job.executor);
    fillCell(stage, plain(job.stage), `for ${duration(job.stage_age_seconds)}`);
    fillCell(waits, job.waits_for, job.terminal ? 'web terminal connected' : '');
    fillCell(age, duration(job.age_seconds), job.restored ? 'taken up again' : '');
    action.firstChild.setAttribute('aria-pressed', String(log.key === keyOf(job)));
  });
}

function showRecent(status, recent) {
  const failedOnly = byId('failed-only').checked;
  const shown = failedOnly ? recent.filter((job) => job.state !== 'success') : recent;
  byId('recent').hidden = shown.length === 0;
  byId('no-recent').hidden = shown.length > 0;
  say(byId('no-recent'), recent.length ? 'None of the last jobs has failed.' : 'No job has ended yet.');
  const make = () => element('tr', { role: 'row' }, cell('Result'), cell('Job'), cell('Runner'), cell('Reason'), cell('Duration', 'number'), cell('Ended', 'number'));
  sync(byId('recent').tBodies[0], shown, (job) => `${keyOf(job)} ${job.finished_at}`, make, (row, job) => {
    const [result, name, runner, reason, time, ended] = row.cells;
    row.className = job.state === 'success' ? 'success' : 'failed';
    const words = { success: '✓ success', canceled: '✕ canceled', timedout: '✕ timed out' };
    if (!result.firstChild) result.append(element('span', { class: 'word' }, words[job.state] ?? '✕ failed'));
    fillJob(name, job);
    fillCell(runner, job.runner, job.image || job.executor);
    fillCell(reason, job.message, job.failure_reason ? plain(job.failure_reason) : '');
    fillCell(time, duration(job.duration_seconds));
    fillCell(ended, ago(job.finished_at, status.now));
  });
}

// The reasons of docs/metrics.md. A newer daemon may have further ones.
const kMissReasons = {
  empty: 'none was there', making: 'not ready yet', different: 'did not suit the job', image: 'the image has changed',
  dead: 'no longer usable', unsuitable: 'none can be made for such jobs',
};

function showWarmCounts(title, detail, counts, status) {
  const runner = status.runners.find((each) => each.short_token === counts.short_token);
  const reasons = Object.entries(counts.misses).filter(([, count]) => count > 0);
  const misses = reasons.reduce((sum, [, count]) => sum + count, 0);
  const why = reasons.map(([reason, count]) => `${kMissReasons[reason] || plain(reason)}: ${count}`).join(', ');
  say(title, `Environments made ahead for ${runner ? runner.name : counts.short_token}`);
  say(detail, `Hits: ${counts.hits}. Misses: ${misses}${why ? ` (${why})` : ''}. Made: ${counts.made}, removed unused: ${counts.removed}.`);
}

function showMachine(status) {
  const items = [...status.disks.map((disk) => ({ disk })), ...status.engines.map((engine) => ({ engine })),
    ...status.warm.counts.map((counts) => ({ counts })), ...status.warm.environments.map((warm) => ({ warm }))];
  const make = ({ disk }) => (disk
    ? element('li', {}, element('strong'), element('meter', { min: 0, max: 1, high: 0.9, 'aria-label': `Used space of ${disk.place}` }), element('p', { class: 'soft' }))
    : element('li', {}, element('strong'), element('p', { class: 'soft' })));
  const key = ({ disk, engine, counts, warm }) => {
    if (counts) return `counts ${counts.short_token}`;
    if (warm) return `warm ${warm.container}`;
    return disk ? `disk ${disk.place}` : `engine ${engine.host}`;
  };
  sync(byId('machine'), items, key, make, (item, { disk, engine, counts, warm }) => {
    const [title, second, third] = item.children;
    if (counts) {
      showWarmCounts(title, second, counts, status);
      return;
    }
    if (warm) {
      say(title, `Ready for a job of project ${warm.project_id}: ${warm.image}`);
      const memory = warm.memory_bytes ? `, ${bytes(warm.memory_bytes)} of memory` : '';
      say(second, `${warm.container}, for ${duration(warm.age_seconds)}${memory}`);
      return;
    }
    if (engine) {
      say(title, `Docker engine ${engine.version || '(has not answered)'}`);
      say(second, engine.host);
      return;
    }
    say(title, disk.bytes ? `${bytes(disk.free_bytes)} free` : 'free space not known');
    second.value = disk.bytes ? 1 - disk.free_bytes / disk.bytes : 0;
    const nodes = disk.inodes ? `, ${disk.free_inodes.toLocaleString('en')} of ${disk.inodes.toLocaleString('en')} inodes free` : '';
    const place = disk.use === 'engine' && disk.path ? `${disk.place}, ${disk.path}` : disk.place;
    say(third, disk.bytes ? `${place}: ${bytes(disk.bytes)}${nodes}` : `${place}: ${disk.problem || 'not measured yet'}`);
  });
}

// --- the log of a job ------------------------------------------------------------------------------------------------

// Log text → lines of coloured pieces. Keeps an unfinished line and the colour between two calls.
class LogView {
  constructor(target) {
    this.target = target;
    target.replaceChildren();
    this.rest = '';
    this.style = [];
    this.line = null;
  }

  write(text) {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop();
    for (const line of lines) this.add(line);
    while (this.target.childElementCount > kMostLines) this.target.firstElementChild.remove();
  }

  end() {
    if (this.rest) this.add(this.rest);
    this.rest = '';
  }

  // With timestamps each line begins with time and stream: "2026-01-31T16:47:55.123456Z 01O text", "…O+text" goes on.
  add(line) {
    const stamp = /^\d{4}-\d\d-\d\dT[\d:.]+Z [0-9a-f]{2}[OE]([+ ]|$)/.exec(line);
    const text = (stamp ? line.slice(stamp[0].length) : line)
      .replace(/section_(start|end):\d+:[^\r\n]*\r(\x1b\[0K)?/g, '').replace(/\r+$/, '');
    if (!this.line || !stamp || stamp[1] !== '+') {
      this.line = element('div');
      this.target.append(this.line);
    }
    this.colour(text.slice(text.lastIndexOf('\r') + 1));
  }

  colour(text) {
    for (const piece of text.split(/(\x1b\[[0-9;]*[A-Za-z])/)) {
      if (!piece.startsWith('\x1b[')) {
        if (piece) this.line.append(this.style.length ? element('span', { class: this.style.join(' ') }, piece) : piece);
      } else if (piece.endsWith('m')) {
        for (const code of piece.slice(2, -1).split(';').map(Number)) this.apply(code);
      }
    }
  }

  apply(code) {
    const colours = (code >= 30 && code <= 37) || (code >= 90 && code <= 97);
    if (code === 0) this.style = [];
    else if (code === 1) this.style = [...this.style.filter((name) => name !== 'bold'), 'bold'];
    else if (colours || code === 39) this.style = this.style.filter((name) => name === 'bold');
    if (colours) this.style.push(`c${code}`);
  }
}

const log = {
  key: null,
  stop: null,

  open(job) {
    this.close();
    this.key = keyOf(job);
    byId('log').hidden = false;
    say(byId('log-title'), `Log of #${job.id} ${job.name}`);
    byId('log-title').focus();
    this.view = new LogView(byId('log-text'));
    this.stop = new AbortController();
    this.follow(job, this.stop.signal);
    refresh();
  },

  close() {
    if (this.stop) this.stop.abort();
    const row = Array.from(byId('jobs').tBodies[0].rows).find((each) => each.dataset.key === this.key);
    const button = row && row.querySelector('button');
    this.key = null;
    byId('log').hidden = true;
    if (button) {
      button.setAttribute('aria-pressed', 'false');
      button.focus();
    }
  },

  say(text, kind = '') {
    say(byId('log-state'), text);
    byId('log-state').className = kind;
  },

  // Reads events until the job ends; after a lost connection it goes on at the byte where it was.
  async follow(job, signal) {
    let from = null;
    while (!signal.aborted) {
      try {
        if (from === null) from = await this.start(job, signal);
        const answer = await ask(pathOf(job, '/log'), { signal, headers: { 'Last-Event-ID': String(from) } });
        if (!answer.ok) return this.say('The daemon has no log of this job any more.');
        this.say('live');
        for await (const event of events(answer.body)) {
          if (event.type === 'end') return this.finish(JSON.parse(event.data));
          if (event.id) from = event.id;
          if (event.data) this.show(JSON.parse(event.data));
        }
      } catch (failure) {
        if (signal.aborted) return undefined;
      }
      this.say('The connection is lost. Trying again…');
      await new Promise((resume) => { setTimeout(resume, kRetryMilliseconds); });
    }
    return undefined;
  },

  async start(job, signal) {
    const answer = await ask(pathOf(job), { signal });
    const size = answer.ok ? (await answer.json()).job.log_bytes || 0 : 0;
    return Math.max(0, size - kTailBytes);
  },

  show(text) {
    const pane = byId('log-text');
    this.view.write(text);
    if (byId('follow').checked) pane.scrollTop = pane.scrollHeight;
  },

  finish(end) {
    this.view.end();
    this.show('');
    this.say(end.state === 'success' ? 'Job succeeded' : `Job failed: ${end.reason}`, end.state);
    refresh();
  },
};

// Server-sent events from a body; EventSource cannot send the token.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const event = { type: 'message', id: '', data: '' };
      for (const line of block.split('\n')) {
        const [, field, content] = /^([a-z]*): ?(.*)$/.exec(line) || [];
        if (field === 'event') event.type = content;
        else if (field) event[field] = content;
      }
      if (event.data) yield event;
    }
  }
}

// --- the clock of the page -------------------------------------------------------------------------------------------

let shown = null;

function show() {
  const { status, recent } = shown;
  byId('content').hidden = false;
  byId('login').hidden = true;
  showState(status);
  showTiles(status, recent);
  showRunners(status);
  showJobs(status.jobs);
  showRecent(status, recent);
  showMachine(status);
}

function found(status) {
  lostSince = null;
  byId('lost').hidden = true;
  byId('content').classList.remove('stale');
  const now = `${status.version} ${status.revision}`;
  if (program !== null && program !== now) location.reload();  // another program has another page
  program = now;
}

function lost() {
  lostSince = lostSince || Date.now();
  byId('lost').hidden = false;
  say(byId('lost'), `The daemon has not answered since ${new Date(lostSince).toLocaleTimeString('en-GB')}. This page shows the last state and tries again.`);
  say(byId('state'), 'no answer');
  byId('state').className = 'badge problem';
  byId('content').classList.add('stale');
}

function askForToken() {
  byId('content').hidden = true;
  byId('refused').hidden = token === '';
  say(byId('state'), 'token needed');
  if (byId('login').hidden) {
    byId('login').hidden = false;
    byId('token').focus();
  }
}

async function load() {
  const [status, jobs] = await Promise.all(['/status.json', '/jobs'].map(async (path) => {
    const answer = await ask(path);
    if (!answer.ok) throw new Error(path);
    return answer.json();
  }));
  // A job may end between the two answers.
  const ended = new Set(jobs.recent.map(keyOf));
  status.jobs = status.jobs.filter((job) => !ended.has(keyOf(job)));
  found(status);
  shown = { status, recent: jobs.recent };
  show();
}

async function refresh() {
  try {
    await load();
  } catch (failure) {
    if (failure instanceof Refused) askForToken();
    else lost();
  }
}

async function run() {
  for (;;) {
    if (!document.hidden) await refresh();
    await new Promise((resume) => { setTimeout(resume, kPollMilliseconds); });
  }
}

byId('login').addEventListener('submit', (event) => {
  event.preventDefault();
  token = byId('token').value.trim();
  sessionStorage.setItem('token', token);
  refresh();
});
byId('close-log').addEventListener('click', () => log.close());
byId('failed-only').addEventListener('change', () => shown && show());
byId('log').addEventListener('keydown', (event) => { if (event.key === 'Escape') log.close(); });
document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
run();
