import { useState } from "preact/hooks";
import type { Failure } from "./api/client.ts";
import { Button } from "./design/button.tsx";
import { t } from "./i18n/i18n.ts";
import { me, signIn } from "./me.ts";

/** Where a key is needed. It says whether there was none, or whether the one there was is no longer good. */
export function SignIn({ why }: { why: Failure }) {
  const [text, setText] = useState("");
  const isRefused = why.kind === "key-refused";
  return (
    <main class="sign-in" id="content" tabIndex={-1}>
      <form
        class="sign-in-card"
        onSubmit={(event) => {
          event.preventDefault();
          signIn(text);
        }}
      >
        <h1>{t("sign-in.title")}</h1>
        <p>{t("sign-in.text")}</p>
        {isRefused && (
          <p class="sign-in-refused" role="alert">
            {t(me.value === undefined ? "sign-in.wrong" : "sign-in.ended")}
          </p>
        )}
        <label>
          <span>{t("sign-in.key")}</span>
          <input
            type="password"
            name="key"
            autoComplete="off"
            required
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <Button look="accent" type="submit">
          {t("sign-in.go")}
        </Button>
        <p class="sign-in-how">
          {t("sign-in.how")} <code>npx usher keys create --name studio --scopes admin</code>
        </p>
      </form>
    </main>
  );
}
