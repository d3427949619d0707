import { listLengthDefault, NoQuery } from "../../contracts/http.ts";
import type { SurfaceDocument } from "../../contracts/surfaces.ts";
import {
  PreviewAnswer,
  PreviewBody,
  RollbackBody,
  SurfaceAnswer,
  SurfaceBody,
  SurfaceParams,
  SurfacesAnswer,
} from "../../contracts/surfaces-http.ts";
import { type ErrorCode, UsherError } from "../../errors.ts";
import { builtInPlans, planOf } from "../../recommend/plan.ts";
import { missingIn, type SurfaceStore } from "../../recommend/surface-store.ts";
import { listHead, sendList, servingNow } from "../answers.ts";
import type { ServerContext } from "../context.ts";
import { makeList } from "../person-list.ts";
import { type App, answersOf, handlerTimeoutMs, listErrors } from "./schema.ts";

const tags = ["surfaces"];
const admin = { scope: "admin" } as const;
const bodyErrors = [
  "REQUEST_TIMEOUT",
  "BODY_TOO_LARGE",
  "MEDIA_TYPE_UNSUPPORTED",
  "SURFACE_INVALID",
] as const satisfies ErrorCode[];

/** @throws UsherError `NOT_READY`: this process only reads the home. */
function storeOf({ surfaces }: ServerContext): SurfaceStore {
  if (surfaces) return surfaces;
  throw new UsherError("NOT_READY", "surfaces are kept by the server that owns the home; see /health/ready");
}

/** @throws UsherError `SURFACE_INVALID`: it names an item or a surface that is not there, or another surface than the path. */
function checked(
  context: ServerContext,
  { name, document }: { name: string; document: SurfaceDocument },
): SurfaceDocument {
  if (document.name !== name) {
    throw new UsherError(
      "SURFACE_INVALID",
      `name: expected "${name}" as in the path, got "${document.name}"`,
      {
        details: { field: "name" },
      },
    );
  }
  planOf(document);
  const { recommender } = servingNow(context);
  const missing = missingIn(document, {
    hasItem: (itemId) => recommender.indexOf(itemId) >= 0,
    hasSurface: (other) => (context.surfaces?.plan(other) ?? builtInPlans.get(other)) !== undefined,
  });
  if (missing.length === 0) return document;
  throw new UsherError("SURFACE_INVALID", missing.map(({ message }) => message).join("; "), {
    details: { errors: missing },
  });
}

/** Surfaces as documents: read, saved, tried, and brought back. */
export function surfaceRoutes(app: App, context: ServerContext): void {
  app.get(
    "/v1/surfaces",
    {
      config: admin,
      schema: {
        tags,
        operationId: "listSurfaces",
        summary: "The present version of each surface; version 0 is built in",
        querystring: NoQuery,
        response: answersOf(SurfacesAnswer, ["NOT_READY"]),
      },
    },
    () => ({ items: [...storeOf(context).list()] }),
  );
  app.get(
    "/v1/surfaces/:name",
    {
      config: admin,
      schema: {
        tags,
        operationId: "getSurface",
        summary: "The present version of a surface",
        params: SurfaceParams,
        querystring: NoQuery,
        response: answersOf(SurfaceAnswer, ["NOT_READY", "SURFACE_UNKNOWN"]),
      },
    },
    (request) => storeOf(context).present(request.params.name),
  );
  app.get(
    "/v1/surfaces/:name/versions",
    {
      config: admin,
      schema: {
        tags,
        operationId: "listSurfaceVersions",
        summary: "All versions of a surface, the newest first, of a deleted one too",
        params: SurfaceParams,
        querystring: NoQuery,
        response: answersOf(SurfacesAnswer, ["NOT_READY", "SURFACE_UNKNOWN"]),
      },
    },
    (request) => ({ items: [...storeOf(context).versions(request.params.name)] }),
  );
  app.put(
    "/v1/surfaces/:name",
    {
      config: admin,
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "saveSurface",
        summary: "Saves a surface as its next version, which answers from the next request on",
        params: SurfaceParams,
        querystring: NoQuery,
        body: SurfaceBody,
        response: answersOf(SurfaceAnswer, ["NOT_READY", "TOO_SLOW", "FILTER_INVALID", ...bodyErrors]),
      },
    },
    async (request) => {
      const store = storeOf(context);
      return store.put(checked(context, { name: request.params.name, document: request.body }));
    },
  );
  deleteRoute(app, context);
  rollbackRoute(app, context);
  previewRoute(app, context);
}

function deleteRoute(app: App, context: ServerContext): void {
  app.delete(
    "/v1/surfaces/:name",
    {
      config: admin,
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "deleteSurface",
        summary: "Deletes a surface; a built-in one is again as it was. Its versions stay to be brought back",
        params: SurfaceParams,
        querystring: NoQuery,
        response: answersOf(SurfaceAnswer, ["NOT_READY", "TOO_SLOW", "SURFACE_UNKNOWN", "SURFACE_INVALID"]),
      },
    },
    async (request) => storeOf(context).remove(request.params.name),
  );
}

function rollbackRoute(app: App, context: ServerContext): void {
  app.post(
    "/v1/surfaces/:name/rollback",
    {
      config: admin,
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "rollbackSurface",
        summary: "Saves an earlier document of a surface as its next version",
        params: SurfaceParams,
        querystring: NoQuery,
        body: RollbackBody,
        response: answersOf(SurfaceAnswer, ["NOT_READY", "TOO_SLOW", "SURFACE_UNKNOWN", ...bodyErrors]),
      },
    },
    async (request) => {
      const store = storeOf(context);
      const { name } = request.params;
      const versions = store.versions(name);
      const { version } = request.body;
      const wanted = version === undefined ? versions[1] : versions.find((one) => one.version === version);
      if (!wanted) {
        const there = versions.map((one) => one.version).join(", ");
        throw new UsherError(
          "SURFACE_INVALID",
          `version: expected an earlier one of ${there}, got ${version ?? "none"}`,
          {
            details: { field: "version" },
          },
        );
      }
      return store.put(checked(context, { name, document: wanted.document }), { restores: wanted.version });
    },
  );
}

function previewRoute(app: App, context: ServerContext): void {
  app.post(
    "/v1/surfaces/:name/preview",
    {
      config: { ...admin, isAudited: false },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        tags,
        operationId: "previewSurface",
        summary: "What a surface would answer a user, explained, before it is saved",
        params: SurfaceParams,
        querystring: NoQuery,
        body: PreviewBody,
        response: answersOf(PreviewAnswer, [...listErrors, "SURFACE_UNKNOWN", "TOO_SLOW", ...bodyErrors]),
      },
    },
    async (request, reply) => {
      const serving = servingNow(context);
      const { name } = request.params;
      const {
        document,
        user_id: userId,
        item_id: about,
        k = listLengthDefault,
        genre,
        filter,
      } = request.body;
      const plan = document
        ? planOf(checked(context, { name, document }))
        : planOf(storeOf(context).present(name).document);
      const answering = { context, serving, requestId: request.id };
      const surface = about === undefined ? name : `${name}/${about}`;
      const person = userId === undefined ? undefined : { userId };
      const list = await makeList(answering, { person, k, genre, filter, plan, surface });
      const head = { ...listHead(request.id, serving), user_id: userId };
      return sendList(reply, list, { head, explain: true });
    },
  );
}
