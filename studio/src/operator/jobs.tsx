import type { JobRecord } from "../../../src/contracts/workflow.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { Button } from "../design/button.tsx";
import { ago, number } from "../i18n/i18n.ts";
import { perform } from "./doing.ts";
import { Badge, duration, Progress } from "./parts.tsx";
import { named, w } from "./words.ts";

export const useJobs = () =>
  useAnswer("jobs", async () => (await ask<{ items: JobRecord[] }>("v1/jobs")).items, {
    topics: ["job", "run"],
    isEmpty: (items) => items.length === 0,
  });

/** Long work that somebody asked for: how far it is, how long it still takes, and its end. */
export function JobList({ jobs }: { jobs: readonly JobRecord[] }) {
  return (
    <ul class="op-cards">
      {jobs.map((job) => (
        <li key={job.id} class="panel">
          <div class="op-row">
            <strong>{named("job", job.kind)}</strong>
            <Badge status={job.status} />
            <span class="soft">{ago(job.created_at)}</span>
            {job.status === "running" && <Cancel job={job} />}
          </div>
          {job.status === "running" && (
            <Progress of={named("job", job.kind)} share={job.progress.fraction} text={progressText(job)} />
          )}
          {job.note && <p>{job.note}</p>}
          {job.error && <p class="op-wrong">{job.error.message}</p>}
        </li>
      ))}
    </ul>
  );
}

function progressText({ progress: { text, phase, fraction }, estimate_seconds: left }: JobRecord): string {
  const share = fraction === undefined ? "" : `${number(fraction * 100, 0)} %`;
  const still = left === undefined ? w("jobs.no-estimate") : w("jobs.left", { time: duration(left) });
  return [text ?? phase ?? w("jobs.waiting"), share, still].filter((part) => part !== "").join(" · ");
}

function Cancel({ job: { id } }: { job: JobRecord }) {
  return (
    <Button
      look="quiet"
      onClick={() =>
        void perform({
          path: `v1/jobs/${encodeURIComponent(id)}`,
          method: "DELETE",
          done: w("jobs.cancelled"),
        })
      }
    >
      {w("jobs.cancel")}
    </Button>
  );
}
