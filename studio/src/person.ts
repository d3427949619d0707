import { cell, keptCell } from "./cell.ts";
import { placeNow } from "./router.ts";

/** Most persons that are offered again. */
const recentMax = 6;

/** A visitor of this browser whom no server knows yet: a session, which stays until they begin anew. */
const newcomerPrefix = "newcomer-";
const newNewcomer = () => `${newcomerPrefix}${crypto.randomUUID()}`;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The session of a newcomer; `undefined` of a user. */
export function sessionOf(person: string): string | undefined {
  const id = person.startsWith(newcomerPrefix) ? person.slice(newcomerPrefix.length) : "";
  return uuid.test(id) ? id : undefined;
}
export const isNewcomer = (person: string): boolean => sessionOf(person) !== undefined;

/** A person as events and queries name them. */
export function namesOf(person: string): { session_id: string } | { user_id: string } {
  const session = sessionOf(person);
  return session === undefined ? { user_id: person } : { session_id: session };
}

/** Where the API has what is theirs. */
export function pathOf(person: string): string {
  const session = sessionOf(person);
  return session === undefined ? `v1/users/${encodeURIComponent(person)}` : `v1/sessions/${session}`;
}

const kept = keptCell<string>("usher.person", "", () => localStorage);
const keptRecent = keptCell<string>("usher.persons", "", () => localStorage);

/** Whose page this is: the address may say it (`?user_id=143`), else it is whom this browser showed last. */
export const person = cell<string>(placeNow().query.get("user_id") ?? (kept.value || newNewcomer()));
if (kept.value === "") kept.set(person.value);

/** Persons whose pages were seen before, the newest first; no newcomers. */
export const recentPersons = (): string[] => keptRecent.value.split("\n").filter((id) => id !== "");

/** Shows the page of another person from now on. @param userId Default: a newcomer who has done nothing yet. */
export function showPerson(userId: string = newNewcomer()): void {
  kept.set(userId);
  if (!isNewcomer(userId)) {
    const others = recentPersons().filter((id) => id !== userId);
    keptRecent.set([userId, ...others].slice(0, recentMax).join("\n"));
  }
  person.set(userId);
}
