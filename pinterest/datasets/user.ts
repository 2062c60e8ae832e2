import { defineDataset } from "pinlake";

export default defineDataset({
  name: "user",
  description: "Who made each post.",
  sourceTable: "user_data",
  record: {
    fields: {
      ind: { description: "Number of the post.", aliases: ["index"] },
      first_name: {},
      last_name: {},
      age: {},
      date_joined: { description: "When the user joined; without a zone in UTC." },
    },
    key: "ind",
    markers: ["first_name", "last_name"],
  },
  key: "ind",
  columns: [
    { name: "ind", type: "BIGINT", description: "Number of the post, the same in all three tables" },
    { name: "user_name", type: "STRING", description: "First and last name" },
    { name: "age", type: "INT", description: "Age in years" },
    { name: "date_joined", type: "TIMESTAMP", description: "When the user joined" },
  ],
  checks: [
    {
      name: "not_a_user",
      when: "user_name IS NULL",
      message: "A user needs a first or a last name.",
      fields: ["first_name", "last_name"],
    },
    {
      name: "bad_age",
      when: "raw.age IS NOT NULL AND age IS NULL",
      message: "An age is an integer from 0 to 150.",
      fields: ["age"],
    },
    {
      name: "bad_timestamp",
      when: "date_joined IS NULL AND filled(raw.date_joined) IS NOT NULL",
      message: "The date of joining cannot be read.",
      fields: ["date_joined"],
    },
  ],
});
