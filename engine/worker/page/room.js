// The page of the local room: joins by WebRTC, shows the transcript and the three states.
// Messages on the data channel "turnwise" are {topic, data}; topics in: flow, states, transcript,
// heard, tool, error, ended; topics out: text {text}, key {key}.
"use strict";

const $ = (id) => document.getElementById(id);
const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const LAST_WORDS = 500; // ms between the message that the call is over and the last of its sound
let call = null; // {pc, channel, stream, location}
const lines = new Map(); // utterance or turn -> li

// --- what is shown ------------------------------------------------------------------------------

function status(text, kind = "") {
  $("status").textContent = text;
  $("status").className = kind;
}

function line(id, who, text) {
  let li = id ? lines.get(id) : null;
  if (!li) {
    li = document.createElement("li");
    $("transcript").append(li);
    if (id) lines.set(id, li);
  }
  li.className = who;
  li.textContent = text;
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
  transcript: (d) => line(d.id, (d.who === "agent" ? "agent" : "user") + (d.final ? "" : " partial"), d.text),
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

function receive(event) {
  let message;
  try { message = JSON.parse(event.data); } catch { return; }
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

function connection(stream) {
  const pc = new RTCPeerConnection({ iceServers: [] });
  const channel = pc.createDataChannel("turnwise");
  const mine = { pc, channel, stream, location: null };
  channel.onmessage = receive;
  channel.onclose = () => { if (call === mine) over("The room has closed the connection.", "wrong"); };
  if (stream) stream.getTracks().forEach((track) => pc.addTrack(track, stream));
  else pc.addTransceiver("audio", { direction: "recvonly" });
  pc.ontrack = (e) => { $("voice").srcObject = e.streams[0] || new MediaStream([e.track]); };
  pc.onconnectionstatechange = () => {
    if (call !== mine) return;
    if (pc.connectionState === "connected") status(stream ? "In the call." : "In the call, without a microphone.", "live");
    if (pc.connectionState === "failed") leave("The connection was lost.", "wrong");
  };
  return mine;
}

async function negotiate(mine) {
  const { pc } = mine;
  await pc.setLocalDescription(await pc.createOffer());
  await gathered(pc);
  const answer = await fetch("/call", { method: "POST", headers: { "content-type": "application/sdp" }, body: pc.localDescription.sdp })
    .catch(() => { throw new Error("The room does not answer. Is turnwise still running?"); });
  if (!answer.ok) throw new Error(`The room refused the call: ${(await answer.text()).trim()}`);
  mine.location = answer.headers.get("location");
  await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
}

async function join(withMicrophone) {
  inCall(false, true);
  let stream = null;
  try {
    if (withMicrophone) { status("Asking for the microphone: please allow it."); stream = await microphone(); }
    status("Connecting ...");
    lines.clear();
    $("transcript").replaceChildren();
    const mine = call = connection(stream);
    await negotiate(mine);
    if (call === mine) inCall(true);
  } catch (error) {
    stream?.getTracks().forEach((track) => track.stop());
    leave(error.message, "wrong");
  }
}

/** The call is over, whoever ended it: let its last words be heard, then let go of everything. */
function over(message, kind) {
  const { pc, stream } = call || {};
  call = null;
  stream?.getTracks().forEach((track) => track.stop());
  setTimeout(() => pc?.close(), LAST_WORDS);
  inCall(false);
  status(message, kind);
}

/** End the call from here. */
function leave(message = "You left the call.", kind = "") {
  const { pc, location } = call || {};
  if (location) fetch(location, { method: "DELETE", keepalive: true }).catch(() => {});
  over(message, kind);
  pc?.close();
}

// --- what the person does -----------------------------------------------------------------------

function send(topic, data) {
  if (call?.channel.readyState === "open") call.channel.send(JSON.stringify({ topic, data }));
}

function press(key) {
  const sender = call?.pc.getSenders().find((s) => s.track?.kind === "audio");
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
  if (text) send("text", { text });
  $("text").value = "";
};
addEventListener("pagehide", () => { if (call) leave(); });
inCall(false);
