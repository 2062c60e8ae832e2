import { defineSource } from "pinlake";
import { seededDraw } from "./source/draw.ts";
import { makePosts } from "./source/people.ts";
import { makePins } from "./source/pins.ts";
import { ROWS } from "./source/shape.ts";

const text = (name: string) => ({ name, type: "text" as const });
const integer = (name: string) => ({ name, type: "integer" as const });

/** The original's three tables with made-up rows: row i of each belongs to the same post. */
export default defineSource({
  tables: [
    {
      name: "pinterest_data",
      key: "index",
      columns: [
        integer("index"),
        text("unique_id"),
        text("title"),
        text("description"),
        text("poster_name"),
        text("follower_count"),
        text("tag_list"),
        text("is_image_or_video"),
        text("image_src"),
        integer("downloaded"),
        text("save_location"),
        text("category"),
      ],
    },
    {
      name: "geolocation_data",
      key: "ind",
      columns: [
        integer("ind"),
        { name: "timestamp", type: "datetime" },
        { name: "latitude", type: "real" },
        { name: "longitude", type: "real" },
        text("country"),
      ],
    },
    {
      name: "user_data",
      key: "ind",
      columns: [
        integer("ind"),
        text("first_name"),
        text("last_name"),
        integer("age"),
        { name: "date_joined", type: "datetime" },
      ],
    },
  ],
  *generate({ seed, rows = ROWS }) {
    const draw = seededDraw(seed);
    for (const [ind, { author, postedMs }] of makePosts(draw, rows).entries()) {
      const { latitude, longitude, country, firstName, lastName, age, joinedMs } = author;
      yield { table: "geolocation_data", row: { ind, timestamp: dateText(postedMs), latitude, longitude, country } };
      yield {
        table: "user_data",
        row: { ind, first_name: firstName, last_name: lastName, age, date_joined: dateText(joinedMs) },
      };
    }
    for (const row of makePins(draw, rows)) yield { table: "pinterest_data", row };
  },
});

const dateText = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
