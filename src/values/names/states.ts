// States and provinces by their names: those of countries in whose addresses they are written. In: a text, and the country.
// Out: what follows the country in the code of ISO 3166-2, which is what Salesforce calls a state's code; or why there is
// none. Names in English are those of CLDR 48 (cldr-subdivisions-full), the others those of the countries. A code that ISO
// has replaced stands behind = and reads as the one of today.
// https://www.iso.org/obp/ui/#iso:code:3166:US
// https://help.salesforce.com/s/articleView?id=xcloud.state_country_and_territory_picklist_fields.htm

import { type Found, foundOne, NameIndex } from "./fold-name.ts";

/** Code, names; by country. */
const states: Readonly<Record<string, string>> = {
  AT: "1|Burgenland;2|Carinthia|Kärnten;3|Lower Austria|Niederösterreich;4|Upper Austria|Oberösterreich;5|Salzburg;6|Styria|Steiermark;7|Tyrol|Tirol;8|Vorarlberg;9|Vienna|Wien",
  AU: "ACT|Australian Capital Territory;NSW|New South Wales;NT|Northern Territory;QLD|Queensland;SA|South Australia;TAS|Tasmania;VIC|Victoria;WA|Western Australia",
  BR: "AC|Acre;AL|Alagoas;AM|Amazonas;AP|Amapá;BA|Bahia;CE|Ceará;DF|Federal District|Distrito Federal;ES|Espírito Santo;GO|Goiás;MA|Maranhão;MG|Minas Gerais;MS|Mato Grosso do Sul;MT|Mato Grosso;PA|Pará;PB|Paraíba;PE|Pernambuco;PI|Piauí;PR|Paraná;RJ|Rio de Janeiro;RN|Rio Grande do Norte;RO|Rondônia;RR|Roraima;RS|Rio Grande do Sul;SC|Santa Catarina;SE|Sergipe;SP|São Paulo;TO|Tocantins",
  CA: "AB|Alberta;BC|British Columbia|Colombie-Britannique;MB|Manitoba;NB|New Brunswick|Nouveau-Brunswick;NL|Newfoundland and Labrador|Terre-Neuve-et-Labrador|Newfoundland;NS|Nova Scotia|Nouvelle-Écosse;NT|Northwest Territories|Territoires du Nord-Ouest;NU|Nunavut;ON|Ontario;PE|Prince Edward Island|Île-du-Prince-Édouard;QC|Quebec|Québec;SK|Saskatchewan;YT|Yukon|Yukon Territory",
  CH: "AG|Aargau;AI|Appenzell Innerrhoden;AR|Appenzell Ausserrhoden;BE|Bern|Berne;BL|Basel-Landschaft|Basel-Country;BS|Basel-Stadt|Basel-City;FR|Fribourg|Freiburg;GE|Geneva|Genève|Genf|Ginevra;GL|Glarus;GR|Graubünden|Grisons|Grigioni;JU|Jura|Kanton Jura;LU|Lucerne|Luzern;NE|Neuchâtel|Neuenburg;NW|Nidwalden;OW|Obwalden;SG|St. Gallen|Sankt Gallen;SH|Schaffhausen;SO|Solothurn;SZ|Schwyz;TG|Thurgau;TI|Ticino|Tessin;UR|Uri;VD|Vaud|Waadt;VS|Valais|Wallis;ZG|Zug;ZH|Zürich",
  CN: "AH|Anhui;BJ|Beijing;CQ|Chongqing;FJ|Fujian;GD|Guangdong;GS|Gansu;GX|Guangxi;GZ|Guizhou;HA|Henan;HB|Hubei;HE|Hebei;HI|Hainan;HL|Heilongjiang;HN|Hunan;JL|Jilin;JS|Jiangsu;JX|Jiangxi;LN|Liaoning;NM|Inner Mongolia|Nei Mongol;NX|Ningxia;QH|Qinghai;SC|Sichuan;SD|Shandong;SH|Shanghai;SN|Shaanxi;SX|Shanxi;TJ|Tianjin;XJ|Xinjiang;XZ|Tibet|Xizang;YN|Yunnan;ZJ|Zhejiang",
  DE: "BB|Brandenburg;BE|Berlin;BW|Baden-Württemberg;BY|Bavaria|Bayern;HB|Bremen|Freie Hansestadt Bremen;HE|Hesse|Hessen;HH|Hamburg|Freie und Hansestadt Hamburg;MV|Mecklenburg-Vorpommern|Mecklenburg-Western Pomerania;NI|Lower Saxony|Niedersachsen;NW|North Rhine-Westphalia|Nordrhein-Westfalen|NRW;RP|Rhineland-Palatinate|Rheinland-Pfalz;SH|Schleswig-Holstein;SL|Saarland;SN|Saxony|Sachsen;ST|Saxony-Anhalt|Sachsen-Anhalt;TH|Thuringia|Thüringen",
  IE: "CE|Clare|County Clare|Co. Clare;CN|Cavan|County Cavan|Co. Cavan;CO|Cork|County Cork|Co. Cork;CW|Carlow|County Carlow|Co. Carlow;D|Dublin|County Dublin|Co. Dublin;DL|Donegal|County Donegal|Co. Donegal;G|Galway|County Galway|Co. Galway;KE|Kildare|County Kildare|Co. Kildare;KK|Kilkenny|County Kilkenny|Co. Kilkenny;KY|Kerry|County Kerry|Co. Kerry;LD|Longford|County Longford|Co. Longford;LH|Louth|County Louth|Co. Louth;LK|Limerick|County Limerick|Co. Limerick;LM|Leitrim|County Leitrim|Co. Leitrim;LS|Laois|County Laois|Co. Laois;MH|Meath|County Meath|Co. Meath;MN|Monaghan|County Monaghan|Co. Monaghan;MO|Mayo|County Mayo|Co. Mayo;OY|Offaly|County Offaly|Co. Offaly;RN|Roscommon|County Roscommon|Co. Roscommon;SO|Sligo|County Sligo|Co. Sligo;TA|Tipperary|County Tipperary|Co. Tipperary;WD|Waterford|County Waterford|Co. Waterford;WH|Westmeath|County Westmeath|Co. Westmeath;WW|Wicklow|County Wicklow|Co. Wicklow;WX|Wexford|County Wexford|Co. Wexford",
  IN: "AN|Andaman and Nicobar Islands;AP|Andhra Pradesh;AR|Arunachal Pradesh;AS|Assam;BR|Bihar;CG|Chhattīsgarh|Chhattisgarh|=CT;CH|Chandigarh;DH|Dādra and Nagar Haveli and Damān and Diu|Dadra and Nagar Haveli and Daman and Diu;DL|Delhi|New Delhi;GA|Goa;GJ|Gujarat;HP|Himachal Pradesh;HR|Haryana;JH|Jharkhand;JK|Jammu and Kashmir;KA|Karnataka;KL|Kerala;LA|Ladakh;LD|Lakshadweep;MH|Maharashtra;ML|Meghalaya;MN|Manipur;MP|Madhya Pradesh;MZ|Mizoram;NL|Nagaland;OD|Odisha|Orissa|=OR;PB|Punjab;PY|Puducherry|Pondicherry;RJ|Rajasthan;SK|Sikkim;TN|Tamil Nadu;TR|Tripura;TS|Telangāna|Telangana|=TG;UK|Uttarākhand|Uttarakhand|Uttaranchal|=UT;UP|Uttar Pradesh;WB|West Bengal",
  JP: "01|Hokkaidō;02|Aomori;03|Iwate;04|Miyagi;05|Akita;06|Yamagata;07|Fukushima;08|Ibaraki;09|Tochigi;10|Gunma;11|Saitama;12|Chiba;13|Tokyo;14|Kanagawa;15|Niigata;16|Toyama;17|Ishikawa;18|Fukui;19|Yamanashi;20|Nagano;21|Gifu;22|Shizuoka;23|Aichi;24|Mie;25|Shiga;26|Kyōto;27|Ōsaka;28|Hyōgo;29|Nara;30|Wakayama;31|Tottori;32|Shimane;33|Okayama;34|Hiroshima;35|Yamaguchi;36|Tokushima;37|Kagawa;38|Ehime;39|Kōchi;40|Fukuoka;41|Saga;42|Nagasaki;43|Kumamoto;44|Ōita;45|Miyazaki;46|Kagoshima;47|Okinawa",
  MX: "AGU|Aguascalientes;BCN|Baja California;BCS|Baja California Sur;CAM|Campeche;CHH|Chihuahua;CHP|Chiapas;CMX|Ciudad de Mexico|Mexico City|Ciudad de México|CDMX|Distrito Federal|=DIF;COA|Coahuila|Coahuila de Zaragoza;COL|Colima;DUR|Durango;GRO|Guerrero;GUA|Guanajuato;HID|Hidalgo;JAL|Jalisco;MEX|Mexico State|México|Estado de México|State of Mexico;MIC|Michoacán|Michoacán de Ocampo;MOR|Morelos;NAY|Nayarit;NLE|Nuevo León;OAX|Oaxaca;PUE|Puebla;QUE|Querétaro;ROO|Quintana Roo;SIN|Sinaloa;SLP|San Luis Potosí;SON|Sonora;TAB|Tabasco;TAM|Tamaulipas;TLA|Tlaxcala;VER|Veracruz|Veracruz de Ignacio de la Llave;YUC|Yucatán;ZAC|Zacatecas",
  US: "AK|Alaska;AL|Alabama;AR|Arkansas;AS|American Samoa;AZ|Arizona;CA|California;CO|Colorado;CT|Connecticut;DC|Washington DC|District of Columbia|Washington D.C.;DE|Delaware;FL|Florida;GA|Georgia;GU|Guam;HI|Hawaii;IA|Iowa;ID|Idaho;IL|Illinois;IN|Indiana;KS|Kansas;KY|Kentucky;LA|Louisiana;MA|Massachusetts;MD|Maryland;ME|Maine;MI|Michigan;MN|Minnesota;MO|Missouri;MP|Northern Mariana Islands;MS|Mississippi;MT|Montana;NC|North Carolina;ND|North Dakota;NE|Nebraska;NH|New Hampshire;NJ|New Jersey;NM|New Mexico;NV|Nevada;NY|New York;OH|Ohio;OK|Oklahoma;OR|Oregon;PA|Pennsylvania;PR|Puerto Rico;RI|Rhode Island;SC|South Carolina;SD|South Dakota;TN|Tennessee;TX|Texas;UT|Utah;VA|Virginia;VI|U.S. Virgin Islands|Virgin Islands;VT|Vermont;WA|Washington|Washington State;WI|Wisconsin;WV|West Virginia;WY|Wyoming",
};

interface States {
  /** `country`: its code of two letters. */
  find(text: string, country: string): Found;
}

export function openStates(): States {
  const byCountry = new Map(Object.entries(states).map(([country, list]) => [country, readStates(list)]));
  return {
    find(text, country) {
      const known = byCountry.get(country);
      if (known === undefined)
        return { why: `of the states of ${country} none is known, but of ${Object.keys(states).join(", ")}` };
      const written = text.toUpperCase();
      const code = known.codes.get(written.startsWith(`${country}-`) ? written.slice(3) : written);
      return code === undefined
        ? foundOne(known.names.find(text), `no state of ${country} is known by this name`)
        : { code };
    },
  };
}

function readStates(list: string): { codes: Map<string, string>; names: NameIndex } {
  const rows = list.split(";").map((row) => row.split("|"));
  const old = rows.flatMap(([code = "", ...names]) =>
    names.flatMap((name): [string, string][] => (name.startsWith("=") ? [[name.slice(1), code]] : [])),
  );
  const codes = new Map([...rows.map(([code = ""]): [string, string] => [code, code]), ...old]);
  return { codes, names: new NameIndex(rows.flatMap(([code, ...names]) => names.map((name) => [name, code]))) };
}
