import { useRef, useState } from "preact/hooks";
import type { RunRecord } from "../../../src/contracts/workflow.ts";
import { refreshShown } from "../api/answers.ts";
import { Button } from "../design/button.tsx";
import { StateView } from "../design/state-view.tsx";
import { Tabs } from "../design/tabs.tsx";
import { say } from "../design/toast.tsx";
import { list, number } from "../i18n/i18n.ts";
import { go } from "../router.ts";
import { hrefTo, type PageProps } from "../routes.ts";
import { perform } from "./doing.ts";
import { JobList, useJobs } from "./jobs.tsx";
import { Letters } from "./letters.tsx";
import { Lineage } from "./lineage.tsx";
import { OperatorPage, withWords } from "./operator-page.tsx";
import { Bones, duration, Nothing, Progress } from "./parts.tsx";
import { Quality, Rejected } from "./quality.tsx";
import { type Sent, type Upload, upload } from "./upload.ts";
import { w } from "./words.ts";

const views = {
  imports: Imports,
  quality: Quality,
  rejected: Rejected,
  letters: Letters,
  lineage: Lineage,
} as const;
type View = keyof typeof views;

/** What comes in, what became of it, and what was not taken. */
export const Data = withWords(({ query }: PageProps) => {
  const asked = query.get("view") ?? "";
  const shown: View = asked in views ? (asked as View) : "imports";
  const Shown = views[shown];
  return (
    <OperatorPage heading={w("data.title")} lead={w("data.lead")}>
      <Tabs
        label={w("data.title")}
        tabs={(Object.keys(views) as View[]).map((name) => ({ name, label: w(`data.${name}`) }))}
        shown={shown}
        onShow={(view) => go(hrefTo("data", {}, { view }), { isSame: true })}
      >
        <Shown key={shown} />
      </Tabs>
    </OperatorPage>
  );
});

function Imports() {
  const jobs = useJobs();
  return (
    <>
      <Sending />
      <div class="op-row">
        <p class="soft">{w("data.next")}</p>
        <Button
          onClick={() =>
            void perform<RunRecord>({
              path: "v1/runs",
              method: "POST",
              body: { tasks: ["build", "train"] },
              done: w("data.building"),
            }).then((run) => run && go(hrefTo("workflow", {}, { run: run.id })))
          }
        >
          {w("data.build")}
        </Button>
      </div>
      <h2 class="op-head">{w("data.jobs")}</h2>
      <StateView shown={jobs} skeleton={<Bones />} empty={<Nothing text={w("data.no-imports")} />}>
        {(all) => <JobList jobs={all.slice(0, 20)} />}
      </StateView>
    </>
  );
}

/** Files on their way: chosen or dropped, with how much was sent, and an end to it. */
function Sending() {
  const [sent, setSent] = useState<(Sent & { names: string }) | undefined>(undefined);
  const under = useRef<Upload | undefined>(undefined);
  const field = useRef<HTMLInputElement>(null);
  const send = (files: readonly File[]) => {
    if (files.length === 0 || under.current) return;
    const names = list(files.map(({ name }) => name));
    setSent({ share: 0, secondsLeft: undefined, names });
    under.current = upload(files, (now) => setSent({ ...now, names }));
    under.current.job
      .then(
        () => say({ text: w("data.sent", { names }) }),
        (error: Error) => {
          if (error.name === "AbortError") say({ text: w("data.cancelled") });
          else say({ text: w("op.refused", { detail: error.message }), isAlert: true });
        },
      )
      .finally(() => {
        under.current = undefined;
        setSent(undefined);
        if (field.current) field.current.value = "";
        refreshShown("job");
      });
  };
  return (
    <section
      class="panel op-drop"
      aria-label={w("data.upload")}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        send([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <label class="op-file">
        <span>{w("data.upload")}</span>
        <input
          ref={field}
          type="file"
          multiple
          disabled={sent !== undefined}
          onChange={({ currentTarget }) => send([...(currentTarget.files ?? [])])}
        />
      </label>
      <p>{w("data.upload-hint")}</p>
      {sent && (
        <div class="op-row">
          <Progress of={w("data.upload")} share={sent.share} text={sendingText(sent)} />
          <Button look="quiet" onClick={() => under.current?.cancel()}>
            {w("jobs.cancel")}
          </Button>
        </div>
      )}
    </section>
  );
}

function sendingText({ names, share, secondsLeft }: Sent & { names: string }): string {
  const sending = w("data.sending", { names, share: number(share * 100, 0) });
  if (secondsLeft === undefined) return sending;
  return `${sending} · ${w("jobs.left", { time: duration(secondsLeft) })}`;
}
