// Publishes messages with quality of service 1 by MQTT.js, a client of other people, and writes the acknowledgements in the order in which they come, which has to be that of the messages.
// Usage: node mqtt-client.mjs URL FILE [CA], FILE: [{"topic": …, "payload": …}], the payload in base64url where "isBinary" is true.
import { readFile } from "node:fs/promises";
import mqtt from "mqtt";

const [url, file, ca] = process.argv.slice(2);
const client = await mqtt.connectAsync(url, { protocolVersion: 5, clientId: "", clean: true, reconnectPeriod: 0, keepalive: 30, ca: ca ? await readFile(ca) : undefined });
const answers = [];
client.on("packetreceive", packet => {
    if (packet.cmd === "puback") {
        answers.push({ reason: packet.reasonCode ?? 0, text: packet.properties?.reasonString ?? null, receipt: packet.properties?.userProperties?.receipt ?? null });
    }
});
const publish = message => new Promise((resolve, reject) => client.publish(message.topic, message.isBinary ? Buffer.from(message.payload, "base64url") : message.payload, { qos: 1 }, (error, packet) => error && packet?.reasonCode === undefined ? reject(error) : resolve()));

const messages = JSON.parse(await readFile(file, "utf8"));
for (let i = 0; i < messages.length; i += 16) { // The gateway's Receive Maximum.
    await Promise.all(messages.slice(i, i + 16).map(publish));
}
await client.endAsync();
console.log(JSON.stringify(answers));
