import { describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";

/** Runs the command line in this process and gives its exit code and the error that it prints. */
async function refused(...words: string[]) {
  const written: string[] = [];
  const write = process.stderr.write;
  process.stderr.write = (text) => written.push(String(text)) > 0;
  try {
    const code = await main(["simulate", "--home", "no-such-home", "--json", ...words]);
    return { code, error: JSON.parse(written.join("")).error as { code: string; message: string } };
  } finally {
    process.stderr.write = write;
  }
}

describe("usher simulate refuses", () => {
  it.each([
    [["--rate", "0"], "--rate: expected a number in 0.1..100000, got 0"],
    [["--rate", "many"], "--rate: expected a number in 0.1..100000, got many"],
    [["--users", "1.5"], "--users: expected an integer in 1..10000000, got 1.5"],
    [["--malformed", "2"], "--malformed: expected a number in 0..1, got 2"],
    [["--duration", ""], "--duration: expected a number in 0.1..604800, got "],
    [["--address", "127.0.0.1:8000"], "--address: expected an address such as http://127.0.0.1:8000"],
    [["--address", "https://127.0.0.1:8000"], "--address: expected an address such as http://127.0.0.1:8000"],
    [["--address", "http://192.0.2.1:8000"], "--address: expected this machine, got 192.0.2.1"],
    [["--address", "http://127.0.0.1.example.org"], "--address: expected this machine"],
  ])("%j", async (words, message) => {
    const { code, error } = await refused(...words);
    expect([code, error.code]).toEqual([2, "PARAMETER_INVALID"]);
    expect(error.message).toContain(message);
  });

  it("an address at which nobody answers", async () => {
    const { code, error } = await refused("--address", "http://127.0.0.1:9");
    expect([code, error.code]).toEqual([1, "SERVER_UNREACHABLE"]);
  });
});
