import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { StatePicture } from "../design/state-view.tsx";
import { t } from "../i18n/i18n.ts";
import { type Doing, perform } from "./doing.ts";
import { named, w } from "./words.ts";

/** One figure. */
export function Tile({ term, value, note }: { term: string; value: string; note?: string | undefined }) {
  return (
    <div class="tile">
      <dt>{term}</dt>
      <dd>
        {value}
        {note && <small>{note}</small>}
      </dd>
    </div>
  );
}

/** A state of a part, a run, a job, by its name. */
export function Badge({ status }: { status: string }) {
  return <span class={`badge is-${status}`}>{named("status", status)}</span>;
}

/** A view without anything yet: why, and the one thing that brings something. */
export function Nothing({ text, children }: { text: string; children?: ComponentChildren }) {
  return (
    <div class="op-nothing">
      <StatePicture told="empty" />
      <p>{text}</p>
      {children}
    </div>
  );
}

/** What is there before an answer is. */
export const Bones = () => <div class="op-bones" />;

/** A button that says first what it will change. */
export function Confirmed({
  words,
  question,
  consequences,
  doing,
  isDisabled = false,
  onDone = () => {},
}: {
  words: string;
  question: string;
  consequences: readonly string[];
  doing: Doing;
  isDisabled?: boolean;
  onDone?: () => void;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button disabled={isDisabled} onClick={() => setOpen(true)}>
        {words}
      </Button>
      {isOpen && (
        <Dialog title={question} onClose={() => setOpen(false)}>
          <ul class="consequences">
            {consequences.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
          <div class="op-row">
            <Button
              look="accent"
              autoFocus
              onClick={async () => {
                setOpen(false);
                if ((await perform(doing)) !== undefined) onDone();
              }}
            >
              {words}
            </Button>
            <Button onClick={() => setOpen(false)}>{t("app.close")}</Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

/** How far something is, 0..1; without a share it is known only that it goes on. */
export function Progress({ of, share, text }: { of: string; share: number | undefined; text: string }) {
  return (
    <div class="progress">
      <progress aria-label={of} max={1} {...(share === undefined ? {} : { value: share })} />
      <span>{text}</span>
    </div>
  );
}

/** A duration as people say it, s. */
export function duration(seconds: number): string {
  if (seconds < 1) return w("op.ms", { count: Math.round(seconds * 10_000) / 10 });
  if (seconds < 120) return w("op.seconds", { count: Math.round(seconds * 10) / 10 });
  if (seconds < 7200) return w("op.minutes", { count: Math.round(seconds / 60) });
  return seconds < 172_800
    ? w("op.hours", { count: Math.round(seconds / 3600) })
    : w("op.days", { count: Math.round(seconds / 86_400) });
}
