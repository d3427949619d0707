import "./design/fonts.css";
import "./design/tokens.css";
import "./design/base.css";
import "./design/parts.css";
import "./design/shell.css";
import "./viewer/viewer.css";
import "./operator/operator.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { openLanguage } from "./i18n/i18n.ts";
import { keepTops } from "./scroll.ts";
import { openTheme } from "./theme.ts";

openTheme();
keepTops();
await openLanguage();
render(<App />, document.getElementById("studio") as HTMLElement);
