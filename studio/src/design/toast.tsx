import { cell, useCell } from "../cell.ts";
import { t } from "../i18n/i18n.ts";
import { Button, IconButton } from "./button.tsx";

/** Something that was done, or was not, with the one thing to do about it. */
export interface Saying {
  readonly text: string;
  readonly action?: { readonly label: string; run(): void };
  /** Read out at once. */
  readonly isAlert?: boolean;
}

/** How long it stays: long enough to read and to reach, and as long as the pointer or the focus is on it. */
const stayMs = 8000;

const said = cell<(Saying & { id: number }) | undefined>(undefined);
let count = 0;
let leaving: number | undefined;

export function say(saying: Saying): void {
  said.set({ ...saying, id: ++count });
  leaveSoon();
}

function leaveSoon(): void {
  stay();
  leaving = window.setTimeout(() => said.set(undefined), stayMs);
}

const stay = () => clearTimeout(leaving);

/** Where sayings appear; one at a time, the newest. */
export function Toasts() {
  const saying = useCell(said);
  const leave = () => said.set(undefined);
  return (
    <div class="toasts" role="status" aria-live={saying?.isAlert ? "assertive" : "polite"}>
      {saying && (
        <div
          key={saying.id}
          class={`toast ${saying.isAlert ? "is-alert" : ""}`}
          onPointerEnter={stay}
          onPointerLeave={leaveSoon}
          onFocusIn={stay}
          onFocusOut={leaveSoon}
        >
          <span class="toast-text">{saying.text}</span>
          {saying.action && (
            <Button
              look="quiet"
              onClick={() => {
                leave();
                saying.action?.run();
              }}
            >
              {saying.action.label}
            </Button>
          )}
          <IconButton icon="close" name={t("app.close")} onClick={leave} />
        </div>
      )}
    </div>
  );
}
