// What an application does with its cluster through the official JavaScript client. Arguments: URL, index, header.
import { Client } from "@opensearch-project/opensearch";

const [url, index, off] = process.argv.slice(2);
const client = new Client({ node: url, headers: off ? { "x-ltrr": "off" } : {}, compression: "gzip" });
const got = [];

async function step(call) {
  try {
    const answer = await call();
    got.push(answer.body);
    return answer.body;
  } catch (error) {
    got.push({ failed: error.statusCode, as: error.body?.error?.type ?? error.name });
    return {};
  }
}

const match = { match: { title: "red shoe" } };
const titles = ["red shoe", "blue boot", "red hat", "green shoe"];
const documents = Array.from({ length: 20 }, (_, n) => [
  { index: { _index: index, _id: String(n) } },
  { title: titles[n % 4], price: n % 5, n },
]).flat();
const properties = { title: { type: "text" }, price: { type: "integer" }, n: { type: "integer" } };
const settings = { number_of_shards: 1, number_of_replicas: 0 };

await step(() => client.indices.create({ index, body: { settings, mappings: { properties } } }));
await step(() => client.index({ index, id: "a/ö", body: { title: "größe", price: 9, n: 99 } }));
await step(() => client.bulk({ refresh: true, body: documents }));
await step(() => client.get({ index, id: "a/ö" }));
await step(() => client.exists({ index, id: "none" }));
const aggs = { p: { terms: { field: "price" } } };
await step(() => client.search({ index, body: { query: match, size: 30, aggs, highlight: { fields: { title: {} } } } }));
await step(() => client.search({ index, body: { query: { match_all: {} }, sort: ["n"], size: 3 } }));
const first = await step(() => client.search({ index, scroll: "1m", body: { size: 8, sort: ["n"] } }));
await step(() => client.scroll({ body: { scroll: "1m", scroll_id: first._scroll_id } }));
await step(() => client.clearScroll({ body: { scroll_id: [first._scroll_id] } }));
const pit = await step(() => client.createPit({ index, keep_alive: "1m" }));
await step(() => client.search({ body: { pit: { id: pit.pit_id }, size: 4, sort: [{ n: "asc" }], search_after: [5] } }));
await step(() => client.deletePit({ body: { pit_id: [pit.pit_id] } }));
const source = { query: { term: { price: "{{p}}" } } };
await step(() => client.searchTemplate({ index, body: { source, params: { p: 3 } } }));
await step(() => client.msearch({ body: [{ index }, { query: { term: { price: 2 } }, sort: ["n"] }, { index }, {}] }));
await step(() => client.get({ index, id: "none" }));
await step(() => client.search({ index, body: { query: { mtach: { title: "red" } } } }));
await step(() => client.indices.delete({ index }));
process.stdout.write(JSON.stringify(got));
await client.close();
