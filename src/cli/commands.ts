import { build } from "./build.ts";
import type { Command } from "./command.ts";
import { config } from "./config.ts";
import { deadLetters } from "./dead-letters.ts";
import { doctor } from "./doctor.ts";
import { download } from "./download.ts";
import { evaluate } from "./evaluate.ts";
import { exportLake } from "./export.ts";
import { importData } from "./import.ts";
import { audit, keys } from "./keys.ts";
import { log } from "./log.ts";
import { models } from "./models.ts";
import { publish } from "./publish.ts";
import { recommend } from "./recommend.ts";
import { run, vacuum } from "./run.ts";
import { runs } from "./runs.ts";
import { serve } from "./serve.ts";
import { simulate } from "./simulate.ts";
import { start } from "./start.ts";
import { surfaces } from "./surfaces.ts";
import { train } from "./train.ts";
import { validate } from "./validate.ts";

/** All commands, in the order in which `usher --help` lists them. */
export const commands: readonly Command[] = [
  start,
  importData,
  build,
  train,
  evaluate,
  recommend,
  publish,
  serve,
  models,
  surfaces,
  keys,
  audit,
  log,
  deadLetters,
  run,
  runs,
  vacuum,
  simulate,
  exportLake,
  download,
  validate,
  config,
  doctor,
];
