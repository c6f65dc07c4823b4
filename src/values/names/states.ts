// States, provinces and other parts of countries by their names. In: a text, and the country. Out: what follows the country
// in the code of ISO 3166-2, which is what Salesforce calls a state's code; or why there is none. Names in English are those
// of CLDR (state-names.ts), the others those of the countries. A code that ISO has replaced stands behind = and reads as the
// one of today. Must hold: a name that a province and a city or region share is refused with both.
// https://www.iso.org/obp/ui/#iso:code:3166:US
// https://help.salesforce.com/s/articleView?id=xcloud.state_country_and_territory_picklist_fields.htm

import { type Found, foundOne, NameIndex } from "./fold-name.ts";
import { stateNames } from "./state-names.ts";

/**
 * Code and names beside those of CLDR; by country. Of the US also what is a country of ISO 3166-1 too, and the addresses of
 * the armed forces (https://pe.usps.com/text/pub28/28apb.htm).
 */
const otherNames: Readonly<Record<string, string>> = {
  AT: "2|Kärnten;3|Niederösterreich;4|Oberösterreich;6|Steiermark;7|Tirol;9|Wien",
  BE: "BRU|Brussel|Bruxelles;VAN|Antwerpen|Anvers;VBR|Vlaams-Brabant|Brabant flamand;VLG|Vlaanderen|Flandre;VOV|Oost-Vlaanderen|Flandre orientale;VWV|West-Vlaanderen|Flandre occidentale;WAL|Wallonie|Wallonië;WBR|Waals-Brabant|Brabant wallon;WHT|Henegouwen;WLG|Luik;WLX|Luxemburg;WNA|Namen",
  BR: "DF|Distrito Federal",
  CA: "BC|Colombie-Britannique;NB|Nouveau-Brunswick;NL|Terre-Neuve-et-Labrador|Newfoundland;NS|Nouvelle-Écosse;NT|Territoires du Nord-Ouest;PE|Île-du-Prince-Édouard;YT|Yukon Territory",
  CH: "BE|Berne;BL|Basel-Country|Baselland;BS|Basel-City;FR|Freiburg;GE|Genève|Genf|Ginevra;GR|Grisons|Grigioni;JU|Kanton Jura;LU|Luzern;NE|Neuenburg;SG|Sankt Gallen;TI|Tessin;VD|Waadt;VS|Wallis",
  CN: "NM|Inner Mongolia|Nei Mongol;XZ|Xizang",
  DE: "BY|Bayern|Freistaat Bayern;HB|Freie Hansestadt Bremen;HE|Hessen;HH|Freie und Hansestadt Hamburg;MV|Mecklenburg-Western Pomerania;NI|Niedersachsen;NW|Nordrhein-Westfalen|NRW;RP|Rheinland-Pfalz;SN|Sachsen|Freistaat Sachsen;ST|Sachsen-Anhalt;TH|Thüringen|Freistaat Thüringen",
  ES: "AN|Andalucía;AR|Aragón;BI|Bizkaia|Vizcaya;CL|Castilla y León;CM|Castilla-La Mancha;CN|Canarias;CS|Castelló;CT|Cataluña|Catalunya;C|La Coruña;GI|Gerona;IB|Illes Balears|Islas Baleares;L|Lérida;MD|Comunidad de Madrid;NC|Comunidad Foral de Navarra;OR|Orense;PV|País Vasco|Euskadi;SE|Sevilla;SS|Guipúzcoa;VC|Comunidad Valenciana|Comunitat Valenciana;VI|Araba",
  FR: "BFC|Bourgogne-Franche-Comté;BRE|Bretagne;NOR|Normandy;973|Guyane",
  IE: "C|Connacht",
  IN: "CG|=CT;DL|New Delhi;OD|Orissa|=OR;PY|Pondicherry;TS|=TG;UK|Uttaranchal|=UT",
  IT: "21|Piemonte;23|Valle d'Aosta;25|Lombardia;32|Trentino-Alto Adige;52|Toscana;75|Puglia;82|Sicilia;88|Sardegna;BZ|Bolzano|Alto Adige|Südtirol;FI|Firenze;GE|Genova;MB|Monza e Brianza|Monza e della Brianza;MI|Milano;MN|Mantova;MS|Massa-Carrara|Massa Carrara;NA|Napoli;PD|Padova;PU|Pesaro e Urbino;RC|Reggio di Calabria;RE|Reggio nell'Emilia;RM|Roma;SR|Siracusa;TN|Trento;TO|Torino;VE|Venezia",
  MX: "CMX|Mexico City|CDMX|Distrito Federal|=DIF;COA|Coahuila de Zaragoza;MEX|México|Estado de México;MIC|Michoacán de Ocampo;VER|Veracruz de Ignacio de la Llave",
  NL: "FR|Fryslân;NB|Noord-Brabant;NH|Noord-Holland;ZH|Zuid-Holland",
  PL: "02|dolnośląskie;04|kujawsko-pomorskie;06|lubelskie;08|lubuskie;10|łódzkie;12|małopolskie;14|mazowieckie;16|opolskie;18|podkarpackie;20|podlaskie;22|pomorskie;24|śląskie;26|świętokrzyskie;28|warmińsko-mazurskie;30|wielkopolskie;32|zachodniopomorskie",
  PT: "11|Lisboa;20|Açores",
  US: "AA|Armed Forces Americas;AE|Armed Forces Europe;AP|Armed Forces Pacific;AS|American Samoa;DC|District of Columbia|Washington D.C.|D.C.;GU|Guam;MP|Northern Mariana Islands;PR|Puerto Rico;VI|U.S. Virgin Islands|Virgin Islands;WA|Washington State",
};

interface States {
  /** `country`: its code of two letters. */
  find(text: string, country: string): Found;
}

export function openStates(): States {
  const byCountry = new Map<string, ReturnType<typeof readStates>>();
  return {
    find(text, country) {
      const listed = [stateNames[country], otherNames[country]].filter((list) => list !== undefined);
      if (listed.length === 0) return { why: `no states of ${country} are known` };
      const known = byCountry.get(country) ?? readStates(listed.join(";"));
      byCountry.set(country, known);
      const written = text.toUpperCase();
      const code = known.codes.get(written.startsWith(`${country}-`) ? written.slice(3) : written);
      if (code !== undefined) return { code };
      const [named, bare] = [known.names.find(text), bareName(text)];
      const found = named.length > 0 || bare === undefined ? named : known.names.find(bare);
      return foundOne(found, `no state of ${country} is known by this name`);
    },
  };
}

const kinds =
  "province|region|county|canton|state|department|district|governorate|oblast|prefecture|voivodeship|parish";
const kind = new RegExp(`^(?:(?:the )?(?:${kinds}) of|county|co[.]?) +| (?:${kinds})$`, "i");

/** Cork, of County Cork; undefined where a name says nothing of what it is of. */
function bareName(name: string): string | undefined {
  const bare = name.replace(kind, "");
  return bare === name ? undefined : bare;
}

function readStates(list: string): { codes: Map<string, string>; names: NameIndex } {
  const rows = list.split(";").map((row) => row.split("|"));
  const old = rows.flatMap(([code = "", ...names]) =>
    names.flatMap((name): [string, string][] => (name.startsWith("=") ? [[name.slice(1), code]] : [])),
  );
  const codes = new Map([...old, ...rows.map(([code = ""]): [string, string] => [code, code])]);
  return {
    codes,
    names: new NameIndex(
      rows.flatMap(([code, ...names]) =>
        names.flatMap((name) => [
          [name, code],
          [bareName(name), code],
        ]),
      ),
    ),
  };
}
