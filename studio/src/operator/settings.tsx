import { useState } from "preact/hooks";
import type { AuditEntry, KeyInfo } from "../../../src/contracts/access-http.ts";
import type { MeBody } from "../../../src/contracts/studio-http.ts";
import { useAnswer } from "../api/answers.ts";
import { ask } from "../api/client.ts";
import { useCell } from "../cell.ts";
import { Button } from "../design/button.tsx";
import { StateView } from "../design/state-view.tsx";
import { Table } from "../design/table.tsx";
import { say } from "../design/toast.tsx";
import { ago, date, list, t } from "../i18n/i18n.ts";
import { connection } from "../live/live.ts";
import { useMe } from "../me.ts";
import { perform } from "./doing.ts";
import { OperatorPage, withWords } from "./operator-page.tsx";
import { askReady } from "./overview.tsx";
import { Badge, Bones, Confirmed, Nothing, Tile } from "./parts.tsx";
import { named, w } from "./words.ts";

const scopes = ["read", "events", "admin"] as const;

/** Who may ask, what is connected, and what was done. */
export const Settings = withWords(() => {
  const { value: me } = useMe();
  const state = useCell(connection);
  const ready = useAnswer("ready", askReady, { topics: ["health", "release"] });
  return (
    <OperatorPage heading={w("settings.title")} lead={w("settings.lead")}>
      <dl class="tiles">
        <Tile term={w("settings.you")} value={me ? whoIs(me) : ""} />
        <Tile
          term={w("settings.may")}
          value={list((me?.scopes ?? []).map((scope) => named("scope", scope)))}
        />
        <Tile term={w("settings.version")} value={me?.version ?? ""} />
        <Tile term={w("settings.stream")} value={t(`live.${state}`)} />
      </dl>
      <StateView shown={ready} skeleton={<Bones />}>
        {({ dependencies }) => (
          <Table
            caption={w("settings.health")}
            columns={[{ label: w("overview.part") }, { label: w("op.state") }]}
            rows={Object.entries(dependencies).map(([part, { status }]) => ({
              id: part,
              cells: [named("part", part), <Badge key={part} status={status} />],
            }))}
          />
        )}
      </StateView>
      <Keys />
      <Audit />
    </OperatorPage>
  );
});

const whoIs = ({ kind, name, user_id: user }: MeBody) => w(`you.${kind}`, { name: name ?? user ?? "" });

function Keys() {
  const keys = useAnswer("keys", async () => (await ask<{ items: KeyInfo[] }>("v1/keys")).items, {
    isEmpty: (items) => items.length === 0,
  });
  return (
    <section class="op-section">
      <h2>{w("settings.keys")}</h2>
      <NewKey />
      <StateView shown={keys} skeleton={<Bones />} empty={<Nothing text={w("settings.no-keys")} />}>
        {(items) => (
          <Table
            caption={w("settings.keys")}
            columns={[
              { label: w("settings.name") },
              { label: w("settings.may") },
              { label: w("settings.made") },
              { label: w("settings.used") },
              { label: w("settings.ends") },
              { label: w("models.do") },
            ]}
            rows={items.map((key) => ({ id: key.id, cells: keyCells(key) }))}
          />
        )}
      </StateView>
    </section>
  );
}

const keyCells = (key: KeyInfo) => [
  key.name,
  list(key.scopes.map((scope) => named("scope", scope))),
  date(key.created_at),
  key.last_used_at ? ago(key.last_used_at) : w("settings.unused"),
  key.expires_at ? date(key.expires_at) : w("settings.endless"),
  <Confirmed
    key="revoke"
    words={w("settings.revoke", { key: key.name })}
    question={w("settings.revoke-question", { key: key.name })}
    consequences={[w("settings.revoke-at-once"), w("settings.revoke-final")]}
    doing={{
      path: `v1/keys/${encodeURIComponent(key.id)}`,
      method: "DELETE",
      done: w("settings.revoked", { key: key.name }),
    }}
  />,
];

function NewKey() {
  const [made, setMade] = useState<string | undefined>(undefined);
  const make = async (fields: FormData) => {
    const days = Number(fields.get("days"));
    const body = {
      name: String(fields.get("key")).trim(),
      scopes: [String(fields.get("scope"))],
      ...(days > 0 ? { expires_in_days: days } : {}),
    };
    const answer = await perform<{ key: string }>({
      path: "v1/keys",
      method: "POST",
      body,
      done: w("settings.key-made"),
    });
    setMade(answer?.key);
  };
  return (
    <>
      <form
        class="op-row op-form"
        onSubmit={(event) => {
          event.preventDefault();
          void make(new FormData(event.currentTarget));
        }}
      >
        <label>
          <span>{w("settings.name")}</span>
          <input name="key" required maxLength={100} autoComplete="off" />
        </label>
        <label>
          <span>{w("settings.may")}</span>
          <select name="scope">
            {scopes.map((scope) => (
              <option key={scope} value={scope}>
                {named("scope", scope)}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>{w("settings.days")}</span>
          <input name="days" type="number" min={1} max={3650} />
        </label>
        <Button type="submit">{w("settings.make")}</Button>
      </form>
      {made && (
        <div class="panel op-secret" role="status">
          <p>{w("settings.once")}</p>
          <code>{made}</code>
          <div class="op-row">
            <Button
              look="accent"
              onClick={() =>
                void navigator.clipboard.writeText(made).then(() => say({ text: w("settings.copied") }))
              }
            >
              {w("settings.copy")}
            </Button>
            <Button onClick={() => setMade(undefined)}>{t("app.close")}</Button>
          </div>
        </div>
      )}
    </>
  );
}

function Audit() {
  const entries = useAnswer(
    "audit",
    async () => (await ask<{ items: AuditEntry[] }>("v1/audit?limit=50")).items,
    {
      topics: ["release", "run"],
      isEmpty: (items) => items.length === 0,
    },
  );
  return (
    <section class="op-section">
      <h2>{w("settings.audit")}</h2>
      <StateView shown={entries} skeleton={<Bones />} empty={<Nothing text={w("settings.no-audit")} />}>
        {(items) => (
          <Table
            caption={w("settings.audit")}
            columns={[
              { label: w("lineage.when") },
              { label: w("settings.who") },
              { label: w("settings.what") },
              { label: w("settings.target") },
              { label: w("op.state") },
            ]}
            rows={items.map(({ number: id, at, who, action, target, outcome }) => ({
              id: String(id),
              cells: [
                date(at),
                who,
                action,
                Object.values(target).join(", "),
                <Badge key={id} status={outcome} />,
              ],
            }))}
          />
        )}
      </StateView>
    </section>
  );
}
