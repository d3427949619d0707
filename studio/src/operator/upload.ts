import type { ProblemBody } from "../../../src/contracts/http.ts";
import type { JobRecord } from "../../../src/contracts/workflow.ts";
import { addressOf, credentials } from "../api/client.ts";

/** How far an upload is. */
export interface Sent {
  /** 0..1. */
  readonly share: number;
  /** How long the rest takes at the pace so far, s; `undefined` while that cannot be said. */
  readonly secondsLeft: number | undefined;
}

/** An upload under way. */
export interface Upload {
  readonly job: Promise<JobRecord>;
  cancel(): void;
}

/** Sends files and starts their import. By XMLHttpRequest: fetch does not tell how much was sent. @throws Error What the server said. */
export function upload(files: readonly File[], onSent: (sent: Sent) => void): Upload {
  const body = new FormData();
  for (const file of files) body.append("files", file, file.name);
  const request = new XMLHttpRequest();
  const job = new Promise<JobRecord>((resolve, reject) => {
    request.open("POST", addressOf("v1/imports"));
    for (const [name, value] of Object.entries(credentials())) request.setRequestHeader(name, value);
    const startedMs = performance.now();
    request.upload.onprogress = ({ loaded, total }) =>
      onSent(sentSoFar(total > 0 ? loaded / total : 0, (performance.now() - startedMs) / 1000));
    request.onload = () => {
      const answer = parsed(request.responseText);
      if (request.status === 202) resolve(answer as JobRecord);
      else reject(new Error((answer as Partial<ProblemBody>).detail ?? `HTTP ${request.status}`));
    };
    request.onerror = () => reject(new Error("the connection broke"));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    request.send(body);
  });
  return { job, cancel: () => request.abort() };
}

/** Shortest time whose pace says something about the rest, s. */
const paceSecondsMin = 0.5;

function sentSoFar(share: number, seconds: number): Sent {
  const isKnown = share > 0 && share < 1 && seconds >= paceSecondsMin;
  return { share, secondsLeft: isKnown ? (seconds * (1 - share)) / share : undefined };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // something on the way answered, and not Usher
  }
}
