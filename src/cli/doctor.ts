import type { Finding } from "../app/diagnose.ts";
import type { AddCommands } from "./program.ts";

export const addDoctorCommand: AddCommands = (program, context) => {
  const doctor = program
    .command("doctor")
    .description("checks Node, folder, disk, lock, ports, and every checksum of the log; changes nothing");
  doctor.action(async () => {
    const on = context(doctor);
    const [{ diagnose }, project] = await Promise.all([import("../app/diagnose.ts"), on.project()]);
    const found: Finding[] = [];
    try {
      for await (const finding of diagnose(project.config, on.data, on.effects.signal)) found.push(finding);
    } finally {
      on.print(found, () => found.map(line).join(""));
    }
    const wrong = found.filter(({ ok }) => !ok);
    if (wrong.length === 0) return;
    const { PinlakeError } = await import("../errors.ts");
    const reason = wrong.map(({ check, detail }) => `${check}: ${detail}`).join("; ");
    throw new PinlakeError("FOLDER_UNUSABLE", { folder: on.data, reason });
  });
};

const line = ({ check, ok, detail }: Finding): string => `${ok ? "✓" : "✗"} ${check.padEnd(13)} ${detail}\n`;
