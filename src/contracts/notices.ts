import { type Static, type TSchema, Type } from "typebox";
import { Id, SessionId } from "./http.ts";
import { runRecordSchema } from "./workflow.ts";

const Count = Type.Integer({ minimum: 0 });
const counts = (of: string) => Type.Record(Type.String(), Count, { description: of });
const work = {
  id: Type.String(),
  status: runRecordSchema.properties.status,
  task: Type.Optional(Type.String({ description: "What is under way." })),
};

/**
 * What a stream of notices may tell: the data of each event, and whether only an administrator is told it.
 *
 * A notice says that something changed, not what it is now: whoever shows that asks for it again.
 */
export const noticeKinds = {
  profile: {
    isForAdmin: false,
    meaning: "the person of the stream acted, or a session became theirs: their lists are others now",
    data: Type.Object({
      user_id: Type.Optional(Type.String()),
      session_id: Type.Optional(Type.String({ description: "Of a visitor without an account." })),
      at: Type.String({ format: "date-time" }),
    }),
  },
  release: {
    isForAdmin: false,
    meaning: "another release serves",
    data: Type.Object({ version: Type.String() }),
  },
  catalogue: {
    isForAdmin: false,
    meaning: "items were written",
    data: Type.Object({ revision: Count, items: Count }),
  },
  run: {
    isForAdmin: true,
    meaning: "a run began, went on or ended",
    data: Type.Object({ ...work, lane: Type.String() }),
  },
  job: {
    isForAdmin: true,
    meaning: "the same of a job; while it works, at most once a second",
    data: Type.Object({
      ...work,
      kind: Type.String(),
      fraction: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
      text: Type.Optional(Type.String()),
    }),
  },
  events: {
    isForAdmin: true,
    meaning: "events of the last second, where there were any",
    data: Type.Object({
      accepted: counts("By topic."),
      duplicates: Count,
      rejected: counts("By reason."),
      lag: counts("Records that a group has still to read, by group."),
    }),
  },
  health: {
    isForAdmin: true,
    meaning: "a part of the system became ready or failed",
    data: Type.Object({ parts: Type.Record(Type.String(), Type.Enum(["ready", "waiting", "failed"])) }),
  },
} as const satisfies Record<string, { isForAdmin: boolean; meaning: string; data: TSchema }>;

export type NoticeKind = keyof typeof noticeKinds;
export const noticeNames = Object.keys(noticeKinds) as readonly NoticeKind[];

/** One thing that changed. */
export type Notice = {
  [Kind in NoticeKind]: { readonly kind: Kind; readonly data: Static<(typeof noticeKinds)[Kind]["data"]> };
}[NoticeKind];

/** The first event of every stream. */
export const Hello = Type.Object({
  version: Type.Optional(Type.String({ description: "The release that serves; absent while none does." })),
  missed: Type.Boolean({
    description: "Whether notices may have been missed since `Last-Event-ID`: then ask for everything again.",
  }),
});
export type HelloBody = Static<typeof Hello>;

export const StreamQuery = Type.Object(
  {
    user_id: Type.Optional({
      ...Id,
      description:
        "Whose `profile` is told; without it and `session_id` nobody's. A token must name its own user.",
    }),
    session_id: Type.Optional({
      ...SessionId,
      description: "The same of a visitor without an account, instead of `user_id`.",
    }),
  },
  { additionalProperties: false },
);
export const StreamHeaders = Type.Object({
  "last-event-id": Type.Optional(
    Type.String({
      maxLength: 64,
      description: "`id` of the last event that came: what came after it is told first.",
    }),
  ),
});
