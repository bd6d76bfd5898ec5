// Comfort only: the pages are complete without it.
const EVERY = 15000;
const line = document.getElementById("freshness");

async function look(etag) {
  if (document.hidden || !line) return etag;
  const answer = await fetch("/freshness", { headers: etag ? { "If-None-Match": etag } : {} }).catch(() => null);
  if (!answer || answer.status !== 200) return etag;
  const now = await answer.json();
  if (now.state !== line.dataset.state || String(now.behind) !== line.dataset.behind) {
    line.dataset.state = now.state;
    line.dataset.behind = String(now.behind);
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = `Now: ${now.state}. Show the page anew`;
    line.replaceChildren(link);
  }
  return answer.headers.get("etag");
}

let etag = null;
setInterval(async () => { etag = await look(etag); }, EVERY);

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    const button = form.querySelector("button.primary");
    if (button.dataset.sent) { event.preventDefault(); return; }
    button.dataset.sent = "1";
    button.textContent = "Sending…";
    setTimeout(() => { delete button.dataset.sent; }, 1000);
  });
}
