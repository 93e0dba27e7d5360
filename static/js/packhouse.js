// Improvements only: every page works without this file.
const words = document.documentElement.lang === "en"
  ? { kept: "You filled this in before, but it was not sent.", restore: "Use it again", discard: "Discard", offline: "No connection. Try again when there is a signal; what you typed stays here.", waiting: "No connection. Kept on this phone, sent as soon as there is a signal:", sent: "Sent now:", refused: "Refused by the house, please check:" }
  : { kept: "Isian ini pernah Anda tulis, tetapi belum terkirim.", restore: "Pakai lagi", discard: "Buang", offline: "Tidak ada sambungan. Coba lagi saat ada sinyal; isian Anda tetap di sini.", waiting: "Tidak ada sambungan. Disimpan di ponsel ini, dikirim begitu ada sinyal:", sent: "Sekarang terkirim:", refused: "Ditolak, mohon diperiksa:" };

const make = (tag, text, attributes = {}) => {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
const store = {
  // Private windows and full phones have no storage; the form still works.
  read: (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  write: (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* not kept */ } },
  forget: (key) => { try { localStorage.removeItem(key); } catch { /* nothing was kept */ } },
};

// One tap, one submission. The page coming back from the cache makes the button fresh again.
const release = (form) => {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-disabled]")) {
    button.removeAttribute("aria-disabled");
    if (button.dataset.label) { button.innerHTML = button.dataset.label; delete button.dataset.label; }
  }
};
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.once === undefined) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (!navigator.onLine) {
    event.preventDefault();
    if (form.dataset.outbox === undefined) sayOffline(form); else keep(form, event.submitter);
    return;
  }
  form.dataset.sent = "1";
  const button = event.submitter ?? form.querySelector("button:not([type=button])");
  if (!button) return;
  button.setAttribute("aria-disabled", "true");
  if (button.dataset.busy) { button.dataset.label = button.innerHTML; button.textContent = button.dataset.busy; }
  navigator.vibrate?.(15);
  setTimeout(() => release(form), 20000);
});
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(release);
});
const sayOffline = (form) => {
  form.querySelector(".offline")?.remove();
  const note = make("p", words.offline, { class: "note note-warning offline", role: "alert" });
  form.append(note);
  note.scrollIntoView({ block: "nearest" });
};

// What an operator taps without a signal is kept and sent when it returns. Each carries its
// idempotency key, so that sending it twice is the same as once.
const OUTBOX = "packhouse:outbox";
const tell = (tone, text, items) => {
  const note = make("p", `${text} ${items.map((each) => each.label).join(", ")}`, { class: `note note-${tone} outbox`, role: "status" });
  document.querySelectorAll(`.outbox.note-${tone}`).forEach((old) => old.remove());
  document.getElementById("main")?.prepend(note);
};
const keep = (form, submitter) => {
  const body = [...new FormData(form, submitter)].filter(([, value]) => typeof value === "string");
  const label = form.dataset.outbox || submitter?.textContent.trim() || "";
  const waiting = [...(store.read(OUTBOX) ?? []), { url: form.action, body, label, at: Date.now() }];
  store.write(OUTBOX, waiting);
  form.dataset.sent = "1";
  submitter?.setAttribute("aria-disabled", "true");
  navigator.vibrate?.([15, 60, 15]);
  tell("warning", words.waiting, waiting);
};
const drain = async () => {
  const sent = [], refused = [];
  for (let item; navigator.onLine && (item = (store.read(OUTBOX) ?? [])[0]);) {
    let answer;
    try { answer = await fetch(item.url, { method: "POST", body: new URLSearchParams(item.body) }); } catch { break; }
    // The server is busy, or wants to know first who this is: it stays until then.
    if (answer.status >= 500 || answer.status === 429 || answer.url.includes("/sign-in")) break;
    (answer.ok ? sent : refused).push(item);
    store.write(OUTBOX, (store.read(OUTBOX) ?? []).slice(1));
  }
  if (sent.length) tell("success", words.sent, sent);
  if (refused.length) tell("danger", words.refused, refused);
  const waiting = store.read(OUTBOX) ?? [];
  if (waiting.length) tell("warning", words.waiting, waiting); else document.querySelector(".outbox.note-warning")?.remove();
};
const drainAlone = () => {
  if (!(store.read(OUTBOX) ?? []).length) return;
  // Two windows must not send the same list at the same time.
  if (navigator.locks) navigator.locks.request(OUTBOX, { ifAvailable: true }, (lock) => lock && drain()); else drain();
};
addEventListener("online", drainAlone);
drainAlone();

// A long form is kept until the server has answered with another page.
const SECRET = /csrf|password|idempotency|token/i;
const keepable = (form) => [...form.elements].filter((each) => each.name && !SECRET.test(each.name) && !["hidden", "file", "password", "submit", "button"].includes(each.type));
const fill = (form, kept) => {
  for (const field of keepable(form)) {
    const values = kept[field.name] ?? [];
    if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
    else if (values.length) field.value = values[0];
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
};
for (const form of document.querySelectorAll("form[data-keep]")) {
  const key = `packhouse:${form.dataset.keep}`;
  const kept = store.read(key);
  const redisplayed = form.querySelector("[aria-invalid], .summary");
  if (kept?.fields && !redisplayed && Date.now() - kept.at < 7 * 864e5) {
    const box = make("div", "", { class: "kept", role: "status" });
    const yes = make("button", words.restore, { type: "button", class: "btn btn-quiet" });
    const no = make("button", words.discard, { type: "button", class: "btn btn-quiet-danger" });
    yes.onclick = () => { fill(form, kept.fields); box.remove(); };
    no.onclick = () => { store.forget(key); box.remove(); };
    const actions = make("div", "", { class: "actions" });
    actions.append(yes, no);
    box.append(make("p", words.kept), actions);
    form.prepend(box);
  }
  form.addEventListener("input", () => {
    const fields = {};
    for (const each of keepable(form)) {
      if (["checkbox", "radio"].includes(each.type) && !each.checked) continue;
      (fields[each.name] ??= []).push(each.value);
    }
    store.write(key, { at: Date.now(), fields });
  });
  form.addEventListener("submit", () => { try { sessionStorage.setItem("packhouse:sent", JSON.stringify([key, location.pathname])); } catch { /* kept longer */ } });
}
try {
  const [key, from] = JSON.parse(sessionStorage.getItem("packhouse:sent")) ?? [];
  sessionStorage.removeItem("packhouse:sent");
  // Another page, or the same one with a success message and no error: it arrived.
  const failed = document.querySelector(".summary, [aria-invalid]");
  if (key && !failed && (from !== location.pathname || document.querySelector(".note-success"))) store.forget(key);
} catch { /* nothing was sent */ }

// − and + for hands that do not hit a small field.
for (const row of document.querySelectorAll("[data-counter]")) {
  const input = row.querySelector("input");
  const steps = row.dataset.counter.split(",").map(Number);
  const button = (step) => {
    const each = make("button", step > 0 ? `+${step}` : `−${-step}`, { type: "button", class: "btn btn-quiet", "aria-label": `${step > 0 ? "+" : "−"}${Math.abs(step)} ${input.labels?.[0]?.textContent ?? ""}` });
    each.onclick = () => {
      input.value = Math.max(Number(input.min || 0), (parseInt(input.value.replace(/\D/g, ""), 10) || 0) + step);
      input.dispatchEvent(new Event("input", { bubbles: true }));
      navigator.vibrate?.(10);
    };
    return each;
  };
  input.before(button(-steps[0]));
  input.after(...steps.map(button));
}

// The board: the line of now moves, and old news says that it is old.
let boardLoaded = Date.now();
const tick = () => {
  const board = document.getElementById("board");
  if (!board) return;
  const slot = Math.floor((Date.now() / 1000 - Number(board.dataset.opens)) / 300) + 1;
  for (const line of board.querySelectorAll(".now")) {
    line.hidden = slot < 1 || slot > Number(board.dataset.slots);
    line.className = `now s-${Math.min(Math.max(slot, 1), 288)}`;
  }
  const stale = board.querySelector("[data-stale]");
  if (stale) stale.hidden = Date.now() - boardLoaded < Number(stale.dataset.stale) * 1000;
};
if (document.getElementById("board")) {
  setInterval(tick, 20000);
  document.addEventListener("htmx:afterSwap", () => { boardLoaded = Date.now(); tick(); });
  document.addEventListener("visibilitychange", tick);
}

// After a refusal the reader begins at the list of what is wrong; elsewhere menus close politely.
document.querySelector("[data-focus]")?.focus();
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});
document.addEventListener("click", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});
