// What a ticker says, in three languages. {braces} are filled in; a pair is for one and for any other number.
export const LANGUAGES = { en: "English", es: "Español", pt: "Português" };

const en = {
  caption: "{contest}: votes counted, the highest first", selection: "Selection", votes: "Votes", share: "Share",
  others: ["and {n} more", "and {n} more"], lead: "lead {n}", level: "level", test: "TEST",
  coming: ["{n} ballot can still come", "{n} ballots can still come"],
  unknown: ["{n} open unit has no hard limit on its ballots", "{n} open units have no hard limit on their ballots"],
  units: "{n} of {total} units", turnout: "turnout {share}", ballots: ["{n} ballot", "{n} ballots"],
  under_review: "{n} under review", disputed: "{n} disputed", annulled: "{n} annulled",
  none: "Nothing counted yet", open: "Not decided yet", withdrawn: "Not decided: what was irreversible has been withdrawn",
  irreversible: "Irreversible: {what}", given: ", if {what}", and: " and ", since: "since {time}", certificate: "certificate",
  shaken: "It holds on what is outstanding, not if disputed units are annulled.",
  elected: "{who} elected", outright: "{who} elected without a run-off", runoff: "a run-off between {who}", anyrunoff: "a run-off is required",
  passes: "the measure passes", fails: "the measure fails", allocation: "every seat is settled", nobody: "nobody wins in this round",
  live: "live", asking: "asking every 5 s", quiet: "no news for {s} s", lost: "connection lost, trying again; no news for {s} s",
  connecting: "connecting …", missing: "There is no such contest here.", asof: "counted until {time}", ahead: "{who} is ahead.",
  counted: "Counted",
};
const es = {
  caption: "{contest}: votos contados, de más a menos", selection: "Opción", votes: "Votos", share: "Parte",
  others: ["y {n} más", "y {n} más"], lead: "ventaja {n}", level: "empate", test: "PRUEBA",
  coming: ["aún puede llegar {n} papeleta", "aún pueden llegar {n} papeletas"],
  unknown: ["{n} unidad abierta sin límite firme de papeletas", "{n} unidades abiertas sin límite firme de papeletas"],
  units: "{n} de {total} unidades", turnout: "participación {share}", ballots: ["{n} papeleta", "{n} papeletas"],
  under_review: "{n} en revisión", disputed: "{n} impugnadas", annulled: "{n} anuladas",
  none: "Aún no hay nada contado", open: "Aún sin decidir", withdrawn: "Sin decidir: lo que era irreversible se ha retirado",
  irreversible: "Irreversible: {what}", given: ", si se cumple {what}", and: " y ", since: "desde las {time}", certificate: "certificado",
  shaken: "Vale para lo que falta por llegar, no si se anulan unidades impugnadas.",
  elected: "elección de {who}", outright: "elección de {who} sin segunda vuelta", runoff: "segunda vuelta entre {who}", anyrunoff: "habrá segunda vuelta",
  passes: "la medida se aprueba", fails: "la medida se rechaza", allocation: "todos los escaños están decididos", nobody: "nadie gana en esta vuelta",
  live: "en directo", asking: "consulta cada 5 s", quiet: "sin noticias desde hace {s} s", lost: "conexión perdida, reintentando; sin noticias desde hace {s} s",
  connecting: "conectando …", missing: "Aquí no existe esa contienda.", asof: "contado hasta {time}", ahead: "{who} va por delante.",
  counted: "Contado",
};
const pt = {
  caption: "{contest}: votos apurados, do maior ao menor", selection: "Opção", votes: "Votos", share: "Parte",
  others: ["e mais {n}", "e mais {n}"], lead: "vantagem {n}", level: "empate", test: "TESTE",
  coming: ["ainda pode chegar {n} cédula", "ainda podem chegar {n} cédulas"],
  unknown: ["{n} unidade aberta sem limite firme de cédulas", "{n} unidades abertas sem limite firme de cédulas"],
  units: "{n} de {total} unidades", turnout: "comparecimento {share}", ballots: ["{n} cédula", "{n} cédulas"],
  under_review: "{n} em revisão", disputed: "{n} contestadas", annulled: "{n} anuladas",
  none: "Nada apurado ainda", open: "Ainda sem definição", withdrawn: "Sem definição: o que era irreversível foi retirado",
  irreversible: "Irreversível: {what}", given: ", se valer {what}", and: " e ", since: "desde {time}", certificate: "certificado",
  shaken: "Vale para o que ainda falta, não se unidades contestadas forem anuladas.",
  elected: "eleição de {who}", outright: "eleição de {who} sem segundo turno", runoff: "segundo turno entre {who}", anyrunoff: "haverá segundo turno",
  passes: "a proposta é aprovada", fails: "a proposta é rejeitada", allocation: "todas as cadeiras estão definidas", nobody: "ninguém vence neste turno",
  live: "ao vivo", asking: "consulta a cada 5 s", quiet: "sem notícias há {s} s", lost: "conexão perdida, tentando de novo; sem notícias há {s} s",
  connecting: "conectando …", missing: "Não existe essa disputa aqui.", asof: "apurado até {time}", ahead: "{who} está à frente.",
  counted: "Apurado",
};
const TABLE = { en, es, pt };

// Claims that say how a contest ends; our own pages say them in these words too.
export const ENDINGS = { elected: "elected", outright: "outright", runoff: "runoff", passes: "passes", fails: "fails", allocation: "allocation", "no-winner": "nobody" };

export const ended = (say, kind, who) => say(kind === "runoff" && !who ? "anyrunoff" : ENDINGS[kind], { who });

// Those of a view that are irreversible; a run-off by its pair, where that is known.
export function settled(view) {
  const sure = view.claims.filter((c) => Object.hasOwn(ENDINGS, c.claim) && c.status === "irreversible");
  const pair = sure.some((c) => c.claim === "runoff" && c.who.length);
  return sure.filter((c) => !(pair && c.claim === "runoff" && !c.who.length));
}

// A speaker of one language: `say(key, values)`, where `n` also decides between one and many, and its formats.
export function speaker(lang) {
  const known = lang in TABLE ? lang : "en";
  const region = [navigator.language, known].find((tag) => tag.toLowerCase().split("-")[0] === known);
  const number = new Intl.NumberFormat(region);
  const share = new Intl.NumberFormat(region, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const time = new Intl.DateTimeFormat(region, { timeStyle: "medium" });
  const plural = new Intl.PluralRules(known);
  return {
    lang: known,
    number: (n) => number.format(n),
    share: (n) => share.format(n),
    time: (instant) => time.format(new Date(instant)),
    say(key, values = {}) {
      const found = TABLE[known][key];
      const text = Array.isArray(found) ? found[plural.select(values.n) === "one" ? 0 : 1] : found;
      return text.replace(/\{(\w+)\}/g, (_, name) => typeof values[name] === "number" ? number.format(values[name]) : values[name]);
    },
  };
}
