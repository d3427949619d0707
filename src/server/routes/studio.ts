import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";
import { NoQuery } from "../../contracts/http.ts";
import { MeAnswer, type MeBody } from "../../contracts/studio-http.ts";
import { version } from "../../version.ts";
import { scopeOfPart } from "../access/doors.ts";
import type { Asker } from "../access/guard.ts";
import type { ServerContext } from "../context.ts";
import { type App, answersOf } from "./schema.ts";

/** Where the build puts the Studio; the same place from src/ and from dist/. */
const studioFolder = fileURLToPath(new URL("../../../dist/studio", import.meta.url));

/** What the Studio may load: itself, and posters from elsewhere. No script and no style stands in the page or is made from text. */
const studioPolicy =
  "default-src 'self'; img-src 'self' https: data:; object-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/** The Studio: its page at `/` and its files. Nothing in it is secret: what it shows it asks for like everybody else. */
export function studioPages(app: FastifyInstance, basePath: string): void {
  const page = studioPage(basePath);
  app.register(async (files) => {
    files.decorate(scopeOfPart, "open");
    files.get("/", { schema: { hide: true } }, (request, reply) => {
      reply.header("vary", "Accept");
      if (!page) return reply.redirect(`${basePath}/docs`);
      // whoever takes no page is a program: it gets the description of what it may ask
      if (!takesPages(request.headers.accept)) return reply.redirect(`${basePath}/openapi.json`);
      reply.headers({
        "cache-control": "no-cache",
        "content-security-policy": studioPolicy,
        etag: page.etag,
      });
      if (request.headers["if-none-match"] === page.etag) return reply.code(304).send();
      return reply.type("text/html; charset=utf-8").send(page.html);
    });
    if (!page) return;
    await files.register(fastifyStatic, {
      root: join(studioFolder, "assets"),
      prefix: "/assets/",
      ...{ index: false, decorateReply: false, preCompressed: true, schemaHide: true },
      ...{ immutable: true, maxAge: "1y" }, // the names of the files change with their content
    });
  });
}

/** The page, made for the path under which a proxy shows it; `undefined` where the Studio was not built. */
function studioPage(basePath: string): { html: string; etag: string } | undefined {
  const file = join(studioFolder, "index.html");
  if (!existsSync(file)) return undefined;
  const built = readFileSync(file, "utf8");
  // all addresses of the Studio are relative, and `/usher` without a slash at its end would lead them astray
  const html = basePath === "" ? built : built.replace("<head>", `<head><base href="${basePath}/">`);
  return { html, etag: `"${createHash("sha256").update(html).digest("base64url").slice(0, 22)}"` };
}

const takesPages = (accept = "*/*") => /text\/(html|\*)|\*\/\*/i.test(accept);

/** Who asks, and what they may ask for. */
export function meRoute(app: App, context: ServerContext): void {
  app.get(
    "/v1/me",
    {
      config: { scope: "any" },
      schema: {
        tags: ["access"],
        operationId: "me",
        summary: "Who asks, and what they may ask for",
        querystring: NoQuery,
        response: answersOf(MeAnswer),
      },
    },
    (request): MeBody => ({
      ...whoAsks(request.asker),
      needs_key: context.access?.isClosed ?? false,
      version,
      catalogue: context.catalogueKind?.() ?? "items",
    }),
  );
}

function whoAsks(asker: Asker | undefined): Pick<MeBody, "kind" | "name" | "user_id" | "scopes"> {
  if (asker?.kind === "key") return { kind: "key", name: asker.name, scopes: [...asker.scopes] };
  if (asker?.kind === "user") return { kind: "user", user_id: asker.userId, scopes: ["read", "events"] };
  return { kind: asker?.kind ?? "loopback", scopes: ["admin"] };
}
