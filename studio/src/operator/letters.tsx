import { useState } from "preact/hooks";
import type { LetterBody, LettersBody } from "../../../src/contracts/event-bodies.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { StateView } from "../design/state-view.tsx";
import { Table } from "../design/table.tsx";
import { ago } from "../i18n/i18n.ts";
import { perform } from "./doing.ts";
import { Badge, Bones, Nothing } from "./parts.tsx";
import { usePages } from "./turning.tsx";
import { named, w } from "./words.ts";

/** Events that were rejected: what came, why, and the way back in. */
export function Letters() {
  const { cursor, query, turning } = usePages();
  const [opened, setOpened] = useState<LetterBody | undefined>(undefined);
  const letters = useAnswer(`letters ${cursor}`, () => ask<LettersBody>(`v1/dead-letters?${query}`), {
    topics: ["events"],
    isEmpty: ({ items, next_cursor: next }) => items.length === 0 && next === undefined,
  });
  return (
    <>
      <StateView shown={letters} skeleton={<Bones />} empty={<Nothing text={w("letters.none")} />}>
        {({ items, next_cursor: next }) => (
          <>
            <Table
              caption={w("data.letters")}
              columns={[
                { label: w("letters.when") },
                { label: w("rejected.reason") },
                { label: w("letters.detail") },
                { label: w("models.do") },
              ]}
              rows={items.map((letter) => ({
                id: letter.id,
                cells: [
                  ago(letter.error_ts),
                  named("rejection", letter.error_reason),
                  letter.error_detail,
                  letter.resubmission ? (
                    <Badge key="state" status="repaired" />
                  ) : (
                    <Button key="open" onClick={() => setOpened(letter)}>
                      {w("letters.open")}
                    </Button>
                  ),
                ],
              }))}
            />
            {turning(next)}
          </>
        )}
      </StateView>
      {opened && <Repair letter={opened} onClose={() => setOpened(undefined)} />}
    </>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text; // it was rejected for being no JSON
  }
}

function Repair({ letter, onClose }: { letter: LetterBody; onClose: () => void }) {
  const [text, setText] = useState(pretty(letter.raw_payload));
  const [wrong, setWrong] = useState("");
  const submit = async () => {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch (error) {
      setWrong(w("letters.no-json", { detail: (error as Error).message }));
      return;
    }
    const path = `v1/dead-letters/${encodeURIComponent(letter.id)}/resubmit`;
    if (await perform({ path, method: "POST", body, done: w("letters.done") })) onClose();
    else setWrong(w("letters.still"));
  };
  return (
    <Dialog title={w("letters.repair")} onClose={onClose}>
      <p class="op-wrong">{letter.error_detail}</p>
      <label class="op-text">
        <span>{w("letters.payload")}</span>
        <textarea
          rows={12}
          spellcheck={false}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <p role="alert" class="op-wrong">
        {wrong}
      </p>
      <Button look="accent" onClick={() => void submit()}>
        {w("letters.submit")}
      </Button>
    </Dialog>
  );
}
