// Publishes the lists of the home that is named, and ends itself by SIGKILL when the named share of the users is done.
import { loadConfiguration } from "../../dist/home/configuration.js";
import { openUsher } from "../../dist/usher.js";

const [home, share] = process.argv.slice(2);
const { values } = await loadConfiguration({ home, environment: {} });
const usher = await openUsher({ home, configuration: values });
await usher.serve();
await usher.publishLists({
  onProgress: ({ text, fraction = 0 }) => {
    if (text.startsWith("user") && fraction >= Number(share)) process.kill(process.pid, "SIGKILL");
  },
});
await usher.close();
