import { readFileSync } from "node:fs";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { NoQuery } from "../../contracts/http.ts";
import { scopeOfPart } from "../access/doors.ts";
import { type App, answersOf } from "./schema.ts";

/** What the page at /docs may load: its own files, and nothing from the network. The page sets styles by script. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Collects the schemas of all routes that are registered after it, and serves the page. */
export function documentationPages(app: FastifyInstance, basePath: string): void {
  const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Usher",
        description:
          "What should this person see next, and why. Errors are RFC 9457 problem details. Beside the answers listed with a " +
          "route: 404 for an unknown path, 405 with `Allow` for a method that a path does not take, and for requests that are " +
          "broken as HTTP 400, 408 (too slow), 417 (`Expect`) and 431 (head above 16 KiB).",
        version,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      ...(basePath === "" ? {} : { servers: [{ url: basePath }] }),
      components: {
        securitySchemes: {
          key: {
            type: "http",
            scheme: "bearer",
            description:
              "An API key with the scope of the route, or a user's token. A server that listens on loopback needs none.",
          },
        },
      },
    },
    convertConstToEnum: false,
    transformObject: withRequestIds,
    transform: ({ schema, url, route }) => ({
      schema: { ...schema, security: route.config?.scope === "open" ? [] : [{ key: [] }] },
      url,
    }),
  });
  app.register(async (pages) => {
    pages.decorate(scopeOfPart, "read");
    pages.register(swaggerUi, { routePrefix: "/docs", staticCSP: pagePolicy, theme: { title: "Usher API" } });
  });
}

interface Documented {
  openapiObject?: { paths?: Record<string, Record<string, { responses?: Record<string, object> }>> };
}

/** Every answer has the header, so it is written into the document here and not with each route. */
function withRequestIds(document: object) {
  const { openapiObject = {} } = document as Documented;
  const headers = {
    "X-Request-Id": { description: "Names this answer, in the log too.", schema: { type: "string" } },
  };
  for (const operation of Object.values(openapiObject.paths ?? {}).flatMap((path) => Object.values(path))) {
    for (const response of Object.values(operation.responses ?? {})) Object.assign(response, { headers });
  }
  return openapiObject;
}

/** The document of the interface. */
export function documentationRoutes(app: App): void {
  let document: string | undefined;
  app.get(
    "/openapi.json",
    {
      config: { scope: "read", self: "nobody" },
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
}
