// The right of the layer explorer.

const ROW = 26; // pixels
const PAGE = 100; // rows an answer
const MARKS = [
  { bit: 1, sign: "+", word: "더함", name: "added" },
  { bit: 2, sign: "~", word: "바꿈", name: "changed" },
  { bit: 4, sign: "−", word: "지움", name: "deleted" },
  { bit: 8, sign: "!", word: "낭비", name: "wasted" },
];
const COLUMNS = [
  { name: "이름", order: "name", sort: "ascending" },
  { name: "변화" },
  { name: "크기", order: "size", sort: "descending" },
  { name: "낭비", order: "waste", sort: "descending" },
  { name: "레이어" },
];
const KINDS = { folder: "폴더", symlink: "심볼릭 링크", device: "장치", pipe: "파이프" };

/** The files as a treegrid of which only the rows in sight exist. `query()` says what is looked at. */
function filesOf(id, kernel, query, listeners) {
  const space = element("div", { role: "rowgroup", class: "space" });
  const headers = COLUMNS.map(({ name, order }) => element("div", { role: "columnheader" },
    order ? element("button", { type: "button", onclick: () => listeners.sort(order) }, name) : name));
  const grid = element("div", {
    class: "files", role: "treegrid", tabindex: 0, "aria-label": "파일", "aria-colcount": COLUMNS.length, "aria-busy": "true",
  }, element("div", { role: "rowgroup", class: "head" }, element("div", { role: "row", "aria-rowindex": 1 }, headers)), space);
  let pages = new Map(), asked = new Set(), drawn = new Map(), total = 0, active = 0, version = 0;
  let counted = false; // the number of rows is of what is looked at now
  let pressed = Promise.resolve(), waiting = [];
  const row = (index) => pages.get(Math.floor(index / PAGE))?.[index % PAGE];

  async function load(page) {
    if (pages.has(page) || asked.has(page) || asked.size > 1) return;
    const mine = version;
    asked.add(page);
    const told = await kernel.ask("rows", { ...query(), start: page * PAGE, count: PAGE });
    if (mine !== version) return;
    asked.delete(page);
    pages.set(page, told.rows);
    if (pages.size > 60) pages.delete(pages.keys().next().value);
    total = told.total;
    counted = true;
    active = Math.min(active, Math.max(total - 1, 0));
    space.style.height = `${total * ROW}px`;
    grid.setAttribute("aria-rowcount", total + 1);
    grid.setAttribute("aria-busy", "false");
    for (const [index, one] of drawn) if (Math.floor(index / PAGE) === page) one.remove(), drawn.delete(index);
    listeners.counted(told.total, told.files);
    draw();
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  }

  /** Until what a key is about has come from the kernel: how many rows there are, and the chosen one. */
  async function come(chosen) {
    while (!counted || (chosen && total && !row(active))) {
      if (counted) load(Math.floor(active / PAGE));
      await new Promise((wake) => waiting.push(wake));
    }
  }

  function draw() {
    const first = Math.max(Math.floor(grid.scrollTop / ROW) - 4, 0);
    const last = Math.min(Math.ceil((grid.scrollTop + grid.clientHeight) / ROW) + 4, total);
    for (const [index, one] of drawn) if (index < first || index >= last) one.remove(), drawn.delete(index);
    for (let index = first; index < last; index++) {
      if (drawn.has(index)) continue;
      const one = drawRow(index);
      drawn.set(index, one);
      space.append(one);
    }
    for (const [index, one] of drawn) {
      one.setAttribute("aria-selected", index === active);
    }
    if (drawn.has(active)) grid.setAttribute("aria-activedescendant", `${id}-r${active}`);
    else grid.removeAttribute("aria-activedescendant");
    for (const page of [Math.floor(first / PAGE), Math.floor(Math.max(last - 1, 0) / PAGE)]) load(page);
  }

  function drawRow(index) {
    const told = row(index);
    const place = { id: `${id}-r${index}`, role: "row", "aria-rowindex": index + 2, style: `top:${index * ROW}px` };
    if (!told) return element("div", { ...place, class: "row empty" }, element("div", { role: "gridcell" }, "…"));
    const [, level, name, kind, opened, size, waste, layer, marks, inside] = told;
    // In the whole image everything was added once: to say so on every row says nothing.
    const telling = MARKS.filter((mark) => query().layer !== null || mark.name !== "added");
    const own = telling.filter((mark) => marks & mark.bit);
    const within = telling.filter((mark) => inside & mark.bit).map((mark) => mark.sign).join("");
    const twist = opened === null ? "" : opened ? "▾" : "▸";
    const one = element("div", {
      ...place, class: `row ${kind} ${own.map((mark) => mark.name).join(" ")}`, "aria-level": level,
      "aria-expanded": opened === null ? null : String(opened),
    },
      element("div", { role: "gridcell", style: `padding-inline-start:${(level - 1) * 14 + 4}px`, title: name },
        element("span", { class: "twist", "aria-hidden": "true" }, twist),
        element("span", { class: "file" }, name), KINDS[kind] ? element("span", { class: "unseen" }, `, ${KINDS[kind]}`) : null),
      element("div", { role: "gridcell", class: "marks" },
        own.map((mark) => element("span", { class: mark.name }, `${mark.sign}${mark.word} `)),
        within && opened === false ? element("span", { class: "inside" }, `안에 ${within}`) : null),
      element("div", { role: "gridcell", class: "number" }, size),
      element("div", { role: "gridcell", class: "number" }, waste),
      element("div", { role: "gridcell", class: "number" }, layer === null ? "" : `${layer}`));
    one.addEventListener("click", (event) => {
      move(index);
      if (event.target.closest(".twist") || event.detail === 2) open(index);
    });
    return one;
  }

  function move(index) {
    if (!total) return;
    active = Math.min(Math.max(index, 0), total - 1);
    const room = grid.clientHeight - ROW; // under the header
    if (active * ROW < grid.scrollTop) grid.scrollTop = active * ROW;
    if ((active + 1) * ROW > grid.scrollTop + room) grid.scrollTop = (active + 1) * ROW - room;
    draw();
    listeners.selected();
  }

  function open(index) {
    const told = row(index);
    if (!told) return;
    if (told[4] === null) listeners.opened(told[0]);
    else listeners.toggled(told[0]);
  }

  /** Everything is asked anew; `keep` leaves the place where it was (a folder was opened). */
  function renew(keep = false) {
    version++;
    counted = false;
    const before = pages;
    pages = new Map();
    asked = new Set();
    if (keep) {
      // Rows above stay the same: they are shown until the new ones come.
      const page = Math.floor(active / PAGE);
      for (const [number, rows] of before) if (number < page) pages.set(number, rows);
    } else {
      active = 0;
      grid.scrollTop = 0;
      grid.setAttribute("aria-busy", "true");
    }
    load(Math.floor((keep ? active : 0) / PAGE));
  }

  async function act(key) {
    const rows = Math.max(Math.floor(grid.clientHeight / ROW) - 2, 1);
    const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -rows, PageDown: rows, Home: -Infinity, End: Infinity }[key];
    await come(step === undefined);
    if (step !== undefined) return move(active + step);
    const told = row(active);
    if (!told) return;
    if (key === "ArrowRight") told[4] === false ? open(active) : told[4] && move(active + 1);
    else if (key !== "ArrowLeft" || told[4]) open(active);
    else {
      const { place } = await kernel.ask("parent", { ...query(), node: told[0] });
      if (place !== null) move(place);
    }
  }

  // Keys are taken one after another: a quick hand is ahead of the kernel, and what it pressed still counts.
  const keys = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End", "Enter", " "];
  grid.addEventListener("keydown", (event) => {
    if (event.target !== grid || event.ctrlKey || event.metaKey || event.altKey || !keys.includes(event.key)) return;
    event.preventDefault();
    pressed = pressed.then(() => act(event.key));
  });
  let frame = 0;
  grid.addEventListener("scroll", () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(draw);
  });
  const sizes = new ResizeObserver(draw);
  sizes.observe(grid);
  return {
    grid, renew, selected: () => row(active)?.[0],
    sorted(order) {
      COLUMNS.forEach((column, at) => column.order && headers[at].setAttribute("aria-sort", column.order === order ? column.sort : "none"));
    },
    end: () => sizes.disconnect(),
  };
}
