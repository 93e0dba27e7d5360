// Improvements only: every page works without this file.
const words = document.documentElement.lang === "en"
  ? { kept: "You filled this in before, but it was not sent.", restore: "Use it again", discard: "Discard", offline: "Not sent yet. There is no connection; what you typed stays here. Try again when there is a signal.", waiting: "Not sent yet. Kept on this phone, sent as soon as there is a signal:", old: "Not sent yet, and a while old. Send it, or discard it:", send: "Send now", sent: "Sent now:", refused: "Refused by the house, please check:", leaving: "Something is not sent yet. If you sign out now, it is lost. Press Sign out again to sign out all the same." }
  : { kept: "Isian ini pernah Anda tulis, tetapi belum terkirim.", restore: "Pakai lagi", discard: "Buang", offline: "Belum terkirim. Tidak ada sambungan; isian Anda tetap di sini. Coba lagi saat ada sinyal.", waiting: "Belum terkirim. Disimpan di ponsel ini, dikirim begitu ada sinyal:", old: "Belum terkirim, dan sudah agak lama. Kirim, atau buang:", send: "Kirim sekarang", sent: "Sekarang terkirim:", refused: "Ditolak, mohon diperiksa:", leaving: "Ada isian yang belum terkirim. Bila keluar sekarang, isian itu hilang. Tekan Keluar sekali lagi untuk tetap keluar." };

const make = (tag, text, attributes = {}) => {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
// Who reads: a name that tells nothing. What this phone keeps is hers alone.
const unsent = document.querySelector("form[data-unsent]");
const WHO = unsent?.dataset.who ?? document.body.dataset.who ?? "-";
const MINE = `packhouse:${WHO}:`;
// Of a stranger nothing outlives the tab. Private windows and full phones have no storage at all;
// the form still works.
const shelf = () => (WHO === "-" ? sessionStorage : localStorage);
const store = {
  read: (key) => { try { return JSON.parse(shelf().getItem(MINE + key)); } catch { return null; } },
  write: (key, value) => { try { shelf().setItem(MINE + key, JSON.stringify(value)); } catch { /* not kept */ } },
  forget: (key) => { try { shelf().removeItem(MINE + key); } catch { /* nothing was kept */ } },
};
const forgetAll = (spared) => {
  for (const place of ["localStorage", "sessionStorage"]) {
    try {
      for (const key of Object.keys(window[place])) {
        if (key.startsWith("packhouse:") && !(spared && key.startsWith(spared))) window[place].removeItem(key);
      }
    } catch { /* nothing was kept */ }
  }
};
// Another person on the same phone finds nothing of the one before.
if (WHO !== "-") forgetAll(MINE);

// One tap, one submission. The page coming back from the cache makes the button fresh again.
const release = (form) => {
  delete form.dataset.sent;
  if (form.querySelector("[type=file]")) form.enctype = "multipart/form-data";
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
    if (mayWait(form)) keep(form, event.submitter); else sayOffline(form);
    return;
  }
  form.dataset.sent = "1";
  // Without its file it is a form like any other, which may be sent again when no answer comes.
  if (form.enctype === "multipart/form-data" && !secret(form)) form.enctype = "application/x-www-form-urlencoded";
  if (form.elements.idempotency_key) sending.write(form.elements.idempotency_key.value, labelOf(form, event.submitter));
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

// What could not be sent is kept and sent when the signal returns. Each carries its idempotency
// key, so that sending it twice is the same as once. What has waited long is sent only by hand:
// nobody wants a booking that she has forgotten.
const OUTBOX = "outbox";
const FRESH = 2 * 3600e3;
const secret = (form) => [...form.elements].some((each) => each.type === "password" || each.files?.length);
// Without a key only what says so itself may wait: a check-in, which cannot happen twice.
const mayWait = (form) => !secret(form) && (form.elements.idempotency_key || form.dataset.outbox !== undefined);
const keyOf = (item) => item.body.find(([name]) => name === "idempotency_key")?.[1] ?? item.url;
const waitingItems = () => store.read(OUTBOX) ?? [];
const drop = (key) => {
  const left = waitingItems().filter((each) => keyOf(each) !== key);
  if (left.length) store.write(OUTBOX, left); else store.forget(OUTBOX);
};
const put = (item) => {
  drop(keyOf(item));
  store.write(OUTBOX, [...waitingItems(), item]);
};
const tell = (tone, text, items, actions = []) => {
  const note = make("div", "", { class: `note note-${tone} outbox`, role: "status" });
  const inner = make("div", "");
  inner.append(make("p", `${text} ${items.map((each) => each.label).join(", ")}`));
  if (actions.length) {
    const row = make("div", "", { class: "actions mt-2" });
    row.append(...actions);
    inner.append(row);
  }
  note.append(inner);
  document.querySelectorAll(`.outbox.note-${tone}`).forEach((old) => old.remove());
  document.getElementById("main")?.prepend(note);
};
const tellWaiting = () => {
  const waiting = waitingItems();
  document.querySelector(".outbox.note-warning")?.remove();
  if (!waiting.length || unsent) return;
  const now = make("button", words.send, { type: "button", class: "btn btn-quiet" });
  const no = make("button", words.discard, { type: "button", class: "btn btn-quiet-danger" });
  now.onclick = () => drainAlone(true);
  no.onclick = () => { store.forget(OUTBOX); tellWaiting(); document.querySelectorAll("form[data-sent]").forEach(release); };
  tell("warning", waiting.some(isFresh) ? words.waiting : words.old, waiting, [now, no]);
};
const isFresh = (item) => Date.now() - item.at < FRESH;
const labelOf = (form, submitter) => form.dataset.outbox || submitter?.textContent.trim() || document.title.split(" · ")[0];
const keep = (form, submitter) => {
  const body = [...new FormData(form, submitter)].filter(([, value]) => typeof value === "string");
  put({ url: form.action, body, label: labelOf(form, submitter), at: Date.now() });
  form.dataset.sent = "1";
  submitter?.setAttribute("aria-disabled", "true");
  navigator.vibrate?.([15, 60, 15]);
  tellWaiting();
};
// The key of a form is that of the session; the one of this page is the newest.
const renewed = (body) => {
  const token = document.querySelector("input[name=csrf_token]")?.value;
  return body.map(([name, value]) => [name, name === "csrf_token" && token ? token : value]);
};
const drain = async (byHand) => {
  const sent = [], refused = [];
  let last = "";
  for (let item; navigator.onLine && (item = waitingItems().find((each) => byHand || isFresh(each)));) {
    let answer;
    try { answer = await fetch(item.url, { method: "POST", body: new URLSearchParams(renewed(item.body)) }); } catch { break; }
    // The server is busy, or wants to know first who this is: it stays until then.
    if (answer.status >= 500 || answer.status === 429 || answer.url.includes("/sign-in")) break;
    (answer.ok ? sent : refused).push(item);
    drop(keyOf(item));
    const here = [...document.forms].some((form) => (form.elements.idempotency_key?.value ?? form.action) === keyOf(item));
    if (answer.ok && answer.redirected && here) last = answer.url;
  }
  if (last) { location.assign(last); return; } // She waits on the page of the very form.
  if (sent.length) tell("success", words.sent, sent);
  if (refused.length) tell("danger", words.refused, refused);
  tellWaiting();
};
const drainAlone = (byHand = false) => {
  if (!waitingItems().length) return;
  // Two windows must not send the same list at the same time.
  if (navigator.locks) navigator.locks.request(MINE + OUTBOX, { ifAvailable: true }, (lock) => lock && drain(byHand)); else drain(byHand);
};
// A form that was sent by tap has been answered when a page of ours comes that is no apology.
const SENDING = `${MINE}sending`;
const sending = {
  read: () => { try { return JSON.parse(sessionStorage.getItem(SENDING)) ?? []; } catch { return []; } },
  write: (...told) => { try { sessionStorage.setItem(SENDING, JSON.stringify(told)); } catch { /* asked again */ } },
};
if (unsent) {
  // Made by the service worker: the form itself is on the page, ready to be sent again.
  const body = [...new FormData(unsent)];
  if (!waitingItems().some((each) => keyOf(each) === unsent.dataset.unsent)) put({ url: unsent.action, body, label: sending.read()[1] ?? "", at: Date.now() });
  sending.write(); // Unanswered: leaving this page must not count as an answer.
  unsent.addEventListener("submit", (event) => {
    if (unsent.dataset.sent) event.preventDefault();
    unsent.dataset.sent = "1";
    sending.write(unsent.dataset.unsent);
  });
  addEventListener("online", () => unsent.dataset.sent || unsent.requestSubmit());
  unsent.querySelector("[data-discard]").onclick = () => { drop(unsent.dataset.unsent); location.assign("/"); };
} else {
  const [key] = sending.read();
  if (key && !document.querySelector("[data-error]")) { drop(key); sending.write(); }
  addEventListener("online", () => drainAlone());
  tellWaiting();
  drainAlone();
}
// Signing out takes everything from this phone, and says so first if something would be lost.
for (const form of document.querySelectorAll("form[action$='/sign-out']")) {
  form.addEventListener("submit", (event) => {
    const lost = [...waitingItems(), ...(store.read("taps") ?? []), ...(store.read("clashes") ?? [])];
    if (lost.length && !form.dataset.warned) {
      event.preventDefault();
      form.dataset.warned = "1";
      tell("danger", words.leaving, lost);
      return;
    }
    forgetAll();
    globalThis.caches?.delete("packhouse-pages");
  });
}

// A long form is kept until the server has answered with another page.
const SENT = `${MINE}sent`;
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
const notingSent = (form, key) => form.addEventListener("submit", () => { try { sessionStorage.setItem(SENT, JSON.stringify([key, location.pathname])); } catch { /* kept longer */ } });
const longForms = [...document.querySelectorAll("main form[method=post][data-once]")].filter((form) => keepable(form).length && !secret(form));
// First of all: what arrived is not offered again.
try {
  const [key, from] = JSON.parse(sessionStorage.getItem(SENT)) ?? [];
  sessionStorage.removeItem(SENT);
  // Another page, or the same one with a success message and no error: it arrived.
  const failed = document.querySelector(".summary, [aria-invalid]");
  if (key && !failed && (from !== location.pathname || document.querySelector(".note-success"))) store.forget(key);
} catch { /* nothing was sent */ }
for (const form of longForms) {
  const key = form.dataset.keep ?? `form:${new URL(form.action).pathname}`;
  const kept = store.read(key);
  const redisplayed = form.querySelector("[aria-invalid], .summary, [data-filled]");
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
  notingSent(form, key);
}
// What was looked at is sent by another form, with nothing left to type.
for (const form of document.querySelectorAll("form[data-sends]")) notingSent(form, form.dataset.sends);

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

// The shell is kept for days without a signal. Only over HTTPS (or on this very machine).
if (navigator.serviceWorker) addEventListener("load", () => navigator.serviceWorker.register("/sw.js").catch(() => {}));
