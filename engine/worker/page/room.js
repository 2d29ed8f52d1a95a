// The page of the local room: joins by WebRTC, shows the transcript and the three states.
// Messages on the data channel "turnwise" are {topic, data}; topics in: flow, states, transcript,
// heard, tool, error, ended; topics out: text {text}, key {key}.
"use strict";

const $ = (id) => document.getElementById(id);
const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
let call = null; // {pc, channel, location, microphone}
const lines = new Map(); // utterance or turn -> li

function status(text) { $("status").textContent = text; }

function line(id, who, text, partial) {
  let li = id ? lines.get(id) : null;
  if (!li) {
    li = document.createElement("li");
    $("transcript").append(li);
    if (id) lines.set(id, li);
  }
  li.className = who + (partial ? " partial" : "");
  li.textContent = text;
  $("transcript").scrollTop = $("transcript").scrollHeight;
  return li;
}

const topics = {
  flow: (d) => { $("flow").textContent = `${d.id} ${d.version}`; },
  states: (d) => {
    for (const machine of ["agent", "user", "dialog"]) {
      const shown = machine === "agent" && d.paused ? `${d.agent} (paused)` : d[machine];
      $(machine).textContent = shown;
      $(machine).dataset.state = d[machine];
    }
  },
  transcript: (d) => line(d.id, d.who === "agent" ? "agent" : "user", d.text, !d.final),
  heard: (d) => { // what the caller really heard of an interrupted line
    const li = lines.get(d.id);
    if (!li) return;
    const whole = li.textContent;
    li.textContent = d.text + " ";
    const rest = document.createElement("span");
    rest.className = "cut";
    rest.textContent = whole.slice(d.text.length).trim();
    li.append(rest);
  },
  tool: (d) => line(d.call, "note", `tool ${d.tool}: ${d.state}`),
  error: (d) => line(null, "note", d.name),
  ended: (d) => { line(null, "note", `call ended: ${d.reason}`); leave(`The call has ended (${d.reason}).`); },
};

function receive(event) {
  let message;
  try { message = JSON.parse(event.data); } catch { return; }
  topics[message.topic]?.(message.data);
}

function send(topic, data) {
  if (call?.channel.readyState === "open") call.channel.send(JSON.stringify({ topic, data }));
}

async function microphone() {
  if (!navigator.mediaDevices) throw new Error("This page has no right to a microphone: open it through http://localhost or http://127.0.0.1.");
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

async function join(withMicrophone) {
  busy(true);
  let stream = null;
  try {
    if (withMicrophone) { status("Asking for the microphone ..."); stream = await microphone(); }
    status("Connecting ...");
    lines.clear();
    $("transcript").replaceChildren();
    const pc = new RTCPeerConnection({ iceServers: [] });
    const channel = pc.createDataChannel("turnwise");
    channel.onmessage = receive;
    call = { pc, channel, stream, location: null };
    if (stream) stream.getTracks().forEach((track) => pc.addTrack(track, stream));
    else pc.addTransceiver("audio", { direction: "recvonly" });
    pc.ontrack = (e) => { $("voice").srcObject = e.streams[0] || new MediaStream([e.track]); };
    pc.onconnectionstatechange = () => {
      if (pc.connectionState === "connected") status("In the call.");
      if (pc.connectionState === "failed") leave("The connection was lost.");
    };
    await pc.setLocalDescription(await pc.createOffer());
    await gathered(pc);
    const answer = await fetch("/call", { method: "POST", headers: { "content-type": "application/sdp" }, body: pc.localDescription.sdp });
    if (!answer.ok) throw new Error(`The room answered ${answer.status}: ${await answer.text()}`);
    call.location = answer.headers.get("location");
    await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    connected(true);
  } catch (error) {
    stream?.getTracks().forEach((track) => track.stop());
    leave(error.message);
  }
}

function leave(message) {
  if (call) {
    if (call.location) fetch(call.location, { method: "DELETE", keepalive: true }).catch(() => {});
    call.stream?.getTracks().forEach((track) => track.stop());
    call.pc.close();
    call = null;
  }
  connected(false);
  status(message || "You left.");
}

function busy(on) { $("join").disabled = $("join-text").disabled = on; }

function connected(on) {
  busy(on);
  $("leave").disabled = !on;
  $("text").disabled = $("form").querySelector("button").disabled = !on;
  document.querySelectorAll(".keypad button").forEach((b) => { b.disabled = !on; });
}

for (const key of keys) {
  const button = document.createElement("button");
  button.textContent = key;
  button.type = "button";
  button.onclick = () => {
    const sender = call?.pc.getSenders().find((s) => s.track?.kind === "audio");
    if (sender?.dtmf?.canInsertDTMF) sender.dtmf.insertDTMF(key, 120, 70); // as a telephone would
    else send("key", { key });
    line(null, "note", `key ${key}`);
  };
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
addEventListener("pagehide", () => leave());
connected(false);
