// Taps of a session that wait for a signal. A tap is noted on the phone with its own key and the
// phone's time, in the order of the thumb, and sent in that order: by itself, and never twice.
// Every page of the staff loads this, so that what waits is sent from any of them.
const english = document.documentElement.lang === "en";
const words = english
  ? { waits: (n) => `Kept on this phone, not sent yet (${n})`, send: "Send now", sent: "Everything is sent.", signIn: "Sign in again to send it.", reload: "Load this page again to send it.", clash: "Not carried out", other: "Changed on another device meanwhile:", mine: "Your tap:", again: "Send it all the same", drop: "Discard", refused: "Refused by the house:", undo: "Undo the last tap", left: (m) => `${m} left`, over: (m) => `${m} over time`, setup: "Preparing the machine", running: "Running", paused: (r) => `Paused: ${r}`, finished: "Finished", counts: (g, r) => `${g} good, ${r} rejected`, of: "", min: (m) => (m < 60 ? `${m} min` : `${Math.floor(m / 60)} h ${m % 60} min`), erase: "Erase", taps: { start: "Start", pause: "Pause", resume: "Resume", finish: "Finish", undo: "Undo", clean: "Cleaned" }, held: "It follows a tap that was not carried out." }
  : { waits: (n) => `Tersimpan di HP, belum terkirim (${n})`, send: "Kirim sekarang", sent: "Semua sudah terkirim.", signIn: "Masuk lagi supaya terkirim.", reload: "Muat ulang halaman ini supaya terkirim.", clash: "Tidak dijalankan", other: "Sementara itu diubah dari HP lain:", mine: "Ketukan Anda:", again: "Kirim juga", drop: "Buang", refused: "Ditolak rumah kemasan:", undo: "Batalkan ketukan terakhir", left: (m) => `Sisa ${m}`, over: (m) => `Lewat ${m} dari jadwal`, setup: "Persiapan mesin", running: "Berjalan", paused: (r) => `Jeda: ${r}`, finished: "Selesai", counts: (g, r) => `${g} baik, ${r} gagal`, min: (m) => (m < 60 ? `${m} menit` : `${Math.floor(m / 60)} jam ${m % 60} menit`), erase: "Hapus", taps: { start: "Mulai", pause: "Jeda", resume: "Lanjut", finish: "Selesai", undo: "Batalkan", clean: "Sudah bersih" }, held: "Ketukan ini mengikuti ketukan yang tidak dijalankan." };

const make = (tag, text = "", attributes = {}) => {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

// --- what the phone keeps -----------------------------------------------------------------------
// Under the name of who taps; signing out, or another person, takes it away. A phone without
// storage keeps it as long as the page is open.
const WHO = document.body.dataset.who ?? "-";
const MINE = `packhouse:${WHO}:`;
const memory = new Map();
const read = (key, otherwise) => {
  try { return JSON.parse(localStorage.getItem(MINE + key)) ?? otherwise; } catch { return memory.get(key) ?? otherwise; }
};
const write = (key, value) => {
  memory.set(key, value);
  try { localStorage.setItem(MINE + key, JSON.stringify(value)); } catch { /* until the page is closed */ }
};
const random = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");
const device = () => {
  const known = read("device", "");
  if (known) return known;
  write("device", random().slice(0, 12));
  return read("device", "");
};
const queue = () => read("taps", []);
const clashes = () => read("clashes", []);

// --- the clock ----------------------------------------------------------------------------------
// How far the server's clock is ahead of this one, as of the last time they spoke.
const page = document.querySelector("[data-session]");
const old = document.querySelector(".kept-copy") !== null;
if (page && !old) write("ahead", Number(page.dataset.now) - Date.now());
const ahead = () => read("ahead", null);
const houseTime = () => Date.now() + (ahead() ?? 0);

// --- sending ------------------------------------------------------------------------------------
const RETRY = 15000;
const UNDO_WITHIN = 180e3; // The house takes back what is no older.
const PATIENCE = 12000;
let advice = "";
const token = () => document.querySelector("input[name=csrf_token]")?.value ?? "";
const sendOnce = async () => {
  const taps = queue();
  if (!taps.length) return [];
  // Whatever was on its way once may have arrived, also when no answer comes.
  write("taps", taps.map((tap) => ({ ...tap, tried: true })));
  const body = JSON.stringify({ sent_at: Date.now(), device: device(), taps });
  let answer;
  try {
    answer = await fetch("/taps", { method: "POST", body, headers: { "Content-Type": "application/json", "X-CSRFToken": token() }, signal: AbortSignal.timeout?.(PATIENCE) });
  } catch { return null; }
  advice = answer.url.includes("/sign-in") || answer.status === 403 ? words.signIn : answer.status === 400 ? words.reload : "";
  if (!answer.ok || advice) return null;
  const told = await answer.json().catch(() => null);
  if (!told?.answers) return null;
  write("ahead", told.now - Date.now());
  settle(taps, told.answers);
  return told.answers;
};
// What was answered leaves the queue; what was added meanwhile follows the last that counted.
const settle = (sent, answers) => {
  const by = new Map(answers.map((each) => [each.key, each]));
  const known = read("known", {});
  const bad = [];
  for (const tap of sent) {
    const answer = by.get(tap.key);
    if (!answer) continue;
    if (answer.state === "done") {
      if (answer.tap !== null && answer.tap !== undefined && tap.action !== "clean") known[tap.code] = { tap: answer.tap, at: Date.now(), shown: tap.shown };
    } else bad.push({ ...tap, answer });
  }
  write("known", Object.fromEntries(Object.entries(known).filter(([, each]) => Date.now() - each.at < 864e5)));
  if (bad.length) write("clashes", [...clashes(), ...bad]);
  const refused = new Set(bad.map((each) => each.code));
  const left = queue().filter((tap) => !by.has(tap.key));
  const first = new Set();
  for (const tap of left) {
    if (first.has(tap.code)) continue;
    first.add(tap.code);
    // Tapped while the one before it was on its way.
    if (tap.seen === null && known[tap.code] && !refused.has(tap.code)) tap.seen = known[tap.code].tap;
    else if (tap.seen === null && refused.has(tap.code)) tap.seen = -1;
  }
  write("taps", left.filter((tap) => tap.seen !== -1));
  const lost = left.filter((tap) => tap.seen === -1).map((tap) => ({ ...tap, answer: { state: "held" } }));
  if (lost.length) write("clashes", [...clashes(), ...lost]);
};
let busy = false;
let again = false;
const send = async () => {
  if (busy) again = true; // Asked for while one was on its way: once more behind it.
  if (busy || WHO === "-" || !navigator.onLine) return;
  busy = true;
  again = false;
  try {
    const work = async () => {
      let all = [];
      for (let answers; (answers = await sendOnce())?.length;) all = all.concat(answers);
      return all;
    };
    // Two windows must not send the same list at the same time; twice would still be once.
    const answers = navigator.locks ? await navigator.locks.request(`${MINE}taps`, { ifAvailable: true }, (lock) => (lock ? work() : [])) : await work();
    if (answers.length) arrived();
  } finally {
    busy = false;
    tell();
    if (page) show();
    if (again && queue().length) setTimeout(send, 300);
  }
};
// The page is read anew once all is sent, but never under a finger, and never while a fold is
// open in which somebody chooses or counts: it waits until the hand is off.
const FOLDS = "details.finish, details.pause, details.excuse, details.colleague";
let stale = false;
let pressed = false;
const arrived = () => {
  stale = true;
  if (!page || !navigator.onLine || queue().length || pressed) return;
  if (![...page.querySelectorAll(FOLDS)].some((each) => each.open)) location.replace(location.pathname);
};
const touch = () => { if (stale && !busy) stop(); }; // It was already on its way.
const letGo = () => { pressed = false; if (stale) setTimeout(arrived, 300); };

// --- what is said about it ----------------------------------------------------------------------
// What can be tapped stays the same element while it is told anew: a finger may be on it.
const note = make("div", "", { class: "sync", role: "status", hidden: "" });
const waiting = make("span");
const sendNow = make("button", words.send, { type: "button", class: "btn btn-quiet" });
sendNow.onclick = () => send();
note.append(waiting, sendNow);
let listed = "[]";
const tell = () => {
  const count = queue().length;
  note.hidden = !count;
  if (count) waiting.textContent = words.waits(count) + (advice ? ` · ${advice}` : "");
  const list = clashes();
  if (listed === JSON.stringify(list)) return;
  listed = JSON.stringify(list);
  document.querySelector(".clash")?.remove();
  if (!list.length) return;
  const box = make("section", "", { class: "clash", role: "alert" });
  box.append(make("h2", words.clash));
  for (const bad of list) {
    box.append(make("p", `${words.mine} ${bad.label} · ${words.taps[bad.action]}, ${clock(bad.at)}${bad.action === "finish" ? ` (${words.counts(bad.good, bad.rejected)})` : ""}`));
    const said = bad.answer.state === "changed" ? [words.other, bad.answer.changes] : bad.answer.state === "held" ? [words.held, []] : [words.refused, bad.answer.problems ?? []];
    box.append(make("p", said[0]));
    const lines = make("ul");
    lines.append(...said[1].map((each) => make("li", each)));
    box.append(lines);
  }
  const yes = make("button", words.again, { type: "button", class: "btn btn-quiet btn-big" });
  const no = make("button", words.drop, { type: "button", class: "btn btn-quiet-danger btn-big" });
  // Sent all the same: on top of what the house has now, and under new keys.
  yes.onclick = () => { write("taps", [...clashes().map(({ answer: _a, ...tap }) => ({ ...tap, key: random(), seen: null })), ...queue()]); write("clashes", []); tell(); send(); };
  no.onclick = () => { write("clashes", []); const known = read("known", {}); for (const bad of list) delete known[bad.code]; write("known", known); if (navigator.onLine) location.reload(); else tell(); };
  const row = make("div", "", { class: "actions" });
  row.append(yes, no);
  box.append(row);
  note.before(box);
};
const clock = (at) => {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes()].map((each) => `${each}`.padStart(2, "0")).join(english ? ":" : ".");
};

// --- the screen ---------------------------------------------------------------------------------
const number = (name) => Number(page?.dataset[name] || 0);
const first = page && { state: page.dataset.state, reason: page.dataset.reason, started: number("started"), good: null, rejected: null };
const after = (shown, tap) => {
  const at = tap.at + (tap.ahead ?? 0);
  if (tap.action === "start") return { ...shown, state: number("setup") ? "setup" : "running", started: at };
  if (tap.action === "resume") return { ...shown, state: "running", reason: "running" };
  if (tap.action === "pause") return { ...shown, state: "paused", reason: tap.reason };
  if (tap.action === "finish") return { ...shown, state: "finished", good: tap.good, rejected: tap.rejected, machine: page.dataset.machine, at };
  if (tap.action === "clean" && !page.dataset.second) return { ...shown, state: "ready" };
  if (tap.action === "undo") return tap.undone ?? shown;
  return shown;
};
// The page may be older than what this phone knows: it was kept, or the answer overtook it.
const base = () => {
  const known = read("known", {})[page.dataset.session];
  const newer = known && known.tap > number("tap");
  const start = newer ? { ...known.shown } : { ...first };
  const blocker = page.dataset.after;
  const freed = blocker && (queue().some((tap) => tap.code === blocker && tap.action === "finish") || read("known", {})[blocker]?.shown?.state === "finished");
  if (start.state === "blocked" && freed) start.state = "ready";
  // This phone ended a run on the machine that the page does not know of: its clean is due now.
  const ended = (tap) => tap?.state === "finished" && tap.machine === page.dataset.machine;
  const ran = queue().some((tap) => tap.code !== page.dataset.session && ended(tap.shown))
    || Object.entries(read("known", {})).some(([code, each]) => code !== page.dataset.session && ended(each.shown) && each.shown.at > number("now"));
  if (start.state === "ready" && ran && page.querySelector("[data-ahead-clean]")) start.state = "unclean";
  return { shown: start, tap: newer ? known.tap : number("tap") };
};
const mine = () => queue().filter((tap) => tap.code === page.dataset.session);
const current = () => mine().reduce(after, base().shown);
const show = () => {
  const shown = current();
  for (const part of page.querySelectorAll("[data-on]")) part.hidden = !part.dataset.on.split(" ").includes(shown.state);
  const touched = shown.state !== first.state || shown.reason !== first.reason;
  const clean = page.querySelector(".session-clean");
  const cleaned = mine().some((tap) => tap.action === "clean");
  const there = clean?.dataset.aheadClean === undefined ? ["unclean", "ready", "blocked"] : ["unclean"];
  if (clean) clean.hidden = !there.includes(shown.state) || (cleaned && shown.state !== "unclean");
  if (cleaned) page.querySelector("form[data-tap=clean]").hidden = true;
  if (touched) {
    const box = page.querySelector("[data-clock]");
    box.className = `session-clock session-${shown.state === "paused" ? "running session-paused" : shown.state}`;
    const reason = page.querySelector(`button[name=reason][value="${CSS.escape(shown.reason ?? "")}"]`)?.textContent ?? shown.reason;
    const word = shown.state === "paused" ? words.paused(reason) : words[shown.state];
    if (word) page.querySelector("[data-word]").textContent = word;
    for (const each of page.querySelectorAll(".pause-reasons button[name=reason]")) each.hidden = shown.state === "paused" && each.value === shown.reason;
    if (shown.state === "finished" && shown.good !== null) page.querySelector("[data-left]").textContent = words.counts(shown.good, shown.rejected);
  }
  tick();
  showUndo();
};
const tick = () => {
  const shown = current();
  if (!["setup", "running", "paused", "broken"].includes(shown.state)) return;
  const minutes = (ms) => Math.max(0, Math.floor(ms / 60000));
  page.querySelector("[data-elapsed]").textContent = words.min(minutes(houseTime() - shown.started));
  const undo = page.querySelector("[data-undo]");
  if (undo && houseTime() - number("now") > UNDO_WITHIN) undo.hidden = true;
  const left = number("ends") - houseTime();
  page.querySelector("[data-left]").textContent = left >= 0 ? words.left(words.min(minutes(left))) : words.over(words.min(minutes(-left)));
};
// A tap that has not left the phone is taken back there; nobody ever hears of it.
const showUndo = () => {
  const server = page.querySelector("[data-undo]");
  const last = mine().at(-1);
  if (server) server.hidden = Boolean(last) || base().tap > number("tap");
  const there = page.querySelector(".undo-here");
  if (!last || busy || last.action === "undo" || (last.tried && Date.now() - last.at > UNDO_WITHIN)) { there?.remove(); return; }
  const button = there ?? make("button", words.undo, { type: "button", class: "btn btn-big btn-quiet undo-here" });
  button.onclick = () => {
    if (busy) return;
    if (last.tried) put({ action: "undo", undone: mine().slice(0, -1).reduce(after, base().shown) });
    else { write("taps", queue().filter((tap) => tap.key !== last.key)); tell(); show(); }
  };
  if (!there) page.querySelector(".session-buttons").append(button);
};
const tapped = (form, submitter) => {
  const action = form.dataset.tap;
  const fields = new FormData(form, submitter);
  const count = (name) => parseInt(`${fields.get(name) ?? ""}`.replace(/\D/g, ""), 10);
  if (action === "finish" && !counted(form, count)) return;
  const more = { action, reason: `${fields.get("reason") ?? ""}` };
  if (action === "finish") Object.assign(more, { good: count("good"), rejected: count("rejected") });
  if (action === "undo") more.undone = { ...current(), state: { start: "ready", pause: "running", resume: "paused" }[page.dataset.undoes] ?? "running" };
  // What was typed into it has left the form: nobody is asked to use it again.
  try { localStorage.removeItem(`${MINE}form:${new URL(form.action).pathname}`); } catch { /* nothing was kept */ }
  form.reset();
  put(more);
};
const put = (more) => {
  const tap = {
    key: random(), code: page.dataset.session, label: page.dataset.label, reason: "", at: Date.now(), ahead: ahead() === null ? null : Math.round(ahead()),
    seen: mine().some((each) => each.action !== "clean") ? null : base().tap, ...more,
  };
  tap.shown = after(current(), tap);
  write("taps", [...queue(), tap]);
  for (const fold of page.querySelectorAll(FOLDS)) fold.open = false; // By a tap only, never by an answer.
  navigator.vibrate?.(15);
  tell();
  show();
  send();
};
// As the page that counts does: both numbers, and sure when they are far from the plan.
const counted = (form, count) => {
  const made = count("good") + count("rejected");
  if (Number.isNaN(made)) { form.reportValidity(); return false; }
  const planned = Number(form.querySelector("[data-planned]").dataset.planned);
  const sure = form.querySelector("[data-sure]");
  if ((made === 0 || made > planned * 2) && !sure.querySelector("input").checked) {
    sure.hidden = false;
    sure.querySelector("input").focus();
    return false;
  }
  return true;
};
if (page) {
  page.querySelector(".session-top").after(note);
  // Before anybody else hears of it: a tap is never lost, and never sent as a page.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.tap === undefined || WHO === "-") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    tapped(form, event.submitter);
  }, true);
  addEventListener("pointerdown", () => { pressed = true; touch(); });
  for (const gone of ["pointerup", "pointercancel"]) addEventListener(gone, letGo);
  for (const fold of page.querySelectorAll(FOLDS)) fold.addEventListener("toggle", () => (fold.open ? touch() : letGo()));
  show();
  setInterval(tick, 10000);
  const next = page.querySelector("[data-ahead]");
  // The session that follows is kept too: its turn may come without a signal.
  if (next && navigator.onLine) navigator.serviceWorker?.ready.then((worker) => worker.active?.postMessage({ keep: next.pathname })).catch(() => {});
} else document.getElementById("main")?.prepend(note);
addEventListener("online", () => send());
addEventListener("storage", (event) => { if (event.key?.startsWith(MINE)) { tell(); if (page) show(); } });
setInterval(() => { if (queue().length) send(); }, RETRY);
tell();
send();

// --- the number pad -----------------------------------------------------------------------------
for (const fields of document.querySelectorAll("[data-pad]")) {
  const inputs = [...fields.querySelectorAll("input")];
  let aim = inputs[0];
  const point = (input) => { aim = input; for (const each of inputs) each.classList.toggle("aimed", each === aim); };
  for (const input of inputs) {
    input.inputMode = "none"; // The pad is the keyboard; a real one still types.
    input.addEventListener("focus", () => point(input));
  }
  const pad = make("div", "", { class: "pad" });
  const key = (text, label, act) => {
    const button = make("button", text, { type: "button", class: "btn btn-quiet", "aria-label": label });
    button.onclick = () => { act(); navigator.vibrate?.(8); aim.dispatchEvent(new Event("input", { bubbles: true })); };
    pad.append(button);
  };
  for (const digit of "123456789") key(digit, digit, () => { aim.value = `${aim.value}${digit}`.slice(0, 7); });
  key("⌫", words.erase, () => { aim.value = aim.value.slice(0, -1); });
  key("0", "0", () => { aim.value = `${aim.value}0`.slice(0, 7); });
  key("⇄", inputs[1].labels?.[0]?.textContent ?? "", () => { point(inputs[inputs.indexOf(aim) === 0 ? 1 : 0]); });
  fields.append(pad);
  point(inputs[0]);
}
