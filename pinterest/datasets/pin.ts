import { defineDataset } from "pinlake";

export default defineDataset({
  name: "pin",
  description: "Posts: what was pinned, by whom, and where it belongs.",
  sourceTable: "pinterest_data",
  record: {
    fields: {
      index: { description: "Number of the post.", aliases: ["ind"] },
      unique_id: { description: "UUID of the post." },
      title: {},
      description: {},
      poster_name: {},
      follower_count: { description: "Followers of the poster, such as `842`, `124k` or `1M`." },
      tag_list: { description: "Tags with commas between them." },
      is_image_or_video: {},
      image_src: { aliases: ["img_src"] },
      downloaded: { description: "1 where the image was saved." },
      save_location: { description: "Where it was saved, as a sentence." },
      category: {},
    },
    key: "index",
    markers: ["unique_id"],
  },
  key: "ind",
  columns: [
    { name: "ind", type: "BIGINT", description: "Number of the post, the same in all three tables" },
    { name: "unique_id", type: "STRING", description: "UUID of the post" },
    { name: "title", type: "STRING", description: "Title; NULL where there was none" },
    { name: "description", type: "STRING", description: "Description; NULL where there was none" },
    { name: "follower_count", type: "BIGINT", description: "Followers of the poster when the post was taken" },
    { name: "poster_name", type: "STRING", description: "Name of the poster" },
    { name: "tag_list", type: "STRING", description: "Tags with commas between them" },
    { name: "is_image_or_video", type: "STRING", description: "Kind of the post's media" },
    { name: "image_src", type: "STRING", description: "Address of the image" },
    { name: "save_location", type: "STRING", description: "Path under which the image was saved" },
    { name: "category", type: "STRING", description: "Category of the post" },
  ],
  checks: [
    {
      name: "not_a_pin",
      when: "raw.unique_id IS NULL OR blank(raw.unique_id)",
      message: "A pin needs its unique_id.",
      fields: ["unique_id"],
    },
  ],
  warnings: [
    {
      name: "unreadable_follower_count",
      when: "follower_count IS NULL AND filled(raw.follower_count) <> 'User Info Error'",
      message: "The follower count is no number, or beyond 2^53.",
      fields: ["follower_count"],
    },
  ],
});
