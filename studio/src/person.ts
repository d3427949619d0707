import { cell, keptCell } from "./cell.ts";
import { placeNow } from "./router.ts";

/** Most persons that are offered again. */
const recentMax = 6;

/** A visitor of this browser whom no server knows yet; the id stays until they begin anew. */
const newcomerPrefix = "newcomer-";
const newNewcomer = () => `${newcomerPrefix}${crypto.randomUUID().slice(0, 8)}`;
export const isNewcomer = (userId: string): boolean => userId.startsWith(newcomerPrefix);

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
