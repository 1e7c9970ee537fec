/** Text with `code` between back quotes; nothing in it is read as HTML. */
function marked(text) {
  return text.split("`").map((part, at) => (at % 2 ? element("code", {}, part) : part));
}

function choiceForm(question, id, send) {
  const radios = question.texts.map((text, at) => {
    const radio = element("input", { type: "radio", name: id, id: `${id}-${at}`, value: at });
    return element("div", { class: "option" }, radio, element("label", { for: `${id}-${at}` }, marked(text)));
  });
  const button = element("button", { type: "submit" }, "답하기");
  const form = element("form", {}, radios, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = form.querySelector("input:checked");
    if (chosen) send(Number(chosen.value));
    else form.querySelector("input").focus();
  });
  return { form, put: (answer) => (form.querySelectorAll("input")[answer].checked = true) };
}

function orderForm(question, id, send, tell) {
  const list = element("ol", { "aria-label": "줄의 순서" });
  const plain = (text) => text.replaceAll("`", "");
  const move = (item, step, button) => {
    const other = step < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (step < 0) list.insertBefore(item, other);
    else list.insertBefore(other, item);
    button.focus();
    const at = [...list.children].indexOf(item) + 1;
    tell(`‘${plain(item.dataset.text)}’: ${list.children.length}줄 가운데 ${at}번째입니다.`);
  };
  const row = (text) => {
    const item = element("li", { "data-text": text });
    const arrow = (sign, label, step) =>
      element("button", { type: "button", "aria-label": `‘${plain(text)}’ ${label}`, onclick: (event) => move(item, step, event.currentTarget) }, sign);
    const line = question.code ? element("code", { class: "line" }, text) : element("span", { class: "line" }, marked(text));
    item.append(arrow("▲", "위로", -1), arrow("▼", "아래로", 1), line);
    // The arrow keys do the same from either button, so that a line can be carried all the way.
    item.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step || event.target.tagName !== "BUTTON") return;
      event.preventDefault();
      move(item, step, event.target);
    });
    return item;
  };
  list.append(...question.texts.map(row));
  const form = element("form", {}, list, element("button", { type: "submit" }, "이 순서로 답하기"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send([...list.children].map((item) => item.dataset.text));
  });
  const put = (answer) => list.append(...answer.map((text) => [...list.children].find((item) => item.dataset.text === text)));
  return { form, put };
}

function feedback(judged) {
  const sign = judged.right ? "✓ 맞습니다." : "✗ 다시 생각해 봅시다.";
  const missed = judged.misconceptions.map((text) =>
    element("p", { class: "missed" }, "흔히 하는 오해: “", marked(text), "”"));
  return [element("p", {}, element("strong", {}, sign)), missed, judged.reasons.map((text) => element("p", {}, marked(text)))].flat();
}

function render({ model, el }) {
  const root = element("section", { class: "dockerlab quiz", lang: "ko", "aria-label": `문제: ${model.get("title")}` });
  const unseen = element("div", { class: "unseen", role: "status" });
  const prefix = `quiz-${Math.random().toString(36).slice(2)}`;
  const score = element("p", { class: "score" });
  root.append(element("p", { class: "title" }, element("strong", {}, "문제: ", marked(model.get("title")))));

  const parts = model.get("questions").map((question, at) => {
    const id = `${prefix}-${at}`;
    const said = element("div", { class: "said", role: "status" });
    const send = (answer) => {
      said.replaceChildren(element("p", {}, "답을 보냈습니다. 커널이 다른 셀을 실행하고 있으면 그 셀이 끝난 뒤에 판정이 나옵니다."));
      model.send({ question: question.name, answer });
    };
    const tell = (text) => (unseen.textContent = text);
    const { form, put } = (question.kind === "choice" ? choiceForm : orderForm)(question, id, send, tell);
    const ask = element("legend", {}, `${at + 1}. `, marked(question.ask));
    root.append(element("fieldset", {}, ask, form, said));
    return { question, said, put, shown: undefined };
  });

  const update = () => {
    const answers = model.get("answers");
    for (const part of parts) {
      const judged = answers[part.question.name];
      if (!judged || judged === part.shown) continue;
      part.put(judged.answer);
      part.said.className = `said ${judged.right ? "right" : "wrong"}`;
      part.said.replaceChildren(...feedback(judged));
      part.shown = judged;
    }
    const given = Object.values(answers);
    const right = given.filter((each) => each.right).length;
    score.textContent = `${parts.length}문제 가운데 ${given.length}개에 답했고 ${right}개를 맞혔습니다.`;
  };
  root.append(score, unseen);
  keepKeys(root);
  model.on("change:answers", update);
  update();
  el.append(root);
  return () => model.off("change:answers", update);
}

export default { render };
