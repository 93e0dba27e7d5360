// The board and the wall: they keep themselves fresh and say when they are not; keys for the desk.
// Everything here is a link or a form without it.
const live = document.getElementById("live");
const notice = document.querySelector("[data-stale-board]");
const openings = document.getElementById("openings");
const every = Number(live?.dataset.every ?? 20) * 1000;
let tag = "", timer = 0, busy = false;

const at = () => live.querySelector("[data-at]")?.dataset.at ?? "";
const say = (kind) => {
  if (!notice) return;
  notice.hidden = !kind;
  const words = notice.querySelector("[data-lost]");
  if (kind) words.textContent = words.dataset[kind].replace("{time}", at());
};

// Where the eyes and the fingers are stays where it is.
const FOCUSABLE = "a[href], button, input:not([type=hidden]), summary";
const place = () => {
  const here = document.activeElement;
  const home = live.contains(here) && here.closest("[id]");
  if (!home || home === live) return null;
  return [home.id, [...home.querySelectorAll(FOCUSABLE)].indexOf(here)];
};
const opened = () => [...live.querySelectorAll("details[open] > summary")].map((each) => each.textContent.split("(")[0]);
const put = (html) => {
  const focus = place(), open = opened();
  live.innerHTML = html;
  for (const summary of live.querySelectorAll("details > summary")) {
    if (open.includes(summary.textContent.split("(")[0])) summary.parentElement.open = true;
  }
  const home = focus && document.getElementById(focus[0]);
  (home?.querySelectorAll(FOCUSABLE)[focus[1]] ?? home?.querySelector(FOCUSABLE))?.focus({ preventScroll: true });
};
// A tap that is on its way, or a field that is being filled in, is not pulled from under the hand.
const inHand = () => live.querySelector("form[data-sent]") || (live.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"));

const ask = async () => {
  clearTimeout(timer);
  if (busy || document.hidden) { timer = setTimeout(ask, every); return; }
  busy = true;
  try {
    const answer = await fetch(live.dataset.live, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (answer.redirected || answer.status === 401 || answer.status === 403) say("closed");
    else if (answer.status === 304) say("");
    else if (!answer.ok) say("lost");
    else if (!inHand()) {
      const html = await answer.text();
      tag = answer.headers.get("ETag") ?? "";
      put(html);
      say("");
      load();
    }
  } catch { say("lost"); }
  busy = false;
  timer = setTimeout(ask, every);
};
// A phone has the link: what is free is a page of its own there.
const load = async () => {
  if (!openings || !matchMedia("(min-width: 60rem)").matches) return;
  try {
    const answer = await fetch(openings.dataset.load, { cache: "no-store" });
    if (answer.ok && !answer.redirected && !openings.contains(document.activeElement)) openings.innerHTML = await answer.text();
  } catch { /* the link stays */ }
};
if (live) {
  timer = setTimeout(ask, every);
  addEventListener("online", ask);
  addEventListener("offline", () => say("lost"));
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  load();
}

// Keys. Letters can be switched off: who dictates, or has a heavy hand, must not start a machine.
const keys = document.getElementById("keys");
const SINGLE = "packhouse-keys";
const single = keys?.querySelector("[data-keys-single]");
const remembered = () => { try { return localStorage.getItem(SINGLE); } catch { return null; } };
const CARD_KEYS = { h: "form[action$='/check-in'] button", m: "form[action$='/start'] button", s: "a[href$='/finish']", t: "a[href$='/no-show']" };
const card = () => document.activeElement?.closest("[data-card]");
const step = (by) => {
  const all = [...live.querySelectorAll("[data-card]")].filter((each) => each.offsetParent);
  const now = all.indexOf(card());
  const next = all[now < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(now + by, 0), all.length - 1)];
  next?.querySelector("h3 a, a")?.focus();
  next?.scrollIntoView({ block: "nearest" });
};
const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
const pressed = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea, [contenteditable]") || keys.open) return false;
  if (event.target.closest(".board-scroll")) return false; // Arrows scroll the timeline.
  if (event.key in STEPS && (card() || document.activeElement === document.body)) { step(STEPS[event.key]); return true; }
  if (event.key === "?") { keys.showModal(); return true; }
  if (!single.checked) return false;
  const found = (event.key in CARD_KEYS && card()?.querySelector(CARD_KEYS[event.key])) || document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!found) return false;
  if (found.matches("input")) found.focus(); else found.click();
  return true;
};
if (keys && live) {
  document.querySelector(".keys-hint").hidden = false;
  document.querySelector("[data-keys-open]").onclick = () => keys.showModal();
  single.checked = remembered() !== "off";
  single.onchange = () => { try { localStorage.setItem(SINGLE, single.checked ? "on" : "off"); } catch { /* asked again */ } };
  document.querySelector(".primary a, a[href*='/walk-in']")?.setAttribute("data-key", "n");
  document.addEventListener("keydown", (event) => { if (pressed(event)) event.preventDefault(); });
}
