// The left of the layer explorer.

const share = (level) => `${(100 * level.part).toFixed(1)}%`;

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
  const both = (made) => made.column === "1 / -1";
  let current = null, side = 0; // the image whose column the arrow keys walk through
  function select(made) {
    if (made === current) return;
    if (!both(made)) side = made.image;
    current?.option.setAttribute("aria-selected", "false");
    current = made;
    made.option.setAttribute("aria-selected", "true");
    box.setAttribute("aria-activedescendant", made.option.id);
    choose(side, made.layer);
  }
  const column = (image) => options.filter((each) => both(each) || each.image === image)
    .sort((one, other) => one.row - other.row);
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const own = column(side), at = own.indexOf(current);
    const beside = (image) => {
      const there = column(image).filter((each) => !both(each));
      return two && image !== side && (there.find((each) => each.row === current.row) ?? there[0]);
    };
    const target = {
      ArrowUp: own[at - 1], ArrowDown: own[at + 1], Home: own[0], End: own[own.length - 1],
      ArrowLeft: beside(0), ArrowRight: beside(1),
    }[event.key];
    if (["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", " ", "Enter"].includes(event.key)) event.preventDefault();
    if (!target) return;
    select(target);
    bring(target.option);
  });
  return { box, select: (image, layer) => select(options.find((each) => each.image === image && each.layer === layer)) };
}
