// Channels over one WebSocket, by centrifuge-js: it comes back by itself, and recovers what was said meanwhile.
import { Centrifuge } from "centrifuge";

const RECONNECT_MOST_MS = 10_000;
const TRIES = 2; // before a connection is given up that never was: something on the way lets none through

export class Socket {
  #client;
  #heard = new Map(); // channel → what is done with a frame

  // `up` and `down` are told of the connection; `none`, once, that there is none to be had.
  constructor({ up, down, none }) {
    const client = new Centrifuge(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/connection/websocket`, { maxReconnectDelay: RECONNECT_MOST_MS });
    this.#client = client;
    let tries = 0, given = false;
    client.on("connected", () => { tries = -Infinity; up(); });
    client.on("connecting", down);
    client.on("disconnected", () => {
      down();
      // Sent away for good (it was too slow to say hello, or asked too much): for readers there is no such thing.
      if (!given) setTimeout(() => client.connect(), RECONNECT_MOST_MS * (0.5 + 0.5 * Math.random()));
    });
    client.on("error", ({ type }) => {
      if (!["transport", "connect"].includes(type) || ++tries < TRIES) return;
      [tries, given] = [-Infinity, true];
      client.disconnect();
      none();
    });
  }

  // Hears these channels from now on, and no others. `since`: channel → the position after which its events are wanted.
  follow(channels, since) {
    for (const [channel, one] of Object.entries(this.#client.subscriptions())) {
      if (channels.has(channel)) continue;
      one.unsubscribe();
      this.#client.removeSubscription(one);
    }
    this.#heard = channels;
    for (const channel of channels.keys()) {
      if (this.#client.getSubscription(channel)) continue;
      const one = this.#client.newSubscription(channel, since.has(channel) ? { since: since.get(channel) } : {});
      one.on("publication", ({ data }) => this.#heard.get(channel)?.(data));
      one.subscribe();
    }
    this.#client.connect();
  }
}
