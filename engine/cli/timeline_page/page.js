"use strict";
// Everything is in the document already; this draws waveforms and the axis, zooms and finds.
const score = document.querySelector(".score");
const sheet = document.querySelector(".sheet");
const cursor = document.querySelector("#cursor");
const zoom = document.querySelector("#zoom");
const end = Number(sheet.dataset.end);
const names = () => document.querySelector(".axis .name").offsetWidth;
let px = Number(getComputedStyle(document.documentElement).getPropertyValue("--px"));

function wave(svg) {
  const peaks = Uint8Array.from(atob(svg.dataset.peaks), (c) => c.charCodeAt(0));
  const points = Array.from(peaks, (p, i) => `L${i} ${(1 - p / 255).toFixed(3)}`);
  const back = Array.from(peaks, (p, i) => `L${i} ${(1 + p / 255).toFixed(3)}`).reverse();
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", `M0 1${points.join("")}L${peaks.length} 1${back.join("")}Z`);
  svg.append(path);
}

function axis() {
  const row = document.querySelector(".axis");
  row.querySelectorAll(".tick").forEach((tick) => tick.remove());
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((s) => s * px >= 70) || 1200;
  for (let n = 0; n * step <= end; n++) {
    const tick = document.createElement("div"), label = document.createElement("span");
    tick.className = n ? "tick" : "tick first";
    tick.style.setProperty("--a", n * step);
    label.textContent = shown(n * step, step < 1 ? 1 : 0);
    tick.append(label);
    row.append(tick);
  }
}

function shown(seconds, digits) {
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds - minutes * 60).toFixed(digits);
  return `${minutes}:${rest.padStart(digits ? 3 + digits : 2, "0")}`;
}

function zoomTo(wanted, about) {
  const middle = about ?? score.clientWidth / 2;
  const time = (score.scrollLeft + middle - names()) / px;
  px = Math.min(600, Math.max(fitting(), wanted));
  document.documentElement.style.setProperty("--px", px);
  score.classList.toggle("far", px < 24);
  zoom.value = Math.log(px);
  axis();
  score.scrollLeft = time * px + names() - middle;
  cursor.hidden = true;
}

const fitting = () => Math.max(0.05, (score.clientWidth - names() - 96) / Math.max(end, 1));

function point(time) {
  cursor.hidden = false;
  cursor.style.left = `${names() + time * px}px`;
  document.querySelector("#clock").textContent = shown(Math.max(0, time), 3);
}

document.querySelectorAll("svg[data-peaks]").forEach(wave);
score.classList.toggle("far", px < 24);
axis();
zoom.min = Math.log(fitting());
zoom.max = Math.log(600);
zoom.value = Math.log(px);
zoom.addEventListener("input", () => zoomTo(Math.exp(Number(zoom.value))));
document.querySelector("#nearer").addEventListener("click", () => zoomTo(px * 1.5));
document.querySelector("#further").addEventListener("click", () => zoomTo(px / 1.5));
document.querySelector("#whole").addEventListener("click", () => zoomTo(fitting()));
score.addEventListener("pointermove", (event) => {
  const time = (event.clientX - sheet.getBoundingClientRect().left - names()) / px;
  if (time >= 0 && time <= end) point(time);
});
score.addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return;
  event.preventDefault();
  zoomTo(px * Math.exp(-event.deltaY / 300), event.clientX - score.getBoundingClientRect().left);
}, { passive: false });

function find(entry) {
  const time = Number(entry.dataset.at);
  score.scrollLeft = Math.max(0, time * px - score.clientWidth / 4);
  score.scrollIntoView({ block: "nearest", behavior: "smooth" });
  point(time);
}
document.querySelectorAll(".talk [data-at]").forEach((entry) => {
  entry.addEventListener("click", () => find(entry));
  entry.addEventListener("keydown", (event) => { if (event.key === "Enter") find(entry); });
});
