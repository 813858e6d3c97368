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

  // Lanes: one picture for each pipeline.

  let lanes = [];
  let wiring = '';

  const build = (flow) => {
    const now = JSON.stringify(flow.pipelines.map((p) => [p.id, p.signal, p.receivers, p.processors, p.exporters, p.connectors]));
    if (now === wiring) return;
    wiring = now;
    lanes = flow.pipelines.map((pipeline) => new Lane(pipeline, flow));
    $('lanes').replaceChildren(...lanes.map((lane) => lane.element));
    lanes.forEach((lane) => lane.arrange());
  };

  class Lane {
    constructor(pipeline, flow) {
      this.id = pipeline.id;
      this.signal = pipeline.signal;
      this.nodes = [];
      this.pills = [];
      this.wires = [];
      this.known = new Set(flow.edges.map((edge) => edge.name));
      const titleId = `lane-${pipeline.id}`;
      this.element = make('section', { class: 'lane', 'aria-labelledby': titleId, id: `pipeline:${pipeline.id}` });
      this.stateIcon = icon('quiet');
      this.stateText = make('span');
      this.state = make('span', { class: 'state' }, this.stateIcon, this.stateText);
      this.signIcon = icon('good');
      this.signText = make('span');
      this.sign = make('span', { class: 'sign' }, this.signIcon, this.signText);
      const title = make('h2', { id: titleId }, pipeline.id);
      const head = make('div', { class: 'head' }, title, this.state, this.sign);
      this.svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
      this.svg.setAttribute('class', 'wires');
      this.svg.setAttribute('aria-hidden', 'true');
      this.flow = make('div', { class: 'flow' }, this.svg);
      this.why = make('ul', { class: 'why' });
      this.fill(pipeline, flow);
      this.element.append(head, this.flow, this.why, this.makeBooks(pipeline, flow));
      new ResizeObserver(() => this.arrange()).observe(this.element);
    }

    fill(pipeline, flow) {
      const { receivers, processors, exporters, signal } = pipeline;
      const splits = exporters.length > 1;
      const enters = (id) => this.first(`receiver/${id}/${signal}`, `pipeline/${pipeline.id}`);
      const leaves = (id) => this.first(`exporter/${id}/${signal}`, `connector/${id}/${signal}`);
      const merges = receivers.length > 1 || processors.length > 0 || !splits;
      const kindOf = (kind, id) => (pipeline.connectors.includes(id) ? 'connector' : kind);
      let ends = [];
      const stage = (pairs) => {
        this.flow.append(make('div', { class: 'stage' }, ...pairs.map((pair) => make('div', { class: 'pair' }, ...pair.map((part) => part.element)))));
        for (const pair of pairs) {
          for (const end of ends) this.wire(end, pair[0]);
          for (let next = 1; next < pair.length; next += 1) this.wire(pair[next - 1], pair[next]);
        }
        ends = pairs.map((pair) => pair.at(-1));
      };
      stage(receivers.map((id) => [this.node(kindOf('receiver', id), id, flow), ...(merges ? [this.pill(enters(id))] : [])]));
      processors.forEach((id, place) => {
        const isLast = place === processors.length - 1;
        const pills = isLast && splits ? [] : [this.pill(`processor/${pipeline.id}/${id}`)];
        stage([[this.node('processor', id, flow), ...pills]]);
      });
      stage(exporters.map((id) => [...(splits ? [this.pill(leaves(id))] : []), this.node(kindOf('exporter', id), id, flow)]));
    }

    first(...names) { return names.find((name) => this.known.has(name)) ?? names[0]; }

    node(kind, id, flow) {
      const fact = make('span', { class: 'fact' });
      const element = make('div', { class: `node ${kind}` }, make('span', { class: 'kind' }, kind));
      const node = { kind, id, element, fact };
      // A connector is the same component in two pipelines: its name leads to the other side.
      const other = kind === 'connector' && flow.pipelines.find((p) => p.id !== this.id && (p.receivers.includes(id) || p.exporters.includes(id)));
      element.append(other ? make('a', { class: 'id', href: `#pipeline:${other.id}` }, id) : make('span', { class: 'id' }, id));
      if (kind === 'exporter') {
        node.level = make('i');
        node.bar = make('span', { class: 'bar', 'aria-hidden': 'true' }, node.level);
        element.append(node.bar);
      }
      if (kind !== 'processor') element.append(fact);
      this.nodes.push(node);
      return node;
    }

    pill(name) {
      const element = make('button', { class: 'pill zero', type: 'button', 'aria-pressed': 'false', title: `See what passes: ${name}` }, '–');
      element.dataset.edge = name;
      element.addEventListener('click', () => tap.open(name, this.signal, element));
      const pill = { element, name };
      this.pills.push(pill);
      return pill;
    }

    wire(from, to) {
      const draw = (name) => {
        const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
        path.setAttribute('class', name);
        this.svg.append(path);
        return path;
      };
      // What flows on a wire is known at the pill at one of its ends.
      this.wires.push({ from, to, name: to.name ?? from.name, line: draw(''), drops: draw('drops') });
    }

    // Side by side where there is room, below each other where there is none; then the wires.
    arrange() {
      this.flow.classList.remove('tall');
      if (this.flow.scrollWidth > this.flow.clientWidth) this.flow.classList.add('tall');
      const isTall = this.flow.classList.contains('tall');
      const ground = this.flow.getBoundingClientRect();
      for (const { from, to, line, drops } of this.wires) {
        const [a, b] = [from.element.getBoundingClientRect(), to.element.getBoundingClientRect()];
        const d = isTall ? down(a, b, ground) : across(a, b, ground);
        mark(line, 'd', d);
        mark(drops, 'd', d);
      }
    }

    makeBooks(pipeline, flow) {
      const parts = flow.components.filter((part) => part.signal === pipeline.signal
        && (part.kind === 'receiver' ? pipeline.receivers : pipeline.exporters).includes(part.id));
      const isFirst = (part) => part.kind === 'receiver';
      const rows = [...parts.filter(isFirst).map((p) => [p.kind, p.id]), ['pipeline', pipeline.id], ...parts.filter((p) => !isFirst(p)).map((p) => [p.kind, p.id])];
      this.rows = rows.map(([kind, id]) => ({ kind, id, cells: Array.from({ length: 5 }, () => make('td')) }));
      const body = make('tbody', {}, ...this.rows.map((row) => make('tr', {}, make('th', { scope: 'row' }, `${row.kind} ${row.id}`), ...row.cells)));
      const heads = ['', 'Received', 'Delivered', 'Refused', 'Dropped', 'In flight'];
      const head = make('thead', {}, make('tr', {}, ...heads.map((text) => make('th', text ? { scope: 'col' } : {}, text))));
      this.notes = make('ul', { class: 'notes' });
      const summary = make('summary', {}, `Books of ${pipeline.id}: totals, reasons, last errors`);
      this.details = make('details', { class: 'books' }, summary, make('div', { class: 'wide', tabindex: '0' }, make('table', {}, head, body)), this.notes);
      return this.details;
    }

    update(pipeline, flow) {
      const part = (kind, id) => flow.components.find((found) => found.kind === kind && found.id === id && found.signal === this.signal);
      const [words, kind] = condition(pipeline, flow);
      if (this.words !== undefined && this.words !== words) say($('announce'), `Pipeline ${this.id}: ${words}`);
      this.words = words;
      say(this.stateText, words);
      dress(this.state, `state ${kind}`);
      reshape(this.stateIcon, kind);
      say(this.signText, pipeline.sign.words);
      dress(this.sign, pipeline.sign.good ? 'sign' : 'sign bad');
      reshape(this.signIcon, pipeline.sign.good ? 'good' : 'bad');
      for (const node of this.nodes) this.updateNode(node, part(node.kind, node.id));
      const paces = new Map();
      for (const pill of this.pills) {
        const now = rate(`edge ${pill.name}`);
        paces.set(pill.name, now);
        say(pill.element, rateText(now));
        pill.element.classList.toggle('zero', !now);
        const count = now === null ? 'rate not known yet' : `${short(now)} ${noun(this.signal, now)} a second`;
        mark(pill.element, 'aria-label', `${pill.name}: ${count}. See what passes.`);
      }
      for (const wire of this.wires) this.updateWire(wire, paces.get(wire.name), part);
      this.updateWhy(pipeline, flow);
      if (this.details.open) this.updateBooks(pipeline, flow, part);
    }

    updateNode(node, found) {
      if (!found) return;
      if (node.kind === 'receiver') {
        const refusing = rate(`refused receiver ${found.id} ${found.signal}`);
        say(node.fact, refusing > 0 ? `refuses ${rateText(refusing)}` : `${short(found.books.refused)} refused`);
        dress(node.fact, refusing > 0 ? 'fact bad' : 'fact');
        node.element.classList.toggle('bad', refusing > 0);
      } else {
        const { queue } = found;
        const oldest = queue && queue.oldest !== null ? ` · ${age(queue.oldest)}` : '';
        say(node.fact, queue ? `queue ${short(queue.used)} of ${short(queue.capacity)}${oldest}` : 'no queue');
        mark(node.fact, 'title', queue ? `The queue holds ${queue.used} of ${queue.capacity} ${queue.sizer}; the age is that of the oldest.` : '');
        const level = queue ? Math.min(100, Math.ceil((100 * queue.used) / queue.capacity)) : 0;
        mark(node.level, 'style', `width:${level}%`);
        dress(node.bar, level >= 80 ? 'bar full' : 'bar');
        node.element.classList.toggle('bad', found.failing !== null);
      }
    }

    updateWire({ to, drops }, pace, part) {
      const failing = to.kind === 'exporter' && part('exporter', to.id)?.failing;
      drops.classList.toggle('on', pace > 0);
      drops.classList.toggle('stuck', Boolean(failing));
      // From a drop now and then to a stream, by the order of magnitude.
      if (pace > 0) drops.style.setProperty('--pace', `${[1.6, 1.1, .8, .55, .4][Math.min(4, Math.floor(Math.log10(Math.max(1, pace))))]}s`);
    }

    updateWhy(pipeline, flow) {
      const lines = pipeline.reasons.map((reason) => {
        const since = reason.since ? `, since ${clock(reason.since)} (${age(Math.max(0, (Date.parse(flow.now) - Date.parse(reason.since)) / 1000))})` : '';
        const about = { delivering: 'does not deliver', ready: 'takes no data', live: 'does not run' }[reason.about];
        return [reason.about === 'ready' ? 'warn' : '', `${reason.component} ${about}: ${reason.why}${since}`];
      });
      const refusing = lastRefusal(pipeline, flow);
      if (refusing) lines.push(['warn', `Refused ${rateText(rate(`refused ${pipeline.id}`))}: ${refusing.text}`]);
      const old = [...this.why.children];
      lines.forEach(([kind, text], place) => {
        const item = old[place] ?? this.why.appendChild(make('li'));
        say(item, text);
        dress(item, kind);
      });
      old.slice(lines.length).forEach((item) => item.remove());
    }

    updateBooks(pipeline, flow, part) {
      const notes = [];
      for (const { kind, id, cells } of this.rows) {
        const found = kind === 'pipeline' ? pipeline : part(kind, id);
        if (!found) continue;
        const { books } = found;
        const dropped = Object.values(books.dropped).reduce((sum, items) => sum + items, 0);
        [books.received, books.delivered, books.refused, dropped, books.in_flight].forEach((number, place) => say(cells[place], whole(number)));
        for (const [why, items] of Object.entries(books.dropped)) notes.push(`${kind} ${id} dropped ${whole(items)}: ${why}`);
        for (const [why, items] of Object.entries(books.refused_because)) notes.push(`${kind} ${id} refused ${whole(items)}: ${why}`);
        if (found.last_error) notes.push(`${kind} ${id}, last error at ${clock(found.last_error.at)}: ${found.last_error.text}`);
      }
      const text = notes.join('\n');
      if (this.noted !== text) this.notes.replaceChildren(...notes.map((note) => make('li', {}, note)));
      this.noted = text;
    }
  }

  const across = (a, b, ground) => {
    const [x1, y1] = [a.right - ground.left, a.top + a.height / 2 - ground.top];
    const [x2, y2] = [b.left - ground.left, b.top + b.height / 2 - ground.top];
    const bend = (x2 - x1) / 2;
    return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  };
  const down = (a, b, ground) => {
    const [x1, y1] = [a.left + a.width / 2 - ground.left, a.bottom - ground.top];
    const [x2, y2] = [b.left + b.width / 2 - ground.left, b.top - ground.top];
    const bend = (y2 - y1) / 2;
    return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
  };

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
    say($('subline'), `${count} pipeline${count === 1 ? '' : 's'}, ${short(total)} items a second in, ${whole(delivered)} delivered so far`);
    document.title = `${headline} · Flow`;
    const isFresh = flow.pipelines.every((pipeline) => pipeline.books.received === 0) && flow.components.every((part) => part.books.received === 0);
    if (isFresh && !$('empty').classList.contains('done')) $('empty').hidden = false;
    // It stays where it is until the page is loaded anew, so that nothing jumps.
    if (!isFresh && !$('empty').hidden) {
      $('empty').classList.add('done');
      say($('empty-title'), 'The first item is here');
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

  // Taps.

  const tap = {
    closed: null,
    edge: null,
    signal: 'traces',
    button: null,
    running: null,

    open(name, signal, button) {
      const isSame = this.edge === name && !$('tap').hidden;
      if (isSame) { this.close(); return; }
      this.stop();
      this.button?.setAttribute('aria-pressed', 'false');
      Object.assign(this, { edge: name, signal, button });
      button.setAttribute('aria-pressed', 'true');
      say($('tap-title'), name);
      $('tap-items').replaceChildren();
      $('tap').hidden = false;
      $('frame').classList.add('tapping');
      this.start();
    },

    close() {
      this.stop();
      this.button?.setAttribute('aria-pressed', 'false');
      $('tap').hidden = true;
      $('frame').classList.remove('tapping');
      this.button?.focus();
      Object.assign(this, { edge: null, button: null });
    },

    stop() {
      this.running?.abort();
      this.running = null;
      $('tap').classList.remove('running');
      say($('tap-start'), 'Start');
    },

    tell(text, isBad = false) {
      say($('tap-state'), text);
      dress($('tap-state'), isBad ? 'bad' : '');
    },

    async start() {
      this.stop();
      if (this.closed) { this.tell(this.closed, true); return; }
      const running = new AbortController();
      this.running = running;
      $('tap').classList.add('running');
      say($('tap-start'), 'Stop');
      this.tell('Waiting for items …');
      const query = new URLSearchParams({ edge: this.edge, filter: $('tap-filter').value, seconds: $('tap-seconds').value });
      try {
        const answer = await fetch(`tapz?${query}`, { cache: 'no-store', signal: running.signal });
        if (!answer.ok) {
          const words = (await answer.text()).trim();
          this.stop();
          this.tell(words, true);
          return;
        }
        await this.read(answer.body.pipeThrough(new TextDecoderStream()).getReader());
        if (this.running === running) this.stop();
      } catch (error) {
        if (this.running !== running) return;
        this.stop();
        this.tell(`The tap broke off: ${error.message}`, true);
      }
    },

    async read(reader) {
      let rest = '';
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        const lines = (rest + value).split('\n');
        rest = lines.pop();
        lines.forEach((line) => this.take(JSON.parse(line)));
      }
    },

    take(line) {
      if (line.type === 'item') this.add(line);
      if (line.type === 'count') this.tell(this.counts(line));
      if (line.type === 'end') this.tell(`Ended, ${line.reason}: ${this.counts(line)}`);
    },

    counts(line) {
      const unlike = line.seen - line.matched;
      const more = line.matched - line.shown + line.missed;
      const parts = [`${whole(line.shown)} shown`];
      if (unlike > 0) parts.push(`${whole(unlike)} kept back by the filter`);
      if (more > 0) parts.push(`${whole(more)} passed too fast to show`);
      return parts.join(', ');
    },

    add(line) {
      const { title, more } = describe(line);
      const time = make('time', { datetime: line.at }, clock(line.at));
      const summary = make('summary', {}, time, make('b', {}, title), make('span', { class: 'more' }, more));
      const details = make('details', {}, summary);
      // The tree is made when it is looked at.
      details.addEventListener('toggle', () => {
        if (details.open && details.children.length === 1) {
          details.append(make('pre', { tabindex: '0' }, line.data ? JSON.stringify(line.data, null, 2) : `It has ${whole(line.bytes)} bytes, too many to show.`));
        }
      }, { once: true });
      const items = $('tap-items');
      items.prepend(make('li', {}, details));
      if (items.children.length > MAX_SHOWN) items.lastChild.remove();
    },
  };

  const plain = (value) => {
    if (!value) return '';
    const [kind, content] = Object.entries(value)[0] ?? ['', ''];
    if (kind === 'arrayValue') return `[${(content.values ?? []).map(plain).join(', ')}]`;
    if (kind === 'kvlistValue') return `{${(content.values ?? []).map((pair) => `${pair.key}=${plain(pair.value)}`).join(', ')}}`;
    return String(content);
  };
  const attributes = (list) => (list ?? []).slice(0, 6).map((pair) => `${pair.key}=${plain(pair.value)}`).join('  ');
  const SPAN_KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer'];

  // The heading of an item, and a line about it.
  const describe = (line) => {
    if (!line.data) return { title: `An item of ${whole(line.bytes)} bytes`, more: 'too large to show' };
    const resource = (line.data.resourceSpans ?? line.data.resourceMetrics ?? line.data.resourceLogs)[0];
    const scope = (resource.scopeSpans ?? resource.scopeMetrics ?? resource.scopeLogs)[0];
    const service = plain(resource.resource?.attributes?.find((pair) => pair.key === 'service.name')?.value);
    const item = (scope.spans ?? scope.metrics ?? scope.logRecords)[0];
    let title = item.name ?? '';
    let facts = [];
    let own = item.attributes;
    if (scope.spans) {
      const took = (Number(item.endTimeUnixNano ?? 0) - Number(item.startTimeUnixNano ?? 0)) / 1e6;
      facts = [SPAN_KINDS[item.kind ?? 0], took > 0 ? `${short(took)} ms` : '', item.status?.code === 2 ? `error ${item.status.message ?? ''}` : ''];
    } else if (scope.metrics) {
      const [, data] = Object.entries(item).find(([, value]) => value?.dataPoints) ?? [];
      const point = data?.dataPoints?.[0] ?? {};
      own = point.attributes;
      facts = [`${point.asDouble ?? point.asInt ?? (point.count !== undefined ? `count ${point.count}, sum ${point.sum ?? '–'}` : '')} ${item.unit ?? ''}`];
    } else {
      title = plain(item.body) || item.eventName || '';
      facts = [item.severityText ?? ''];
    }
    return { title: title || '(no name)', more: [service, ...facts, attributes(own)].map((text) => text.trim()).filter(Boolean).join(' · ') };
  };

  $('tap-close').addEventListener('click', () => tap.close());
  $('tap-form').addEventListener('submit', (event) => {
    event.preventDefault();
    if (tap.running) { tap.stop(); tap.tell('Stopped'); } else { $('tap-items').replaceChildren(); tap.start(); }
  });
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape' && !$('tap').hidden) tap.close(); });
  $('copy').addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText($('curl').textContent);
      say($('copy'), 'Copied');
    } catch {
      getSelection().selectAllChildren($('curl'));
      say($('copy'), 'Selected');
    }
  });
  document.fonts?.ready.then(() => lanes.forEach((lane) => lane.arrange()));
  ask();
})();
