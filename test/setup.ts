/** Runs for every test file: files of one worker share modules, and a hook in a shared module would only run for the first. */
import { afterAll } from "vitest";

import { clearScratch } from "./scratch.ts";

afterAll(clearScratch);
