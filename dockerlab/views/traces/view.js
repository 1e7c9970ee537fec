// The lanes of a trace: every hop is a button on the axis of time, and opens to what is known of it.
export default {
  render({ model, el }) {
    const story = model.get("story");
    const buttons = [];
    // Drawn by lot: every widget loads this module anew, so that a count would begin again.
    const detail = element("section", { class: "detail", id: `trace-${Math.random().toString(36).slice(2)}` });
    detail.hidden = true;

    const root = element(
      "div",
      { class: "dockerlab trace", role: "group", "aria-label": `자취: ${story.title}`, lang: "ko" },
      element("div", { class: "title" }, story.title),
      split(story),
      element("p", { class: "hint" }, "화살표로 옮겨 다니고 Enter로 엽니다. ← → 는 시간순, ↑ ↓ 는 위아래 줄, Esc는 닫기입니다."),
      picture(story, buttons, open),
      detail,
      processes(story.processes),
      element("ul", { class: "remarks" }, story.remarks.map((each) => element("li", {}, each))),
    );

    function open(number) {
      const button = buttons[number];
      const opens = button.getAttribute("aria-expanded") !== "true";
      close();
      if (!opens) return;
      button.setAttribute("aria-expanded", "true");
      detail.replaceChildren(...described(story, number));
      detail.setAttribute("aria-label", `${number + 1}번째 일의 내용`);
      detail.hidden = false;
      detail.scrollIntoView({ block: "nearest" });
    }

    function close() {
      const opened = buttons.find((each) => each.getAttribute("aria-expanded") === "true");
      opened?.setAttribute("aria-expanded", "false");
      detail.hidden = true;
      return opened;
    }

    for (const button of buttons) button.setAttribute("aria-controls", detail.id);
    rove(root, buttons, (current, key) => neighbour(buttons, current, key));
    root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      const opened = close();
      if (opened) {
        // Only now: an Esc with nothing to close is JupyterLab's.
        event.stopPropagation();
        opened.focus();
      }
    });
    keepKeys(root);
    el.append(root);
  },
};

function neighbour(buttons, current, key) {
  const at = buttons.indexOf(current);
  if (key === "ArrowRight") return buttons[at + 1] ?? null;
  if (key === "ArrowLeft") return buttons[at - 1] ?? null;
  if (key !== "ArrowDown" && key !== "ArrowUp") return null;
  const row = (one) => Number(one.dataset.row);
  const beyond = buttons.filter((one) => (key === "ArrowDown" ? row(one) > row(current) : row(one) < row(current)));
  if (!beyond.length) return null;
  const rows = beyond.map(row);
  const next = key === "ArrowDown" ? Math.min(...rows) : Math.max(...rows);
  const distance = (one) => Math.abs(Number(one.dataset.start) - Number(current.dataset.start));
  return beyond.filter((one) => row(one) === next).reduce((best, one) => (distance(one) < distance(best) ? one : best));
}

function split(story) {
  return element(
    "div",
    { class: "split" },
    element(
      "div",
      { class: "whole", "aria-hidden": "true" },
      story.split.map((part) => element("span", { class: `lane-${part.lane}`, style: `flex-grow: ${part.share}` })),
    ),
    element(
      "ul",
      { "aria-label": "걸린 시간을 층으로 나눈 값" },
      story.split.map((part) => element("li", { class: `lane-${part.lane}` }, `${part.name} ${part.took} (${Math.round(100 * part.share)} %)`)),
    ),
  );
}

function picture(story, buttons, open) {
  let row = 0;
  const lanes = story.lanes.map((lane) =>
    element(
      "div",
      { class: `lane lane-${lane.key}`, role: "group", "aria-label": `${lane.name}, ${count(lane)}가지` },
      element("div", { class: "name" }, element("strong", {}, lane.name), element("span", {}, lane.role)),
      element(
        "div",
        { class: "rooms" },
        lane.rooms.map((room) =>
          element(
            "div",
            { class: room.rows.some((each) => each.length) ? "room" : "room empty" },
            room.name ? element("div", { class: "room-name" }, room.name) : null,
            element("div", { class: "rows" }, room.rows.map((numbers) => track(story, numbers, row++, buttons, open))),
          ),
        ),
      ),
    ),
  );
  return element("div", { class: "picture" }, axis(story), lanes);
}

function count(lane) {
  return lane.rooms.flatMap((room) => room.rows).flat().length;
}

function axis(story) {
  const marks = story.ticks.map((tick) => element("span", { style: `left: ${100 * tick.at}%` }, tick.label));
  return element("div", { class: "axis", "aria-hidden": "true" }, element("div", { class: "scale" }, marks));
}

function track(story, numbers, row, buttons, open) {
  const lines = story.ticks.map((tick) => element("i", { style: `left: ${100 * tick.at}%` }));
  const drawn = numbers.map((number, place) => {
    const entry = story.entries[number];
    const until = place + 1 < numbers.length ? story.entries[numbers[place + 1]].left : 1;
    const room = Math.max(until - entry.left, 0.001);
    const bar = entry.width
      ? element("span", { class: entry.waiting ? "bar waiting" : "bar", style: `width: ${Math.min(100, (100 * entry.width) / room)}%` })
      : element("span", { class: "moment" });
    buttons[number] = element(
      "button",
      {
        type: "button",
        class: entry.width ? "hop" : "hop at-once",
        style: `left: ${100 * entry.left}%; width: ${100 * room}%`,
        "data-row": row,
        "data-start": entry.left,
        "aria-expanded": "false",
        "aria-label": `${entry.lane} ${entry.room} ${entry.label}, ${entry.when}`,
        title: `${entry.label}\n${entry.when}`,
        onclick: () => open(number),
      },
      bar,
      element("span", { class: "label" }, entry.label),
    );
    return buttons[number];
  });
  return element("div", { class: "track" }, lines, drawn);
}

function described(story, number) {
  const entry = story.entries[number];
  const facts = entry.facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
  const blocks = entry.blocks.flatMap(([name, value]) => [
    element("div", { class: "block-name" }, name),
    element("pre", { tabindex: "0", "aria-label": name }, value),
  ]);
  return [
    element("div", { class: "heading" }, element("strong", {}, `${entry.lane} ${entry.room} ${entry.label}`), ` ${entry.when}`),
    entry.meaning ? element("p", {}, entry.meaning) : null,
    element("dl", {}, facts),
    ...blocks,
  ].filter(Boolean);
}

function processes(table) {
  if (!table.rows.length) return null;
  const cells = (row) => row.map((cell, at) => element(at ? "td" : "th", at ? {} : { scope: "row" }, cell));
  return element(
    "div",
    { class: "processes", tabindex: "0", role: "region", "aria-label": table.caption },
    element(
      "table",
      {},
      element("caption", {}, table.caption),
      element("thead", {}, element("tr", {}, table.columns.map((name) => element("th", { scope: "col" }, name)))),
      element("tbody", {}, table.rows.map((row) => element("tr", {}, cells(row)))),
    ),
    table.notes.map((note) => element("p", { class: "hint" }, note)),
  );
}
