const RESTATE = "dockerlab-restate";

/** The box that a folded explanation waits for: the last one before it in the notebook. */
function boxBefore(notebook, details) {
  return [...notebook.getElementsByClassName(RESTATE)]
    .filter((box) => box.compareDocumentPosition(details) & Node.DOCUMENT_POSITION_FOLLOWING)
    .at(-1);
}

function render({ model, el }) {
  const area = element("textarea", { rows: 2, "aria-label": model.get("ask") });
  const said = element("span", { role: "status" });
  const write = element("button", { type: "button" }, "적었습니다");
  const skip = element("button", { type: "button" }, "건너뛰기");
  const root = element("section", { class: `dockerlab ${RESTATE}`, lang: "ko", "aria-label": "관찰한 것 적기" },
    element("p", {}, model.get("ask")), area, element("div", { class: "row" }, write, skip, said));
  let open = false;

  const update = () => {
    area.value = model.get("text");
    open = open || Boolean(area.value);
    if (area.value) said.textContent = "기록에 남겼습니다. 이제 설명을 펼쳐 보십시오.";
  };
  write.addEventListener("click", () => {
    if (!area.value.trim()) {
      said.textContent = "적은 것이 없습니다. 적고 싶지 않으면 건너뛰십시오.";
      area.focus();
      return;
    }
    open = true;
    said.textContent = "기록에 남겼습니다. 이제 설명을 펼쳐 보십시오.";
    model.send({ text: area.value.trim() });
  });
  skip.addEventListener("click", () => {
    open = true;
    said.textContent = "건너뛰었습니다. 설명을 펼쳐 보십시오.";
  });

  // Only where the notebook is alive (JupyterLab, Notebook); elsewhere explanations open as they always do.
  const wait = (event) => {
    const details = event.target.closest?.("summary")?.parentElement;
    if (open || !details?.closest(".jp-RenderedMarkdown") || details.open) return;
    if (boxBefore(event.currentTarget, details) !== root) return;
    event.preventDefault();
    said.textContent = "먼저 한 문장으로 적거나 ‘건너뛰기’를 누르십시오.";
    area.focus();
  };
  // The cell may not be in the page yet when its output is drawn.
  let notebook = null;
  const frame = requestAnimationFrame(() => {
    notebook = root.closest(".jp-Notebook");
    notebook?.addEventListener("click", wait, true);
  });

  keepKeys(root);
  model.on("change:text", update);
  update();
  el.append(root);
  return () => {
    cancelAnimationFrame(frame);
    notebook?.removeEventListener("click", wait, true);
    model.off("change:text", update);
  };
}

export default { render };
