// aimock as an agent: OpenAI's Responses over WebSockets, with reasoning, a web search and an answer.
// Started by targets.processes, whose environment variables say where everything is.

import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const modules = join(process.env.TARGET_PLACE, "node_modules");
const entry = join(modules, "@copilotkit", "aimock", "dist", "index.js");
const { LLMock } = await import(pathToFileURL(entry).href);

const server = new LLMock({
  port: Number(process.env.TARGET_PORT),
  host: "127.0.0.1",
  auth: { apiKeys: [process.env.AGENT_CHAT_JWT_KEY] },
  chunkSize: 16,
  latency: 10, // milliseconds before each event, as a model that thinks
});

function question(request) {
  const last = request.messages.filter((message) => message.role === "user").at(-1);
  const content = last?.content ?? "";
  return Array.isArray(content) ? content.map((part) => part.text ?? "").join(" ") : content;
}

server.onMessage(/[\s\S]*/, (request) => ({
  reasoning: `To answer "${question(request)}" the web is searched.`,
  webSearches: [question(request)],
  content: `You asked: ${question(request)}. Found: compute $8,120, database $4,300.`,
}));

await server.start();
const half = `${process.env.TARGET_READY}.half`;
writeFileSync(half, JSON.stringify({ url: server.url }));
renameSync(half, process.env.TARGET_READY);
process.on("SIGTERM", async () => {
  await server.stop();
  process.exit(0);
});
