import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const folder = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root: folder,
  base: "./", // the same files under any path of a proxy
  build: {
    outDir: "../dist/studio",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // the policy of the page allows no data: in styles
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
