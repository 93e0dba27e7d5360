// The service worker: the shell is cached, a person's own pages are kept for a while, and a form
// that could not be sent says so. In front of this file the server writes VERSION, SHELL and CREW.
// Which pages may be kept, and whose they are, the server says in the headers of each page.
const ASSETS = `packhouse-shell-${VERSION}`;
const PAGES = "packhouse-pages";
const OWNER = "/__owner";
const OFFLINE = "/offline";
const SOON = 6000; // A kept page is shown when the network takes longer than this.
const PATIENCE = 45000; // A form that is not answered by then counts as not sent.
const OLD = 12 * 3600e3; // As long as a session lasts at most.
const MOST = 40;
const SECRET = /password|secret|otp/i;

const words = {
  id: {
    seen: (at) => `Tidak ada sambungan. Halaman ini terakhir dimuat ${at}; isinya mungkin sudah berubah.`,
    unsent: "Belum terkirim",
    safe: "Jawaban rumah kemasan tidak sampai. Isian Anda disimpan di ponsel ini. Kirim lagi dengan tombol di bawah, atau biarkan: begitu ada sinyal, dikirim sendiri. Dikirim dua kali tetap satu.",
    unsure: "Jawaban rumah kemasan tidak sampai, jadi tidak pasti apakah isian ini diterima. Kembali ke formulir, lihat apakah sudah berubah, baru kirim lagi.",
    again: "Kirim lagi", back: "Kembali ke formulir", discard: "Buang",
  },
  en: {
    seen: (at) => `No connection. This page was last loaded at ${at}; it may have changed since.`,
    unsent: "Not sent yet",
    safe: "No answer of the house arrived. What you filled in is kept on this phone. Send it again with the button below, or leave it: it is sent by itself once there is a signal. Sent twice is still one.",
    unsure: "No answer of the house arrived, so it is not certain that it was received. Go back to the form, see whether it has changed, and only then send it again.",
    again: "Send again", back: "Back to the form", discard: "Discard",
  },
};

addEventListener("install", (event) => {
  event.waitUntil(caches.open(ASSETS).then((cache) => cache.addAll(SHELL)).then(() => skipWaiting()));
});
addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("packhouse-shell-") && name !== ASSETS) await caches.delete(name);
    }
    await clients.claim();
  })());
});
addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode !== "navigate") {
    const name = url.pathname + url.search;
    if (request.method === "GET" && SHELL.includes(name)) event.respondWith(asset(request));
    else if (request.method === "GET" && CREW.includes(name)) event.respondWith(crew(request));
  } else if (request.method === "GET") event.respondWith(page(event, url));
  else if (request.method === "POST") event.respondWith(post(request, url));
});

const asset = async (request) => await caches.match(request, { cacheName: ASSETS }) ?? fetch(request);
// What only the staff's pages need is kept when it is first used.
const crew = async (request) => {
  const kept = await caches.match(request, { cacheName: ASSETS });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await (await caches.open(ASSETS)).put(request, answer.clone());
  return answer;
};
// A page that will be needed soon, named by the page before it.
addEventListener("message", (event) => {
  const path = event.data?.keep;
  if (typeof path !== "string" || !path.startsWith("/bookings/")) return;
  const url = new URL(path, location.origin);
  event.waitUntil(fetch(url, { credentials: "same-origin" }).then((answer) => (answer.redirected ? null : remember(url, answer))).catch(() => {}));
});
const offline = async () => await caches.match(OFFLINE, { cacheName: ASSETS }) ?? Response.error();
const after = (time) => new Promise((resolve) => setTimeout(resolve, time));

// --- pages -------------------------------------------------------------------------------------

const page = async (event, url) => {
  const fresh = fetch(event.request).then(async (answer) => {
    await remember(url, answer.clone());
    return answer;
  });
  event.waitUntil(fresh.catch(() => {}));
  const kept = await keptCopy(url);
  if (!kept) return fresh.catch(offline);
  const answer = await Promise.race([fresh, after(SOON)]).catch(() => null);
  return answer ?? marked(kept);
};

const owner = async () => {
  const noted = await caches.match(OWNER, { cacheName: PAGES });
  return noted ? noted.json() : { who: "-", lang: "id" };
};

// Whatever was kept belongs to one person; when somebody else reads, or nobody, it is gone.
const remember = async (url, answer) => {
  const who = answer.headers.get("X-Packhouse-Who");
  if (answer.type !== "basic" || who === null) return;
  const lang = answer.headers.get("Content-Language") === "en" ? "en" : "id";
  const before = await owner();
  if (before.who !== who) await caches.delete(PAGES);
  const cache = await caches.open(PAGES);
  if (before.who !== who || before.lang !== lang) await cache.put(OWNER, Response.json({ who, lang }));
  if (!answer.ok || !answer.headers.has("X-Packhouse-Keep")) return;
  const headers = new Headers(answer.headers);
  headers.set("X-Kept-At", Date.now());
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  const text = (await answer.text()).replace(/<!-- private -->[^]*?<!-- \/private -->/g, "");
  await cache.put(url.pathname + url.search, new Response(text, { headers }));
  const keys = (await cache.keys()).filter((each) => !each.url.endsWith(OWNER));
  for (const each of keys.slice(0, Math.max(0, keys.length - MOST))) await cache.delete(each);
};

const keptCopy = async (url) => {
  const kept = await caches.match(url.pathname + url.search, { cacheName: PAGES });
  if (!kept || Date.now() - kept.headers.get("X-Kept-At") > OLD) return null;
  return kept.headers.get("X-Packhouse-Who") === (await owner()).who ? kept : null;
};

const marked = async (kept) => {
  const at = new Date(Number(kept.headers.get("X-Kept-At")));
  const english = kept.headers.get("Content-Language") === "en";
  const time = [at.getHours(), at.getMinutes()].map((each) => `${each}`.padStart(2, "0")).join(english ? ":" : ".");
  const today = at.toDateString() === new Date().toDateString();
  const day = today ? "" : `${at.toLocaleDateString(english ? "en-GB" : "id-ID", { day: "numeric", month: "long" })} `;
  const note = `<p class="note note-warning kept-copy" role="status">${words[english ? "en" : "id"].seen(day + time)}</p>`;
  const text = (await kept.text()).replace(/<main id="main"[^>]*>/, (found) => found + note);
  return new Response(text, { headers: kept.headers });
};

// --- forms -------------------------------------------------------------------------------------

const post = async (request, url) => {
  const copy = request.clone();
  const late = after(PATIENCE).then(() => { throw new Error("late"); });
  try {
    return await Promise.race([fetch(request), late]);
  } catch {
    return unsent(copy, url);
  }
};

const escaped = (text) => `${text}`.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`);
const read = async (request) => {
  const plain = request.headers.get("Content-Type")?.startsWith("application/x-www-form-urlencoded");
  const fields = plain ? [...new URLSearchParams(await request.text())] : [];
  const secret = fields.some(([name, value]) => SECRET.test(name) && value);
  const key = fields.find(([name]) => name === "idempotency_key")?.[1];
  return { fields, key: secret ? "" : key };
};

// With a key the same form may be sent again and again: it is carried out once.
const unsent = async (request, url) => {
  const { who, lang } = await owner();
  const shell = await offline();
  const said = words[lang];
  const { fields, key } = await read(request).catch(() => ({ fields: [], key: "" }));
  const back = request.referrer.startsWith(location.origin) ? request.referrer : "/";
  const inputs = fields.map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`).join("");
  const form = key ? `<form method="post" action="${escaped(url.pathname + url.search)}" data-unsent="${escaped(key)}" data-who="${escaped(who)}">${inputs}
<div class="actions"><button class="btn btn-primary">${said.again}</button><button type="button" class="btn btn-quiet-danger" data-discard>${said.discard}</button></div></form>` : "";
  const part = `<section class="panel panel-warning" lang="${lang}" id="unsent"><h1>${said.unsent}</h1><p>${key ? said.safe : said.unsure}</p>${form}
<p><a href="${escaped(back)}">${said.back}</a></p></section>`;
  const text = (await shell.text()).replace(/<!-- apology -->[^]*<!-- \/apology -->/, () => part);
  return new Response(text, { status: 503, headers: shell.headers });
};
