import { useState } from "preact/hooks";
import { Button } from "./design/button.tsx";
import { Dialog } from "./design/dialog.tsx";
import { t } from "./i18n/i18n.ts";
import { me } from "./me.ts";
import { isNewcomer, person, recentPersons, showPerson } from "./person.ts";
import { go, place } from "./router.ts";
import { hrefTo } from "./routes.ts";
import { bringAlong } from "./viewer/acting.ts";

/** A person as the page calls them. */
export const personName = (userId: string): string => (isNewcomer(userId) ? t("person.newcomer") : userId);

/** Chooses whose page this is. */
export function PersonDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [isBringing, setBringing] = useState(true);
  const [failure, setFailure] = useState("");
  const mayBring = isNewcomer(person.value);
  const choose = (userId?: string) => {
    showPerson(userId);
    onClose();
    if (place.value.query.has("user_id")) go(hrefTo("home"), { isSame: true });
  };
  const become = async (userId: string) => {
    try {
      if (mayBring && isBringing) await bringAlong(person.value, userId);
      choose(userId);
    } catch (error) {
      setFailure(t("act.failed", { detail: (error as Error).message }));
    }
  };
  const isFixed = me.value?.kind === "user";
  return (
    <Dialog title={t("person.switch")} onClose={onClose}>
      {isFixed ? (
        <p>{t("person.fixed")}</p>
      ) : (
        <form
          class="person-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() !== "") void become(text.trim());
          }}
        >
          <label>
            <span>{t("person.id")}</span>
            <input
              type="text"
              autoFocus
              autoComplete="off"
              maxLength={128}
              aria-describedby="person-hint"
              value={text}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
            />
            <small id="person-hint">{t("person.id-hint")}</small>
          </label>
          {mayBring && (
            <label class="switch">
              <input
                type="checkbox"
                checked={isBringing}
                onChange={({ currentTarget }) => setBringing(currentTarget.checked)}
              />
              <span>{t("person.bring")}</span>
            </label>
          )}
          {failure !== "" && <p role="alert">{failure}</p>}
          <div class="person-buttons">
            <Button look="accent" type="submit">
              {t("person.show")}
            </Button>
            <Button icon="spark" onClick={() => choose()}>
              {t("action.newcomer")}
            </Button>
          </div>
          <RecentPersons onChoose={choose} />
        </form>
      )}
    </Dialog>
  );
}

function RecentPersons({ onChoose }: { onChoose: (userId: string) => void }) {
  const recent = recentPersons().filter((id) => id !== person.value);
  if (recent.length === 0) return null;
  return (
    <fieldset class="person-recent">
      <legend>{t("person.recent")}</legend>
      {recent.map((id) => (
        <Button key={id} icon="person" onClick={() => onChoose(id)}>
          {id}
        </Button>
      ))}
    </fieldset>
  );
}
