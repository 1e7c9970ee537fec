function render({ model, el }) {
  const said = element("p", { class: "said" });
  const button = element("button", { type: "button", "aria-pressed": "false" }, "화면 멈추기");
  // A flood must not be read aloud: whoever wants to hear it stops the screen and walks through the text.
  const text = element("pre", { class: "lines", role: "log", "aria-live": "off", tabindex: 0, "aria-label": "마지막 줄들" });
  const root = element("section", { class: "dockerlab log", lang: "ko", "aria-label": `컨테이너 ${model.get("identity")}의 출력` },
    element("div", { class: "top" }, button, said), text);
  let stopped = false;
  let frame = 0;

  const show = () => {
    frame = 0;
    const told = model.get("told");
    const rate = told.seconds ? Math.round(told.count / told.seconds).toLocaleString("ko") : "0";
    const state = told.ended ? "■ 끝났습니다" : stopped ? "‖ 화면만 멈췄습니다" : "▶ 나오고 있습니다";
    said.textContent = `${state} · 모두 ${told.count.toLocaleString("ko")}줄, 초당 ${rate}줄 · 마지막 ${model.get("kept")}줄만 보입니다.`;
    if (stopped) return;
    text.textContent = told.text;
    text.scrollTop = text.scrollHeight;
  };
  const later = () => {
    frame ||= requestAnimationFrame(show);
  };
  button.addEventListener("click", () => {
    stopped = !stopped;
    button.setAttribute("aria-pressed", String(stopped));
    later();
  });
  keepKeys(root);
  model.on("change:told", later);
  el.append(root);
  show();
  return () => {
    cancelAnimationFrame(frame);
    model.off("change:told", later);
  };
}

export default { render };
