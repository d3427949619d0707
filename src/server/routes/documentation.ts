import { readFileSync } from "node:fs";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { NoQuery } from "../../contracts/http.ts";
import { type App, answersOf } from "./schema.ts";

/** What the page at /docs may load: its own files, and nothing from the network. The page sets styles by script. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Collects the schemas of all routes that are registered after it, and serves the page. */
export function documentationPages(app: FastifyInstance): void {
  const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Usher",
        description: "What should this person see next, and why. Errors are RFC 9457 problem details.",
        version,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
    },
    convertConstToEnum: false,
  });
  app.register(swaggerUi, {
    routePrefix: "/docs",
    staticCSP: pagePolicy,
    uiConfig: { url: "/openapi.json", deepLinking: true },
    theme: { title: "Usher API" },
  });
}

/** The document of the interface, and the way from `/` to its page. */
export function documentationRoutes(app: App): void {
  let document: string | undefined;
  app.get(
    "/openapi.json",
    {
      schema: {
        tags: ["documentation"],
        operationId: "openapi",
        summary: "This document, OpenAPI 3.1",
        querystring: NoQuery,
        response: answersOf(Type.Object({}, { additionalProperties: true })),
      },
    },
    (_request, reply) => {
      document ??= JSON.stringify(app.swagger());
      return reply
        .type("application/json; charset=utf-8")
        .serializer(String)
        .send(document as never);
    },
  );
  app.get(
    "/",
    {
      schema: {
        tags: ["documentation"],
        operationId: "home",
        summary: "Leads to /docs",
        response: { 302: { type: "null", description: "See /docs" } },
      },
    },
    (_request, reply) => void reply.redirect("/docs"),
  );
}
