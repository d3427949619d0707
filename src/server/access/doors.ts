import type { FastifyInstance, RouteOptions } from "fastify";
import type { Scope } from "../../contracts/access-http.ts";

declare module "fastify" {
  interface FastifyInstance {
    /** Every way in, with who may use it. */
    readonly doors: readonly Door[];
  }
  interface FastifyContextConfig {
    /** What a key must be allowed to do to ask this route. */
    readonly scope: DoorScope;
    /**
     * Whether the token of a user may ask this route too. The name of a parameter (path or query): where it names that user.
     * `events`: the route itself looks whether the events are the user's. `nobody`: the answer is about no person. Absent: never.
     */
    readonly self?: Self;
    /** False: asked with POST, but it changes nothing and so is not in the audit log. Default true. */
    readonly isAudited?: boolean;
  }
}

/** `open`: not even a key is needed; `any`: a key of whatever scope. */
export type DoorScope = Scope | "open" | "any";

export type Self = "user_id" | "id" | "events" | "nobody";

/** One way into the server. */
export interface Door {
  readonly method: string;
  readonly route: string;
  readonly scope: DoorScope;
  readonly self: Self | undefined;
}

/** Decoration of an encapsulated part whose routes are made by others and so name no scope themselves. */
export const scopeOfPart = "scopeOfPart";

/**
 * Watches the registration of routes: one that names no scope fails it, so that nothing can be open by being forgotten.
 *
 * @returns The doors that were registered since; the list grows while routes are registered.
 */
export function watchDoors(app: FastifyInstance): readonly Door[] {
  const doors: Door[] = [];
  app.addHook("onRoute", function (this: FastifyInstance, route: RouteOptions) {
    const part = this.hasDecorator(scopeOfPart) ? this.getDecorator<DoorScope>(scopeOfPart) : undefined;
    const config = route.config ?? (part && { scope: part });
    if (!config?.scope) {
      throw new Error(
        `${String(route.method)} ${route.url}: expected config: { scope: … } in the options of the route`,
      );
    }
    route.config = config;
    for (const method of [route.method].flat()) {
      doors.push({ method, route: route.url, scope: config.scope, self: config.self });
    }
  });
  return doors;
}
