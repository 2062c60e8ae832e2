import { defineWorkflow } from "pinlake";

export default defineWorkflow({
  name: "daily",
  description: "Brings the clean tables up to date and answers the questions",
  schedule: "@daily",
  tasks: {
    flush: { kind: "flush" },
    pin: { kind: "dataset", dataset: "pin", after: ["flush"] },
    geo: { kind: "dataset", dataset: "geo", after: ["flush"] },
    user: { kind: "dataset", dataset: "user", after: ["flush"] },
    answers: { kind: "answers", after: ["pin", "geo", "user"] },
  },
});
