// Unmodified centrifuge-js clients that write down what they are told. Driven over stdin by the test:
// `report` prints one JSON line with what every client saw, end of input ends the process.
"use strict";

const readline = require("node:readline");
const { Centrifuge } = require("centrifuge");
const WebSocket = require("ws");

const [url, count, contest, calls] = process.argv.slice(2);

function start() {
  const seen = { offsets: [], views: [], calls: [], starts: [], closes: [] };
  const client = new Centrifuge(url, {
    websocket: WebSocket,
    minReconnectDelay: 50,
    maxReconnectDelay: 500,
  });
  client.on("connecting", (ctx) => seen.closes.push(ctx.code));
  client.on("disconnected", (ctx) => seen.closes.push(ctx.code));
  for (const channel of [contest, calls]) {
    const subscription = client.newSubscription(channel);
    subscription.on("subscribed", (ctx) => seen.starts.push([channel, ctx.wasRecovering, ctx.recovered]));
    subscription.on("publication", (ctx) => {
      if (channel === contest) {
        seen.offsets.push(ctx.offset);
        seen.views.push(ctx.data);
      } else {
        seen.calls.push(ctx.offset);
      }
    });
    subscription.subscribe();
  }
  client.connect();
  return { client, seen };
}

const clients = Array.from({ length: Number(count) }, start);
const input = readline.createInterface({ input: process.stdin });
input.on("line", () => console.log(JSON.stringify(clients.map(({ seen }) => seen))));
input.on("close", () => process.exit(0));
