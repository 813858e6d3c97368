  // Taps: what passes an edge, as it passes. A part of page.js, whose small words it uses.

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
      // The panel may lie over it.
      button.scrollIntoView({ block: 'nearest' });
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
      facts = [SPAN_KINDS[item.kind] ?? '', took > 0 ? `${short(took)} ms` : '', item.status?.code === 2 ? `error ${item.status.message ?? ''}` : ''];
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
