// The stand-in's control API and the demo's own routes, on the page's own origin.

/** What was asked is not possible; the message says why, in words for the person. */
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function call(path, { body, query } = {}) {
  const url = new URL(`/sandbox/${path}`, location.href);
  for (const [key, value] of Object.entries(query ?? {})) url.searchParams.set(key, value);
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw new Refused("The sandbox does not answer. Is it still running?", 0);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(answer.error ?? `The sandbox said ${response.status}.`, response.status);
  return answer;
}

export const fetchWorld = (as) => call("world", { query: { as } });
export const fetchMessages = (as, channel) => call(`channels/${channel}/messages`, { query: { as } });
export const fetchInteraction = (as, id, wait) => call(`interactions/${id}`, { query: { as, wait } });
export const act = (action, body) => call(`actions/${action}`, { body });
export const fetchDemo = () => call("demo/state");
export const postDemo = (what, body) => call(`demo/${what}`, { body });

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/**
 * Keep a websocket open for one person. `on.event` gets each message, `on.up` is called after every
 * connection, `on.down` after every loss. Returns a function that ends it.
 */
export function openLive(as, on) {
  let socket = null;
  let timer = null;
  let pause = FIRST_PAUSE;
  let ended = false;

  function connect() {
    const url = new URL(`/sandbox/live?as=${encodeURIComponent(as)}`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    socket = new WebSocket(url);
    socket.addEventListener("open", () => {
      pause = FIRST_PAUSE;
      on.up();
    });
    socket.addEventListener("message", (message) => ended || on.event(JSON.parse(message.data)));
    socket.addEventListener("close", () => {
      if (ended) return;
      on.down();
      timer = setTimeout(connect, pause * (0.75 + Math.random() / 2));
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    });
  }

  connect();
  return () => {
    ended = true;
    clearTimeout(timer);
    socket.close();
  };
}
