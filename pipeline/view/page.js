"use strict";
// The page of `newsbeam view`. It sets text and never markup, so nothing of a document can run.
// With a server it asks it; a saved page asks the records that it holds, through the same names.

const about = JSON.parse(document.getElementById("about").textContent);
const FILTERS = ["language", "verdict", "source_language", "site", "host", "month"];
const LABELS = { source_language: "translated from", site: "site", host: "host", month: "month", language: "language", verdict: "verdict" };
const state = { tab: "reading", q: "", name: "", filters: {}, score: 0, offset: 0, n: 0, seed: 1, lit: -1, sample: null, at: 0, statements: {}, sort: ["", 1] };
let shown = { total: 0, rows: [] };
let record = null;

// --- elements -------------------------------------------------------------------------------------------------------

function el(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(key, value === true && !key.startsWith("aria-") ? "" : String(value));
  }
  for (const child of children.flat()) if (child !== null && child !== undefined && child !== "") made.append(child);
  return made;
}

function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, String(value));
  for (const child of children.flat()) if (child) made.append(child);
  return made;
}

const number = (value) => Number(value).toLocaleString("en");

// --- where answers come from ----------------------------------------------------------------------------------------

async function ask(path, words) {
  const query = new URLSearchParams(Object.entries(words || {}).filter(([, value]) => value !== undefined));
  const answer = await fetch(`${path}?${query}`);
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.error || answer.statusText);
  return value;
}

const served = {
  status: () => ask("/api/status"),
  search: (offset, limit) => ask("/api/search", { q: state.q, name: state.name, ...state.filters, offset, limit }),
  record: (n) => ask("/api/record", { n }),
  statements: (words) => ask("/api/statements", words),
  csv: (words) => `/statements.csv?${new URLSearchParams(words)}`,
  chains: () => ask("/api/chains"),
  corpus: () => ask("/api/corpus"),
  sample: (seed) => ask("/api/sample", { seed, count: 20, q: state.q, ...state.filters }),
  compare: () => ask("/api/compare"),
  other: (id) => ask("/api/other", { id }),
  label: (label) => fetch("/api/label", { method: "POST", headers: { "X-Token": about.token }, body: JSON.stringify(label) }),
};

function savedAnswers(saved) {
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const documents = saved.records.map((one, at) => ({
    n: at + 1, id: one.id, title: one.title, site: one.site, host: hostOf(one.url), url: one.url, created: one.created, month: one.created.slice(0, 7),
    language: one.language, verdict: one.translation.verdict, source_language: one.translation.verdict === "translated" ? one.translation.source_language : "",
    statements: one.attributions.length, removed: one.removed.length, characters: one.text.length,
  }));
  const words = saved.records.map((one) => fold([one.title, one.author, one.site, ...one.attributions.map((a) => a.speaker.name), ...one.credits.map((c) => c.name), one.text].join("\n")));
  const rows = saved.records.flatMap((one, at) => one.attributions.map((a) => ({
    document: at + 1, speaker: a.speaker.name || a.speaker.text, speaker_id: a.speaker.id, role: a.speaker.role, cue: a.cue.text,
    content: a.content.map((piece) => piece.text).join(" … "), via: a.via.map((link) => link.name).join(" ← "), form: a.form, type: a.type, score: a.score,
    site: one.site, url: one.url, created: one.created, title: one.title,
  })));
  const links = saved.records.flatMap((one, at) => one.attributions.flatMap((a) => {
    const chain = [a.speaker.name || a.speaker.text, ...a.via.map((link) => link.name)];
    return chain.slice(1).map((teller, i) => ({ teller, source: chain[i], document: at + 1 }));
  }));
  const chosen = () => documents.filter((one) => FILTERS.every((key) => !(key in state.filters) || one[key] === state.filters[key])
    && state.q.match(/"[^"]+"|\S+/g)?.every((word) => words[one.n - 1].includes(fold(word.replace(/^"|"$/g, "")))) !== false
    && (!state.name || rows.some((row) => row.document === one.n && row.speaker === state.name) || links.some((link) => link.document === one.n && link.teller === state.name)));
  const matching = (by) => rows.filter((row) => row.score >= (by.score || 0) && [["q", "content"], ["speaker", "speaker"], ["via", "via"]].every(([key, column]) => !by[key] || row[column].toLowerCase().includes(by[key].toLowerCase())));
  return {
    status: async () => ({ loaded: documents.length, finished: true, error: "" }),
    search: async (offset, limit) => { const all = chosen(); return { total: all.length, rows: all.slice(offset, offset + limit) }; },
    record: async (n) => saved.records[n - 1] || null,
    statements: async (by) => { const all = matching(by); return { total: all.length, rows: all.slice(by.offset || 0, (by.offset || 0) + 200) }; },
    csv: (by) => {
      const columns = ["site", "created", "speaker", "speaker_id", "role", "cue", "content", "via", "form", "type", "score", "title", "url"];
      const cell = (value) => `"${String(value).replace(/^(?=[=+\-@\t\r])/, "'").replace(/"/g, '""')}"`;
      const text = [columns.join(","), ...matching(by).map((row) => columns.map((column) => cell(row[column])).join(","))].join("\r\n");
      return URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
    },
    chains: async () => {
      const counts = new Map();
      for (const link of links) {
        const key = JSON.stringify([link.teller, link.source]);
        const one = counts.get(key) || { teller: link.teller, source: link.source, statements: 0, of: new Set() };
        one.statements += 1; one.of.add(link.document); counts.set(key, one);
      }
      return [...counts.values()].map((one) => ({ ...one, documents: one.of.size })).sort((a, b) => b.statements - a.statements).slice(0, 300);
    },
    corpus: async () => saved.corpus,
    sample: async (seed) => {
      const all = chosen().map((one) => one.n);
      let x = seed * 2654435761 % 4294967296 || 1;
      for (let i = all.length - 1; i > 0; i -= 1) { x ^= x << 13; x ^= x >>> 17; x ^= x << 5; x >>>= 0; const j = x % (i + 1); [all[i], all[j]] = [all[j], all[i]]; }
      return all.slice(0, 20).sort((a, b) => a - b);
    },
    label: null,
  };
}

function hostOf(url) {
  try { return new URL(url).hostname.replace(/^www\./, ""); } catch { return ""; }
}

const savedBlock = document.getElementById("saved");
const source = savedBlock ? savedAnswers(JSON.parse(savedBlock.textContent)) : served;

// --- text with its annotations --------------------------------------------------------------------------------------

// Offsets of records are code points; strings here are UTF-16.
function units(text) {
  if (!/[\ud800-\udbff]/.test(text)) return (at) => at;
  const places = [0];
  for (const sign of text) places.push(places[places.length - 1] + sign.length);
  return (at) => places[at];
}

function ranges(one) {
  const all = [];
  one.attributions.forEach((said, at) => {
    if (said.score < state.score) return;
    const who = said.speaker.name || said.speaker.text || "(no name)";
    const tip = `${who}: ${said.form} ${said.type}, ${said.score.toFixed(2)}`;
    for (const piece of said.content) all.push([piece.start, piece.end, "content", tip, at]);
    all.push([said.cue.start, said.cue.end, "cue", tip, at], [said.speaker.start, said.speaker.end, "speaker", tip, at]);
    for (const link of said.via) all.push([link.start, link.end, "via", `via ${link.name}`, at]);
  });
  for (const sign of one.translation.artifacts) all.push([sign.start, sign.end, "artifact", `${sign.kind}: ${sign.why}`, -1]);
  for (const run of one.languages) all.push([run.start, run.end, "language", `${run.language} ${run.score.toFixed(2)}`, -1]);
  return all.filter(([start, end]) => start >= 0 && start < end);
}

function annotated(one) {
  const at = units(one.text);
  const marks = ranges(one);
  const places = [...new Set([0, ...marks.flatMap(([start, end]) => [start, end])])].sort((a, b) => a - b);
  const out = el("div", { class: "text", dir: "auto", lang: one.language === "und" ? false : one.language || false });
  const opened = new Map(), closed = new Map();
  marks.forEach((mark, i) => { (opened.get(mark[0]) || opened.set(mark[0], []).get(mark[0])).push(i); (closed.get(mark[1]) || closed.set(mark[1], []).get(mark[1])).push(i); });
  const active = new Set();
  places.forEach((place, i) => {
    for (const mark of closed.get(place) || []) active.delete(mark);
    for (const mark of opened.get(place) || []) active.add(mark);
    const piece = one.text.slice(at(place), i + 1 < places.length ? at(places[i + 1]) : undefined);
    if (!piece) return;
    if (!active.size) { out.append(piece); return; }
    const here = [...active].map((mark) => marks[mark]);
    const said = here.map((mark) => mark[4]).filter((index) => index >= 0);
    out.append(el("span", {
      class: [...new Set(here.map((mark) => mark[2]))].join(" ") + (said.includes(state.lit) ? " lit" : ""), title: [...new Set(here.map((mark) => mark[3]))].join("\n"),
      "data-said": said.join(" ") || false, onmouseenter: said.length ? () => light(said[0]) : undefined, onmouseleave: said.length ? () => light(-1) : undefined,
    }, piece));
  });
  return out;
}

function light(index) {
  state.lit = index;
  for (const span of document.querySelectorAll("[data-said]")) span.classList.toggle("lit", index >= 0 && span.dataset.said.split(" ").includes(String(index)));
}

// Removed lines in their place: between kept lines, by the numbers of the lines, folded.
function withRemoved(one) {
  const text = annotated(one);
  const lines = one.removed.filter((removal) => removal.line > 0);
  if (!one.removed.length) return text;
  const fold = (name, pieces) => el("details", { class: "removed" }, el("summary", { class: "note" }, `${name}: ${pieces.length}`), pieces.map((piece) => el("div", { dir: "auto" }, el("del", {}, piece.text), el("span", { class: "note" }, `  ${piece.kind}`))));
  const first = lines.filter((removal, at) => removal.line <= at + 2);
  const rest = one.removed.filter((removal) => !first.includes(removal));
  return el("div", {}, first.length ? fold("removed above", first) : null, text, rest.length ? fold(lines.length ? "removed within and below" : "removed from the page", rest) : null);
}

// --- the reading tab ------------------------------------------------------------------------------------------------

function verdictOf(row) {
  const from = row.source_language ? ` from ${row.source_language}` : "";
  return row.verdict === "unknown" ? "" : row.verdict + from;
}

function listOf() {
  const list = el("nav", { class: "list", "aria-label": "documents" });
  for (const row of shown.rows) {
    const about_ = [row.site || row.host, row.created.slice(0, 10), row.language, verdictOf(row), `${number(row.statements)} said`].filter(Boolean).join(" · ");
    list.append(el("button", { "aria-current": row.n === state.n, "data-n": row.n, onclick: () => open_(row.n) },
      el("span", { class: "title", dir: "auto" }, row.title || "(no title)"), el("span", { class: "note", dir: "auto" }, about_)));
  }
  if (shown.total > shown.rows.length) list.append(el("button", { onclick: more }, `show more of ${number(shown.total)}`));
  if (!shown.total) list.append(el("p", { class: "pane note" }, "no documents match"));
  return list;
}

async function more() {
  const next = await source.search(shown.rows.length, 50);
  shown.rows.push(...next.rows);
  draw();
}

function article(one) {
  if (!one) return el("article", {}, el("p", { class: "note" }, "Choose a document."));
  const verdict = one.translation;
  const words = { translated: `translated${verdict.source_language ? ` from ${verdict.source_language}` : ""}`, original: "original", unknown: "no verdict on translation" }[verdict.verdict];
  const facts = [one.site || one.source, one.created.slice(0, 16).replace("T", " "), one.author, `${one.language} ${one.language_score.toFixed(2)}`, `${words} ${verdict.score.toFixed(2)}`, `${number(one.text.length)} characters`];
  return el("article", {}, el("h2", { dir: "auto" }, one.title || "(no title)"), el("p", { class: "note", dir: "auto" }, facts.filter(Boolean).join(" · ")),
    /^https?:\/\//.test(one.url) ? el("p", { class: "note" }, el("a", { href: one.url, rel: "noreferrer noopener", target: "_blank" }, one.url)) : null, withRemoved(one));
}

function side(one) {
  const out = el("aside", {});
  if (!one) return out;
  const said = one.attributions.map((a, at) => [a, at]).filter(([a]) => a.score >= state.score);
  out.append(el("h3", {}, `Who said what: ${said.length}`));
  for (const [a, at] of said) {
    const who = a.speaker.name || a.speaker.text || "(no name)";
    out.append(el("div", { class: "statement", tabindex: 0, dir: "auto", onmouseenter: () => light(at), onmouseleave: () => light(-1), onfocus: () => { light(at); document.querySelector(`[data-said~="${at}"]`)?.scrollIntoView({ block: "center" }); }, onblur: () => light(-1) },
      el("button", { class: "chip", title: "documents with this name", onclick: () => filterName(who) }, who), a.speaker.role ? ` (${a.speaker.role})` : "", " ", el("span", { class: "cue" }, a.cue.text), " ",
      a.content.map((piece) => piece.text).join(" … "), a.via.map((link) => el("span", {}, " via ", el("button", { class: "chip", onclick: () => filterName(link.name) }, link.name))), el("span", { class: "note" }, `  ${a.form} ${a.score.toFixed(2)}`)));
  }
  const signs = one.translation.artifacts;
  if (signs.length) {
    out.append(el("h3", {}, `Signs of translation: ${signs.length}`));
    const kinds = new Map();
    for (const sign of signs) kinds.set(`${sign.kind}\n${sign.why}`, [...(kinds.get(`${sign.kind}\n${sign.why}`) || []), sign.text]);
    for (const [key, texts] of kinds) out.append(el("div", { class: "statement" }, el("b", {}, key.split("\n")[0]), ` ${texts.join(" · ")} `, el("span", { class: "note" }, key.split("\n")[1])));
  }
  if (one.languages.length) out.append(el("h3", {}, "Languages"), ...one.languages.map((run) => el("div", { dir: "auto" }, `${run.language} ${run.score.toFixed(2)}  `, [...one.text].slice(run.start, Math.min(run.end, run.start + 80)).join(""))));
  if (one.credits.length) out.append(el("h3", {}, `Credits: ${one.credits.length}`), ...one.credits.map((credit) => el("div", { dir: "auto" }, `${credit.kind}: `, el("b", {}, credit.name))));
  if (one.removed.length) {
    const kinds = {};
    for (const removal of one.removed) (kinds[removal.kind] ||= []).push(removal.text);
    out.append(el("h3", {}, `Removed: ${one.removed.length}`), ...Object.entries(kinds).map(([kind, texts]) => el("details", {}, el("summary", {}, `${kind} ${texts.length}`), texts.map((text) => el("div", { class: "removed", dir: "auto" }, text)))));
  }
  return out;
}

async function open_(n) {
  state.n = n;
  record = await source.record(n);
  state.lit = -1;
  if (state.tab !== "reading" && state.tab !== "audit") state.tab = "reading";
  draw();
  document.querySelector(`[data-n="${n}"]`)?.scrollIntoView({ block: "nearest" });
}

function filterName(name) {
  state.name = name; state.tab = "reading"; search();
}

async function search() {
  shown = await source.search(0, 50);
  state.n = shown.rows[0]?.n || 0;
  record = state.n ? await source.record(state.n) : null;
  draw();
}

// --- tables ---------------------------------------------------------------------------------------------------------

function table(columns, rows, click) {
  const sorted = [...rows];
  const [by, way] = state.sort;
  if (by) sorted.sort((a, b) => (a[by] > b[by] ? 1 : a[by] < b[by] ? -1 : 0) * way);
  return el("table", {}, el("thead", {}, el("tr", {}, columns.map((column) => el("th", { scope: "col", class: rows.length && typeof rows[0][column] === "number" ? "number" : false, "aria-sort": by === column ? (way > 0 ? "ascending" : "descending") : "none" },
    el("button", { onclick: () => { state.sort = [column, by === column ? -way : 1]; draw(); } }, column))))),
  el("tbody", {}, sorted.map((row) => el("tr", click ? { tabindex: 0, onclick: () => click(row), onkeydown: (event) => { if (event.key === "Enter") click(row); } } : {},
    columns.map((column) => el("td", { class: typeof row[column] === "number" ? "number" : false, dir: "auto" }, typeof row[column] === "number" ? (column === "score" ? row[column].toFixed(2) : number(row[column])) : String(row[column] ?? "")))))));
}

async function statementsTab() {
  const by = { ...state.statements, score: state.score };
  const answer = await source.statements({ ...by, offset: state.offset });
  const field = (key, name) => el("input", { type: "search", placeholder: name, "aria-label": name, value: state.statements[key] || "", onchange: (event) => { state.statements[key] = event.target.value; state.offset = 0; draw(); } });
  return el("section", { class: "pane" }, el("p", {}, field("speaker", "speaker"), " ", field("q", "words"), " ", field("via", "via"), " ", el("a", { href: source.csv(by), download: "statements.csv" }, "CSV"), ` ${number(answer.total)} statements `,
    state.offset ? el("button", { onclick: () => { state.offset -= 200; draw(); } }, "back") : null, answer.total > state.offset + 200 ? el("button", { onclick: () => { state.offset += 200; draw(); } }, "next 200") : null),
  table(["site", "created", "speaker", "role", "cue", "content", "via", "score"], answer.rows, (row) => open_(row.document)));
}

async function chainsTab() {
  const chains = await source.chains();
  const show = (row) => { state.statements = { via: row.teller, speaker: "" }; state.tab = "statements"; state.offset = 0; draw(); };
  return el("section", { class: "pane" }, el("p", { class: "note" }, "Who passes on whom. A row opens its statements."), flow(chains.slice(0, 24), show), table(["teller", "source", "statements", "documents"], chains, show));
}

// Tellers on the left, their sources on the right, a band for each pair as wide as it is frequent.
function flow(pairs, click) {
  if (!pairs.length) return el("p", {}, "No statement has a chain.");
  const total = (key) => { const sums = new Map(); for (const pair of pairs) sums.set(pair[key], (sums.get(pair[key]) || 0) + pair.statements); return sums; };
  const left = total("teller"), right = total("source");
  const all = pairs.reduce((sum, pair) => sum + pair.statements, 0);
  const height = Math.max(160, 22 * Math.max(left.size, right.size)), scale = (height - 8 * Math.max(left.size, right.size)) / all;
  const place = (sums) => { const out = new Map(); let y = 4; for (const [name, sum] of sums) { out.set(name, { y, used: 0, sum }); y += Math.max(sum * scale, 12) + 6; } return [out, y]; };
  const [from, bottomA] = place(left), [to, bottomB] = place(right);
  const drawing = svg("svg", { viewBox: `0 0 900 ${Math.max(bottomA, bottomB) + 4}`, role: "img", "aria-label": "who passes on whom" });
  for (const pair of pairs) {
    const a = from.get(pair.teller), b = to.get(pair.source), wide = Math.max(pair.statements * scale, 1.5);
    const y1 = a.y + a.used + wide / 2, y2 = b.y + b.used + wide / 2;
    a.used += pair.statements * scale; b.used += pair.statements * scale;
    const band = svg("path", { d: `M 250 ${y1} C 450 ${y1}, 450 ${y2}, 650 ${y2}`, fill: "none", stroke: "currentColor", "stroke-opacity": .25, "stroke-width": wide });
    const tip = svg("title"); tip.textContent = `${pair.teller} ← ${pair.source}: ${pair.statements}`; band.append(tip);
    band.addEventListener("click", () => click(pair));
    drawing.append(band);
  }
  const label = (places, x, anchor) => { for (const [name, one] of places) { const text = svg("text", { x, y: one.y + Math.max(one.sum * scale, 12) / 2 + 4, "text-anchor": anchor }); text.textContent = `${name.length > 34 ? `${name.slice(0, 33)}…` : name} ${one.sum}`; drawing.append(text); } };
  label(from, 242, "end"); label(to, 658, "start");
  return drawing;
}

async function corpusTab() {
  const corpus = await source.corpus();
  const bars = (title, rows, click) => {
    if (!rows.length) return null;
    const most = Math.max(...rows.map((row) => row.documents));
    return el("section", {}, el("h3", {}, title), rows.slice(0, 40).map((row) => {
      const bar = el("i", {}); bar.style.width = `${100 * row.documents / most}%`;
      return el(click ? "button" : "div", { class: "bar", title: (row.examples || []).join("\n"), onclick: click ? () => click(row.value) : undefined }, el("span", { dir: "auto" }, row.value || "(none)"), bar, el("span", {}, number(row.documents)));
    }), rows.some((row) => row.examples) ? el("details", {}, el("summary", { class: "note" }, "examples"), rows.slice(0, 40).map((row) => el("div", {}, el("b", {}, row.value), row.examples.map((text) => el("div", { class: "note", dir: "auto" }, text))))) : null);
  };
  const sums = (rows) => rows.reduce((sum, row) => sum + row.documents, 0);
  return el("section", { class: "pane" }, el("p", {}, `${number(corpus.written)} records, ${number(sums(corpus.dropped))} dropped, ${number(sums(corpus.failed))} failed`),
    el("div", { class: "columns" }, FILTERS.filter((key) => corpus.columns[key].some((row) => row.value)).map((key) => bars(LABELS[key], corpus.columns[key], (value) => { state.filters = { [key]: value }; state.tab = "reading"; search(); })),
      bars("removed pieces", corpus.removed), bars("dropped", corpus.dropped), bars("failed", corpus.failed)));
}

// --- audit ----------------------------------------------------------------------------------------------------------

async function auditTab() {
  if (!state.sample) { state.sample = await source.sample(state.seed); state.at = 0; state.n = state.sample[0] || 0; record = state.n ? await source.record(state.n) : null; }
  const labels = el("p", { class: "pane" }, `${state.sample.length ? state.at + 1 : 0} of ${state.sample.length}  `, ["y", "n", "?"].map((key) => el("button", { onclick: () => label(key) }, { y: "y  right", n: "n  wrong", "?": "?  unsure" }[key])), " ",
    el("button", { onclick: () => { state.seed += 1; state.sample = null; draw(); } }, "another sample"), source.label ? null : el("button", { onclick: download }, "labels.jsonl"));
  return el("div", { class: "audit" }, labels, el("div", { class: "reading" }, article(record), side(record)));
}

const given = [];

async function label(key) {
  if (!record) return;
  const value = { id: record.id, label: key, note: "" };
  given.push(value);
  if (source.label) await source.label(value);
  if (state.at + 1 < state.sample.length) { state.at += 1; await open_(state.sample[state.at]); } else draw();
}

function download() {
  const text = given.map((one) => `${JSON.stringify(one)}\n`).join("");
  el("a", { href: URL.createObjectURL(new Blob([text])), download: "labels.jsonl" }).click();
}

// --- compare --------------------------------------------------------------------------------------------------------

async function compareTab() {
  const found = await source.compare();
  const rows = Object.keys({ ...found.same, ...found.differs }).map((aspect) => ({ aspect, same: found.same[aspect] || 0, differs: found.differs[aspect] || 0, new: found.new[aspect] ?? "", gone: found.gone[aspect] ?? "" }));
  const where = el("div", {});
  const show = async (row) => {
    const [one, two] = [await source.record(row.n), await source.other(row.id)];
    where.replaceChildren(el("div", { class: "columns" }, article(one), article(two)));
  };
  const changed = found.changed.map((row) => ({ ...row, differences: Object.entries(row.aspects).map(([key, count]) => `${key} ${count}`).join(", ") }));
  return el("section", { class: "pane" }, el("p", {}, `${number(found.both)} documents in both, ${number(found.only_first)} only in the first, ${number(found.only_second)} only in the second`),
    table(["aspect", "same", "differs", "new", "gone"], rows), el("h3", {}, `Documents that differ: ${changed.length}`), table(["title", "differences"], changed, show), where);
}

// --- all of it ------------------------------------------------------------------------------------------------------

const TABS = { reading: null, statements: statementsTab, chains: chainsTab, corpus: corpusTab, audit: auditTab, ...(about.compares ? { compare: compareTab } : {}) };
let drawing = 0;

function top_() {
  const input = el("input", { type: "search", id: "search", placeholder: "search text, titles, names  ( / )", "aria-label": "search", value: state.q, onkeydown: (event) => { if (event.key === "Enter") { state.q = event.target.value; state.tab = "reading"; state.sample = null; search(); } } });
  const chips = [...Object.entries(state.filters).map(([key, value]) => [`${LABELS[key]}: ${value || "(none)"}`, () => { delete state.filters[key]; }]), ...(state.name ? [[`name: ${state.name}`, () => { state.name = ""; }]] : [])];
  return el("header", {}, el("h1", {}, about.title), Object.keys(TABS).map((tab) => el("button", { role: "tab", "aria-selected": tab === state.tab, onclick: () => { state.tab = tab; state.offset = 0; state.sort = ["", 1]; draw(); } }, tab)), input,
    chips.map(([text, drop]) => el("button", { class: "chip", title: "remove this filter", onclick: () => { drop(); state.sample = null; search(); } }, `${text} ✕`)),
    el("label", { class: "note" }, "scores from ", el("input", { type: "number", min: 0, max: 1, step: .1, value: state.score, "aria-label": "least score", onchange: (event) => { state.score = Number(event.target.value); draw(); } })),
    el("span", { class: "note", id: "count" }, `${number(shown.total)} documents`), el("span", { class: "note", id: "loading" }), el("span", { class: "note keys" }, "j k  next, previous"));
}

async function draw() {
  const mine = (drawing += 1);
  let body;
  try {
    body = state.tab === "reading" ? el("div", { class: "reading" }, listOf(), article(record), side(record)) : await TABS[state.tab]();
  } catch (error) {
    body = el("p", { class: "pane error" }, String(error.message || error));
  }
  if (mine !== drawing) return; // another drawing has begun meanwhile
  const scrolled = document.querySelector(".list")?.scrollTop || 0;
  document.getElementById("app").replaceChildren(top_(), el("main", {}, body));
  toAddress();
  const list = document.querySelector(".list");
  if (list) list.scrollTop = scrolled;
}

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") { event.preventDefault(); document.getElementById("search").focus(); return; }
  if (state.tab === "audit" && ["y", "n", "?"].includes(event.key)) { label(event.key); return; }
  const step = { j: 1, k: -1 }[event.key];
  if (!step || state.tab !== "reading") return;
  const at = shown.rows.findIndex((row) => row.n === state.n) + step;
  if (shown.rows[at]) open_(shown.rows[at].n);
});

async function loading() {
  const status = await source.status();
  const place = document.getElementById("loading");
  if (place) place.textContent = status.error || (status.finished ? "" : `loading: ${number(status.loaded)}`);
  if (!shown.total && status.loaded) await search();
  if (!status.finished) setTimeout(loading, 700);
  else if (shown.total < status.loaded && !state.q && !state.name && !Object.keys(state.filters).length) await search();
}

// The address holds what is shown, so that it can be kept and sent.
function toAddress() {
  const words = new URLSearchParams();
  for (const key of ["tab", "q", "name", "n", "score"]) if (state[key] && !(key === "tab" && state.tab === "reading")) words.set(key, state[key]);
  for (const [key, value] of Object.entries(state.filters)) words.set(key, value);
  history.replaceState(null, "", `#${words}`);
}

function fromAddress() {
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
    if (FILTERS.includes(key)) state.filters[key] = value;
    else if (key === "tab" ? value in TABS : ["q", "name"].includes(key)) state[key] = value;
    else if (["n", "score"].includes(key)) state[key] = Number(value) || 0;
  }
}

fromAddress();
const wanted = state.n;
search().then(() => (wanted && wanted !== state.n ? open_(wanted) : null)).then(loading);
