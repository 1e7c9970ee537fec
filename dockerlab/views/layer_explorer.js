// The layers of an image beside the tree of their files. Nothing is kept here but what is on the screen:
// every row, count and content is asked of the kernel (layer_answers.py), a page at a time.

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

/** A name that no other view has: each widget loads a module of its own, so counting would repeat. */
const unique = () => `layers-${Math.random().toString(36).slice(2)}`;

/** Questions to the kernel, each with its own answer. A kernel that runs a cell answers afterwards. */
function conversation(model, quiet) {
  const me = unique();
  const waiting = new Map();
  let asked = 0;
  const hear = (message) => {
    if (message.to !== me || !waiting.has(message.ask)) return;
    const { answered, patience } = waiting.get(message.ask);
    waiting.delete(message.ask);
    clearTimeout(patience);
    if (!waiting.size) quiet(false);
    answered(message);
  };
  model.on("msg:custom", hear);
  return {
    ask(what, more = {}) {
      const number = ++asked;
      model.send({ from: me, ask: number, what, ...more });
      return new Promise((answered) => {
        waiting.set(number, { answered, patience: setTimeout(() => quiet(true), 1500) });
      });
    },
    end() {
      model.off("msg:custom", hear);
      for (const { patience } of waiting.values()) clearTimeout(patience);
    },
  };
}

function facts(pairs) {
  return element("dl", {}, pairs.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

const share = (level) => `${(100 * level.part).toFixed(1)}%`;

function later(work, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, milliseconds);
  };
}

/** The stack as a list box: layers from the top down, the whole image as its foot. */
function stackOf(told, id, choose) {
  const two = told.images.length > 1;
  const box = element("div", {
    class: `stack${two ? " two" : ""}`, role: "listbox", tabindex: 0, "aria-label": "레이어 더미, 위에서 아래로",
  });
  const options = [];
  const bring = (option) => { // within the box only: the notebook must not jump
    const { offsetTop: top, offsetHeight: height } = option;
    if (top < box.scrollTop) box.scrollTop = top - 4;
    if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight + 4;
  };
  const put = (image, layer, column, row, classes, label, ...inside) => {
    const option = element("div", {
      id: `${id}-o${options.length}`, role: "option", class: `level ${classes}`, "aria-selected": "false", "aria-label": label,
      style: `grid-column:${column};grid-row:${row}`,
    }, inside);
    const made = { option, image, layer, column, row };
    option.addEventListener("click", () => select(made));
    options.push(made);
    box.append(option);
  };
  const most = Math.max(...told.images.map((each) => each.levels.length));
  told.images.forEach((each, image) => {
    for (const level of [...each.levels].reverse()) {
      if (level.common && image > 0) continue; // drawn once, under both
      const row = 1 + most - level.number;
      const label = [level.name, level.kind, level.shared && "두 이미지가 함께 씀", level.instruction, level.size,
        `이미지의 ${share(level)}`, level.waste && `만든 낭비 ${level.waste}`];
      put(image, level.number, level.common ? "1 / -1" : image + 1, row,
        `${level.writable ? "writable" : ""} ${level.shared ? "shared" : ""}`, label.filter(Boolean).join(", "),
        element("span", { class: "name" }, level.writable ? level.kind : `${level.number}`),
        element("span", { class: "kind" }, level.shared ? "함께 씀" : level.writable ? "" : level.kind),
        element("span", { class: "size" }, `${level.size} · ${share(level)}`),
        element("span", { class: "said" }, level.instruction),
        element("span", { class: "bar" }, element("span", { style: `width:${Math.max(100 * level.part, 0.5)}%` })),
        level.waste ? element("span", { class: "waste" }, `! 만든 낭비 ${level.waste}`) : null);
    }
    put(image, null, image + 1, most + 2, "whole", `이미지 ${each.name} 전체, ${each.size}`,
      element("span", { class: "name" }, `${each.name} 전체`), element("span", { class: "size" }, each.size));
  });
  let current = null;
  function select(made) {
    if (made === current) return;
    current?.option.setAttribute("aria-selected", "false");
    current = made;
    made.option.setAttribute("aria-selected", "true");
    box.setAttribute("aria-activedescendant", made.option.id);
    choose(made.image, made.layer);
  }
  const column = () => options.filter((each) => each.image === current.image || (each.column === "1 / -1"))
    .sort((one, other) => one.row - other.row);
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const own = column(), at = own.indexOf(current);
    const beside = () => options.find((each) => each.image !== current.image && each.row === current.row && each.column !== "1 / -1")
      ?? options.find((each) => each.image !== current.image && each.column !== "1 / -1");
    const target = {
      ArrowUp: own[at - 1], ArrowDown: own[at + 1], Home: own[0], End: own[own.length - 1],
      ArrowLeft: two && current.image === 1 && beside(), ArrowRight: two && current.image === 0 && beside(),
    }[event.key];
    if (["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", " ", "Enter"].includes(event.key)) event.preventDefault();
    if (!target) return;
    select(target);
    bring(target.option);
  });
  return { box, select: (image, layer) => select(options.find((each) => each.image === image && each.layer === layer)) };
}

/** The files as a treegrid of which only the rows in sight exist. `query()` says what is looked at. */
function filesOf(id, kernel, query, listeners) {
  const space = element("div", { role: "rowgroup", class: "space" });
  const headers = COLUMNS.map(({ name, order }) => element("div", { role: "columnheader" },
    order ? element("button", { type: "button", onclick: () => listeners.sort(order) }, name) : name));
  const grid = element("div", {
    class: "files", role: "treegrid", tabindex: 0, "aria-label": "파일", "aria-colcount": COLUMNS.length, "aria-busy": "true",
  }, element("div", { role: "rowgroup", class: "head" }, element("div", { role: "row", "aria-rowindex": 1 }, headers)), space);
  let pages = new Map(), asked = new Set(), drawn = new Map(), total = 0, active = 0, version = 0;
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
    active = Math.min(active, Math.max(total - 1, 0));
    space.style.height = `${total * ROW}px`;
    grid.setAttribute("aria-rowcount", total + 1);
    grid.setAttribute("aria-busy", "false");
    for (const [index, one] of drawn) if (Math.floor(index / PAGE) === page) one.remove(), drawn.delete(index);
    listeners.counted(told.total, told.files);
    draw();
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

  grid.addEventListener("keydown", async (event) => {
    if (event.target !== grid || event.ctrlKey || event.metaKey || event.altKey) return;
    const told = row(active), rows = Math.max(Math.floor(grid.clientHeight / ROW) - 2, 1);
    const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -rows, PageDown: rows, Home: -total, End: total }[event.key];
    if (step !== undefined) move(active + step);
    else if (event.key === "Enter" || event.key === " ") open(active);
    else if (event.key === "ArrowRight" && told) told[4] === false ? open(active) : told[4] && move(active + 1);
    else if (event.key === "ArrowLeft" && told) {
      if (told[4]) open(active);
      else {
        const { place } = await kernel.ask("parent", { ...query(), node: told[0] });
        if (place !== null) move(place);
      }
    } else return;
    event.preventDefault();
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

async function render({ model, el }) {
  const id = unique();
  const looked = { image: 0, layer: null, marks: 0, search: "", order: "name", flat: false, opened: false, toggled: [] };
  const wait = element("div", { class: "wait", role: "status" });
  const status = element("div", { class: "status", role: "status" });
  const kernel = conversation(model, (slow) => {
    wait.textContent = slow ? "커널의 답을 기다립니다. 다른 셀이 실행 중이면 끝난 뒤에 답하고, 커널을 다시 시작했으면 이 셀을 다시 실행하십시오." : "";
  });
  const aboutLayer = element("div", { class: "about", role: "group", "aria-label": "고른 레이어" });
  const aboutFile = element("div", { class: "about", role: "group", "aria-label": "고른 파일" });
  const content = element("div", { class: "content" });
  const hint = () => element("p", {}, "파일을 고르면 어느 레이어가 담고 가렸는지 보입니다. Enter는 폴더를 펼치고 파일의 내용을 엽니다.");

  const fresh = (change, keep) => {
    Object.assign(looked, change);
    files.renew(keep);
  };
  const files = filesOf(id, kernel, () => looked, {
    sort(order) {
      files.sorted(order);
      fresh({ order });
    },
    counted(rows, found) {
      const filtered = looked.marks || looked.search;
      status.textContent = found || !filtered ? `${filtered ? "찾은 " : ""}파일 ${found.toLocaleString("ko")}개, ${rows.toLocaleString("ko")}줄`
        : "조건에 맞는 파일이 없습니다.";
    },
    selected: later(showFile, 100),
    opened: showContent,
    toggled(node) {
      const at = looked.toggled.indexOf(node);
      fresh({ toggled: at < 0 ? [...looked.toggled, node] : looked.toggled.toSpliced(at, 1) }, true);
    },
  });
  files.sorted("name");

  const find = element("input", { type: "search", "aria-label": "경로에서 찾기", placeholder: "경로에서 찾기" });
  find.addEventListener("input", later(() => narrowed({ search: find.value.trim() }), 250));
  const toggle = (label, work) => {
    const button = element("button", { type: "button", "aria-pressed": "false" }, label);
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", on);
      work(on);
    });
    return button;
  };
  const filters = MARKS.map((mark) => {
    const button = toggle("", (on) => narrowed({ marks: on ? looked.marks | mark.bit : looked.marks & ~mark.bit }));
    button.classList.add("filter", mark.name);
    return button;
  });
  const narrowed = (change) => {
    const filtered = Boolean(change.search ?? looked.search) || Boolean(change.marks ?? looked.marks);
    fresh({ ...change, opened: filtered, toggled: [] });
  };
  const counted = (counts) => MARKS.forEach((mark, at) => {
    filters[at].replaceChildren(`${mark.sign} ${mark.word} ${(counts?.[at] ?? 0).toLocaleString("ko")}`);
  });
  counted();
  const tools = element("div", { class: "tools", role: "group", "aria-label": "파일 찾기" }, find,
    element("div", { role: "group", "aria-label": "변화로 거르기" }, filters),
    toggle("폴더 없이", (flat) => fresh({ flat })),
    element("button", { type: "button", onclick: () => fresh({ opened: true, toggled: [] }) }, "모두 펼치기"),
    element("button", { type: "button", onclick: () => fresh({ opened: false, toggled: [] }) }, "모두 접기"));

  const where = () => ({ image: looked.image, layer: looked.layer });
  async function showScope() {
    const asked = where();
    const told = await kernel.ask("scope", asked);
    if (asked.image !== looked.image || asked.layer !== looked.layer) return;
    counted(told.counts);
    aboutLayer.replaceChildren(element("h3", {}, told.title),
      told.instruction ? element("pre", { tabindex: 0, "aria-label": "만든 명령" }, told.instruction) : "", facts(told.facts));
  }
  let shown = ""; // the file that is told about, so that its content is not taken away again
  const named = (node) => `${looked.image} ${looked.layer} ${node}`;
  async function showFile() {
    const node = files.selected();
    if (node === undefined || shown === named(node)) return;
    const told = await kernel.ask("file", { ...where(), node });
    if (node !== files.selected() || !told.path || shown === named(node)) return;
    shown = named(node);
    content.replaceChildren(...(told.readable
      ? [element("button", { type: "button", onclick: () => showContent(node) }, "내용 보기")] : []));
    aboutFile.replaceChildren(element("h3", {}, told.path),
      element("ol", { class: "story" }, told.story.map((each) => element("li", {}, each.sentence, " ", element("code", {}, each.instruction)))),
      facts(told.facts), content);
  }
  async function showContent(node) {
    await showFile();
    content.replaceChildren(element("p", { role: "status" }, "내용을 읽는 중입니다. 이미지를 다시 읽으므로 몇 초 걸릴 수 있습니다."));
    const told = await kernel.ask("content", { ...where(), node });
    if (node !== files.selected()) return;
    content.replaceChildren(...(told.error
      ? [element("p", { role: "alert" }, told.error.join(" "))]
      : [element("p", { role: "status" }, told.said), element("pre", { tabindex: 0, "aria-label": "파일의 내용" }, told.text)]));
  }
  const scoped = later(() => {
    showScope();
    files.renew();
    shown = "";
    aboutFile.replaceChildren(hint());
  }, 60);

  const root = element("div", { class: "dockerlab layers", lang: "ko", role: "group", "aria-label": "레이어 탐색기" });
  keepKeys(root);
  el.append(root);
  kernel.ask("stack").then((told) => {
    const stack = stackOf(told, id, (image, layer) => {
      Object.assign(looked, { image, layer, toggled: looked.image === image ? looked.toggled : [] });
      scoped();
    });
    const writable = told.images.some((each) => each.levels.some((level) => level.writable));
    root.setAttribute("aria-label", `레이어 탐색기: ${told.images.map((each) => each.name).join(", ")}`);
    root.append(
      element("div", { class: "left" },
        writable ? null : element("div", { class: "ghost" }, "컨테이너를 실행하면 이 위에 읽기·쓰기 레이어가 하나 놓입니다."),
        stack.box, told.comparison.length ? facts(told.comparison) : null, aboutLayer),
      element("div", { class: "right" }, tools, files.grid, status, wait, aboutFile));
    stack.select(0, null);
  });
  return () => {
    kernel.end();
    files.end();
  };
}

export default { render };
