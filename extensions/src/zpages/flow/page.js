'use strict';
// Draws what /debug/flowz?format=json says, once a second and only while somebody looks.
(() => {
  const PERIOD = 1000;
  // Rates are taken over this many answers, so that numbers are calm.
  const WINDOW = 4;
  const MAX_SHOWN = 200;
  const $ = (id) => document.getElementById(id);

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  // Touches the page only when something is different.
  const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const dress = (element, name) => { if (element.className !== name) element.className = name; };
  const mark = (element, name, value) => { if (element.getAttribute(name) !== value) element.setAttribute(name, value); };

  const SHAPES = {
    good: 'M2.5 8.5 6.5 12.5 13.5 4', bad: 'M4 4 12 12M12 4 4 12', warn: 'M8 3v6M8 12.6v.2', quiet: 'M4 8h8',
  };
  const icon = (shape) => {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 16 16');
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', SHAPES[shape]);
    svg.append(path);
    return svg;
  };
  const reshape = (svg, shape) => mark(svg.firstChild, 'd', SHAPES[shape]);

  // Words for numbers.

  const short = (number) => {
    const units = ['', ' k', ' M', ' G', ' T'];
    let step = 0;
    while (number >= 999.5 && step < units.length - 1) { number /= 1000; step += 1; }
    const digits = number >= 99.5 || (step === 0 && number >= 9.95) || Number.isInteger(number) ? 0 : 1;
    return number.toFixed(digits) + units[step];
  };
  const rateText = (rate) => (rate === null ? '–' : rate > 0 && rate < 0.05 ? '<0.1/s' : `${short(rate)}/s`);
  const whole = (number) => number.toLocaleString('en').replaceAll(',', ' ');
  const age = (seconds) => {
    if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
    if (seconds < 120) return `${Math.round(seconds)} s`;
    return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
  };
  const clock = (moment) => new Date(moment).toLocaleTimeString('en-GB');
  const NOUNS = { traces: ['span', 'spans'], metrics: ['data point', 'data points'], logs: ['log record', 'log records'] };
  const noun = (signal, count) => NOUNS[signal][count === 1 ? 0 : 1];

  // Rates.

  let answers = [];
  const remember = (flow) => {
    const totals = new Map(flow.edges.map((edge) => [`edge ${edge.name}`, edge.items]));
    for (const part of flow.components) {
      totals.set(`refused ${part.kind} ${part.id} ${part.signal}`, part.books.refused);
    }
    for (const pipeline of flow.pipelines) {
      totals.set(`in ${pipeline.id}`, pipeline.books.received);
      totals.set(`refused ${pipeline.id}`, pipeline.books.refused);
    }
    const last = answers.at(-1);
    // A new configuration counts from zero again.
    const isNew = last && (flow.uptime < last.uptime || [...last.totals].some(([name, total]) => (totals.get(name) ?? 0) < total));
    if (isNew) answers = [];
    answers.push({ uptime: flow.uptime, totals });
    if (answers.length > WINDOW) answers.shift();
  };
  const rate = (name) => {
    const [first, last] = [answers[0], answers.at(-1)];
    if (answers.length < 2 || last.uptime <= first.uptime) return null;
    return ((last.totals.get(name) ?? 0) - (first.totals.get(name) ?? 0)) / (last.uptime - first.uptime);
  };

  /* lanes */

  // How a pipeline is, in a word, and how grave that is.
  const condition = (pipeline, flow) => {
    if (!pipeline.live) return ['Not running', 'bad'];
    if (!pipeline.delivering) return ['Not delivering', 'bad'];
    if (rate(`refused ${pipeline.id}`) > 0) return ['Refusing', 'warn'];
    if (!pipeline.ready) return [flow.stage === 'ready' ? 'Full' : `The collector is ${flow.stage}`, 'warn'];
    const now = rate(`in ${pipeline.id}`);
    return now > 0 ? ['Flowing', 'good'] : ['Idle', 'quiet'];
  };
  const lastRefusal = (pipeline, flow) => {
    if (!(rate(`refused ${pipeline.id}`) > 0)) return null;
    const receivers = flow.components.filter((part) => part.kind === 'receiver' && part.signal === pipeline.signal && pipeline.receivers.includes(part.id));
    return receivers.map((part) => part.last_error).filter(Boolean).sort((a, b) => (a.at < b.at ? 1 : -1))[0] ?? { text: 'see the books' };
  };

  // The whole.

  const summarize = (flow) => {
    const conditions = flow.pipelines.map((pipeline) => [pipeline, ...condition(pipeline, flow)]);
    const bad = conditions.filter(([, , kind]) => kind === 'bad');
    const warned = conditions.filter(([, , kind]) => kind === 'warn');
    const flowing = conditions.filter(([, , kind]) => kind === 'good');
    const names = (found) => found.map(([pipeline]) => pipeline.id).join(', ');
    const total = flow.pipelines.reduce((sum, pipeline) => sum + (rate(`in ${pipeline.id}`) ?? 0), 0);
    const delivered = flow.components.filter((part) => part.kind === 'exporter').reduce((sum, part) => sum + part.books.delivered, 0);
    let headline = 'All is quiet';
    if (flow.stage !== 'ready') headline = `The collector is ${flow.stage}`;
    else if (bad.length > 0) headline = `${names(bad)}: ${bad[0][1].toLowerCase()}`;
    else if (flow.pipelines.some((pipeline) => !pipeline.sign.good)) headline = 'Data was dropped';
    else if (warned.length > 0) headline = `${names(warned)}: ${warned[0][1].toLowerCase()}`;
    else if (flowing.length > 0) headline = 'All is flowing';
    say($('headline'), headline);
    const count = flow.pipelines.length;
    say($('subline'), `${count} pipeline${count === 1 ? '' : 's'}, ${short(total)} items a second in, ${whole(delivered)} delivered so far.`);
    document.title = `${headline} · Flow`;
    const isFresh = flow.pipelines.every((pipeline) => pipeline.books.received === 0) && flow.components.every((part) => part.books.received === 0);
    if (isFresh && !$('empty').classList.contains('done')) $('empty').hidden = false;
    // It stays where it is until the page is loaded anew, so that nothing jumps.
    if (!isFresh && !$('empty').hidden) {
      $('empty').classList.add('done');
      say($('empty-title'), 'The first item is here');
      say($('empty-text'), 'Choose a number on a line to see what passes there. This sends one more:');
    }
  };

  const show = (flow) => {
    remember(flow);
    build(flow);
    flow.pipelines.forEach((pipeline, place) => lanes[place].update(pipeline, flow));
    summarize(flow);
    tap.closed = flow.taps_closed;
    dress($('pulse'), 'pulse live');
    say($('pulse-text'), 'live');
    document.querySelector('main').classList.remove('stale');
  };
  const lost = () => {
    dress($('pulse'), 'pulse lost');
    say($('pulse-text'), 'not reachable, trying again');
    document.querySelector('main').classList.add('stale');
  };

  let timer = null;
  let isAsking = false;
  const ask = async () => {
    if (isAsking || document.hidden) return;
    isAsking = true;
    clearTimeout(timer);
    try {
      const answer = await fetch('flowz?format=json', { cache: 'no-store', signal: AbortSignal.timeout(5000) });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      show(await answer.json());
    } catch {
      lost();
    }
    isAsking = false;
    timer = setTimeout(ask, PERIOD);
  };
  document.addEventListener('visibilitychange', () => {
    // Rates over a time without looking would be those of another day.
    if (document.hidden) { clearTimeout(timer); answers = []; } else ask();
  });

  /* taps */
  document.fonts?.ready.then(() => lanes.forEach((lane) => lane.arrange()));
  ask();
})();
