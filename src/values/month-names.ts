// The names of months by language, as people write them with a day: in full, in the case that goes with a day, and cut short.
// What must hold: no name stands for two months of a language.
// https://cldr.unicode.org (calendars/gregorian/months); a test compares this list with the one of Intl.

import { lettersAbroad } from "./letters.ts";

const english = "January February March April May June July August September October November December".split(" ");

const names: Readonly<Record<string, string>> = {
  en: "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sept sep|october oct|november nov|december dec",
  de: "januar jänner jan jän|februar feber feb|märz maerz mär mrz|april apr|mai|juni jun|juli jul|august aug|september sept sep|oktober okt|november nov|dezember dez",
  fr: "janvier janv jan|février fevrier févr fév|mars mar|avril avr|mai|juin|juillet juil|août aout aoû|septembre sept sep|octobre oct|novembre nov|décembre decembre déc dec",
  es: "enero ene|febrero feb|marzo mar|abril abr|mayo may|junio jun|julio jul|agosto ago|septiembre setiembre sept sep|octubre oct|noviembre nov|diciembre dic",
  it: "gennaio gen|febbraio feb|marzo mar|aprile apr|maggio mag|giugno giu|luglio lug|agosto ago|settembre set sett|ottobre ott|novembre nov|dicembre dic",
  nl: "januari jan|februari feb|maart mrt|april apr|mei|juni jun|juli jul|augustus aug|september sep|oktober okt|november nov|december dec",
  pt: "janeiro jan|fevereiro fev|março mar|abril abr|maio mai|junho jun|julho jul|agosto ago|setembro set|outubro out|novembro nov|dezembro dez",
  pl: "stycznia styczeń sty|lutego luty lut|marca marzec mar|kwietnia kwiecień kwi|maja maj|czerwca czerwiec cze|lipca lipiec lip|sierpnia sierpień sie|września wrzesień wrz|października październik paź|listopada listopad lis|grudnia grudzień gru",
  cs: "ledna leden led|února únor úno|března březen bře|dubna duben dub|května květen kvě|června červen čvn|července červenec čvc|srpna srpen srp|září zář|října říjen říj|listopadu listopad lis|prosince prosinec pro",
  sv: "januari jan|februari feb|mars mar|april apr|maj|juni jun|juli jul|augusti aug|september sep|oktober okt|november nov|december dec",
  da: "januar jan|februar feb|marts mar|april apr|maj|juni jun|juli jul|august aug|september sep|oktober okt|november nov|december dec",
  nb: "januar jan|februar feb|mars mar|april apr|mai|juni jun|juli jul|august aug|september sep|oktober okt|november nov|desember des",
  fi: "tammikuuta tammikuu tammi|helmikuuta helmikuu helmi|maaliskuuta maaliskuu maalis|huhtikuuta huhtikuu huhti|toukokuuta toukokuu touko|kesäkuuta kesäkuu kesä|heinäkuuta heinäkuu heinä|elokuuta elokuu elo|syyskuuta syyskuu syys|lokakuuta lokakuu loka|marraskuuta marraskuu marras|joulukuuta joulukuu joulu",
  hu: "január jan|február febr feb|március márc|április ápr|május máj|június jún|július júl|augusztus aug|szeptember szept|október okt|november nov|december dec",
  ro: "ianuarie ian|februarie feb|martie mar|aprilie apr|mai|iunie iun|iulie iul|august aug|septembrie sept|octombrie oct|noiembrie nov|decembrie dec",
  tr: "ocak oca|şubat şub|mart mar|nisan nis|mayıs may|haziran haz|temmuz tem|ağustos ağu|eylül eyl|ekim eki|kasım kas|aralık ara",
  ru: "января январь янв|февраля февраль февр фев|марта март мар|апреля апрель апр|мая май|июня июнь июн|июля июль июл|августа август авг|сентября сентябрь сент сен|октября октябрь окт|ноября ноябрь нояб|декабря декабрь дек",
  uk: "січня січень січ|лютого лютий лют|березня березень бер|квітня квітень квіт|травня травень трав|червня червень черв|липня липень лип|серпня серпень серп|вересня вересень вер|жовтня жовтень жовт|листопада листопад лист|грудня грудень груд",
};

export const monthLocales: readonly string[] = Object.keys(names);

/** The language of a locale: de of de-AT. */
export function monthLanguage(locale: string): string | undefined {
  const language = locale.toLowerCase().split(/[-_]/)[0] ?? "";
  return names[language] === undefined ? undefined : language;
}

/** The names of a language, January first. */
export function monthNames(language: string): string[][] {
  return (names[language] ?? "").split("|").map((month) => month.split(" "));
}

/** Of Turkish `i` and `ı`, whose capitals are İ and I, the engine knows neither pair. */
function namesPattern(language: string): string {
  const pattern = monthNames(language).flat().join("|");
  return language === "tr" ? pattern.replaceAll(/[iı]/g, "[iıİ]") : pattern;
}

/** A map of the engine's: from each name of a language, in small letters, with a dot or without, to the English one. */
function englishOf(language: string): string {
  const entries = monthNames(language).flatMap((names, month) => {
    const written = new Set(names.flatMap((name) => [name, name.replaceAll("ı", "i")]));
    return [...written].flatMap((name) => [name, `${name}.`].map((key) => `'${key}': '${english[month]}'`));
  });
  return `MAP {${entries.join(", ")}}`;
}

/**
 * VARCHAR: `text` with the month of a locale in English and in full, without the dot of one that is cut short. `languages`:
 * those that the locale may be of. Nearly all texts are day, month and year with blanks between them, and are seen without
 * a regular expression, which takes ten times as long.
 */
export function englishMonths(text: string, locale: string, languages: readonly string[]): string {
  const language = `lower(split_part(replace(${locale}, '_', '-'), '-', 1))`;
  // Constant as a rule, and then computed once.
  const ofLanguage = (write: (language: string) => string) =>
    `(CASE ${language} ${languages.map((one) => `WHEN '${one}' THEN ${write(one)}`).join(" ")} END)`;
  const englishNames = ofLanguage(englishOf);
  const second = `split_part(${text}, ' ', 2)`;
  const usual = `${englishNames}[lower(${second})]`;
  const edge = `[^A-Za-z${lettersAbroad}]`;
  const pattern = `concat('(?i)(^|${edge})(', ${ofLanguage((one) => `'${namesPattern(one)}'`)}, ')(?:[.]|($|${edge}))')`;
  const found = `${englishNames}[lower(translate(regexp_extract(${text}, ${pattern}, 2), 'İı', 'ii'))]`;
  // The pattern's case is wider than the map's (ſ is an s to it): such a name stays as it is written.
  return `CASE WHEN ${usual} IS NOT NULL AND contains(${text}, concat(' ', ${second}, ' '))
    THEN replace(${text}, concat(' ', ${second}, ' '), concat(' ', ${usual}, ' '))
    ELSE coalesce(regexp_replace(${text}, ${pattern}, '\\1' || ${found} || '\\3'), ${text}) END`;
}
