import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { RunRecord } from "../../src/contracts/workflow.ts";

/** A receiver of notices. */
export interface WebhookServer {
  readonly url: string;
  readonly notices: { event: string; run: RunRecord }[];
  close(): void;
}

/** Listens for notices. @param answer Status of every answer, or `never`: the connection hangs. */
export async function webhookServer(answer: number | "never" = 204): Promise<WebhookServer> {
  const notices: WebhookServer["notices"] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      notices.push(JSON.parse(body));
      if (answer !== "never") response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    notices,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
