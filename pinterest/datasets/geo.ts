import { defineDataset } from "pinlake";

export default defineDataset({
  name: "geo",
  description: "Where and when each post was made.",
  sourceTable: "geolocation_data",
  record: {
    fields: {
      ind: { description: "Number of the post.", aliases: ["index"] },
      timestamp: { description: "When the post was made; without a zone in UTC." },
      latitude: {},
      longitude: {},
      country: {},
    },
    key: "ind",
    markers: ["latitude", "longitude"],
  },
  key: "ind",
  columns: [
    { name: "ind", type: "BIGINT", description: "Number of the post, the same in all three tables" },
    { name: "country", type: "STRING", description: "Country as its author gave it" },
    { name: "coordinates", type: "ARRAY<DOUBLE>", description: "Latitude and longitude in degrees" },
    { name: "timestamp", type: "TIMESTAMP", description: "When the post was made" },
  ],
  checks: [
    {
      name: "not_a_geo",
      when: "filled(raw.country) IS NULL AND filled(raw.timestamp) IS NULL AND (filled(raw.latitude) IS NULL OR filled(raw.longitude) IS NULL)",
      message: "Country, coordinates and timestamp are all absent.",
      fields: ["country", "latitude", "longitude", "timestamp"],
    },
    {
      name: "bad_coordinates",
      when: "filled(raw.latitude) IS NOT NULL AND filled(raw.longitude) IS NOT NULL AND (coordinates IS NULL OR parse_double(raw.latitude) NOT BETWEEN -90 AND 90 OR parse_double(raw.longitude) NOT BETWEEN -180 AND 180)",
      message: "Coordinates are numbers, latitude within 90 degrees and longitude within 180.",
      fields: ["latitude", "longitude"],
    },
    {
      name: "bad_timestamp",
      when: "timestamp IS NULL AND filled(raw.timestamp) IS NOT NULL",
      message: "The timestamp cannot be read.",
      fields: ["timestamp"],
    },
  ],
});
