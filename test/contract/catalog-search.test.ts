import { memorySearch } from "../../src/catalogue/memory-search.ts";
import { catalogSearchContract } from "./catalog-search.ts";

catalogSearchContract("memory", async () => memorySearch());
