import type { Topic } from "../contracts/events.ts";
import { UsherError } from "../errors.ts";
import type { BinaryDatabase, LmdbEnvironment } from "../stores/lmdb-environment.ts";
import type { Position } from "./event-log.ts";
import { offsetBytes, offsetOf } from "./record-bytes.ts";

const groupName = /^[\w.:-]{1,128}$/;

/** Positions of consumer groups, a row for each partition: `group / topic / partition` → offset. */
export function openGroups(
  environment: LmdbEnvironment,
  table: BinaryDatabase,
): {
  /** @throws UsherError `PARAMETER_INVALID`: a name that is not 1..128 letters, digits or `_.:-`, an offset that is not whole. */
  commit(group: string, positions: readonly Position[]): Promise<void>;
  committed(group: string): Position[];
  names(): string[];
} {
  const rows = () =>
    environment.read(() =>
      Array.from(table.getRange({}), ({ key, value }) => {
        const [group, topic, partition] = Buffer.from(key).toString().split("/");
        return {
          group: group as string,
          topic: topic as Topic,
          partition: Number(partition),
          offset: offsetOf(value),
        };
      }),
    );
  return {
    async commit(group, positions) {
      if (!groupName.test(group)) {
        throw new UsherError(
          "PARAMETER_INVALID",
          `group: expected 1..128 letters, digits or any of _.:- , got ${JSON.stringify(group.slice(0, 200))}`,
        );
      }
      for (const { offset } of positions) {
        if (!Number.isSafeInteger(offset) || offset < 0) {
          throw new UsherError("PARAMETER_INVALID", `offset: expected a whole number ≥ 0, got ${offset}`);
        }
      }
      if (positions.length === 0) return;
      // positions may use the reserve: what is read on a full disk need not be read again
      await environment.write(
        () => {
          for (const { topic, partition, offset } of positions) {
            void table.put(Buffer.from(`${group}/${topic}/${partition}`), offsetBytes(offset));
          }
        },
        { puts: 0, bytes: 0 },
      );
    },
    committed: (group) =>
      rows()
        .filter((row) => row.group === group)
        .map(({ topic, partition, offset }) => ({ topic, partition, offset })),
    names: () => [...new Set(rows().map(({ group }) => group))],
  };
}
