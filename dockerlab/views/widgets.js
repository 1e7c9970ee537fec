// What every widget of the course uses. It is put before the widget's own module (see widgets.py).

/** An element; attributes that are null or false are left out, and text is never read as HTML. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** JupyterLab takes single letters as commands: what is typed in a widget stays there. Tab, Esc and the
 * combinations with Ctrl, Alt or the command key go on their way. */
function keepKeys(root) {
  root.addEventListener("keydown", (event) => {
    const passes = event.key === "Tab" || event.key === "Escape" || event.ctrlKey || event.metaKey || event.altKey;
    if (!passes) event.stopPropagation();
  });
}

/** One stop of the Tab key for many elements: the arrow keys, Home and End move among them.
 * `next(current, key)` gives the element to go to, or null. */
function rove(root, all, next) {
  const stop = (one) => {
    for (const each of all) each.tabIndex = each === one ? 0 : -1;
  };
  if (all.length) stop(all[0]);
  root.addEventListener("focusin", (event) => all.includes(event.target) && stop(event.target));
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !all.includes(event.target)) return;
    const ends = { Home: all[0], End: all[all.length - 1] };
    const target = ends[event.key] ?? next(event.target, event.key);
    if (target) {
      event.preventDefault();
      target.focus();
    }
  });
}
