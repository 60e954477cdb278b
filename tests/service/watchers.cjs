// Unmodified centrifuge-js clients on any number of channels. Driven over stdin by the test: each line
// prints one JSON line with what every client saw, end of input ends the process.
"use strict";

const readline = require("node:readline");
const { Centrifuge } = require("centrifuge");
const WebSocket = require("ws");

const [url, count, ...channels] = process.argv.slice(2);

function start() {
  const seen = {};
  const client = new Centrifuge(url, { websocket: WebSocket, minReconnectDelay: 50, maxReconnectDelay: 500 });
  for (const channel of channels) {
    const heard = { offsets: [], seqs: [], newest: null, starts: [] };
    seen[channel] = heard;
    const subscription = client.newSubscription(channel);
    subscription.on("subscribed", (ctx) => heard.starts.push([ctx.wasRecovering, ctx.recovered]));
    subscription.on("publication", (ctx) => {
      heard.offsets.push(ctx.offset);
      heard.seqs.push(ctx.data.position.seq);
      heard.newest = ctx.data;
    });
    subscription.subscribe();
  }
  client.connect();
  return seen;
}

const clients = Array.from({ length: Number(count) }, start);
const input = readline.createInterface({ input: process.stdin });
input.on("line", () => console.log(JSON.stringify(clients)));
input.on("close", () => process.exit(0));
