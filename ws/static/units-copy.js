// The units of a copy: pages of them are files, and so is what they are called, which is searched here.
import { Names } from "./finding.js";
import { fileOfUnits } from "./mirror.js";
import { fetchJson } from "./page.js";

const AT_ONCE = 6; // files a search asks for at a time

// The units of a contest in this copy; null where it holds none.
export async function copied(path) {
  const { tables } = await fetchJson(`${path}/index.json`);
  return tables ? new Copied(path, tables) : null;
}

class Copied {
  #names = null;

  constructor(path, { find, page_units: rows }) {
    [this.path, this.list, this.rows] = [path, find, rows];
  }

  get searchable() { return this.list !== null; }

  // A page, from 1, of what is under a parent; each row says which file it is from.
  async page(parent, number) {
    const file = fileOfUnits(this.path, parent, number), page = await fetchJson(file);
    for (const one of page.units) one.file = file;
    return page;
  }

  // A page of what was found. `wanted` says whether somebody still waits for it.
  async found(search, number, wanted) {
    this.#names ??= fetchJson(this.list).then(({ roots, units }) => ({ roots, names: new Names(units, this.rows) }));
    try {
      const { roots, names } = await this.#names, all = names.find(search);
      const shown = all.slice((number - 1) * this.rows, number * this.rows);
      const units = await this.#rows(shown.map(({ id, parent, page }) => ({ id, parent: parent ?? roots, page })), wanted);
      return { path: [], total: all.length, units, next: number * this.rows < all.length ? shown.at(-1).id : null };
    } catch (error) {
      this.#names = null; // the list may be of an older definition
      throw error;
    }
  }

  // The rows of units, in their order, from the pages they are on.
  async #rows(units, wanted) {
    const asked = new Map();
    const places = [...new Map(units.map((one) => [fileOfUnits(this.path, one.parent, one.page), one])).values()];
    const take = async () => {
      for (let one = places.pop(); one && wanted(); one = places.pop()) {
        for (const row of (await this.page(one.parent, one.page)).units) asked.set(row.unit, [...(asked.get(row.unit) ?? []), row]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, take));
    return units.flatMap(({ id }) => {
      if (wanted() && !asked.has(id)) throw new Error(`${id} is not where it was`);
      return asked.get(id) ?? [];
    });
  }
}
