  // Lanes: one picture for each pipeline. A part of page.js, whose small words it uses.

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
        const isMany = pairs.length > 1;
        const element = make('div', { class: isMany ? 'stage many' : 'stage' });
        for (const pair of pairs) {
          pair.forEach((part) => Object.assign(part, { stage: element, isMany, pair }));
          element.append(make('div', { class: 'pair' }, ...pair.map((part) => part.element)));
        }
        this.flow.append(element);
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

    // Side by side where there is room, else below each other, else in rows beside a rail; then the wires.
    arrange() {
      for (const shape of ['flow', 'flow tall', 'flow tall narrow']) {
        this.flow.className = shape;
        if (this.flow.scrollWidth <= this.flow.clientWidth) break;
      }
      const ground = this.flow.getBoundingClientRect();
      const box = (element) => {
        const { left, right, top, bottom } = element.getBoundingClientRect();
        const [x, y] = [ground.left, ground.top];
        return { left: left - x, right: right - x, top: top - y, bottom: bottom - y, middle: (left + right) / 2 - x, height: (top + bottom) / 2 - y };
      };
      for (const { from, to, line, drops } of this.wires) {
        const d = this.path(from, to)(box(from.element), box(to.element), box((to.isMany ? to : from).stage));
        mark(line, 'd', d);
        mark(drops, 'd', d);
      }
    }

    path(from, to) {
      if (!this.flow.classList.contains('tall')) return across;
      const isNarrow = this.flow.classList.contains('narrow');
      if (isNarrow && from.isMany && from.pair === to.pair) return across;
      if (isNarrow && to.isMany) return railBefore;
      return isNarrow && from.isMany ? railBehind : down;
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
      this.details.addEventListener('toggle', () => this.showBooks?.());
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
      this.showBooks = () => { if (this.details.open) this.updateBooks(pipeline, flow, part); };
      this.showBooks();
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
        dress(node.bar, queue ? (level >= 80 ? 'bar full' : 'bar') : 'bar none');
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
      const isSaid = refusing && pipeline.reasons.some((reason) => reason.why === refusing.text);
      if (refusing && !isSaid) lines.push(['warn', `Refused ${rateText(rate(`refused ${pipeline.id}`))}: ${refusing.text}`]);
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

  const across = (a, b) => {
    const bend = (b.left - a.right) / 2;
    return `M${a.right} ${a.height}C${a.right + bend} ${a.height} ${b.left - bend} ${b.height} ${b.left} ${b.height}`;
  };
  const down = (a, b) => {
    const bend = (b.top - a.bottom) / 2;
    return `M${a.middle} ${a.bottom}C${a.middle} ${a.bottom + bend} ${b.middle} ${b.top - bend} ${b.middle} ${b.top}`;
  };
  // Down beside the rows of a stage and into one of them; out of one and down beside them.
  const railBefore = (a, b, stage) => {
    const rail = stage.left + 6;
    return `M${a.middle} ${a.bottom}C${a.middle} ${a.bottom + 16} ${rail} ${a.bottom + 4} ${rail} ${a.bottom + 26}V${b.height - 8}Q${rail} ${b.height} ${rail + 8} ${b.height}H${b.left}`;
  };
  const railBehind = (a, b, stage) => {
    const rail = stage.right - 6;
    return `M${a.right} ${a.height}H${rail - 8}Q${rail} ${a.height} ${rail} ${a.height + 8}V${b.top - 26}C${rail} ${b.top - 4} ${b.middle} ${b.top - 16} ${b.middle} ${b.top}`;
  };
