// The layers of an image beside the tree of their files. Nothing is kept here but what is on the screen:
// every row, count and content is asked of the kernel (answers.py), a page at a time.

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

function later(work, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, milliseconds);
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
  find.addEventListener("input", later(() => {
    const search = find.value.trim();
    if (search !== looked.search) narrowed({ search });
  }, 250));
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
      ? [element("p", { role: "alert", class: "refused" }, told.error.join("\n"))]
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
