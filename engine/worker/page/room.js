// The page of the local room: joins by WebRTC, shows the transcript and the three states.
// Messages on the data channel "turnwise" are {topic, data}; topics in: flow, states, transcript,
// heard, tool, error, ended; topics out: text {text}, key {key}.
// A connection that is lost is made anew, into the same call, for as long as the room keeps it.
"use strict";

const $ = (id) => document.getElementById(id);
const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const LAST_WORDS = 500; // ms between the message that the call is over and the last of its sound
const SILENT = 3000; // ms without a packet of the room's sound, which never pauses: it is lost
const UNSTABLE = 1500; // ms for which a connection the browser calls disconnected may recover
const PATIENCE = 60_000; // ms for which it is tried; the room waits no longer either
const SLOWEST = 5000; // ms between two attempts at most; the first ones follow faster
const CONNECTING = 6000; // ms an attempt may take
const KEPT = "turnwise call"; // where this tab remembers its call, should it die and be restored
let call = null; // {stream, location, link, lost, attempt, timer}; link: {pc, channel}
const lines = new Map(); // utterance or turn -> li

// --- what is shown ------------------------------------------------------------------------------

function status(text, kind = "") {
  $("status").textContent = text;
  $("status").className = kind;
}

function line(id, who, text, speaker) {
  let li = id ? lines.get(id) : null;
  if (!li) {
    li = document.createElement("li");
    $("transcript").append(li);
    if (id) lines.set(id, li);
  }
  li.className = who;
  li.textContent = text;
  if (speaker) li.dataset.speaker = speaker; // shown before the words, and no part of them
  $("scroll").scrollTop = $("scroll").scrollHeight;
}

function inCall(on, joining = false) {
  $("join").hidden = $("join-text").hidden = on;
  $("join").disabled = $("join-text").disabled = joining;
  $("leave").hidden = !on;
  $("hint").hidden = on || joining || lines.size > 0;
  for (const element of document.querySelectorAll("#form *, #keypad button")) element.disabled = !on;
}

const topics = {
  flow: (d) => { $("flow").textContent = `${d.id} ${d.version}`; },
  states: (d) => {
    for (const machine of ["agent", "user", "dialog"]) {
      const shown = machine === "agent" && d.paused ? `${d.agent} (paused)` : d[machine];
      $(machine).textContent = shown || "-";
      $(machine).dataset.state = d[machine];
    }
  },
  transcript: (d) => line(d.id, (d.who === "agent" ? "agent" : "user") + (d.final ? "" : " partial"), d.text, d.speaker),
  heard: (d) => { // what the caller really heard of an interrupted line; the rest is struck through
    const li = lines.get(d.id);
    if (!li) return;
    const rest = document.createElement("span");
    rest.className = "cut";
    rest.textContent = li.textContent.slice(d.text.length).trim();
    li.textContent = d.text + " ";
    li.append(rest);
  },
  tool: (d) => line(d.call, d.state === "failed" ? "note wrong" : "note", `tool ${d.tool}: ${d.state}`),
  error: (d) => line(null, "note wrong", d.name),
  ended: (d) => {
    line(null, "note", `call ended: ${d.reason}`);
    over(`The call has ended (${d.reason}).`);
  },
};

function receive(link, event) {
  let message;
  try { message = JSON.parse(event.data); } catch { return; }
  if (call?.link === link) arrived();
  topics[message.topic]?.(message.data);
}

// --- joining and leaving ------------------------------------------------------------------------

async function microphone() {
  if (!navigator.mediaDevices) throw new Error("This page has no right to a microphone: open it through http://localhost or http://127.0.0.1, or join without it and type.");
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    const why = { NotAllowedError: "The microphone was refused. Allow it for this page and join again, or join without it and type.",
                  NotFoundError: "No microphone was found. Join without it and type." };
    throw new Error(why[error.name] || `The microphone cannot be used: ${error.message}`);
  }
}

async function gathered(pc) {
  if (pc.iceGatheringState === "complete") return;
  await new Promise((resolve) => {
    pc.addEventListener("icegatheringstatechange", () => pc.iceGatheringState === "complete" && resolve());
    setTimeout(resolve, 2000); // candidates found by then are enough on a local network
  });
}

/** One connection of a call; what happens to it counts as long as it is the call's latest. */
function connection(mine) {
  const pc = new RTCPeerConnection({ iceServers: [] });
  const link = { pc, channel: pc.createDataChannel("turnwise"), packets: 0, heard: Date.now() };
  const current = () => call === mine && mine.link === link;
  link.channel.onmessage = (event) => receive(link, event);
  link.channel.onclose = () => { if (current()) lost(); };
  if (mine.stream) mine.stream.getTracks().forEach((track) => pc.addTrack(track, mine.stream));
  else pc.addTransceiver("audio", { direction: "recvonly" });
  pc.ontrack = (e) => { $("voice").srcObject = e.streams[0] || new MediaStream([e.track]); };
  pc.onconnectionstatechange = () => {
    if (!current()) return;
    if (pc.connectionState === "connected") connected();
    if (pc.connectionState === "disconnected") setTimeout(() => current() && pc.connectionState === "disconnected" && lost(), UNSTABLE);
    if (pc.connectionState === "failed") lost();
  };
  return link;
}

class Refused extends Error {}

/** Send an offer to `url`; return where the call is to be found from now on. */
async function negotiate({ pc }, url) {
  await pc.setLocalDescription(await pc.createOffer());
  await gathered(pc);
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/sdp" }, body: pc.localDescription.sdp })
    .catch(() => { throw new Error("The room does not answer. Is turnwise still running?"); });
  const text = await answer.text();
  if (answer.status === 404) throw new Refused("The call is over.");
  if (!answer.ok) throw new Error(`The room refused the call: ${text.trim()}`);
  await pc.setRemoteDescription({ type: "answer", sdp: text });
  return answer.headers.get("location");
}

async function join(withMicrophone) {
  inCall(false, true);
  let stream = null;
  try {
    if (withMicrophone) { status("Asking for the microphone: please allow it."); stream = await microphone(); }
    status("Connecting ...");
    lines.clear();
    $("transcript").replaceChildren();
    const mine = call = { stream, location: null, link: null, lost: null, attempt: 0, timer: 0 };
    mine.link = connection(mine);
    remember(mine, await begun(mine));
    if (call === mine) inCall(true);
  } catch (error) {
    stream?.getTracks().forEach((track) => track.stop());
    leave(error.message, "wrong");
  }
}

/** Go on in the call this tab was in when it died, or begin one. */
async function begun(mine) {
  const before = sessionStorage.getItem(KEPT);
  if (before) {
    try { return await negotiate(mine.link, before); } catch (error) {
      if (!(error instanceof Refused)) throw error;
      mine.link.pc.close();
      mine.link = connection(mine);
    }
  }
  return negotiate(mine.link, "/call");
}

function remember(mine, location) {
  mine.location = location;
  sessionStorage.setItem(KEPT, location);
}

// --- a connection that is lost ------------------------------------------------------------------

function connected() {
  if (!call.lost) status(call.stream ? "In the call." : "In the call, without a microphone.", "live");
}

/** The room speaks to us: we are in the call, and the connection before is of no use any more. */
function arrived() {
  if (!call.lost) return;
  call.lost.link.pc.close();
  call.lost = null;
  connected();
}

/** The browser itself takes eight seconds to notice; nobody listens to nothing for so long. */
async function listenForSilence() {
  const mine = call, link = mine?.link;
  if (!link || mine.lost || link.pc.connectionState !== "connected") return;
  let packets = 0;
  for (const found of (await link.pc.getStats()).values()) if (found.type === "inbound-rtp") packets += found.packetsReceived;
  if (packets !== link.packets) Object.assign(link, { packets, heard: Date.now() });
  else if (Date.now() - link.heard > SILENT && call === mine && mine.link === link && !mine.lost) lost();
}

function lost() {
  if (!call.location) { over("The connection was lost.", "wrong"); return; } // it never came about
  call.lost ||= { since: Date.now(), link: call.link };
  again();
}

function again() {
  const tried = Date.now() - call.lost.since;
  if (tried > PATIENCE) { leave("The connection was lost, and the room could not be reached again.", "wrong"); return; }
  clearTimeout(call.timer);
  call.attempt = tried < 500 ? 0 : call.attempt + 1;
  status(`The connection was lost. Trying again${call.attempt ? ` (${call.attempt + 1})` : ""} ...`, "trying");
  const mine = call;
  call.timer = setTimeout(() => { if (call === mine) attempt(mine); }, call.attempt ? Math.min(250 * 2 ** call.attempt, SLOWEST) : 0);
}

/** The old connection stays open meanwhile: a goodbye on it would end the call. */
async function attempt(mine) {
  if (mine.link !== mine.lost.link) mine.link.pc.close();
  const link = mine.link = connection(mine);
  const late = setTimeout(() => { if (call === mine && mine.link === link && mine.lost) again(); }, CONNECTING);
  try {
    const location = await negotiate(link, mine.location);
    if (call === mine) { lines.clear(); remember(mine, location); } // a room that began anew counts its lines anew
  } catch (error) {
    clearTimeout(late);
    if (call !== mine || mine.link !== link) return;
    if (error instanceof Refused) leave("The connection was lost, and the call is over.", "wrong");
    else again();
  }
}

/** The call is over, whoever ended it: let its last words be heard, then let go of everything. */
function over(message, kind) {
  const { link, lost, stream, timer } = call || {};
  call = null;
  clearTimeout(timer);
  sessionStorage.removeItem(KEPT);
  stream?.getTracks().forEach((track) => track.stop());
  lost?.link.pc.close();
  setTimeout(() => link?.pc.close(), LAST_WORDS);
  inCall(false);
  status(message, kind);
}

/** End the call from here. */
function leave(message = "You left the call.", kind = "") {
  const { link, location } = call || {};
  if (location) fetch(location, { method: "DELETE", keepalive: true }).catch(() => {});
  over(message, kind);
  link?.pc.close();
}

// --- what the person does -----------------------------------------------------------------------

/** Return whether it was sent: nothing is said into a connection that is lost. */
function send(topic, data) {
  if (!call || call.lost || call.link.channel.readyState !== "open") return false;
  call.link.channel.send(JSON.stringify({ topic, data }));
  return true;
}

function press(key) {
  const sender = call?.link.pc.getSenders().find((s) => s.track?.kind === "audio");
  const tones = sender?.dtmf;
  if (tones?.canInsertDTMF) tones.insertDTMF(tones.toneBuffer + key, 120, 70); // as a telephone would
  else send("key", { key });
  line(null, "note", `key ${key}`);
}

for (const key of keys) {
  const button = document.createElement("button");
  button.textContent = key;
  button.type = "button";
  button.onclick = () => press(key);
  $("keypad").append(button);
}
$("join").onclick = () => join(true);
$("join-text").onclick = () => join(false);
$("leave").onclick = () => leave();
$("form").onsubmit = (e) => {
  e.preventDefault();
  const text = $("text").value.trim();
  if (!text || send("text", { text })) $("text").value = "";
};
setInterval(listenForSilence, 500);
const goodbye = () => { if (call) leave(); };
addEventListener("pagehide", goodbye);
inCall(false);
