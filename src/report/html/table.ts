// Tables of a page.

import { html, Markup } from "./markup.ts";

export interface TableColumn<Row> {
  title: string;
  right?: true;
  cell: (row: Row) => Markup | string | number | null;
}

/** Attributes of a row, by which a script finds it. */
type RowData<Row> = (row: Row) => Readonly<Record<string, string>>;

/** Wide tables are moved sideways by themselves, by keys too. */
export function table<Row>(
  caption: string,
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  dataOf: RowData<Row> = () => ({}),
): Markup {
  const kind = ({ right }: TableColumn<Row>) => new Markup(right === true ? ' class="number"' : "");
  const heads = columns.map((column) => html`<th scope="col"${kind(column)}>${column.title}</th>`);
  const lines = rows.map((row) => {
    const cells = columns.map((column, index) =>
      index === 0
        ? html`<th scope="row"${kind(column)}>${column.cell(row)}</th>`
        : html`<td${kind(column)}>${column.cell(row)}</td>`,
    );
    const data = Object.entries(dataOf(row)).map(([name, value]) => html` data-${name}="${value}"`);
    return html`<tr${data}>${cells}</tr>
`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${lines}</tbody>
</table></div>`;
}
