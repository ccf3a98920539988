// Asks for the figures again while the page is seen, and puts them in if they are others.
"use strict";
const live = document.querySelector("[data-live]");
const lost = document.getElementById("lost");
let tag = "";

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(live.dataset.live, { headers: tag ? { "If-None-Match": tag } : {}, redirect: "error" });
    if (answer.status === 200) {
      const focused = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      tag = answer.headers.get("ETag") || "";
      live.innerHTML = await answer.text();
      if (focused) live.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
    } else if (answer.status !== 304) {
      throw new Error(answer.status);
    }
    lost.textContent = "";
  } catch {
    if (!lost.textContent) lost.textContent = lost.dataset.text;
  }
}

if (live) {
  setInterval(look, 3000);
  document.addEventListener("visibilitychange", look);
}
