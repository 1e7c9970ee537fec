/** Whether the notebook has changes that are not in its file; null where nobody says (not JupyterLab). */
function unsaved(root) {
  const panel = root.closest(".jp-NotebookPanel");
  const tab = panel && document.querySelector(`.lm-TabBar-tab[data-id="${CSS.escape(panel.id)}"]`);
  return tab ? tab.classList.contains("jp-mod-dirty") : null;
}

const SIGNS = { 통과: "✓", 아직: "✗", 미시도: "–" };

function table({ caption, columns, rows }) {
  const head = element("tr", {}, columns.map((name) => element("th", { scope: "col" }, name)));
  const body = rows.map(([task, verdict, ...rest]) =>
    element("tr", {},
      element("th", { scope: "row" }, task),
      element("td", { class: "verdict" }, `${SIGNS[verdict] ?? ""} ${verdict}`),
      rest.map((text) => element("td", {}, text))));
  return element("table", {}, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, body));
}

function render({ model, el }) {
  const number = model.get("number");
  const button = element("button", { type: "button" }, "저장한 파일 채점하기");
  const said = element("p", { class: "said", role: "status" });
  const report = element("div", { class: "report" });
  const root = element("section", { class: "dockerlab grade", lang: "ko", "aria-label": `연습 ${number} 채점` },
    element("p", {}, "먼저 노트북을 저장하십시오. 이 단추는 저장하지 않으며, 저장한 파일의 답을 새 이름과 수로 처음부터 다시 채점합니다."),
    button, said, report);
  let waiting = false;

  button.addEventListener("click", () => {
    if (waiting) return;
    waiting = true;
    button.setAttribute("aria-disabled", "true"); // not disabled: the focus would be lost
    said.textContent = "채점하고 있습니다. 커널이 다른 셀을 실행하고 있으면 그 셀이 끝난 뒤에 시작합니다.";
    report.replaceChildren();
    model.send({ unsaved: unsaved(root) });
  });
  const update = () => {
    const result = model.get("result");
    if (!result.at) return;
    waiting = false;
    button.removeAttribute("aria-disabled");
    said.textContent = result.said;
    const notes = element("ul", {}, result.notes.map((text) => element("li", {}, text)));
    report.replaceChildren(...(result.rows.length ? [table(result)] : []), notes);
  };

  keepKeys(root);
  model.on("change:result", update);
  update();
  el.append(root);
  return () => model.off("change:result", update);
}

export default { render };
