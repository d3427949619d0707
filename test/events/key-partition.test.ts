import { expect, it } from "vitest";
import { murmur2, partitionOfKey } from "../../src/events/key-partition.ts";

it.each([
  // the values of Kafka's UtilsTest.testMurmur2
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
])("hashes %s as Kafka does", (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash);
});

it("chooses the partition of Kafka's default partitioner", () => {
  // toPositive(murmur2(key)) % partitions, worked out from the hashes above
  expect(partitionOfKey(Buffer.from("21"), 3)).toBe((-973932308 & 0x7fffffff) % 3);
  expect(partitionOfKey(Buffer.from("abc"), 3)).toBe(479470107 % 3);
  const counts = [0, 0, 0];
  for (let user = 0; user < 3000; user++) counts[partitionOfKey(Buffer.from(`${user}`), 3)]!++;
  for (const count of counts) expect(count).toBeGreaterThan(900);
});
