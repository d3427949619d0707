import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { AnswerState, Shown } from "../api/answers.ts";
import { Failure, type FailureKind, key, refused } from "../api/client.ts";
import { en, type MessageKey } from "../i18n/en.ts";
import { list, t } from "../i18n/i18n.ts";
import { go } from "../router.ts";
import { Button } from "./button.tsx";

type Told = Exclude<AnswerState, "ready" | "loading" | "error"> | FailureKind;

/** Pictures of states, by lines on 120 × 90: a screen, and what became of the picture on it. */
const pictures: Readonly<Record<string, string>> = {
  empty: "M48 40h24M60 28v24",
  partial: "M30 30h60M30 42h36M30 54h14",
  degraded: "M34 44h18l6-14 8 26 6-12h14",
  stale: "M60 28v16l11 7M60 22a22 22 0 1 0 .1 0",
  forbidden: "M50 42v-7a10 10 0 0 1 20 0v7M46 42h28v18H46z",
  unreachable: "M44 30l32 28M76 30L44 58",
  "not-ready": "M60 24v10M60 52v10M41 43h10M69 43h10M47 30l7 7M66 49l7 7M73 30l-7 7M54 49l-7 7",
  "not-found": "M52 36a8 8 0 1 1 11 8c-2 1-3 3-3 6M60 57h.1",
  "cut-off": "M30 32h28l-6 9 8 6-7 9H30M90 32H74l-6 9 8 6-7 9h21",
};
const otherPicture = "M60 28v20M60 57h.1";

function askForKey(): void {
  key.set("");
  refused.set(new Failure("key-needed", ""));
}

/** The one thing that repairs a state; what is not here is asked for again. */
const repairs: Readonly<Partial<Record<Told, { label: MessageKey; run(): void }>>> = {
  forbidden: { label: "state.key", run: askForKey },
  "not-found": { label: "state.home", run: () => go("#/") },
  empty: { label: "state.home", run: () => go("#/") },
};

/** What is said of a state; of one that has no words of its own, that something went wrong. */
const words = (told: Told, part: "title" | "text") => {
  const wanted = `state.${told}.${part}`;
  return (wanted in en ? wanted : `state.other.${part}`) as MessageKey;
};

/**
 * Draws an answer in whatever state it is: what came of it, under a line that says what is wrong with it; or, where nothing can be
 * shown, a picture and what repairs it.
 */
export function StateView<Value>({
  shown,
  skeleton,
  empty,
  isPage = false,
  children,
}: {
  shown: Shown<Value>;
  /** Whether it is the page, whose states are large and have its heading. Default: a part of one. */
  isPage?: boolean;
  /** Of the size of what will come, so that nothing jumps. */
  skeleton: ComponentChildren;
  /** What stands in an empty view. Default: that there is nothing, and the way home. */
  empty?: ComponentChildren;
  children: (value: Value) => ComponentChildren;
}) {
  const { state, value, failure } = shown;
  if (state === "loading") return <Loading>{skeleton}</Loading>;
  if (state === "empty" && empty !== undefined) return <>{empty}</>;
  if (value === undefined || state === "empty") {
    const told = failure?.kind ?? "empty";
    const detail = failure?.message ?? "";
    return <Notice told={told} detail={detail} again={shown.again} isPage={isPage} />;
  }
  const parts = list((value as { degraded?: string[] }).degraded ?? []);
  return (
    <>
      {state !== "ready" && <Line told={state as Told} parts={parts} again={shown.again} />}
      {children(value)}
    </>
  );
}

/** How long a shape without words is enough. */
const patienceMs = 4000;

function Loading({ children }: { children: ComponentChildren }) {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const patience = setTimeout(() => setLong(true), patienceMs);
    return () => clearTimeout(patience);
  }, []);
  return (
    <div aria-busy="true">
      <div role="status" class={isLong ? "slow-line" : "for-readers"}>
        {t(isLong ? "state.slow" : "state.loading")}
      </div>
      <div class="loading" aria-hidden="true">
        {children}
      </div>
    </div>
  );
}

/** The picture of a state. */
export function StatePicture({ told }: { told: Told }) {
  return (
    <svg class="notice-picture" viewBox="0 0 120 90" aria-hidden="true">
      <path class="notice-screen" d="M14 16q46-8 92 0v52q-46 8-92 0z" />
      <path d={pictures[told] ?? otherPicture} />
    </svg>
  );
}

/** A state that takes the whole view. */
export function Notice({
  told,
  detail = "",
  isPage = false,
  again,
}: {
  told: Told;
  detail?: string;
  isPage?: boolean;
  again: () => void;
}) {
  const { label, run } = repairs[told] ?? { label: "state.again" as const, run: again };
  return (
    <div class={`notice ${isPage ? "" : "is-part"}`} role={told === "empty" ? undefined : "alert"}>
      <StatePicture told={told} />
      {isPage ? <h1>{t(words(told, "title"))}</h1> : <p class="notice-title">{t(words(told, "title"))}</p>}
      <p>{t(words(told, "text"), { detail })}</p>
      <Button look="accent" onClick={run}>
        {t(label)}
      </Button>
    </div>
  );
}

/** A state of something that is shown all the same. */
function Line({ told, parts, again }: { told: Told; parts: string; again: () => void }) {
  return (
    <div class="state-line" role="status">
      <strong>{t(words(told, "title"), { parts })}</strong>
      <span>{t(words(told, "text"))}</span>
      <Button look="quiet" onClick={again}>
        {t("state.again")}
      </Button>
    </div>
  );
}
